"""The generic stores beside plain code that does the same work, 100,000 memberships through each.

    python -m benchmarks.store            everything (some minutes)
    python -m benchmarks.store --small    2,000 memberships, for CI (COURSECREW_BENCH=small)

Plain is what one would write for this one table with SQLAlchemy Core or Django's ORM: records in and
out, the same conditions, the same guarantees (a unique clash leaves the transaction usable, a save is
compared by version), no generic mapping. Both work in turns, a batch each, on the same table of the
same database. Claim: no verb takes more than 1.5 times what plain code takes.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from benchmarks.report import Report, arguments
from coursecrew.app.memory import ONE_TENANT
from coursecrew.app.ports import Store
from coursecrew.app.records import MEMBERSHIPS
from coursecrew.domain.errors import AlreadyExists, NotFound, StaleWrite
from coursecrew.domain.teams import Membership
from coursecrew_lti.migrations import migrate
from coursecrew_lti.store import make_engine, transaction
from coursecrew_lti.tables import TABLES
from tests import services
from tests.contracts.places import django_database

NOW = datetime(2026, 11, 18, 10, 30, 15, 123456, tzinfo=UTC)
TABLE = TABLES[MEMBERSHIPS.table]
IN_TEAM = 4
BATCH = 100
ADAPTERS, PLAIN = "adapter", "plain"
FLOOR, GOAL = 1.5, 1.15


class CoreStore:
    """Memberships by SQLAlchemy Core, written for them alone."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        on_postgres = connection.dialect.name == "postgresql"
        self.insert = (postgresql if on_postgres else sqlite).insert
        self.nested = connection.begin_nested if on_postgres else None

    def add(self, record: Membership) -> None:
        row = {
            "id": record.id, "tenant": ONE_TENANT, "team_set": record.team_set, "team": record.team,
            "person": record.person, "since": record.since, "active": record.active, "duty": record.duty,
            "version": record.version,
        }  # fmt: skip
        statement = self.insert(TABLE).on_conflict_do_nothing()
        if self.connection.execute(statement, row).rowcount == 0:
            raise AlreadyExists

    def get(self, id: str) -> Membership:
        statement = select(TABLE).where(TABLE.c.id == id, TABLE.c.tenant == ONE_TENANT)
        row = self.connection.execute(statement).first()
        if row is None:
            raise NotFound
        return self.record(row)

    def find(self, team: str) -> list[Membership]:
        statement = (
            select(TABLE)
            .where(TABLE.c.team == team, TABLE.c.tenant == ONE_TENANT)
            .order_by(TABLE.c.id)
            .limit(200)
        )
        return [self.record(row) for row in self.connection.execute(statement)]

    def page(self, team_set: str, after: Membership | None) -> list[Membership]:
        statement = select(TABLE).where(TABLE.c.team_set == team_set, TABLE.c.tenant == ONE_TENANT)
        if after:
            statement = statement.where(TABLE.c.id > after.id)
        return [
            self.record(row) for row in self.connection.execute(statement.order_by(TABLE.c.id).limit(200))
        ]

    def save(self, record: Membership) -> None:
        statement = (
            TABLE.update()
            .where(TABLE.c.id == record.id, TABLE.c.tenant == ONE_TENANT, TABLE.c.version == record.version)
            .values(
                team_set=record.team_set, team=record.team, person=record.person, since=record.since,
                active=record.active, duty=record.duty, version=record.version + 1,
            )
        )  # fmt: skip
        try:
            if self.nested:
                with self.nested():
                    changed = self.connection.execute(statement).rowcount
            else:
                changed = self.connection.execute(statement).rowcount
        except IntegrityError as error:
            raise AlreadyExists from error
        if not changed:
            raise StaleWrite

    @staticmethod
    def record(row: Any) -> Membership:
        since = row.since.replace(tzinfo=UTC) if row.since.tzinfo is None else row.since
        return Membership(
            id=row.id, team_set=row.team_set, team=row.team, person=row.person, since=since,
            active=row.active, duty=row.duty, version=row.version,
        )  # fmt: skip


