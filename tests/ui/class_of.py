"""A course of any size, written as rows: what a screen costs must not depend on how many there are."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from coursecrew.app.activities import team_set_of
from coursecrew.app.charters import save_charter
from coursecrew.app.draft_openings import open_draft
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mentoring import name_mentor
from coursecrew.app.records import (
    ALERTS,
    ASKINGS,
    BYLINES,
    CARDS,
    CHARTERS,
    CHECK_INS,
    DRAFT_VERSIONS,
    DRAFTS,
    EFFORTS,
    GLASSES,
    GRADES,
    IDENTITY_CARDS,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    MERGERS,
    NOTICES,
    PARTICIPANTS,
    POSTS,
    REMARKS,
    SANDBOX_ITEMS,
    SIGNATURES,
    SOLO_ASKS,
    STAFF_SCORES,
    SUBMISSIONS,
    SURVEY_ANSWERS,
    TASKS,
    TEAM_MILESTONES,
    TEAMS,
    WORKS,
    RecordType,
)
from coursecrew.app.sandbox import add_item, break_glass, say_something
from coursecrew.app.sandbox_files import add_sandbox_files
from coursecrew.app.surveys import save_answers
from coursecrew.app.team_roles import rotate_roles
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity, TeamRules
from coursecrew.domain.alerts import Alert, AlertState, Sign
from coursecrew.domain.charters import CharterVersion, Signature
from coursecrew.domain.check_ins import CheckIn
from coursecrew.domain.contributions import Effort, Remark
from coursecrew.domain.discussion import Post
from coursecrew.domain.events import Kind
from coursecrew.domain.grading import Account, Grade, GradeState, Line, StaffScore
from coursecrew.domain.identity import IdentityCard
from coursecrew.domain.mergers import Merger, MergerState
from coursecrew.domain.notices import Notice
from coursecrew.domain.people import Actor, Participant, Role, Source
from coursecrew.domain.plans import Milestone, Task, TaskState, TeamMilestone
from coursecrew.domain.sandbox import Audience, Saying
from coursecrew.domain.solo import SoloAsk, SoloState, Wanted
from coursecrew.domain.submissions import Byline, Draft, DraftVersion, Submission, Work, WorkState
from coursecrew.domain.survey import Ask, Question, Survey, SurveyAnswer
from coursecrew.domain.teams import (
    Asking,
    Card,
    Happened,
    Membership,
    MembershipEvent,
    Team,
    name_key,
)
from coursecrew.domain.wishes import Charter, CharterPart
from tests.builders import (
    AMARA,
    INES,
    LINH,
    MEHMET,
    SOFIA,
    START,
    TOMAS,
    a_rubric,
    a_team,
    actor,
    an_assignment,
    come_in,
    key,
    marks,
)

SEATS = 4
MILESTONES = (
    Milestone("m1", "Measured", START - timedelta(days=1)),
    Milestone("m2", "Costed", START + timedelta(days=9)),
)
SURVEY = Survey(
    (
        Question("hours", Ask.HOURS, "When could you work with others?"),
        Question("years", Ask.NUMBER, "Years at work"),
        Question("wanted", Ask.WANTED, "With whom?"),
        Question("unwanted", Ask.UNWANTED, "With whom not?"),
    )
)
ADA = actor("Ada", Role.ADMIN)
VERBS = ("get", "try_lock", "find", "count", "reaches", "tally", "add", "save", "remove")


@dataclass(frozen=True)
class Course:
    """A course with its ports; Amara and Tomás are in Blue Ledger, Sofia has no team."""

    ports: MemoryPorts
    activity: Activity
    blue: Team

    def path(self, path: str) -> str:
        """A screen's path with the id of a real row in it."""
        kinds: dict[str, RecordType[Any]] = {
            "versions": DRAFT_VERSIONS,
            "charter": CHARTERS,
            "submission": SUBMISSIONS,
            "grading": WORKS,
            "teams": TEAMS,
            "plan": TASKS,
            "discussion": POSTS,
        }
        path = path.replace("<post>", self.ports.rows(POSTS, thread="")[0].id if "<post>" in path else "")
        path = path.replace("<activity>", self.activity.id).replace("<team>", self.blue.id)
        if path.startswith("team/before/"):
            (old,) = self.ports.rows(TEAMS, state="merged")
            (work,) = self.ports.rows(WORKS, team=old.id)
            version = self.ports.rows(DRAFT_VERSIONS, work=work.id)[0].id
            return path.replace("<id>", old.id).replace("<version>", version)
        if path.startswith("teams/mergers/"):
            return path.replace("<id>", self.ports.rows(MERGERS, state=MergerState.OPEN.value)[0].id)
        if path.startswith("teams/<id>/merge"):  # two that are at work, with seats left
            small, other = (self.ports.rows(TEAMS, name=name)[0].id for name in ("Grey Gate", "Pale Pump"))
            return path.replace("<id>", small).replace("<other>", other)
        more: dict[str, RecordType[Any]] = {"<item>": SANDBOX_ITEMS, "<glass>": GLASSES}
        for place, kind in more.items():
            path = path.replace(place, self.ports.rows(kind)[0].id if place in path else "")
        if "<version>" in path:
            path = path.replace("<version>", self.ports.rows(DRAFT_VERSIONS, shared=True)[0].id)
        if path == "discussion/<id>/edit":  # one's own, not older than a quarter of an hour
            return path.replace("<id>", self.ports.rows(POSTS, text="Mine.")[0].id)
        if "<person>" in path:
            return path.replace("<person>", AMARA.person)
        if "<id>" not in path:
            return path
        kind = kinds[path.split("/")[0]]
        own = {} if kind in (TEAMS, DRAFT_VERSIONS) else {"team": self.blue.id}
        row = self.blue if kind is TEAMS else self.ports.rows(kind, **own)[0]
        return path.replace("<id>", row.id)


