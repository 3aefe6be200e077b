"""The core's tables in SQLAlchemy, made from `records.ALL`; every row belongs to a tenant.

Texts compare and sort by code point in every database, so that a page never ends elsewhere on
PostgreSQL than on SQLite, and `ann` is not `ANN` in a unique rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    Boolean,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import Column as SqlColumn
from sqlalchemy.types import TypeEngine

from coursecrew.app.records import ALL, Column, RecordType, Sort, rule_name

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def short(length: int) -> TypeEngine[str]:
    """A text of at most `length` characters, compared by code point."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def moment() -> TypeEngine[Any]:
    """A moment in UTC; SQLite forgets the zone, `Column.to_object` puts it back."""
    return DateTime(timezone=True)


def type_of(column: Column) -> TypeEngine[Any]:
    """The SQL type of a record's column."""
    if column.sort in (Sort.KEY, Sort.TEXT, Sort.NUMBER):
        return short(column.length)
    if column.sort in (Sort.LONG, Sort.JSON):
        return Text()
    if column.sort is Sort.TIME:
        return moment()
    return Integer() if column.sort is Sort.WHOLE else Boolean()


def _parts(kind: RecordType[Any]) -> Iterator[SqlColumn[Any] | UniqueConstraint | Index]:
    columns = {"tenant": SqlColumn("tenant", short(32), nullable=False)}
    for name, column in kind.columns.items():
        if name != "id":
            columns[name] = SqlColumn(name, type_of(column), nullable=column.null)
    yield SqlColumn("id", short(32), primary_key=True)
    yield from columns.values()
    for rule in kind.unique:
        yield UniqueConstraint("tenant", *rule, name=rule_name(kind, rule))
    for names in kind.indexes:
        # One with "-" before it is sorted from the largest down.
        parts = (columns[one[1:]].desc() if one.startswith("-") else columns[one] for one in names)
        yield Index(rule_name(kind, names), columns["tenant"], *parts)


TABLES: dict[str, Table] = {kind.table: Table(kind.table, METADATA, *_parts(kind)) for kind in ALL}
