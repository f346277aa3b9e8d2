from billing_saas.kit.errors import Conflict, Invalid


class LookNotGood(Invalid):
    """A portal cannot look like that."""


class LookChanged(Conflict):
    """Somebody changed how the portal looks since it was read."""
