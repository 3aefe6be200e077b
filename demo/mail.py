"""Mail of the demo: kept in a file, and shown on a page instead of being sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from coursecrew.app.ports import Mail

SHOWN = 200


class MailBox:
    """`Mailer` that writes to a file; one line for each mail, the newest last."""

    _lock = threading.Lock()

    def __init__(self, path: Path, name_of: Callable[[str], str]) -> None:
        self._path, self._name_of = path, name_of

    def send(self, person: str, mail: Mail) -> str:
        """Keep the mail."""
        line = json.dumps({"to": self._name_of(person), "subject": mail.subject, "text": mail.text})
        with self._lock, self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        return "sent"


def newest(path: Path) -> Sequence[tuple[str, str, str]]:
    """The latest mails, newest first: to whom, subject, text."""
    if not path.exists():
        return ()
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[-SHOWN:]]
    return [(row["to"], row["subject"], row["text"]) for row in reversed(rows)]
