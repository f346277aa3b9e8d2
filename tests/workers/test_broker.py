"""The doorbell's tables are those the library speaks to, and a bell carries a job id alone."""

import hashlib
from importlib.resources import files

import psycopg
import pytest

from billing_saas.kit.ids import new_id
from billing_saas.kit.settings import BadSettings
from billing_saas.workers import broker
from tests.cluster import Clone

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


def test_the_application_role_has_no_bell(clone: Clone) -> None:
    with (
        psycopg.connect(clone.urls.app) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT 1 FROM dramatiq.queue")


def test_another_broker_is_refused_by_name(clone: Clone) -> None:
    with pytest.raises(BadSettings, match="BILLING_BROKER_URL"):
        broker.connect("redis://127.0.0.1/0", clone.urls.platform)
