"""`make demo` as a newcomer starts it: filled, clicked through, stopped, started again, moved to its end.

One demo is walked through once; each test then looks at what was seen on the way.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from demo import course, reviews
from demo.processes import ROOT, free_ports, must_be_free, running
from demo.visitor import Unexpected, Visitor

pytestmark = pytest.mark.slow
PLAN, SKETCH = course.PLAN.title, course.SKETCH.title
SOME = ("amara.okafor", "siobhan.byrne", "mehmet.yilmaz", "ioana.neagu", "hana.kobayashi", "kwame.boateng",
        "ines.carvalho")  # fmt: skip


@dataclass
class Demo:
    """A demo that was started from the command line."""

    folder: Path
    port: int
    process: subprocess.Popen[str] | None = None
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> float:
        """Start it and wait for its address; returns the seconds that took."""
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "demo", "--port", str(self.port), "--folder", str(self.folder)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        ready = threading.Event()
        threading.Thread(target=self._listen, args=(self.process, ready), daemon=True).start()
        assert ready.wait(600), "\n".join(self.said)
        assert self.process.poll() is None, "\n".join(self.said)
        return time.monotonic() - begun

    def _listen(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.said.append(line.strip())
                if line.strip().startswith("Open http"):
                    ready.set()
        ready.set()

    def stop(self) -> int:
        """Press Ctrl-C."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def children(self) -> list[int]:
        assert self.process is not None
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    def memory(self) -> dict[int, int]:
        """Resident kilobytes of each of its processes."""
        sizes = {}
        for child in self.children():
            found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{child}/status").read_text())
            sizes[child] = int(found[1]) if found else 0
        return sizes

    def home(self) -> str:
        return requests.get(self.url, timeout=60).text

    def link(self, title: str) -> str:
        columns = requests.get(f"{self.url}/gradebook.json", timeout=60).json()["columns"]
        return next(column["link"] for column in columns if column["label"] == title)

    def marks(self, title: str) -> dict[str, str]:
        book = requests.get(f"{self.url}/gradebook.json", timeout=60).json()
        (column,) = [c["id"] for c in book["columns"] if c["label"] == title]
        return {m["person"]: m["score"] for m in book["marks"] if m["column"] == column}

    def visitor(self, person: str, title: str = PLAN) -> tuple[Visitor, str]:
        """Somebody who has opened an activity, and what they read first."""
        visitor = Visitor(self.url, person)
        return visitor, visitor.open(self.link(title)).text


@dataclass
class Journey:
    """What was seen on the way."""

    home: str = ""
    said: list[str] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)
    drafts: list[str] = field(default_factory=list)
    reviewing: dict[str, str] = field(default_factory=dict)
    sketch: dict[str, str] = field(default_factory=dict)
    memory: dict[int, int] = field(default_factory=dict)
    taken: subprocess.CompletedProcess[str] | None = None
    foreign_clock: int = 0
    guessed: str = ""
    stopped: int = -1
    second_start: float = 0
    kept: str = ""
    home_again: str = ""
    stops: list[str] = field(default_factory=list)
    plan: dict[str, str] = field(default_factory=dict)
    result: str = ""


@pytest.fixture(scope="module")
def journey(tmp_path_factory) -> Iterator[Journey]:
    demo, seen = Demo(tmp_path_factory.mktemp("demo"), free_ports()), Journey()
    try:
        demo.start()
        _look_around(demo, seen)
        _come_back(demo, seen)
        _go_to_the_end(demo, seen)
        yield seen
    finally:
        if demo.process and demo.process.poll() is None:
            demo.stop()


