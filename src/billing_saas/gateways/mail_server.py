"""How a deployment's letters leave, by its settings. The library is read only when it is used."""

from billing_saas.gateways.mail_folder import MailFolder
from billing_saas.kit.protocols import Mailer
from billing_saas.kit.settings import Settings


def opened(settings: Settings) -> Mailer | None:
    """None in production without an address: letters wait, and their jobs say so."""
    if settings.mail:
        from billing_saas.gateways.smtp import SmtpMailer

        return SmtpMailer(settings.mail, settings.mail_from, settings.site)
    if settings.environment == "production":
        return None
    return MailFolder(settings.data / "mail", settings.site)
