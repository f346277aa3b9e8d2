"""The way in: what a link and a code open, and what scanners, guessers and strangers get."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event, func, select

from billing_saas.api.app import create_app
from billing_saas.api.edge import Edge
from billing_saas.audit.tables import AuditEvent
from billing_saas.followups.tables import Card
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.links import issuing, rules
from billing_saas.links.tables import PortalLink
from billing_saas.patients import registering
from billing_saas.patients.rules import Demographics
from billing_saas.portal import sessions
from billing_saas.portal.errors import NotEntered
from billing_saas.portal.tables import PortalSession
from billing_saas.portal_looks import settings as looks
from tests.cast import Person, Tenant
from tests.portal.visiting import FORM, Phone

WRONG = {"month": "7", "day": "10", "year": "1984"}


async def test_a_link_and_a_birth_date_open_the_portal(phone: Phone, link: str) -> None:
    answer = await phone.open_link(link)
    assert (answer.status_code, phone.path) == (200, "/portal/bill")
    assert phone.is_in
    assert phone.heading == "Your balance"
    assert "Elm Family Medicine" in phone.page
    assert "Alvarez" not in phone.page
    assert "Rosa" not in phone.page


async def test_a_code_of_paper_is_typed_as_a_person_types(
    phone: Phone, database: Database, elm: Tenant, alice: Person, rosa: UUID
) -> None:
    async with database.tenant(elm.id) as db:
        code = await issuing.paper_code(db, alice.actor, rosa, new_id())
    typed = f" {code.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} "
    await phone.type_code(typed)
    assert phone.cookie("billing_portal")


async def test_a_scanner_that_opens_every_link_opens_nothing(
    phone: Phone, other_phone: Phone, link: str, database: Database, elm: Tenant
) -> None:
    for _ in range(3):
        answer = await other_phone.get(link)
        assert answer.status_code == 200
        assert other_phone.page.count("<form") == 1
        assert "Elm" not in other_phone.page
    await other_phone.post(link)  # the boldest press the button, too
    assert other_phone.heading == "Your birth date"
    await phone.open_link(link)
    assert phone.is_in
    async with database.tenant(elm.id) as db:
        assert await db.scalar(select(PortalLink.wrong_tries)) == 0


async def test_a_link_opens_once(phone: Phone, other_phone: Phone, link: str) -> None:
    await phone.open_link(link)
    answer = await other_phone.open_link(link)
    assert answer.status_code == 422
    assert not other_phone.cookie("billing_portal")


async def test_the_token_is_out_of_the_address_before_anything_is_typed(
    phone: Phone, link: str
) -> None:
    await phone.get(link)
    await phone.post(link)
    assert phone.path == "/portal/birth-date"
    assert link.removeprefix("/s/") not in phone.page


async def test_all_that_is_wrong_is_answered_alike(
    phone: Phone,
    link: str,
    database: Database,
    elm: Tenant,
    alice: Person,
    rosa: UUID,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Unknown, wrong birth date, locked, opened before, past its day: status, text and length."""
    async with database.tenant(elm.id) as db:
        used = await issuing.issue(db, alice.actor, "pay", rosa, None)
        late = await issuing.issue(db, alice.actor, "pay", rosa, None, days=1)
    await phone.open_link(used)
    phone.http.cookies.clear()
    seen = [await phone.open_link(link, WRONG) for _ in range(5)]
    seen.append(await phone.open_link(link))  # dead now, though the birth date is right
    seen.append(await phone.open_link(rules.path_of(rules.new_token())))
    seen.append(await phone.open_link(used))
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    seen.append(await phone.open_link(late))
    pages = {re.sub('value="[0-9a-f]{64}"', "", answer.text) for answer in seen}
    assert len(pages) == 1
    assert {answer.status_code for answer in seen} == {422}
    assert {tuple(sorted(answer.headers.keys())) for answer in seen} == {
        tuple(sorted(seen[0].headers.keys()))
    }


async def _statements(database: Database, act: Any) -> list[str]:
    """What was asked of the database meanwhile, by its first words."""
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(" ".join(statement.split()[:3]))

    engines = [one.sync_engine for one in (database.app, database.platform_engine)]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    await act
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    return asked


def _phone_at(database: Database, meeting: Edge) -> Phone:
    made = create_app(lambda: database, edge=meeting)
    made.state.database = database
    transport = httpx.ASGITransport(made, raise_app_exceptions=False)  # type: ignore[arg-type]
    return Phone(httpx.AsyncClient(transport=transport, base_url="http://localhost"))


