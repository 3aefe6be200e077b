"""Finds out what this machine can test, and lends the tests a browser and empty databases."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from hypothesis import settings

from tests import services

# Where a host's frameworks are not installed, its tests are not collected at all.
_NEEDS = {
    "openedx": ("django", "celery", "xblock", "workbench"),
    "lti": ("flask", "sqlalchemy"),
    "demo": ("flask", "joserfc", "requests"),
    "e2e": ("playwright",),
    "hosts": ("django", "celery", "xblock", "workbench", "flask", "sqlalchemy"),
}
collect_ignore_glob = [
    f"{folder}/*"
    for folder, modules in _NEEDS.items()
    if any(importlib.util.find_spec(module) is None for module in modules)
]
HERE = {"127.0.0.1", "localhost", "::1"}

# A slow machine is no fault of the code; `make campaign` looks much longer.
settings.register_profile("usual", deadline=None)
settings.register_profile("campaign", deadline=None, max_examples=2000)
settings.load_profile("usual")


def pytest_configure(config: pytest.Config) -> None:
    """Stop before the first test when something required is missing."""
    try:
        needed = services.required()
    except ValueError as wrong:
        raise pytest.UsageError(str(wrong)) from None
    if missing := sorted(name for name in needed if services.FIND[name]() is None):
        wanted = "; ".join(services.HOW[name] for name in missing)
        raise pytest.UsageError(f"required by COURSECREW_REQUIRE, but not found: {wanted}")
    _set_django_up()


def _set_django_up() -> None:
    """Django can be set up once in a process: with the XBlock workbench, where that is installed."""
    if all(importlib.util.find_spec(module) for module in _NEEDS["openedx"]):
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.openedx.workbench_settings")
        django.setup()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out the tests whose service does not answer here."""
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        needs = [name for name in services.FIND if item.get_closest_marker(name)]
        (left_out if any(services.FIND[name]() is None for name in needs) else kept).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line what was not found, so that a green run is not taken for more than it is."""
    absent = [name for name, find in services.FIND.items() if find() is None]
    if absent:
        wanted = "; ".join(services.HOW[name] for name in absent)
        terminalreporter.write_line(f"not found here, so what needs it did not run: {wanted}")
    else:
        terminalreporter.write_line(f"found here: {', '.join(services.FIND)}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """An empty PostgreSQL database for this worker's session, as an SQLAlchemy URL."""
    with services.fresh_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb() -> Iterator[str]:
    """An empty MariaDB database for this worker's session, as an SQLAlchemy URL."""
    with services.fresh_mariadb() as url:
        yield url


@pytest.fixture
def redis() -> str:
    """The address of a Redis server; keys need a prefix of the test's own."""
    url = services.redis_url()
    if url is None:
        raise LookupError("no Redis server was found")
    return url


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """This machine's Chromium under Playwright.

    One for each module and not for the session: while it runs, its event loop stands in the way of
    Django's ORM in the same process.
    """
    from playwright.sync_api import sync_playwright

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(
                executable_path=services.chromium(), args=list(services.CHROMIUM_FLAGS)
            )
            yield chromium
            chromium.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def open_page(browser):
    """Opens pages that never leave this machine, and fails the test if one of them complained.

    `open_page(width=320, height=700, locale="ar", complaints=[r"status of 409"])`: each call is a
    person of their own (own cookies); `complaints` are patterns of messages that the story expects.
    """
    import re

    contexts, heard = [], []

    def stay_here(route) -> None:
        host = urlsplit(route.request.url).hostname or ""
        is_here = host in HERE or host.endswith(".localhost")  # which no resolver is asked for
        if is_here or route.request.url.startswith(("data:", "blob:", "about:")):
            route.continue_()
        else:
            heard.append(f"a page asked for {route.request.url}")
            route.abort()

    def open_one(*, width: int = 1280, height: int = 900, complaints=(), **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(15_000)
        context.route("**/*", stay_here)
        contexts.append(context)

        def hear(text: str) -> None:
            if not any(re.search(pattern, text) for pattern in complaints):
                heard.append(text)

        def listen(page) -> None:
            page.on("pageerror", lambda error: hear(f"script error: {error}"))
            page.on("console", lambda m: hear(f"console: {m.text}") if m.type == "error" else None)

        context.on("page", listen)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
    assert not heard, "\n".join(heard)


@pytest.fixture
def page(open_page):
    """One page of a desktop's size."""
    return open_page()
