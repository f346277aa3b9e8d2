"""Why do I owe this? The same numbers that the patient is shown."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from litestar import get
from litestar.params import QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Db, Id, Who
from billing_saas.api.wire import Out
from billing_saas.duties.errors import NotShown
from billing_saas.statements import showing, words
from billing_saas.statements.explaining import ChargeExplanation, ClaimExplanation
from billing_saas.statements.explaining_rules import PlanPart, Share, Sums, Told, WriteOff
from billing_saas.statements.showing import ClaimShown, GuarantorShown, Named
from billing_saas.statements.words import Language

ShareKind = Literal["deductible", "coinsurance", "copay", "self_pay", "other"]
InLanguage = Annotated[
    Language | None, QueryParameter(description="Of its sentences; English without it.")
]


class SumsOut(Out, frozen=True):
    """`charge` - `contract` - `plan_paid` - `write_off` - `patient_paid` = `balance`, in cents; the balance
    is the ledger's, and told by whom: insurers, the patient, other parties, a collection agency."""

    charge_cents: int
    contract_cents: int
    plan_paid_cents: int
    write_off_cents: int
    patient_paid_cents: int
    balance_cents: int
    insurer_owes_cents: int
    patient_owes_cents: int
    other_owes_cents: int
    agency_cents: int

    @classmethod
    def of(cls, sums: Sums) -> "SumsOut":
        return cls(
            charge_cents=sums.charge_cents,
            contract_cents=sums.contract_cents,
            plan_paid_cents=sums.plan_paid_cents,
            write_off_cents=sums.write_off_cents,
            patient_paid_cents=sums.patient_paid_cents,
            balance_cents=sums.balance_cents,
            insurer_owes_cents=sums.insurer_owes_cents,
            patient_owes_cents=sums.patient_owes_cents,
            other_owes_cents=sums.other_owes_cents,
            agency_cents=sums.agency_cents,
        )


class ShareOut(Out, frozen=True):
    """What was left to the patient. `group` and `reason` are CAS01 and CAS02; `meaning` is our sentence."""

    kind: ShareKind
    group: str
    reason: str
    cents: int
    name: str
    meaning: str

    @classmethod
    def of(cls, share: Share, language: Language) -> "ShareOut":
        return cls(
            kind=share.kind,
            group=share.group,
            reason=share.reason,
            cents=share.cents,
            name=words.share(share.kind, language),
            meaning=words.meaning(share.kind, share.reason, language),
        )


class PlanPartOut(Out, frozen=True):
    """What one plan did. `sequence` is `P`, `S` or `T`, or empty where it was settled before the claim
    came here."""

    payer_id: UUID
    payer_name: str
    sequence: str
    adjudicated_on: date | None
    allowed_cents: int | None
    paid_cents: int
    contract_cents: int
    shares: list[ShareOut]
    denied: bool

    @classmethod
    def of(cls, plan: PlanPart, named: Named, language: Language) -> "PlanPartOut":
        return cls(
            payer_id=plan.payer_id,
            payer_name=named.payers.get(plan.payer_id, ""),
            sequence=plan.sequence,
            adjudicated_on=plan.adjudicated_on,
            allowed_cents=plan.allowed_cents,
            paid_cents=plan.paid_cents,
            contract_cents=plan.contract_cents,
            shares=[ShareOut.of(share, language) for share in plan.shares],
            denied=plan.denied,
        )


class WriteOffOut(Out, frozen=True):
    account: str
    cents: int
    name: str

    @classmethod
    def of(cls, given: WriteOff, language: Language) -> "WriteOffOut":
        return cls(
            account=given.account,
            cents=given.cents,
            name=words.write_off(given.account, language),
        )


