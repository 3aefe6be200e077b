"""Fill the sample course: the activities by deep linking, everything else by people who act.

Nothing is written into the database directly. The instructor adds both activities from the course
page, the member list comes from the sample LMS, and from then on the simulation lets everybody do
what they did until this Tuesday afternoon.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import requests
from sqlalchemy import select

from coursecrew.app import outbox
from coursecrew.app.activities import Placed
from coursecrew.app.people import sync_roster
from coursecrew.app.ports import Ports
from coursecrew.app.simulation import Act, Assignment, Crew, Does, Habit, Somebody, World, simulate
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.review_rules import PEER_REVIEW
from coursecrew.ui.mail import compose
from coursecrew_lti.lti_tables import COURSE, PLACE, USER
from coursecrew_lti.tool import Tool
from demo import answers, course, reviews, texts
from demo.clock import CourseClock
from demo.course import at
from demo.visitor import Visitor

INES, KWAME = (person.id for person in course.STAFF)
ROLES = {
    "learner": Role.LEARNER,
    "mentor": Role.OBSERVER,
    "teacher": Role.INSTRUCTOR,
    "assistant": Role.TA,
}
CARDS = {
    "Rosa Jiménez": "I read meters for two summers and can make a spreadsheet tell the truth.",
    "Miguel Santos": "Civil engineer, third year. I like to walk a district before I write about it.",
    "Luca Ferrari": "I draw maps: late, but good ones.",
}
TOLD = Callable[[datetime, float], None]


@dataclass(frozen=True)
class _Quiet:
    """Nobody is nudged: the simulation delivers by itself."""

    def nudge(self) -> None:
        """Do nothing."""

    def form(self) -> None:
        """Do nothing."""


class Rehearsal:
    """The sample course as the simulation sees it, and how far it has come."""

    def __init__(self, tool: Tool, registration: str, clock: CourseClock, folder: Path) -> None:
        self._tool, self._registration, self._clock = tool, registration, clock
        self._file = folder / "seeded.json"

    @property
    def is_done(self) -> bool:
        """Whether the course has been filled."""
        return self._file.exists()

    def fill(self, lms: str, told: TOLD) -> None:
        """Bring the course from nothing to its first stop."""
        self._clock.set(course.OPENING - timedelta(minutes=30), standing=True)
        ines = Visitor(lms, INES)
        for settings in (course.SKETCH, course.PLAN, answers.PAGE):
            ines.add_activity(settings.title)
        ines.add_activity(reviews.PAGE.title, PEER_REVIEW)
        links = _links(lms)
        for settings in (course.SKETCH, course.PLAN, answers.PAGE, reviews.PAGE):
            ines.open(links[settings.title])
        sync_roster(self._ports(), self._course())
        joined = course.LATECOMER.joined
        assert joined is not None
        self._run(until=joined, after=None, told=told)
        Visitor(lms, course.LATECOMER.id).open(links[course.PLAN.title])
        self._run(until=course.BEGIN, after=joined, told=told)
        self._review()
        self._note(course.BEGIN)
        self._clock.start()

    def _review(self) -> None:
        """What has been reviewed by the first stop; the clock goes back for it, and stands there again."""
        world, ports = self.world(), self._ports()
        reviews.fill(
            ports,
            {id: one.actor for id, one in world.people.items()},
            [crew.members for crew in world.crews],
            self._placed(self._course())[reviews.PAGE.title],
            by=INES,
            set_clock=lambda moment: self._clock.set(moment, standing=True),
        )
        self._clock.set(course.BEGIN, standing=True)
        outbox.deliver_all(ports, compose=compose)

    def move_on(self, stop: datetime) -> None:
        """Let people act until that moment, and leave the clock there."""
        after = datetime.fromisoformat(json.loads(self._file.read_text())["until"])
        self._run(until=stop, after=after, told=lambda at, share: None)
        self._note(stop)
        self._clock.start()

    def _note(self, moment: datetime) -> None:
        self._file.write_text(json.dumps({"until": moment.isoformat()}))

    def _run(self, *, until: datetime, after: datetime | None, told: TOLD) -> None:
        ports = self._ports()
        begun = self._clock.now() if after else course.OPENING - timedelta(minutes=30)

        def set_clock(moment: datetime) -> None:
            # What was planned while a visitor was at work comes a little late, never in the past.
            self._clock.set(max(moment, begun), standing=True)

        def between() -> None:
            upkeep(ports)
            outbox.deliver_all(ports, compose=compose)

        simulate(
            ports, self.world(), set_clock=set_clock, until=until, after=after, between=between, told=told
        )

    def _ports(self) -> Ports:
        return replace(self._tool.ports(self._registration), queue=_Quiet())

    # --- the world, in the tool's own keys ---

    def world(self) -> World:
        """Everybody and everything that the course holds, by the keys that the tool gave them."""
        keys, course_id = self._keys(), self._course()
        people = {
            person.id: Somebody(
                Actor(
                    keys[person.id], course_id, ROLES[person.role], name=person.name, zone=person.zone,
                ),
                Habit(person.habit),
                card=CARDS.get(person.name, ""),
            )
            for person in course.PEOPLE
            if person.id in keys
        }  # fmt: skip
        crews = tuple(
            Crew(team.name, tuple(member.id for member in team.members), team.motto) for team in course.TEAMS
        )
        placed = self._placed(course_id)
        sketch, plan = placed[course.SKETCH.title], placed[course.PLAN.title]
        page = placed[answers.PAGE.title]
        arrivals = {KWAME: course.OPENING + timedelta(hours=2)}
        if course.LATECOMER.id in people:
            arrivals[course.LATECOMER.id] = (course.LATECOMER.joined or course.BEGIN) + timedelta(minutes=5)
        return World(
            people=people,
            crews=crews,
            assignments=(self._sketch(sketch), self._plan(plan), self._page(page, keys)),
            teams_form=sketch.name,
            arrivals=arrivals,
            extra=(_extension(plan.name),),
            seed=2026,
        )

    def _sketch(self, placed: Placed) -> Assignment:
        return Assignment(
            placed,
            course.SKETCH,
            by=INES,
            set_up_at=course.OPENING,
            texts={team.name: texts.sketch(team) for team in course.TEAMS},
            sheets={team.name: texts.sketch_sheet(team) for team in course.TEAMS},
            scorers=(KWAME, INES),
            scored_from=at(15, 11, 9, 30),
            released_at=course.SKETCH_RESULTS,
        )

    def _plan(self, placed: Placed) -> Assignment:
        return Assignment(
            placed,
            course.PLAN,
            by=INES,
            set_up_at=course.OPENING + timedelta(hours=1),
            texts={team.name: texts.written_plan(team) for team in course.TEAMS},
            sheets={team.name: texts.plan_sheet(team) for team in course.TEAMS},
            comments={team.name: texts.comment(team) for team in course.TEAMS},
            scorers=(KWAME, INES),
            scored_from=at(2, 12, 9, 0),
            released_at=course.PLAN_RESULTS,
            scripts=_scripts(placed.name),
        )

    def _page(self, placed: Placed, keys: Mapping[str, str]) -> Assignment:
        """Its survey is answered; forming the teams is left for the visitor."""
        return Assignment(
            placed,
            answers.PAGE,
            by=INES,
            set_up_at=at(11, 11, 12),
            texts={},
            answers=answers.all_answers(keys),
        )

    def _keys(self) -> Mapping[str, str]:
        with self._tool.begin() as connection:
            rows = connection.execute(
                select(USER.c.sub, USER.c.id).where(USER.c.registration == self._registration)
            )
            return {row.sub: row.id for row in rows}

    def _course(self) -> str:
        with self._tool.begin() as connection:
            return str(
                connection.execute(
                    select(COURSE.c.id).where(
                        COURSE.c.registration == self._registration, COURSE.c.context == course.ID
                    )
                ).scalar_one()
            )

    def _placed(self, course_id: str) -> Mapping[str, Placed]:
        with self._tool.begin() as connection:
            rows = connection.execute(
                select(PLACE)
                .where(PLACE.c.course == course_id, PLACE.c.resource_link.is_not(None))
                .order_by(PLACE.c.created_at.desc())
            ).all()
        # Of two with the same title the older one is ours; a visitor may have added the other.
        return {
            row.title: Placed(course_id, course.TITLE, row.id, row.name, kind=row.kind, title=row.title)
            for row in rows
        }


def _links(lms: str) -> dict[str, str]:
    """The course's links by title, as its gradebook names them."""
    answer = requests.get(f"{lms}/gradebook.json", timeout=30).json()
    return {column["label"]: column["link"] for column in answer["columns"]}


