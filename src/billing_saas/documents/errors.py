from billing_saas.kit.errors import Conflict, Invalid, NotFound


class DocumentNotFound(NotFound):
    pass


class DocumentRefused(Invalid):
    """The file is not what it says, is too large, or could do harm; the message says which."""


class ContentKept(Conflict):
    """A document keeps the content it got: another scan is another document."""


class NoContentYet(Conflict):
    """The document is announced; its content has not come."""


class NoSuchPatient(Invalid):
    """The document names a patient whom the practice does not have."""
