"""The way in: what a link and a code open, what scanners and guessers get."""

import pytest

from tests.portal.visiting import Phone


async def test_a_link_and_a_birth_date_open_the_portal(phone: Phone, link: str) -> None:
    answer = await phone.open_link(link)
    assert phone.path == "/portal/bill"
    assert answer.status_code in (200, 404)


async def test_a_wrong_birth_date_opens_nothing(phone: Phone, link: str) -> None:
    answer = await phone.open_link(link, {"month": "7", "day": "10", "year": "1984"})
    assert answer.status_code == 422
    assert "did not open" in phone.page
    assert not phone.cookie("billing_portal")


@pytest.mark.parametrize("path", ["/portal/enter", "/portal/birth-date", "/s/abc"])
async def test_pages_are_dressed(phone: Phone, path: str) -> None:
    answer = await phone.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
