"""The sandbox's own time: it runs as the wall's does, and can be moved on; what is due then happens."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable

from billing_saas.kit import clock

DAY = 86_400
_NAP = 1.0


class Clock:
    def __init__(self, lock: "threading.RLock") -> None:
        self._lock = lock
        # Where the kit's clock stood, and what has run since: a test that holds the kit's clock still
        # holds it in its own thread only, and this one runs in many.
        self._start = clock.now().timestamp() - time.monotonic()
        self._ahead = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def now(self) -> int:
        return int(self.exactly())

    def exactly(self) -> float:
        return self._start + time.monotonic() + self._ahead

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        with self._lock:
            heapq.heappush(self._due, (self.exactly() + seconds, next(self._order), act))
        self._changed.set()

    def advance(self, seconds: float) -> None:
        """Move on; everything that falls due meanwhile happens at its own instant, in order."""
        if seconds < 0:
            raise ValueError("time does not go back")
        with self._lock:
            goal = self.exactly() + seconds
            while self._due and self._due[0][0] <= goal:
                when, _, act = heapq.heappop(self._due)
                self._ahead += max(0.0, when - self.exactly())
                act()
            self._ahead += max(0.0, goal - self.exactly())
        self._changed.set()

    def to_the_walls(self) -> None:
        """As if it had never been moved on. What had been planned stays planned for its instant."""
        with self._lock:
            self._ahead = 0.0
        self._changed.set()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="stripe-clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._changed.set()
        if self._thread:
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stopped:
            self._changed.clear()
            with self._lock:
                while self._due and self._due[0][0] <= self.exactly():
                    heapq.heappop(self._due)[2]()
                wait = self._due[0][0] - self.exactly() if self._due else _NAP
            self._changed.wait(min(max(wait, 0.001), _NAP))
