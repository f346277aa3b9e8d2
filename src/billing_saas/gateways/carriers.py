"""How a deployment's messages to patients leave, by its settings."""

from billing_saas.gateways.mail_folder import MailFolder, TextFolder
from billing_saas.gateways.outward import Outward
from billing_saas.kit.carrying import Carriers, LetterCarrier, TextCarrier
from billing_saas.kit.settings import Settings


def opened(settings: Settings) -> Carriers:
    """In production without an address, messages wait, and their jobs say so."""
    return Carriers(
        letters=_letters(settings),
        texts=_texts(settings),
        portal_site=settings.portal_site,
        hooks_site=settings.site,
        bounce_domain=settings.mail_bounces,
        hook_secret=settings.mail_hook_secret,
    )


def _letters(settings: Settings) -> LetterCarrier | None:
    if settings.mail:
        from billing_saas.gateways.smtp import SmtpMailer

        return SmtpMailer(settings.mail, settings.mail_from, settings.site)
    if settings.environment == "production":
        return None
    return MailFolder(settings.data / "mail", settings.site)


def _texts(settings: Settings) -> TextCarrier | None:
    if settings.texts_account:
        from billing_saas.gateways.texts import HttpTexts

        inner = frozenset(one.strip() for one in settings.inner_hosts.split(",") if one.strip())
        outward = Outward(inner, plain=settings.environment == "development")
        return HttpTexts(settings.texts_url, settings.texts_account, settings.texts_token, outward)
    if settings.environment == "production":
        return None
    return TextFolder(settings.data / "texts")
