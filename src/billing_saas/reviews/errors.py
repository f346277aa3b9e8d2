from billing_saas.kit.errors import Conflict, Invalid, NotFound


class CaseNotFound(NotFound):
    pass


class CaseOver(Conflict):
    pass


class NotAReviewer(Invalid):
    """Who is shown a case was invited to the practice as a reviewer."""


class TooLong(Invalid):
    pass
