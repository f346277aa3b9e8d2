"""The doorbell's tables are those the library speaks to, and a bell carries a job id alone."""

import hashlib
import json
from importlib.resources import files

import psycopg
import pytest
import redis

from billing_saas.kit.ids import new_id
from billing_saas.kit.settings import BadSettings
from billing_saas.workers import broker
from tests.cluster import Clone
from tests.doorbells import Valkey

PINNED = "be4524c4b25d8751b0d18402c3db3fbe4819cdf322a0926d45b2205c2eaa6870"  # of 1.4.0


def test_migration_0012_is_the_librarys_schema() -> None:
    """A newer dramatiq-postgres with other tables needs a migration, and then this hash."""
    schema = files("dramatiq_postgres").joinpath("schema.sql").read_text()
    statements = "\n".join(
        line.strip() for line in schema.splitlines() if line.strip() and not line.startswith("--")
    )
    assert hashlib.sha256(statements.encode()).hexdigest() == PINNED


def test_a_bell_carries_a_job_id_and_a_repeated_one_replaces_itself(clone: Clone) -> None:
    job_id = new_id()
    bells = broker.connect("", clone.urls.platform)
    try:
        broker.ring(bells, [("files", job_id)])
        broker.ring(bells, [("files", job_id)])
    finally:
        bells.close()
    with psycopg.connect(clone.urls.platform) as connection:
        held = connection.execute("SELECT message_id, queue_name, message FROM dramatiq.queue")
        ((message_id, queue, message),) = held.fetchall()
    assert (message_id, queue) == (job_id, "files")
    assert (message["args"], message["kwargs"]) == ([], {"job_id": str(job_id)})
    assert message["options"] == {}


def test_a_bell_in_redis_carries_a_job_id_alone(clone: Clone, valkey: Valkey) -> None:
    valkey.forget()
    job_id = new_id()
    bells = broker.connect(valkey.url, clone.urls.platform)
    broker.ring(bells, [("bulk", job_id)])
    broker.ring(bells, [("bulk", job_id)])  # which finds nothing to do
    bells.close()
    with redis.Redis.from_url(valkey.url) as client:
        kept = client.hvals("billing-saas:bulk.msgs")
    messages = [json.loads(message) for message in kept]
    assert [(m["args"], m["kwargs"]) for m in messages] == [([], {"job_id": str(job_id)})] * 2
    assert {*messages[0]["options"]} == {"redis_message_id"}
    assert valkey.held() == 2


def test_the_application_role_has_no_bell(clone: Clone) -> None:
    with (
        psycopg.connect(clone.urls.app) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT 1 FROM dramatiq.queue")


def test_another_broker_is_refused_by_name(clone: Clone) -> None:
    with pytest.raises(BadSettings, match="BILLING_BROKER_URL"):
        broker.connect("amqps://127.0.0.1/0", clone.urls.platform)
