"""What the tests ask for again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import stripe


def here(account: str, **more: Any) -> Any:
    """Options of the library's calls on a connected account."""
    return {"stripe_account": account, **more}


def checkout(cents: int = 5000, **more: Any) -> Any:
    return {
        "mode": "payment",
        "success_url": "https://example.com/ok?s={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://example.com/no",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "usd",
                    "unit_amount": cents,
                    "product_data": {"name": "Statement"},
                },
            }
        ],
        **more,
    }


def charged(cents: int = 5000, method: str = "pm_card_visa", **more: Any) -> Any:
    """Parameters of a payment intent that is confirmed at once."""
    return {
        "amount": cents,
        "currency": "usd",
        "payment_method": method,
        "allowed_payment_method_types": ["card", "us_bank_account"],
        "confirm": True,
        **more,
    }


def set_up(method: str = "pm_card_visa", **more: Any) -> Any:
    """Parameters of a setup intent that is confirmed at once."""
    return {
        "payment_method": method,
        "allowed_payment_method_types": ["card", "us_bank_account"],
        "confirm": True,
        **more,
    }


@contextmanager
def refused(
    kind: type[stripe.StripeError] = stripe.InvalidRequestError,
    *,
    code: str | None = None,
    match: str | None = None,
) -> Iterator[Any]:
    with pytest.raises(kind, match=match) as caught:
        yield caught
    # `error`, not `code`: the library's errors of some statuses leave the latter empty.
    said = getattr(caught.value.error, "code", None)
    assert said == code, caught.value
