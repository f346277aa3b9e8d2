"""The states of a claim and of a submission, which moves are legal, and who must act next. Pure."""

import base64
import secrets
from collections.abc import Mapping

import msgspec

from billing_saas.phi.sealing import Document


class AccountNumber(Document, kw_only=True, omit_defaults=True):
    """`claim.phi_demo`: what the practice's own system calls the claim (its CLM01)."""

    account_number: str = ""


class PayerControlNumber(Document, kw_only=True, omit_defaults=True):
    """`submission.phi_demo`: what the payer calls it (REF*1K of a 277CA, CLP07), for REF*F8."""

    payer_control_number: str = ""


# Before its first state, a field is in none.
NEW = ""

_WORK: dict[str, set[str]] = {
    NEW: {"draft", "ready"},
    "draft": {"coding", "not_billable"},
    "coding": {"coded", "not_billable"},
    "coded": {"review", "not_billable"},
    "review": {"ready", "not_billable"},
    "ready": {"held", "closed"},
    "held": {"ready", "not_billable"},
    # Closed is not for ever: a reversal or a correction takes it up again, with a reason.
    "closed": {"review"},
    "not_billable": set(),
}
# A payment that is taken back leaves the account as it was before it was posted (RFI 791), so what
# has moved on to the patient or was settled can fall back to an insurer.
_RECEIVABLE: dict[str, set[str]] = {
    NEW: {"primary", "secondary", "tertiary", "patient", "non_insurance"},
    "primary": {"secondary", "tertiary", "patient", "settled", "non_insurance"},
    "secondary": {"primary", "tertiary", "patient", "settled"},
    "tertiary": {"primary", "secondary", "patient", "settled"},
    "patient": {"primary", "secondary", "tertiary", "settled", "non_insurance"},
    "non_insurance": {"primary", "patient", "settled"},
    "settled": {"primary", "secondary", "tertiary", "patient", "non_insurance"},
}
# 277CA categories (x12.md rule 67): A0, A1 received; A2 accepted; A3, A6, A7, A8 rejected; A4 not
# found. Several hops answer, so a later one may reject what an earlier one accepted (rule 68), and an
# answer may come after the clock gave up. What was rejected is corrected by a new submission.
_ANSWERS = {"received", "accepted", "rejected", "not_found"}
_DELIVERY: dict[str, set[str]] = {
    NEW: {"queued"},
    "queued": {"sent"},
    "sent": {*_ANSWERS, "silent"},
    "received": {"accepted", "rejected", "not_found", "silent"},
    "silent": _ANSWERS,
    "not_found": {"received", "accepted", "rejected"},
    "accepted": {"rejected"},
    "rejected": set(),
}
# One submission may be answered by several claim payments (a split claim, rule 18): the later one
# may change what the earlier one said without a reversal between them.
_ADJUDICATED = {"paid", "partial", "denied", "patient_responsibility", "forwarded"}
_ADJUDICATION: dict[str, set[str]] = {
    NEW: {"none"},
    "none": {"pending", "info_requested", *_ADJUDICATED},
    "pending": {"info_requested", *_ADJUDICATED},
    "info_requested": {"pending", *_ADJUDICATED},
    **{state: {"reversed", *_ADJUDICATED} - {state} for state in sorted(_ADJUDICATED)},
    "reversed": {"pending", *_ADJUDICATED},
}

MOVES: Mapping[str, Mapping[str, frozenset[str]]] = {
    field: {state: frozenset(reachable) for state, reachable in table.items()}
    for field, table in {
        "work": _WORK,
        "receivable": _RECEIVABLE,
        "delivery": _DELIVERY,
        "adjudication": _ADJUDICATION,
    }.items()
}
OF_CLAIM = ("work", "receivable")
OF_SUBMISSION = ("delivery", "adjudication")

RECEIVABLE_OF = {"P": "primary", "S": "secondary", "T": "tertiary"}
_INSURANCE = frozenset(RECEIVABLE_OF.values())


def is_legal(field: str, now: str, to: str) -> bool:
    return to in MOVES[field].get(now, frozenset())


class Standing(msgspec.Struct, frozen=True):
    """The states of a claim, and of its latest submission (empty: it has none)."""

    work: str
    receivable: str
    delivery: str = ""
    adjudication: str = ""


_OF_WORK = {
    "draft": "biller",
    "coding": "coder",
    "coded": "biller",
    "review": "biller",
    "held": "biller",
    "closed": "system",
    "not_billable": "system",
}
_OF_RECEIVABLE = {"patient": "patient", "settled": "system", "non_insurance": "biller"}
_OF_ADJUDICATION = {
    "info_requested": "practice",
    "denied": "biller",
    "pending": "payer",
    "forwarded": "payer",
    # The payer that took its money back owes the corrected answer.
    "reversed": "payer",
}
_OF_DELIVERY = {
    "queued": "system",
    "sent": "payer",
    "received": "payer",
    "accepted": "payer",
    "rejected": "biller",
    "not_found": "biller",
    "silent": "biller",
}


def next_action_owner(standing: Standing) -> str:
    """Who must move next: biller, coder, practice, payer, patient or system."""
    if standing.work != "ready":
        return _OF_WORK[standing.work]
    if standing.receivable not in _INSURANCE:
        return _OF_RECEIVABLE[standing.receivable]
    if standing.adjudication in _OF_ADJUDICATION:
        return _OF_ADJUDICATION[standing.adjudication]
    if standing.adjudication in _ADJUDICATED:
        # Paid by this payer, and an insurer is still to pay: the next one must be billed.
        return "biller"
    return _OF_DELIVERY.get(standing.delivery, "biller")


def new_claim_number() -> str:
    """A CLM01 of ours: 80 random bits, so that it tells nothing of the patient; 16 of at most 20
    characters and letters and digits only, because payers bring back less than the guide allows."""
    return base64.b32encode(secrets.token_bytes(10)).decode()


MONEY = ("unpaid", "partial", "paid", "credit", "written_off")


def money_state(charged: int, paid: int, adjusted: int, balance: int) -> str:
    """A claim's money by its ledger, in cents: what was charged, paid and adjusted, what is owed."""
    if balance < 0:
        return "credit"
    if balance > 0:
        return "partial" if paid else "unpaid"
    if charged and not paid and adjusted:
        return "written_off"
    return "paid" if charged else "unpaid"
