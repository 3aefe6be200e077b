"""The running tool and a platform beside it; every test has its own database, clock and queue."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from coursecrew.app.memory import SetClock
from coursecrew.app.system import SystemIds
from coursecrew_lti import lti_tables
from coursecrew_lti import registration as registrations
from coursecrew_lti.app import prepare, wire
from coursecrew_lti.config import Config
from coursecrew_lti.registration import Endpoints, Registration
from coursecrew_lti.tool import Tool, make_tool
from tests.lti.lms import Platform, query

PUBLIC = "https://tool.example"
NOON = datetime(2026, 11, 9, 12, tzinfo=UTC)
SECRET = "only for tests, and long enough"


def config(**more: Any) -> Config:
    base = Config(
        secret_key=SECRET,
        public_url=PUBLIC,
        database_url="sqlite://",
        queue_url="memory://",
        allow_private_network=True,
    )
    return replace(base, **more)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database with keys, copied for each test: making keys takes a while."""
    path = tmp_path_factory.mktemp("lti") / "empty.db"
    made = make_tool(config(database_url=f"sqlite:///{path}"), wall=lambda: NOON)
    prepare(made)
    made.engine.dispose()
    return path


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def settings(empty_database: Path, tmp_path: Path) -> Config:
    shutil.copy(empty_database, tmp_path / "tool.db")
    return config(database_url=f"sqlite:///{tmp_path / 'tool.db'}", files_url=f"file://{tmp_path / 'files'}")


@pytest.fixture
def tool(settings: Config, clock: SetClock) -> Iterator[Tool]:
    made = make_tool(settings, clock=clock, wall=clock.now, ids=SystemIds())
    yield made
    made.engine.dispose()


@pytest.fixture
def app(tool: Tool) -> Flask:
    return wire(tool)


@pytest.fixture
def platform(clock: SetClock, app: Flask, tool: Tool) -> Iterator[Platform]:
    """The platform, already registered with both of its clients."""
    made = Platform(clock.now)
    made.tool_keys = lambda: app.test_client().get("/lti/jwks", base_url=PUBLIC).get_json()
    made.start()
    for client in made.clients:
        register(tool, made, client)
    yield made
    made.stop()


def register(tool: Tool, platform: Platform, client: str, **more: Any) -> Registration:
    endpoints = Endpoints(
        issuer=platform.issuer,
        client_id=client,
        auth_url=f"{platform.url}/auth?from=registered",
        token_url=f"{platform.url}/token",
        jwks_url=f"{platform.url}/jwks",
        **more,
    )
    with tool.begin() as connection:
        return registrations.register(
            connection,
            endpoints,
            new_id=tool.ids.new(),
            now=tool.wall(),
            deployments=[(tool.ids.new(), client.replace("client", "dep"))],
        )


class Browser:
    """Somebody's browser: it keeps cookies, follows a launch into its page, and holds its token."""

    def __init__(self, app: Flask, platform: Platform) -> None:
        self.client: FlaskClient = app.test_client()
        self.platform = platform
        self.token = ""
        self.session = ""

    def get(self, path: str, **more: Any):
        return self.client.get(path, base_url=PUBLIC, **more)

    def post(self, path: str, data: Any = None, **more: Any):
        return self.client.post(path, base_url=PUBLIC, data=data, **more)

    def login(self, *, client: str = "client1", **more: Any) -> dict[str, str]:
        """Begin a login; returns what the platform is asked."""
        asked = {
            "iss": self.platform.issuer,
            "client_id": client,
            "login_hint": "hint",
            "lti_message_hint": '{"a":1}&b',
            "target_link_uri": f"{PUBLIC}/lti/launch",
            **more,
        }
        answer = self.get("/lti/login", query_string=asked)
        assert answer.status_code == 302, answer.text
        return query(answer.location)

    def send(self, token: str | None, state: str | None, **more: str):
        """Post a token to the launch address."""
        form = {"id_token": token, "state": state, **more}
        return self.post("/lti/launch", {name: value for name, value in form.items() if value is not None})

    def launch(self, *, client: str = "client1", **claims: Any):
        """Log in and launch with the base token and these claims."""
        asked = self.login(client=client)
        token = self.platform.sign(self.platform.claims(asked["nonce"], client=client, **claims))
        return self.send(token, asked["state"])

    def enter(self, answer, **more: str) -> str:
        """Go on to the page of a launch and change its code for a token."""
        assert answer.status_code == 303, answer.text
        page = self.get(answer.location)
        assert page.status_code == 200, page.text
        self.session = answer.location.split("?")[0].rsplit("/", 1)[1]
        given = {"session": self.session, "code": query(answer.location)["code"], **more}
        told = self.post("/lti/token", given)
        self.token = told.get_json().get("token", "")
        return page.text

    def come_in(self, **claims: Any) -> str:
        return self.enter(self.launch(**claims))

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def ui(self, path: str = "", form: dict[str, Any] | None = None):
        """A request of the element."""
        if form is None:
            return self.get(f"/ui/{path}", headers=self.bearer)
        return self.post(f"/ui/{path}", form, headers=self.bearer)


@pytest.fixture
def browser(app: Flask, platform: Platform) -> Browser:
    return Browser(app, platform)


@pytest.fixture
def another(app: Flask, platform: Platform):
    """Makes browsers of other people."""
    return lambda: Browser(app, platform)


@pytest.fixture
def decisions(caplog: pytest.LogCaptureFixture):
    """The reason codes of the log's launch lines, in order; "accepted" for those let in."""
    caplog.set_level(logging.INFO, logger="coursecrew.launch")

    def read(event: str = "launch") -> list[str]:
        lines = [r.getMessage() for r in caplog.records if r.getMessage().startswith(f"event={event} ")]
        found = []
        for line in lines:
            reason = re.search(r"reason=(\S+)", line)
            found.append(reason[1] if reason else re.findall(r"result=(\S+)", line)[0])
        return found

    return read


def rows(tool: Tool, name: str) -> int:
    """How many rows a table of the LTI side has."""
    table = getattr(lti_tables, name)
    with tool.begin() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def find(tool: Tool, name: str, **equal: Any) -> list[Any]:
    table = getattr(lti_tables, name)
    statement = select(table)
    for column, value in equal.items():
        statement = statement.where(table.c[column] == value)
    with tool.begin() as connection:
        return list(connection.execute(statement))
