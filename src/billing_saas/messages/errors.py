from billing_saas.kit.errors import Conflict, Invalid, NotFound


class ContactNotFound(NotFound):
    pass


class BadContact(Invalid):
    """`fields` names what is wrong."""


class NothingToVerify(Conflict):
    pass


class BadConsent(Invalid):
    pass


class ConsentNotFound(NotFound):
    pass


class PauseIsOfAnother(Conflict):
    """What set it lifts it: a plan, a claim, a case."""


class BadMessage(Invalid):
    """The words do not fill the template."""


class MessageNotFound(NotFound):
    pass


class PauseNotFound(NotFound):
    pass


class ThreadNotFound(NotFound):
    pass


class ThreadClosed(Conflict):
    pass


class BadLetter(Invalid):
    pass


class BadSetting(Invalid):
    pass