async def test_all_that_is_wrong_costs_the_same(
    link: str, database: Database, elm: Tenant, alice: Person, rosa: UUID
) -> None:
    # Of the limit per address, a process takes many at a time: now and then a statement more.
    phone = _phone_at(database, Edge(per_address=None))
    async with database.tenant(elm.id) as db:
        used = await issuing.issue(db, alice.actor, "pay", rosa, None)
    await phone.open_link(used)
    phone.http.cookies.clear()
    counted = []
    for path in (link, rules.path_of(rules.new_token()), used, link):
        await phone.get(path)
        await phone.post(path)
        act = phone.post("/portal/birth-date", **WRONG)
        counted.append(await _statements(database, act))
    assert len(counted[0]) > 5
    assert counted == [counted[0]] * 4


async def test_five_wrong_birth_dates_kill_a_link_and_open_a_card(
    phone: Phone, link: str, database: Database, elm: Tenant, rosa: UUID
) -> None:
    for _ in range(7):
        await phone.open_link(link, WRONG)
    async with database.tenant(elm.id) as db:
        kept = (await db.scalars(select(PortalLink))).one()
        cards = (await db.scalars(select(Card))).all()
        denied = await db.scalar(
            select(func.count())
            .select_from(AuditEvent)
            .where(AuditEvent.action == "portal.refuse", AuditEvent.outcome == "denied")
        )
    assert (kept.end_reason, kept.ended_at is not None) == ("wrong_tries", True)
    assert [(card.kind, card.subject_id) for card in cards] == [("portal_guessing", rosa)]
    assert denied == 7


@pytest.mark.slow
async def test_a_guesser_is_slowed_by_address_whatever_is_guessed(phone: Phone) -> None:
    statuses = []
    for n in range(22):
        code = rules.new_code()
        answer = await phone.type_code(code, {"month": "1", "day": str(n % 28 + 1), "year": "1970"})
        statuses.append(answer.status_code)
    assert statuses == [422] * 20 + [429] * 2
    assert phone.heading == "Too many tries"
    assert "Retry-After" in answer.headers


@pytest.mark.slow
async def test_fifty_tries_a_day_at_one_patient_then_none_is_right(
    database: Database, elm: Tenant, alice: Person, rosa: UUID
) -> None:
    """From many addresses, with many links: the answer does not tell that this is the limit."""
    phone = _phone_at(database, Edge(trusted_proxies=_ALL))
    async with database.tenant(elm.id) as db:
        wanted = [issuing.Wanted(rosa)] * 11
        paths = await issuing.issue_many(db, alice.actor, "pay", wanted)
    n = 0
    for path in paths[:10]:
        for _ in range(5):
            n += 1
            phone.http.headers["X-Forwarded-For"] = f"203.0.113.{n}"
            assert (await phone.open_link(path, WRONG)).status_code == 422
    phone.http.headers["X-Forwarded-For"] = "198.51.100.7"
    assert (await phone.open_link(paths[10])).status_code == 422
    assert "did not open" in phone.page


async def test_elms_patient_with_oaks_link(
    phone: Phone, database: Database, elm: Tenant, oak: Tenant, mallory: Person, rosa: UUID
) -> None:
    """Another Rosa, of the same birth date, is known at Oak: each link opens its own practice."""
    async with database.tenant(oak.id) as db:
        other = Demographics(last_name="Alvarez", first_name="Rosa", birth_date=_born())
        other_rosa = await registering.register(db, mallory.actor, other)
        path = await issuing.issue(db, mallory.actor, "pay", other_rosa, None)
    await phone.open_link(path)
    assert "Oak Orthopedics" in phone.page
    async with database.tenant(elm.id) as db:
        assert await db.scalar(select(func.count()).select_from(PortalSession)) == 0
        with pytest.raises(NotEntered):
            await sessions.find(db, phone.cookie("billing_portal"))


async def test_a_session_that_was_planted_is_not_the_one_that_opens(
    phone: Phone, link: str, database: Database, elm: Tenant
) -> None:
    planted = "planted-by-somebody-who-waits"
    phone.http.cookies.set("billing_portal", planted, domain="localhost.local")
    await phone.open_link(link)
    opened = phone.cookie("billing_portal")
    assert opened != planted
    assert len(opened) == 43
    phone.http.cookies.clear()
    phone.http.cookies.set("billing_portal", planted)
    await phone.get("/portal/bill")
    assert phone.path == "/portal/enter"


async def test_signing_out_ends_it_everywhere(phone: Phone, link: str) -> None:
    await phone.open_link(link)
    kept = phone.cookie("billing_portal")
    await phone.post("/portal/sign-out")
    assert phone.path == "/portal/enter"
    assert not phone.cookie("billing_portal")
    phone.http.cookies.set("billing_portal", kept)
    await phone.get("/portal/bill")
    assert phone.path == "/portal/enter"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("minutes", "step", "stays"), [(14, 14, True), (16, 16, False), (61, 10, False)]
)
async def test_a_session_ends_when_nobody_is_there_and_after_an_hour(
    phone: Phone, link: str, monkeypatch: pytest.MonkeyPatch, minutes: int, step: int, stays: bool
) -> None:
    await phone.open_link(link)
    begun = clock.now()
    for passed in range(step, minutes + step, step):
        later = begun + timedelta(minutes=min(passed, minutes))
        monkeypatch.setattr(clock, "now", lambda later=later: later)
        await phone.get("/portal/bill")
    assert (phone.path == "/portal/bill") is stays


