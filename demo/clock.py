"""The course's own clock: a file that the sample LMS and the tool both read.

It runs as fast as the real one, from wherever it was set last. Tokens of the LTI protocol never ask
it: they live by real time.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Setting:
    """Course time `course` was at real time `real`; without `real` the clock stands still."""

    course: datetime
    real: datetime | None

    def at(self, moment: datetime) -> datetime:
        """What the course's clock shows at a moment of real time."""
        return self.course if self.real is None else self.course + (moment - self.real)


class CourseClock:
    """Reads and sets the clock file; without a file yet it shows real time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._setting: Setting | None = None

    def now(self) -> datetime:
        """Aware UTC."""
        setting = self._read()
        moment = datetime.now(UTC)
        return moment if setting is None else setting.at(moment)

    def set(self, moment: datetime, *, standing: bool = False) -> None:
        """Put the clock to a moment; `standing` keeps it there until it is set again."""
        real = None if standing else datetime.now(UTC).isoformat()
        content = json.dumps({"course": moment.isoformat(), "real": real})
        beside = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        beside.write_text(content)
        beside.replace(self._path)

    def stand(self) -> None:
        """Stop the clock where it is, until it is started."""
        self.set(self.now(), standing=True)

    def start(self) -> None:
        """Let the clock run on from where it stands."""
        self.set(self.now())

    def _read(self) -> Setting | None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return None
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen != self._seen:
            document = json.loads(self._path.read_text())
            real = document["real"]
            self._setting = Setting(
                datetime.fromisoformat(document["course"]), datetime.fromisoformat(real) if real else None
            )
            self._seen = seen
        return self._setting
