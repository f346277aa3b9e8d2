"""The practice's own account at the payment processor, and its settings of payments."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, get, post, put
from litestar.params import JSONBody

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Db, Id, Who
from billing_saas.api.manners import Versioned, manners
from billing_saas.api.wire import In, Out
from billing_saas.kit.actor import Actor, StepUpRequired
from billing_saas.kit.db import TenantSession
from billing_saas.payments import accounts, settings
from billing_saas.payments.errors import (
    AccountStands,
    NoPaymentAccount,
    NoProcessor,
    PaymentSettingsChanged,
    ProcessorSilent,
)
from billing_saas.payments.tables import ProcessorAccount


class PaymentAccountOut(Out, frozen=True):
    """`state`: opening, onboarding (the practice tells the processor who it is), restricted (the processor
    wants to know more), active. `requirements` are what it wants to know, in its own words."""

    id: UUID
    state: str
    livemode: bool
    charges_enabled: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements: list[str]
    disabled_reason: str
    checked_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, row: ProcessorAccount) -> "PaymentAccountOut":
        return cls(
            id=row.id,
            state=row.state,
            livemode=row.livemode,
            charges_enabled=row.charges_enabled,
            payouts_enabled=row.payouts_enabled,
            details_submitted=row.details_submitted,
            requirements=row.requirements.split(),
            disabled_reason=row.disabled_reason,
            checked_at=row.checked_at,
            created_at=row.created_at,
        )


class OnboardingLinkOut(Out, frozen=True):
    """A page of the processor, good for a few minutes and for one visit."""

    url: str


class PaymentSettingsOut(Out, frozen=True):
    """Refunds above `refund_limit_cents` need a second person. `version` is 0 until the practice has said
    anything."""

    refund_limit_cents: int
    version: int


class PaymentSettingsIn(In, frozen=True, kw_only=True, forbid_unknown_fields=True):
    refund_limit_cents: Annotated[int, msgspec.Meta(ge=0, le=99_999_999)]


async def _account(db: TenantSession, actor: Actor, account_id: UUID) -> PaymentAccountOut:
    return PaymentAccountOut.of(await accounts.shown_by_id(db, actor, account_id))


@get(
    "/payment-account",
    summary="Whether the practice can take cards, and what its account still needs",
    opt=declared("payment_account.read", refusals=[NoPaymentAccount]),
)
async def get_payment_account(db: Db, actor: Who) -> PaymentAccountOut:
    return PaymentAccountOut.of(await accounts.shown(db, actor))


@post(
    "/payment-account",
    summary="Open the practice's account at the payment processor; a job does it",
    opt=declared(
        "payment_account.write",
        "payment_account.read",
        refusals=[AccountStands, NoProcessor, StepUpRequired],
    )
    | manners(told_by=_account, resource="id"),
)
async def open_payment_account(
    db: Db, actor: Who, request: Request[Any, Any, Any]
) -> PaymentAccountOut:
    processor = request.app.state.database.processor
    return await _account(db, actor, await accounts.ask_for(db, actor, processor))


@post(
    "/payment-account/onboarding-links",
    summary="A page of the processor where the practice says who it is",
    opt=declared(
        "payment_account.write",
        "payment_account.read",
        refusals=[NoPaymentAccount, NoProcessor, ProcessorSilent, StepUpRequired],
    )
    | manners(kind="plain"),
)
async def make_onboarding_link(
    request: Request[Any, Any, Any], practice_id: Id, actor: Who
) -> OnboardingLinkOut:
    return OnboardingLinkOut(
        url=await accounts.onboarding_link(request.app.state.database, practice_id, actor)
    )


async def _settings(db: TenantSession, actor: Actor, practice_id: UUID) -> PaymentSettingsOut:
    found = await settings.shown(db, actor, practice_id)
    return PaymentSettingsOut(**msgspec.structs.asdict(found))


@get(
    "/payment-settings",
    summary="Above which amount a refund needs a second person",
    opt=declared("payment_account.read"),
)
async def get_payment_settings(db: Db, actor: Who) -> PaymentSettingsOut:
    return await _settings(db, actor, db.tenant_id)


@put(
    "/payment-settings",
    summary="Say above which amount a refund needs a second person",
    opt=declared(
        "payment_account.write",
        "payment_account.read",
        refusals=[PaymentSettingsChanged, StepUpRequired],
    )
    | manners(
        told_by=_settings,
        versioned=Versioned(lock=settings.lock, show=_settings, must=True),
    ),
)
async def put_payment_settings(
    db: Db, actor: Who, data: JSONBody[PaymentSettingsIn]
) -> PaymentSettingsOut:
    await settings.change(db, actor, data.refund_limit_cents)
    return await _settings(db, actor, db.tenant_id)


HANDLERS = [
    get_payment_account,
    open_payment_account,
    make_onboarding_link,
    get_payment_settings,
    put_payment_settings,
]
