"""What can go wrong with an arrival."""

from billing_saas.kit.errors import Conflict, NotFound


class ArrivalNotFound(NotFound):
    pass


class AlreadyHandled(Conflict):
    """Its effects are in the database already; `state` says how it ended."""
