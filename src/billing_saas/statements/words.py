"""What patients are told, in plain English and Spanish. Our own words: X12's texts are licensed, so of
its reason codes (CARC) only the numbers ship.

Each text is a pair. Amounts and days are written as either language's readers in the United States do.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = ("en", "es")
Pair = tuple[str, str]

# What is left to the patient: a short name, and what it means.
_SHARES: Mapping[str, tuple[Pair, Pair]] = {
    "deductible": (
        ("Deductible", "Deducible"),
        (
            "Each year you pay this much yourself before your plan starts to pay.",
            "Cada año usted paga esta cantidad antes de que su plan empiece a pagar.",
        ),
    ),
    "coinsurance": (
        ("Coinsurance", "Coseguro"),
        (
            "Your plan pays most of the price; this is the percentage that is yours.",
            "Su plan paga la mayor parte del precio; este es el porcentaje que le toca a usted.",
        ),
    ),
    "copay": (
        ("Copay", "Copago"),
        (
            "A fixed amount that your plan asks you to pay for a visit.",
            "Una cantidad fija que su plan le pide pagar por una visita.",
        ),
    ),
    "self_pay": (
        ("Not billed to insurance", "No se cobró al seguro"),
        (
            "No insurance was billed for this, so the charge is yours.",
            "Esto no se cobró a ningún seguro, así que el cargo es suyo.",
        ),
    ),
    "other": (
        ("Not paid by your plan", "Su plan no lo pagó"),
        (
            "Your plan left this part to you. Call us if you do not know why.",
            "Su plan dejó esta parte a su cargo. Llámenos si no sabe por qué.",
        ),
    ),
}

# By CARC: why a plan leaves something to a patient, beyond the three shares above.
_REASONS: Mapping[str, Pair] = {
    "4": (
        "Your plan says the service was not coded the way it needs.",
        "Su plan dice que el servicio no se codificó como lo necesita.",
    ),
    "16": (
        "Your plan says that information was missing from the claim.",
        "Su plan dice que faltaba información en el reclamo.",
    ),
    "18": (
        "Your plan says it got this claim more than once.",
        "Su plan dice que recibió este reclamo más de una vez.",
    ),
    "22": (
        "Your plan says another insurance should pay first.",
        "Su plan dice que otro seguro debe pagar primero.",
    ),
    "26": (
        "The visit was before your coverage began.",
        "La visita fue antes de que empezara su cobertura.",
    ),
    "27": (
        "The visit was after your coverage ended.",
        "La visita fue después de que terminó su cobertura.",
    ),
    "29": (
        "Your plan says the claim came too late.",
        "Su plan dice que el reclamo llegó tarde.",
    ),
    "31": (
        "Your plan could not find you among its members.",
        "Su plan no lo encontró entre sus miembros.",
    ),
    "32": (
        "Your plan says this person is not covered as a dependent.",
        "Su plan dice que esta persona no está cubierta como dependiente.",
    ),
    "33": (
        "Your policy does not cover dependents.",
        "Su póliza no cubre a dependientes.",
    ),
    "35": (
        "You have reached the most your plan pays in a lifetime.",
        "Usted llegó al máximo que su plan paga de por vida.",
    ),
    "49": (
        "Your plan does not pay for routine check-ups like this one.",
        "Su plan no paga por chequeos de rutina como este.",
    ),
    "50": (
        "Your plan decided that the service was not medically necessary.",
        "Su plan decidió que el servicio no era médicamente necesario.",
    ),
    "51": (
        "Your plan does not pay for a condition you had before you joined.",
        "Su plan no paga por una condición que usted tenía antes de inscribirse.",
    ),
    "55": (
        "Your plan holds this treatment to be experimental.",
        "Su plan considera que este tratamiento es experimental.",
    ),
    "66": (
        "The first units of blood in a year are yours to pay.",
        "Las primeras unidades de sangre del año le tocan a usted.",
    ),
    "85": (
        "Interest that your plan left to you.",
        "Intereses que su plan dejó a su cargo.",
    ),
    "96": (
        "Your plan does not cover this service.",
        "Su plan no cubre este servicio.",
    ),
    "100": (
        "Your plan sent the payment to you instead of to us.",
        "Su plan le envió el pago a usted en lugar de a nosotros.",
    ),
    "109": (
        "This plan says that another plan is the one to be billed.",
        "Este plan dice que se debe cobrar a otro plan.",
    ),
    "119": (
        "You have used up what your plan pays for this kind of service.",
        "Usted ya usó todo lo que su plan paga por este tipo de servicio.",
    ),
    "140": (
        "The name and member number did not match what your plan has.",
        "El nombre y el número de miembro no coincidieron con los de su plan.",
    ),
    "149": (
        "You have reached the most your plan pays for this in a lifetime.",
        "Usted llegó al máximo que su plan paga por esto de por vida.",
    ),
    "151": (
        "Your plan holds that the service was given more often than it pays for.",
        "Su plan considera que el servicio se dio más veces de las que paga.",
    ),
    "166": (
        "The claim came after your coverage with this plan had ended.",
        "El reclamo llegó cuando su cobertura con este plan ya había terminado.",
    ),
    "167": (
        "Your plan does not cover care for this diagnosis.",
        "Su plan no cubre la atención para este diagnóstico.",
    ),
    "168": (
        "This service falls under another part of your coverage.",
        "Este servicio corresponde a otra parte de su cobertura.",
    ),
    "177": (
        "You did not meet a condition of your plan.",
        "Usted no cumplió con una condición de su plan.",
    ),
    "197": (
        "Your plan wanted to approve this beforehand.",
        "Su plan quería aprobar esto de antemano.",
    ),
    "198": (
        "More was done than your plan had approved.",
        "Se hizo más de lo que su plan había aprobado.",
    ),
    "200": (
        "Your coverage had lapsed on that day.",
        "Su cobertura estaba interrumpida ese día.",
    ),
    "201": (
        "This was to be paid from an injury settlement.",
        "Esto debía pagarse con la indemnización por una lesión.",
    ),
    "204": (
        "This service or supply is not part of your benefits.",
        "Este servicio o artículo no es parte de sus beneficios.",
    ),
    "227": (
        "Your plan asked you for information and did not get it.",
        "Su plan le pidió información y no la recibió.",
    ),
    "242": (
        "The provider is not in your plan's network.",
        "El proveedor no está en la red de su plan.",
    ),
    "243": (
        "Your plan wanted a referral from your own doctor.",
        "Su plan quería una referencia de su médico de cabecera.",
    ),
    "275": (
        "A deductible, coinsurance or copay of your first plan that this plan does not pay.",
        "Un deducible, coseguro o copago de su primer plan que este plan no paga.",
    ),
    "276": (
        "Your first plan refused this, and this plan does not pay for it either.",
        "Su primer plan lo rechazó, y este plan tampoco lo paga.",
    ),
}
_UNKNOWN: Pair = (
    "Your plan left this part to you, with its reason number {reason}. Call us if you have questions.",
    "Su plan dejó esta parte a su cargo, con su número de razón {reason}. Llámenos si tiene preguntas.",
)

_WRITE_OFFS: Mapping[str, Pair] = {
    "write_off_small_balance": ("Small balance we forgave", "Saldo pequeño que perdonamos"),
    "write_off_timely_filing": (
        "Our claim was late: not yours to pay",
        "Reclamo tardío: no le toca",
    ),
    "write_off_no_authorization": (
        "Approval was missing: not yours to pay",
        "Faltó la aprobación: no le toca",
    ),
    "write_off_not_covered": ("Not covered, and forgiven", "No cubierto, y perdonado"),
    "write_off_charity": ("Financial assistance", "Ayuda financiera"),
    "write_off_discount": ("Discount", "Descuento"),
    "write_off_bankruptcy": ("Discharged by a court", "Anulado por un tribunal"),
    "write_off_deceased": ("Forgiven", "Perdonado"),
    "write_off_other": ("Forgiven", "Perdonado"),
    "bad_debt": ("No longer on our books", "Ya no está en nuestros libros"),
}

# The sum, from top to bottom.
LABELS: Mapping[str, Pair] = {
    "charge": ("What we charged", "Lo que cobramos"),
    "contract": ("Taken off by your plan's contract", "Descuento por el contrato de su plan"),
    "plan_paid": ("Your plan paid", "Su plan pagó"),
    "write_off": ("Forgiven", "Perdonado"),
    "patient_paid": ("You paid", "Usted pagó"),
    "balance": ("Still open", "Pendiente"),
    "patient_owes": ("You owe", "Usted debe"),
    "insurer_owes": ("Waiting for insurance", "En espera del seguro"),
    "other_owes": ("Waiting for another party", "En espera de otra parte"),
    "agency": ("With a collection agency", "En una agencia de cobranza"),
    "credit": ("Your credit with us", "Su saldo a favor"),
}


def _in(language: Language, pair: Pair) -> str:
    return pair[LANGUAGES.index(language)]


def label(name: str, language: Language) -> str:
    return _in(language, LABELS[name])


def share(kind: str, language: Language) -> str:
    """The short name of a part that is left to the patient."""
    return _in(language, _SHARES[kind][0])


def meaning(kind: str, reason: str, language: Language) -> str:
    """A sentence: why this part is the patient's. `reason` is a CARC, or empty."""
    if kind != "other" or not reason:
        return _in(language, _SHARES[kind][1])
    if reason in _REASONS:
        return _in(language, _REASONS[reason])
    return _in(language, _UNKNOWN).format(reason=reason)


