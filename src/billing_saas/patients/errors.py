from billing_saas.kit.errors import Conflict, Invalid, NotFound


class PatientNotFound(NotFound):
    pass


class BadPatient(Invalid):
    """`facts` name the fields."""


class PaidForByAnother(Conflict):
    """Who pays for another pays for himself: there is no chain of guarantors."""
