"""`Store` over Django's ORM: MySQL, MariaDB, PostgreSQL, and SQLite in development."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, reduce
from operator import or_
from typing import Any, TypeVar, cast

from django.db import DatabaseError, IntegrityError, connections
from django.db import transaction as django
from django.db.models import Count, F, Q, QuerySet
from django.db.models.expressions import OrderBy

from coursecrew.app.records import BY_TABLE, FILLED, RecordType
from coursecrew.domain.errors import AlreadyExists, NotFound, StaleWrite
from coursecrew_openedx.models import MODELS

R = TypeVar("R")
# MySQL and MariaDB: lock wait timeout, deadlock, record changed since it was read.
_LOST_RACES = {1205, 1213, 1020}
_DUPLICATE_ENTRY = 1062
# PostgreSQL: serialization failure, deadlock, lock not available.
_LOST_STATES = {"40001", "40P01", "55P03"}
_UNIQUE_STATE = "23505"
# SQLite: busy, locked; and the two kinds of unique clash.
_SQLITE_BUSY = {5, 6}
_SQLITE_UNIQUE = {1555, 2067}
_COMPARE = {"same": "", "above": "__gt", "below": "__lt"}


@contextmanager
def transaction(using: str = "default") -> Iterator[DjangoStore]:
    """Open a store; lost races come out as `StaleWrite`."""
    try:
        with django.atomic(using=using):
            yield DjangoStore(using)
    except DatabaseError as error:
        if is_lost_race(error):
            raise StaleWrite() from error
        raise


def is_lost_race(error: DatabaseError) -> bool:
    """Whether another transaction was in the way, so that trying again makes sense."""
    number, state, sqlite = _codes(error)
    return number in _LOST_RACES or state in _LOST_STATES or (sqlite or 0) & 0xFF in _SQLITE_BUSY


def is_unique_clash(error: IntegrityError) -> bool:
    """Whether a unique rule was met, and not some other rule of the table."""
    number, state, sqlite = _codes(error)
    return number == _DUPLICATE_ENTRY or state == _UNIQUE_STATE or sqlite in _SQLITE_UNIQUE


def _codes(error: DatabaseError) -> tuple[int | None, str | None, int | None]:
    """What the driver under Django said: MySQL's number, PostgreSQL's state, SQLite's code."""
    cause = error.__cause__
    number = cause.args[0] if cause is not None and cause.args else None
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return (number if isinstance(number, int) else None, state, getattr(cause, "sqlite_errorcode", None))


