"""How many requests of a kind one address may send in a minute; kept in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from coursecrew_lti.launch import Rejected

MINUTE = 60.0
MOST_KNOWN = 50_000


class Limits:
    """Counts requests by kind and address in windows of a minute."""

    def __init__(self, seconds: Callable[[], float], most: Mapping[str, int]) -> None:
        self._seconds = seconds
        self._most = most
        self._counts: dict[tuple[str, str], int] = {}
        self._window = 0
        self._lock = threading.Lock()

    def check(self, kind: str, address: str) -> None:
        """Count one more; `too_many` above the limit."""
        window = int(self._seconds() // MINUTE)
        with self._lock:
            if window != self._window or len(self._counts) > MOST_KNOWN:
                self._counts, self._window = {}, window
            count = self._counts[kind, address] = self._counts.get((kind, address), 0) + 1
        if count > self._most[kind]:
            raise Rejected("too_many", address=address)


class OfAddress:
    """The limits, for the address of one request."""

    def __init__(self, limits: Limits, address: str) -> None:
        self._limits = limits
        self._address = address

    def check(self, kind: str) -> None:
        """Count one more request of this kind."""
        self._limits.check(kind, self._address)
