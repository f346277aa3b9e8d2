from billing_saas.kit.errors import Invalid, NotFound


class PatientNotFound(NotFound):
    pass


class BadPatient(Invalid):
    """`facts` name the fields."""
