"""How a deployment takes cards, by its settings. The library is read only where it is used."""

from billing_saas.kit.protocols import PaymentProcessor
from billing_saas.kit.settings import Settings


def opened(settings: Settings) -> PaymentProcessor | None:
    """None without a key: no card is taken, and everything else works."""
    if not settings.stripe_key:
        return None
    from billing_saas.gateways.stripe import StripeProcessor

    return StripeProcessor(
        settings.stripe_key,
        settings.stripe_webhook_secret,
        settings.site,
        portal_site=settings.portal_site,
        api=settings.stripe_api,
    )
