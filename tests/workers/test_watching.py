"""What a watcher sees: depth, age and dead letters per queue, files that wait; of whom is not told."""

from datetime import UTC, datetime, timedelta

import psycopg
from prometheus_client import CollectorRegistry, generate_latest

from billing_saas.kit import clock, meters
from billing_saas.kit.db import Database, PlatformSession
from billing_saas.kit.ids import new_id
from billing_saas.kit.meters import Measure
from billing_saas.outbox import queue
from billing_saas.workers import running, watching
from tests.cast import Tenant
from tests.cluster import Clone
from tests.workers.acts import Mark, Stumble, Urgent


async def seen(database: Database, look: watching.Look) -> dict[str, float]:
    async with database.platform() as db:
        measures = await look(db)
    return {
        ".".join([one.name.removeprefix("billing_saas_"), *one.labels.values()]): one.value
        for one in measures
    }


async def test_queues_tell_depth_age_and_dead_letters(database: Database, elm: Tenant) -> None:
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    with clock.frozen(noon):
        async with database.tenant(elm.id) as db:
            for _ in range(3):
                await queue.add(db, Mark(new_id()))
            await queue.add(db, Urgent(new_id()), run_at=noon + timedelta(hours=1))
            dead = await queue.add(db, Stumble(new_id(), "answer"))
        await running.run_job(database, dead)
    with clock.frozen(noon + timedelta(seconds=90)):
        found = await seen(database, watching.queues)
    assert found["queue_due.files"] == 3
    assert found["queue_oldest_seconds.files"] == 90
    assert found["queue_due.interactive"] == 0
    assert found["queue_waiting.interactive"] == 1
    assert found["dead_letters.bulk"] == 1


async def test_arrivals_tell_how_long_the_oldest_waits(
    database: Database, clone: Clone, elm: Tenant
) -> None:
    now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    ages = {"received": [5, 700], "held": [90_000], "handled": [60, 7200], "unreadable": []}
    with clock.frozen(now):
        assert (await seen(database, watching.arrivals))["posting_lag_seconds"] == 0
    with psycopg.connect(clone.url("postgres")) as superuser:
        superuser.execute("SET session_replication_role = replica")  # a file needs no blob here
        for state, seconds in ages.items():
            for age in seconds:
                superuser.execute(
                    "INSERT INTO arrival (tenant_id, id, source, external_id, state, blob_id, bytes,"
                    " received_at, received_by_kind, received_by, key_ver)"
                    " VALUES (%s, %s, 'upload', %s, %s, %s, 1, %s, 'user', %s, 1)",
                    [
                        *(elm.id, new_id(), str(new_id()), state, new_id()),
                        *(now - timedelta(seconds=age), new_id()),
                    ],
                )
    with clock.frozen(now):
        found = await seen(database, watching.arrivals)
    assert found == {
        "arrivals_last_hour.received": 2,
        "arrivals_last_hour.held": 0,
        "arrivals_last_hour.handled": 1,
        "arrivals_last_hour.unreadable": 0,
        "arrivals_open.received": 2,
        "arrivals_open.held": 1,
        "posting_lag_seconds": 700,
    }


async def test_seals_tell_how_far_they_are_behind(database: Database, elm: Tenant) -> None:
    """Provisioning Elm was told to the audit trail, and nobody has sealed it."""
    found = await seen(database, watching.seals)
    assert found["seal_lag_seconds"] > 0


async def test_a_look_that_fails_is_counted_and_the_others_go_on(database: Database) -> None:
    def failures() -> float:
        name = "billing_saas_looks_failed_total"
        return meters.REGISTRY.get_sample_value(name, {"look": "broken"}) or 0

    async def broken(db: PlatformSession) -> list[Measure]:
        raise ConnectionError("MRN 12345")

    latest, registry, before = meters.Latest(good_for=60), CollectorRegistry(), failures()
    registry.register(latest)
    for look in (broken, watching.queues):
        await watching._look(database, look, latest)
    assert failures() == before + 1
    assert b'billing_saas_queue_due{queue="files"} 0.0' in generate_latest(registry)
