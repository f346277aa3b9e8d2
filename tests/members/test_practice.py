"""A practice looks after its own people; an agreement lets the company's in, and its end shuts them out."""

from datetime import timedelta
from uuid import UUID

import httpx
import psycopg

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from tests.cast import Tenant
from tests.cluster import Clone
from tests.members.office import Colleague, accepted, colleague


def at(practice: Tenant, path: str) -> str:
    return f"/v1/practices/{practice.id}{path}"


async def test_a_practice_brings_in_its_own_people(
    http: httpx.AsyncClient, database: Database, elm: Tenant, emma: Colleague, bob: Colleague
) -> None:
    body = {"email": "flo@example.test", "roles": ["front_desk", "biller"]}
    invited = await http.post(at(elm, "/invitations"), json=body, headers=emma.headers)
    assert invited.status_code == 201
    assert (await accepted(http, database, "flo@example.test", "Flo")).status_code == 201
    members = (await http.get(at(elm, "/members"), headers=emma.headers)).json()["rows"]
    assert {(one["name"], one["side"], tuple(one["roles"])) for one in members} == {
        ("Emma", "practice", ("practice_admin",)),
        ("Bob", "company", ("biller",)),
        ("Flo", "practice", ("biller", "front_desk")),
    }


async def test_neither_side_touches_the_others_people(
    http: httpx.AsyncClient,
    company: UUID,
    elm: Tenant,
    emma: Colleague,
    bob: Colleague,
    carol: Colleague,
) -> None:
    for path in (at(elm, f"/members/{bob.id}"), f"/v1/companies/{company}/members/{emma.id}"):
        by = emma if str(bob.id) in path else carol
        assert (await http.delete(path, headers=by.headers)).status_code == 404


async def test_nobody_is_of_both_sides(
    http: httpx.AsyncClient,
    database: Database,
    company: UUID,
    elm: Tenant,
    emma: Colleague,
    carol: Colleague,
) -> None:
    """Or the agreement's end would leave a company's people a door."""
    given = {"practices": [{"practice_id": str(elm.id), "roles": ["biller"]}]}
    body = {"email": emma.email, **given}
    await http.post(f"/v1/companies/{company}/invitations", json=body, headers=carol.headers)
    refused = await accepted(http, database, emma.email)
    assert refused.json()["type"] == "/problems/of-the-other-side"


async def test_nobody_gives_what_stands_above_them(
    http: httpx.AsyncClient, database: Database, elm: Tenant, emma: Colleague
) -> None:
    for role, status in (("supervisor", 403), ("practice_admin", 201)):
        body = {"email": f"{role}@example.test", "roles": [role]}
        answer = await http.post(at(elm, "/invitations"), json=body, headers=emma.headers)
        assert answer.status_code == status, role
    own = await colleague(
        database,
        "sam",
        practice=elm,
        roles=["practice_admin", "supervisor"],
        side="practice",
    )
    body = {"email": "supervisor@example.test", "roles": ["supervisor"]}
    answer = await http.post(at(elm, "/invitations"), json=body, headers=own.headers)
    assert answer.status_code == 201  # what one holds, one may give


async def test_a_companys_admin_of_a_practice_brings_in_the_companys_people(
    http: httpx.AsyncClient, database: Database, elm: Tenant, emma: Colleague
) -> None:
    pat = await colleague(database, "pat", practice=elm, roles=["practice_admin"])
    body = {"email": "kit@example.test", "roles": ["biller"]}
    await http.post(at(elm, "/invitations"), json=body, headers=pat.headers)
    await accepted(http, database, "kit@example.test", "Kit")
    members = (await http.get(at(elm, "/members"), headers=emma.headers)).json()["rows"]
    assert {one["name"]: one["side"] for one in members} == {
        "Emma": "practice",
        "Pat": "company",
        "Kit": "company",
    }
    # Of the company's staff nobody need be left: the company's own admins stand above.
    assert (await http.delete(at(elm, f"/members/{pat.id}"), headers=pat.headers)).is_success


