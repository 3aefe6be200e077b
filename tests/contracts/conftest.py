"""Lends each test of a contract the place it is checked on."""

from __future__ import annotations

import pytest

from tests.contracts.places import HAS_DJANGO, HAS_SQLALCHEMY, NAMES, opened

collect_ignore = [] if HAS_DJANGO and HAS_SQLALCHEMY else ["test_parity.py"]


@pytest.fixture(scope="session")
def blocker(request: pytest.FixtureRequest):
    """pytest-django's guard of the databases, where there is one."""
    try:
        return request.getfixturevalue("django_db_blocker")
    except pytest.FixtureLookupError:
        return None


@pytest.fixture(scope="session", params=NAMES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, blocker):
    """One database after the other; tests take keys of their own, so that none sees another's rows."""
    with opened(request.param, tmp_path_factory.mktemp(request.param), blocker) as made:
        yield made