class OrmStore:
    """Memberships by Django's ORM, written for them alone."""

    def __init__(self, alias: str) -> None:
        from django.db import transaction as django

        from coursecrew_openedx.models import MODELS

        self.alias, self.model, self.django = alias, MODELS[MEMBERSHIPS.table], django
        self.rows: Any = self.model._default_manager.using(alias)

    def add(self, record: Membership) -> None:
        from django.db import IntegrityError

        try:
            with self.django.atomic(using=self.alias):
                self.rows.create(
                    id=record.id, team_set=record.team_set, team=record.team, person=record.person,
                    since=record.since, active=record.active, duty=record.duty, version=record.version,
                )  # fmt: skip
        except IntegrityError as error:
            raise AlreadyExists from error

    def get(self, id: str) -> Membership:
        try:
            return self.record(self.rows.get(id=id))
        except self.model.DoesNotExist:
            raise NotFound from None

    def find(self, team: str) -> list[Membership]:
        return [self.record(row) for row in self.rows.filter(team=team).order_by("id")[:200]]

    def page(self, team_set: str, after: Membership | None) -> list[Membership]:
        rows = self.rows.filter(team_set=team_set)
        if after:
            rows = rows.filter(id__gt=after.id)
        return [self.record(row) for row in rows.order_by("id")[:200]]

    def save(self, record: Membership) -> None:
        from django.db import IntegrityError

        try:
            with self.django.atomic(using=self.alias):
                changed = self.rows.filter(id=record.id, version=record.version).update(
                    team_set=record.team_set, team=record.team, person=record.person, since=record.since,
                    active=record.active, duty=record.duty, version=record.version + 1,
                )  # fmt: skip
        except IntegrityError as error:
            raise AlreadyExists from error
        if not changed:
            raise StaleWrite

    @staticmethod
    def record(row: Any) -> Membership:
        return Membership(
            id=row.id, team_set=row.team_set, team=row.team, person=row.person, since=row.since,
            active=row.active, duty=row.duty, version=row.version,
        )  # fmt: skip


