"""A one-time code to a contact that was verified: what opens more than a sum, and for whom it does not."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from billing_saas.kit import clock
from billing_saas.kit.carrying import Carriers
from billing_saas.kit.db import Database
from billing_saas.links import issuing
from billing_saas.messages import consents, contacts
from billing_saas.patients import guarantors, registering
from billing_saas.patients.rules import Demographics
from billing_saas.portal import guardians
from billing_saas.portal.rules import Level
from billing_saas.portal.tables import PortalCode, PortalSession
from billing_saas.portal_looks import settings as looks
from billing_saas.workers import running
from tests.cast import Person, Tenant, enrolled
from tests.portal import debts
from tests.portal.letters import Letterbox
from tests.portal.visiting import Phone

ADDRESS = "rosa.alvarez@example.test"


@pytest.fixture
def letterbox(database: Database) -> Letterbox:
    made = Letterbox()
    database.carriers = Carriers(letters=made, portal_site="https://pay.test")
    return made


async def reached(
    database: Database, elm: Tenant, fay: Person, patient_id: UUID, *, confirmed: bool = True
) -> None:
    async with database.tenant(elm.id) as db:
        wanted = contacts.Wanted(email=ADDRESS, confirmed=confirmed)
        await contacts.put(db, fay.actor, patient_id, wanted)
        await consents.give(db, fay.actor, patient_id, "email", "billing", source="desk")


@pytest.fixture
def noon() -> Iterator[None]:
    """No quiet hour where the practice is."""
    with clock.frozen(datetime(2026, 11, 2, 18, tzinfo=UTC)):
        yield


@pytest.fixture
async def fay(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "fay", "front_desk")


@pytest.fixture
async def inside(
    phone: Phone,
    link: str,
    database: Database,
    elm: Tenant,
    fay: Person,
    rosa: UUID,
    letterbox: Letterbox,
) -> Phone:
    """Rosa knows her birth date, and her address was verified at the desk."""
    await reached(database, elm, fay, rosa)
    await phone.open_link(link)
    return phone


async def asked_for(phone: Phone, database: Database) -> None:
    await phone.get("/portal/code")
    await phone.post("/portal/code", channel="email")
    await running.drain(database)


async def test_a_code_opens_the_rest_under_a_new_secret(
    inside: Phone, database: Database, elm: Tenant, letterbox: Letterbox
) -> None:
    knew = inside.cookie("billing_portal")
    await inside.get("/portal/bills")
    assert inside.path == "/portal/code"
    await asked_for(inside, database)
    assert inside.path == "/portal/code/check"
    await inside.post("/portal/code/check", code=f" {letterbox.code[:3]} {letterbox.code[3:]} ")
    assert inside.path == "/portal/home"
    assert inside.cookie("billing_portal") != knew
    await inside.get("/portal/bills")
    assert inside.path == "/portal/bills"
    inside.http.cookies.set("billing_portal", knew, domain="localhost.local")
    async with database.tenant(elm.id) as db:
        (kept,) = (await db.scalars(select(PortalSession))).all()
    assert kept.level == Level.VERIFIED
    inside.http.cookies.clear()
    inside.http.cookies.set("billing_portal", knew)
    await inside.get("/portal/bill")
    assert inside.path == "/portal/enter"


async def test_the_code_is_not_in_the_database_and_the_letter_tells_nothing(
    inside: Phone, database: Database, elm: Tenant, letterbox: Letterbox
) -> None:
    await asked_for(inside, database)
    letter = letterbox.letters[-1]
    said = f"{letter.subject} {letter.text}"
    for told in ("Alvarez", "Rosa", "$", "Elm"):
        assert told not in said
    async with database.tenant(elm.id) as db:
        kept = (await db.scalars(select(PortalCode))).one()
    assert letterbox.code.encode() not in kept.code_hash
    assert kept.expires_at == kept.made_at + timedelta(minutes=10)


async def test_five_wrong_codes_and_the_right_one_is_none(
    inside: Phone, database: Database, letterbox: Letterbox
) -> None:
    await asked_for(inside, database)
    wrong = f"{(int(letterbox.code) + 1) % 10**6:06d}"
    for _ in range(5):
        answer = await inside.post("/portal/code/check", code=wrong)
        assert answer.status_code == 422
    answer = await inside.post("/portal/code/check", code=letterbox.code)
    assert answer.status_code == 422
    await asked_for(inside, database)
    await inside.post("/portal/code/check", code=letterbox.code)
    assert inside.path == "/portal/home"


async def test_a_code_is_good_for_ten_minutes_and_once(
    inside: Phone, database: Database, letterbox: Letterbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked_for(inside, database)
    later = clock.now() + timedelta(minutes=10, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    answer = await inside.post("/portal/code/check", code=letterbox.code)
    assert answer.status_code == 422


@pytest.mark.slow
async def test_a_code_is_good_in_the_browser_that_asked(
    inside: Phone,
    other_phone: Phone,
    database: Database,
    elm: Tenant,
    rosa: UUID,
    letterbox: Letterbox,
) -> None:
    await asked_for(inside, database)
    await other_phone.open_link(await debts.linked(database, elm, rosa))
    await other_phone.get("/portal/code/check")
    answer = await other_phone.post("/portal/code/check", code=letterbox.code)
    assert answer.status_code == 422


@pytest.mark.slow
async def test_codes_are_sent_five_times_an_hour(inside: Phone, database: Database) -> None:
    for _ in range(5):
        await inside.get("/portal/code")
        answer = await inside.post("/portal/code", channel="email")
        assert answer.status_code == 200
    await inside.get("/portal/code")
    answer = await inside.post("/portal/code", channel="email")
    assert answer.status_code == 429


@pytest.mark.slow
@pytest.mark.parametrize("channel", ["text", "post", "", "email; text"])
async def test_no_code_goes_where_nothing_was_verified(
    inside: Phone, letterbox: Letterbox, database: Database, channel: str
) -> None:
    await inside.get("/portal/code")
    answer = await inside.post("/portal/code", channel=channel)
    assert answer.status_code == 422
    await running.drain(database)
    assert letterbox.letters == []


async def test_an_address_that_nobody_verified_opens_nothing(
    phone: Phone,
    link: str,
    database: Database,
    elm: Tenant,
    fay: Person,
    rosa: UUID,
    letterbox: Letterbox,
) -> None:
    await reached(database, elm, fay, rosa, confirmed=False)
    await phone.open_link(link)
    await phone.get("/portal/code")
    assert "no verified" in phone.page
    assert '<form method="post" action="/portal/code"' not in phone.page


@pytest.mark.slow
async def test_a_practice_may_keep_the_record_shut(
    inside: Phone, database: Database, elm: Tenant, letterbox: Letterbox
) -> None:
    admin = (await enrolled(database, elm, "boss", "practice_admin")).actor
    async with database.tenant(elm.id) as db:
        wanted = looks.Wanted(
            shown_name="Elm", accent="#0b57a4", languages=("en",), opens_record=False
        )
        await looks.replace(db, admin, wanted)
    await inside.get("/portal/bill")
    assert "/portal/code" not in inside.page
    await inside.get("/portal/code")
    answer = await inside.post("/portal/code", channel="email")
    assert answer.status_code in (403, 422)
    assert letterbox.letters == []


# --- guardians and minors ---


async def test_a_minor_has_no_record_of_their_own(
    phone: Phone, database: Database, elm: Tenant, fay: Person, letterbox: Letterbox
) -> None:
    born = date(clock.today("America/Chicago").year - 12, 1, 1)
    async with database.tenant(elm.id) as db:
        child = await registering.register(
            db, fay.actor, Demographics(last_name="Cruz", birth_date=born)
        )
        path = await issuing.issue(db, fay.actor, "pay", child, None)
    await reached(database, elm, fay, child)
    await phone.open_link(path, {"month": "1", "day": "1", "year": str(born.year)})
    assert phone.path == "/portal/bill"
    assert "/portal/code" not in (await phone.get("/portal/code")).text.split("<main")[1]


async def test_who_pays_sees_minors_in_full_and_adults_as_a_sum(
    database: Database, elm: Tenant, fay: Person, rosa: UUID
) -> None:
    year = clock.today("America/Chicago").year
    async with database.tenant(elm.id) as db:
        child, grown, unknown = await registering.register_many(
            db,
            fay.actor,
            [
                Demographics(
                    last_name="Alvarez", first_name="Ana", birth_date=date(year - 9, 1, 1)
                ),
                Demographics(
                    last_name="Alvarez", first_name="Eva", birth_date=date(year - 19, 1, 1)
                ),
                Demographics(last_name="Alvarez", first_name="Ida"),
            ],
        )
        for one in (child, grown, unknown):
            await guarantors.assign(db, fay.actor, one, rosa)
        assert await guardians.seen_in_full(db, rosa) == {rosa, child}


# --- a new link ---


async def test_a_link_that_was_opened_is_sent_anew_to_whom_it_was_for(
    noon: None,
    phone: Phone,
    other_phone: Phone,
    link: str,
    database: Database,
    elm: Tenant,
    fay: Person,
    rosa: UUID,
    letterbox: Letterbox,
) -> None:
    await reached(database, elm, fay, rosa)
    await phone.open_link(link)
    await other_phone.open_link(link)
    assert not other_phone.is_in
    assert "/portal/new-link" in other_phone.page
    await other_phone.get("/portal/new-link")
    await other_phone.post("/portal/new-link")
    known = other_phone.page
    await running.drain(database)
    assert letterbox.path != link
    await other_phone.open_link(letterbox.path)
    assert other_phone.path == "/portal/bill"
    other_phone.http.cookies.clear()
    await other_phone.get("/s/AAAAAAAAAAAAAAAAAAAAAA")
    await other_phone.post("/s/AAAAAAAAAAAAAAAAAAAAAA")
    await other_phone.get("/portal/new-link")
    await other_phone.post("/portal/new-link")
    assert other_phone.page == known


@pytest.mark.slow
async def test_three_new_links_a_day_and_no_flood_of_letters(
    noon: None,
    phone: Phone,
    link: str,
    database: Database,
    elm: Tenant,
    fay: Person,
    rosa: UUID,
    letterbox: Letterbox,
) -> None:
    await reached(database, elm, fay, rosa)
    await phone.open_link(link)
    for _ in range(6):
        await phone.get(link)
        await phone.post(link)
        await phone.get("/portal/new-link")
        answer = await phone.post("/portal/new-link")
        assert answer.status_code == 200
    await running.drain(database)
    assert len(letterbox.letters) == 3
