"""Stripe knocks at the served door: raw bytes, signed, answered at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from billing_saas.gateways import key_folder
from billing_saas.kit.db import Database
from billing_saas.payments.tables import ProcessorEvent
from billing_sandbox.stripe import webhooks
from tests.api.servers import serving
from tests.api.walking import Client, knocking
from tests.cast import Tenant
from tests.cluster import Clone
from tests.payments.till import Till

PATH = "/hooks/stripe"


@pytest.fixture
async def client(database: Database) -> AsyncIterator[Client]:
    async with knocking(database) as made:
        yield made


async def posted(client: Client, body: bytes, signature: str) -> Any:
    headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
    return await client.http.post(PATH, content=body, headers=headers)


async def kept(till: Till) -> int:
    async with till.database.tenant(till.tenant.id) as db:
        return int(await db.scalar(select(func.count()).select_from(ProcessorEvent)) or 0)


async def test_what_stripe_signed_is_kept_once_and_answered_at_once(
    till: Till, client: Client
) -> None:
    await till.start(await till.guarantor(4_000), 4_000)
    await till.paid(await till.guarantor(2_000), 2_000)
    event = till.events("payment_intent.succeeded")[0]
    before = await kept(till)
    body = webhooks.body_of({**event, "id": "evt_new"})
    for _ in range(3):
        begun = time.monotonic()
        answer = await posted(client, body, till.signature(body))
        assert answer.status_code == 200
        assert time.monotonic() - begun < 1
    assert await kept(till) == before + 1


@pytest.mark.parametrize("how", ["changed", "stale", "unsigned", "other", "not json", "empty"])
async def test_everything_else_is_refused_and_nothing_is_kept(
    till: Till, client: Client, how: str
) -> None:
    await till.start(await till.guarantor(4_000), 4_000)
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "account": till.account,
        "livemode": False,
        "created": 1_790_000_000,
        "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
    }
    body = webhooks.body_of(event)
    signature = till.signature(body)
    if how == "changed":  # the same, written anew: not the very bytes
        body = body.replace(b"  ", b" ")
    elif how == "stale":
        signature = till.signature(body, age=301)
    elif how == "unsigned":
        signature = ""
    elif how == "other":
        signature = till.signature(body, secret="whsec_of_nobody")
    elif how == "not json":
        body = b"\xff\x00 no"
        signature = till.signature(body)
    else:
        body = b""
        signature = till.signature(body)
    answer = await posted(client, body, signature)
    assert answer.status_code == 400
    assert await kept(till) == 0


async def test_without_a_processor_nobody_is_let_in(elm: Tenant, client: Client) -> None:
    assert (await posted(client, b"{}", "t=1,v1=0")).status_code == 400


async def test_the_door_is_open_to_no_other_method(till: Till, client: Client) -> None:
    assert (await client.http.get(PATH)).status_code == 405


@pytest.mark.slow
async def test_deliveries_over_sockets_shuffled_and_fifty_of_each(
    till: Till, clone: Clone, tmp_path: Path
) -> None:
    """L4, L5: the sandbox's own deliveries to the product's own server processes."""
    guarantor_id = await till.guarantor(4_000)
    sandbox = till.sandbox
    folder = tmp_path / "keys"
    key_folder.KeyFolder(folder)
    settings = {
        "BILLING_STRIPE_KEY": sandbox.api_key,
        "BILLING_STRIPE_WEBHOOK_SECRET": sandbox.webhook_secret,
        "BILLING_STRIPE_API": sandbox.url,
    }
    with serving(clone, folder, **settings) as url:
        sandbox.hold()
        sandbox.deliver_to(url + PATH)
        before = len(sandbox.attempts)
        started = await till.start(guarantor_id, 4_000)
        await till.pay(started)
        await asyncio.to_thread(sandbox.release, order="shuffled", copies=50)
        assert await asyncio.to_thread(sandbox.settle, 120)
    tried = sandbox.attempts[before:]
    assert len(tried) >= 50
    assert {attempt.status for attempt in tried} == {200}
    await till.work()
    assert (await till.payment(started.payment_id)).state == "succeeded"
    assert (await till.balances())["processor_fees"] == 4_000 * 29 // 1000 + 30
