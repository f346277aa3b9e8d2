"""What each message says, in English and Spanish. No amount, no date, no service, no name but a first
letter: whoever reads over a shoulder learns that there is an office, and that it wrote.
"""

from dataclasses import dataclass

from billing_saas.messages.rules import KINDS, Channel, Language, Template, Words

_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Written:
    subject: str
    text: str
    from_name: str


@dataclass(frozen=True, slots=True)
class Saying:
    """`text` is a text message; `subject` and `letter` an e-mail."""

    subject: str
    letter: str
    text: str


UNNAMED: dict[Language, str] = {"en": "Your billing office", "es": "Su oficina de facturación"}

_SAYINGS: dict[Language, dict[Template, Saying]] = {
    "en": {
        "statement_ready": Saying(
            "You have a new statement",
            "You have a new statement. Open this page to see it. You will be asked for your date of"
            " birth first:\n\n{link}",
            "{office}: you have a new statement: {link}",
        ),
        "payment_received": Saying(
            "We received your payment",
            "We received your payment. Thank you. Your receipt is in the portal:\n\n{site}",
            "{office}: we received your payment. Thank you.",
        ),
        "payment_failed": Saying(
            "A payment did not go through",
            "A payment did not go through. Nothing was taken. Open this page to try again:\n\n{link}",
            "{office}: a payment did not go through. To try again: {link}",
        ),
        "refund_made": Saying(
            "We sent you a refund",
            "We sent money back to the card or account that you paid with. It can take some days to"
            " show there.",
            "{office}: we sent a refund to the card or account that you paid with.",
        ),
        "one_time_code": Saying(
            "Your code",
            "Your code is:\n\n    {code}\n\nIt works once, for ten minutes. Nobody of ours will ever"
            " ask you for it. If you did not ask for a code, do nothing.",
            "{code} is your code. It works for ten minutes. Never tell it to anybody.",
        ),
        "contact_check": Saying(
            "Confirm this address",
            "Somebody gave this address to hear from us. If it was you, the code is:\n\n    {code}\n\n"
            "It works once, for ten minutes. If it was not you, do nothing.",
            "{code} confirms this number. If you did not ask for it, do nothing.",
        ),
        "pay_link": Saying(
            "The page you asked for",
            "Here is the page to pay that you asked for:\n\n{link}",
            "{office}: here is the page to pay that you asked for: {link}",
        ),
        "plan_agreed": Saying(
            "Your payment plan",
            "Your payment plan is agreed. Open this page to see it, and to keep a copy:\n\n{link}",
            "{office}: your payment plan is agreed: {link}",
        ),
        "plan_upcoming": Saying(
            "A payment of your plan comes up",
            "A payment of your plan comes up in the next days. Open this page to see it:\n\n{link}",
            "{office}: a payment of your plan comes up: {link}",
        ),
        "plan_missed": Saying(
            "A payment of your plan was missed",
            "A payment of your plan was missed. Open this page to see what you can do:\n\n{link}",
            "{office}: a payment of your plan was missed: {link}",
        ),
        "plan_done": Saying(
            "Your payment plan is complete",
            "The last payment of your plan came in. Thank you. Nothing is left of it to pay.",
            "{office}: your payment plan is complete. Thank you.",
        ),
        "office_answered": Saying(
            "You have a message",
            "The office wrote to you. Sign in to read it:\n\n{link}",
            "{office}: the office wrote to you. Sign in to read it: {link}",
        ),
    },
    "es": {
        "statement_ready": Saying(
            "Tiene un nuevo estado de cuenta",
            "Tiene un nuevo estado de cuenta. Abra esta página para verlo. Primero se le pedirá su"
            " fecha de nacimiento:\n\n{link}",
            "{office}: tiene un nuevo estado de cuenta: {link}",
        ),
        "payment_received": Saying(
            "Recibimos su pago",
            "Recibimos su pago. Gracias. Su recibo está en el portal:\n\n{site}",
            "{office}: recibimos su pago. Gracias.",
        ),
        "payment_failed": Saying(
            "Un pago no se completó",
            "Un pago no se completó. No se cobró nada. Abra esta página para intentarlo otra vez:"
            "\n\n{link}",
            "{office}: un pago no se completó. Para intentarlo otra vez: {link}",
        ),
        "refund_made": Saying(
            "Le enviamos un reembolso",
            "Devolvimos dinero a la tarjeta o cuenta con que pagó. Puede tardar unos días en"
            " aparecer.",
            "{office}: enviamos un reembolso a la tarjeta o cuenta con que pagó.",
        ),
        "one_time_code": Saying(
            "Su código",
            "Su código es:\n\n    {code}\n\nSirve una vez, durante diez minutos. Nadie de nuestra"
            " oficina se lo pedirá. Si usted no pidió un código, no haga nada.",
            "{code} es su código. Sirve durante diez minutos. No se lo diga a nadie.",
        ),
        "contact_check": Saying(
            "Confirme esta dirección",
            "Alguien dio esta dirección para recibir nuestros mensajes. Si fue usted, el código es:"
            "\n\n    {code}\n\nSirve una vez, durante diez minutos. Si no fue usted, no haga nada.",
            "{code} confirma este número. Si usted no lo pidió, no haga nada.",
        ),
        "pay_link": Saying(
            "La página que pidió",
            "Esta es la página para pagar que pidió:\n\n{link}",
            "{office}: esta es la página para pagar que pidió: {link}",
        ),
        "plan_agreed": Saying(
            "Su plan de pagos",
            "Su plan de pagos está acordado. Abra esta página para verlo y guardar una copia:"
            "\n\n{link}",
            "{office}: su plan de pagos está acordado: {link}",
        ),
        "plan_upcoming": Saying(
            "Se acerca un pago de su plan",
            "En los próximos días vence un pago de su plan. Abra esta página para verlo:\n\n{link}",
            "{office}: se acerca un pago de su plan: {link}",
        ),
        "plan_missed": Saying(
            "Falta un pago de su plan",
            "Falta un pago de su plan. Abra esta página para ver qué puede hacer:\n\n{link}",
            "{office}: falta un pago de su plan: {link}",
        ),
        "plan_done": Saying(
            "Su plan de pagos está completo",
            "Llegó el último pago de su plan. Gracias. No queda nada de él por pagar.",
            "{office}: su plan de pagos está completo. Gracias.",
        ),
        "office_answered": Saying(
            "Tiene un mensaje",
            "La oficina le escribió. Inicie sesión para leerlo:\n\n{link}",
            "{office}: la oficina le escribió. Inicie sesión para leerlo: {link}",
        ),
    },
}
_GREETING = {"en": ("Hello,", "Hello {initial}.,"), "es": ("Hola:", "Hola, {initial}.:")}
_STOP_TEXTS = {"en": " Reply STOP to opt out.", "es": " Responda ALTO para no recibir más."}
_STOP_LETTERS = {
    "en": "You asked to hear from us by e-mail. To stop:\n{unsubscribe}",
    "es": "Usted pidió recibir nuestros mensajes por correo electrónico. Para dejar de recibirlos:"
    "\n{unsubscribe}",
}
_UNREAD = {
    "en": "Nobody reads answers to this message.",
    "es": "Nadie lee las respuestas a este mensaje.",
}

