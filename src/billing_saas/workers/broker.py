"""The doorbell: PostgreSQL's tables or a Redis, known only here and in `bench`.

A message is `{job_id}` and nothing else. dramatiq's own retries, results and delays are off: the job
table owns attempts, back-off and dead letters, so a broker may lose or repeat what it likes.
"""

from collections.abc import Sequence
from typing import get_args
from uuid import UUID

import dramatiq

from billing_saas.kit.settings import BadSettings
from billing_saas.outbox.jobs import Queue
from billing_saas.workers.bench import Bench
from billing_saas.workers.postgres_bells import PostgresBells


def connect(
    broker_url: str,
    platform_url: str,
    bench: Bench | None = None,
    *,
    pooled: bool = False,
) -> dramatiq.Broker:
    """The broker of `BILLING_BROKER_URL`; empty: tables in the same database (migration 0012).

    With a bench the process can also work; without, it only rings. `pooled`: `platform_url` leads to
    a pooler, behind which nobody hears a notification.
    """
    url = broker_url or platform_url
    middleware: list[dramatiq.Middleware] = [] if bench is None else [bench]
    made: dramatiq.Broker
    if url.startswith(("redis://", "rediss://")):
        made = _redis(url, middleware)
    elif not url.startswith("postgresql://"):
        raise BadSettings(
            ["BILLING_BROKER_URL: must start with postgresql://, redis://, rediss://"]
        )
    else:
        made = PostgresBells(url, middleware, pooled=pooled and not broker_url)
    if bench is not None:
        _declare_actors(made, bench)
    return made


def _redis(url: str, middleware: list[dramatiq.Middleware]) -> dramatiq.Broker:
    from billing_saas.workers.redis_bells import RedisBells

    return RedisBells(url, middleware)


def patience(broker: dramatiq.Broker, queue: Queue) -> int:
    """Milliseconds a worker waits for a bell before it looks again.

    PostgreSQL tells of a bell. Redis is asked, so that whoever waits waits half of this on average.
    """
    if isinstance(broker, PostgresBells):
        return 1_000
    return 10 if queue == "interactive" else 250


def _declare_actors(broker: dramatiq.Broker, bench: Bench) -> None:
    async def answer(job_id: str) -> None:
        await bench.run(UUID(job_id))

    for queue in get_args(Queue):
        dramatiq.actor(broker=broker, actor_name=queue, queue_name=queue)(answer)


def ring(broker: dramatiq.Broker, bells: Sequence[tuple[str, UUID]]) -> None:
    """Ring for (queue, job id) pairs. Of a bell that is rung twice the second finds nothing to do."""
    messages = [_message(queue, job_id) for queue, job_id in bells]
    if isinstance(broker, PostgresBells):
        broker.ring(messages)
    else:
        for message in messages:
            broker.enqueue(message)


def _message(queue: str, job_id: UUID) -> dramatiq.Message[None]:
    return dramatiq.Message(
        queue_name=queue,
        actor_name=queue,
        args=(),
        kwargs={"job_id": str(job_id)},
        options={},
        message_id=str(job_id),
    )
