from billing_saas.kit.errors import Conflict, Invalid, NotFound, Refused


class MemberNotFound(NotFound):
    pass


class InvitationNotFound(NotFound):
    pass


class InvitationNotGood(NotFound):
    """It was used, withdrawn, is too old, or never was one."""


class NotTheirsToGive(Refused):
    """Nobody gives a role that stands above them."""


class OfTheOtherSide(Conflict):
    """In one practice a person is of the company's staff or of the practice's own people, not both."""


class LastAdmin(Conflict):
    """Somebody must be left who can let others in."""


class Suspended(Conflict):
    """Who is suspended is given nothing: they are reactivated first."""


class NotSuspended(Conflict):
    pass


class NothingGiven(Invalid):
    """An invitation or a gift names at least one role."""
