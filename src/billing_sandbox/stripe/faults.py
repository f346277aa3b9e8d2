"""What a test plans to go wrong with the next requests that fit."""

import threading
import time
from dataclasses import dataclass
from typing import Literal


@dataclass
class Fault:
    """`drop`: the connection ends without an answer. `fail`: an answer with `status`. `delay`: later.

    `after`: the work was done before it went wrong, so a payment may have been taken.
    """

    kind: Literal["drop", "fail", "delay"]
    path: str = ""
    method: str | None = None
    times: int = 1
    after: bool = True
    status: int = 500
    seconds: float = 0.0

    def fits(self, method: str, path: str) -> bool:
        return self.path in path and self.method in (None, method)


class Faults:
    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._lock = threading.Lock()

    def plan(self, fault: Fault) -> None:
        with self._lock:
            self._planned.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def next(self, method: str, path: str) -> Fault | None:
        """The first that fits; each is used as often as it was planned."""
        with self._lock:
            for fault in self._planned:
                if fault.fits(method, path):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._planned.remove(fault)
                    return fault
        return None


def wait(fault: Fault) -> None:
    time.sleep(fault.seconds)