class ToldOut(Out, frozen=True):
    """`plans` in the order in which they were asked; `shares`: why a part is the patient's."""

    sums: SumsOut
    plans: list[PlanPartOut]
    shares: list[ShareOut]
    write_offs: list[WriteOffOut]

    @classmethod
    def of(cls, told: Told, named: Named, language: Language) -> "ToldOut":
        return cls(
            sums=SumsOut.of(told.sums),
            plans=[PlanPartOut.of(plan, named, language) for plan in told.plans],
            shares=[ShareOut.of(share, language) for share in told.shares],
            write_offs=[WriteOffOut.of(given, language) for given in told.write_offs],
        )


class ChargeExplanationOut(Out, frozen=True):
    """`charge_id` is null for what concerns the claim as a whole."""

    charge_id: UUID | None
    procedure_code: str
    service_on: date
    told: ToldOut

    @classmethod
    def of(
        cls, charge: ChargeExplanation, named: Named, language: Language
    ) -> "ChargeExplanationOut":
        return cls(
            charge_id=charge.charge_id,
            procedure_code=charge.procedure_code,
            service_on=charge.service_on,
            told=ToldOut.of(charge.told, named, language),
        )


class ClaimExplanationOut(Out, frozen=True):
    """`masked` says `procedures` where your roles do not see their codes."""

    claim_id: UUID
    patient_id: UUID
    patient_last_name: str
    patient_first_name: str
    receivable: str
    service_from: date
    service_to: date
    told: ToldOut
    charges: list[ChargeExplanationOut]
    masked: list[str]

    @classmethod
    def of(cls, shown: ClaimShown, language: Language | None) -> "ClaimExplanationOut":
        return cls.one(shown.claim, shown.named, shown.masked, language or "en")

    @classmethod
    def one(
        cls,
        claim: ClaimExplanation,
        named: Named,
        masked: tuple[str, ...],
        language: Language,
    ) -> "ClaimExplanationOut":
        name = named.patients[claim.patient_id]
        return cls(
            claim_id=claim.claim_id,
            patient_id=claim.patient_id,
            patient_last_name=name.last_name,
            patient_first_name=name.first_name,
            receivable=claim.receivable,
            service_from=claim.service_from,
            service_to=claim.service_to,
            told=ToldOut.of(claim.told, named, language),
            charges=[ChargeExplanationOut.of(one, named, language) for one in claim.charges],
            masked=list(masked),
        )


class GuarantorExplanationOut(Out, frozen=True):
    """Claims of which anything is still open, oldest first. `owed_cents` is what is to be paid;
    `credit_cents`, money of the guarantor that is not applied to anything yet."""

    guarantor_id: UUID
    patient_ids: list[UUID]
    owed_cents: int
    credit_cents: int
    sums: SumsOut
    claims: list[ClaimExplanationOut]
    masked: list[str]

    @classmethod
    def of(cls, shown: GuarantorShown, language: Language | None) -> "GuarantorExplanationOut":
        told = shown.guarantor
        return cls(
            guarantor_id=told.guarantor_id,
            patient_ids=list(told.patient_ids),
            owed_cents=told.owed_cents,
            credit_cents=told.credit_cents,
            sums=SumsOut.of(told.sums),
            claims=[
                ClaimExplanationOut.one(one, shown.named, shown.masked, language or "en")
                for one in told.claims
            ],
            masked=list(shown.masked),
        )


@get(
    "/claims/{claim_id:uuid}/explanation",
    summary="Why anything is owed of a claim, and by whom",
    opt=declared("statements.read", refusals=[NotShown]),
)
async def explain_claim(
    db: Db, actor: Who, claim_id: Id, language: InLanguage = None
) -> ClaimExplanationOut:
    return ClaimExplanationOut.of(await showing.claim(db, actor, claim_id), language)


@get(
    "/patients/{patient_id:uuid}/explanation",
    summary="What a guarantor owes, and why",
    opt=declared("statements.read", refusals=[NotShown]),
)
async def explain_guarantor(
    db: Db, actor: Who, patient_id: Id, language: InLanguage = None
) -> GuarantorExplanationOut:
    return GuarantorExplanationOut.of(await showing.guarantor(db, actor, patient_id), language)


HANDLERS = [explain_claim, explain_guarantor]
