"""`Store` over SQLAlchemy Core: SQLite on one machine, PostgreSQL on several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    bindparam,
    create_engine,
    event,
    false,
    func,
    make_url,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool
from sqlalchemy.sql.dml import Delete, Insert, Update

from coursecrew.app.records import BY_TABLE, FILLED, RecordType
from coursecrew.domain.errors import AlreadyExists, NotFound, StaleWrite
from coursecrew_lti.tables import TABLES

R = TypeVar("R")
BUSY_SECONDS = 30  # how long SQLite waits for another writer
Shape = tuple[tuple[str, str], ...]

# PostgreSQL: serialization failure, deadlock, lock not available.
_LOST_RACES = {"40001", "40P01", "55P03"}
_UNIQUE = "23505"
# SQLite: busy, locked; and the two kinds of unique clash.
_SQLITE_BUSY = {5, 6}
_SQLITE_UNIQUE = {1555, 2067}


def make_engine(url: str | URL, *, busy_seconds: float = BUSY_SECONDS, **options: Any) -> Engine:
    """An engine for `sqlite:///…` or `postgresql://…`; `options` go to SQLAlchemy."""
    address = make_url(url)
    options = {"execution_options": {"preserve_rowcount": True}} | options
    if address.get_backend_name() == "sqlite":
        return _sqlite(address, busy_seconds, options)
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    arguments = {"connect_args": {"options": "-c timezone=UTC"}, "pool_pre_ping": True}
    return create_engine(address, **(arguments | options))


def _sqlite(address: URL, busy_seconds: float, options: dict[str, Any]) -> Engine:
    if address.database in (None, "", ":memory:"):  # one connection, or each would be its own database
        options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}} | options
    engine = create_engine(address, **options)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin on its own, and too late
        for pragma in (
            f"busy_timeout = {round(busy_seconds * 1000)}",
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that turns from reading to writing half-way may find that it lost; this
        # one waits at its beginning instead.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextmanager
def transaction(engine: Engine, tenant: str) -> Iterator[SqlStore]:
    """Open a store for one tenant; lost races come out as `StaleWrite`."""
    try:
        with engine.begin() as connection:
            yield SqlStore(connection, tenant)
    except DBAPIError as error:
        if is_lost_race(error):
            raise StaleWrite() from error
        raise


def is_lost_race(error: DBAPIError) -> bool:
    """Whether another transaction was in the way, so that trying again makes sense."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_BUSY
    return getattr(error.orig, "sqlstate", None) in _LOST_RACES


