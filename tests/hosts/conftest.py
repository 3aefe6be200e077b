"""Both hosts under one roof: the same person's presses, in the LTI tool and in the Open edX block."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client
from flask import Flask

from coursecrew_lti.tool import Tool
from demo.visitor import Page
from tests.lti.conftest import Browser, app, clock, empty_database, find, platform, settings, tool
from tests.lti.lms import INSTRUCTOR, LEARNER, Platform
from tests.openedx.conftest import Course, course

# Fixtures of both hosts, lent to this folder.
__all__ = ["app", "clock", "course", "empty_database", "platform", "settings", "tool"]

NAMES = {
    "amara": "Amara Okafor",
    "tomas": "Tomás Rivera",
    "linh": "Vũ Thùy Linh",
    "sofia": "Sofia Lindqvist",
    "mehmet": "Mehmet Yılmaz",
    "ines": "Dr Inês Carvalho",
    "kwame": "Kwame Boateng",
}
ZONES = {"amara": "Africa/Lagos", "tomas": "America/Bogota"}  # as the sample platform has them


class Host(Protocol):
    """How a request of somebody's element reaches a host; answers status and body."""

    settings: str  # path of the settings form, empty before its own paths

    def get(self, who: str, path: str) -> tuple[int, str]: ...
    def post(self, who: str, path: str, form: list[tuple[str, Any]]) -> tuple[int, str]: ...
    def deliver(self) -> None: ...
    def marks(self) -> dict[str, str]: ...


@dataclass
class Screen:
    """What somebody got: the status, the page, and its words."""

    status: int
    page: Page

    @property
    def text(self) -> str:
        return self.page.text

    def link(self, words: str) -> str:
        """Where the link with these words leads, as a path."""
        for text, address in self.page.links:
            if words in text:
                return urlsplit(address).fragment.strip("/") or address
        raise AssertionError(f"no link says {words}: {self.page.links}")

    def action(self, pattern: str) -> str:
        """The one form that goes to an address like this."""
        found = {form.action for form in self.page.forms if re.fullmatch(pattern, form.action)}
        assert len(found) == 1, f"{pattern} of {[form.action for form in self.page.forms]}"
        return found.pop()


@dataclass
class House:
    """The sample assignment in one host, ready for people to come in."""

    host: Host
    name: str = ""

    def show(self, who: str, path: str = "", *, status: int = 200) -> Screen:
        """A screen as somebody opens it."""
        return self._screen(*self.host.get(who, path), status)

    def press(
        self,
        who: str,
        path: str,
        action: str,
        fields: Mapping[str, Any] | None = None,
        *,
        button: str = "",
        status: int = 200,
        screen: Screen | None = None,
    ) -> Screen:
        """Open a screen (or take one that was opened before), fill in a form of it, and send it."""
        shown = screen or self.show(who, path)
        form = shown.page.form(shown.action(action))
        filled: list[tuple[str, Any]] = []
        files = {name: value for name, value in (fields or {}).items() if isinstance(value, bytes)}
        texts = {name: value for name, value in (fields or {}).items() if name not in files}
        filled += form.filled(texts, button)
        filled += [(name, (io.BytesIO(content), "file.csv")) for name, content in files.items()]
        return self._screen(*self.host.post(who, form.action, filled), status)

    def _screen(self, got: int, body: str, wanted: int) -> Screen:
        screen = Screen(got, Page(body))
        assert got == wanted, f"{got} instead of {wanted}: {screen.text[:600]}"
        return screen

    # --- the story, as people press it ---

    def set(self, fields: Mapping[str, str], *, status: int = 200) -> Screen:
        """Change settings: in the tool's own form, or in Studio's editor."""
        path = f"{self.host.settings}settings"
        shown = self.show("ines", path)
        form = shown.page.form(shown.action(r".*settings/save"))
        sent = form.filled(fields)
        return self._screen(*self.host.post("ines", f"{path}/save", sent), status)

    def team(self, founder: str, *others: str, name: str = "Blue Ledger") -> None:
        """A team of these people."""
        self.press(founder, "team/found", "team/found", {"name": name})
        for who in others:
            self.join(who, name)

    def join(self, who: str, name: str = "Blue Ledger", *, status: int = 200) -> Screen:
        """Press "join" beside a team of that name."""
        shown = self.show(who)
        for form in shown.page.forms:
            labels = " ".join(button[0] for button in form.buttons)
            if re.fullmatch("team/[0-9a-f]+/join", form.action) and name in _around(shown, form.action):
                return self.press(who, "", re.escape(form.action), status=status, screen=shown)
            assert labels is not None
        raise AssertionError(f"no button to join {name}: {shown.text[:500]}")

    def write(self, who: str, text: str = "Forty litres a second leave the pipe.") -> Screen:
        """Write every part and save."""
        shown = self.show(who, "draft")
        boxes = [name for name, _ in shown.page.form("draft").values if name.startswith("text-")]
        return self.press(who, "draft", "draft", dict.fromkeys(boxes, text), screen=shown)

    def hand_in(self, who: str) -> Screen:
        return self.press(who, "hand-in", "hand-in", button="Hand in")

    def score(self, *, below: int = 0, name: str = "Blue Ledger", comment: str = "Solid.") -> Screen:
        """Score a team's work: the best level of each criterion, or the first one that much lower."""
        work = self.show("ines", "grading").link(name)
        shown = self.show("ines", work)
        levels: dict[str, list[str]] = {}
        for criterion, value in re.findall(
            r'<input type="radio" name="(level-[^"]+)"[^>]*?value="([^"]+)"', shown.page.source
        ):
            levels.setdefault(criterion, []).append(value)
        best = {criterion: values[-1] for criterion, values in levels.items()}
        first = next(iter(levels))
        best[first] = levels[first][-1 - below]
        return self.press("ines", work, r"grading/.*/score", {**best, "comment": comment}, screen=shown)

    def release(self) -> Screen:
        return self.press("ines", "release", "release/now")

    def released(self, *members: str, below: int = 1) -> None:
        """A team whose work was handed in, scored and released."""
        self.team(*members)
        self.write(members[0])
        self.hand_in(members[0])
        self.score(below=below)
        self.release()

    def marks(self) -> dict[str, str]:
        """The gradebook of the platform: full name -> score as it stands there."""
        return self.host.marks()


