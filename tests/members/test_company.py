"""A company looks after its people, and after nobody else's."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from billing_saas.tenants import provisioning
from tests.cast import Tenant
from tests.cluster import Clone
from tests.members.office import Colleague, accepted, colleague, gives, link_in_letter


def at(company: UUID, path: str = "") -> str:
    return f"/v1/companies/{company}{path}"


async def test_a_new_biller_is_invited_and_works(
    http: httpx.AsyncClient, database: Database, company: UUID, elm: Tenant, carol: Colleague
) -> None:
    body = {"email": "Ida@Example.test", **gives(elm, "biller", "coder")}
    invited = await http.post(at(company, "/invitations"), json=body, headers=carol.headers)
    assert invited.status_code == 201
    answer = await accepted(http, database, "Ida@Example.test", "Ida Quill")
    assert answer.json()["password_link"].startswith("/password/")
    members = (await http.get(at(company, "/members"), headers=carol.headers)).json()["rows"]
    (ida,) = [one for one in members if one["name"] == "Ida Quill"]
    assert (ida["practices"], ida["company_roles"]) == (1, [])
    shown = await http.get(at(company, f"/members/{ida['id']}"), headers=carol.headers)
    assert shown.json()["practices"] == [{"practice_id": str(elm.id), "roles": ["biller", "coder"]}]
    (seen,) = (await http.get(at(company, "/invitations"), headers=carol.headers)).json()["rows"]
    assert seen["accepted_at"] is not None


async def test_who_accepts_signs_in_anew(
    http: httpx.AsyncClient, database: Database, company: UUID, elm: Tenant, carol: Colleague
) -> None:
    """A session that another company's provider opened must not reach what is given here."""
    birch = await provisioning.add_company(database, "Birch Billing")
    bea = await colleague(database, "bea", company=birch, company_roles=["company_admin"])
    body = {"email": bea.email, **gives(elm, "biller")}
    await http.post(at(company, "/invitations"), json=body, headers=carol.headers)
    assert (await http.get("/v1/practices", headers=bea.headers)).status_code == 200
    assert (await accepted(http, database, bea.email)).status_code in (200, 201)
    assert (await http.get("/v1/practices", headers=bea.headers)).status_code == 401


async def test_an_invitation_is_good_once_and_the_last_one_counts(
    http: httpx.AsyncClient,
    database: Database,
    company: UUID,
    elm: Tenant,
    carol: Colleague,
    clone: Clone,
) -> None:
    body = {"email": "ida@example.test", **gives(elm, "biller")}
    tokens = []
    for _ in range(2):
        await http.post(at(company, "/invitations"), json=body, headers=carol.headers)
        tokens.append(await link_in_letter(database, "ida@example.test"))
    statuses = [
        (
            await http.post("/v1/invitation-acceptances", json={"token": token, "name": "Ida"})
        ).status_code
        for token in (*tokens, tokens[1], "A" * 43)
    ]
    assert statuses == [404, 201, 404, 404]
    await http.post(at(company, "/invitations"), json=body, headers=carol.headers)
    with psycopg.connect(clone.url("postgres"), autocommit=True) as above:
        above.execute("UPDATE invitation SET expires_at = now() - interval '1 second'")
    assert (await accepted(http, database, "ida@example.test")).status_code == 404


async def test_who_is_removed_is_out_with_the_next_request(
    http: httpx.AsyncClient, company: UUID, elm: Tenant, carol: Colleague, bob: Colleague
) -> None:
    inside = f"/v1/practices/{elm.id}/cards"
    for headers in (bob.headers, bob.bearer):
        assert (await http.get(inside, headers=headers)).status_code == 200
    gone = await http.delete(at(company, f"/members/{bob.id}"), headers=carol.headers)
    assert gone.status_code == 204
    for headers in (bob.headers, bob.bearer):
        assert (await http.get(inside, headers=headers)).status_code == 401
    again = await http.delete(at(company, f"/members/{bob.id}"), headers=carol.headers)
    assert again.status_code == 404


