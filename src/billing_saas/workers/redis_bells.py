"""Bells in a Redis or Valkey. This module imports redis, which few processes need."""

import threading
from typing import Any

import dramatiq
from dramatiq.broker import MessageProxy
from dramatiq.brokers import redis as library


class _Ear(library._RedisConsumer):
    """The library's sleeps longer and longer while it has heard as many bells as it may; ours is woken
    by the first that is answered."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)  # type: ignore[no-untyped-call]  # the library has no types here
        self._answered = threading.Event()

    def __next__(self) -> MessageProxy | None:
        self._answered.clear()
        if not self.message_cache and self.outstanding_message_count >= self.prefetch:
            self._answered.wait(self.timeout / 1000)
            return None
        heard: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]  # as above
        return heard

    def ack(self, message: MessageProxy) -> None:
        try:
            super().ack(message)  # type: ignore[no-untyped-call]  # as above
        finally:
            self._answered.set()

    nack = ack  # what has become of a job is told in its table, not by what the broker keeps


class RedisBells(library.RedisBroker):
    def __init__(self, url: str, middleware: list[dramatiq.Middleware]) -> None:
        super().__init__(url=url, middleware=middleware, namespace="billing-saas")  # type: ignore[no-untyped-call]  # as above

    @property
    def consumer_class(self) -> type[_Ear]:
        return _Ear

    def declare_queue(self, queue_name: str) -> None:
        """Without the delay queues: `run_at` lives in the job table."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)