async def test_the_practices_last_admin_stays(
    http: httpx.AsyncClient, elm: Tenant, emma: Colleague
) -> None:
    own = at(elm, f"/members/{emma.id}")
    for method, path, body in [
        ("DELETE", own, None),
        ("POST", f"{own}/suspension", None),
        ("POST", f"{own}/ended-roles", {"roles": ["practice_admin"]}),
    ]:
        refused = await http.request(method, path, json=body, headers=emma.headers)
        assert refused.json()["type"] == "/problems/last-admin", path


async def test_the_end_of_an_agreement_shuts_the_companys_people_out(
    http: httpx.AsyncClient,
    company: UUID,
    elm: Tenant,
    carol: Colleague,
    bob: Colleague,
    emma: Colleague,
    clone: Clone,
) -> None:
    agreements = f"/v1/companies/{company}/practices/{elm.id}/agreements"
    (standing,) = (await http.get(agreements, headers=carol.headers)).json()["rows"]
    today = clock.now().date()
    signed = {"signed_on": str(today), "signed_by": "Dr. E. Elm"}
    refused = await http.post(agreements, json=signed, headers=carol.headers)
    assert refused.json()["type"] == "/problems/agreement-stands"
    ending = f"{agreements}/{standing['id']}/ending"
    # A notice: until the day itself they work on.
    later = {"ended_on": str(today + timedelta(days=30))}
    assert (await http.post(ending, json=later, headers=carol.headers)).status_code == 204
    assert (await http.get(at(elm, "/cards"), headers=bob.headers)).status_code == 200
    now = {"ended_on": str(today)}
    assert (await http.post(ending, json=now, headers=carol.headers)).status_code == 204
    assert (await http.get(at(elm, "/cards"), headers=bob.headers)).status_code == 404
    assert (await http.get("/v1/practices", headers=bob.headers)).json() == []
    assert (await http.get("/v1/work", headers=bob.headers)).json()["rows"] == []
    assert (await http.get(at(elm, "/cards"), headers=emma.headers)).status_code == 200
    again = await http.post(ending, json=now, headers=carol.headers)
    assert again.json()["type"] == "/problems/agreement-ended"
    assert (await http.post(agreements, json=signed, headers=carol.headers)).status_code == 201
    newest = (await http.get(f"{agreements}?limit=1", headers=carol.headers)).json()
    assert newest["rows"][0]["ended_on"] is None
    rest = f"{agreements}?limit=1&cursor={newest['next_cursor']}"
    older = (await http.get(rest, headers=carol.headers)).json()
    assert [one["id"] for one in older["rows"]] == [standing["id"]]
    assert older["next_cursor"] is None
    assert (await http.get(at(elm, "/cards"), headers=bob.headers)).status_code == 200
    with psycopg.connect(clone.url("postgres")) as above:
        told = above.execute(
            "SELECT action FROM audit_event WHERE tenant_id = %s AND object_type = 'agreement'"
            " ORDER BY xid, seq",
            [elm.id],
        ).fetchall()
    assert [action for (action,) in told] == ["agreement.end", "agreement.end", "agreement.sign"]


async def test_an_agreement_is_no_promise(
    http: httpx.AsyncClient, company: UUID, elm: Tenant, carol: Colleague
) -> None:
    agreements = f"/v1/companies/{company}/practices/{elm.id}/agreements"
    tomorrow = str(clock.now().date() + timedelta(days=1))
    body = {"signed_on": tomorrow, "signed_by": "Dr. E. Elm"}
    refused = await http.post(agreements, json=body, headers=carol.headers)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/bad-agreement")


async def test_a_stranger_finds_nobody(
    http: httpx.AsyncClient, elm: Tenant, birch: Tenant, emma: Colleague, database: Database
) -> None:
    olga = await colleague(
        database, "olga", practice=birch, roles=["practice_admin"], side="practice"
    )
    for path in ("/members", f"/members/{emma.id}", "/invitations"):
        assert (await http.get(at(elm, path), headers=olga.headers)).status_code == 404
    for path in (f"/members/{emma.id}", f"/members/{emma.id}/suspension"):
        assert (await http.delete(at(birch, path), headers=olga.headers)).status_code == 404
    rows = (await http.get(at(birch, "/members"), headers=olga.headers)).json()["rows"]
    assert [one["id"] for one in rows] == [str(olga.id)]
