from billing_saas.kit.errors import Conflict, Invalid, NotFound, Refused


class ProviderNotFound(NotFound):
    """There is no such identity provider, or it is switched off."""


class ProviderNotGood(Invalid):
    """What is at the issuer's address is no provider that we can work with."""


class TooManyProviders(Conflict):
    """As many are set up here as a sign-in page offers: change one of them instead."""


class DomainTaken(Conflict):
    """People of this domain are sent to another provider already."""


class DomainNotGood(Invalid):
    """It is no domain of one organization."""


class NotOfThePractice(Refused):
    """Only the practice's own people decide who vouches for them."""


class LinkNotFound(NotFound):
    """The provider vouches for no such person."""


class NotVouchedFor(Exception):
    """An answer that opens nothing. `reason` is for the audit trail; who asks is told none."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
