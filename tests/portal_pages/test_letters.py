"""Rosa writes to the office, and reads what it answers."""

from uuid import UUID

from billing_saas.kit.db import Database
from billing_saas.messages import threads
from tests.cast import Person, Tenant
from tests.portal.visiting import Phone


async def test_a_question_is_asked_and_answered(
    database: Database, elm: Tenant, mona: Person, inside: Phone, oscars: Phone
) -> None:
    await inside.get("/portal/messages")
    assert "No messages yet." in inside.page
    await inside.get("/portal/messages/new")
    empty = await inside.post("/portal/messages/new", subject="", text="Hello", kind="bill")
    assert empty.status_code == 422
    assert "Hello" in inside.page  # what was typed is kept
    await inside.post(
        "/portal/messages/new", subject="<i>My bill</i>", text="Why <b>this</b>?", kind="bill"
    )
    assert "&lt;i&gt;My bill&lt;/i&gt;" in inside.page
    assert "Why &lt;b&gt;this&lt;/b&gt;?" in inside.page
    at = inside.path
    async with database.tenant(elm.id) as db:
        await threads.write(db, mona.actor, UUID(at.rpartition("/")[2]), "Your deductible.")
    await inside.get("/portal/messages")
    assert "The office answered" in inside.page
    await inside.get(at)
    assert "Your deductible." in inside.page
    await inside.post(at, text="Thank you.")
    assert "Thank you." in inside.page
    nothing = await inside.post(at, text="  ")
    assert nothing.status_code == 422
    await oscars.get("/portal/messages")
    assert "My bill" not in oscars.page
    assert (await oscars.get(at)).status_code == 404
    await oscars.get("/portal/messages")
    assert (await oscars.post(at, text="Mine now")).status_code == 404
