from billing_saas.kit.errors import Conflict, Invalid, NotFound


class PaidByAnother(Invalid):
    """Somebody else pays for this patient: the account is theirs."""


class AgencyNotFound(NotFound):
    pass


class PlacementNotFound(NotFound):
    pass


class BadAgency(Invalid):
    """An agency has a name, a rate from 0 to 100 percent, and a whole agreement or none."""


class NoAgreement(Conflict):
    """No signed business associate agreement with the agency is on record that is good today."""


class NoAgency(Conflict):
    """The practice has not said which agency accounts are proposed to, or that one was ended."""


class CollectionPolicyChanged(Conflict):
    """Somebody changed the policy since it was read."""


class NotEligible(Conflict):
    """The account may not be placed; every reason is named."""


class ProposalStale(Conflict):
    """More is owed than was proposed: have the account looked through again."""


class AlreadyProposed(Conflict):
    """The account is proposed already and waits for a person."""


class IllegalPlacementMove(Conflict):
    """The placement is not in a state that allows this; both states are named."""
