"""Stripe knocks: what happened to an account, a payment, a payout. Believed by its signature over the bytes."""

from typing import Any

from litestar import Request, post

from billing_saas.api import door
from billing_saas.api.declaring import KNOCK
from billing_saas.api.refusals import bad_request
from billing_saas.kit.db import Database
from billing_saas.payments.errors import NoProcessor, NotForUs
from billing_saas.processor_events import handling


@post("/stripe", status_code=200, opt=KNOCK, include_in_schema=False)
async def receive_event(request: Request[Any, Any, Any]) -> None:
    """Kept before it is answered, and handled later: Stripe does not wait long. Whoever is not Stripe
    counts against an address' limit, and is told nothing of why."""
    database: Database = request.app.state.database
    state = request.scope["state"]
    signature = request.headers.get("stripe-signature", "")
    try:
        await handling.receive(database, state["body"], signature, state["request_id"])
    except (NotForUs, NoProcessor):
        await door.told_apart(request)
        raise bad_request("This is not for us.") from None


HANDLERS = [receive_event]
