"""The patients' portal from the office: links that are given, shown once, ended; and how it looks."""

from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.patients import guarantors, registering
from billing_saas.patients.rules import Demographics
from tests.api.walking import knocking
from tests.cast import Person, Tenant, enrolled
from tests.portal.visiting import Phone


@pytest.fixture
async def fay(database: Database, elm: Tenant) -> Person:
    """At the front desk."""
    return await enrolled(database, elm, "fay", "front_desk")


@pytest.fixture
async def boss(database: Database, elm: Tenant) -> Person:
    return await enrolled(database, elm, "boss", "practice_admin")


async def registered(database: Database, elm: Tenant, by: Person, **person: Any) -> UUID:
    async with database.tenant(elm.id) as db:
        return await registering.register(db, by.actor, Demographics(**person))


async def asked(
    database: Database, who: Person, method: str, path: str, json: Any = None, **headers: str
) -> httpx.Response:
    async with knocking(database) as client:
        return await client.http.request(
            method, path, json=json, headers={**who.headers, **headers}
        )


async def test_a_link_is_given_told_once_and_opens(
    database: Database, elm: Tenant, fay: Person
) -> None:
    rosa = await registered(database, elm, fay, last_name="Alvarez", birth_date=date(1984, 7, 9))
    path = f"/v1/practices/{elm.id}/patients/{rosa}/portal-links"
    key = {"Idempotency-Key": "link-of-rosa"}
    given = await asked(database, fay, "POST", path, {}, **key)
    assert given.status_code == 201
    assert given.json()["url"].startswith("http://localhost/s/")
    again = await asked(database, fay, "POST", path, {}, **key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["id"] == given.json()["id"]
    assert again.json()["url"] is None
    listed = (await asked(database, fay, "GET", path)).json()["rows"]
    assert [(one["state"], one["kind"], one["about"]) for one in listed] == [("open", "pay", None)]
    assert given.json()["url"].rpartition("/")[2] not in str(listed)
    async with knocking(database) as client:
        phone = Phone(client.http)
        await phone.open_link(given.json()["url"].removeprefix("http://localhost"))
        assert phone.is_in
        await asked(database, fay, "DELETE", path.replace("-links", "-sessions"))
        await phone.get("/portal/bill")
        assert not phone.is_in


async def test_a_link_that_was_ended_opens_nothing(
    database: Database, elm: Tenant, fay: Person
) -> None:
    rosa = await registered(database, elm, fay, last_name="Alvarez", birth_date=date(1984, 7, 9))
    path = f"/v1/practices/{elm.id}/patients/{rosa}/portal-links"
    given = (await asked(database, fay, "POST", path, {})).json()
    assert (await asked(database, fay, "DELETE", f"{path}/{given['id']}")).status_code == 204
    async with knocking(database) as client:
        phone = Phone(client.http)
        await phone.open_link(given["url"].removeprefix("http://localhost"))
        assert not phone.is_in
    other = await registered(database, elm, fay, last_name="Other", birth_date=date(1970, 1, 1))
    elsewhere = f"/v1/practices/{elm.id}/patients/{other}/portal-links/{given['id']}"
    assert (await asked(database, fay, "DELETE", elsewhere)).status_code == 404


async def test_the_bill_of_a_child_goes_to_who_pays(
    database: Database, elm: Tenant, fay: Person
) -> None:
    today = clock.today("America/Chicago")
    child = await registered(
        database, elm, fay, last_name="Cruz", birth_date=date(today.year - 9, 1, 1)
    )
    path = f"/v1/practices/{elm.id}/patients/{child}/portal-links"
    refused = await asked(database, fay, "POST", path, {})
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/minor-without-guarantor"
    nobody_knows = await registered(database, elm, fay, last_name="Cruz")
    async with database.tenant(elm.id) as db:
        await guarantors.assign(db, fay.actor, child, nobody_knows)
    assert (await asked(database, fay, "POST", path, {})).json()[
        "type"
    ] == "/problems/no-birth-date"
    parent = await registered(database, elm, fay, last_name="Cruz", birth_date=date(1980, 2, 2))
    async with database.tenant(elm.id) as db:
        await guarantors.assign(db, fay.actor, child, parent)
    given = await asked(database, fay, "POST", path, {})
    assert given.json()["guarantor_id"] == str(parent)


async def test_a_link_to_somebody_elses_bill_is_not_given(
    database: Database, elm: Tenant, fay: Person
) -> None:
    rosa = await registered(database, elm, fay, last_name="Alvarez", birth_date=date(1984, 7, 9))
    path = f"/v1/practices/{elm.id}/patients/{rosa}/portal-links"
    answer = await asked(database, fay, "POST", path, {"statement_id": str(new_id())})
    assert answer.status_code == 404


async def test_what_is_sent_passes_the_gate_and_says_how(
    database: Database, elm: Tenant, fay: Person
) -> None:
    rosa = await registered(database, elm, fay, last_name="Alvarez", birth_date=date(1984, 7, 9))
    path = f"/v1/practices/{elm.id}/patients/{rosa}/portal-links"
    given = (await asked(database, fay, "POST", path, {"send": "text"})).json()
    assert given["send_outcome"] == "refused"
    assert given["send_reasons"]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"accent": "#ffff00"}, "accent"),
        ({"accent": "#777777"}, "accent"),
        ({"shown_name": "   "}, "shown_name"),
        ({"languages": ["es", "es"]}, "languages"),
        ({"logo_document_id": str(UUID(int=7))}, "logo_document_id"),
    ],
)
async def test_a_look_that_cannot_be_read_is_refused(
    database: Database, elm: Tenant, boss: Person, changed: dict[str, Any], place: str
) -> None:
    path = f"/v1/practices/{elm.id}/portal-settings"
    seen = await asked(database, boss, "GET", path)
    wanted = {"shown_name": "Elm", "accent": "#0b57a4", "languages": ["en"], **changed}
    answer = await asked(database, boss, "PUT", path, wanted, **{"If-Match": seen.headers["etag"]})
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["errors"]] == [place]


async def test_a_look_is_replaced_of_the_version_that_was_seen(
    database: Database, elm: Tenant, boss: Person
) -> None:
    path = f"/v1/practices/{elm.id}/portal-settings"
    seen = await asked(database, boss, "GET", path)
    assert seen.json()["version"] == 0
    wanted = {"shown_name": "Elm", "accent": "#7a1f5c", "languages": ["es", "en"]}
    tag = {"If-Match": seen.headers["etag"]}
    done = await asked(database, boss, "PUT", path, wanted, **tag)
    assert (done.status_code, done.json()["version"]) == (200, 1)
    assert (await asked(database, boss, "PUT", path, wanted, **tag)).status_code == 412