def _extension(activity: str) -> Act:
    """Tomás was ill for a day, and has a day more."""
    detail = {"person": "tomas.rivera", "due": at(28, 11, 18), "reason": "Ill on 19 November, with a note."}
    return Act(at(20, 11, 10, 15), INES, Does.EXTEND, activity, detail)


def _scripts(activity: str) -> dict[str, tuple[Act, ...]]:
    """Teams whose story the landing page tells; what is missing in them is left for the visitor."""
    teams = {team.name: team for team in course.TEAMS}

    def write(moment: datetime, who: str, team: str, part: str, *, paragraphs: int = 99) -> Act:
        text = "\n\n".join(texts.written_plan(teams[team])[part].split("\n\n")[:paragraphs])
        return Act(moment, who, Does.WRITE, activity, {"part": part, "text": text})

    def act(moment: datetime, who: str, does: Does) -> Act:
        return Act(moment, who, does, activity)

    return {
        # Part 4 waits for part 3, and part 3 is begun.
        "Blue Ledger": (
            write(at(18, 11, 9, 40), "vu.thuy.linh", "Blue Ledger", "where", paragraphs=1),
            write(at(21, 11, 15, 12), "sofia.lindqvist", "Blue Ledger", "repair", paragraphs=1),
            write(at(23, 11, 20, 32), "sofia.lindqvist", "Blue Ledger", "repair"),
            write(at(23, 11, 21, 5), "amara.okafor", "Blue Ledger", "cost", paragraphs=1),
            write(at(24, 11, 14, 10), "vu.thuy.linh", "Blue Ledger", "where"),
        ),
        # Handed in this morning; two have yet to confirm.
        "Copper Line": (
            write(at(14, 11, 11, 0), "siobhan.byrne", "Copper Line", "where", paragraphs=2),
            write(at(17, 11, 16, 30), "yusuf.haddad", "Copper Line", "repair"),
            write(at(20, 11, 12, 45), "priya.raman", "Copper Line", "cost"),
            write(at(21, 11, 13, 5), "siobhan.byrne", "Copper Line", "where"),
            write(at(23, 11, 18, 20), "mateus.barbosa", "Copper Line", "budget"),
            act(at(24, 11, 9, 12), "priya.raman", Does.HAND_IN),
            act(at(24, 11, 13, 47), "mateus.barbosa", Does.CONFIRM),
        ),
        # Stuck: two members are gone, and nobody asks anybody.
        "Night Shift": (
            write(at(14, 11, 22, 15), "mehmet.yilmaz", "Night Shift", "where"),
            write(at(19, 11, 21, 50), "blessing.adeyemi", "Night Shift", "repair"),
        ),
        # Never began; at closing time the clock says so.
        "Blue Hour": (),
    }
