"""A class of 120 in each house: who is in it, quick visits without a browser, and a clock that moves.

Both houses have the people of the sample course; the last of them comes late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Literal
from urllib.parse import urlencode, urljoin

import requests

from demo import course
from demo.clock import CourseClock
from demo.visitor import Page, Visitor
from tests.e2e.hosts import ASSIGNMENT, REVIEW, STREET, OpenEdx, open_edx, unit_of

LATE = course.LATECOMER.id
LEARNERS = tuple(person.id for person in course.LEARNERS if person.id != LATE)
NAMES = {person.id: person.name for person in course.PEOPLE}
AMARA, INES = LEARNERS[0], course.STAFF[0].id
TITLE = "Cut water loss in one district"
SECOND = "A street without floods"
JUDGED = "Judge two streets"  # a peer review of the second
Reviews = Literal["reviews"]
REVIEWS: Reviews = "reviews"
Which = bool | Reviews  # the first assignment, the second, or the peer review of the second
TOPICS = ("Leaks at night", "Water for schools", "Tariffs that people can pay")
LANGUAGES = ("English", "Español", "Français")
AT_ONCE = 4  # quick visits at the same time


@dataclass
class Class:
    """A host with its class. Two assignments share their teams; `second` means the other one.

    Beside them stands a peer review of the second, with nothing set yet.
    """

    name: str
    enter: Callable[..., Any]  # (page, person, second=False): where the parts are
    settings: Callable[..., Any]  # (page, second=False): where the instructor's settings form is
    open: Callable[[str, Which], Visitor]  # (person, second): a quick visit
    ahead: Callable[[float], None]  # days
    author: Callable[[Which], Visitor]  # (second): the instructor, quickly, where settings are changed
    now: Callable[[], datetime]
    marks: Callable[[], dict[str, str]]  # of the peer review, as they stand in the gradebook
    visitors: dict[tuple[str, Which], Visitor] = field(default_factory=dict)

    def visitor(self, person: str, second: Which = False) -> Visitor:
        """Somebody without a browser, who came in once."""
        who = (person, second)
        if who not in self.visitors:
            self.visitors[who] = self.open(person, second)
        return self.visitors[who]

    def everybody(self, people: Iterable[str], act: Callable[[str], object]) -> None:
        """Let many people do something, a few at the same time."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for done in [pool.submit(act, person) for person in people]:
                done.result()

    def configure(self, fields: Mapping[str, str], *, second: Which = False) -> None:
        """Change settings as the instructor, quickly."""
        ines = self.author(second)
        ines.press(ines.show("settings"), "settings/save", fields)

    def answer(self, person: str) -> None:
        """Answer the usual survey from one's own life: the same at every run."""
        one = self.visitor(person)
        one.press(one.show("survey"), "survey/save", answers(person), "Save answers")


def answers(person: str) -> dict[str, str]:
    """What somebody answers to the usual survey."""
    chance = Random(f"answers of {person}")
    start = chance.choice((7, 9, 14, 17, 18, 19))
    days = chance.sample(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), 4)
    said = {
        "q-hours-text": ", ".join(f"{day} {start}-{start + chance.choice((2, 3, 4))}" for day in days),
        "q-languages": "o:English" if chance.random() < 0.85 else "o:Español",
        "q-topics-1": f"o:{chance.choice(TOPICS)}",
        "agreed": "yes",
    }
    said |= {f"q-skills-{number}": chance.choice("01234") for number in range(1, 5)}
    if chance.random() < 0.9:
        said["q-gender"] = chance.choice(("o:Woman", "o:Man"))
    return said


def _window(now: datetime, due: int, closes: int) -> dict[str, str]:
    """Handing in is due and closes in so many days, as the settings form has it."""
    moments = (("draft_due", due), ("draft_closes", closes))
    return {name: f"{now + timedelta(days=days):%Y-%m-%dT%H:%M}" for name, days in moments}


# --- the LTI tool in the frame of the sample LMS ---


class _Quick(Visitor):
    """One of many: a hundred connections kept open would be all that a server takes."""

    def __init__(self, lms: str, person: str) -> None:
        super().__init__(lms, person)
        self._web.headers["Connection"] = "close"


