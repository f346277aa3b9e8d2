from billing_saas.kit.errors import Conflict, Invalid, NotFound


class ApplicationNotFound(NotFound):
    pass


class GuidelineNotFound(NotFound):
    pass


class NoHardshipPolicy(Conflict):
    """The practice has not said what it forgives whom: nothing can be applied for."""


class NoGuideline(Conflict):
    """No poverty guideline is in force on the day: the practice enters the year's."""


class BadScale(Invalid):
    """The steps of a scale rise in income and fall in what is forgiven."""


class BadGuideline(Invalid):
    """A guideline is in force from a day on, for about a year, and once per region."""


class PolicyChanged(Conflict):
    """Somebody changed the policy since it was read."""


class ApplicationOpen(Conflict):
    """The guarantor has an application that is not decided yet."""


class NotAGuarantor(Invalid):
    """Somebody else pays for this patient, or there is no such patient."""


class NotEvidence(Invalid):
    """Evidence is a document that concerns the guarantor, with its content."""


class IllegalHardshipMove(Conflict):
    """The application is not in a state that allows this; both states are named."""


class NothingToWriteOff(Conflict):
    """Nothing is open that this application did not write down already."""


class BeyondTheScale(Invalid):
    """More than the scale gives for this income is given only with a reason."""
