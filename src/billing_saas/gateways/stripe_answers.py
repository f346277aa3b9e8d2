"""What Stripe's objects say, read into the few facts that are asked of a processor. Knows no library."""

import calendar
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from billing_saas.kit.processing import (
    AccountTold,
    BalanceLine,
    ChargeTold,
    CheckoutTold,
    DisputeTold,
    EventTold,
    IntentTold,
    PayoutTold,
    RefundTold,
    SetupTold,
)

Obj = Mapping[str, Any]

REFERENCE = "reference"
"""The one word of metadata: a random id of ours."""
_WORD = re.compile(r"[a-z0-9_.]{1,64}\Z")


def checkout(obj: Obj) -> CheckoutTold:
    return CheckoutTold(
        id=obj["id"],
        reference=_uuid(obj.get("client_reference_id")),
        url=obj.get("url") or "",
        status=obj.get("status") or "",
        payment_status=obj.get("payment_status") or "",
        intent=id_of(obj.get("payment_intent")),
        setup=id_of(obj.get("setup_intent")),
        expires_at=_instant(obj["expires_at"]) if obj.get("expires_at") else None,
    )


def intent(obj: Obj, refunds: Iterable[Obj] = (), disputes: Iterable[Obj] = ()) -> IntentTold:
    """`latest_charge` and its balance transaction are expanded."""
    error = obj.get("last_payment_error") or {}
    latest = obj.get("latest_charge")
    paid = isinstance(latest, Mapping) and latest.get("status") == "succeeded"
    return IntentTold(
        id=obj["id"],
        reference=reference(obj),
        status=obj["status"],
        cents=int(obj["amount"]),
        failure_code=word(error.get("decline_code") or error.get("code")),
        charges=(charge(latest),) if paid and isinstance(latest, Mapping) else (),
        refunds=tuple(refund(one) for one in refunds),
        disputes=tuple(dispute(one) for one in disputes),
    )


def charge(obj: Obj) -> ChargeTold:
    return ChargeTold(
        id=obj["id"],
        cents=int(obj["amount_captured"]),
        line=line(obj.get("balance_transaction")),
        at=_instant(obj["created"]),
    )


def refund(obj: Obj) -> RefundTold:
    return RefundTold(
        id=obj["id"],
        charge=id_of(obj.get("charge")),
        cents=int(obj["amount"]),
        status=obj.get("status") or "pending",
        failure_code=word(obj.get("failure_reason")),
        reference=reference(obj),
        line=line(obj.get("balance_transaction")),
        failure_line=line(obj.get("failure_balance_transaction")),
        at=_instant(obj["created"]),
    )


def dispute(obj: Obj) -> DisputeTold:
    due = (obj.get("evidence_details") or {}).get("due_by")
    lines = (line(one) for one in obj.get("balance_transactions") or ())
    return DisputeTold(
        id=obj["id"],
        charge=id_of(obj.get("charge")),
        cents=int(obj["amount"]),
        status=obj["status"],
        reason=word(obj.get("reason")) or "general",
        due_at=_instant(due) if due else None,
        lines=tuple(one for one in lines if one is not None),
        at=_instant(obj["created"]),
    )


def setup(obj: Obj) -> SetupTold:
    """`payment_method` is expanded."""
    method = obj.get("payment_method")
    card = (method.get("card") or {}) if isinstance(method, Mapping) else {}
    year, month = card.get("exp_year"), card.get("exp_month")
    ends = date(year, month, calendar.monthrange(year, month)[1]) if year and month else None
    return SetupTold(
        status=obj["status"],
        customer=id_of(obj.get("customer")),
        method=id_of(method),
        brand=word(card.get("brand")),
        expires_on=ends,
    )


def account(obj: Obj) -> AccountTold:
    wanted = obj.get("requirements") or {}
    due = dict.fromkeys([*(wanted.get("past_due") or ()), *(wanted.get("currently_due") or ())])
    return AccountTold(
        id=obj["id"],
        reference=reference(obj),
        charges_enabled=bool(obj.get("charges_enabled")),
        payouts_enabled=bool(obj.get("payouts_enabled")),
        details_submitted=bool(obj.get("details_submitted")),
        requirements=tuple(one for one in due if _WORD.match(one)),
        disabled_reason=word(wanted.get("disabled_reason")),
    )


def payout(obj: Obj, lines: Iterable[Obj]) -> PayoutTold:
    told = (line(one) for one in lines)
    return PayoutTold(
        id=obj["id"],
        cents=int(obj["amount"]),
        status=obj["status"],
        arrival_on=_instant(obj["arrival_date"]).date(),
        automatic=bool(obj.get("automatic")),
        lines=tuple(one for one in told if one is not None and one.source != obj["id"]),
    )


def line(obj: Any) -> BalanceLine | None:
    """None where it was not expanded, or is not known yet."""
    if not isinstance(obj, Mapping):
        return None
    return BalanceLine(
        id=obj["id"],
        kind=word(obj.get("reporting_category") or obj.get("type")),
        source=id_of(obj.get("source")),
        cents=int(obj["amount"]),
        fee_cents=int(obj["fee"]),
        net_cents=int(obj["net"]),
        at=_instant(obj["created"]),
    )


def event(obj: Any) -> EventTold:
    """Raises `ValueError`, `KeyError` or `TypeError` for what is not an event."""
    about = obj["data"]["object"]
    if obj["object"] != "event" or type(obj["livemode"]) is not bool:
        raise ValueError("not an event")
    told = EventTold(
        id=obj["id"],
        kind=obj["type"],
        object_id=about.get("id") or "",
        account=obj.get("account") or "",
        livemode=obj["livemode"],
        at=_instant(obj["created"]),
    )
    texts: tuple[object, ...] = (told.id, told.kind, told.object_id, told.account)
    for text in texts:
        if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_.]{0,255}", text):
            raise ValueError("not an event")
    return told


def reference(obj: Obj) -> UUID | None:
    return _uuid((obj.get("metadata") or {}).get(REFERENCE))


def id_of(value: Any) -> str:
    """Of something that may be expanded."""
    if isinstance(value, Mapping):
        return str(value.get("id") or "")
    return str(value or "")


def word(value: Any) -> str:
    """A word of Stripe's own lists; what is none is not repeated."""
    return value if isinstance(value, str) and _WORD.match(value) else ""


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