def write_off(account: str, language: Language) -> str:
    return _in(language, _WRITE_OFFS.get(account, _WRITE_OFFS["write_off_other"]))


def money(cents: int) -> str:
    """`$1,234.05`, in both languages: Spanish readers of the United States and Mexico write it so."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) // 100:,}.{abs(cents) % 100:02d}"


_MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre"),
    *("octubre", "noviembre", "diciembre"),
)
_MONTHS_EN = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


def day(value: date, language: Language) -> str:
    """`March 8, 2026` or `8 de marzo de 2026`: a number for the month is read differently by each."""
    if language == "es":
        return f"{value.day} de {_MONTHS[value.month - 1]} de {value.year}"
    return f"{_MONTHS_EN[value.month - 1]} {value.day}, {value.year}"


def short_day(value: date) -> str:
    """`03/08/2026`, where a table has no room for more."""
    return value.strftime("%m/%d/%Y")


# On paper.
PAPER: Mapping[str, Pair] = {
    "title": ("Statement", "Estado de cuenta"),
    "number": ("Statement number", "Número de estado de cuenta"),
    "issued": ("Date", "Fecha"),
    "due": ("Please pay by", "Por favor pague antes del"),
    "total": ("You owe", "Usted debe"),
    "patient": ("Patient", "Paciente"),
    "service": ("Visit on", "Visita del"),
    "charge": ("Charged", "Cobrado"),
    "plan_paid": ("Insurance paid", "Pagó el seguro"),
    "reduced": ("Taken off", "Descontado"),
    "patient_paid": ("You paid", "Usted pagó"),
    "owed": ("You owe", "Usted debe"),
    "continued": ("Continued on the next page", "Continúa en la página siguiente"),
    "page": ("Page {n} of {of}", "Página {n} de {of}"),
    "pay_online": ("Pay in a minute", "Pague en un minuto"),
    "pay_how": (
        "Scan the square picture with your phone, or go to {site}. It asks for this code and for the birth "
        "date of the person this is addressed to.",
        "Escanee el cuadro con puntos con su teléfono, o vaya a {site}. Le pedirá este código y la fecha de "
        "nacimiento de la persona a quien está dirigida esta carta.",
    ),
    "coupon": (
        "Cut here and send this part with your check",
        "Corte aquí y envíe esta parte con su cheque",
    ),
    "enclosed": ("Amount enclosed", "Cantidad incluida"),
    "pay_to": ("Make your check out to", "Haga su cheque a nombre de"),
    "write_number": (
        "Write the statement number on your check.",
        "Escriba el número de estado de cuenta en su cheque.",
    ),
    "questions": ("Questions? Call {phone}.", "¿Preguntas? Llame al {phone}."),
    "help": (
        "If you cannot pay all at once, ask us for a payment plan or for financial assistance. You may ask "
        "for an itemized statement at any time.",
        "Si no puede pagar todo de una vez, pídanos un plan de pagos o ayuda financiera. Puede pedir un "
        "estado de cuenta detallado en cualquier momento.",
    ),
    "itemised": ("Itemized", "Detallado"),
}
_STAGES: Mapping[str, Pair] = {
    "first": (
        "This is what is left for you to pay. Whatever insurance we billed has answered.",
        "Esto es lo que le queda por pagar. Los seguros a los que cobramos ya respondieron.",
    ),
    "reminder": (
        "A friendly reminder: this is still open. If you have just paid, thank you.",
        "Un recordatorio amable: esto sigue pendiente. Si acaba de pagar, gracias.",
    ),
    "past_due": (
        "This is past due. Please pay, or call us so that we can find a way together.",
        "Esto está vencido. Por favor pague, o llámenos para encontrar una solución juntos.",
    ),
    "final_notice": (
        "This is our last notice before we ask how we can help. Please pay, or call us now.",
        "Este es nuestro último aviso antes de preguntarle cómo podemos ayudar. Pague o llámenos ahora.",
    ),
    "hardship_screen": (
        "Is it hard for you to pay this? You may qualify for financial assistance: please call us.",
        "¿Le es difícil pagar esto? Tal vez califique para ayuda financiera: por favor llámenos.",
    ),
}


def paper(name: str, language: Language) -> str:
    return _in(language, PAPER[name])


def stage(name: str, language: Language) -> str:
    return _in(language, _STAGES[name])