async def test_who_is_suspended_holds_nothing_until_reactivated(
    http: httpx.AsyncClient,
    database: Database,
    company: UUID,
    elm: Tenant,
    carol: Colleague,
    bob: Colleague,
    clone: Clone,
) -> None:
    suspension = at(company, f"/members/{bob.id}/suspension")
    assert (await http.delete(suspension, headers=carol.headers)).status_code == 409
    assert (await http.post(suspension, headers=carol.headers)).status_code == 204
    assert (await http.get("/v1/practices", headers=bob.headers)).status_code == 401
    assert (await http.post(suspension, headers=carol.headers)).status_code == 409
    more = at(company, f"/members/{bob.id}/roles")
    refused = await http.post(more, json=gives(elm, "coder"), headers=carol.headers)
    assert refused.json()["type"] == "/problems/suspended"
    with psycopg.connect(clone.url("postgres"), autocommit=True) as above:
        # A session that was opened meanwhile finds nothing either.
        above.execute("UPDATE user_session SET ended_at = NULL WHERE user_id = %s", [bob.id])
    assert (await http.get("/v1/practices", headers=bob.headers)).json() == []
    assert (await http.delete(suspension, headers=carol.headers)).status_code == 204
    assert len((await http.get("/v1/practices", headers=bob.headers)).json()) == 1


async def test_what_somebody_offered_goes_with_them(
    http: httpx.AsyncClient, database: Database, company: UUID, elm: Tenant, carol: Colleague
) -> None:
    carl = await colleague(database, "carl", company=company, company_roles=["company_admin"])
    body = {"email": "ida@example.test", **gives(elm, "biller")}
    await http.post(at(company, "/invitations"), json=body, headers=carl.headers)
    await http.delete(at(company, f"/members/{carl.id}"), headers=carol.headers)
    assert (await accepted(http, database, "ida@example.test")).status_code == 404


async def test_the_last_admin_stays(
    http: httpx.AsyncClient, database: Database, company: UUID, carol: Colleague
) -> None:
    own = at(company, f"/members/{carol.id}")
    admin = {"company_roles": ["company_admin"]}
    for method, path, body in [
        ("DELETE", own, None),
        ("POST", f"{own}/suspension", None),
        ("POST", f"{own}/ended-roles", admin),
    ]:
        refused = await http.request(method, path, json=body, headers=carol.headers)
        assert refused.json()["type"] == "/problems/last-admin", path
    carl = await colleague(database, "carl", company=company, company_roles=["company_admin"])
    ended = await http.post(f"{own}/ended-roles", json=admin, headers=carl.headers)
    assert ended.status_code == 204
    assert (await http.get(own, headers=carol.headers)).status_code == 404


async def test_two_admins_cannot_remove_each_other(
    http: httpx.AsyncClient, database: Database, company: UUID, carol: Colleague
) -> None:
    carl = await colleague(database, "carl", company=company, company_roles=["company_admin"])
    statuses = await asyncio.gather(
        *(
            http.delete(at(company, f"/members/{gone.id}"), headers=by.headers)
            for gone, by in ((carl, carol), (carol, carl))
        )
    )
    assert sorted(one.status_code for one in statuses) in ([204, 409], [204, 401], [204, 404])


async def test_supervisors_see_and_change_nothing(
    http: httpx.AsyncClient, database: Database, company: UUID, elm: Tenant, bob: Colleague
) -> None:
    sue = await colleague(database, "sue", company=company, company_roles=["supervisor"])
    assert (await http.get(at(company, "/members"), headers=sue.headers)).status_code == 200
    refused = await http.delete(at(company, f"/members/{bob.id}"), headers=sue.headers)
    assert refused.json()["type"] == "/problems/not-permitted"
    # A role in the company opens no practice.
    assert (await http.get(f"/v1/practices/{elm.id}", headers=sue.headers)).status_code == 404


async def test_without_a_second_factor_just_now_nobody_is_let_in_or_out(
    http: httpx.AsyncClient, company: UUID, carol: Colleague, bob: Colleague, clone: Clone
) -> None:
    gone = at(company, f"/members/{bob.id}")
    by_token = await http.delete(gone, headers=carol.bearer)
    with psycopg.connect(clone.url("postgres"), autocommit=True) as above:
        above.execute("UPDATE user_session SET stepped_up_at = now() - interval '6 minutes'")
    by_session = await http.delete(gone, headers=carol.headers)
    for refused in (by_token, by_session):
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/step-up-required")


