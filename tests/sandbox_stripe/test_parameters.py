"""No parameter is understood that Stripe would refuse: what passes here must pass there."""

import re
from typing import Any

import pytest
from stripe import params as of_stripe
from stripe.params import checkout as of_checkout

from billing_sandbox.stripe import checkout, disputes
from billing_sandbox.stripe.routing import ROUTES, Route

# Not of the library: what Stripe's own page calls, older spellings, and the old Charges API, refused.
_OTHERS = ("/payment_pages", "/sources", "/balance", "/v1/account$", "/v1/charges$")
_VERBS = {"GET": "Retrieve", "POST": "Update", "DELETE": "Delete"}


def _named(route: Route) -> str:
    """The library's class of a route's parameters: `POST /v1/refunds` is RefundCreateParams."""
    path = route.pattern.pattern.strip("^$").removeprefix("/v1/").removeprefix("checkout/")
    parts = [part for part in re.sub(r"\(\?P<\w+>\[\^/\]\+\)", "{}", path).split("/") if part]
    noun = parts[0].removesuffix("s")
    thing = "".join(word.title() for word in noun.split("_"))
    match parts[1:], route.method:
        case [], "GET":
            verb = "List"
        case [], "POST":
            verb = "Create"
        case ["{}"], method:
            verb = _VERBS[method]
        case ["{}", done], "POST":
            verb = "CreateReversal" if done == "reversals" else done.title()
        case ["{}", listed], "GET":
            verb = "List" + "".join(word.title() for word in listed.split("_"))
        case _:
            verb = "RetrievePaymentMethod"
    return f"{thing}{verb}Params"


_OURS = [
    each
    for each in ROUTES
    if not any(re.search(other, each.pattern.pattern + "$") for other in _OTHERS)
    and not ("/v1/charges" in each.pattern.pattern and "refunds" in each.pattern.pattern)
]


@pytest.mark.parametrize("route", _OURS, ids=lambda route: f"{route.method} {_named(route)}")
def test_a_route(route: Route) -> None:
    home: Any = of_checkout if "checkout" in route.pattern.pattern else of_stripe
    known = set(getattr(home, _named(route)).__annotations__)
    # Of old callers alone; who speaks the library's version is refused (test_ways_of_paying).
    assert route.accepts - known <= {"expand", "payment_method_types"}


def test_nested() -> None:
    inner = set(of_checkout.SessionCreateParamsPaymentIntentData.__annotations__)
    assert set(checkout.INTENT) <= inner
    evidence = set(of_stripe.DisputeUpdateParamsEvidence.__annotations__)
    assert set(disputes.EVIDENCE) == evidence - {"appeal", "enhanced_evidence"}
