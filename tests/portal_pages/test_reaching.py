"""Rosa says how she is reached, confirms a new address by a code, and decides what may be sent there."""

import re
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import select

from billing_saas.carriage import wording_rules
from billing_saas.kit.db import Database
from billing_saas.messages import consents, contacts
from billing_saas.messages.contacts import Contact
from billing_saas.messages.rules import Language, Words
from billing_saas.messages.tables import Message
from billing_saas.phi import keyring
from billing_saas.phi.registry import MESSAGE_PHI_DEMO
from billing_saas.portal import rules
from tests.cast import Tenant
from tests.portal.visiting import Phone

NEW = {"email": "rosa@example.test", "phone": "", "preferred": "email", "language": "es"}


async def code_sent(database: Database, tenant: Tenant) -> str:
    """The newest code that is to leave, as the carrier will be given it."""
    async with database.tenant(tenant.id) as db:
        row = await db.scalar(
            select(Message)
            .where(Message.tenant_id == tenant.id, Message.template == "contact_check")
            .order_by(Message.id.desc())
            .limit(1)
        )
        assert row is not None
        assert row.phi_demo is not None
        ring = await keyring.of(db, row.key_ver)
        return ring.open(MESSAGE_PHI_DEMO, row.id, row.phi_demo, Words).code


async def contact(database: Database, tenant: Tenant, patient_id: UUID) -> Contact:
    async with database.tenant(tenant.id) as db:
        return (await contacts.contacts_of(db, [patient_id]))[patient_id]


async def test_a_new_address_is_confirmed_by_the_code_sent_there(
    database: Database, elm: Tenant, inside: Phone, rosa: UUID
) -> None:
    await inside.get("/portal/contact")
    await inside.post("/portal/contact", **NEW)
    assert "Saved." in inside.page
    assert "Not confirmed yet" in inside.page
    assert (await contact(database, elm, rosa)).language == "es"
    await inside.post("/portal/contact/email/code")
    assert inside.heading == "Confirm with the code"
    assert "rosa@" not in inside.page
    code = await code_sent(database, elm)
    wrong = await inside.post("/portal/contact/email/confirmation", code="000000")
    assert wrong.status_code == (422 if code != "000000" else 200)
    await inside.post("/portal/contact/email/confirmation", code=f"{code[:3]} {code[3:]}")
    assert "Confirmed. Thank you." in inside.page
    assert (await contact(database, elm, rosa)).email_state == "verified"
    again = await inside.post("/portal/contact/email/confirmation", code=code)
    assert again.status_code == 422


async def test_a_code_confirms_no_other_address(
    database: Database, elm: Tenant, inside: Phone, oscars: Phone, rosa: UUID
) -> None:
    await inside.get("/portal/contact")
    await inside.post("/portal/contact", **NEW)
    await inside.post("/portal/contact/email/code")
    code = await code_sent(database, elm)
    await oscars.get("/portal/contact")
    await oscars.post("/portal/contact", **NEW)
    theirs = await oscars.post("/portal/contact/email/confirmation", code=code)
    assert theirs.status_code == 422  # another session, another patient
    other_way = await inside.post("/portal/contact/text/confirmation", code=code)
    assert other_way.status_code == 422
    await inside.get("/portal/contact")
    await inside.post("/portal/contact", **NEW | {"email": "mistyped@example.test"})
    changed = await inside.post("/portal/contact/email/confirmation", code=code)
    assert changed.status_code == 422
    assert (await contact(database, elm, rosa)).email_state == "unverified"


async def test_five_wrong_codes_end_the_right_one(
    database: Database, elm: Tenant, inside: Phone, rosa: UUID
) -> None:
    await inside.get("/portal/contact")
    await inside.post("/portal/contact", **NEW)
    await inside.post("/portal/contact/email/code")
    code = await code_sent(database, elm)
    wrong = "123456" if code != "123456" else "654321"
    for _ in range(rules.MOST_WRONG_CODES):
        assert (
            await inside.post("/portal/contact/email/confirmation", code=wrong)
        ).status_code == 422
    late = await inside.post("/portal/contact/email/confirmation", code=code)
    assert late.status_code == 422


async def test_what_is_no_address_is_told_and_kept_in_the_form(inside: Phone) -> None:
    await inside.get("/portal/contact")
    typed = NEW | {"email": '"><script>alert(1)</script>'}
    answer = await inside.post("/portal/contact", **typed)
    assert answer.status_code == 422
    assert "<script>" not in inside.page
    assert "&lt;script&gt;" in inside.page
    assert (await inside.get("/portal/contact/pigeon/code")).status_code in (404, 405)
    await inside.get("/portal/contact")
    assert (await inside.post("/portal/contact/pigeon/code")).status_code == 404


async def test_consent_is_given_for_an_address_and_taken_back(
    database: Database, elm: Tenant, inside: Phone, rosa: UUID
) -> None:
    await inside.get("/portal/consents")
    none = await inside.post("/portal/consents", what="email:billing", answer="yes")
    assert none.status_code == 422  # there is no address yet
    await inside.get("/portal/contact")
    await inside.post("/portal/contact", **NEW)
    await inside.get("/portal/consents")
    await inside.post("/portal/consents", what="email:billing", answer="yes")
    assert re.search(r"You said yes on \w+ \d+, \d{4}", inside.page)
    await inside.post("/portal/consents", what="email:billing", answer="no")
    assert "You said yes" not in inside.page
    async with database.tenant(elm.id) as db:
        events = (await consents.newest_of(db, [rosa]))[rosa]
    assert [(one.given, one.source, one.by_kind) for one in events] == [
        (False, "portal", "patient")
    ]


@pytest.mark.parametrize("language", ["en", "es"])
async def test_what_is_kept_as_agreed_to_is_what_was_shown(
    database: Database, elm: Tenant, inside: Phone, rosa: UUID, language: Language
) -> None:
    await inside.get("/portal/contact")
    await inside.post("/portal/contact", **NEW)
    await inside.get(f"/portal/consents?lang={language}")
    shown = unescape(inside.page)
    await inside.post("/portal/consents", what="email:billing", answer="yes")
    async with database.tenant(elm.id) as db:
        (kept,) = (await consents.newest_of(db, [rosa]))[rosa]
    for words in wording_rules.CONSENT[kept.wording][language].values():
        assert words in shown
    for what in ("email:security", "post:billing", "nonsense"):
        await inside.get("/portal/consents")
        assert (await inside.post("/portal/consents", what=what, answer="yes")).status_code == 404