def _around(screen: Screen, action: str) -> str:
    """The words in front of and in a form, as they stand in the page."""
    source = screen.page.source
    place = source.index(f'action="{action}"')
    return source[max(0, place - 1500) : place + 400]


# --- the LTI tool, launched by a platform ---


@dataclass
class LtiHost:
    """Everybody has a browser of their own, launched once."""

    app: Flask
    tool: Tool
    platform: Platform
    browsers: dict[str, Browser] = field(default_factory=dict)
    settings: str = ""

    def browser(self, who: str) -> Browser:
        if who not in self.browsers:
            made = Browser(self.app, self.platform)
            launch = made.launch(
                sub=who,
                name=NAMES[who],
                email=f"{who}@water.example",
                roles=[INSTRUCTOR if who == "ines" else LEARNER],
                **self.platform.services(),
            )
            made.enter(launch, zone=ZONES.get(who, "UTC"))
            self.browsers[who] = made
        return self.browsers[who]

    def get(self, who: str, path: str) -> tuple[int, str]:
        answer = self.browser(who).ui(path)
        return answer.status_code, answer.text

    def post(self, who: str, path: str, form: list[tuple[str, Any]]) -> tuple[int, str]:
        browser = self.browser(who)
        answer = browser.post(f"/ui/{path}", _multi(form), headers=browser.bearer)
        return answer.status_code, answer.text

    def deliver(self) -> None:
        for registration in {row.registration for row in find(self.tool, "COURSE")}:
            self.tool.work.deliver(registration)

    def marks(self) -> dict[str, str]:
        self.deliver()
        bodies = (score.body for score in self.platform.scores)
        return {NAMES[body["userId"]]: f"{body['scoreGiven']:g}" for body in bodies if "scoreGiven" in body}


def _multi(form: list[tuple[str, Any]]) -> dict[str, list[Any]]:
    values: dict[str, list[Any]] = {}
    for name, value in form:
        values.setdefault(name, []).append(value)
    return values


# --- the block, in the workbench ---


@dataclass
class BlockHost:
    """Everybody is who the address says, as the workbench has it."""

    course: Course
    settings: str = "studio/"

    def get(self, who: str, path: str) -> tuple[int, str]:
        route, _, query = path.partition("?")
        answer = self.course.get(who, route, **dict(parse_qsl(query)))
        return answer.status_code, _text(answer)

    def post(self, who: str, path: str, form: list[tuple[str, Any]]) -> tuple[int, str]:
        values: dict[str, Any] = {}
        for name, sent in _multi(form).items():
            parts = [_named(*one) if isinstance(one, tuple) else one for one in sent]
            values[name] = parts if len(parts) > 1 else parts[0]
        answer = Client().post(f"/handler/{self.course.place}/ui/{path}?student={who}", values)
        return answer.status_code, _text(answer)

    def deliver(self) -> None:
        """It is delivered already: tasks run at once in the workbench."""

    def marks(self) -> dict[str, str]:
        return {
            NAMES[who]: f"{earned:g}"
            for who, (earned, _) in self.course.marks().items()
            if earned is not None
        }


def _named(content: io.BytesIO, name: str) -> io.BytesIO:
    content.name = name
    return content


def _text(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode())


@pytest.fixture(params=["lti", "openedx"])
def house(request: pytest.FixtureRequest) -> House:
    """The sample assignment, published, in each host."""
    if request.param == "lti":
        fixture = request.getfixturevalue
        made = House(LtiHost(fixture("app"), fixture("tool"), fixture("platform")), "lti")
        made.press("ines", "settings", r"settings/starter")
        made.press("ines", "settings", r"settings/publish")
        return made
    return House(BlockHost(request.getfixturevalue("course")), "openedx")
