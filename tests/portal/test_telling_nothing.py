"""What pages, addresses, titles and logs do not tell; and that nothing typed or named becomes markup."""

import html
import re
from uuid import UUID

import pytest

from billing_saas.kit import logs
from billing_saas.kit.db import Database
from billing_saas.portal_looks import settings as looks
from tests.cast import Tenant, enrolled
from tests.portal import debts
from tests.portal.visiting import BORN, Phone

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert&#40;1)</script>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<body onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='jAvAsCrIpT:alert(1)'>x</a>",
    "<math><mtext></style><img src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<style>*{background:url(//evil.test)}</style>",
    "<link rel=stylesheet href=//evil.test>",
    "<meta http-equiv=refresh content=0;url=//evil.test>",
    "<base href=//evil.test>",
    "<form action=//evil.test><button>x",
    "<!--><img src=x onerror=alert(1)>-->",
    "]]><script>alert(1)</script>",
    "{{7*7}}",
    "{% raw %}{{ csrf }}",
    "${7*7}",
    "#{7*7}",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202eevil\u202c<b>",
    "＜script＞alert(1)＜/script＞",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "' onmouseover='alert(1)",
    '" onmouseover="alert(1)',
    "` onmouseover=`alert(1)",
    "x\r\nSet-Cookie: a=b",
    "</style><script>alert(1)</script>",
    "--></script><script>alert(1)</script>",
)


def inert(page: str, payload: str) -> None:
    """It stands there as text, if at all."""
    if re.search(r"[<>\"']", payload):
        assert payload not in page
    assert "49" not in re.sub(r"value=\"[0-9a-f]{64}\"", "", page) or "7*7" not in payload
    for tag in re.findall(r"<(\w+)", page):
        assert tag in _TAGS, tag
    assert not re.search(r"<[^>]+\son\w+\s*=", re.sub(r'"[^"]*"', '""', page))


_TAGS = {
    *("html", "head", "meta", "title", "link", "body", "a", "header", "p", "div", "nav", "form"),
    *(
        "input",
        "button",
        "main",
        "h1",
        "h2",
        "section",
        "fieldset",
        "legend",
        "label",
        "hr",
        "select",
    ),
    *("option", "img", "dl", "dt", "dd"),
}


async def test_what_is_typed_stays_text(phone: Phone) -> None:
    await phone.get("/portal/enter")
    for payload in PAYLOADS:
        await phone.post("/portal/enter", code=payload, month=payload, day=payload, year=payload)
        inert(phone.page, payload)


@pytest.mark.slow
async def test_a_practices_name_stays_text(
    phone: Phone, link: str, database: Database, elm: Tenant
) -> None:
    admin = (await enrolled(database, elm, "boss", "practice_admin")).actor
    await phone.open_link(link)
    for payload in PAYLOADS:
        async with database.tenant(elm.id) as db:
            wanted = looks.Wanted(shown_name=payload[:80], accent="#0b57a4", languages=("en",))
            await looks.replace(db, admin, wanted)
        await phone.get("/portal/bill")
        inert(phone.page, payload[:80])
        shown = html.unescape(phone.page)
        assert payload[:80].partition("\r")[0] in shown


@pytest.mark.slow
async def test_an_amount_that_is_typed_stays_text(
    phone: Phone, database: Database, elm: Tenant, rosa: UUID
) -> None:
    await debts.owes(database, elm, rosa, 8_000)
    await phone.open_link(await debts.linked(database, elm, rosa))
    for payload in PAYLOADS:
        await phone.post("/portal/bill", how=payload, part=payload, whole=payload)
        inert(phone.page, payload)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/portal/enter", "/portal/birth-date", "/portal/new-link"])
async def test_an_address_that_is_asked_for_stays_text(phone: Phone, path: str) -> None:
    for payload in ("<script>", "%3Cscript%3E", '"onload="x'):
        await phone.get(f"{path}?lang={payload}")
        assert "<script" not in phone.page
        answer = await phone.get(f"/s/{payload}")
        assert "<script" not in answer.text


async def test_no_address_title_or_log_tells_of_a_patient(
    phone: Phone, database: Database, elm: Tenant, rosa: UUID, capsys: pytest.CaptureFixture[str]
) -> None:
    """P3: nor does it hold the token of the link that was opened."""
    await debts.owes(database, elm, rosa, 81_234)
    bill = await debts.billed(database, elm, rosa, 81_234)
    path = await debts.linked(database, elm, rosa, bill)
    logs.configure("DEBUG")
    try:
        seen = []
        for language in ("en", "es"):
            await phone.get(path, language=language)
            seen.append(phone.page)
        for step in (phone.post(path), phone.post("/portal/birth-date", **BORN)):
            await step
            seen.append(phone.page)
            assert phone.path in ("/portal/birth-date", "/portal/bill")
        for page in ("/portal/bill", "/portal/code", "/portal/nothing"):
            await phone.get(page)
            seen.append(phone.page)
    finally:
        with capsys.disabled():  # what is captured here is closed when the test ends
            logs.configure("ERROR")
    said = "".join(capsys.readouterr())
    titles = " ".join(re.findall(r"<title>(.*?)</title>", " ".join(seen), re.DOTALL))
    assert "/s/{secret" in said
    for told in ("Alvarez", "Rosa", "1984", "812.34", "81234", path.removeprefix("/s/")):
        assert told not in said
        assert told not in titles
    assert "Elm" not in titles
    for page in seen[:3]:  # before anything was shown, not even whose patient this would be
        assert "Elm" not in page