class DjangoStore:
    """`Store` inside one transaction of Django's."""

    def __init__(self, using: str = "default") -> None:
        self._using = using

    def get(self, kind: RecordType[R], id: str, *, lock: bool = False) -> R:
        """The row of that id, locked with `FOR UPDATE` where the database has it."""
        rows = _values(kind.table, self._using).filter(pk=kind.columns["id"].to_stored(id))
        row = next(iter(rows.select_for_update() if lock else rows), None)
        if row is None:
            raise NotFound(kind.table)
        return kind.from_values(row)

    def try_lock(self, kind: RecordType[R], id: str) -> R | None:
        """The row of that id, locked; one that others hold is skipped where the database can.

        A database that cannot skip (MySQL before 8, MariaDB before 10.6) waits for it.
        """
        rows = _values(kind.table, self._using).filter(pk=kind.columns["id"].to_stored(id))
        skips = connections[self._using].features.has_select_for_update_skip_locked
        row = next(iter(rows.select_for_update(skip_locked=skips)), None)
        return kind.from_values(row) if row is not None else None

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
        rows = _matching(_values(kind.table, self._using), kind, equal)
        if after is not None:
            rows = rows.filter(_beyond(kind, order, after))
        filled = {name for name, value in equal.items() if value is FILLED}
        rows = rows.order_by(*(_by(kind, name, filled) for name in kind.order(order)))
        return [kind.from_values(row) for row in rows[:limit]]

    def count(self, kind: RecordType[R], /, **equal: Any) -> int:
        """How many rows match."""
        return _matching(self._rows(kind), kind, equal).count()

    def reaches(self, kind: RecordType[R], number: int, /, **equal: Any) -> bool:
        """Whether at least so many rows match; counts no further, however many there are."""
        return _matching(self._rows(kind), kind, equal)[:number].count() >= number

    def tally(self, kind: RecordType[R], /, by: str, **equal: Any) -> dict[Any, int]:
        """How many rows match, for each value of the column `by`."""
        load = kind.columns[by].to_object
        rows = _matching(self._rows(kind), kind, equal).order_by().values_list(by).annotate(Count("pk"))
        return {load(value): count for value, count in rows}

    def add(self, kind: RecordType[R], record: R) -> R:
        """Write a new row; `AlreadyExists` where a unique rule is met (the transaction goes on)."""
        with self._guarded(kind):
            MODELS[kind.table](**kind.to_row(record)).save(force_insert=True, using=self._using)
        return record

    def save(self, kind: RecordType[R], record: R) -> R:
        """Write a changed row, its `version` raised by one; `StaleWrite` if somebody else was first."""
        row = kind.to_row(record)
        rows = self._rows(kind).filter(pk=row.pop("id"))
        if kind.has_version:
            rows = rows.filter(version=row["version"])
            row["version"] += 1
        with self._guarded(kind):
            changed = rows.update(**row)
        if not changed:
            raise StaleWrite(table=kind.table)
        return cast("R", replace(cast("Any", record), version=row["version"])) if kind.has_version else record

    def remove(self, kind: RecordType[R], id: str) -> None:
        """Take a row away; absent rows are no error."""
        self._rows(kind).filter(pk=kind.columns["id"].to_stored(id)).delete()

    def _rows(self, kind: RecordType[Any]) -> QuerySet[Any]:
        return MODELS[kind.table]._base_manager.using(self._using)

    @contextmanager
    def _guarded(self, kind: RecordType[Any]) -> Iterator[None]:
        """A savepoint around a statement that may meet a unique rule."""
        try:
            with django.atomic(using=self._using):
                yield
        except IntegrityError as error:
            if is_unique_clash(error):
                raise AlreadyExists(table=kind.table) from error
            raise


@cache
def _values(table: str, using: str) -> QuerySet[Any, tuple[Any, ...]]:
    """All rows as plain values, to be narrowed; resolving the columns each time is what costs."""
    return MODELS[table]._base_manager.using(using).values_list(*BY_TABLE[table].columns)


def _matching(
    rows: QuerySet[Any, Any], kind: RecordType[Any], equal: Mapping[str, Any]
) -> QuerySet[Any, Any]:
    plain: dict[str, Any] = {}
    either: list[Q] = []
    for name, value in equal.items():
        stored = kind.columns[name].to_stored
        if value is None:
            plain[f"{name}__isnull"] = True
        elif value is FILLED:
            plain[f"{name}__isnull"] = False
        elif isinstance(value, list | tuple | set | frozenset):
            listed = Q(**{f"{name}__in": [stored(one) for one in value if one is not None]})
            either.append(listed | Q(**{f"{name}__isnull": True}) if None in value else listed)
        else:
            plain[name] = stored(value)
    return rows.filter(*either, **plain)


def _by(kind: RecordType[Any], name: str, filled: Collection[str]) -> OrderBy:
    column = name.removeprefix("-")
    empty = True if kind.columns[column].null and column not in filled else None
    if name.startswith("-"):
        return F(column).desc(nulls_last=empty)
    return F(column).asc(nulls_first=empty)


def _beyond(kind: RecordType[R], order: str, last: R) -> Q:
    return reduce(or_, (Q(*map(_comparison, one)) for one in kind.beyond(order, last)))


def _comparison(asked: tuple[str, str, Any]) -> tuple[str, Any]:
    name, how, value = asked
    if how in ("empty", "filled"):
        return f"{name}__isnull", how == "empty"
    return f"{name}{_COMPARE[how]}", value
