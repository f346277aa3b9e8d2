from billing_saas.kit.errors import Conflict, Invalid, NotFound


class PatientRequestNotFound(NotFound):
    pass


class BadPatientRequest(Invalid):
    """It asks for something that such a request cannot; `facts` name the field."""


class PatientRequestDone(Conflict):
    """It was answered or taken back: another request is another one."""


class TooManyOpen(Conflict):
    """So many requests of one patient wait already that somebody must look first."""


class BadAnswer(Invalid):
    """The answer leaves out what the law wants in it; the message says what."""


class ExtendedBefore(Conflict):
    """The law allows one extension (45 CFR 164.524(b)(2), 164.526(b)(2), 164.528(c)(1))."""


class NothingToDisagreeWith(Conflict):
    """Only an amendment that was declined can be disagreed with, and once."""


class NotTheirDocument(Invalid):
    """The document is not there, is another patient's, or has no content yet."""
