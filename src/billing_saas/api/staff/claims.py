"""Claims: what was asked, of whom, what they said, and what is owed."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from litestar import get
from litestar.params import QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.wire import Out, PageOut
from billing_saas.claims import queries
from billing_saas.claims.queries import ClaimLine, ClaimMoney, ClaimRecord, Filters
from billing_saas.claims.tables import ClaimEvent, LineAdjudication, Submission
from billing_saas.duties.visibility_rules import Field
from billing_saas.encounters.tables import Charge

Work = Literal["draft", "coding", "coded", "review", "ready", "held", "closed", "not_billable"]
Receivable = Literal["primary", "secondary", "tertiary", "patient", "settled", "non_insurance"]


class MoneyOut(Out, frozen=True):
    """By the ledger. `balance_cents` is what is still owed, by anyone."""

    state: str
    charged_cents: int
    paid_cents: int
    adjusted_cents: int
    payer_balance_cents: int
    patient_balance_cents: int
    balance_cents: int

    @classmethod
    def of(cls, money: ClaimMoney) -> "MoneyOut":
        return cls(
            state=money.state,
            charged_cents=money.charged_cents,
            paid_cents=money.paid_cents,
            adjusted_cents=money.adjusted_cents,
            payer_balance_cents=money.payer_balance_cents,
            patient_balance_cents=money.patient_balance_cents,
            balance_cents=money.balance_cents,
        )


def _money(money: ClaimMoney, masked: tuple[str, ...]) -> MoneyOut | None:
    return None if Field.AMOUNTS in masked else MoneyOut.of(money)


class ClaimLineOut(Out, frozen=True):
    """A claim in a list. `work` is ours to do; `receivable` names who owes next. Where your roles see no
    amounts, `masked` says so and they are null."""

    id: UUID
    patient_id: UUID
    patient_last_name: str
    patient_first_name: str
    work: str
    receivable: str
    next_action_owner: str
    service_from: date
    service_to: date
    charge_cents: int | None
    money: MoneyOut | None
    masked: list[str]

    @classmethod
    def of(cls, line: ClaimLine) -> "ClaimLineOut":
        claim = line.claim
        return cls(
            id=claim.id,
            patient_id=claim.patient_id,
            patient_last_name=line.patient_name.last_name,
            patient_first_name=line.patient_name.first_name,
            work=claim.work,
            receivable=claim.receivable,
            next_action_owner=claim.next_action_owner,
            service_from=claim.service_from,
            service_to=claim.service_to,
            charge_cents=claim.charge_cents,
            money=_money(line.money, line.masked),
            masked=list(line.masked),
        )


class ChargeOut(Out, frozen=True):
    """`pointers` count the claim's diagnoses from 1."""

    id: UUID
    n: int
    procedure_code: str
    modifiers: str
    units: str
    charge_cents: int | None
    pointers: str
    service_from: date
    service_to: date

    @classmethod
    def of(cls, charge: Charge) -> "ChargeOut":
        return cls(
            id=charge.id,
            n=charge.n,
            procedure_code=charge.procedure_code,
            modifiers=charge.modifiers,
            units=charge.units,
            charge_cents=charge.charge_cents,
            pointers=charge.pointers,
            service_from=charge.service_from,
            service_to=charge.service_to,
        )


class ClaimPayerOut(Out, frozen=True):
    """A payer of the claim, in the order in which they answer: `P`, `S`, `T`."""

    sequence: str
    payer_id: UUID
    coverage_id: UUID


class SubmissionOut(Out, frozen=True):
    """One sending to one payer. `patient_control_number` is our CLM01."""

    id: UUID
    payer_id: UUID
    sequence: str
    frequency: str
    patient_control_number: str
    delivery: str
    adjudication: str
    charge_cents: int | None
    created_at: datetime

    @classmethod
    def of(cls, submission: Submission) -> "SubmissionOut":
        return cls(
            id=submission.id,
            payer_id=submission.payer_id,
            sequence=submission.sequence,
            frequency=submission.frequency,
            patient_control_number=submission.patient_control_number,
            delivery=submission.delivery,
            adjudication=submission.adjudication,
            charge_cents=submission.charge_cents,
            created_at=submission.created_at,
        )


class AdjustmentOut(Out, frozen=True):
    """CAS: a positive amount reduces the payment."""

    group: str
    reason: str
    amount_cents: int | None
    quantity: str


class LineAdjudicationOut(Out, frozen=True):
    """One payer's word on one line. `reversed`: the payer took it back."""

    charge_id: UUID
    payer_id: UUID
    sequence: str
    adjudicated_on: date
    charge_cents: int | None
    allowed_cents: int | None
    paid_cents: int | None
    patient_responsibility_cents: int | None
    denied: bool
    reversed: bool
    adjustments: list[AdjustmentOut]
    remarks: str

    @classmethod
    def of(cls, said: LineAdjudication) -> "LineAdjudicationOut":
        return cls(
            charge_id=said.charge_id,
            payer_id=said.payer_id,
            sequence=said.sequence,
            adjudicated_on=said.adjudicated_on,
            charge_cents=said.charge_cents,
            allowed_cents=said.allowed_cents,
            paid_cents=said.paid_cents,
            patient_responsibility_cents=said.patient_responsibility_cents,
            denied=said.denied,
            reversed=said.reversed_by is not None,
            adjustments=[
                AdjustmentOut(group=group, reason=reason, amount_cents=cents, quantity=quantity)
                for group, reason, cents, quantity in said.adjustments
            ],
            remarks=said.remarks,
        )


