"""Payment plans: what the practice offers, one proposed and laid open, agreed to, paid, changed and ended."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post, put
from litestar.params import JSONBody, QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out, PageOut
from billing_saas.kit import money
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.plans import accepting, moving, proposing, queries, settings
from billing_saas.plans.accepting import Consent
from billing_saas.plans.errors import (
    ConsentMissing,
    DebtChanged,
    IllegalPlanMove,
    NothingOwed,
    NotTheirs,
    NotWhoPays,
    PlanRefused,
    PlanStands,
    TermsChanged,
)
from billing_saas.plans.proposing import Offer, Proposal
from billing_saas.plans.queries import ConsentShown, Disclosure, EventShown, PlanShown
from billing_saas.plans.rules import MOST_INSTALMENTS, Arithmetic, Language, Settings, State


class PlanSettingsOut(Out, frozen=True):
    """`version` is 0 until the practice has said anything. Plans that stand keep what they were agreed with."""

    most_instalments: int
    minimum_cents: int
    grace_days: int
    notice_days: int
    truth_in_lending: bool
    version: int

    @classmethod
    def of(cls, found: Settings) -> "PlanSettingsOut":
        return cls(**msgspec.structs.asdict(found))


class PlanSettingsIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More than four instalments need `truth_in_lending`: the disclosures of Regulation Z are then part of
    each agreement of more than four. There is never a finance charge."""

    most_instalments: Annotated[int, msgspec.Meta(ge=2, le=MOST_INSTALMENTS)]
    minimum_cents: Annotated[int, msgspec.Meta(ge=100, le=1_000_000)]
    grace_days: Annotated[int, msgspec.Meta(ge=1, le=60)]
    notice_days: Annotated[int, msgspec.Meta(ge=1, le=14)]
    truth_in_lending: bool = False


class ArithmeticOut(Out, frozen=True):
    """`total_cents` = `count` × `base_cents` + `one_more`: so many of the first are a cent more. `shown` is
    the same, as one would do it on paper."""

    total_cents: int
    count: int
    base_cents: int
    one_more: int
    finance_charge_cents: int

    @classmethod
    def of(cls, sums: Arithmetic) -> "ArithmeticOut":
        return cls(**msgspec.structs.asdict(sums))


class PlanOfferOut(Out, frozen=True):
    owed_cents: int
    offers: list[ArithmeticOut]

    @classmethod
    def of(cls, found: Offer) -> "PlanOfferOut":
        return cls(
            owed_cents=found.owed_cents, offers=[ArithmeticOut.of(one) for one in found.offers]
        )


class InstalmentOut(Out, frozen=True):
    id: UUID
    n: int
    due_on: date
    cents: int
    paid_cents: int


class PlanOut(Out, frozen=True):
    """`left_cents` is what of the plan is not paid, `still_owed_cents` what of its debt is owed by the books
    now (less, where an insurer paid), `due_cents` what may be asked today, `payoff_cents` what ends it today.
    `next_instalment_id` is the earliest that is not paid."""

    id: UUID
    number: str
    guarantor_id: UUID
    state: State
    language: Language
    arithmetic: ArithmeticOut
    instalments: list[InstalmentOut]
    paid_cents: int
    left_cents: int
    still_owed_cents: int
    due_cents: int
    payoff_cents: int
    next_instalment_id: UUID | None
    grace_days: int
    autopay: bool
    autopay_stopped: str
    card_saved: bool
    supersedes: UUID | None
    proposed_at: datetime

    @classmethod
    def of(cls, shown: PlanShown) -> "PlanOut":
        values = {
            name: getattr(shown, name)
            for name in cls.__struct_fields__
            if name not in ("arithmetic", "instalments")
        }
        return cls(
            **values,
            arithmetic=ArithmeticOut.of(shown.arithmetic),
            instalments=[InstalmentOut(**msgspec.structs.asdict(one)) for one in shown.instalments],
        )


class PlanIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Over all that the guarantor owes now. `supersedes`: the plan that stands, which this one changes: it
    ends when this one is accepted."""

    guarantor_id: UUID
    instalments: Annotated[int, msgspec.Meta(ge=2, le=MOST_INSTALMENTS)]
    first_due_on: date
    autopay: bool = False
    language: Language = "en"
    supersedes: UUID | None = None

    def proposal(self) -> Proposal:
        return Proposal(**{name: getattr(self, name) for name in self.__struct_fields__})


class DisclosureOut(Out, frozen=True):
    """What the guarantor is shown or read. `digest` goes into the acceptance. `future_charges` is empty
    where no card is charged; else it needs a yes of its own."""

    number: str
    language: Language
    arithmetic: str
    paragraphs: list[str]
    instalments: list[str]
    future_charges: str
    version: str
    digest: str

    @classmethod
    def of(cls, found: Disclosure) -> "DisclosureOut":
        return cls(
            number=found.number,
            language=found.language,
            arithmetic=found.arithmetic,
            paragraphs=list(found.paragraphs),
            instalments=[
                f"{one.n} · {one.due_on.isoformat()} · {money.dollars(one.cents)}"
                for one in found.instalments
            ],
            future_charges=found.future_charges,
            version=found.version,
            digest=found.digest,
        )


class PlanAcceptanceIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`digest` is of the disclosure that was read or shown to the guarantor, who agreed `through` the desk or
    the phone. In the portal guarantors agree themselves."""

    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    through: Literal["desk", "phone"]
    future_charges: bool = False

    def consent(self) -> Consent:
        return Consent(digest=self.digest, future_charges=self.future_charges, through=self.through)


class PlanEventOut(Out, frozen=True):
    at: datetime
    by_kind: str
    by: UUID
    before: str
    after: str
    why: str

    @classmethod
    def of(cls, found: EventShown) -> "PlanEventOut":
        return cls(**msgspec.structs.asdict(found))


class PlanConsentOut(Out, frozen=True):
    kind: str
    words: str
    words_version: str
    language: str
    given_through: str
    given_by_kind: str
    given_by: UUID
    given_at: datetime

    @classmethod
    def of(cls, found: ConsentShown) -> "PlanConsentOut":
        return cls(**msgspec.structs.asdict(found))


class PlanHistoryOut(Out, frozen=True):
    events: list[PlanEventOut]
    consents: list[PlanConsentOut]


_ONE = {"payment_plan_id": "$response.body#/id"}
_LEADS_TO = dict.fromkeys(("get_plan", "disclose_plan", "get_plan_disclosure", "cancel_plan"), _ONE)


async def _settings(db: TenantSession, actor: Actor, _: UUID) -> PlanSettingsOut:
    return PlanSettingsOut.of(await settings.settings(db, actor))


async def _plan(db: TenantSession, actor: Actor, plan_id: UUID) -> PlanOut:
    return PlanOut.of(await queries.plan(db, actor, plan_id))


@get(
    "/plan-settings",
    summary="What the practice offers to pay in parts",
    opt=declared("plans.read"),
)
async def get_plan_settings(db: Db, actor: Who) -> PlanSettingsOut:
    return await _settings(db, actor, db.tenant_id)


@put(
    "/plan-settings",
    summary="Set what may be paid in parts",
    opt=declared("plans.configure", "plans.read", refusals=[PlanRefused])
    | manners(
        told_by=_settings, versioned=Versioned(lock=settings.lock, show=_settings, must=True)
    ),
)
async def put_plan_settings(db: Db, actor: Who, data: JSONBody[PlanSettingsIn]) -> PlanSettingsOut:
    seen = await settings.settings(db, actor)
    await settings.change(db, actor, Settings(**msgspec.structs.asdict(data), version=seen.version))
    return await _settings(db, actor, db.tenant_id)


@get(
    "/patients/{patient_id:uuid}/plan-offers",
    summary="Every plan that is offered for what a guarantor owes now, with its arithmetic",
    opt=declared("plans.read", refusals=[NotWhoPays]),
)
async def get_plan_offers(db: Db, actor: Who, patient_id: Id) -> PlanOfferOut:
    return PlanOfferOut.of(await proposing.offers(db, actor, patient_id))


@get(
    "/plans",
    summary="Payment plans, newest first",
    opt=declared(
        "plans.read", leads_to={"get_plan": {"payment_plan_id": "$response.body#/rows/0/id"}}
    ),
)
async def list_plans(
    db: Db,
    actor: Who,
    page: Asked,
    plan_state: Annotated[State | None, QueryParameter(description="In this state.")] = None,
) -> PageOut[PlanOut]:
    found = await queries.plans(db, actor, page, state=plan_state)
    return PageOut([PlanOut.of(one) for one in found.rows], found.next_cursor)


