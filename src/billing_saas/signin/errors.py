from billing_saas.identity.errors import NotSignedIn
from billing_saas.kit.errors import Conflict, Invalid, NotFound, Refused


class SecondFactorMissing(NotSignedIn):
    """A first factor was shown, and nothing is open but the way to a second."""


class WrongCredential(Exception):
    """Not who they say they are. Whatever was wrong, it is told in the same words."""


class Busy(Exception):
    """More passwords wait to be checked than this process takes on."""


class WeakPassword(Invalid):
    pass


class LinkNotGood(NotFound):
    """The link was used, is too old, or never was one."""


class SessionNotFound(NotFound):
    pass


class PersonNotFound(NotFound):
    """There is no such person among those whom you administer."""


class ResetNotFound(NotFound):
    pass


class SamePerson(Refused):
    """It takes two: who asked cannot confirm, and nobody does either for themselves."""


class ResetOver(Conflict):
    """The request was confirmed already, or is too old."""


class FactorStands(Conflict):
    """There is such a second factor already."""


class PasskeyNotGood(Invalid):
    """What the authenticator said does not fit."""


class LastFactor(Conflict):
    """It is the only second factor: make another before this one goes."""
