"""The pages that people see: Checkout, the bank's question, onboarding, a receipt. No script on any."""

import html
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from billing_sandbox.stripe import (
    accounts,
    cards,
    confirming,
    dashboard,
    errors,
    methods,
    paying,
    setups,
)
from billing_sandbox.stripe.forms import Params
from billing_sandbox.stripe.store import Book, Obj, World


@dataclass(frozen=True)
class Page:
    status: int
    body: bytes = b""
    location: str | None = None
    media_type: str = "text/html; charset=utf-8"


_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
:root {{ font: 16px/1.5 system-ui, sans-serif; color: #1a1f36; background: #f6f8fa }}
body {{ margin: 0 auto; max-width: 28rem; padding: 1rem }}
main {{ background: #fff; border: 1px solid #d5dbe1; border-radius: 8px; padding: 1.25rem; overflow-wrap: anywhere }}
h1 {{ font-size: 1.5rem; margin-top: 0 }} h2 {{ font-size: 1.2rem }} h3 {{ font-size: 1rem }}
ul {{ padding-left: 1.25rem }}
.test {{ display: inline-block; background: #ffde92; color: #5c3a00; border-radius: 4px; padding: 0 .5rem; font-size: .85rem }}
.error {{ border: 2px solid #b3093c; color: #8c0730; border-radius: 6px; padding: .5rem .75rem }}
label {{ display: block; margin-top: .75rem; font-weight: 600 }}
input {{ width: 100%; box-sizing: border-box; font: inherit; padding: .5rem; border: 1px solid #79828d; border-radius: 6px }}
fieldset {{ border: 1px solid #d5dbe1; border-radius: 6px; margin-top: 1rem }}
button {{ font: inherit; font-weight: 600; padding: .6rem 1rem; margin-top: 1rem; width: 100%; border: 0; border-radius: 6px; background: #3d36c9; color: #fff }}
button.small {{ width: auto; padding: .25rem .6rem; margin: .25rem 0 }}
button.other {{ background: #fff; color: #3d36c9; border: 1px solid #3d36c9 }}
dl {{ margin: 0 }} dt {{ color: #4f566b }} dd {{ margin: 0 0 .5rem; font-weight: 600 }}
</style></head><body><header><p><span class="test">Sandbox: no real money</span></p></header><main>{body}</main></body></html>"""


def _page(title: str, body: str, status: int = 200) -> Page:
    return Page(status, _FRAME.format(title=html.escape(title), body=body).encode())


def _to(url: str) -> Page:
    return Page(303, location=url)


def money(cents: int, currency: str) -> str:
    return f"${cents / 100:,.2f}" if currency == "usd" else f"{cents / 100:,.2f} {currency.upper()}"


def page_for(
    world: World, method: str, path: str, body: bytes, *, from_elsewhere: bool = False
) -> Page:
    parts = [part for part in path.split("/") if part]
    form = {
        name: values[-1].strip()
        for name, values in parse_qs(body.decode("utf-8", "replace")).items()
    }
    try:
        with world.lock:
            match parts:
                case ["c", "pay", account, name]:
                    return _checkout(world, _book(world, account), name, method, form)
                case ["3ds", account, name]:
                    return _bank_asks(world, _book(world, account), name, method, form)
                case ["setup", "s", account, token]:
                    return _onboarding(world, account, token, method, form)
                case ["receipts", account, name]:
                    return _receipt(world, _book(world, account), name)
                case []:
                    return _dashboard(world, method, form, from_elsewhere=from_elsewhere)
                case _:
                    return _page("Not found", "<h1>Not found</h1>", 404)
    except errors.StripeError:
        return _page("Not found", "<h1>Something went wrong</h1><p>The page is not there.</p>", 404)


def _book(world: World, account: str) -> Book:
    return world.platform if account == world.platform.account_id else world.book_of(account)


def _seller(world: World, book: Book) -> str:
    account = world.account(book)
    named = account and account["business_profile"]["name"]
    return str(named or "Sandbox business")


def _dashboard(world: World, method: str, form: dict[str, str], *, from_elsewhere: bool) -> Page:
    told = ""
    if method == "POST" and not from_elsewhere:
        try:
            told = dashboard.acts(world, form)
        except errors.StripeError as no:
            told = str(no)
    return _page("Sandbox Stripe", dashboard.body(world, told))


# -- Checkout


def _checkout(world: World, book: Book, name: str, method: str, form: dict[str, str]) -> Page:
    session = book.get("checkout.session", name)
    if session["status"] == "open" and method == "GET":
        # Back from the bank's question: what it led to is seen now.
        paying.after_authentication(world, book, session)
    if session["status"] == "complete":
        if method == "GET" and not session.get("_left"):
            session["_left"] = True
            return _to(success_url(session))
        return _page(
            "All done", "<h1>You're all done here</h1><p>This page has been completed.</p>"
        )
    if session["status"] == "expired":
        return _page("Expired", "<h1>You're all done here</h1><p>This page has expired.</p>", 404)
    if method == "GET":
        return _form(world, book, session)
    try:
        chosen = _typed(world, book, session, form)
        done = paying.pay(world, book, session, chosen, email=form.get("email"))
    except errors.StripeError as no:
        return _form(world, book, session, error=str(no), form=form)
    if done["status"] == "requires_action":
        return _to(done["next_action"]["redirect_to_url"]["url"])
    session["_left"] = True
    return _to(success_url(session))


def success_url(session: Obj) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _typed(world: World, book: Book, session: Obj, form: dict[str, str]) -> Obj:
    details = Params(
        {
            "name": form.get("name", ""),
            "email": form.get("email", ""),
            "address": {"postal_code": form.get("postal_code", "")},
        }
    )
    told = methods.billing_details(details)
    if form.get("method", "card") == "us_bank_account":
        account = cards.BANK_BY_NUMBER.get(form.get("account_number", ""))
        if account is None or form.get("routing_number") != cards.ROUTING:
            raise errors.invalid("Your bank account number is not one of the test accounts.")
        return methods.of_bank(world, book, account, routing=cards.ROUTING, details=told)
    month, year = _date(form.get("expiry", ""))
    card = methods.card_numbered(form.get("card_number", ""))
    cvc = form.get("cvc", "")
    if not (cvc.isdigit() and len(cvc) in (3, 4)):
        raise errors.invalid("Your card's security code is incomplete.", "cvc", "incomplete_cvc")
    return methods.of_card(world, book, card, month=month, year=year, details=told)


def _date(text: str) -> tuple[int, int]:
    """`12/34`, `1234` or `12/2034`."""
    digits = "".join(each for each in text if each.isdigit())
    if len(digits) not in (4, 6) or not 1 <= int(digits[:2]) <= 12:
        raise errors.invalid("Your card's expiration date is incomplete.", "expiry")
    year = int(digits[2:])
    return int(digits[:2]), year if year > 99 else 2000 + year


def _form(
    world: World, book: Book, session: Obj, *, error: str = "", form: dict[str, str] | None = None
) -> Page:
    form = form or {}
    total = money(session["amount_total"], session["currency"]) if session["_lines"] else ""
    verb = f"Pay {total}" if total else "Save payment method"
    rows = "".join(
        f"<dt>{html.escape(line['description'])}"
        f"{' × ' + str(line['quantity']) if line['quantity'] > 1 else ''}</dt>"
        f"<dd>{money(line['amount_total'], line['currency'])}</dd>"
        for line in session["_lines"]
    )
    body = f"<h1>{html.escape(_seller(world, book))}</h1><dl>{rows}</dl>"
    if error:
        body += f'<p class="error" role="alert">{html.escape(error)}</p>'
    body += '<form method="post" autocomplete="off">'
    if not session["customer"]:
        shown = session["customer_email"] or form.get("email", "")
        fixed = " readonly" if session["customer_email"] else ""
        body += _input("email", "Email", shown, f'type="email"{fixed}')
    if "card" in session["payment_method_types"]:
        body += (
            "<fieldset><legend>"
            + _choice(session, "card", "Card", form)
            + "</legend>"
            + _input("card_number", "Card number", "", 'inputmode="numeric"')
            + _input("expiry", "Expiration (MM/YY)", form.get("expiry", ""), 'inputmode="numeric"')
            + _input("cvc", "Security code", "", 'inputmode="numeric"')
            + _input("name", "Name on card", form.get("name", ""))
            + _input("postal_code", "ZIP", form.get("postal_code", ""))
            + "</fieldset>"
        )
    if "us_bank_account" in session["payment_method_types"]:
        body += (
            "<fieldset><legend>"
            + _choice(session, "us_bank_account", "US bank account", form)
            + "</legend>"
            + _input("routing_number", "Routing number", form.get("routing_number", ""))
            + _input("account_number", "Account number", "")
            + "</fieldset>"
        )
    body += f'<button type="submit" name="action" value="pay">{verb}</button></form>'
    if session["cancel_url"]:
        url = html.escape(session["cancel_url"], quote=True)
        body += (
            f'<p><a id="cancel" href="{url}">Back to {html.escape(_seller(world, book))}</a></p>'
        )
    body += (
        "<p><small>Test cards: 4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined, "
        "4000 0000 0000 3220 asks your bank, 4000 0000 0000 0259 is disputed. "
        f"Bank: routing {cards.ROUTING}, account 000123456789.</small></p>"
    )
    return _page("Checkout", body, 402 if error else 200)


def _choice(session: Obj, kind: str, label: str, form: dict[str, str]) -> str:
    if len(session["payment_method_types"]) == 1:
        return f'<input type="hidden" name="method" value="{kind}">{label}'
    checked = " checked" if form.get("method", session["payment_method_types"][0]) == kind else ""
    return (
        f'<label><input style="width:auto" type="radio" name="method" value="{kind}"{checked}> '
        f"{label}</label>"
    )


def _input(name: str, label: str, value: str = "", more: str = "") -> str:
    return (
        f'<label for="{name}">{label}</label>'
        f'<input id="{name}" name="{name}" value="{html.escape(value, quote=True)}" {more}>'
    )


# -- 3D Secure


def _bank_asks(world: World, book: Book, name: str, method: str, form: dict[str, str]) -> Page:
    intent = book.any(name)
    if intent is None or intent["object"] not in ("payment_intent", "setup_intent"):
        raise errors.no_such("intent", name)
    if intent["status"] != "requires_action":
        return _page("Done", "<h1>Nothing to confirm</h1><p>You can close this page.</p>")
    if method == "GET":
        return _page(
            "Your bank asks",
            "<h1>3D Secure 2 test page</h1><p>Your bank wants to know that it is you.</p>"
            '<form method="post"><button id="complete" name="outcome" value="complete">Complete'
            '</button><button class="other" id="fail" name="outcome" value="fail">Fail</button></form>',
        )
    back: Any = intent.get("_return_url")
    module: Any = confirming if intent["object"] == "payment_intent" else setups
    try:
        module.authenticated(world, book, intent, passed=form.get("outcome") == "complete")
    except errors.StripeError as no:
        session = next(
            (
                each
                for each in book.of("checkout.session")
                if name in (each["payment_intent"], each["setup_intent"])
            ),
            None,
        )
        if session is not None:
            return _form(world, book, session, error=str(no))
    if not back:
        return _page("Done", "<h1>Thank you</h1><p>You can close this page.</p>")
    return _to(back if "/c/pay/" in back else _with_result(back, intent))


def _with_result(url: str, intent: Obj) -> str:
    kind = intent["object"]
    status = "succeeded" if intent["status"] in ("succeeded", "processing") else "failed"
    joined = "&" if "?" in url else "?"
    return (
        f"{url}{joined}{kind}={intent['id']}&{kind}_client_secret={intent['client_secret']}"
        f"&redirect_status={status}"
    )


# -- Connect onboarding


def _onboarding(
    world: World, account_id: str, token: str, method: str, form: dict[str, str]
) -> Page:
    world.book_of(account_id)
    account = world.platform.get("account", account_id)
    link = account.get("_links", {}).get(token)
    if link is None:
        raise errors.no_such("account_link", token)
    if method == "GET":
        if link["used"] or link["until"] < world.clock.now():
            return _to(link["refresh_url"])
        link["used"] = True
        wanted = "".join(
            f"<li>{html.escape(each)}</li>" for each in account["requirements"]["currently_due"]
        )
        shown = account["business_profile"]["name"] or ""
        return _page(
            "Connect",
            f"<h1>Set up payments</h1><p>Still needed:</p><ul>{wanted}</ul>"
            '<form method="post">'
            + _input("business_name", "Business name", shown)
            + '<button id="submit" name="action" value="submit">Agree and submit</button>'
            '<button class="other" id="later" name="action" value="later">Finish later</button></form>',
        )
    if form.get("action") == "submit":
        accounts.enable(world, account, business=form.get("business_name") or None)
    return _to(link["return_url"])


def _receipt(world: World, book: Book, name: str) -> Page:
    charge = book.get("charge", name)
    return _page(
        "Receipt",
        f"<h1>Receipt from {html.escape(_seller(world, book))}</h1><dl><dt>Amount paid</dt>"
        f"<dd>{money(charge['amount'], charge['currency'])}</dd></dl>",
    )