class ClaimOut(Out, frozen=True):
    """`account_number` is the practice's own; `diagnoses` are ICD-10-CM without the dot. What your
    roles do not see is empty or null, and its class stands in `masked`: `identifiers`, `diagnoses`,
    `procedures` (their codes, modifiers and units), `amounts`."""

    id: UUID
    patient_id: UUID
    patient_last_name: str
    patient_first_name: str
    account_number: str
    work: str
    receivable: str
    next_action_owner: str
    service_from: date
    service_to: date
    charge_cents: int | None
    diagnoses: list[str]
    charges: list[ChargeOut]
    payers: list[ClaimPayerOut]
    submissions: list[SubmissionOut]
    adjudications: list[LineAdjudicationOut]
    money: MoneyOut | None
    masked: list[str]

    @classmethod
    def of(cls, record: ClaimRecord) -> "ClaimOut":
        claim = record.claim
        return cls(
            id=claim.id,
            patient_id=claim.patient_id,
            patient_last_name=record.patient_name.last_name,
            patient_first_name=record.patient_name.first_name,
            account_number=record.account_number,
            work=claim.work,
            receivable=claim.receivable,
            next_action_owner=claim.next_action_owner,
            service_from=claim.service_from,
            service_to=claim.service_to,
            charge_cents=claim.charge_cents,
            diagnoses=[diagnosis.code for diagnosis in record.visit.clinical.diagnoses],
            charges=[ChargeOut.of(charge) for charge in record.visit.charges],
            payers=[
                ClaimPayerOut(
                    sequence=payer.sequence, payer_id=payer.payer_id, coverage_id=payer.coverage_id
                )
                for payer in record.payers
            ],
            submissions=[SubmissionOut.of(submission) for submission in record.submissions],
            adjudications=[LineAdjudicationOut.of(said) for said in record.adjudications],
            money=_money(record.money, record.masked),
            masked=list(record.masked),
        )


class ClaimEventOut(Out, frozen=True):
    """One move of one state: who, when, from, to, why."""

    id: UUID
    at: datetime
    submission_id: UUID | None
    actor_kind: str
    actor_id: UUID
    field: str
    from_state: str
    to_state: str
    why: str
    source_type: str
    source_id: UUID | None

    @classmethod
    def of(cls, event: ClaimEvent) -> "ClaimEventOut":
        return cls(
            id=event.id,
            at=event.at,
            submission_id=event.submission_id,
            actor_kind=event.actor_kind,
            actor_id=event.actor_id,
            field=event.field,
            from_state=event.from_state,
            to_state=event.to_state,
            why=event.why,
            source_type=event.source_type,
            source_id=event.source_id,
        )


@get(
    "/claims",
    summary="Claims, newest first",
    opt=declared(
        "claims.read",
        leads_to={
            "get_claim": {"claim_id": "$response.body#/rows/0/id"},
            "get_timeline": {"claim_id": "$response.body#/rows/0/id"},
            "list_claim_entries": {"claim_id": "$response.body#/rows/0/id"},
            "get_patient": {"patient_id": "$response.body#/rows/0/patient_id"},
        },
    ),
)
async def list_claims(
    db: Db,
    actor: Who,
    page: Asked,
    work: Annotated[
        Work | None, QueryParameter(description="Only those whose own work stands here.")
    ] = None,
    receivable: Annotated[
        Receivable | None, QueryParameter(description="Only those that this one owes next.")
    ] = None,
    patient_id: Annotated[
        UUID | None, QueryParameter(description="Only those of this patient.")
    ] = None,
    payer_id: Annotated[
        UUID | None, QueryParameter(description="Only those that this payer may owe.")
    ] = None,
    service_from: Annotated[
        date | None,
        QueryParameter(description="Only those whose service began on this day or later."),
    ] = None,
    service_to: Annotated[
        date | None, QueryParameter(description="Only those whose service began by this day.")
    ] = None,
    denied: Annotated[bool, QueryParameter(description="Only those with a denied line.")] = False,
) -> PageOut[ClaimLineOut]:
    filters = Filters(
        work=work or "",
        receivable=receivable or "",
        patient_id=patient_id,
        payer_id=payer_id,
        service_from=service_from,
        service_to=service_to,
        denied=denied,
    )
    found = await queries.claims(db, actor, page, filters)
    return PageOut([ClaimLineOut.of(line) for line in found.rows], found.next_cursor)


@get(
    "/claims/{claim_id:uuid}",
    summary="One claim with all that hangs on it",
    opt=declared(
        "claims.read", leads_to={"get_patient": {"patient_id": "$response.body#/patient_id"}}
    ),
)
async def get_claim(db: Db, actor: Who, claim_id: Id) -> ClaimOut:
    return ClaimOut.of(await queries.claim(db, actor, claim_id))


@get(
    "/claims/{claim_id:uuid}/timeline",
    summary="Every move of a claim, oldest first",
    opt=declared("claims.read"),
)
async def get_timeline(db: Db, actor: Who, claim_id: Id) -> list[ClaimEventOut]:
    return [ClaimEventOut.of(event) for event in await queries.timeline(db, actor, claim_id)]


HANDLERS = [list_claims, get_claim, get_timeline]
