"""Alembic's side of a migration; `migrations.config` hands the open connection over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import String
from sqlalchemy.types import TypeDecorator

from coursecrew_lti import lti_tables  # noqa: F401 - puts its tables on the METADATA
from coursecrew_lti.tables import METADATA


def written(sort: str, item: Any, _context: object) -> str | Literal[False]:
    """Write short texts by the name that `script.py.mako` gives them, and decorated types plainly."""
    if sort == "type" and isinstance(item, String) and item.length:
        return f"short({item.length})"
    if sort == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite changes a table by copying it
    compare_type=True,
    render_item=written,
)
with context.begin_transaction():
    context.run_migrations()
