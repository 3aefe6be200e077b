"""The houses of one story: each lets a person in, and shows the marks that reached its gradebook."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.e2e.hosts import ASSIGNMENT, open_edx, unit_of

NAMES = {"amara": "Amara Okafor", "tomas": "Tomás Rivera", "linh": "Vũ Thùy Linh"}
OpenPage = Callable[..., Any]


@dataclass
class House:
    """A host of the story. `enter` opens the activity as somebody and returns where its parts are."""

    name: str
    enter: Callable[[Any, str], Any]
    marks: Callable[[], dict[str, str]]
    begin: Callable[[OpenPage], None] = field(default=lambda _open_page: None)


@contextmanager
def workbench(folder: Path) -> Iterator[House]:
    """The XBlock workbench."""
    with open_edx(folder) as host:

        def enter(page: Any, person: str) -> Any:
            page.goto(host.workbench(person, ASSIGNMENT))
            return page

        yield House("workbench", enter, host.marks)


@contextmanager
def lms(folder: Path) -> Iterator[House]:
    """The stand-in for the LMS's course player: framed, loud, strict."""
    with open_edx(folder) as host:

        def enter(page: Any, person: str) -> Any:
            page.goto(host.player(person, ASSIGNMENT))
            return unit_of(page)

        yield House("lms", enter, host.marks)


@contextmanager
def tool(folder: Path, *, framed: bool) -> Iterator[House]:
    """The LTI tool, launched from the sample LMS: in its frame, or in a window of its own."""
    from demo.processes import free_ports, running

    with running(folder, free_ports(), empty=True) as both:
        ids = _people()
        place: dict[str, str] = {}

        def begin(open_page: OpenPage) -> None:
            """The teacher adds the assignment from the course page, fills it in and publishes."""
            page = open_page()
            page.goto(f"{both.lms}/add")
            picker = page.frame_locator("iframe")
            picker.get_by_label("Name of the activity").fill("Cut water loss in one district")
            picker.get_by_role("button", name="Add to the course").click()
            page.wait_for_url("**activity=*")
            place["link"] = page.url.partition("activity=")[2].partition("&")[0].partition("#")[0]
            part = enter(page, "ines")
            part.get_by_role("link", name="Set it up").click()
            part.get_by_role("button", name="Fill it in for me").click()
            part.get_by_role("button", name="Publish").click()
            part.get_by_text("Published. Learners see it now.").wait_for()

        def enter(page: Any, person: str) -> Any:
            asked = urlencode({"person": ids[person]})
            view = "" if framed else "/launch"
            page.goto(f"{both.lms}/activity/{place['link']}{view}?{asked}")
            return page.frame_locator("iframe") if framed else page

        def marks() -> dict[str, str]:
            rows = json.loads(urllib.request.urlopen(f"{both.lms}/gradebook.json").read())
            return _marks(rows)

        yield House("tool-framed" if framed else "tool-window", enter, marks, begin)


def _people() -> dict[str, str]:
    from demo import course

    by_name = {person.name: key for key, person in course.BY_ID.items()}
    return {short: by_name[name] for short, name in NAMES.items()} | {"ines": by_name["Dr Inês Carvalho"]}


def _marks(rows: Any) -> dict[str, str]:
    """Name -> score out of the sample LMS's gradebook."""
    return {row["name"]: str(row["score"]) for row in rows["marks"] if row["score"]}
