"""One statement that writes a row or brings it up to date, in SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, Table, func
from sqlalchemy.dialects import postgresql, sqlite


def upsert(
    connection: Connection,
    table: Table,
    *,
    keys: Mapping[str, Any],
    values: Mapping[str, Any],
    first: Mapping[str, Any],
    keep: frozenset[str] = frozenset(),
    fill: frozenset[str] = frozenset(),
) -> Row[Any]:
    """The row of these unique `keys`, with `values`; `first` are written only if it is new.

    Columns in `keep` hold on to a text they have when the new one is empty: what a platform stopped
    telling is not forgotten. Columns in `fill` take the new text only where they have none.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values({**keys, **values, **first})

    def change(name: str) -> Any:
        new, old = statement.excluded[name], table.c[name]
        if name in fill:
            return func.coalesce(func.nullif(old, ""), new)
        return func.coalesce(func.nullif(new, ""), old) if name in keep else new

    changes = {name: change(name) for name in values}
    statement = statement.on_conflict_do_update(index_elements=list(keys), set_=changes)
    return connection.execute(statement.returning(table)).one()
