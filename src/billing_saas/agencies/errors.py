from billing_saas.kit.errors import Conflict, Invalid, NotFound


class AgencyFileNotFound(NotFound):
    pass


class AgencyReportNotFound(NotFound):
    pass


class NothingToTell(Conflict):
    """The agency knows all that it must."""


class FeeBeyondDue(Invalid):
    """More than the agency has earned and was not paid yet."""


class InvoicePaid(Conflict):
    """This invoice of the agency is recorded as paid."""
