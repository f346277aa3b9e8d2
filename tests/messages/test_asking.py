"""Asking for a message: the gate decides, and what it decided is on file."""

from uuid import UUID

from sqlalchemy import select

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.messages import contacts, pausing, sending
from billing_saas.messages.tables import Message
from tests.cast import Person, Tenant
from tests.messages.people import LINK, NOON


async def test_what_may_go_is_owed(
    database: Database, elm: Tenant, alice: Person, pat: UUID
) -> None:
    with clock.frozen(NOON):
        async with database.tenant(elm.id) as db:
            decision = await sending.ask(db, alice.actor, pat, "statement_ready", LINK)
    assert (decision.outcome, decision.channel, decision.reasons) == ("allowed", "email", ())
    async with database.tenant(elm.id) as db:
        kept = await db.scalar(select(Message).where(Message.id == decision.message_id))
    assert kept is not None
    assert (kept.state, kept.decision, kept.policy) == ("waiting", "allowed", "1")


async def test_a_dispute_stops_dunning_and_not_receipts(
    database: Database, elm: Tenant, alice: Person, pat: UUID
) -> None:
    with clock.frozen(NOON):
        async with database.tenant(elm.id) as db:
            await pausing.pause(db, alice.actor, pat, "dispute", source_type="claim", source_id=pat)
            refused = await sending.ask(db, alice.actor, pat, "statement_ready", LINK)
            receipt = await sending.ask(db, alice.actor, pat, "payment_received")
            assert await pausing.lift(db, alice.actor, source_type="claim", source_id=pat) == 1
            after = await sending.ask(db, alice.actor, pat, "statement_ready", LINK)
    assert (refused.outcome, refused.reasons) == (
        "refused",
        ("email:dispute", "text:dispute", "text:no_sender"),
    )
    assert receipt.outcome == after.outcome == "allowed"


async def test_contacts_open_again(
    database: Database, elm: Tenant, alice: Person, pat: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        contact = await contacts.contact_of(db, alice.actor, pat)
        assert (contact.email, contact.phone) == ("patience@example.test", "+12175550148")
        assert await contacts.by_phone(db, "217.555.0148") == [pat]
