"""What the tests find on this machine, and what they do when it is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests import services
from tests.services import ROOT

NOWHERE = "redis://127.0.0.1:1/0"  # nothing listens on that port


def pytest_here(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on this very file in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", *arguments],
        cwd=ROOT,
        env=os.environ | {"COURSECREW_REQUIRE": ""} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


REDIS_TEST = "tests/test_machine.py::test_a_redis_that_was_found_answers"


def test_what_is_absent_is_left_out_and_named() -> None:
    done = pytest_here(REDIS_TEST, COURSECREW_TEST_REDIS_URL=NOWHERE)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "1 deselected" in done.stdout
    assert "not found here" in done.stdout
    assert "a Redis server (COURSECREW_TEST_REDIS_URL)" in done.stdout


def test_what_is_required_and_absent_fails() -> None:
    done = pytest_here(REDIS_TEST, COURSECREW_TEST_REDIS_URL=NOWHERE, COURSECREW_REQUIRE="redis")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "a Redis server" in done.stderr


def test_a_misspelt_requirement_fails() -> None:
    done = pytest_here(REDIS_TEST, COURSECREW_REQUIRE="redis,postgress")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "postgress" in done.stderr


@pytest.mark.redis
def test_a_redis_that_was_found_answers(redis: str) -> None:
    import redis as driver

    with driver.Redis.from_url(redis) as server:
        assert server.ping()


@pytest.mark.postgres
def test_a_fresh_postgres_database_is_empty_and_goes_away() -> None:
    import psycopg

    names = "select datname from pg_database where datname = %s"
    with services.fresh_postgres() as url:
        plain = url.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(plain) as connection:
            tables = connection.execute("select count(*) from pg_tables where schemaname = 'public'")
            assert tables.fetchone() == (0,)
    name = urlsplit(url).path.lstrip("/")
    server = services.postgres_url()
    assert server is not None
    with psycopg.connect(server.replace("postgresql+psycopg://", "postgresql://")) as connection:
        assert connection.execute(names, [name]).fetchone() is None


@pytest.mark.mariadb
def test_a_fresh_mariadb_database_takes_every_letter() -> None:
    import MySQLdb

    with services.fresh_mariadb() as url:
        parts = urlsplit(url)
        connection = MySQLdb.connect(
            host=parts.hostname, port=parts.port or 3306, user=parts.username, password=parts.password or "",
            database=parts.path.lstrip("/"), charset="utf8mb4",
        )  # fmt: skip
        try:
            cursor = connection.cursor()
            cursor.execute("select '🌊', @@character_set_database")
            assert cursor.fetchone() == ("🌊", "utf8mb4")
        finally:
            connection.close()


@pytest.mark.browser
def test_a_complaint_that_a_story_expects_is_not_held_against_it(open_page) -> None:
    page = open_page(complaints=[r"script error: gone"])
    page.set_content("<h1>Here</h1><script>throw new Error('gone')</script>")
    assert page.inner_text("h1") == "Here"
