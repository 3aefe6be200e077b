"""Where the services stand that some tests need, and databases of their own for those tests.

Each function answers with an address, or `None` where nothing answers; nobody has to configure
anything on a usual developer's machine. `COURSECREW_TEST_…` variables name other places.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 3  # seconds for a service to answer
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _is_listening(url: str, port: int) -> bool:
    """Whether anybody answers there; spares drivers their long time-outs."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or port), PATIENCE):
            return True
    except OSError:
        return False


# --- PostgreSQL ---


@lru_cache
def postgres_url() -> str | None:
    """A PostgreSQL server on which we may make databases, as an SQLAlchemy URL."""
    if not _is_installed("psycopg"):
        return None
    named = os.environ.get("COURSECREW_TEST_POSTGRES_URL")
    user = os.environ.get("USER") or "root"
    usual = [
        "postgresql://postgres@127.0.0.1:5432/postgres",
        f"postgresql://{user}@127.0.0.1:5432/postgres",
        "postgresql://postgres:postgres@127.0.0.1:5432/postgres",
    ]
    for url in [named.replace("postgresql+psycopg://", "postgresql://")] if named else usual:
        if _is_listening(url, 5432) and _postgres_answers(url):
            return url.replace("postgresql://", "postgresql+psycopg://")
    return None


def _postgres_answers(url: str) -> bool:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=PATIENCE) as connection:
            row = connection.execute(
                "select rolcreatedb or rolsuper from pg_roles where rolname = current_user"
            ).fetchone()
            return bool(row and row[0])
    except psycopg.Error:
        return False


@contextmanager
def fresh_postgres() -> Iterator[str]:
    """An empty PostgreSQL database, as an SQLAlchemy URL; gone afterwards."""
    import psycopg

    url = postgres_url()
    if url is None:
        raise LookupError("no PostgreSQL server was found")
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    name = _fresh_name()
    with closing(psycopg.connect(plain, autocommit=True)) as server:
        server.execute(f'create database "{name}" template template0')
        try:
            yield urlsplit(url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f'drop database if exists "{name}" with (force)')


# --- MariaDB ---


@lru_cache
def mariadb_url() -> str | None:
    """A MariaDB server on which we may make databases, as an SQLAlchemy URL.

    Its driver is built from source and stands in none of our extras: without it, there is none.
    """
    if not _is_installed("MySQLdb"):
        return None
    named = os.environ.get("COURSECREW_TEST_MARIADB_URL")
    for url in (
        [named] if named else ["mysql+mysqldb://root@127.0.0.1:3306/", "mysql+mysqldb://test@127.0.0.1/"]
    ):
        if _is_listening(url, 3306) and _mariadb_answers(url):
            return url
    return None


def _mariadb_login(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    return {
        "host": parts.hostname or "127.0.0.1",
        "port": parts.port or 3306,
        "user": parts.username or "root",
        "password": parts.password or "",
        "connect_timeout": PATIENCE,
        "charset": "utf8mb4",
    }


def _mariadb_answers(url: str) -> bool:
    import MySQLdb

    try:
        with closing(MySQLdb.connect(**_mariadb_login(url))):
            return True
    except MySQLdb.Error:
        return False


@contextmanager
def fresh_mariadb() -> Iterator[str]:
    """An empty MariaDB database, as an SQLAlchemy URL; gone afterwards."""
    import MySQLdb

    url = mariadb_url()
    if url is None:
        raise LookupError("no MariaDB server was found")
    name = _fresh_name()
    # The connection is closed in between: a waiting one may be dropped by the server.
    with closing(MySQLdb.connect(**_mariadb_login(url))) as server:
        server.cursor().execute(f"create database `{name}` character set utf8mb4 collate utf8mb4_unicode_ci")
    try:
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
    finally:
        with closing(MySQLdb.connect(**_mariadb_login(url))) as server:
            server.cursor().execute(f"drop database if exists `{name}`")


def _fresh_name() -> str:
    return f"coursecrew_test_{uuid.uuid4().hex[:16]}"


def django_database(url: str) -> dict[str, object]:
    """An SQLAlchemy URL of this module as an entry of Django's `DATABASES`."""
    parts = urlsplit(url)
    engines = {"postgresql+psycopg": "postgresql", "mysql+mysqldb": "mysql"}
    entry: dict[str, object] = {
        "ENGINE": f"django.db.backends.{engines[parts.scheme]}",
        "NAME": parts.path.lstrip("/"),
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parts.hostname or "127.0.0.1",
        "PORT": str(parts.port or ""),
    }
    if parts.scheme == "mysql+mysqldb":
        entry["OPTIONS"] = {"charset": "utf8mb4", "isolation_level": "read committed"}
    return entry


# --- Redis, Chromium, a platform of others ---


@lru_cache
def redis_url() -> str | None:
    """A Redis server; tests put a prefix of their own before every key."""
    if not _is_installed("redis"):
        return None
    import redis

    url = os.environ.get("COURSECREW_TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
    try:
        with closing(
            redis.Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE)
        ) as r:
            r.ping()
    except redis.RedisError:
        return None
    return url


@lru_cache
def chromium() -> str | None:
    """The path of a Chromium of this machine that starts; none is ever downloaded."""
    if not _is_installed("playwright"):
        return None
    named = os.environ.get("COURSECREW_TEST_CHROMIUM")
    for name in [named] if named else CHROMIUM_NAMES:
        path = shutil.which(name)
        if path and _starts(path):
            return path
    return None


def _starts(path: str) -> bool:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@lru_cache
def peer_platform() -> str | None:
    """The Python of the environment in which an LTI platform written by others is installed."""
    python = os.environ.get("COURSECREW_TEST_PEER_PYTHON", str(ROOT / ".venv-peer/bin/python"))
    if not Path(python).exists():
        return None
    try:
        done = subprocess.run(
            [python, "-c", "import lti1p3platform"], capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return python if done.returncode == 0 else None


FIND: Mapping[str, Callable[[], str | None]] = {
    "postgres": postgres_url,
    "mariadb": mariadb_url,
    "redis": redis_url,
    "browser": chromium,
    "peer_platform": peer_platform,
}
HOW: Mapping[str, str] = {
    "postgres": "a PostgreSQL server (COURSECREW_TEST_POSTGRES_URL)",
    "mariadb": "a MariaDB server and mysqlclient (COURSECREW_TEST_MARIADB_URL)",
    "redis": "a Redis server (COURSECREW_TEST_REDIS_URL)",
    "browser": "Chromium (COURSECREW_TEST_CHROMIUM)",
    "peer_platform": "an environment with lti1p3platform (make .venv-peer, COURSECREW_TEST_PEER_PYTHON)",
}


def required() -> frozenset[str]:
    """The services whose absence is a failure; `ValueError` for a name that is none."""
    names = frozenset(filter(None, os.environ.get("COURSECREW_REQUIRE", "").replace(" ", "").split(",")))
    if unknown := names - FIND.keys():
        raise ValueError(f"COURSECREW_REQUIRE names {', '.join(sorted(unknown))}; known: {', '.join(FIND)}")
    return names
