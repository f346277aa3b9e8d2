"""The page at `/`: what the sandbox holds, and the buttons of the bank, the patient and the clock.

For the demo and for development, where a person plays everybody outside the product.
"""

import html
from collections.abc import Callable

from billing_sandbox.stripe import confirming, disputes, errors, payouts, refunds
from billing_sandbox.stripe.store import Book, Obj, World

_SHOWN = 15


def acts(world: World, form: dict[str, str]) -> str:
    """Do what a button says; what to tell."""
    name, act = form.get("id", ""), form.get("act", "")
    if act in _BY_CLOCK:
        seconds, told = _BY_CLOCK[act]
        world.clock.advance(seconds)
        return told
    for book in world.everywhere():
        obj = book.any(name)
        if act == "pay_out" and name == book.account_id:
            made = payouts.automatic(world, book)
            return f"Payout {made['id']} is on its way." if made else "Nothing is available yet."
        if obj is not None and act in _ACTS:
            _ACTS[act](world, book, obj)
            return f"Done: {act.replace('_', ' ')}, {name}."
    raise errors.no_such("object", name)


_BY_CLOCK = {
    "hour": (3600, "An hour has passed."),
    "day": (86_400, "A day has passed."),
    "week": (7 * 86_400, "A week has passed."),
}
_Act = Callable[[World, Book, Obj], object]
_ACTS: dict[str, _Act] = {
    "debit_paid": lambda w, b, o: confirming.settle_debit(w, b, o, failed=False),
    "debit_failed": lambda w, b, o: confirming.settle_debit(w, b, o, failed=True),
    "dispute": lambda w, b, o: disputes.open_one(w, b, b.get("charge", o["latest_charge"])),
    "inquiry": lambda w, b, o: disputes.open_one(
        w, b, b.get("charge", o["latest_charge"]), inquiry=True
    ),
    "won": lambda w, b, o: disputes.decide(w, b, o, won=True),
    "lost": lambda w, b, o: disputes.decide(w, b, o, won=False),
    "escalate": disputes.escalate,
    "fail_refund": refunds.fail,
    "fail_payout": payouts.fail,
}


def body(world: World, told: str = "") -> str:
    said = f'<p role="status"><strong>{html.escape(told)}</strong></p>' if told else ""
    parts = [
        "<h1>Sandbox Stripe</h1>",
        said,
        "<p>You are the bank, the patient and the clock.</p>",
        _buttons("", [("hour", "An hour passes"), ("day", "A day passes"), ("week", "A week")]),
    ]
    for book in world.everywhere():
        account = world.account(book)
        if account is None and not book.kinds():
            continue
        parts.append(_book(world, book, account))
    parts.append("<h2>Last deliveries</h2><ul>")
    parts += [
        f"<li>{html.escape(each.kind)}: {each.status or 'no answer'}</li>"
        for each in reversed(world.deliveries.attempts[-_SHOWN:])
    ]
    return "".join(parts) + "</ul>"


def _book(world: World, book: Book, account: Obj | None) -> str:
    named = (account and account["business_profile"]["name"]) or (
        "Not onboarded yet" if account else "The platform itself"
    )
    parts = [f"<h2>{html.escape(named)}</h2><p><small>{book.account_id}</small></p>"]
    parts.append(_buttons(book.account_id, [("pay_out", "Pay out what is available")]))
    rows = {
        "payment_intent": _of_intent,
        "dispute": _of_dispute,
        "refund": _of_refund,
        "payout": _of_payout,
    }
    for kind, choices in rows.items():
        found = book.of(kind)[:_SHOWN]
        if found:
            parts.append(f"<h3>{kind.replace('_', ' ').capitalize()}s</h3><ul>")
            parts += [
                f"<li>{each['amount'] / 100:,.2f} {each['currency'].upper()}, {each['status']} "
                f"<small>{each['id']}</small>{_buttons(each['id'], choices(each))}</li>"
                for each in found
            ]
            parts.append("</ul>")
    return "".join(parts)


_Choices = list[tuple[str, str]]


def _of_intent(intent: Obj) -> _Choices:
    if intent["status"] == "processing":
        return [("debit_paid", "The bank pays"), ("debit_failed", "The bank refuses")]
    if intent["status"] == "succeeded":
        return [("dispute", "Dispute"), ("inquiry", "Ask about it")]
    return []


def _of_dispute(dispute: Obj) -> _Choices:
    if dispute["status"] in ("won", "lost", "warning_closed"):
        return []
    more = [("escalate", "Becomes a chargeback")] if "warning" in dispute["status"] else []
    return [*more, ("won", "The practice wins"), ("lost", "The practice loses")]


def _of_refund(refund: Obj) -> _Choices:
    return [("fail_refund", "Comes back")] if refund["status"] in ("succeeded", "pending") else []


def _of_payout(payout: Obj) -> _Choices:
    return [("fail_payout", "Comes back")] if payout["status"] in ("paid", "pending") else []


def _buttons(name: str, choices: _Choices) -> str:
    if not choices:
        return ""
    return (
        '<form method="post" action="/">'
        f'<input type="hidden" name="id" value="{html.escape(name, quote=True)}">'
        + "".join(
            f'<button class="other small" name="act" value="{act}">{label}</button> '
            for act, label in choices
        )
        + "</form>"
    )
