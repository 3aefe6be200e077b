"""Every port in memory: for tests, simulations and trying things out.

The store keeps rows as `records.py` writes them, so what passes here has been through the same
mapping as in a database. It is stricter than some databases: a text that is too long for its
column is an error. One transaction runs at a time; a second thread waits for the first.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cmp_to_key
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import quote

from coursecrew.app.ports import Answer, Grouping, Mail, Member, PlatformGroup, Ports
from coursecrew.app.records import BY_TABLE, FILLED, RecordType, Sort
from coursecrew.app.system import SystemIds, seeded
from coursecrew.domain.errors import AlreadyExists, NotFound, PlatformUnreachable, StaleWrite
from coursecrew.domain.gradebook import Cell

R = TypeVar("R")
Row = dict[str, Any]
FIRST_DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday morning
ONE_TENANT = "0" * 31 + "1"
PAGE_OF_MEMBERS = 50


class SetClock:
    """A clock that moves only when it is told to."""

    def __init__(self, now: datetime = FIRST_DAY) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """Aware UTC."""
        return self._now

    def move_to(self, moment: datetime) -> datetime:
        """Set the time, also backwards."""
        self._now = moment.astimezone(UTC)
        return self._now

    def advance(self, by: timedelta = timedelta(), **units: float) -> datetime:
        """Go on by a span: `advance(hours=3)` or `advance(timedelta(hours=3))`."""
        return self.move_to(self._now + by + timedelta(**units))


class _Table:
    """The rows of one record type, with a look-up for every column that a rule or index names."""

    def __init__(self, kind: RecordType[Any]) -> None:
        self.rows: dict[str, Row] = {}
        self.rules = [("tenant", *rule) for rule in kind.unique]
        self._taken: list[dict[tuple[Any, ...], str]] = [{} for _ in self.rules]
        looked_up = {
            name for rule in (*kind.unique, *kind.indexes) for name in (one.removeprefix("-") for one in rule)
        }
        self._ids: dict[str, dict[Any, set[str]]] = {name: defaultdict(set) for name in looked_up}

    def clash(self, row: Row) -> tuple[str, ...] | None:
        """The unique rule that another row stands in the way of; nulls never clash, as in SQL."""
        for rule, taken in zip(self.rules, self._taken, strict=True):
            if taken.get(tuple(row[name] for name in rule), row["id"]) != row["id"]:
                return rule[1:]
        return None

    def put(self, row: Row) -> None:
        self.drop(row["id"])
        self.rows[row["id"]] = row
        for rule, taken in zip(self.rules, self._taken, strict=True):
            values = tuple(row[name] for name in rule)
            if None not in values:
                taken[values] = row["id"]
        for name, ids in self._ids.items():
            ids[row[name]].add(row["id"])

    def drop(self, id: str) -> Row | None:
        row = self.rows.pop(id, None)
        if row is not None:
            for rule, taken in zip(self.rules, self._taken, strict=True):
                taken.pop(tuple(row[name] for name in rule), None)
            for name, ids in self._ids.items():
                ids[row[name]].discard(id)
        return row

    def matching(self, wanted: Mapping[str, set[Any]]) -> list[Row]:
        """Rows whose columns all hold one of the wanted values."""
        candidates = [
            {id for value in wanted[name] for id in ids.get(value, ())}
            for name, ids in self._ids.items()
            if name in wanted and name != "tenant"
        ]
        if "id" in wanted:
            candidates.append(wanted["id"])
        narrow = min(candidates, key=len) if candidates else self.rows.keys()
        rows = (self.rows[id] for id in narrow if id in self.rows)
        return [row for row in rows if all(row[name] in values for name, values in wanted.items())]


class MemoryDatabase:
    """What the transactions of all tenants share."""

    def __init__(self) -> None:
        self._tables = {table: _Table(kind) for table, kind in BY_TABLE.items()}
        self._lock = threading.Lock()
        self._owner: int | None = None

    def table(self, kind: RecordType[Any]) -> _Table:
        """The rows of one kind; kinds outside `records.ALL` get theirs at first use."""
        if kind.table not in self._tables:
            self._tables[kind.table] = _Table(kind)
        return self._tables[kind.table]

    @contextmanager
    def transaction(self, tenant: str = ONE_TENANT) -> Iterator[MemoryStore]:
        """Open a store for one tenant; an exception undoes everything that was written."""
        here = threading.get_ident()
        if self._owner == here:
            raise RuntimeError("a transaction is open in this thread already")
        with self._lock:
            self._owner = here
            store = MemoryStore(self, tenant)
            try:
                yield store
            except BaseException:
                store.undo()
                raise
            finally:
                store.closed = True
                self._owner = None


class MemoryStore:
    """`Store` over a `MemoryDatabase`, inside one transaction."""

    def __init__(self, database: MemoryDatabase, tenant: str) -> None:
        self.closed = False
        self._database = database
        self._tenant = tenant
        self._before: list[tuple[_Table, str, Row | None]] = []

    def undo(self) -> None:
        """Put back every row as it was when the transaction began."""
        for table, id, row in reversed(self._before):
            if row is None:
                table.drop(id)
            else:
                table.put(row)
        self._before.clear()

    def get(self, kind: RecordType[R], id: str, *, lock: bool = False) -> R:
        """The row of that id; nobody else can touch it before this transaction ends."""
        row = self._table(kind).rows.get(id)
        if row is None or row["tenant"] != self._tenant:
            raise NotFound(kind.table)
        return kind.from_row(row)

    def try_lock(self, kind: RecordType[R], id: str) -> R | None:
        """The row of that id; one transaction runs at a time, so nobody else holds it."""
        row = self._table(kind).rows.get(id)
        return kind.from_row(row) if row is not None and row["tenant"] == self._tenant else None

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
        """Rows that match all equalities, in a declared order, at most `limit`."""
        in_order = _in_order(kind.order(order))
        rows = sorted(self._matching(kind, equal), key=cmp_to_key(in_order))
        if after is not None:
            last = kind.to_row(after)
            rows = [row for row in rows if in_order(row, last) > 0]
        return [kind.from_row(row) for row in rows[:limit]]

    def count(self, kind: RecordType[R], /, **equal: Any) -> int:
        """How many rows match."""
        return len(self._matching(kind, equal))

    def reaches(self, kind: RecordType[R], number: int, /, **equal: Any) -> bool:
        """Whether at least so many rows match; counts no further, however many there are."""
        return len(self._matching(kind, equal)) >= number

    def tally(self, kind: RecordType[R], /, by: str, **equal: Any) -> dict[Any, int]:
        """How many rows match, for each value of the column `by`."""
        counts = Counter(row[by] for row in self._matching(kind, equal))
        return {kind.columns[by].to_object(value): count for value, count in counts.items()}

    def add(self, kind: RecordType[R], record: R) -> R:
        """Write a new row; `AlreadyExists` where a unique rule is met (the transaction goes on)."""
        table, row = self._table(kind), self._row(kind, record)
        if row["id"] in table.rows or table.clash(row):
            raise AlreadyExists(table=kind.table)
        self._before.append((table, row["id"], None))
        table.put(row)
        return record

    def save(self, kind: RecordType[R], record: R) -> R:
        """Write a changed row, its `version` raised by one; `StaleWrite` if somebody else was first."""
        table, row = self._table(kind), self._row(kind, record)
        old = table.rows.get(row["id"])
        if old is None or old["tenant"] != self._tenant:
            raise StaleWrite(table=kind.table)
        if kind.has_version:
            if old["version"] != row["version"]:
                raise StaleWrite(table=kind.table)
            row["version"] += 1
            record = cast("R", replace(cast("Any", record), version=row["version"]))
        if table.clash(row):
            raise AlreadyExists(table=kind.table)
        self._before.append((table, row["id"], old))
        table.put(row)
        return record

    def remove(self, kind: RecordType[R], id: str) -> None:
        """Take a row away; absent rows are no error."""
        table = self._table(kind)
        row = table.rows.get(id)
        if row is not None and row["tenant"] == self._tenant:
            self._before.append((table, id, row))
            table.drop(id)

    def _table(self, kind: RecordType[Any]) -> _Table:
        if self.closed:
            raise RuntimeError("the transaction of this store is over")
        return self._database.table(kind)

    def _row(self, kind: RecordType[R], record: R) -> Row:
        row = kind.to_row(record)
        for name, column in kind.columns.items():
            value = row[name]
            if value is None and not column.null:
                raise ValueError(f"{kind.table}.{name} may not be empty")
            if column.sort in (Sort.KEY, Sort.TEXT, Sort.NUMBER) and len(value or "") > column.length:
                raise ValueError(f"{kind.table}.{name} is longer than {column.length}: {value!r}")
        row["tenant"] = self._tenant
        return row

    def _matching(self, kind: RecordType[R], equal: Mapping[str, Any]) -> list[Row]:
        wanted: dict[str, set[Any]] = {"tenant": {self._tenant}}
        filled: list[str] = []
        for name, value in equal.items():
            column = kind.columns[name]
            if value is FILLED:
                filled.append(name)
                continue
            values = value if isinstance(value, list | tuple | set | frozenset) else [value]
            wanted[name] = {column.to_stored(one) for one in values}
        rows = self._table(kind).matching(wanted)
        return [row for row in rows if all(row[name] is not None for name in filled)]


def _in_order(columns: Sequence[str]) -> Callable[[Row, Row], int]:
    """Compare two rows column by column; nothing stands before everything."""

    def compare(one: Row, other: Row) -> int:
        for column in columns:
            name = column.removeprefix("-")
            if one[name] != other[name]:
                if one[name] is None or other[name] is None:
                    less = one[name] is None
                else:
                    less = one[name] < other[name]
                return -1 if less != column.startswith("-") else 1
        return 0

    return compare


@dataclass
class MemoryPeople:
    """A member list that tests fill: members by course, and the handles that files call them by."""

    lists: dict[str, list[Member]] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    unreachable: bool = False
    complete: bool = False
    kept: dict[str, list[tuple[Grouping, list[PlatformGroup]]]] = field(default_factory=dict)

    def put(self, course: str, *members: Member, **handles: str) -> None:
        """Add members, or replace those of the same key; `handles` are user names to keys."""
        known = {member.person: member for member in self.lists.get(course, [])}
        self.lists[course] = list((known | {member.person: member for member in members}).values())
        self.names |= {(course, handle): person for handle, person in handles.items()}

    def members(self, course: str) -> Iterable[Sequence[Member]]:
        """All members, page by page."""
        if self.unreachable:
            raise PlatformUnreachable(what="members")
        everybody = self.lists.get(course, [])
        for start in range(0, len(everybody), PAGE_OF_MEMBERS):
            yield everybody[start : start + PAGE_OF_MEMBERS]

    def person_for(self, course: str, handle: str) -> str | None:
        """The key of the person whom a file calls so; a key itself is a handle, too."""
        if self.unreachable:
            raise PlatformUnreachable(what="members")
        if any(member.person == handle for member in self.lists.get(course, [])):
            return handle
        return self.names.get((course, handle))

    def handles(self, course: str, people: Sequence[str]) -> Mapping[str, str]:
        """The user name that was put with a person, or their key."""
        named = {person: handle for (place, handle), person in self.names.items() if place == course}
        return {person: named.get(person, person) for person in people}

    def knows_all(self, course: str) -> bool:
        """What the test says."""
        return self.complete

    def groupings(self, course: str) -> Sequence[Grouping] | None:
        """The groupings that were put into `kept`."""
        if self.unreachable:
            raise PlatformUnreachable(what="groups")
        return [grouping for grouping, _ in self.kept[course]] if course in self.kept else None

    def groups(self, course: str, grouping: str) -> Sequence[PlatformGroup]:
        """Their groups."""
        if self.unreachable:
            raise PlatformUnreachable(what="groups")
        found = [groups for one, groups in self.kept.get(course, []) if one.id == grouping]
        if not found:
            raise NotFound("grouping")
        return found[0]


@dataclass(frozen=True)
class Sent:
    """One send that reached the gradebook, and what it answered."""

    cell: Cell
    value: Decimal | None
    maximum: Decimal
    stamp: datetime
    title: str
    answer: Answer


@dataclass
class MemoryGradebook:
    """A gradebook that keeps the newest stamp of each cell, and answers otherwise when told to."""

    sends: list[Sent] = field(default_factory=list)
    values: dict[tuple[str, str, str], tuple[Decimal | None, datetime]] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    always: Answer | None = None

    def answer_next(self, *answers: Answer) -> None:
        """Give these answers to the next sends, one each, storing nothing unless one is "ok"."""
        self.answers.extend(answers)

    def value(self, activity: str, person: str, component: str = "total") -> Decimal | None:
        """What stands in a cell; `None` for an empty one."""
        return self.values.get((activity, person, component), (None, FIRST_DAY))[0]

    def send(
        self, cell: Cell, *, value: Decimal | None, maximum: Decimal, stamp: datetime, title: str
    ) -> Answer:
        """Write (or, with `None`, clear) one cell."""
        place = (cell.activity, cell.person, cell.component.value)
        answer = self.answers.pop(0) if self.answers else self.always or self._natural(place, value, stamp)
        if answer.kind == "ok":
            self.values[place] = (value, stamp)
        self.sends.append(Sent(cell, value, maximum, stamp, title, answer))
        return answer

    def _natural(self, place: tuple[str, str, str], value: Decimal | None, stamp: datetime) -> Answer:
        known = self.values.get(place)
        if known and known != (value, stamp) and stamp <= known[1]:
            return Answer("older", "older_stamp", stamp=known[1])
        return Answer("ok")


@dataclass
class MemoryMailer:
    """Mail that stays here, as pairs of person and mail."""

    outbox: list[tuple[str, Mail]] = field(default_factory=list)
    without_address: set[str] = field(default_factory=set)
    unreachable: bool = False

    def send(self, person: str, mail: Mail) -> str:
        """Keep the mail, and return "sent" or "no_address"."""
        if self.unreachable:
            raise PlatformUnreachable(what="mail")
        if person in self.without_address:
            return "no_address"
        self.outbox.append((person, mail))
        return "sent"

    def to(self, person: str) -> list[Mail]:
        """The mails of one person, oldest first."""
        return [mail for reader, mail in self.outbox if reader == person]


@dataclass
class MemoryFiles:
    """Uploaded bytes by name."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def put(self, name: str, content: BinaryIO) -> None:
        """Store under a name that `Ids` made."""
        self.contents[name] = content.read()

    def open(self, name: str) -> BinaryIO:
        """Read; `NotFound` if absent."""
        if name not in self.contents:
            raise NotFound("file")
        return io.BytesIO(self.contents[name])

    def remove(self, name: str) -> None:
        """Delete; absent is no error."""
        self.contents.pop(name, None)