@pytest.mark.slow
@pytest.mark.parametrize("site", ["cross-site", "same-site", ""])
async def test_no_other_site_posts_for_a_patient(phone: Phone, link: str, site: str) -> None:
    await phone.open_link(link)
    headers = {**FORM, "Sec-Fetch-Site": site}
    answer = await phone.post("/portal/sign-out", headers)
    assert answer.status_code == 403
    assert phone.heading == "Not from here"
    await phone.get("/portal/bill")
    assert phone.path == "/portal/bill"


async def test_a_form_of_another_browser_is_worth_nothing(
    phone: Phone, other_phone: Phone, link: str
) -> None:
    await phone.get("/portal/enter")
    other_phone.page = phone.page
    answer = await other_phone.post("/portal/enter", code="7K4M-Q2XD-9TNB", **WRONG)
    assert answer.status_code == 403


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status"),
    [
        ("GET", "/portal/nothing", "", "", 404),
        ("GET", "/portal/sign-out", "", "", 405),
        ("GET", "/s/", "", "", 404),
        ("POST", "/portal/enter", "{}", "application/json", 415),
        ("POST", "/portal/enter", "a=1&a=2", FORM["Content-Type"], 400),
        ("POST", "/portal/enter", "a=%00", FORM["Content-Type"], 400),
        ("GET", "/portal/payments/not-an-id", "", "", 404),
    ],
)
async def test_what_cannot_be_had_is_told_in_a_page(
    phone: Phone, method: str, path: str, body: str, kind: str, status: int
) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "es"}
    if kind:
        headers["Content-Type"] = kind
    answer = await phone.http.request(method, path, content=body, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert 'lang="es-US"' in answer.text
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("path", ["/portal/enter", "/portal/birth-date", "/s/abc", "/portal/no"])
async def test_pages_are_dressed(phone: Phone, path: str) -> None:
    answer = await phone.get(path)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["strict-transport-security"]
    assert "<script" not in answer.text
    assert not re.search(r"\sstyle=|\son\w+=", answer.text)


async def test_it_speaks_as_the_browser_asks_and_as_somebody_chose(phone: Phone) -> None:
    await phone.get("/portal/enter", language="es-MX,es;q=0.9,en;q=0.5")
    assert phone.heading == "Vea y pague su factura"
    await phone.get("/portal/enter?lang=en", language="es-MX")
    assert phone.heading == "See and pay your bill"
    await phone.get("/portal/enter", language="es-MX")
    assert phone.heading == "See and pay your bill"
    await phone.get("/portal/enter?lang=xx", language="es")
    assert phone.heading == "See and pay your bill"


async def test_a_date_that_is_none_costs_no_try(
    phone: Phone, link: str, database: Database, elm: Tenant
) -> None:
    for born in (
        {"month": "2", "day": "30", "year": "1984"},
        {"month": "", "day": "", "year": "84"},
    ):
        answer = await phone.open_link(link, born)
        assert answer.status_code == 422
        assert "four-digit year" in phone.page
    async with database.tenant(elm.id) as db:
        assert await db.scalar(select(PortalLink.wrong_tries)) == 0


async def test_nobody_pays_at_a_practice_that_has_left(
    phone: Phone, link: str, database: Database, elm: Tenant
) -> None:
    await phone.open_link(link)
    async with database.platform() as db:
        from sqlalchemy import text

        await db.execute(
            text("UPDATE practice SET status = 'left' WHERE tenant_id = :id"), {"id": elm.id}
        )
    await phone.get("/portal/bill")
    assert phone.path == "/portal/enter"


async def test_a_practices_colour_is_its_patients_alone(
    phone: Phone, other_phone: Phone, link: str, database: Database, elm: Tenant
) -> None:
    admin = await _admin(database, elm)
    async with database.tenant(elm.id) as db:
        wanted = looks.Wanted(shown_name="Elm", accent="#7a1f5c", languages=("es",))
        await looks.replace(db, admin, wanted)
    await phone.open_link(link)
    assert 'lang="es-US"' in phone.page  # the only language of this practice
    assert "#7a1f5c" in (await phone.get("/portal/colours.css")).text
    await other_phone.get("/portal/colours.css")
    assert other_phone.path == "/portal/enter"


async def _admin(database: Database, elm: Tenant) -> Any:
    from tests.cast import enrolled

    return (await enrolled(database, elm, "boss", "practice_admin")).actor


def _born() -> Any:
    from tests.portal.conftest import BORN

    return BORN


def _networks() -> Any:
    import ipaddress

    return (ipaddress.ip_network("0.0.0.0/0"),)


_ALL = _networks()