def course_of(ports: MemoryPorts, learners: int) -> Course:
    """A published assignment with that many more learners, in teams of four whose work is scored.

    Every tenth learner has no team but a card on the board.
    """
    rules = TeamRules(name="districts", min=2, ideal=SEATS, max=SEATS)
    charter = Charter((CharterPart("meeting", "When we meet"),))
    activity = an_assignment(
        ports,
        SOFIA,
        teams=rules,
        charter=charter,
        team_roles=("Recorder", "Checker"),
        survey=SURVEY,
        milestones=MILESTONES,
    )
    blue = a_team(ports, activity, AMARA, TOMAS, draft="The night flow is 30 %.")
    run(ports, save_charter, AMARA, activity.id, {"meeting": "Sundays at 18."}, seen=0)
    run(ports, rotate_roles, TOMAS, activity.id)
    own = {"years": "4", "wanted": [TOMAS.person], "unwanted": [SOFIA.person]}
    run(ports, save_answers, AMARA, activity.id, own, agreed=True)
    come_in(ports, INES)
    for start in range(0, learners, 200):
        run(ports, _fill, activity, range(start, min(start + 200, learners)))
    run(ports, _graded, activity, blue)
    _beside(ports, activity, blue)
    run(ports, _together, activity, blue, learners)
    _changing(ports, activity, blue)
    return Course(ports, activity, blue)


def _fill(unit: UnitOfWork, activity: Activity, numbers: range) -> None:
    team_set = team_set_of(unit, activity)
    team: Team | None = None
    for number in numbers:
        person = key(f"L{number}")
        unit.store.add(
            PARTICIPANTS,
            Participant(
                unit.new_id(),
                activity.course,
                person,
                f"Learner {number:05}",
                Role.LEARNER,
                Source.ROSTER,
                START,
            ),
        )
        answers = {"years": "3", "wanted": [AMARA.person, key(f"L{number // 2}")]}
        unit.store.add(
            SURVEY_ANSWERS, SurveyAnswer(unit.new_id(), activity.id, person, answers, START, START)
        )
        if number % 10 == 9:
            unit.store.add(CARDS, Card(unit.new_id(), team_set.id, person, "I like numbers.", at=START))
            continue
        if team is None or team.size == SEATS:
            name = f"Team of {number:05}"
            team = unit.store.add(
                TEAMS, Team(unit.new_id(), team_set.id, name, name_key(name), leader=person)
            )
        team = unit.store.save(TEAMS, replace(team, size=team.size + 1))
        unit.store.add(MEMBERSHIPS, Membership(unit.new_id(), team_set.id, team.id, person, START))
        if team.size == SEATS:
            _work(unit, activity, team)
            unit.store.add(
                ALERTS,
                Alert(
                    unit.new_id(), activity.id, team_set.id, team.id, Sign.SMALL, AlertState.OPEN, "open",
                    START, {"have": 1, "least": 2},
                ),
            )  # fmt: skip
            _charter(unit, team)


