"""The one thing a birth date opens: what is owed, and paying it. No name, no day, no service.

What the browser says of a payment is never believed: every page tells what the payment's row says.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from billing_saas.audit import trail
from billing_saas.kit import clock, logs
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.protocols import ProcessorDown, ProcessorRefused, ProcessorUnknown
from billing_saas.payments import attempts, starting
from billing_saas.payments import queries as payments
from billing_saas.payments import rules as payment_rules
from billing_saas.payments.errors import (
    AmountRefused,
    NoProcessor,
    PaymentNotFound,
    PaymentUnderWay,
)
from billing_saas.payments.jobs import AskAboutPayment
from billing_saas.payments.queries import PaymentShown, Receipt
from billing_saas.payments.starting import Started
from billing_saas.portal import rules
from billing_saas.portal.sessions import PortalVisitor
from billing_saas.portal.trying import Tries
from billing_saas.portal_looks import settings as look_settings
from billing_saas.processor_events import handling
from billing_saas.statements import owing, queries
from billing_saas.statements.errors import StatementNotFound

# A payment of this session, or of one a little before it: older ones are history, which more than a birth
# date opens.
_RECENT = timedelta(days=1)
# As `attempts.PAGE_GOOD_FOR`, on which such a payment can still be made.
_OPEN = frozenset({"started", "unknown"})
_TYPED = re.compile(r"\$?\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,7})(?:\.([0-9]{2}))?\Z")


@dataclass(frozen=True, slots=True)
class Due:
    """`number` and `due_on` are of the bill somebody came for, if they came for one."""

    statement_id: UUID | None
    number: str
    due_on: date | None
    owed_cents: int
    under_way: tuple[PaymentShown, ...]
    """What the bank has not answered yet, newest first."""

    @property
    def under_way_cents(self) -> int:
        return sum(one.amount_cents for one in self.under_way)

    @property
    def payable_cents(self) -> int:
        return max(0, self.owed_cents - self.under_way_cents)

    @property
    def is_payable(self) -> bool:
        return self.payable_cents >= payment_rules.LEAST_CENTS


def typed_cents(typed: str) -> int | None:
    """`50`, `50.00`, `$1,250.75`; None for anything that could be read in two ways."""
    match = _TYPED.match(typed.strip())
    if match is None:
        return None
    return int(match[1].replace(",", "")) * 100 + int(match[2] or "0")


async def due(
    db: TenantSession, actor: Actor, visitor: PortalVisitor, statement_id: UUID | None = None
) -> Due:
    """Of the bill they came for, else of all they owe. Who is verified may name any bill of theirs."""
    actor.must(rules.PAY)
    found = await _due(db, visitor, _meant(visitor, statement_id))
    await trail.record(
        db,
        actor,
        "bill.read",
        object_type="statement",
        object_id=found.statement_id,
        subjects=[visitor.guarantor_id],
    )
    return found


async def pay(
    database: Database,
    actor: Actor,
    visitor: PortalVisitor,
    cents: int,
    statement_id: UUID | None = None,
) -> Started:
    """A page of the processor for `cents`. Raises `AmountRefused` for more than is owed now, for a part
    where the practice takes none; `PaymentUnderWay` when somebody else pays the same this moment."""
    actor.must(rules.PAY)
    meant = _meant(visitor, statement_id)
    async with database.tenant(visitor.tenant_id) as db:
        look = await look_settings.look_of(db)
        owed = await _due(db, visitor, meant)
        begun = await _begun(db, visitor, meant)
    if not payment_rules.LEAST_CENTS <= cents <= owed.payable_cents:
        raise AmountRefused("More than is owed now, or too little.", field="amount")
    if cents < owed.payable_cents and not look.pays_part:
        raise AmountRefused("This is paid as a whole.", field="amount")
    if meant is None and begun is not None:
        if begun.amount_cents != cents:
            raise PaymentUnderWay("Another payment was begun a moment ago.")
        return await starting.again(database, visitor.tenant_id, actor, begun.id)
    return await starting.start(
        database,
        visitor.tenant_id,
        actor,
        visitor.guarantor_id,
        cents,
        statement_id=meant,
        purpose="bill",
    )


async def again(
    database: Database, actor: Actor, visitor: PortalVisitor, payment_id: UUID
) -> Started:
    """Go on with a payment of theirs that was not finished, or whose card was declined."""
    async with database.tenant(visitor.tenant_id) as db:
        await _payment(db, actor, visitor, payment_id)
    return await starting.again(database, visitor.tenant_id, actor, payment_id)


async def returned(
    database: Database, tries: Tries, actor: Actor, visitor: PortalVisitor, payment_id: UUID
) -> None:
    """Back from the processor, maybe before it knocked: it is asked, and what it says is settled as ever.
    When it cannot be asked now, the page tells what is known."""
    async with database.tenant(visitor.tenant_id) as db:
        found = await _payment(db, actor, visitor, payment_id)
    if found.state not in _OPEN or not await tries.of_asking_about(payment_id):
        return
    knocker = handling.knocker(actor.request_id)
    try:
        await handling.ask_about(database, visitor.tenant_id, knocker, AskAboutPayment(payment_id))
    except (ProcessorDown, ProcessorUnknown, ProcessorRefused, NoProcessor) as error:
        logs.get().warning("payment not asked about", exc_info=error)


async def payment(
    db: TenantSession, actor: Actor, visitor: PortalVisitor, payment_id: UUID
) -> PaymentShown:
    found = await _payment(db, actor, visitor, payment_id)
    await _tell(db, actor, "payment.read", visitor, payment_id)
    return found


async def receipt(
    db: TenantSession, actor: Actor, visitor: PortalVisitor, payment_id: UUID
) -> Receipt:
    """Of money that came. What it went to stays out: that would tell of services."""
    await _payment(db, actor, visitor, payment_id)
    found = await payments.receipt_of(db, visitor.guarantor_id, payment_id)
    await _tell(db, actor, "payment.receipt", visitor, payment_id)
    return found


def _meant(visitor: PortalVisitor, statement_id: UUID | None) -> UUID | None:
    if visitor.is_verified:
        return statement_id or visitor.statement_id
    if statement_id not in (None, visitor.statement_id):
        raise StatementNotFound("There is no such statement.")
    return visitor.statement_id


async def _due(db: TenantSession, visitor: PortalVisitor, meant: UUID | None) -> Due:
    made = await payments.payments_of(db, visitor.guarantor_id)
    under_way = tuple(one for one in made if one.state == "processing" and _is_of(one, meant))
    if meant is None:
        items = await owing.owed_by(db, visitor.guarantor_id)
        return Due(None, "", None, max(0, sum(item.cents for item in items)), under_way)
    bill = await queries.payable_bill(db, visitor.guarantor_id, meant)
    return Due(bill.id, bill.number, bill.due_on, max(0, bill.balance_cents), under_way)


def _is_of(one: PaymentShown, meant: UUID | None) -> bool:
    """Whoever pays all they owe waits for every payment; a bill waits for its own."""
    return meant is None or one.statement_id == meant


async def _begun(
    db: TenantSession, visitor: PortalVisitor, meant: UUID | None
) -> PaymentShown | None:
    since = clock.now() - attempts.PAGE_GOOD_FOR
    made = await payments.payments_of(db, visitor.guarantor_id, most=20)
    return _newest(
        [
            one
            for one in made
            if one.state in _OPEN
            and one.method == "checkout"
            and one.purpose == "bill"
            and one.statement_id == meant
            and one.created_at > since
        ]
    )


def _newest(made: Sequence[PaymentShown]) -> PaymentShown | None:
    return made[0] if made else None


async def _payment(
    db: TenantSession, actor: Actor, visitor: PortalVisitor, payment_id: UUID
) -> PaymentShown:
    """Theirs; before they are verified, one of the bill they came for, of today."""
    actor.must(rules.PAY)
    found = await payments.payment_of(db, visitor.guarantor_id, payment_id)
    if visitor.is_verified:
        return found
    recent = found.created_at > clock.now() - _RECENT
    if found.statement_id != visitor.statement_id or not recent:
        raise PaymentNotFound("There is no such payment.")
    return found


async def _tell(
    db: TenantSession, actor: Actor, action: str, visitor: PortalVisitor, payment_id: UUID
) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="payment",
        object_id=payment_id,
        subjects=[visitor.guarantor_id],
    )