def _look_around(demo: Demo, seen: Journey) -> None:
    seen.said, seen.home, seen.sketch = list(demo.said), demo.home(), demo.marks(SKETCH)
    seen.first = {person: demo.visitor(person)[1] for person in SOME}
    for team in course.TEAMS[3:7]:
        visitor, _ = demo.visitor(team.members[0].id)
        seen.drafts.append(visitor.show("draft").text)
    for person in ("amara.okafor", "ines.carvalho"):
        seen.reviewing[person] = demo.visitor(person, reviews.PAGE.title)[1]
    seen.memory = demo.memory()
    seen.taken = subprocess.run(
        [sys.executable, "-m", "demo", "--port", str(demo.port), "--folder", str(demo.folder / "other")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    far = {"to": "2027-01-01T00:00:00+00:00"}
    seen.foreign_clock = requests.post(
        f"http://127.0.0.1:{demo.port + 1}/demo/clock", json=far, timeout=60
    ).status_code
    visitor, _ = demo.visitor("amara.okafor")
    visitor._token = "guessed"
    with pytest.raises(Unexpected) as refused:
        visitor.show("team")
    seen.guessed = str(refused.value)


def _come_back(demo: Demo, seen: Journey) -> None:
    visitor, _ = demo.visitor("amara.okafor")
    text = {"text-cost": "Ours: 232,200 dollars, all told."}
    visitor.press(visitor.show("draft"), "draft", text, "Save")
    seen.stopped = demo.stop()
    must_be_free(demo.port)
    must_be_free(demo.port + 1)
    seen.second_start = demo.start()
    visitor, _ = demo.visitor("tomas.rivera")
    seen.kept, seen.home_again = visitor.show("draft").source, demo.home()


def _go_to_the_end(demo: Demo, seen: Journey) -> None:
    while "Move it to the next step" in demo.home():
        requests.post(f"{demo.url}/clock", timeout=600).raise_for_status()
        found = re.search(r"it is <strong>([^<]+)", demo.home())
        seen.stops.append(found[1] if found else "")
    seen.plan, seen.result = demo.marks(PLAN), demo.visitor("amara.okafor")[1]


def test_it_tells_how_far_it_is_and_one_address_to_open(journey):
    assert any("people are at work in the sample course" in line for line in journey.said)
    assert len([line for line in journey.said if line.startswith("Open http")]) == 1


def test_it_begins_on_a_tuesday_afternoon_with_an_assignment_graded(journey):
    assert "Tue 24 Nov, 16:40" in journey.home
    assert "16 Nov, 09:02:11" in journey.home
    assert set(journey.sketch) == {member.id for team in course.TEAMS for member in team.members}
    assert journey.sketch["amara.okafor"] == "90"


@pytest.mark.parametrize(
    ("person", "reads"),
    [
        ("amara.okafor", "Blue Ledger"), ("siobhan.byrne", "onfirm"), ("mehmet.yilmaz", "Night Shift"),
        ("kwame.boateng", "120 learners"), ("ines.carvalho", "1 person has no team yet"),
        ("hana.kobayashi", "Cut water loss"), ("ioana.neagu", "fixed"),
    ],
)  # fmt: skip
def test_each_person_of_the_landing_page_finds_their_story(journey, person, reads):
    assert reads in journey.first[person]


def test_drafts_differ_from_team_to_team(journey):
    assert len(set(journey.drafts)) == 4
    assert all("night" in draft for draft in journey.drafts)


def test_a_peer_review_goes_on_beside_it(journey):
    learner, teacher = journey.reviewing["amara.okafor"], journey.reviewing["ines.carvalho"]
    assert "Review 1 work" in learner  # one of two is done
    assert "Neither side learns who the other is." in learner
    assert "Does every work have its reviews?" in teacher
    assert f"of {len(course.TEAMS)} works have all their reviews" in teacher


def test_both_processes_together_stay_under_four_hundred_megabytes(journey):
    assert len(journey.memory) == 2
    assert all(size > 0 for size in journey.memory.values())
    assert sum(journey.memory.values()) < 400 * 1024


def test_a_taken_port_is_said_in_one_sentence(journey):
    assert journey.taken.returncode == 1
    assert "is taken. End what runs there, or choose another" in journey.taken.stderr
    assert "Traceback" not in journey.taken.stderr


def test_only_the_demo_itself_moves_the_clock(journey):
    assert journey.foreign_clock == 404


def test_a_guessed_token_reads_nothing(journey):
    assert journey.guessed.startswith("401")


def test_ctrl_c_stops_everything_and_nothing_is_lost(journey):
    assert journey.stopped == 0
    assert "232,200 dollars, all told" in journey.kept
    assert "Tue 24 Nov" in journey.home_again


def test_a_second_start_fills_nothing(journey):
    assert journey.second_start < 60  # seconds on an idle machine; the first takes several times as long
    assert journey.said.count("Filling the sample course: 120 learners, three weeks.") <= 1


def test_the_clock_stops_at_each_step_of_the_course(journey):
    assert journey.stops == [course.time(stop.at) for stop in course.STOPS[1:]]


def test_people_act_until_the_grades_are_out(journey):
    # Four have vanished for good: they count as inactive, and stand on no work.
    gone = {m.id for team in course.TEAMS for m in team.members if m.habit == "vanishing"}
    assert len(gone) == 4
    assert set(journey.plan) == {m.id for team in course.TEAMS for m in team.members} - gone
    assert journey.plan["rosa.jimenez"] == "0"  # her team never began
    assert len(set(journey.plan.values())) > 5
    assert "See how it was made" in journey.result


def test_both_processes_go_when_the_one_that_began_is_gone(tmp_path):
    with running(tmp_path, free_ports(), empty=True) as both:
        for process in both.processes:
            assert process.stdin is not None
            process.stdin.close()  # what the system does when the parent is killed
        assert [process.wait(timeout=60) for process in both.processes] == [0, 0]
