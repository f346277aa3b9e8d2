"""Patients have a host of their own, where they have one: what is theirs is nowhere else."""

from typing import Any

import httpx
import pytest

from billing_saas.api.app import create_app
from billing_saas.api.edge import Edge
from billing_saas.kit.db import Database
from billing_saas.kit.settings import BadSettings, Settings, read
from tests.cast import Tenant


@pytest.fixture
async def app(database: Database, elm: Tenant) -> Any:
    meeting = Edge(site="https://billing.example.test", portal_site="https://pay.example.test")
    made = create_app(lambda: database, edge=meeting)
    made.state.database = database
    return made


async def _asked(app: Any, host: str, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{host}") as http:
        return await http.get(path, headers={"Sec-Fetch-Site": "none"})


ASKED = [
    ("pay.example.test", "/portal/enter", 200),
    ("pay.example.test", "/s/AAAAAAAAAAAAAAAAAAAAAA", 200),
    ("pay.example.test", "/portal/style.css", 200),
    ("pay.example.test", "/", 303),
    ("pay.example.test", "/sign-in", 421),
    ("pay.example.test", "/v1/practices", 421),
    ("pay.example.test", "/docs", 421),
    ("billing.example.test", "/portal/enter", 421),
    ("billing.example.test", "/s/AAAAAAAAAAAAAAAAAAAAAA", 421),
    ("billing.example.test", "/sign-in", 200),
    ("PAY.example.test.", "/portal/enter", 200),
    ("evil.test", "/portal/enter", 421),
]


async def test_each_host_answers_to_its_own(app: Any) -> None:
    found = []
    for host, path, _ in ASKED:
        answer = await _asked(app, host, path)
        assert "strict-transport-security" in answer.headers
        found.append((host, path, answer.status_code))
    assert found == ASKED


async def test_cookies_are_of_this_host_alone(app: Any) -> None:
    answer = await _asked(app, "pay.example.test", "/portal/enter")
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-billing_portal_browser=")
    for word in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie


def test_one_host_for_both_is_no_wall() -> None:
    from billing_saas.api import edge

    one = Settings(public_url="https://a.example", portal_url="https://a.example")
    assert edge.of(one).portal_site == ""
    two = Settings(public_url="https://a.example", portal_url="https://b.example")
    assert edge.of(two).portal_site == "https://b.example"


@pytest.mark.parametrize("url", ["http://pay.example", "https://pay.example/x", "pay.example"])
def test_the_address_of_the_portal_is_as_safe_as_the_other(url: str) -> None:
    with pytest.raises(BadSettings, match="BILLING_PORTAL_URL"):
        read({"BILLING_PUBLIC_URL": "https://billing.example", "BILLING_PORTAL_URL": url})
