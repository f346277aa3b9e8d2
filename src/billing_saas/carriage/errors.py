from billing_saas.kit.errors import Refused


class NotTheCarrier(Refused):
    """Whoever knocked did not sign as the carrier does, or signed too long ago."""
