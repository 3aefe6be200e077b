"""The busiest screens for courses of 100, 10,000 and 100,000 learners.

A whole request as a host makes it: the activity is entered, the screen's queries run on SQLite
through the tool's own store, the part is rendered. The three courses are asked in turn, so that a
busy moment of the machine meets all of them. Claim: for learners, the largest course takes at most 1.5
times as long as the smallest.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.report import Report, arguments
from coursecrew.app.activities import Placed, enter, publish, save_settings, team_set_of
from coursecrew.app.memory import ONE_TENANT, memory_ports
from coursecrew.app.ports import Ports
from coursecrew.app.records import (
    DRAFT_VERSIONS,
    DRAFTS,
    MEMBERSHIPS,
    PARTICIPANTS,
    TEAMS,
    VISITS,
    WORKS,
    RecordType,
    Visit,
)
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.people import Actor, Participant, Role, Source
from coursecrew.domain.submissions import Draft, DraftVersion, Work
from coursecrew.domain.teams import Membership, Team
from coursecrew.ui.http import Request
from coursecrew.ui.reader import Reader, zone
from coursecrew.ui.routes import serve
from coursecrew.ui.scene import Scene
from coursecrew.ui.starter import starter
from coursecrew_lti.migrations import migrate
from coursecrew_lti.store import make_engine, transaction
from coursecrew_lti.tables import TABLES

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
COURSE = "urban-water"
PLACED = Placed(COURSE, "Urban Water", "place", "plan", title="Cut water loss in one district")
TEACHER = Actor("f" * 32, COURSE, Role.INSTRUCTOR, name="Dr Carvalho", may_author=True)
IN_TEAM = 4
WITHOUT_TEAM = 20  # learners who still look for one
FLAT = 1.5


def key(kind: int, number: int) -> str:
    """An id that rises with its number."""
    return f"{kind:02x}{number:030x}"


def learner(number: int) -> Actor:
    """The learner of that number."""
    return Actor(key(1, number), COURSE, Role.LEARNER, name=f"Learner {number}")


@dataclass(frozen=True)
class Course:
    """One course of that many learners in a database of its own."""

    size: int
    ports: Ports
    activity: Activity

    @property
    def teams(self) -> int:
        """How many teams there are."""
        return (self.size - WITHOUT_TEAM) // IN_TEAM

    def ask(self, who: Actor, path: str) -> float:
        """Seconds that one request takes; a page that is not there is no measurement."""
        begun = time.perf_counter()
        answer = serve(Scene(self.ports, who, PLACED), Request("GET", path))
        took = time.perf_counter() - begun
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        return took


def made(size: int, folder: Path) -> Course:
    """A course under way: teams of four with drafts, and a few learners without a team."""
    engine = make_engine(f"sqlite:///{folder}/course-{size}.sqlite")
    migrate(engine)
    ports = replace(memory_ports(now=NOW), transaction=lambda: transaction(engine, ONE_TENANT))

    def write(kind: RecordType[Any], records: Iterable[object]) -> None:
        rows = [{**kind.to_row(record), "tenant": ONE_TENANT} for record in records]
        with engine.begin() as connection:
            for start in range(0, len(rows), 5000):
                connection.execute(TABLES[kind.table].insert(), rows[start : start + 5000])

    activity = run(ports, enter, TEACHER, PLACED).activity
    wish = starter(activity.settings, Reader("en", zone("UTC"), NOW))
    activity = run(ports, save_settings, TEACHER, activity.id, wish, seen=activity.settings_number)
    write(PARTICIPANTS, (_participant(number) for number in range(size)))
    activity = run(ports, publish, TEACHER, activity.id)
    team_set = run(ports, team_set_of, activity)
    teams = (size - WITHOUT_TEAM) // IN_TEAM
    members = range(teams * IN_TEAM)

    write(VISITS, (Visit(key(2, n), activity.id, key(1, n), NOW, NOW) for n in range(size)))
    write(
        TEAMS,
        (
            Team(
                key(3, n),
                team_set.id,
                f"Team {n}",
                f"team {n}",
                IN_TEAM - (n % 50 == 0),
                created_by=key(1, n),
            )
            for n in range(teams)
        ),
    )
    write(
        MEMBERSHIPS,
        (Membership(key(4, n), team_set.id, key(3, n // IN_TEAM), key(1, n), NOW) for n in members),
    )
    write(WORKS, (Work(key(5, n), activity.id, key(3, n), edited_at=NOW) for n in range(teams)))
    texts = {prompt.id: "Three points, a week each.\n" * 20 for prompt in activity.settings.prompts}
    write(DRAFTS, (Draft(key(6, n), key(5, n), 1, texts) for n in range(teams)))
    write(
        DRAFT_VERSIONS,
        (DraftVersion(key(7, n), key(5, n), 1, texts, key(1, n), NOW, "saved") for n in range(teams)),
    )
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    return Course(size, ports, activity)


def _participant(number: int) -> Participant:
    since = NOW - timedelta(days=7)
    return Participant(
        key(8, number), COURSE, key(1, number), f"Learner {number}", Role.LEARNER, Source.LAUNCH, since
    )


def _members(course: Course, rounds: int) -> Iterator[Actor]:
    """Learners from all over the course."""
    return (learner(n * (course.teams * IN_TEAM // rounds)) for n in range(rounds))


def _looking(course: Course, rounds: int) -> Iterator[Actor]:
    """Learners without a team."""
    return (learner(course.size - 1 - n % (WITHOUT_TEAM - 1)) for n in range(rounds))


def _staff(_course: Course, rounds: int) -> Iterator[Actor]:
    return (TEACHER for _ in range(rounds))


# Screen -> who asks, path.
OF_LEARNERS: dict[str, tuple[Callable[[Course, int], Iterator[Actor]], str]] = {
    "team's home": (_members, "team"),
    "write": (_members, "draft"),
    "find a team": (_looking, "team"),
}
# Staff see counts of the whole course and pages of fifty rows, which a course of 100 does not fill:
# measured, and nothing claimed.
OF_STAFF: dict[str, tuple[Callable[[Course, int], Iterator[Actor]], str]] = {
    "control room": (_staff, "teaching"),
    "list of teams": (_staff, "teams"),
    "grading": (_staff, "grading"),
    "people": (_staff, "people"),
}


def measured(
    courses: Sequence[Course], who: Callable[[Course, int], Iterator[Actor]], path: str, rounds: int
) -> dict[int, float]:
    """Milliseconds of a page in each course: the lower quartile, which a busy machine disturbs least."""
    times: dict[int, list[float]] = {course.size: [] for course in courses}
    for course in courses:
        course.ask(next(who(course, rounds)), path)  # templates and statements are made once
    askers = [list(who(course, rounds)) for course in courses]
    gc.disable()
    for turn in range(rounds):
        for course, people in zip(courses, askers, strict=True):
            times[course.size].append(course.ask(people[turn], path))
    gc.enable()
    return {size: statistics.quantiles(values, n=4)[0] * 1000 for size, values in times.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure each screen in each course and compare."""
    asked = arguments(__doc__, argv)
    sizes = (100, 10_000) if asked.small else (100, 10_000, 100_000)
    rounds = 40
    report = Report("pages", small=asked.small)
    with tempfile.TemporaryDirectory() as folder:
        courses = []
        for size in sizes:
            begun = time.perf_counter()
            courses.append(made(size, Path(folder)))
            print(f"a course of {size} learners was made in {time.perf_counter() - begun:.1f} s", flush=True)
        for title, screens in (("learners", OF_LEARNERS), ("staff", OF_STAFF)):
            for screen, (who, path) in screens.items():
                middle = measured(courses, who, path, rounds)
                ratio = middle[sizes[-1]] / middle[sizes[0]]
                figures = {str(size): round(value, 2) for size, value in middle.items()}
                report.row(
                    f"pages of {title}, milliseconds, lower quartile",
                    {"screen": screen, **figures, "ratio": ratio},
                )
                if title == "learners":
                    report.claim(f"{screen}: {sizes[-1]} learners / {sizes[0]}", ratio, floor=FLAT, goal=1.2)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