def _charter(unit: UnitOfWork, team: Team) -> None:
    """A charter that one of the four has signed."""
    version = CharterVersion(unit.new_id(), team.id, 1, {"meeting": "Mondays."}, team.leader, START)
    unit.store.add(CHARTERS, version)
    unit.store.add(SIGNATURES, Signature(unit.new_id(), version.id, team.id, team.leader, START))
    unit.store.save(TEAMS, replace(team, charter=version.id))


def _work(unit: UnitOfWork, activity: Activity, team: Team) -> None:
    work = unit.store.add(WORKS, Work(unit.new_id(), activity.id, team.id))
    members = [row.person for row in unit.store.find(MEMBERSHIPS, team=team.id)]
    submission = unit.store.add(
        SUBMISSIONS,
        Submission(
            unit.new_id(), activity.id, work.id, team.id, 1, 1, {"where": "Ours."}, START, members[0], START
        ),
    )
    unit.store.save(
        WORKS, replace(work, state=WorkState.SUBMITTED, submission=submission.id, pressed_at=START)
    )
    account = Account((Line("work", Decimal(0), Decimal(80), {"criteria": []}),), Decimal(80))
    for person in members:
        unit.store.add(BYLINES, Byline(unit.new_id(), activity.id, submission.id, team.id, person))
        grade = Grade(
            unit.new_id(), activity.id, person, team.id, 1, GradeState.FINAL, Decimal(80), account, START
        )
        unit.store.add(GRADES, grade)
    sheet = marks("3", "3", "4")
    unit.store.add(
        STAFF_SCORES,
        StaffScore(unit.new_id(), activity.id, work.id, submission.id, sheet, a_rubric(), INES.person, START),
    )


def _graded(unit: UnitOfWork, activity: Activity, blue: Team) -> None:
    """Give Blue Ledger's people a past: versions, notices, a released grade."""
    _work_of_blue(unit, activity, blue)
    for number in range(2, 5):
        unit.store.add(
            DRAFT_VERSIONS,
            DraftVersion(
                unit.new_id(), _own_work(unit, activity, blue).id, number, {"where": "x"}, AMARA.person, START
            ),
        )
    for event in range(3):
        unit.store.add(
            NOTICES,
            Notice(
                unit.new_id(), activity.course, activity.id, AMARA.person, f"{event:032x}", Kind.TEAM_JOINED,
                START, {"person": TOMAS.person, "name": blue.name, "by": TOMAS.person},
            ),
        )  # fmt: skip


def _beside(ports: MemoryPorts, activity: Activity, blue: Team) -> None:
    """A mentor of Blue Ledger, items in the sandbox, one opened, and Mehmet alone in a team."""
    come_in(ports, LINH, ADA)
    run(ports, name_mentor, INES, activity.id, blue.id, LINH.person)
    for audience in Audience:
        run(ports, add_item, AMARA, activity.id, title="An idea", text="Try it.", audience=audience)
    item = ports.rows(SANDBOX_ITEMS, audience=Audience.TEAM_MENTOR.value)[0]
    for one in ports.rows(SANDBOX_ITEMS, person=AMARA.person):
        sketch = [("sketch.txt", io.BytesIO(b"A sketch."))]
        add_sandbox_files(ports, AMARA, activity.id, one.id, sketch, limit=100)
    run(ports, say_something, LINH, activity.id, item.id, saying=Saying.WORKS, text="It carries.")
    run(ports, open_draft, INES, activity.id, blue.id)
    reason = "A report of a threat came in today."
    run(ports, break_glass, ADA, activity.id, name=AMARA.name, reason=reason)
    run(ports, _shared, activity, blue)
    green = a_team(ports, activity, MEHMET, name="Green Line")
    run(ports, _asked, activity, green)