async def test_a_company_is_to_another_what_none_is(
    http: httpx.AsyncClient,
    company: UUID,
    elm: Tenant,
    birch: Tenant,
    carol: Colleague,
    bob: Colleague,
    bruno: Colleague,
) -> None:
    """In both directions: whatever Bruno asks of Ash, and Carol of Birch."""
    nobody = new_id()
    for who, other, practice, person in (
        (bruno, company, elm, bob),
        (carol, birch.company_id, birch, bruno),
    ):
        for method, path, body in _every(other, practice, person.id):
            there = await http.request(method, path, json=body, headers=who.headers)
            same = path.replace(str(other), str(nobody))
            nowhere = await http.request(method, same, json=body, headers=who.headers)
            assert there.status_code == nowhere.status_code == 404, (method, path)
            assert _told(there) == _told(nowhere)


async def test_what_is_another_companys_cannot_be_named_in_ones_own(
    http: httpx.AsyncClient,
    company: UUID,
    elm: Tenant,
    birch: Tenant,
    carol: Colleague,
    bob: Colleague,
    bruno: Colleague,
) -> None:
    for who, own, practice, person in (
        (bruno, birch.company_id, elm, bob),
        (carol, company, birch, bruno),
    ):
        for method, path, body in _every(own, practice, person.id):
            if path.endswith(("/members", "/practices")) or path == at(own):
                continue
            if path.endswith("/invitations") and method == "GET":
                continue
            answer = await http.request(method, path, json=body, headers=who.headers)
            assert answer.status_code == 404, (method, path, answer.text)


def _every(company: UUID, practice: Tenant, person: UUID) -> list[tuple[str, str, Any]]:
    member = at(company, f"/members/{person}")
    agreements = at(company, f"/practices/{practice.id}/agreements")
    signed = {"signed_on": "2026-01-05", "signed_by": "Dr. E. Elm"}
    return [
        ("GET", at(company), None),
        ("GET", at(company, "/practices"), None),
        ("GET", at(company, "/members"), None),
        ("GET", at(company, "/invitations"), None),
        ("GET", member, None),
        ("DELETE", member, None),
        ("POST", f"{member}/suspension", None),
        ("POST", f"{member}/roles", gives(practice, "biller")),
        ("POST", f"{member}/ended-roles", gives(practice, "biller")),
        (
            "POST",
            at(company, "/invitations"),
            {"email": "x@example.test", **gives(practice, "biller")},
        ),
        ("GET", agreements, None),
        ("POST", agreements, signed),
        ("POST", f"{agreements}/{new_id()}/ending", {"ended_on": "2026-10-01"}),
    ]


def _told(response: httpx.Response) -> Any:
    return {name: value for name, value in response.json().items() if name != "request_id"}


@pytest.mark.parametrize("role", ["biller", "practice_admin", "reviewer"])
async def test_a_role_is_given_and_ended_and_told_to_the_practice(
    http: httpx.AsyncClient,
    company: UUID,
    elm: Tenant,
    carol: Colleague,
    bob: Colleague,
    clone: Clone,
    role: str,
) -> None:
    member = at(company, f"/members/{bob.id}")
    for path in ("roles", "roles"):  # again: it stays as it is
        given = await http.post(f"{member}/{path}", json=gives(elm, role), headers=carol.headers)
        assert given.status_code == 204
    ended = await http.post(f"{member}/ended-roles", json=gives(elm, role), headers=carol.headers)
    assert ended.status_code == 204
    missing = await http.post(f"{member}/ended-roles", json=gives(elm, role), headers=carol.headers)
    assert missing.status_code == 404
    with psycopg.connect(clone.url("postgres")) as above:
        told = above.execute(
            "SELECT action, detail ->> 'role' FROM audit_event WHERE tenant_id = %s"
            " AND actor_id = %s AND outcome = 'done' ORDER BY xid, seq",
            [elm.id, carol.id],
        ).fetchall()
    expected = [("membership.grant", role), ("membership.end", role)]
    assert told == (expected if role != "biller" else expected[1:])
