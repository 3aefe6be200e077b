"""The real clock, ids and chance: the only place in the core that reads the world."""

from __future__ import annotations

import logging
import os
import secrets
import shlex
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random, SystemRandom
from typing import BinaryIO

from coursecrew.domain.errors import PlatformUnreachable

log = logging.getLogger(__name__)
SCAN_SECONDS = 60


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)


class SystemIds:
    """UUIDv7 (RFC 9562) as 32 hex digits: sorted by time, rising also within a millisecond.

    Python has them only from 3.14 on. The twelve bits after the millisecond are a counter, so that
    two rows of one transaction keep their order.
    """

    def __init__(self, milliseconds: Callable[[], int] | None = None) -> None:
        """`milliseconds` since 1970; the machine's clock unless a virtual one is given."""
        self._milliseconds = milliseconds or (lambda: time.time_ns() // 1_000_000)
        self._lock = threading.Lock()
        self._last = 0
        self._count = 0

    def new(self) -> str:
        """32 lower-case hex digits."""
        with self._lock:
            moment = max(self._milliseconds(), self._last)
            if moment == self._last:
                self._count += 1
                if self._count > 0xFFF:
                    moment, self._count = moment + 1, 0
            else:
                self._count = secrets.randbelow(0x800)
            self._last = moment
            count = self._count
        tail = int.from_bytes(os.urandom(8), "big") & 0x3FFFFFFFFFFFFFFF | 0x8000000000000000
        return f"{moment & 0xFFFFFFFFFFFF:012x}7{count:03x}{tail:016x}"


def chance() -> Random:
    """Chance nobody can foresee."""
    return SystemRandom()


def seeded(seed: int) -> Random:
    """Chance that comes out the same each time: for tests and simulations."""
    return Random(seed)


def scanner(command: str) -> Callable[[BinaryIO], bool] | None:
    """A check of uploads by a program of the site, such as `clamdscan --no-summary -`; none for "".

    It gets the file on its input and ends with 0 where it is harmless, 1 where it is not. Any other
    end, and none within a minute, means that nothing is taken: `PlatformUnreachable`.
    """
    words = shlex.split(command)
    if not words:
        return None

    def scan(content: BinaryIO) -> bool:
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, no shell
                words, input=content.read(), capture_output=True, timeout=SCAN_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            log.error("coursecrew: the scanner of uploads does not run: %s", error)
            raise PlatformUnreachable(what="scan") from error
        if done.returncode not in (0, 1):
            log.error("coursecrew: the scanner of uploads ended with %s", done.returncode)
            raise PlatformUnreachable(what="scan")
        return done.returncode == 0

    return scan


def pause(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)