def _together(unit: UnitOfWork, activity: Activity, blue: Team, learners: int) -> None:
    """A workspace that has as much in it as the class is large: tasks, posts, check-ins, marks."""
    about: dict[str, Any] = {"activity": activity.id, "team": blue.id}
    card = IdentityCard(unit.new_id(), activity.course, AMARA.person, helps="Maps", at=START)
    unit.store.add(IDENTITY_CARDS, card)
    unit.store.add(REMARKS, Remark(unit.new_id(), **about, person=AMARA.person, text="I drew.", at=START))
    unit.store.add(
        EFFORTS, Effort(unit.new_id(), **about, person=TOMAS.person, edits=3, words=9, last_at=START)
    )
    for milestone in MILESTONES[:1]:
        mark = TeamMilestone(unit.new_id(), **about, milestone=milestone.id, state="reached", at=START)
        unit.store.add(TEAM_MILESTONES, replace(mark, by=AMARA.person))
    numbers = {"step": 7, "fair": 7, "voice": 7, "time": 7, "together": 7}
    for week in range(min(12, learners)):
        opens = START - timedelta(days=7 * week)
        for person in (AMARA.person, TOMAS.person, SOFIA.person):
            row = CheckIn(unit.new_id(), **about, person=person, opens=opens, answers=numbers, at=START)
            unit.store.add(CHECK_INS, replace(row, note="So it is."))
    teams = unit.store.find(TEAMS, team_set=blue.team_set, limit=learners)
    for number in range(learners):
        at = START + timedelta(minutes=number)
        team = teams[number % len(teams)].id if number % 2 else blue.id
        task = Task(unit.new_id(), activity.id, team, f"Task {number}", TOMAS.person, at, TOMAS.person)
        if number < 150:
            unit.store.add(
                TASKS, replace(task, state=TaskState.BLOCKED, blocked_by=AMARA.person, blocked_at=at)
            )
        else:
            done = replace(task, state=TaskState.DONE, done_at=at, done_by=TOMAS.person)
            unit.store.add(TASKS, done)
    first = Post(
        unit.new_id(), **about, author=AMARA.person, text="Hello.", at=START, last_at=START, title="All"
    )
    unit.store.add(POSTS, first)
    for number in range(max(2, min(learners, 500))):
        at = START + timedelta(minutes=number)
        post = Post(unit.new_id(), **about, author=TOMAS.person, text=f"Post {number}.", at=at, last_at=at)
        thread = first.id if number % 2 else ""
        post = replace(post, thread=thread, title="" if thread else f"Thread {number}")
        if number % 5 == 0:
            post = replace(post, pinned=True, pinned_at=at, pinned_by=AMARA.person)
        unit.store.add(POSTS, post)
    last = Post(
        unit.new_id(),
        **about,
        author=AMARA.person,
        text="Mine.",
        at=unit.now,
        last_at=unit.now,
        thread=first.id,
    )
    unit.store.add(POSTS, last)


def _changing(ports: MemoryPorts, activity: Activity, blue: Team) -> None:
    """A team that became part of Blue Ledger, small teams, one proposal, and a seat that Sofia is offered."""
    for name in ("Grey Gate", "Pale Pump", "Low Weir"):
        a_team(ports, activity, actor(name), name=name, draft="Three words here.")
    (green,) = ports.rows(TEAMS, name="Green Line")
    (low,) = ports.rows(TEAMS, name="Low Weir")
    run(ports, merged_before, activity, blue, AMARA)
    run(ports, _proposed, activity, low, green)


def merged_before(unit: UnitOfWork, activity: Activity, into: Team, *people: Actor) -> Team:
    """A team of these people that has become part of another: rows as joining leaves them."""
    name = f"Old {into.name}"
    old = unit.store.add(
        TEAMS,
        Team(
            unit.new_id(), into.team_set, name, name_key(name), state="merged", merged_into=into.id,
            open=False,
        ),
    )  # fmt: skip
    work = unit.store.add(
        WORKS, Work(unit.new_id(), activity.id, old.id, state=WorkState.EXCUSED, reason="merged")
    )
    unit.store.add(DRAFTS, Draft(unit.new_id(), work.id, 1, {"where": "Ours before."}))
    unit.store.add(
        DRAFT_VERSIONS,
        DraftVersion(unit.new_id(), work.id, 1, {"where": "Ours before."}, people[0].person, START),
    )
    for who in people:
        for team, event in ((old, Happened.LEFT), (into, Happened.MERGED)):
            row = MembershipEvent(
                unit.new_id(), into.team_set, team.id, who.person, event, START, who.person, "merged"
            )
            unit.store.add(MEMBERSHIP_EVENTS, row)
    merger = Merger(
        unit.new_id(), activity.id, into.team_set, old.id, into.id, MergerState.DONE, START,
        START + timedelta(days=3), decided_at=START,
    )  # fmt: skip
    unit.store.add(MERGERS, merger)
    return old


