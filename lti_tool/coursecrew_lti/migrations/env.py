"""Alembic's side of a migration; `migrations.config` hands the open connection over."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import String

from coursecrew_lti.tables import METADATA


def written(sort: str, item: Any, _context: object) -> str | Literal[False]:
    """Write short texts by the name that `script.py.mako` gives them."""
    if sort == "type" and isinstance(item, String) and item.length:
        return f"short({item.length})"
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
