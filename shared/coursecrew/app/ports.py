"""Everything a host provides, as protocols; `Ports` is their bundle."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random  # noqa: TID251 - the type only; chance is made in system.py
from typing import Any, BinaryIO, Protocol, TypeVar

from coursecrew.app.records import RecordType
from coursecrew.domain.gradebook import Cell
from coursecrew.domain.people import Role, Source

R = TypeVar("R")


class Store(Protocol):
    """Rows of one tenant, inside the transaction that is open.

    `find` takes equalities; a list or tuple as a value means any of them. `order` is the name of
    one of the orders that the record type declares; `after` is the last record of the page before.
    """

    def get(self, kind: RecordType[R], id: str, *, lock: bool = False) -> R:
        """The row of that id, locked against others where the database can; `NotFound` if absent."""
        ...

    def try_lock(self, kind: RecordType[R], id: str) -> R | None:
        """The row of that id, locked; `None` at once where somebody else holds it, or it is not there.

        Where a database lets one transaction in at a time, nobody else can hold it.
        """
        ...

    def find(
        self,
        kind: RecordType[R],
        /,
        *,
        order: str = "id",
        after: R | None = None,
        limit: int = 200,
        **equal: Any,
    ) -> list[R]:
        """Rows that match all equalities, in a declared order, at most `limit`.

        An equality is a value, a collection of values, `None`, or `FILLED` for any value but `None`. An
        order by a column that may be empty follows an index only where it is asked to be `FILLED`:
        databases differ in where they keep what is empty.
        """
        ...

    def count(self, kind: RecordType[R], /, **equal: Any) -> int:
        """How many rows match."""
        ...

    def reaches(self, kind: RecordType[R], number: int, /, **equal: Any) -> bool:
        """Whether at least so many rows match; counts no further, however many there are."""
        ...

    def tally(self, kind: RecordType[R], /, by: str, **equal: Any) -> dict[Any, int]:
        """How many rows match, for each value of the column `by`."""
        ...

    def add(self, kind: RecordType[R], record: R) -> R:
        """Write a new row; `AlreadyExists` where a unique rule is met (the transaction goes on)."""
        ...

    def save(self, kind: RecordType[R], record: R) -> R:
        """Write a changed row, its `version` raised by one; `StaleWrite` if somebody else was first."""
        ...

    def remove(self, kind: RecordType[R], id: str) -> None:
        """Take a row away; absent rows are no error."""
        ...


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...


class Ids(Protocol):
    """Makes ids."""

    def new(self) -> str:
        """32 lower-case hex digits, rising with time."""
        ...


@dataclass(frozen=True)
class Grouping:
    """Groups that the platform keeps together: a set of teams, all cohorts, a Moodle grouping.

    `kind` is "teams", "cohorts", "grouping", or "all" for every group of the course; `name` is the
    platform's own, and may be empty for the kinds that are there once.
    """

    id: str
    kind: str
    name: str = ""


@dataclass(frozen=True)
class PlatformGroup:
    """A group that the platform itself has, with the people in it whom we can tell.

    `unknown` counts those whom we cannot: nobody of the course's member list.
    """

    name: str
    members: tuple[str, ...]
    unknown: int = 0


@dataclass(frozen=True)
class Member:
    """One person of the platform's member list."""

    person: str
    name: str
    role: Role
    active: bool = True
    zone: str = ""
    looks_on: bool = False  # the platform says: a test student
    source: Source = Source.ROSTER


class People(Protocol):
    """The platform's member list, and finding somebody by what a teacher writes into a CSV."""

    def members(self, course: str) -> Iterable[Sequence[Member]]:
        """All members, page by page; raises `PlatformUnreachable` rather than giving half a list."""
        ...

    def person_for(self, course: str, handle: str) -> str | None:
        """The key of the person whom a file calls by user name, e-mail or id; `None` if unknown."""
        ...

    def handles(self, course: str, people: Sequence[str]) -> Mapping[str, str]:
        """What an exported file calls each of these people, so that `person_for` knows it again."""
        ...

    def knows_all(self, course: str) -> bool:
        """Whether the member list holds everybody, so that nobody more comes in by opening a page."""
        ...

    def groupings(self, course: str) -> Sequence[Grouping] | None:
        """What the platform itself keeps groups in; `None` where it gives no groups here."""
        ...

    def groups(self, course: str, grouping: str) -> Sequence[PlatformGroup]:
        """The groups of one grouping; raises `PlatformUnreachable` rather than giving half of them."""
        ...


@dataclass(frozen=True)
class Answer:
    """What a gradebook said to one send.

    `kind` is "ok", "later" (try again), "older" (its own stamp is newer; `stamp` says which, if
    known) or "refused" (for good); `code` is a stable word for staff.
    """

    kind: str
    code: str = ""
    stamp: datetime | None = None
    wait_seconds: float | None = None


class Gradebook(Protocol):
    """The platform's gradebook, one cell at a time; called outside any transaction."""

    def send(
        self, cell: Cell, *, value: Decimal | None, maximum: Decimal, stamp: datetime, title: str
    ) -> Answer:
        """Write (or, with `None`, clear) one cell. Sending the same again must do no harm."""
        ...


@dataclass(frozen=True)
class Mail:
    """One mail, already in the reader's language."""

    subject: str
    text: str
    html: str
    unsubscribe: str = ""  # absolute address, also for the List-Unsubscribe header


class Mailer(Protocol):
    """Sends mail; the core never sees an address."""

    def send(self, person: str, mail: Mail) -> str:
        """Send, and return "sent", or "no_address"; raises `PlatformUnreachable` to be retried."""
        ...


class Files(Protocol):
    """Keeps uploaded bytes under random names."""

    def put(self, name: str, content: BinaryIO) -> None:
        """Store under a name that `Ids` made."""
        ...

    def open(self, name: str) -> BinaryIO:
        """Read; `NotFound` if absent."""
        ...

    def remove(self, name: str) -> None:
        """Delete; absent is no error."""
        ...


class Links(Protocol):
    """Absolute addresses for mail: the host knows its own origin."""

    def to_activity(self, activity_place: str, course: str) -> str:
        """Where a learner opens the activity from a mail (in the LMS, if the host knows it)."""
        ...

    def to_unsubscribe(self, token: str) -> str:
        """The page that stops mail for one person in one course."""
        ...

    def sign(self, purpose: str, *parts: str) -> str:
        """A token for one purpose that only this host can have made."""
        ...

    def read(self, purpose: str, token: str) -> tuple[str, ...] | None:
        """The parts of a token, or `None` if it was not made here for this purpose."""
        ...


class Queue(Protocol):
    """Background work; the rows are the truth, a lost nudge costs only time."""

    def nudge(self) -> None:
        """Ask that waiting deliveries be looked at soon; called after commit."""
        ...

    def form(self) -> None:
        """Ask that waiting formations of teams be worked on soon; called after commit."""
        ...


@dataclass(frozen=True)
class Ports:
    """Everything a host provides, for one tenant."""

    transaction: Callable[[], AbstractContextManager[Store]]
    clock: Clock
    ids: Ids
    chance: Random
    people: People
    gradebook: Gradebook
    mailer: Mailer
    files: Files
    links: Links
    queue: Queue
    pause: Callable[[float], None]  # wait before a retry; seconds
    has_gradebook: bool = True
    has_mailer: bool = True  # without one, letters wait
    # Whether uploaded bytes are harmless, where the site has a scanner; raises `PlatformUnreachable`
    # if it does not answer.
    scan: Callable[[BinaryIO], bool] | None = None
