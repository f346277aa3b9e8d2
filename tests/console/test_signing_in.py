"""The way in, page by page, as a browser without JavaScript walks it."""

import re

import pyotp
import pytest

from billing_saas.kit.db import Database
from tests.cast import Person, Tenant
from tests.console.browsing import FORM, Browser
from tests.signin import people
from tests.signin.people import PASSWORD, Account

SESSION = "billing_session"


async def sign_in(browser: Browser, account: Account, steps: int = 0) -> None:
    await browser.get("/")
    assert browser.heading == "Sign in"
    await browser.post("/sign-in", email=account.email, password=PASSWORD)
    assert browser.heading == "Show your second factor"
    await browser.post("/second-factor", code=account.code(steps))


async def test_password_code_home_and_out(browser: Browser, alices: Account, elm: Tenant) -> None:
    await sign_in(browser, alices)
    assert browser.heading == "Good to see you, Alice"
    assert elm.name in browser.page
    session = browser.cookie(SESSION)
    await browser.post("/sign-out")
    assert browser.heading == "Sign in"
    browser.http.cookies.set(SESSION, session, domain="localhost.local")
    await browser.get("/home")
    assert browser.heading == "Sign in"


async def test_the_first_sign_in_sets_up_a_second_factor_before_anything_else(
    browser: Browser, database: Database, sam: Person
) -> None:
    account = await people.with_password(database, sam)
    await browser.get("/sign-in")
    await browser.post("/sign-in", email=account.email.upper(), password=PASSWORD)
    assert browser.heading == "Set up a second factor"
    for path in ("/home", "/account", "/step-up", "/second-factor"):
        await browser.get(path)
        assert browser.heading == "Set up a second factor", path
    assert (await browser.http.get("/v1/practices")).status_code == 401
    await browser.get("/enrollment/app")
    assert "<svg" in browser.page
    secret = browser.found(r'class="secret">([A-Z2-7 ]+)<').replace(" ", "")
    await browser.post("/enrollment/app", code="000000")
    assert "did not match" in browser.page
    await browser.post("/enrollment/app", code=pyotp.TOTP(secret).now())
    assert browser.heading == "Your recovery codes"
    assert len(re.findall(r"<code>[0-9A-Z]{5}-[0-9A-Z]{5}</code>", browser.page)) == 10
    assert (await browser.get("/home")).status_code == 200
    assert browser.heading == "Good to see you, Sam"
    assert (await browser.http.get("/v1/practices")).status_code == 200


async def test_who_has_a_factor_cannot_make_another_by_the_password_alone(
    browser: Browser, alices: Account
) -> None:
    """S4: the route that would skip the second factor."""
    await browser.get("/sign-in")
    await browser.post("/sign-in", email=alices.email, password=PASSWORD)
    for path in ("/enrollment", "/enrollment/app"):
        await browser.get(path)
        assert browser.heading == "Show your second factor"
    await browser.post("/enrollment/app", code="123456")
    assert browser.heading == "Show your second factor"
    answer = await browser.post("/enrollment/passkey/options")
    assert browser.heading == "Show your second factor", answer.text


async def test_a_session_from_before_is_not_taken_over(browser: Browser, alices: Account) -> None:
    """S3, fixation: whatever cookie was planted, another is given at each step."""
    browser.http.cookies.set(SESSION, "planted-by-somebody", domain="localhost.local")
    await browser.get("/sign-in")
    await browser.post("/sign-in", email=alices.email, password=PASSWORD)
    pending = browser.http.cookies.get(SESSION, domain="localhost.local")
    assert pending not in ("planted-by-somebody", "")
    await browser.post("/second-factor", code=alices.code())
    assert browser.http.cookies.get(SESSION, domain="localhost.local") != pending
    assert browser.heading == "Good to see you, Alice"


async def test_known_and_unknown_hear_the_same(
    browser: Browser, other_browser: Browser, alices: Account
) -> None:
    """S5: status, text and cookies, at sign-in and at the forgotten password."""
    heard = []
    for one, email in ((browser, alices.email), (other_browser, "nobody@example.test")):
        await one.get("/sign-in")
        wrong = await one.post("/sign-in", email=email, password="not the password")
        await one.get("/forgotten-password")
        asked = await one.post("/forgotten-password", email=email)
        heard.append(
            [
                (answer.status_code, re.sub(r'value="[0-9a-f]{64}"', "", answer.text))
                for answer in (wrong, asked)
            ]
            + [sorted(one.http.cookies)]
        )
    assert heard[0] == heard[1]
    assert heard[0][0][0] == 401
    assert heard[0][1][0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {**FORM, "Sec-Fetch-Site": "cross-site"},
        {**FORM, "Sec-Fetch-Site": "same-site"},
        {"Content-Type": FORM["Content-Type"]},
        {"Content-Type": FORM["Content-Type"], "Origin": "null"},
        {**FORM, "Sec-Fetch-Site": "cross-site", "Origin": "null"},
    ],
)
async def test_no_other_site_posts_here(
    browser: Browser, alices: Account, headers: dict[str, str]
) -> None:
    """S8, with the right token: what the browser says of where it comes from counts as well."""
    await browser.get("/sign-in")
    answer = await browser.post("/sign-in", headers, email=alices.email, password=PASSWORD)
    assert answer.status_code == 403
    assert SESSION not in browser.http.cookies


async def test_a_form_needs_the_token_of_its_own_session(
    browser: Browser, other_browser: Browser, alices: Account
) -> None:
    await sign_in(browser, alices)
    await other_browser.get("/sign-in")
    browser.page = other_browser.page  # another's token
    assert (await browser.post("/sign-out")).status_code == 403
    browser.page = ""
    assert (await browser.post("/sign-out")).status_code == 403
    assert (await browser.get("/home")).status_code == 200


async def test_json_as_text_is_no_form(browser: Browser) -> None:
    await browser.get("/sign-in")
    for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x"):
        headers = {**FORM, "Content-Type": kind}
        answer = await browser.http.post("/sign-in", content=b'{"a":1}', headers=headers)
        assert answer.status_code == 415


async def test_pages_keep_to_themselves(browser: Browser) -> None:
    answer = await browser.get("/sign-in")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert not re.search(r"<script>|<style|style=|onclick", browser.page)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
