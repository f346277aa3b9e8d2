from billing_saas.kit.errors import Conflict, Invalid, NotFound, Refused


class AnotherMust(Refused):
    """The practice keeps two duties apart: `facts` name the one that somebody else must do."""


class NotShown(Refused):
    """Your roles see that it is there, and not what it holds."""


class SettingsChanged(Conflict):
    """Somebody changed them since you read them."""


class NoSuchMember(Invalid):
    pass


class CredentialNotFound(NotFound):
    pass


class CredentialEnded(Conflict):
    pass
