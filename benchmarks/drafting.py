"""Two hundred people writing in fifty teams at once, on PostgreSQL through the tool's own store.

    python -m benchmarks.drafting [--small]

Everybody owns one sentence of their team's draft and saves it again and again, as the page does by
itself: a whole request, against the version that they saw last, and on with what came back. Between
saves they think. Twenty requests are worked on at once; the others wait, and their waiting counts.
An idle tool is measured in the same run: one person alone, before and after.

Claims: no save is lost, none is refused where edits do not overlap, and the slowest twentieth of the
saves takes at most three times what it takes on the idle tool (a full run only: the small one prints
the figures and claims the rest).
"""

from __future__ import annotations

import gc
import html
import random
import re
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from benchmarks.report import Report, arguments
from coursecrew.app.activities import Placed, enter, publish, save_settings
from coursecrew.app.memory import ONE_TENANT, SetClock, memory_ports
from coursecrew.app.ports import Ports
from coursecrew.app.records import DRAFT_VERSIONS, DRAFTS, WORKS
from coursecrew.app.submissions import save_draft
from coursecrew.app.teams import found_team, join_team
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.people import Actor, Role
from coursecrew.ui.http import Request
from coursecrew.ui.reader import Reader, zone
from coursecrew.ui.routes import serve
from coursecrew.ui.scene import Scene
from coursecrew.ui.starter import starter
from coursecrew_lti.migrations import migrate
from coursecrew_lti.store import make_engine, transaction
from tests import services

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
COURSE = "urban-water"
PLACED = Placed(COURSE, "Urban Water", "place", "plan", title="Cut water loss in one district")
TEACHER = Actor("f" * 32, COURSE, Role.INSTRUCTOR, name="Dr Carvalho", may_author=True)
IN_TEAM = 4
AT_ONCE = 20  # requests that the tool works on at the same time
FILLING = "Nobody touches this sentence while the others write. " * 30


@dataclass
class Writer:
    """One person at one page: the version they saw, the text in their box, and how it went."""

    actor: Actor
    place: int  # which sentence is theirs
    seen: int = 0
    text: str = ""
    times: list[float] = field(default_factory=list)
    refused: int = 0
    written: int = 0

    def sentence(self, times: int) -> str:
        """What this person writes."""
        return f"Writer {self.place} has written {times} times."

    def write(self, scene: Scene, part: str, worker: threading.Semaphore) -> None:
        """Change one's own sentence and send it, as the page does when one pauses."""
        before = self.sentence(self.written)
        if before not in self.text:
            raise RuntimeError(f"{before!r} was lost from {self.text!r}")
        self.written += 1
        self.text = self.text.replace(before, self.sentence(self.written))
        form = {f"text-{part}": [self.text], "seen": [str(self.seen)], "auto": ["yes"], "of": ["team"],
                "request_key": [scene.ports.ids.new()]}  # fmt: skip
        begun = time.perf_counter()
        with worker:
            answer = serve(scene, Request("POST", "draft", form=form))
        self.times.append(time.perf_counter() - begun)
        if answer.status != 200:
            self.refused += 1
            return
        body = str(answer.body)
        self.seen = int(re.search(r'name="seen" value="(\d+)"', body)[1])
        box = re.search(rf'name="text-{part}"[^>]*>\n(.*?)</textarea>', body, re.DOTALL)
        self.text = html.unescape(box[1])


def a_class(ports: Ports, teams: int) -> tuple[Activity, str, list[Writer]]:
    """A published assignment with teams of four, each with a sentence for everybody in its draft."""
    activity = run(ports, enter, TEACHER, PLACED).activity
    wish = starter(activity.settings, Reader("en", zone("UTC"), NOW))
    activity = run(ports, save_settings, TEACHER, activity.id, wish, seen=activity.settings_number)
    activity = run(ports, publish, TEACHER, activity.id)
    part = activity.settings.prompts[0].id
    writers = []
    for number in range(teams):
        members = [
            Actor(f"{number:016x}{place:016x}", COURSE, Role.LEARNER, name=f"Writer {place} of {number}")
            for place in range(IN_TEAM)
        ]
        for member in members:
            run(ports, enter, member, PLACED)
        team = run(ports, found_team, members[0], activity.id, name=f"Team {number}")
        for member in members[1:]:
            run(ports, join_team, member, activity.id, team.id)
        mine = [Writer(member, place) for place, member in enumerate(members)]
        text = FILLING + FILLING.join(writer.sentence(0) + " " for writer in mine)
        run(ports, save_draft, members[0], activity.id, {part: text}, seen=0)
        for writer in mine:
            writer.seen, writer.text = 1, text
        writers += mine
    return activity, part, writers


