"""Every database that the store's contract is checked on, each empty and of our version.

A `Place` lends transactions for a tenant; the frameworks are imported only where a place needs them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from coursecrew.app.memory import ONE_TENANT, MemoryDatabase
from coursecrew.app.ports import Store
from tests import services

POSTGRES, MARIADB = pytest.mark.postgres, pytest.mark.mariadb
HAS_SQLALCHEMY = find_spec("sqlalchemy") is not None
HAS_DJANGO = find_spec("django") is not None
# Two fixtures may hold the same place open at once: each opening has a name of its own.
_openings = count(1)


@dataclass(frozen=True)
class Place:
    name: str
    transaction: Callable[..., AbstractContextManager[Store]]
    has_tenants: bool = True
    locks_rows: bool = False
    done: Callable[[], None] = lambda: None  # each thread calls it at its end


SQL = [pytest.param("sqlite"), pytest.param("postgres", marks=POSTGRES)]
DJANGO = [
    pytest.param("django-sqlite"),
    pytest.param("django-postgres", marks=POSTGRES),
    pytest.param("django-mariadb", marks=MARIADB),
]
NAMES = [pytest.param("memory"), *(SQL if HAS_SQLALCHEMY else []), *(DJANGO if HAS_DJANGO else [])]
# Where transactions run beside each other; SQLite and memory let one in at a time.
CROWDED = [name for name in NAMES if name.marks]


@contextmanager
def opened(name: str, folder: Path, blocker: Any = None) -> Iterator[Place]:
    """A place by name; `blocker` is pytest-django's, which would forbid the database."""
    if name == "memory":
        yield Place(name, MemoryDatabase().transaction)
    elif name == "sqlite":
        with _sql(name, f"sqlite:///{folder}/contract.sqlite") as place:
            yield place
    elif name == "postgres":
        with services.fresh_postgres() as url, _sql(name, url) as place:
            yield place
    elif name == "django-sqlite":
        entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/django.sqlite"}
        with _django(name, entry, blocker) as place:
            yield place
    else:
        lend = services.fresh_postgres if name == "django-postgres" else services.fresh_mariadb
        with lend() as url, _django(name, services.django_database(url), blocker) as place:
            yield place


@contextmanager
def _sql(name: str, url: str) -> Iterator[Place]:
    from coursecrew_lti.migrations import migrate
    from coursecrew_lti.store import make_engine, transaction

    engine = make_engine(url)
    migrate(engine)
    try:
        yield Place(name, lambda tenant=ONE_TENANT: transaction(engine, tenant), locks_rows=name != "sqlite")
    finally:
        engine.dispose()


def set_django_up() -> None:
    """Django's settings, once for this process: the workbench's, where it is installed."""
    import django
    from django.conf import settings

    if not settings.configured:
        workbench = Path(__file__).parent.parent / "openedx/workbench_settings.py"
        module = "workbench_settings" if find_spec("workbench") and workbench.exists() else "django_settings"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"tests.openedx.{module}")
    django.setup()


@contextmanager
def django_database(alias: str, entry: dict[str, Any], blocker: Any = None) -> Iterator[None]:
    """One more database in Django's settings, as long as it is needed."""
    set_django_up()
    from django.db import connections

    known = connections.configure_settings({"default": {}, alias: entry})
    connections.settings[alias] = known[alias]
    # The settings of a test run may lack what Django adds for its own test databases.
    known[alias].setdefault("TEST", {"MIRROR": None, "NAME": None})
    try:
        if blocker is None:
            yield
        else:
            with blocker.unblock():
                yield
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


@contextmanager
def _django(name: str, entry: dict[str, Any], blocker: Any) -> Iterator[Place]:
    alias = f"{name.replace('-', '_')}_{next(_openings)}"
    with django_database(alias, entry, blocker):
        from django.core.management import call_command
        from django.db import connections

        from coursecrew_openedx.store import transaction

        call_command("migrate", "coursecrew", database=alias, verbosity=0)
        yield Place(
            name,
            lambda tenant=ONE_TENANT: transaction(alias),
            has_tenants=False,
            locks_rows="sqlite" not in name,
            done=lambda: connections[alias].close(),
        )
