from billing_saas.kit.errors import Conflict, Invalid, NotFound, Refused


class PlanNotFound(NotFound):
    pass


class PlanRefused(Invalid):
    """The practice's rules do not allow such a plan; `reason` says which."""


class NothingOwed(Conflict):
    """There is nothing to pay in parts."""


class PlanStands(Conflict):
    """The guarantor pays by a plan already: change that one."""


class IllegalPlanMove(Conflict):
    """The plan is not in a state that allows this; both states are named."""


class TermsChanged(Conflict):
    """What was consented to is not what stands: show it again."""


class DebtChanged(Conflict):
    """What is owed is no longer what the plan says: propose another."""


class ConsentMissing(Invalid):
    """Future charges of a saved card need a consent of their own."""


class NotTheirs(Refused):
    """Only the guarantor, or somebody of the office, does this."""


class NotWhoPays(Conflict):
    """Somebody else pays for this patient: the plan is theirs."""


class PlanSettingsChanged(Conflict):
    """Somebody else changed the settings since they were read."""
