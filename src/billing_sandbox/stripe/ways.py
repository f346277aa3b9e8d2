"""Which ways of paying an intent or a page offers: what the account has switched on, narrowed by the call.

`payment_method_types` was the caller's own list until 2026-09-30; since then it is refused, and
`allowed_payment_method_types` narrows what the account offers.
"""

from billing_sandbox.stripe import errors, methods
from billing_sandbox.stripe.routing import Call

ACCEPTED = "payment_method_types allowed_payment_method_types excluded_payment_method_types"
_GONE = "2026-09-30"
# Since this release an intent that says nothing takes what the dashboard says.
_DYNAMIC = "2023-08-16"


def chosen(call: Call) -> list[str] | None:
    """The ways that this call leads to; None: it says nothing about them."""
    params = call.params
    old, allowed, excluded = (params.texts(name) for name in ACCEPTED.split())
    if "payment_method_types" in params:
        if call.since(_GONE):
            raise errors.invalid(
                "The payment_method_types parameter is no longer supported. Use "
                "allowed_payment_method_types, or excluded_payment_method_types, instead.",
                "payment_method_types",
                "payment_method_types_no_longer_supported",
            )
        for kind in old:
            if kind not in methods.KINDS:
                raise errors.invalid(
                    f"The payment method type provided: {kind} is invalid (the sandbox has "
                    f"{', '.join(methods.KINDS)}).",
                    "payment_method_types",
                )
    given = [
        name
        for name in (*ACCEPTED.split(), "automatic_payment_methods")
        if name in params and name != "excluded_payment_method_types"
    ]
    if len(given) > 1 or (allowed and excluded):
        raise errors.invalid(
            f"You may only specify one of these parameters: {', '.join(given)}.", given[0]
        )
    if old:
        return old
    if allowed:
        return _some([kind for kind in call.book.offers if kind in allowed])
    if excluded:
        return _some([kind for kind in call.book.offers if kind not in excluded])
    return None


def _some(kinds: list[str]) -> list[str]:
    if not kinds:
        raise errors.refused(
            "No valid payment method types for this request: none of those asked for is switched on."
        )
    return kinds


def offered(call: Call) -> list[str]:
    """What an intent or page takes when nothing is said: an old caller's intent takes cards."""
    return list(call.book.offers) if call.since(_DYNAMIC) else ["card"]


def dynamic(call: Call) -> bool:
    return call.since(_DYNAMIC)
