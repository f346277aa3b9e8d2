"""What the stories of statements begin with, and what happens in them."""

import io
from typing import Any
from uuid import UUID

from pypdf import PdfReader

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.ledger import journal
from billing_saas.ledger.rules import Account, Entry, Line, source_payment
from billing_saas.statements import following, owing
from billing_saas.statements.rules import OpenItem
from billing_saas.workers import running as workers
from tests.api.asking import Elm
from tests.remittances.books import answer, remit
from tests.remittances.desk import PAID_ON, Desk

RULES = {
    "minimum_cents": 500,
    "cycle_days": 30,
    "due_days": 25,
    "automatic": False,
    "electronic": True,
    "phone": "217-555-0100",
    "pay_to": "PO Box 12\nSpringfield, IL 62701",
}


async def put_rules(at_elm: Elm, **changes: Any) -> None:
    seen = await at_elm.ask("GET", "/statement-rules")
    headers = {"If-Match": seen.headers["ETag"]}
    put = await at_elm.ask("PUT", "/statement-rules", json={**RULES, **changes}, headers=headers)
    assert put.status_code == 200, put.text


async def owing_patient(desk: Desk, *, lines: int = 1) -> UUID:
    """Another patient, whose insurer has answered: eight dollars a line are left to pay."""
    while True:
        claim = desk.claim(lines=lines)
        patient_id = (await desk.record(claim)).claim.patient_id
        if not await owed(desk.database, desk.tenant.id, patient_id):
            await remit(desk, claim, answer(claim))
            return patient_id


async def owed(database: Database, tenant: UUID, guarantor: UUID) -> list[OpenItem]:
    async with database.tenant(tenant) as db:
        return await owing.owed_by(db, guarantor)


async def pay(desk: Desk, item: OpenItem, cents: int, *, follow: bool = True) -> UUID:
    """Cash at the desk, as payments post it. Returns the entry."""
    entry = Entry(
        source=source_payment(new_id()),
        kind="patient_payment",
        effective_on=PAID_ON,
        lines=(
            Line(Account.PATIENT_CASH, cents, "patient", item.patient_id, item.patient_id),
            Line(
                Account.PATIENT_RECEIVABLE,
                -cents,
                "patient",
                item.patient_id,
                item.patient_id,
                item.claim_id,
                item.charge_id,
            ),
        ),
    )
    async with desk.database.tenant(desk.tenant.id) as db:
        (entry_id,) = await journal.post(db, desk.person.actor, [entry])
        if follow:
            await following.follow(db, desk.person.actor, [item.patient_id])
    return entry_id


async def give_back(desk: Desk, entry_id: UUID, patient_id: UUID) -> None:
    async with desk.database.tenant(desk.tenant.id) as db:
        await journal.reverse(db, desk.person.actor, [entry_id], effective_on=PAID_ON)
        await following.follow(db, desk.person.actor, [patient_id])


async def issued_run(at_elm: Elm, desk: Desk) -> dict[str, Any]:
    """A run, previewed, issued, and done with by the worker."""
    run = (await at_elm.ask("POST", "/statement-runs")).json()
    told = await at_elm.ask("POST", f"/statement-runs/{run['id']}/issuing")
    assert told.status_code == 202, told.text
    await workers.drain(desk.database)
    done: dict[str, Any] = (await at_elm.ask("GET", f"/statement-runs/{run['id']}")).json()
    assert done["state"] == "issued"
    return done


async def candidates(at_elm: Elm, run_id: str) -> dict[str, dict[str, Any]]:
    found = await at_elm.ask("GET", f"/statement-runs/{run_id}/candidates?limit=200")
    return {one["guarantor_id"]: one for one in found.json()["rows"]}


async def statements_of(at_elm: Elm, guarantor: UUID) -> list[dict[str, Any]]:
    found = await at_elm.ask("GET", f"/statements?guarantor_id={guarantor}")
    rows: list[dict[str, Any]] = found.json()["rows"]
    return rows


async def text_of(at_elm: Elm, path: str) -> str:
    found = await at_elm.ask("GET", path)
    assert found.status_code == 200, found.text
    assert found.headers["Content-Type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(found.content)).pages
    return "\n".join(page.extract_text() for page in pages)