@post(
    "/plans",
    summary="Propose a plan for all that a guarantor owes now",
    opt=declared(
        "plans.write",
        "plans.read",
        refusals=[PlanRefused, NothingOwed, PlanStands, DebtChanged, NotWhoPays],
        leads_to=_LEADS_TO,
    )
    | manners(told_by=_plan, resource="id"),
)
async def propose_plan(db: Db, actor: Who, data: JSONBody[PlanIn]) -> PlanOut:
    return await _plan(db, actor, await proposing.propose(db, actor, data.proposal()))


@get("/plans/{payment_plan_id:uuid}", summary="One payment plan", opt=declared("plans.read"))
async def get_plan(db: Db, actor: Who, payment_plan_id: Id) -> PlanOut:
    return await _plan(db, actor, payment_plan_id)


@get(
    "/plans/{payment_plan_id:uuid}/history",
    summary="How a plan came to where it stands, and what was agreed to, word by word",
    opt=declared("plans.read"),
)
async def get_plan_history(db: Db, actor: Who, payment_plan_id: Id) -> PlanHistoryOut:
    return PlanHistoryOut(
        events=[PlanEventOut.of(one) for one in await queries.events(db, actor, payment_plan_id)],
        consents=[
            PlanConsentOut.of(one) for one in await queries.consents(db, actor, payment_plan_id)
        ],
    )


@post(
    "/plans/{payment_plan_id:uuid}/disclosure",
    summary="Lay a plan's terms open: from then on they stand",
    opt=declared("plans.write", "plans.read", refusals=[IllegalPlanMove])
    | manners(told_by=_plan, versioned=Versioned(lock=queries.lock, show=_plan)),
)
async def disclose_plan(db: Db, actor: Who, payment_plan_id: Id) -> PlanOut:
    await proposing.disclose(db, actor, payment_plan_id)
    return await _plan(db, actor, payment_plan_id)


@get(
    "/plans/{payment_plan_id:uuid}/disclosure",
    summary="What the guarantor is shown before agreeing, and its digest",
    opt=declared("plans.read"),
)
async def get_plan_disclosure(db: Db, actor: Who, payment_plan_id: Id) -> DisclosureOut:
    return DisclosureOut.of(await queries.disclosure_of(db, actor, payment_plan_id))


@get(
    "/plans/{payment_plan_id:uuid}/agreement",
    summary="The agreement on paper, as it was laid open",
    opt=declared("plans.read", download=("application/pdf",)),
)
async def get_plan_agreement(db: Db, actor: Who, payment_plan_id: Id) -> Response[bytes]:
    content = await queries.agreement(db, actor, payment_plan_id)
    return Response(
        content,
        media_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="plan-{payment_plan_id}.pdf"'},
    )


@post(
    "/plans/{payment_plan_id:uuid}/acceptance",
    summary="Record that the guarantor agreed, at the desk or by phone",
    opt=declared(
        "plans.write",
        "plans.read",
        refusals=[
            *(IllegalPlanMove, TermsChanged, DebtChanged, ConsentMissing, PlanStands, NotTheirs),
        ],
    )
    | manners(told_by=_plan, versioned=Versioned(lock=queries.lock, show=_plan)),
)
async def accept_plan(
    db: Db, actor: Who, payment_plan_id: Id, data: JSONBody[PlanAcceptanceIn]
) -> PlanOut:
    await accepting.accept(db, actor, payment_plan_id, data.consent())
    return await _plan(db, actor, payment_plan_id)


@post(
    "/plans/{payment_plan_id:uuid}/cancellation",
    status_code=204,
    summary="End a plan: what is still owed is due as before",
    opt=declared("plans.write", refusals=[IllegalPlanMove])
    | manners(versioned=Versioned(lock=queries.lock, show=_plan)),
)
async def cancel_plan(db: Db, actor: Who, payment_plan_id: Id) -> None:
    await moving.cancel(db, actor, payment_plan_id)


HANDLERS = [
    get_plan_settings,
    put_plan_settings,
    get_plan_offers,
    list_plans,
    propose_plan,
    get_plan,
    get_plan_history,
    disclose_plan,
    get_plan_disclosure,
    get_plan_agreement,
    accept_plan,
    cancel_plan,
]