@dataclass
class MemoryLinks:
    """Addresses of an LMS that does not exist, and tokens signed with a secret of this process."""

    origin: str = "https://lms.example"
    secret: bytes = b"only for tests and trying things out"

    def to_activity(self, activity_place: str, course: str) -> str:
        """Where a learner opens the activity from a mail."""
        return f"{self.origin}/courses/{quote(course, safe='')}/activities/{quote(activity_place, safe='')}"

    def to_unsubscribe(self, token: str) -> str:
        """The page that stops mail for one person in one course."""
        return f"{self.origin}/unsubscribe/{quote(token, safe='')}"

    def sign(self, purpose: str, *parts: str) -> str:
        """The parts and a seal over them and the purpose."""
        body = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
        return f"{body}.{self._seal(purpose, body)}"

    def read(self, purpose: str, token: str) -> tuple[str, ...] | None:
        """The parts of a token, or `None` if it was not made here for this purpose."""
        body, _, seal = token.partition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(purpose, body).encode()):
            return None
        return tuple(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))

    def _seal(self, purpose: str, body: str) -> str:
        return hmac.new(self.secret, f"{purpose}\n{body}".encode(), hashlib.sha256).hexdigest()


@dataclass
class MemoryQueue:
    """Counts who asked for what."""

    nudges: int = 0
    forms: int = 0

    def nudge(self) -> None:
        """Note that somebody asked for the waiting deliveries."""
        self.nudges += 1

    def form(self) -> None:
        """Note that somebody asked for waiting formations to be worked on."""
        self.forms += 1