@contextmanager
def tool(folder: Path) -> Iterator[Class]:
    """The tool; the clock of its course begins before the latecomer has come."""
    from demo.processes import free_ports, running

    with running(folder, free_ports(), empty=True) as both:
        clock = CourseClock(folder / "clock.json")
        clock.set(course.TEAMS_LOCK)
        teacher = Visitor(both.lms, INES)
        for title in (TITLE, SECOND):
            teacher.add_activity(title)
        teacher.add_activity(JUDGED, "peer_review")
        columns = requests.get(f"{both.lms}/gradebook.json", timeout=60).json()["columns"]
        by_label = {column["label"]: column["link"] for column in columns}
        links: dict[Which, str] = {
            False: by_label[TITLE], True: by_label[SECOND], REVIEWS: by_label[JUDGED],
        }  # fmt: skip

        def enter(page: Any, person: str, second: Which = False) -> Any:
            page.goto(f"{both.lms}/activity/{links[second]}?{urlencode({'person': person})}")
            return page.frame_locator("iframe")

        def settings(page: Any, second: Which = False) -> Any:
            part = enter(page, INES, second)
            part.locator('a[href="#/settings"]').first.click()
            return part

        def open_one(person: str, second: Which) -> Visitor:
            visitor = _Quick(both.lms, person)
            visitor.open(links[second])
            return visitor

        def ahead(days: float) -> None:
            to = (clock.now() + timedelta(days=days)).isoformat()
            answer = requests.post(
                f"{both.tool}/demo/clock", json={"to": to}, headers={"X-Demo": both.word}, timeout=60
            )
            answer.raise_for_status()

        def author(second: Which) -> Visitor:
            return open_one(INES, second)

        for second in (False, True):
            ines = author(second)
            if not second:
                ines.press(ines.show("settings"), "settings/save", _window(clock.now(), 3, 5))
            filled = ines.press(ines.show("settings"), "settings/starter")
            ines.press(filled, "settings/publish")

        def marks() -> dict[str, str]:
            book = requests.get(f"{both.lms}/gradebook.json", timeout=60).json()
            column = next(one["id"] for one in book["columns"] if one["label"] == JUDGED)
            ours = [row for row in book["marks"] if row["column"] == column and row["score"]]
            return {row["name"]: str(row["score"]) for row in ours}

        yield Class("tool", enter, settings, open_one, ahead, author, clock.now, marks)


# --- the blocks of the workbench, alone or in the course player ---


class _Passer(Visitor):
    """Somebody at the workbench, where the address says who it is."""

    def __init__(self, host: OpenEdx, person: str) -> None:
        super().__init__(host.origin, person)
        self._host = host

    def open(self, link: str, view: str = "student_view") -> Page:
        """Open the block of a scenario; returns the first screen."""
        page = self._read(self._web.get(self._host.workbench(self.person, link, view), timeout=60))
        element = page.marks["coursecrew-activity"]
        self._base = urljoin(self._here, element["base"])
        return self.show(element.get("path", ""))

    def _headers(self) -> dict[str, str]:
        return {"X-CSRFToken": self._web.cookies.get("csrftoken") or "", "Accept": "text/html"}


@contextmanager
def blocks(folder: Path, *, framed: bool) -> Iterator[Class]:
    """Two blocks; `framed` inside the course player that behaves as the LMS's does."""
    with open_edx(folder) as host:
        tell = _teller(host)
        sample = {one.id: (one.name, one.zone) for one in course.LEARNERS}
        tell("enrol", {"people": {id: sample[id] for id in LEARNERS}, "instead": True})
        scenarios: dict[Which, str] = {False: ASSIGNMENT, True: STREET, REVIEWS: REVIEW}
        gone = [timedelta()]

        def enter(page: Any, person: str, second: Which = False) -> Any:
            who = _username(person)
            if framed:
                page.goto(host.player(who, scenarios[second]))
                return unit_of(page)
            page.goto(host.workbench(who, scenarios[second]))
            return page

        def settings(page: Any, second: Which = False) -> Any:
            page.goto(host.workbench("ines", scenarios[second], "studio_view"))
            return page

        def open_one(person: str, second: Which) -> Visitor:
            if person == LATE:
                tell("enrol", {"people": {LATE: sample[LATE]}, "instead": False})
            visitor = _Passer(host, _username(person))
            visitor.open(scenarios[second])
            return visitor

        def ahead(days: float) -> None:
            tell("ahead", days)
            gone[0] += timedelta(days=days)

        def author(second: Which) -> Visitor:
            ines = _Passer(host, "ines")
            ines.open(scenarios[second], "studio_view")
            return ines

        made = Class(
            "lms" if framed else "workbench", enter, settings, open_one, ahead, author,
            lambda: datetime.now(UTC) + gone[0], host.marks,
        )  # fmt: skip
        made.configure(_window(datetime.now(UTC), 21, 23), second=True)
        yield made


def _username(person: str) -> str:
    return "ines" if person == INES else person


def _teller(host: OpenEdx) -> Callable[[str, Any], None]:
    def tell(what: str, told: Any) -> None:
        requests.post(f"{host.origin}/story/{what}", json=told, timeout=60).raise_for_status()

    return tell
