"""What the sample LMS remembers: its key, the tool, placed links, line items and marks."""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from joserfc.jwk import RSAKey

from demo import course
from demo.course import Person

CLIENT_ID = "coursecrew-demo"
DEPLOYMENT_ID = "1"
STARTS_LAST = timedelta(hours=1)


@dataclass(frozen=True)
class Tool:
    """The one tool that is set up here."""

    url: str  # its origin
    client_id: str = CLIENT_ID
    deployment_id: str = DEPLOYMENT_ID

    @property
    def login_url(self) -> str:
        return f"{self.url}/lti/login"

    @property
    def launch_url(self) -> str:
        return f"{self.url}/lti/launch"

    @property
    def jwks_url(self) -> str:
        return f"{self.url}/lti/jwks"


@dataclass
class Link:
    """An activity placed in the course: a resource link."""

    id: str
    title: str
    text: str = ""
    url: str = ""
    custom: dict[str, str] = field(default_factory=dict)
    due: str = ""


@dataclass
class LineItem:
    """A column of the gradebook; `document` is what the tool sent, member by member."""

    id: str
    document: dict[str, Any]

    @property
    def maximum(self) -> Decimal:
        return Decimal(str(self.document["scoreMaximum"]))

    @property
    def label(self) -> str:
        return str(self.document["label"])


@dataclass
class Mark:
    """What stands in one cell, as it was sent; `given` is empty for a cell that was cleared."""

    given: str
    maximum: str
    comment: str
    timestamp: str
    activity: str
    grading: str
    received: str  # by the course's clock


@dataclass(frozen=True)
class Start:
    """A launch that has begun: who opens what. It can be used for an hour."""

    person: str
    kind: str  # "link" or "add"
    link: str
    window: bool
    at: datetime


@dataclass
class Fault:
    """A disorder on purpose, for tests: the next `times` requests to `at` go wrong.

    `status` answers with that status and does nothing; `lose` says yes and stores nothing; `add`
    stores so many points more than were sent.
    """

    at: str  # name of an endpoint: score, members, line_items, token, keys
    times: int = 1
    status: int = 0
    lose: bool = False
    add: float = 0
    headers: dict[str, str] = field(default_factory=dict)


class Lms:
    """The sample LMS's memory; kept in a file when it is given one."""

    def __init__(
        self,
        url: str,
        tool: Tool,
        *,
        path: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        page: int = 50,
        key: RSAKey | None = None,
    ) -> None:
        self.url, self.tool, self.now, self.page = url.rstrip("/"), tool, now, page
        self.lock = threading.RLock()
        self.links: dict[str, Link] = {}
        self.line_items: dict[str, LineItem] = {}
        self.marks: dict[tuple[str, str], Mark] = {}
        self.starts: dict[str, Start] = {}
        self.faults: list[Fault] = []
        self._path = path
        self.key = self._load() or key or new_key()
        self._keep()

    @property
    def people(self) -> dict[str, Person]:
        """Everybody in the course, by id."""
        return course.BY_ID

    # --- links and columns ---

    def add_link(self, item: dict[str, Any]) -> Link:
        """Place a content item of a deep-linking answer, with its column if it has one."""
        with self.change():
            submission = item.get("submission") or {}
            link = Link(
                id=secrets.token_urlsafe(12),
                title=str(item.get("title") or "Untitled"),
                text=str(item.get("text") or ""),
                url=str(item.get("url") or ""),
                custom={str(k): str(v) for k, v in (item.get("custom") or {}).items()},
                due=str(submission.get("endDateTime") or ""),
            )
            self.links[link.id] = link
            if "lineItem" in item:
                document = {"label": link.title, **item["lineItem"], "resourceLinkId": link.id}
                self.add_line_item(document)
            return link

    def add_line_item(self, document: dict[str, Any]) -> LineItem:
        """Make a column."""
        with self.change():
            item = LineItem(secrets.token_urlsafe(9), document)
            self.line_items[item.id] = item
            return item

    def columns_of(self, link: str) -> list[LineItem]:
        """The columns that belong to a link."""
        return [item for item in self.line_items.values() if item.document.get("resourceLinkId") == link]

    def marks_of(self, link: str) -> int:
        """How many marks came for a link."""
        columns = {item.id for item in self.columns_of(link)}
        return sum(item in columns and bool(mark.given) for (item, _), mark in self.marks.items())

    # --- launches ---

    def begin(self, person: str, kind: str, link: str = "", *, window: bool = False) -> str:
        """Note that somebody opens something; returns the hint that comes back with the login."""
        with self.lock:
            moment = datetime.now(UTC)
            self.starts = {
                hint: start for hint, start in self.starts.items() if moment - start.at < STARTS_LAST
            }
            hint = secrets.token_urlsafe(16)
            self.starts[hint] = Start(person, kind, link, window, moment)
            return hint

    # --- faults ---

    def fault(self, at: str) -> Fault | None:
        """The disorder that this request meets, if one was ordered."""
        with self.lock:
            for fault in self.faults:
                if fault.at == at and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    # --- keeping ---

    @contextmanager
    def change(self) -> Iterator[None]:
        """Change something and keep it."""
        with self.lock:
            yield
            self._keep()

    def _keep(self) -> None:
        if self._path is None:
            return
        document = {
            "key": self.key.as_dict(private=True),
            "links": [asdict(link) for link in self.links.values()],
            "line_items": [asdict(item) for item in self.line_items.values()],
            "marks": [[item, person, asdict(mark)] for (item, person), mark in self.marks.items()],
        }
        beside = self._path.with_suffix(".new")
        beside.touch(mode=0o600)
        beside.write_text(json.dumps(document))
        os.replace(beside, self._path)

    def _load(self) -> RSAKey | None:
        if self._path is None or not self._path.exists():
            return None
        document = json.loads(self._path.read_text())
        self.links = {row["id"]: Link(**row) for row in document["links"]}
        self.line_items = {row["id"]: LineItem(**row) for row in document["line_items"]}
        self.marks = {(item, person): Mark(**row) for item, person, row in document["marks"]}
        return RSAKey.import_key(document["key"])


def new_key() -> RSAKey:
    """A key pair to sign launches with."""
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, private=True, auto_kid=True)
