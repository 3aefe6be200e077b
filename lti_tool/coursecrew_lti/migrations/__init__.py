"""Brings a database's tables to this version, from within the program: no `alembic.ini` needed."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

HERE = Path(__file__).parent
_LOCK = 0x436F757273654372  # any fixed number: of several processes that start at once, one migrates


def config(connection: Connection | None = None) -> Config:
    """What Alembic's commands take; they use `connection`, and leave its transaction to us."""
    made = Config()
    made.set_main_option("script_location", str(HERE).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def migrate(engine: Engine) -> None:
    """Bring the tables up to date, all or nothing; does nothing where they are."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        command.upgrade(config(connection), "head")


def is_current(engine: Engine) -> bool:
    """Whether the tables are those of this version."""
    wanted = set(ScriptDirectory.from_config(config()).get_heads())
    with engine.begin() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == wanted