@dataclass(frozen=True, kw_only=True)
class MemoryPorts(Ports):
    """Ports that can be looked into: `ports.mailer.outbox`, `ports.clock.advance(days=1)`."""

    database: MemoryDatabase
    tenant: str
    clock: SetClock
    people: MemoryPeople
    gradebook: MemoryGradebook
    mailer: MemoryMailer
    files: MemoryFiles
    links: MemoryLinks
    queue: MemoryQueue
    pauses: list[float]

    def rows(self, kind: RecordType[R], /, *, order: str = "id", **equal: Any) -> list[R]:
        """All rows of a kind that match, read in a transaction of its own."""
        with self.transaction() as store:
            return store.find(kind, order=order, limit=1_000_000, **equal)


def memory_ports(
    now: datetime = FIRST_DAY,
    *,
    seed: int = 1,
    tenant: str = ONE_TENANT,
    database: MemoryDatabase | None = None,
    has_gradebook: bool = True,
) -> MemoryPorts:
    """All ports in memory; give the `database` of other ports to be a second tenant of theirs.

    Waiting before a retry takes no time; the lengths are kept in `pauses`.
    """
    shared = database or MemoryDatabase()
    clock = SetClock(now)
    pauses: list[float] = []
    return MemoryPorts(
        transaction=lambda: shared.transaction(tenant),
        clock=clock,
        ids=SystemIds(lambda: round(clock.now().timestamp() * 1000)),
        chance=seeded(seed),
        people=MemoryPeople(),
        gradebook=MemoryGradebook(),
        mailer=MemoryMailer(),
        files=MemoryFiles(),
        links=MemoryLinks(),
        queue=MemoryQueue(),
        pause=pauses.append,
        has_gradebook=has_gradebook,
        database=shared,
        tenant=tenant,
        pauses=pauses,
    )