def alone(ports: Ports, part: str, writer: Writer, saves: int) -> list[float]:
    """Seconds of the saves of one person, while nobody else does anything."""
    before, worker = len(writer.times), threading.Semaphore(1)
    for _ in range(saves):
        writer.write(Scene(ports, writer.actor, PLACED), part, worker)
    return writer.times[before:]


def together(ports: Ports, part: str, writers: Sequence[Writer], saves: int, pause: float) -> list[float]:
    """Seconds of the saves of all, each after thinking for about `pause` seconds."""
    worker, marks = threading.Semaphore(AT_ONCE), [len(writer.times) for writer in writers]
    faults: list[BaseException] = []

    def go(writer: Writer, number: int) -> None:
        chance = random.Random(number)
        try:
            for _ in range(saves):
                time.sleep(chance.uniform(0.2, 1.8) * pause)
                writer.write(Scene(ports, writer.actor, PLACED), part, worker)
        except BaseException as fault:
            faults.append(fault)
            raise

    threads = [threading.Thread(target=go, args=(writer, n)) for n, writer in enumerate(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return [took for writer, mark in zip(writers, marks, strict=True) for took in writer.times[mark:]]


def lost(ports: Ports, part: str, writers: Sequence[Writer]) -> int:
    """How many people's last sentence stands neither in the draft nor, refused, in their own box."""
    with ports.transaction() as store:
        works = store.find(WORKS, limit=1000)
        drafts = store.find(DRAFTS, work=[work.id for work in works], limit=1000)
    texts = [str(draft.texts[part]) for draft in drafts]
    missing = 0
    for place in range(IN_TEAM):
        wanted = [writer.sentence(writer.written) for writer in writers if writer.place == place]
        for sentence in set(wanted):
            missing += max(0, wanted.count(sentence) - sum(sentence in text for text in texts))
    return missing


def slow(times: Sequence[float]) -> float:
    """Milliseconds of the slowest twentieth."""
    return statistics.quantiles(times, n=20)[-1] * 1000


def main(argv: Sequence[str] | None = None) -> int:
    """Measure idle, together, and idle again; compare and count."""
    asked = arguments(__doc__, argv)
    teams, rounds, saves, pause, single = (12, 2, 2, 3.0, 30) if asked.small else (50, 4, 2, 10.0, 100)
    report = Report("drafting", small=asked.small)
    if services.postgres_url() is None:
        print("not measured: no PostgreSQL server answers here")
        return 0
    with services.fresh_postgres() as url:
        engine = make_engine(url, pool_size=AT_ONCE, max_overflow=4)
        migrate(engine)
        clock = SetClock(NOW)
        ports = replace(
            memory_ports(now=NOW), clock=clock, transaction=lambda: transaction(engine, ONE_TENANT),
            pause=time.sleep,
        )  # fmt: skip
        _activity, part, writers = a_class(ports, teams)
        alone(ports, part, writers[0], 20)  # templates and statements are made once
        idle: list[float] = []
        busy: list[float] = []
        took = 0.0
        for _ in range(rounds):  # in turn, so that a busy moment of the machine meets both
            gc.collect()
            idle += alone(ports, part, writers[0], single)
            clock.advance(timedelta(minutes=3))
            begun = time.perf_counter()
            busy += together(ports, part, writers, saves, pause)
            took += time.perf_counter() - begun
        with ports.transaction() as store:
            versions = store.count(DRAFT_VERSIONS)
        missing, refused = lost(ports, part, writers), sum(writer.refused for writer in writers)
        engine.dispose()
    for name, times, people, rate in (
        ("one alone", idle, 1, 1 / statistics.mean(idle)),
        (f"{len(writers)} in {teams} teams", busy, len(writers), len(busy) / took),
    ):
        report.row(
            "saves, milliseconds",
            {"who": name, "people": people, "saves": len(times), "a second": rate,
             "median": statistics.median(times) * 1000, "p95": slow(times)},
        )  # fmt: skip
    report.row("afterwards", {"versions kept": versions, "refused": refused, "sentences lost": missing})
    if not asked.small:  # some dozen samples on a machine that does other things tell nothing of a twentieth
        ratio = slow(busy) / slow(idle)
        report.claim(f"p95 of a save, {len(writers)} writing / one alone", ratio, floor=3, goal=2)
    report.claim("saves refused where no edits overlap", refused, floor=0, goal=0)
    report.claim("sentences lost", missing, floor=0, goal=0)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
