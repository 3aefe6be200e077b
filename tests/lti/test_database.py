"""The tool's own database: migrations, and what SQLite is told."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest
from alembic import command
from sqlalchemy import inspect, text

from coursecrew.app.memory import ONE_TENANT
from coursecrew.app.records import CARDS
from coursecrew.domain.errors import StaleWrite
from coursecrew_lti.migrations import config, is_current, migrate
from coursecrew_lti.store import make_engine, transaction
from coursecrew_lti.tables import METADATA
from tests import services


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest, tmp_path):
    if request.param == "sqlite":
        made = make_engine(f"sqlite:///{tmp_path}/tool.sqlite")
        yield made
        made.dispose()
    else:
        with services.fresh_postgres() as url:
            made = make_engine(url)
            yield made
            made.dispose()


def test_the_migrations_make_exactly_the_tables_of_the_program(engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        command.check(config(connection))  # raises where a table or column differs
        names = set(inspect(connection).get_table_names())
    assert names == {*METADATA.tables, "alembic_version"}


def test_a_database_is_current_after_migrating_and_only_then(engine) -> None:
    assert not is_current(engine)
    migrate(engine)
    assert is_current(engine)
    migrate(engine)
    assert is_current(engine)


def test_migrating_back_leaves_nothing_behind(engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        command.downgrade(config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]


def test_processes_that_start_together_migrate_once(engine) -> None:
    start = threading.Barrier(3)
    failures: list[BaseException] = []

    def go() -> None:
        start.wait()
        try:
            migrate(engine)
        except Exception as failure:  # noqa: BLE001 - whatever it is, the test must see it
            failures.append(failure)

    threads = [threading.Thread(target=go) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert is_current(engine)


def test_a_failed_migration_changes_nothing(engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE coursecrew_work (id INTEGER)"))
    with pytest.raises(Exception, match="coursecrew_work"):
        migrate(engine)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["coursecrew_work"]


def test_sqlite_writes_ahead_and_keeps_foreign_keys(tmp_path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/tool.sqlite")
    with engine.begin() as connection:
        told = [
            connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "foreign_keys")
        ]
    assert told == ["wal", 1]
    engine.dispose()


def test_a_writer_who_waits_too_long_for_sqlite_meets_a_stale_write(tmp_path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/busy.sqlite", busy_seconds=0.05)
    with transaction(engine, ONE_TENANT), pytest.raises(StaleWrite):
        with transaction(engine, ONE_TENANT):
            pass
    engine.dispose()


def test_a_database_in_memory_is_one_for_all_its_connections() -> None:
    engine = make_engine("sqlite://")
    migrate(engine)
    with transaction(engine, ONE_TENANT) as store:
        assert store.count(CARDS) == 0
    engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_an_address_of_postgresql_may_be_written_in_any_usual_way(scheme: str) -> None:
    url = services.postgres_url()
    assert url is not None
    engine = make_engine(url.replace("postgresql+psycopg", scheme))
    with closing(engine.raw_connection()) as connection:
        assert connection.cursor().execute("SHOW timezone").fetchone() == ("UTC",)
    engine.dispose()
