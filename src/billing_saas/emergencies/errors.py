from billing_saas.kit.errors import Conflict, Invalid, NotFound, Refused


class EmergencyOpen(Conflict):
    """One at a time: end the one that is open."""


class EmergencyOver(Conflict):
    pass


class EmergencyReviewed(Conflict):
    pass


class EmergencyNotFound(NotFound):
    pass


class NoSuchPatientHere(Invalid):
    pass


class NoReason(Invalid):
    pass


class OwnEmergency(Refused):
    """Nobody judges an emergency of their own."""
