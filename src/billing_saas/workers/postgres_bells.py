"""Bells in the tables of dramatiq-postgres (migration 0012), many to a statement.

A bell that is heard is gone. The library keeps it until it is answered, so that none is lost with a
worker; here the relay rings again for each job that nobody has claimed, whatever was lost. That saves a
commit per job, and the others are not waited for: what a crash of the server can lose is bells.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import dramatiq
import psycopg
from dramatiq.broker import MessageProxy
from dramatiq_postgres import PostgresBroker
from dramatiq_postgres.broker import PostgresConsumer, raise_connection_error
from psycopg.conninfo import conninfo_to_dict

# A poll is a round trip per queue; a shorter interval would only move the wait to the relay.
_BY_LOOKING: dict[str, Any] = {"listen": False, "notify": False, "poll_interval": 0.25}

# A bell may be lost, so nobody waits until it is on disk: these two transactions hold bells alone.
# The order of the statement is the order of the bells: the relay has put practices in turns.
_RING = """
    WITH rung AS (
      INSERT INTO dramatiq.queue (queue_name, message_id, state, message)
      SELECT queue_name, message_id, 'queued', message
      FROM unnest(%s::text[], %s::uuid[], %s::jsonb[]) WITH ORDINALITY
           AS bell (queue_name, message_id, message, place)
      ORDER BY place
      ON CONFLICT (message_id) DO UPDATE
      SET state = 'queued', message = excluded.message, queue_name = excluded.queue_name,
          available_at = excluded.available_at, worker_id = NULL, consumed_at = NULL, mtime = now()
      RETURNING queue_name
    )
    SELECT set_config('synchronous_commit', 'off', true),
           CASE WHEN %s THEN pg_notify('dramatiq.' || queue_name || '.enqueue', '') END
    FROM rung GROUP BY queue_name
    """
_HEAR = """
    WITH next AS (
      SELECT message_id FROM dramatiq.queue
      WHERE queue_name = %s AND state = 'queued' AND available_at <= now()
      ORDER BY available_at, position
      LIMIT %s
      FOR UPDATE SKIP LOCKED
    ), heard AS (
      DELETE FROM dramatiq.queue AS bell USING next WHERE bell.message_id = next.message_id
      RETURNING bell.available_at, bell.position, bell.message
    )
    SELECT message::text, set_config('synchronous_commit', 'off', true)
    FROM heard ORDER BY available_at, position
    """


class PostgresBells(PostgresBroker):  # type: ignore[misc]  # the library has no types
    """`pooled`: the address leads to a pooler, behind which nobody hears a notification."""

    def __init__(self, url: str, middleware: list[dramatiq.Middleware], *, pooled: bool) -> None:
        # psycopg prepares what it has sent five times; the next transaction may be elsewhere.
        address = {**conninfo_to_dict(url), "prepare_threshold": None} if pooled else url
        looking = _BY_LOOKING if pooled else {}
        super().__init__(url=address, results=False, middleware=middleware, **looking)

    def declare_queue(self, queue_name: str) -> None:
        """Without the delay queues: each would cost a connection, and `run_at` lives in the job table."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = True
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30_000) -> "_Ear":
        return _Ear(broker=self, queue_name=queue_name, prefetch=prefetch, timeout=timeout)

    def ring(self, messages: Sequence[dramatiq.Message[Any]]) -> None:
        """All or none, in one statement. The pool has looked whether the connection is alive."""
        if messages:
            bells = (
                [message.queue_name for message in messages],
                [message.message_id for message in messages],
                [message.encode().decode() for message in messages],
                self.notify,
            )
            with self.pool.connection() as connection:
                connection.execute(_RING, bells)


class _Ear(PostgresConsumer):  # type: ignore[misc]  # as above
    @raise_connection_error  # type: ignore[untyped-decorator]  # as above
    def __next__(self) -> MessageProxy | None:
        # Cleared before looking: what is rung while we look wakes us again.
        self.wakeup.clear()
        if not self.buffer:
            room = self.prefetch - len(self.in_processing)
            if 2 * room >= self.prefetch:  # by the half, not for each bell that is answered
                self.claim(room)
        if self.buffer:
            message = self.buffer.pop(0)
            self.in_processing.add(message.message_id)
            return MessageProxy(message)
        self.wakeup.wait(min(self.timeout_s, self.broker.poll_interval))
        return None

    @raise_connection_error  # type: ignore[untyped-decorator]  # as above
    def claim(self, limit: int) -> None:
        connection: psycopg.Connection[Any] = self.get_consume_conn()
        if not connection.autocommit:
            connection.autocommit = (
                True  # one statement: no round trips for a transaction around it
            )
        for heard, _ in connection.execute(_HEAR, (self.queue_name, limit)):
            self.buffer.append(dramatiq.Message(**json.loads(heard)))

    def ack(self, message: MessageProxy) -> None:
        self.in_processing.discard(message.message_id)
        self.wakeup.set()

    nack = ack

    @raise_connection_error  # type: ignore[untyped-decorator]  # as above
    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """The worker stops: what it heard and has not begun is for another."""
        self.broker.ring([*self.buffer, *messages])
        self.buffer.clear()