def _proposed(unit: UnitOfWork, activity: Activity, team: Team, into: Team) -> None:
    merger = Merger(
        unit.new_id(), activity.id, team.team_set, team.id, into.id, MergerState.OPEN, unit.now,
        unit.now + timedelta(days=3),
    )  # fmt: skip
    unit.store.add(MERGERS, merger)
    seat = Asking(
        unit.new_id(), team.team_set, team.id, SOFIA.person, "offered", "", unit.now,
        unit.now + timedelta(days=7),
    )  # fmt: skip
    unit.store.add(ASKINGS, seat)


def _shared(unit: UnitOfWork, activity: Activity, blue: Team) -> None:
    work = _own_work(unit, activity, blue)
    unit.store.add(
        DRAFT_VERSIONS,
        DraftVersion(unit.new_id(), work.id, 9, {"where": "x"}, AMARA.person, START, shared=True),
    )


def _asked(unit: UnitOfWork, activity: Activity, team: Team) -> None:
    unit.store.add(
        SOLO_ASKS,
        SoloAsk(
            unit.new_id(), activity.id, team.team_set, team.id, MEHMET.person, Wanted.SOLO, SoloState.ASKED,
            START, START,
        ),
    )  # fmt: skip


def _own_work(unit: UnitOfWork, activity: Activity, blue: Team) -> Work:
    return unit.store.find(WORKS, activity=activity.id, team=blue.id, limit=1)[0]


def _work_of_blue(unit: UnitOfWork, activity: Activity, blue: Team) -> None:
    work = _own_work(unit, activity, blue)
    submission = unit.store.add(
        SUBMISSIONS,
        Submission(
            unit.new_id(), activity.id, work.id, blue.id, 1, 1, {"where": "Ours."}, START, AMARA.person, START
        ),
    )
    unit.store.save(
        WORKS,
        replace(
            work,
            state=WorkState.CONFIRMING,
            submission=submission.id,
            pressed_at=START,
            pressed_by=AMARA.person,
            confirm_until=unit.now,
        ),
    )
    account = Account((Line("work", Decimal(0), Decimal(80), {"criteria": []}),), Decimal(80))
    for person in (AMARA.person, TOMAS.person):
        unit.store.add(BYLINES, Byline(unit.new_id(), activity.id, submission.id, blue.id, person))
        unit.store.add(
            GRADES,
            Grade(
                unit.new_id(), activity.id, person, blue.id, 1, GradeState.RELEASED, Decimal(80), account,
                START, released_at=START,
            ),
        )  # fmt: skip


class Counted:
    """Ports whose store calls are counted, by verb and table."""

    def __init__(self, ports: MemoryPorts) -> None:
        self.calls: Counter[str] = Counter()
        self.ports = replace(ports, transaction=self._transaction)
        self._opened = ports.transaction

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._opened() as store:
            yield _CountingStore(store, self.calls)

    def writes(self) -> int:
        """How many calls changed something."""
        return sum(
            count for call, count in self.calls.items() if call.split()[0] in ("add", "save", "remove")
        )


class _CountingStore:
    def __init__(self, store: Any, calls: Counter[str]) -> None:
        self._store = store
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)
        if name not in VERBS:
            return verb

        def counted(kind: Any, /, *args: Any, **kwargs: Any) -> Any:
            self._calls[f"{name} {kind.table}"] += 1
            return verb(kind, *args, **kwargs)

        return counted


