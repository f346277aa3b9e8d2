"""Connected accounts of the Standard kind: opened, onboarded on a hosted page, kept or lost."""

import secrets
from typing import Any

from billing_sandbox.stripe import errors
from billing_sandbox.stripe.listing import page
from billing_sandbox.stripe.routing import LISTED, Call, changed, route
from billing_sandbox.stripe.store import Book, Obj, World, new_id

WANTED_AT_FIRST = [
    "business_profile.url",
    "business_type",
    "external_account",
    "representative.first_name",
    "representative.last_name",
    "tos_acceptance.date",
    "tos_acceptance.ip",
]
_LINK_LIVES = 300


def _requirements(due: list[str], disabled: str | None) -> Obj:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": list(due),
        "disabled_reason": disabled,
        "errors": [],
        "eventually_due": list(due),
        "past_due": list(due) if disabled else [],
        "pending_verification": [],
    }


def _future() -> Obj:
    return _requirements([], None) | {"disabled_reason": None}


def _settings() -> Obj:
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": {
            "icon": None,
            "logo": None,
            "primary_color": None,
            "secondary_color": None,
        },
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "offer"},
        "payments": {
            "statement_descriptor": None,
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


def make(world: World, **known: Any) -> Obj:
    name = new_id("acct", 16)
    account: Obj = {
        "id": name,
        "object": "account",
        "business_profile": {
            "annual_revenue": None,
            "estimated_worker_count": None,
            "mcc": None,
            "minority_owned_business_designation": None,
            "name": None,
            "product_description": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
        },
        "business_type": None,
        "capabilities": {"card_payments": "inactive", "transfers": "inactive"},
        "charges_enabled": False,
        "controller": {
            "fees": {"payer": "account"},
            "is_controller": True,
            "losses": {"payments": "stripe"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": "full"},
            "type": "application",
        },
        "country": "US",
        "created": world.clock.now(),
        "default_currency": "usd",
        "details_submitted": False,
        "email": None,
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "total_count": 0,
            "url": f"/v1/accounts/{name}/external_accounts",
        },
        "future_requirements": _future(),
        "metadata": {},
        "payouts_enabled": False,
        "requirements": _requirements(WANTED_AT_FIRST, "requirements.past_due"),
        "settings": _settings(),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "standard",
    } | known
    world.platform.put(account)
    world.books[name] = Book(name)
    return account


def told(world: World, account: Obj, previous: Obj | None = None) -> None:
    if book := world.books.get(account["id"]):
        world.emit(book, "account.updated", account, previous or {})


def enable(world: World, account: Obj, *, business: str | None = None) -> Obj:
    """Onboarded: nothing is wanted any more; the account charges and is paid."""
    bank: Obj = {
        "id": new_id("ba"),
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": None,
        "account_holder_type": None,
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "country": "US",
        "currency": "usd",
        "default_for_currency": True,
        "fingerprint": secrets.token_hex(8),
        "future_requirements": None,
        "last4": "6789",
        "metadata": {},
        "requirements": None,
        "routing_number": "110000000",
        "status": "new",
    }
    updates: Obj = {
        "charges_enabled": True,
        "payouts_enabled": True,
        "details_submitted": True,
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "requirements": _requirements([], None),
        "tos_acceptance": {"date": world.clock.now(), "ip": "127.0.0.1", "user_agent": None},
    }
    if business:
        updates["business_profile"] = account["business_profile"] | {"name": business}
        updates["settings"] = account["settings"] | {
            "dashboard": account["settings"]["dashboard"] | {"display_name": business}
        }
    if not account["external_accounts"]["data"]:
        updates["external_accounts"] = account["external_accounts"] | {
            "data": [bank],
            "total_count": 1,
        }
        world.books[account["id"]].put(bank)
    told(world, account, changed(account, updates))
    return account


def require(world: World, account: Obj, due: list[str], *, disabled: bool) -> Obj:
    """Stripe wants something more; `disabled`: until then nothing is charged or paid out."""
    updates: Obj = {
        "requirements": _requirements(due, "requirements.past_due" if disabled else None)
    }
    if disabled:
        updates |= {
            "charges_enabled": False,
            "payouts_enabled": False,
            "capabilities": {"card_payments": "inactive", "transfers": "inactive"},
        }
    told(world, account, changed(account, updates))
    return account


def deauthorize(world: World, account: Obj) -> None:
    """The practice has taken the platform's access away; the platform is told, and shut out."""
    book = world.books[account["id"]]
    world.emit(
        book,
        "account.application.deauthorized",
        {"id": new_id("ca"), "object": "application", "name": "Sandbox platform"},
    )
    world.lost.append(world.books.pop(account["id"]))
    world.platform.drop(account)


_WRITTEN = "email business_type business_profile metadata company individual settings tos_acceptance external_account"


def _written(call: Call, before: Obj) -> Obj:
    params = call.params
    updates: Obj = {"metadata": params.metadata(before["metadata"])}
    if "email" in params:
        updates["email"] = params.text("email")
    if "business_type" in params:
        updates["business_type"] = params.one_of(
            "business_type", ("company", "government_entity", "individual", "non_profit")
        )
    if "business_profile" in params:
        given = params.inner("business_profile")
        given.only(before["business_profile"])
        updates["business_profile"] = before["business_profile"] | given.values
    if "settings" in params:
        given = params.inner("settings")
        given.only(("payouts",))
        payouts = given.inner("payouts")
        payouts.only(("schedule", "statement_descriptor", "debit_negative_balances"))
        schedule = payouts.inner("schedule")
        interval = schedule.one_of("interval", ("manual", "daily", "weekly", "monthly"), "daily")
        held = before["settings"]["payouts"]
        updates["settings"] = before["settings"] | {
            "payouts": held | {"schedule": held["schedule"] | {"interval": interval}}
        }
    return updates


@route("POST", "/v1/accounts", f"type country controller capabilities default_currency {_WRITTEN}")
def create(call: Call) -> Obj:
    if call.book is not call.world.platform:
        raise errors.refused("Only the platform opens accounts.")
    params = call.params
    kind = params.one_of("type", ("standard", "express", "custom"))
    controller = params.inner("controller")
    controller.only(("fees", "losses", "requirement_collection", "stripe_dashboard"))
    dashboard = controller.inner("stripe_dashboard").text("type")
    if kind in ("express", "custom") or dashboard in ("express", "none"):
        raise errors.refused("The sandbox has Standard accounts only.", param="type")
    if kind and controller.values:
        raise errors.invalid(
            "You may not provide the `type` parameter and `controller` parameters simultaneously. They "
            "are mutually exclusive.",
            "controller",
        )
    draft = make(call.world, country=(params.text("country") or "US").upper())
    if controller.values:
        draft["type"] = "none"
    draft.update(_written(call, draft))
    return draft


def _of(call: Call) -> Obj:
    call.world.book_of(call.id)
    return call.world.platform.get("account", call.id, "account")


@route("GET", "/v1/accounts", LISTED)
def everyone(call: Call) -> Obj:
    return page(call.params, call.world.platform.of("account"), "/v1/accounts")


@route("GET", "/v1/account")
def mine(call: Call) -> Obj:
    account = call.world.account(call.book)
    if account is not None:
        return account
    name = call.world.platform.account_id
    return {
        "id": name,
        "object": "account",
        "charges_enabled": True,
        "payouts_enabled": True,
        "details_submitted": True,
        "country": "US",
        "default_currency": "usd",
        "email": None,
        "type": "standard",
        "settings": {"dashboard": {"display_name": "Sandbox platform", "timezone": "Etc/UTC"}},
    }


@route("GET", "/v1/accounts/{id}")
def one(call: Call) -> Obj:
    return mine(call) if call.id == call.world.platform.account_id else _of(call)


@route("POST", "/v1/accounts/{id}", _WRITTEN)
def update(call: Call) -> Obj:
    account = _of(call)
    told(call.world, account, changed(account, _written(call, account)))
    return account


@route("DELETE", "/v1/accounts/{id}")
def delete(call: Call) -> Obj:
    account = _of(call)
    deauthorize(call.world, account)
    return {"id": call.id, "object": "account", "deleted": True}


@route(
    "POST", "/v1/account_links", "account type refresh_url return_url collection_options collect"
)
def link(call: Call) -> Obj:
    params = call.params
    name = params.need("account")
    call.world.book_of(name)
    account = call.world.platform.get("account", name, "account", in_path=False)
    kind = params.one_of("type", ("account_onboarding", "account_update"))
    if kind is None:
        raise errors.missing("type")
    if kind == "account_update":
        raise errors.refused(
            "You cannot create `account_update` type Account Links for this account.", param="type"
        )
    token = secrets.token_urlsafe(18)
    account.setdefault("_links", {})[token] = {
        "refresh_url": params.need("refresh_url"),
        "return_url": params.need("return_url"),
        "until": call.now + _LINK_LIVES,
        "used": False,
    }
    return {
        "object": "account_link",
        "created": call.now,
        "expires_at": call.now + _LINK_LIVES,
        "url": f"{call.world.url}/setup/s/{name}/{token}",
    }