def is_unique_clash(error: IntegrityError) -> bool:
    """Whether a unique rule was met, and not some other rule of the table."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code in _SQLITE_UNIQUE
    return getattr(error.orig, "sqlstate", None) == _UNIQUE


class SqlStore:
    """`Store` inside one SQLAlchemy transaction; adds the tenant to every statement."""

    def __init__(self, connection: Connection, tenant: str) -> None:
        self._connection = connection
        self._tenant = tenant
        self._dialect = connection.dialect.name
        self._as_stored: dict[tuple[str, str], Any] = {}  # of tables with unique rules: what was seen there

    def get(self, kind: RecordType[R], id: str, *, lock: bool = False) -> R:
        """The row of that id, locked with `FOR UPDATE` where the database has it."""
        statement = _get(kind.table, lock)
        row = self._connection.execute(statement, self._row(kind, id)).first()
        if row is None:
            raise NotFound(kind.table)
        return self._kept(kind, row)

    def try_lock(self, kind: RecordType[R], id: str) -> R | None:
        """The row of that id with `FOR UPDATE SKIP LOCKED`; SQLite lets one writer in at a time."""
        row = self._connection.execute(_try_lock(kind.table), self._row(kind, id)).first()
        return self._kept(kind, row) if row is not None else None

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
        shape, values = self._asked(kind, equal)
        statement = _find(kind.table, kind.order(order), shape)
        if after is not None:
            statement = statement.where(_beyond(kind, order, after))
        rows = self._connection.execute(statement, values | {"the_limit": limit})
        return [self._kept(kind, row) for row in rows]

    def count(self, kind: RecordType[R], /, **equal: Any) -> int:
        """How many rows match."""
        shape, values = self._asked(kind, equal)
        return cast("int", self._connection.execute(_count(kind.table, shape), values).scalar_one())

    def reaches(self, kind: RecordType[R], number: int, /, **equal: Any) -> bool:
        """Whether at least so many rows match; counts no further, however many there are."""
        shape, values = self._asked(kind, equal)
        statement = _count_some(kind.table, shape)
        found = self._connection.execute(statement, values | {"the_limit": number}).scalar_one()
        return cast("int", found) >= number

    def tally(self, kind: RecordType[R], /, by: str, **equal: Any) -> dict[Any, int]:
        """How many rows match, for each value of the column `by`."""
        shape, values = self._asked(kind, equal)
        load = kind.columns[by].to_object
        rows = self._connection.execute(_tally(kind.table, by, shape), values)
        return {load(value): count for value, count in rows}

    def add(self, kind: RecordType[R], record: R) -> R:
        """Write a new row; `AlreadyExists` where a unique rule is met (the transaction goes on).

        "On conflict do nothing" spares the savepoint that a failed statement would need.
        """
        row = kind.to_row(record)
        row["tenant"] = self._tenant
        if not self._connection.execute(_add(kind.table, self._dialect), row).rowcount:
            raise AlreadyExists(table=kind.table)
        return self._known(kind, record)

    def save(self, kind: RecordType[R], record: R) -> R:
        """Write a changed row, its `version` raised by one; `StaleWrite` if somebody else was first."""
        row = kind.to_row(record)
        row |= {"the_id": row.pop("id"), "the_tenant": self._tenant}
        if kind.has_version:
            row |= {"the_version": row["version"], "version": row["version"] + 1}
        try:
            with self._savepoint(kind, record):
                changed = self._connection.execute(_save(kind.table), row).rowcount
        except IntegrityError as error:
            if is_unique_clash(error):
                raise AlreadyExists(table=kind.table) from error
            raise
        if not changed:
            raise StaleWrite(table=kind.table)
        if kind.has_version:
            record = cast("R", replace(cast("Any", record), version=row["version"]))
        return self._known(kind, record)

    def remove(self, kind: RecordType[R], id: str) -> None:
        """Take a row away; absent rows are no error."""
        self._connection.execute(_remove(kind.table), self._row(kind, id))

    def _row(self, kind: RecordType[Any], id: str) -> dict[str, Any]:
        return {"the_id": kind.columns["id"].to_stored(id), "the_tenant": self._tenant}

    def _kept(self, kind: RecordType[R], row: Any) -> R:
        return self._known(kind, kind.from_values(row))

    def _known(self, kind: RecordType[R], record: R) -> R:
        """The record, remembered as it stands in its table where a unique rule could be met."""
        if kind.unique:
            self._as_stored[kind.table, cast("Any", record).id] = record
        return record

    def _savepoint(self, kind: RecordType[Any], record: Any) -> Any:
        # SQLite undoes a failed statement by itself; PostgreSQL gives up the whole transaction.
        if self._dialect != "postgresql" or not self._may_clash(kind, record):
            return nullcontext()
        return self._connection.begin_nested()

    def _may_clash(self, kind: RecordType[Any], record: Any) -> bool:
        """Whether a save could meet a unique rule: only where something that a rule is about has changed."""
        if not kind.unique:
            return False
        before = self._as_stored.get((kind.table, record.id))
        names = {name for rule in kind.unique for name in rule}
        return before is None or any(getattr(record, name) != getattr(before, name) for name in names)

    def _asked(self, kind: RecordType[Any], equal: Mapping[str, Any]) -> tuple[Shape, dict[str, Any]]:
        """The equalities as a shape, for which a statement is kept, and the values for it."""
        shape: list[tuple[str, str]] = []
        values: dict[str, Any] = {"the_tenant": self._tenant}
        for name, value in equal.items():
            stored = kind.columns[name].to_stored
            if value is None:
                shape.append((name, "empty"))
            elif value is FILLED:
                shape.append((name, "filled"))
            elif isinstance(value, list | tuple | set | frozenset):
                values[name] = [stored(one) for one in value if one is not None]
                shape.append((name, "any or empty" if None in value else "any"))
            else:
                values[name] = stored(value)
                shape.append((name, "one"))
        return tuple(shape), values


# --- statements, built once for each shape ---


def _of_tenant(table: str) -> ColumnElement[bool]:
    return TABLES[table].c.tenant == bindparam("the_tenant")


def _this_row(table: str) -> ColumnElement[bool]:
    return and_(TABLES[table].c.id == bindparam("the_id"), _of_tenant(table))


def _matches(table: str, shape: Shape) -> ColumnElement[bool]:
    conditions = [_of_tenant(table)]
    for name, how in shape:
        column = TABLES[table].c[name]
        if how == "one":
            conditions.append(column == bindparam(name))
        elif how == "filled":
            conditions.append(column.is_not(None))
        else:
            empty = column.is_(None) if "empty" in how else false()
            listed = column.in_(bindparam(name, expanding=True)) if "any" in how else false()
            conditions.append(or_(listed, empty))
    return and_(*conditions)


def _columns(table: str) -> list[ColumnElement[Any]]:
    return [TABLES[table].c[name] for name in BY_TABLE[table].columns]


@cache
def _get(table: str, lock: bool) -> Select[Any]:  # noqa: FBT001 - a key of the cache
    statement = select(*_columns(table)).where(_this_row(table))
    return statement.with_for_update() if lock else statement


@lru_cache(1000)
def _try_lock(table: str) -> Select[Any]:
    return select(*_columns(table)).where(_this_row(table)).with_for_update(skip_locked=True)


@lru_cache(1000)
def _find(table: str, order: tuple[str, ...], shape: Shape) -> Select[Any]:
    statement = select(*_columns(table)).where(_matches(table, shape)).limit(bindparam("the_limit"))
    for name in order:
        column = TABLES[table].c[name.removeprefix("-")]
        by = column.desc() if name.startswith("-") else column.asc()
        if column.nullable and (column.name, "filled") not in shape:
            by = by.nulls_last() if name.startswith("-") else by.nulls_first()
        statement = statement.order_by(by)
    return statement


@lru_cache(1000)
def _count(table: str, shape: Shape) -> Select[Any]:
    return select(func.count()).select_from(TABLES[table]).where(_matches(table, shape))


@lru_cache(1000)
def _count_some(table: str, shape: Shape) -> Select[Any]:
    some = select(TABLES[table].c.id).where(_matches(table, shape)).limit(bindparam("the_limit"))
    return select(func.count()).select_from(some.subquery())


@lru_cache(1000)
def _tally(table: str, by: str, shape: Shape) -> Select[Any]:
    column = TABLES[table].c[by]
    return select(column, func.count()).where(_matches(table, shape)).group_by(column)


@cache
def _add(table: str, dialect: str) -> Insert:
    if dialect == "postgresql":
        return postgresql.insert(TABLES[table]).on_conflict_do_nothing()
    return sqlite.insert(TABLES[table]).on_conflict_do_nothing()


@cache
def _save(table: str) -> Update:
    statement = TABLES[table].update().where(_this_row(table))
    if BY_TABLE[table].has_version:
        statement = statement.where(TABLES[table].c.version == bindparam("the_version"))
    return statement


@cache
def _remove(table: str) -> Delete:
    return TABLES[table].delete().where(_this_row(table))


def _beyond(kind: RecordType[R], order: str, last: R) -> ColumnElement[bool]:
    columns = TABLES[kind.table].c
    compare: dict[str, Any] = {
        "same": lambda column, value: column == value,
        "above": lambda column, value: column > value,
        "below": lambda column, value: column < value,
        "empty": lambda column, _: column.is_(None),
        "filled": lambda column, _: column.is_not(None),
    }
    return or_(
        *(
            and_(*(compare[how](columns[name], value) for name, how, value in alternative))
            for alternative in kind.beyond(order, last)
        )
    )