class Adapter:
    """The same five verbs by a generic store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def add(self, record: Membership) -> None:
        self.store.add(MEMBERSHIPS, record)

    def get(self, id: str) -> Membership:
        return self.store.get(MEMBERSHIPS, id)

    def find(self, team: str) -> list[Membership]:
        return self.store.find(MEMBERSHIPS, team=team)

    def page(self, team_set: str, after: Membership | None) -> list[Membership]:
        return self.store.find(MEMBERSHIPS, team_set=team_set, after=after)

    def save(self, record: Membership) -> None:
        self.store.save(MEMBERSHIPS, record)


Opened = Callable[[], AbstractContextManager[Any]]


def of_engine(engine: Engine) -> dict[str, Opened]:
    """The adapter over SQLAlchemy and plain Core, each in a transaction of its own."""
    migrate(engine)

    @contextmanager
    def adapter() -> Iterator[Adapter]:
        with transaction(engine, ONE_TENANT) as store:
            yield Adapter(store)

    @contextmanager
    def plain() -> Iterator[CoreStore]:
        with engine.begin() as connection:
            yield CoreStore(connection)

    return {ADAPTERS: adapter, PLAIN: plain}


def of_django(alias: str) -> dict[str, Opened]:
    """The adapter over Django's ORM and the plain ORM."""
    from django.core.management import call_command
    from django.db import transaction as django

    from coursecrew_openedx.store import transaction as opened

    call_command("migrate", "coursecrew", database=alias, verbosity=0)

    @contextmanager
    def adapter() -> Iterator[Adapter]:
        with opened(alias) as store:
            yield Adapter(store)

    @contextmanager
    def plain() -> Iterator[OrmStore]:
        with django.atomic(using=alias):
            yield OrmStore(alias)

    return {ADAPTERS: adapter, PLAIN: plain}


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, dict[str, Opened]]]:
    """Every database that answers on this machine, empty."""
    with ExitStack() as stack:
        engines = {"SQLAlchemy, SQLite": make_engine(f"sqlite:///{folder}/core.sqlite")}
        entries: dict[str, dict[str, Any]] = {}
        entries["Django, SQLite"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/orm.sqlite"}
        if services.postgres_url():
            engines["SQLAlchemy, PostgreSQL"] = make_engine(stack.enter_context(services.fresh_postgres()))
        if services.mariadb_url():
            entry = services.django_database(stack.enter_context(services.fresh_mariadb()))
            entries["Django, MariaDB"] = entry
        found = {name: of_engine(engine) for name, engine in engines.items()}
        for number, (name, entry) in enumerate(entries.items()):
            stack.enter_context(django_database(f"bench_{number}", entry))
            found[name] = of_django(f"bench_{number}")
        for engine in engines.values():
            stack.callback(engine.dispose)
        yield found


def key(kind: int, number: int) -> str:
    """An id that rises with its number."""
    return f"{kind:02x}{number:030x}"


def membership(who: int, number: int) -> Membership:
    """The membership of that number; `who` keeps the rows of the two apart."""
    return Membership(
        key(who, number), key(10 + who, 0), key(20 + who, number // IN_TEAM), key(30 + who, number), NOW
    )


def add(store: Any, who: int, numbers: range) -> int:
    """Write new rows."""
    for number in numbers:
        store.add(membership(who, number))
    return len(numbers)


def get(store: Any, who: int, numbers: range) -> int:
    """Read rows by id."""
    for number in numbers:
        if store.get(key(who, number)).person != key(30 + who, number):
            raise RuntimeError("another row came back")
    return len(numbers)


def find(store: Any, who: int, numbers: range) -> int:
    """Read the members of teams."""
    for number in numbers:
        if len(store.find(key(20 + who, number // IN_TEAM))) != IN_TEAM:
            raise RuntimeError("a team is not whole")
    return len(numbers)


def page(store: Any, who: int, numbers: range) -> int:
    """Read on in pages of 200; one row counts."""
    last, rows = membership(who, numbers[0]), 0
    while rows < len(numbers):
        found = store.page(key(10 + who, 0), last)
        if not found:
            break
        rows, last = rows + len(found), found[-1]
    return max(rows, 1)


def save(store: Any, who: int, numbers: range) -> int:
    """Change rows; they were not changed before, so their version is known."""
    for number in numbers:
        store.save(replace(membership(who, number), duty="takes the minutes"))
    return len(numbers)


VERBS = (add, get, find, page, save)


def measured(
    database: dict[str, Opened], verb: Callable[..., int], count: int, batches: int
) -> dict[str, float]:
    """Microseconds for one operation of each, working in turns on batches from all over the rows.

    The lower quartile over the batches, which a busy machine disturbs least; the garbage collector
    rests.
    """
    times: dict[str, list[float]] = {name: [] for name in database}
    both = list(enumerate(database.items()))
    gc.collect()
    gc.disable()
    for turn in range(batches):
        start = turn * (count // batches)
        numbers = range(start, start + BATCH)
        for who, (name, opened) in both if turn % 2 else reversed(both):
            begun = time.perf_counter()
            with opened() as store:
                done = verb(store, who, numbers)
            times[name].append((time.perf_counter() - begun) / done)
    gc.enable()
    return {name: statistics.quantiles(values, n=4)[0] * 1e6 for name, values in times.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure each verb on each database and compare."""
    asked = arguments(__doc__, argv)
    count = 2_000 if asked.small else 100_000
    batches = count // BATCH if asked.small else 100
    report = Report("store", small=asked.small)
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as found:
        for name, database in found.items():
            for verb in VERBS:
                # All rows are written, one by one; then the other verbs take samples of them.
                spent = measured(database, verb, count, count // BATCH if verb is add else batches)
                ratio = spent[ADAPTERS] / spent[PLAIN]
                figures = {"verb": verb.__name__, **{who: round(us, 1) for who, us in spent.items()}}
                report.row(f"{name}, {count} rows, microseconds each", {**figures, "ratio": ratio})
                report.claim(f"{name}: {verb.__name__} / plain", ratio, floor=FLOOR, goal=GOAL)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
