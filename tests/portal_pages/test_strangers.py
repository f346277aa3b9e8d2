"""Every page behind the code, walked by who has no code, by another guarantor, and by another practice's.

The routes come from the application, so that a new page is walked the day it is added.
"""

import re
from dataclasses import dataclass
from types import ModuleType
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from billing_saas.api.portal import bills, help, insurance, letters, plans, reaching, record
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind, AuthLevel, Purpose
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.messages import threads
from billing_saas.patient_requests import asking
from billing_saas.patient_requests.rules import Asked
from billing_saas.payments.tables import SavedMethod
from billing_saas.plans import proposing
from billing_saas.plans.proposing import Proposal
from billing_saas.portal import rules
from tests.cast import Tenant, enrolled
from tests.portal.visiting import FORM, Phone
from tests.portal_pages.scene import Scene
from tests.portal_pages.test_plans import today
from tests.remittances.desk import opened

ROOMS: tuple[ModuleType, ...] = (bills, help, insurance, letters, plans, reaching, record)
_TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')
# Words in paths that are no ids.
PLAIN = {"kind": "records", "channel": "email"}


@dataclass(frozen=True)
class Page:
    method: str
    template: str

    def path(self, ids: dict[str, UUID]) -> str:
        filled: dict[str, object] = {**PLAIN, **ids}
        return "/".join(
            str(filled[part[1:-1].partition(":")[0]]) if part.startswith("{") else part
            for part in self.template.split("/")
        )

    @property
    def names_a_row(self) -> bool:
        return ":uuid}" in self.template


def walked(app: Litestar) -> list[Page]:
    """What the rooms of pages serve, as the application has it."""
    ours = {handler.fn for room in ROOMS for handler in room.HANDLERS}
    return [
        Page(method, route.path)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.fn in ours
        for method in handler.http_methods
        if method != "OPTIONS"
    ]


def as_patient(patient_id: UUID) -> Actor:
    return Actor(
        kind=ActorKind.PATIENT,
        id=patient_id,
        permissions=rules.PERMISSIONS[rules.Level.VERIFIED],
        purpose=Purpose.PATIENT_REQUEST,
        auth_level=AuthLevel.ONE_FACTOR,
    )


@pytest.fixture
async def rosas(database: Database, elm: Tenant, rosa: UUID) -> dict[str, UUID]:
    """A row of Rosa's for every id that a path names."""
    scene = Scene(database, elm)
    sue = await enrolled(database, elm, "sue", "supervisor", "practice_admin")
    child, claim_id, _ = await scene.answered(await opened(database, elm, sue, 6))
    await scene.pays_for(rosa, child)
    await scene.owes(rosa, 20_000)
    acting = as_patient(rosa)
    proposal = Proposal(guarantor_id=rosa, instalments=2, first_due_on=today())
    now = clock.now()
    async with database.tenant(elm.id) as db:
        card = SavedMethod(
            tenant_id=elm.id,
            id=new_id(),
            guarantor_id=rosa,
            state="active",
            brand="visa",
            consent_version="card-on-file-1",
            consented_at=now,
            consented_by_kind="patient",
            consented_by=rosa,
            created_at=now,
            updated_at=now,
        )
        db.add(card)
        return {
            "statement_id": await scene.billed(rosa, 20_000),
            "claim_id": claim_id,
            "payment_id": await scene.paid(rosa, 1_000),
            "request_id": await asking.ask(db, acting, rosa, Asked(kind="records")),
            "document_id": new_id(),
            "thread_id": await threads.begin(db, acting, rosa, "bill", "Why", "Why?"),
            "plan_id": await proposing.propose_and_disclose(db, acting, proposal),
            "card_id": card.id,
        }


async def answered(phone: Phone, asked: Page, ids: dict[str, UUID]) -> tuple[int, str]:
    """The answer itself, not the page that it leads to; a form has the token of a page that was shown."""
    if asked.method == "GET":
        answer = await phone.http.get(asked.path(ids), headers={"Sec-Fetch-Site": "none"})
        return answer.status_code, answer.headers.get("Location", "")
    await phone.get("/portal/bill")
    token = {"token": (_TOKEN.search(phone.page) or [""] * 2)[1]}
    answer = await phone.http.post(asked.path(ids), data=token, headers=FORM)
    return answer.status_code, answer.headers.get("Location", "")


def test_every_page_of_these_rooms_is_served(app: Litestar) -> None:
    listed = walked(app)
    assert len(listed) >= 36, len(listed)
    assert len({(one.method, one.template) for one in listed}) == len(listed)


async def test_a_link_and_a_birth_date_open_none_of_it(
    app: Litestar, knower: Phone, rosas: dict[str, UUID]
) -> None:
    """P2: only balance and pay. Everything else leads to where a code is sent."""
    for asked in walked(app):
        assert await answered(knower, asked, rosas) == (303, "/portal/code"), asked


@pytest.mark.slow
async def test_nobody_is_led_to_the_way_in(
    app: Litestar, phone: Phone, rosas: dict[str, UUID]
) -> None:
    for asked in walked(app):
        if asked.method == "GET":
            assert await answered(phone, asked, rosas) == (303, "/portal/enter"), asked


async def test_another_guarantor_finds_no_row_of_hers(
    app: Litestar, oscars: Phone, rosas: dict[str, UUID]
) -> None:
    await _finds_nothing(app, oscars, rosas)


@pytest.mark.slow
async def test_a_patient_of_another_practice_finds_no_row_of_hers(
    app: Litestar, olgas: Phone, rosas: dict[str, UUID]
) -> None:
    await _finds_nothing(app, olgas, rosas)


@pytest.mark.slow
async def test_she_herself_finds_them(app: Litestar, inside: Phone, rosas: dict[str, UUID]) -> None:
    """The control: the same pages are there for her."""
    for asked in walked(app):
        if asked.method == "GET" and "document_id" not in asked.template:
            assert (await answered(inside, asked, rosas))[0] == 200, asked


async def _finds_nothing(app: Litestar, phone: Phone, hers: dict[str, UUID]) -> None:
    """By her ids as by ids of nothing."""
    nothing = {name: new_id() for name in hers}
    tried = [asked for asked in walked(app) if asked.names_a_row]
    for asked in tried:
        found = await answered(phone, asked, hers)
        assert found == await answered(phone, asked, nothing), asked
        assert found[0] in (404, 422), (asked, found)
    assert len(tried) >= 19
