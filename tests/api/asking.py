"""One person's way into Elm, and what the stories of the API begin with there."""

from typing import Any

import httpx
import psycopg

from billing_saas.workers import running
from billing_sandbox import payer
from tests.api.walking import Client
from tests.cast import Person, Tenant
from tests.cluster import Clone
from tests.remittances.desk import Desk


class Elm:
    """One person's way into Elm."""

    def __init__(self, client: Client, elm: Tenant, person: Person) -> None:
        self.http, self.elm, self.person = client.http, elm, person

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self.person.headers, **more.pop("headers", {})}
        address = f"/v1/practices/{self.elm.id}{path}"
        return await self.http.request(method, address, headers=headers, **more)


async def received(at_elm: Elm, desk: Desk) -> dict[str, Any]:
    """A remittance of many claims that was taken in and posted, and then undone: it waits."""
    file = payer.pay(desk.batch, desk.payee, desk.check(), seed=3)
    await at_elm.ask("POST", "/remittance-files", content=file)
    await running.drain(desk.database)
    (remittance, *_) = (await at_elm.ask("GET", "/remittances?state=posted")).json()["rows"]
    undone = await at_elm.ask("DELETE", f"/remittances/{remittance['id']}/posting")
    assert undone.status_code == 204
    return dict(remittance)


async def open_cards(at_elm: Elm, desk: Desk) -> list[str]:
    file = payer.pay(desk.batch, desk.payee, desk.check(), seed=3)
    for damaged in (file.replace(b"~CLP*", b"~CLX*", 1), file.replace(b"~CLP*", b"~CLY*", 1)):
        await at_elm.ask("POST", "/remittance-files", content=damaged)
    await running.drain(desk.database)
    listed = (await at_elm.ask("GET", "/cards")).json()["rows"]
    return [card["id"] for card in listed]


def journalled(clone: Clone) -> int:
    with psycopg.connect(clone.url("postgres")) as c:
        found = c.execute("SELECT count(*) FROM ledger_entry").fetchone()
        assert found is not None
        return int(found[0])
