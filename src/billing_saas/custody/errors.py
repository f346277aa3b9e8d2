from billing_saas.kit.errors import Invalid, NotFound


class RotationNotFound(NotFound):
    pass


class NotConfirmed(Invalid):
    """Whoever destroys a practice's keys types its name."""


class CertificateMissing(Invalid):
    """A practice's data is handed over before it is destroyed, and the hand-over is on record."""
