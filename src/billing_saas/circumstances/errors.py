from billing_saas.kit.errors import Conflict, Invalid, NotFound


class CircumstanceNotFound(NotFound):
    pass


class AlreadyRecorded(Conflict):
    """One of this kind stands for the patient."""


class CircumstanceEnded(Conflict):
    pass


class BadCircumstance(Invalid):
    """It is since a day that has come, and it ends as one of its kind can."""
