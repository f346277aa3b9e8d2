"""Idempotency keys: one key is one request and one answer, for a day of the sandbox's clock."""

import threading
from dataclasses import dataclass
from typing import Any

from billing_sandbox.stripe import errors
from billing_sandbox.stripe.clock import DAY, Clock


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    request_id: str


@dataclass
class _Kept:
    path: str
    said: dict[str, Any]
    since: float
    answer: Answer | None = None


class Keys:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._lock = threading.Lock()

    def take(self, account: str, key: str, path: str, said: dict[str, Any]) -> Answer | None:
        """The answer given before; None: the request is the first, and holds the key until it is kept
        or let go."""
        with self._lock:
            kept = self._kept.get((account, key))
            if kept and kept.answer and self._clock.exactly() - kept.since >= DAY:
                kept = None
            if kept is None:
                self._kept[account, key] = _Kept(path, said, self._clock.exactly())
                return None
            if kept.path != path:
                raise _mismatch(
                    f"Keys for idempotent requests can only be used for the same endpoint they were "
                    f"first used for ('{kept.path}' vs '{path}'). Try using a key other than '{key}' "
                    "if you meant to execute a different request."
                )
            if kept.said != said:
                raise _mismatch(
                    "Keys for idempotent requests can only be used with the same parameters they were "
                    f"first used with. Try using a key other than '{key}' if you meant to execute a "
                    "different request."
                )
            if kept.answer is None:
                raise errors.StripeError(
                    "There is currently another in-progress request using this Idempotent Key (that "
                    "probably means you submitted twice, and the other request is still going "
                    f"through): {key}. Please try again later.",
                    status=409,
                    kind="idempotency_error",
                    code="idempotency_key_in_use",
                    begun=False,
                )
            return kept.answer

    def keep(self, account: str, key: str, answer: Answer) -> None:
        with self._lock:
            if kept := self._kept.get((account, key)):
                kept.answer = answer

    def let_go(self, account: str, key: str) -> None:
        """Nothing was begun: the key is as if never used."""
        with self._lock:
            self._kept.pop((account, key), None)


def _mismatch(message: str) -> errors.StripeError:
    return errors.StripeError(message, kind="idempotency_error", begun=False)
