"""Webhook endpoints, and the events that they were told of."""

import secrets
from typing import Any

from billing_sandbox.stripe import errors
from billing_sandbox.stripe.listing import page
from billing_sandbox.stripe.routing import LISTED, PAGED, Call, changed, route
from billing_sandbox.stripe.store import Obj, World, new_id


def register(
    world: World,
    url: str,
    *,
    events: list[str],
    connect: bool,
    secret: str | None = None,
    **known: Any,
) -> Obj:
    return world.platform.put(
        {
            "id": new_id("we"),
            "object": "webhook_endpoint",
            "api_version": None,
            "application": None,
            "created": world.clock.now(),
            "description": None,
            "enabled_events": events,
            "livemode": False,
            "metadata": {},
            "secret": secret or "whsec_" + secrets.token_urlsafe(24),
            "status": "enabled",
            "url": url,
            # Of the connected accounts; otherwise of the platform itself.
            "_connect": connect,
        }
        | known
    )


def _shown(endpoint: Obj) -> Obj:
    """The secret is told once, at creation."""
    return {name: value for name, value in endpoint.items() if name != "secret"}


def _checked(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise errors.invalid(
            "Invalid URL: An explicit scheme (such as https) must be provided.", "url"
        )
    return url


@route(
    "POST", "/v1/webhook_endpoints", "url enabled_events connect description metadata api_version"
)
def create(call: Call) -> Obj:
    events = call.params.texts("enabled_events")
    if not events:
        raise errors.missing("enabled_events")
    return register(
        call.world,
        _checked(call.params.need("url")),
        events=events,
        connect=call.params.flag("connect"),
        description=call.params.text("description"),
        metadata=call.params.metadata(),
        api_version=call.params.text("api_version"),
    )


@route("GET", "/v1/webhook_endpoints", PAGED)
def everyone(call: Call) -> Obj:
    rows = [_shown(row) for row in call.world.platform.of("webhook_endpoint")]
    return page(call.params, rows, "/v1/webhook_endpoints")


@route("GET", "/v1/webhook_endpoints/{id}")
def one(call: Call) -> Obj:
    return _shown(call.world.platform.get("webhook_endpoint", call.id))


@route("POST", "/v1/webhook_endpoints/{id}", "url enabled_events description metadata disabled")
def update(call: Call) -> Obj:
    endpoint = call.world.platform.get("webhook_endpoint", call.id)
    updates: Obj = {"metadata": call.params.metadata(endpoint["metadata"])}
    if "url" in call.params:
        updates["url"] = _checked(call.params.need("url"))
    if "enabled_events" in call.params:
        updates["enabled_events"] = call.params.texts("enabled_events")
    if "description" in call.params:
        updates["description"] = call.params.text("description")
    if "disabled" in call.params:
        updates["status"] = "disabled" if call.params.flag("disabled") else "enabled"
    changed(endpoint, updates)
    return _shown(endpoint)


@route("DELETE", "/v1/webhook_endpoints/{id}")
def delete(call: Call) -> Obj:
    call.world.platform.drop(call.world.platform.get("webhook_endpoint", call.id))
    return {"id": call.id, "object": "webhook_endpoint", "deleted": True}


@route("GET", "/v1/events", f"{LISTED} type types delivery_success")
def events(call: Call) -> Obj:
    rows = call.book.of("event")
    if kind := call.params.text("type"):
        rows = [row for row in rows if _fits(row["type"], kind)]
    if kinds := call.params.texts("types"):
        rows = [row for row in rows if any(_fits(row["type"], each) for each in kinds)]
    if "delivery_success" in call.params:
        wanted = call.params.flag("delivery_success")
        rows = [row for row in rows if (row["pending_webhooks"] == 0) == wanted]
    return page(call.params, rows, "/v1/events")


def _fits(kind: str, asked: str) -> bool:
    return kind.startswith(asked[:-1]) if asked.endswith("*") else kind == asked


@route("GET", "/v1/events/{id}")
def event(call: Call) -> Obj:
    return call.book.get("event", call.id)