# Every screen that only shows, and somebody whom it is for.
SCREENS: list[tuple[str, Actor]] = [
    ("team", AMARA),
    ("team", SOFIA),
    ("team/found", SOFIA),
    ("team/card", SOFIA),
    ("team/invite", AMARA),
    ("team/invite?q=Learner", AMARA),
    ("team/about", AMARA),
    ("team/why", AMARA),
    ("team/leave", AMARA),
    ("charter", AMARA),
    ("charter", TOMAS),
    ("charter/versions", AMARA),
    ("charter/versions/<id>", AMARA),
    ("charter/versions/<id>", INES),
    ("roles", AMARA),
    ("draft", AMARA),
    ("draft/read", AMARA),
    ("draft/openings", AMARA),
    ("teams/<id>/draft", INES),
    ("here/<activity>/<team>", AMARA),
    ("files", AMARA),
    ("mentoring", LINH),
    ("mentoring/<team>", LINH),
    ("mentoring/<team>/draft", LINH),
    ("mentoring/<team>/versions/<version>", LINH),
    ("sandbox", AMARA),
    ("sandbox", LINH),
    ("sandbox/new", AMARA),
    ("sandbox/<item>", AMARA),
    ("sandbox/<item>/edit", AMARA),
    ("sandbox/glass", ADA),
    ("sandbox/glass/<glass>", ADA),
    ("team/before/<id>", AMARA),
    ("team/before/<id>", INES),
    ("team/before/<id>/<version>", AMARA),
    ("team", LINH),
    ("team", MEHMET),
    ("team/alone", MEHMET),
    ("versions", AMARA),
    ("versions/<id>", AMARA),
    ("hand-in", AMARA),
    ("confirm", TOMAS),
    ("take-back", AMARA),
    ("submission/<id>", AMARA),
    ("result", AMARA),
    ("privacy", AMARA),
    ("plan", AMARA),
    ("plan/tasks/<id>", AMARA),
    ("check-in", AMARA),
    ("contributions", AMARA),
    ("discussion", AMARA),
    ("discussion/<id>", AMARA),
    ("discussion/<id>/edit", AMARA),
    ("decisions", AMARA),
    ("card/me", AMARA),
    ("kept", AMARA),
    ("teams/plan", INES),
    ("teams/<id>/plan", INES),
    ("teams/<id>/plan", LINH),
    ("teams/<id>/check-ins", INES),
    ("teams/<id>/check-ins", LINH),
    ("teams/<id>/contributions", INES),
    ("teams/<id>/discussion", INES),
    ("teams/<id>/discussion/<post>", INES),
    ("settings", INES),
    ("settings/preview", INES),
    ("settings/survey", INES),
    ("settings/survey/preview", INES),
    ("settings/rubric", INES),
    ("settings/wishes", INES),
    ("survey", AMARA),
    ("survey", SOFIA),
    ("survey/mine", AMARA),
    ("survey/mine/file", AMARA),
    ("survey/take-back", AMARA),
    ("survey/answers", INES),
    ("teaching", INES),
    ("release", INES),
    ("grading", INES),
    ("grading/<id>", INES),
    ("grades", INES),
    ("grades/<person>/override", INES),
    ("people", INES),
    ("people/<person>", INES),
    ("teams", INES),
    ("teams/file", INES),
    ("teams/from-platform", INES),
    ("teams/<id>", INES),
    ("teams/<id>/mentors", INES),
    ("teams/<id>/mentors?q=Learner", INES),
    ("teams/alerts", INES),
    ("teams/alone", INES),
    ("teams/late", INES),
    ("teams/mergers", INES),
    ("teams/mergers/<id>", INES),
    ("teams/<id>/merge", INES),
    ("teams/<id>/merge?with=<other>", INES),
    ("teams/<id>/names", INES),
]
# They want a class without teams; `test_forming.py` counts what they ask for.
COUNTED_THERE = {
    "teams/forming",
    "teams/forming/compare",
    "teams/forming/<id>",
    "teams/forming/<id>/teams/<team>",
    "teams/forming/<id>/swap",
    "teams/forming/<id>/publish",
    "teams/forming/<id>/take-back",
    "teams/forming/<id>/explanation",
}
# An export is as long as the class: it reads page by page, and is no screen.
NOT_SCREENS = {"teams/export", "survey/export", "settings/rubric/file", *COUNTED_THERE}
