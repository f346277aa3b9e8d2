"""Roles and what each may do: one readable table. Nothing else decides a permission."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    name: str
    """`resource.action`"""
    roles: frozenset[str]
    sentence: str


# A letter of the table stands for a role: of a person in one practice, or (the last two, in capitals)
# in a billing company. What a company's role may do, it may do to the company's own people and papers;
# it opens no practice: who may enter one is a row in that practice, always.
LETTERS: dict[str, str] = {
    "b": "biller",
    "c": "coder",
    "f": "front_desk",
    "p": "provider",
    "m": "practice_admin",
    "s": "supervisor",
    "a": "auditor",
    "r": "reviewer",
    "S": "company_supervisor",
    "C": "company_admin",
}
_TABLE = (
    ("agencies.disclose", ". . . . m s . . . .", "Make and open files for collection agencies."),
    ("agencies.pay", ". . . . m s . . . .", "Record that an agency's invoice was paid."),
    ("agencies.read", "b . . . m s . . . .", "See agencies, and what they sent back."),
    ("agencies.write", ". . . . m s . . . .", "Set up agencies, and when to propose to them."),
    ("agreements.read", ". . . . . . . . S C", "See the agreements a company has signed."),
    ("agreements.write", ". . . . . . . . . C", "Record that one was signed or has ended."),
    ("arrivals.read", "b . . . m s . . . .", "See files that came in, and what was found in them."),
    ("arrivals.receive", "b . . . . s . . . .", "Hand files in."),
    ("audit.read", ". . . . m . a . . .", "Read who saw or changed what."),
    ("cards.read", "b c f . m s . . . .", "See the work list."),
    ("cards.work", "b . . . . s . . . .", "Close cards of the work list."),
    ("cases.read", ". . . . . . . r . .", "See the one case that one was asked to review."),
    ("circumstances.read", "b . f . m s . . . .", "See bankruptcies, deaths and disputes."),
    ("circumstances.write", "b . f . m s . . . .", "Record them, and that they are over."),
    ("claims.approve", "b c . . . s . . . .", "Approve the coding of claims in review."),
    ("claims.code", ". c . . . s . . . .", "Say that the coding of a claim is done."),
    ("claims.read", "b c f p m s . . . .", "See claims and their lines."),
    ("claims.write", "b . . . . s . . . .", "Change claims and send them on."),
    ("clients.read", ". . . . m . a . . .", "See the machines that may ask, and what they may."),
    ("clients.write", ". . . . m . . . . .", "Let machines in, and give and end their secrets."),
    ("collections.close", ". . . . m s . . . .", "Recall accounts, or call them bad debt."),
    ("collections.place", ". . . . m s . . . .", "Place a proposed account, or decline to."),
    ("collections.propose", "b . . . m s . . . .", "Have accounts looked through to place."),
    ("collections.read", "b . . . m s . . . .", "See accounts proposed and placed."),
    ("company.read", ". . . . . . . . S C", "See the company and the list of its practices."),
    ("connections.read", "b . . . m s . . . .", "See connections to other systems."),
    ("connections.write", ". . . . m s . . . .", "Set up and change connections."),
    ("credentials.read", ". . . . m s . . . .", "See what coders are certified as."),
    ("credentials.write", ". . . . m s . . . .", "Record what coders are certified as."),
    ("desk.close", "b . f . m s . . . .", "Count a drawer and close its day."),
    ("desk.read", "b . f . m s . . . .", "See what was taken at the desk, and receipts."),
    ("disputes.answer", "b . . . . s . . . .", "Answer a patient's bank in a dispute."),
    ("documents.read", "b c f p m s . . . .", "Open documents."),
    ("documents.write", "b . f . m s . . . .", "File documents."),
    ("duties.read", ". . . . m s a . . .", "See which duties are kept apart, and what is shown."),
    ("duties.write", ". . . . m . . . . .", "Keep duties apart, and say what is shown."),
    ("emergencies.open", ". . . . . . . . S C", "Enter a practice in an emergency, for hours."),
    ("emergencies.read", ". . . . m . a . . .", "See who entered in an emergency, and why."),
    ("emergencies.review", ". . . . m . . . . .", "Judge whether it was one."),
    ("hardship.decide", ". . . . m s . . . .", "Decide applications for assistance."),
    ("hardship.policy", ". . . . m . . . . .", "Set the sliding scale and guidelines."),
    ("hardship.read", "b . f . m s . . . .", "See applications for assistance."),
    ("hardship.write", "b . f . m s . . . .", "Take applications and their evidence."),
    ("hardship.write_off", "b . . . m s . . . .", "Write off what an approval gives."),
    ("identity_providers.read", ". . . . m . . . S C", "See who vouches for whom at sign-in."),
    ("identity_providers.write", ". . . . m . . . . C", "Say who does, and whom they know."),
    ("jobs.read", ". . . . m s . . . .", "See jobs that failed for good."),
    ("jobs.replay", ". . . . . s . . . .", "Run such jobs again, or discard them."),
    ("ledger.close", ". . . . . s . . . .", "Close a month of the books."),
    ("ledger.read", "b . . . m s . . . .", "See balances and entries."),
    ("members.read", ". . . . m . . . S C", "See who works here, and who is invited."),
    ("members.write", ". . . . m . . . . C", "Invite, give and end roles, suspend, remove."),
    (
        "messages.read",
        "b . f . m s . . . .",
        "See how patients are reached, and what they were sent.",
    ),
    ("messages.settings", ". . . . m s . . . .", "Say when and how often messages leave."),
    ("messages.write", "b . f . m s . . . .", "Write to patients, and keep consents and pauses."),
    ("patient_requests.answer", "b . f . m s . . . .", "Answer what patients ask of the office."),
    ("patient_requests.decline", ". . . . m s . . . .", "Say no to what a patient asked for."),
    ("patient_requests.read", "b . f . m s . . . .", "See what patients ask of the office."),
    ("patients.read", "b c f p m s . . . .", "See patients."),
    ("patients.write", "b . f . m s . . . .", "Register and change patients."),
    ("payment_account.read", "b . . . m s . . . .", "See whether the practice can take cards."),
    ("payment_account.write", ". . . . m . . . . .", "Open its account at the payment processor."),
    ("payments.read", "b . f . m s . . . .", "See payments, refunds, disputes and payouts."),
    ("payments.take", "b . f . m s . . . .", "Take a patient's payment."),
    ("payments.void", "b . . . . s . . . .", "Take back a payment recorded in error."),
    ("plans.configure", ". . . . m . . . . .", "Set what may be paid in instalments."),
    ("plans.read", "b . f . m s . . . .", "See payment plans."),
    ("plans.write", "b . f . . s . . . .", "Propose, record and end payment plans."),
    ("portal_links.read", "b . f . m s . . . .", "See which links a patient was given."),
    ("portal_links.write", "b . f . m s . . . .", "Give a patient a link to pay, and end it."),
    ("portal_settings.read", "b . f . m s . . . .", "See how the portal looks and what it allows."),
    (
        "portal_settings.write",
        ". . . . m . . . . .",
        "Say how the portal looks and what it allows.",
    ),
    ("practice.read", "b c f p m s a r . .", "See the practice's own particulars."),
    ("refunds.approve", ". . . . m s . . . .", "Approve refunds that somebody else asked for."),
    ("refunds.ask", "b . . . m s . . . .", "Give patients' money back."),
    ("remittances.post", "b . . . . s . . . .", "Post remittances to the books."),
    ("remittances.read", "b . . . m s . . . .", "See remittances."),
    ("remittances.reverse", ". . . . . s . . . .", "Take a posted remittance back."),
    ("reviewers.read", ". . . . m s a . . .", "See who outside was shown a case."),
    ("reviewers.write", ". . . . m s . . . .", "Show a case to an outside expert, and end it."),
    ("statements.read", "b . f . m s . . . .", "See statements, and why a patient owes."),
    ("statements.write", "b . . . m s . . . .", "Set when statements go out, issue and void them."),
)
TABLE = tuple(
    Permission(name, frozenset(LETTERS[letter] for letter in marks.split() if letter != "."), says)
    for name, marks, says in _TABLE
)

# Roles that a membership of a company may hold, by the word of the table.
OF_A_COMPANY: dict[str, str] = {
    "supervisor": "company_supervisor",
    "company_admin": "company_admin",
}


def _held_by(roles: Iterable[str]) -> dict[str, frozenset[str]]:
    return {role: frozenset(one.name for one in TABLE if role in one.roles) for role in roles}


# By role, in a practice and in a company: what the table says, turned.
PERMISSIONS = _held_by(role for role in LETTERS.values() if role not in OF_A_COMPANY.values())
COMPANY_PERMISSIONS = {
    role: held for role, word in OF_A_COMPANY.items() for held in _held_by([word]).values()
}

# What an emergency opens (`identity.emergencies`): reading, and nothing that could hide it. Nobody gives
# or holds these as roles; of one patient only that patient's own.
OF_ONE_PATIENT = "emergency_patient"
_OF_ONE_PATIENT = frozenset({"claims.read", "documents.read", "patients.read", "practice.read"})
IN_EMERGENCY = {
    "emergency": _OF_ONE_PATIENT | {"ledger.read", "remittances.read"},
    OF_ONE_PATIENT: _OF_ONE_PATIENT,
}
# Who was asked in from outside, for one case: nothing else exists.
OUTSIDERS = frozenset({"reviewer"})

# Who may give which roles, and so end them: nobody gives what stands above them. In a practice one may
# also give what one holds there oneself. To a company's people a company's admin gives any role in any
# practice of the company; to a practice's own people only that practice does (decision 0020).
_GIVES_IN_PRACTICE = {
    "practice_admin": frozenset(
        {"auditor", "biller", "coder", "front_desk", "practice_admin", "provider", "reviewer"}
    ),
}
_GIVES_IN_COMPANY = {"company_admin": frozenset(OF_A_COMPANY)}
_GIVES_FROM_COMPANY = {"company_admin": frozenset(PERMISSIONS)}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """In a practice."""
    return frozenset().union(*((PERMISSIONS | IN_EMERGENCY)[role] for role in roles))


def company_permissions_of(roles: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(COMPANY_PERMISSIONS[role] for role in roles))


def given_in_practice(held: frozenset[str]) -> frozenset[str]:
    """Roles of a practice that who holds `held` in it may give."""
    given = _given(held, _GIVES_IN_PRACTICE)
    return given | held if given else given


def given_in_company(held: frozenset[str]) -> frozenset[str]:
    """Roles of a company that who holds `held` in it may give."""
    return _given(held, _GIVES_IN_COMPANY)


def given_from_company(held: frozenset[str]) -> frozenset[str]:
    """Roles that who holds `held` in a company may give its people in each of its practices."""
    return _given(held, _GIVES_FROM_COMPANY)


def _given(held: frozenset[str], gives: dict[str, frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*(gives.get(role, frozenset()) for role in held))


def token_hash(token: str) -> bytes:
    """Tokens are 256 random bits, so one round of SHA-256 is enough and costs nothing per request."""
    return hashlib.sha256(token.encode()).digest()