# What is agreed to, by version: shown where a consent is given, and kept with it by its version.
CONSENT: dict[str, dict[Language, dict[Channel, str]]] = {
    "2026-11": {
        "en": {
            "email": "You may e-mail me about my account. E-mail is not private: others may be able to"
            " read it. I can stop this at any time.",
            "text": "You may text me about my account, also by an automatic system. Message and data"
            " rates may apply. I can stop this at any time by replying STOP. My care does not depend"
            " on it.",
        },
        "es": {
            "email": "Pueden escribirme por correo electrónico acerca de mi cuenta. El correo no es"
            " privado: otras personas podrían leerlo. Puedo cancelarlo cuando quiera.",
            "text": "Pueden enviarme mensajes de texto acerca de mi cuenta, también con un sistema"
            " automático. Pueden aplicarse tarifas de mensajes y datos. Puedo cancelarlo cuando quiera"
            " respondiendo ALTO. Mi atención no depende de ello.",
        },
    },
}


def written(
    template: Template,
    channel: Channel,
    language: Language,
    words: Words,
    *,
    office: str,
    site: str,
    unsubscribe: str = "",
) -> Written:
    """`office` is the practice's name, or empty when it may not be told. `KeyError` for a gap."""
    saying = _SAYINGS[language][template]
    named = " ".join(office.split())[:_LONGEST_NAME] or UNNAMED[language]
    filled = {
        "office": named,
        "site": site,
        **({"link": site + words.link} if words.link else {}),
        **({"code": words.code} if words.code else {}),
    }
    asked_for = KINDS[template].purpose == "security"
    if channel == "text":
        stop = "" if asked_for else _STOP_TEXTS[language]
        return Written("", saying.text.format_map(filled) + stop, named)
    plain, by_initial = _GREETING[language]
    greeting = by_initial.format(initial=words.initial) if words.initial else plain
    ending = [named, _UNREAD[language]]
    if unsubscribe and not asked_for:
        ending.append(_STOP_LETTERS[language].format(unsubscribe=unsubscribe))
    text = "\n\n".join([greeting, saying.letter.format_map(filled), *ending]) + "\n"
    return Written(saying.subject, text, named)
