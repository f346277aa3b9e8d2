"""Requests that Schemathesis makes from the contract, put to the real application in this process."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig

import requests
from billing_saas.api import contract_examples
from billing_saas.identity.rules import PERMISSIONS
from billing_saas.kit.db import Database
from billing_saas.ledger import journal
from billing_saas.tenants import provisioning
from tests import cluster as clusters
from tests.api.walking import knocking
from tests.build import month
from tests.cast import ELM, OPERATOR, Person, Tenant, enrolled
from tests.fakes import MemoryKeys

T = TypeVar("T")

load_all_checks()
# What the contract promises of every answer, whatever was asked.
PROMISED: list[Any] = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)


def _x12() -> st.SearchStrategy[bytes]:
    """Whole files, files that end anywhere, files with a byte changed, and noise."""
    whole = st.sampled_from(
        [contract_examples.CLAIM_837P.encode(), contract_examples.REMITTANCE_835.encode()]
    )
    cut = st.builds(lambda file, at: file[:at], whole, st.integers(0, 1200))
    changed = st.builds(
        lambda file, at, byte: file[:at] + bytes([byte]) + file[at + 1 :],
        whole,
        st.integers(0, 1200),
        st.integers(0, 255),
    )
    return st.one_of(whole, cut, changed, st.binary(max_size=200))


schemathesis.openapi.media_type("application/edi-x12", _x12())


def schema_of(document: dict[str, Any]) -> Any:
    """Without a store of old failures: a run depends on the code, and on nothing that ran before."""
    generation = {"database": "none", "with-security-parameters": False}
    config = SchemathesisConfig.from_dict({"generation": generation})
    return schemathesis.openapi.from_dict(document, config=config)


class Office:
    """The application and its database, on an event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.heard: dict[int, int] = {}
        self.elm: Tenant
        self.boss: Person
        self.http: httpx.AsyncClient

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=120)

    def ask(self, case: Any, token: str | None) -> httpx.Response:
        """Inside Elm: in a practice that nobody has, all that could be heard is 404."""
        if "practice_id" in (case.path_parameters or {}):
            case.path_parameters["practice_id"] = str(self.elm.id)
        made = requests.Request(**case.as_transport_kwargs(base_url="http://test")).prepare()
        headers = {
            name.encode(): value if isinstance(value, bytes) else value.encode("latin-1")
            for name, value in made.headers.items()
            if name.lower() != "authorization"
        }
        if token is not None:
            headers[b"Authorization"] = f"Bearer {token}".encode()
        body: Any = made.body
        asked = httpx.Request(
            str(made.method), str(made.url), headers=list(headers.items()), content=body
        )
        response = self.run(self.http.send(asked))
        response.elapsed = timedelta()  # read by the checks, measured by none
        self.heard[response.status_code] = self.heard.get(response.status_code, 0) + 1
        return response


@contextmanager
def opened() -> Iterator[Office]:
    clone = clusters.clone()
    office = Office()
    closing = office.run(_begin(office, clone))
    yield office
    office.run(_end(*closing))
    office.loop.call_soon_threadsafe(office.loop.stop)
    office.thread.join()
    clusters.drop(clone)


async def _begin(office: Office, clone: clusters.Clone) -> tuple[Any, Database]:
    database = Database(clone.urls, MemoryKeys(), pool_size=4)
    await provisioning.initialise(database)
    company = await provisioning.add_company(database, "Ash Billing")
    practice = await provisioning.add_practice(database, OPERATOR, company, ELM, journal.open_book)
    office.elm = Tenant(practice, company, ELM)
    office.boss = await enrolled(database, office.elm, "boss", *PERMISSIONS)
    await month.work(database, office.elm, office.boss.actor, claims=3)
    door = knocking(database)
    office.http = (await door.__aenter__()).http
    return door, database


async def _end(door: Any, database: Database) -> None:
    await door.__aexit__(None, None, None)
    await database.close()
