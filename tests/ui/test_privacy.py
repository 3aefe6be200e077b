"""Somebody who tries to read or change what is not theirs: by guessed ids, roles, keys and texts."""

from __future__ import annotations

import html.parser
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from coursecrew.app import check_ins, contributions, discussion, plans, records
from coursecrew.app.activities import Placed, publish, save_settings
from coursecrew.app.charters import save_charter
from coursecrew.app.files import add_file, open_file
from coursecrew.app.grading import override_grade, release_grades, score_work
from coursecrew.app.identity import write_card
from coursecrew.app.memory import MemoryPorts, memory_ports
from coursecrew.app.mentoring import name_mentor
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import exclude, name_ta, unname_ta
from coursecrew.app.plans import TaskWish
from coursecrew.app.ports import Member
from coursecrew.app.records import (
    ACTIVITIES,
    ALERTS,
    ALL,
    ASKINGS,
    CELLS,
    CHARTERS,
    DRAFT_VERSIONS,
    EVENTS,
    FILES,
    GLASSES,
    GRADES,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    MENTORSHIPS,
    NOTICES,
    PARTICIPANTS,
    PRESENCES,
    REQUEST_KEYS,
    SANDBOX_ITEMS,
    SOLO_ASKS,
    STAFF_SCORES,
    SUBMISSIONS,
    TASKS,
    TEAM_FILES,
    TEAM_SETS,
    TEAMS,
    VISITS,
    WORKS,
    RecordType,
)
from coursecrew.app.sandbox import add_item
from coursecrew.app.submissions import confirm, object_to, save_draft, submit
from coursecrew.app.team_files import add_team_files
from coursecrew.app.team_roles import rotate_roles
from coursecrew.app.teams import ask_to_join, describe_team, found_team, leave_team, place, post_card
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity, Prompt, SubmitRule, TeamRules
from coursecrew.domain.alerts import Alert, AlertState, Sign
from coursecrew.domain.errors import NotAllowed, NotFound
from coursecrew.domain.mergers import Merger, MergerState
from coursecrew.domain.people import Actor, Role, one_line
from coursecrew.domain.plans import TaskState
from coursecrew.domain.rubrics import Mark
from coursecrew.domain.sandbox import Audience
from coursecrew.domain.solo import SoloAsk, SoloState, Wanted
from coursecrew.domain.submissions import Draft, Work
from coursecrew.domain.teams import Team
from coursecrew.domain.wishes import Charter, CharterPart
from coursecrew.ui.http import Response, Route, Upload
from coursecrew.ui.mail import compose
from coursecrew.ui.routes import FOR_REVIEWS, ROUTES
from tests.builders import (
    AMARA,
    INES,
    KWAME,
    LINH,
    MEHMET,
    PLACED,
    SOFIA,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    marks,
    settings,
    world,
)
from tests.ui.test_teaching import ask

# Words that stand in one place each, so that a page that has one tells where it came from.
DRAFT, VERSION, SUBMITTED = "quillback", "marlinspike", "oystercatcher"
COMMENT, CRITERION, OVERRIDE, OBJECTION = "whimbrel", "turnstone", "sanderling", "dunlin"
WITHDRAWN, FILED, TRIED, SIGNED = "ptarmigan", "dotterel", "phalarope", "curlew"
AGREED, PLANNED, SAID, JOINED = "sandpiper", "lapwing", "redstart", "stonechat"
WORDS = (
    AGREED,
    PLANNED,
    SAID,
    JOINED,
    DRAFT,
    VERSION,
    WITHDRAWN,
    FILED,
    TRIED,
    SIGNED,
    SUBMITTED,
    COMMENT,
    CRITERION,
    OVERRIDE,
    OBJECTION,
)

FEMI = actor("Femi")  # was in Blue Ledger, and left before it handed anything in
FARAH = actor("Farah")  # was in Red Kites, stands on its byline, and left
EZRA = actor("Ezra")  # was in Blue Ledger until the course staff excluded them
TAMAR = actor("Tamar")  # is in Blue Ledger, and was named TA for Green Line alone
OMAR = actor("Omar")  # is in Blue Ledger, and the platform now calls them an observer
NOOR = actor("Noor")  # has no team
NIA = actor("Nia")  # has no team, and asks Blue Ledger for a seat
UMA = actor("Uma")  # was a TA for a day
JONAS = actor("Jonas")
MONA = actor("Mona", Role.OBSERVER)  # mentors Blue Ledger and Red Kites
OBSERVER = actor("Olga", Role.OBSERVER)
AUTHOR = actor("Aulis", Role.AUTHOR, may_author=True)
ADMIN = actor("Ada", Role.ADMIN)
VISITOR = actor("Vera", looks_on=True)  # a test student of the platform
AS_AMARA = replace(AMARA, looks_on=True)  # course staff who view the course as Amara

RULES = TeamRules(name="districts", min=1, ideal=3, max=5)
OTHER = Placed("soil", "Soil", "place-9", "plan", title="Soil")  # another course
BESIDE = replace(PLACED, place="place-2", name="second")  # another activity of the same course


@dataclass(frozen=True)
class Class:
    """A class with secrets: Blue Ledger is drafting again, Red Kites is scored and not released."""

    ports: MemoryPorts
    activity: Activity
    blue: Team
    red: Team
    green: Team


def a_class() -> Class:
    """Blue Ledger, Red Kites and Green Line, and everybody around them."""
    ports = world()
    charter = Charter((CharterPart("meeting", "When we meet"),))
    activity = an_assignment(
        ports, NOOR, NIA, UMA,
        submit_rule=SubmitRule.ALL, teams=RULES, charter=charter, team_roles=("Recorder",),
    )  # fmt: skip
    come_in(ports, KWAME, MONA)
    blue = a_team(ports, activity, AMARA, TOMAS, FEMI, EZRA, TAMAR, name="Blue Ledger")
    red = a_team(ports, activity, LINH, SOFIA, FARAH, name="Red Kites")
    green = a_team(ports, activity, MEHMET, JONAS, name="Green Line", draft="Our own text.")
    for member in (AMARA, LINH, MEHMET):
        run(ports, describe_team, member, activity.id, motto="", is_open=False, leader="")

    # Blue Ledger: two versions, some leave, one presses, one objects with a reason.
    run(ports, save_draft, AMARA, activity.id, {"where": f"First {VERSION}."}, seen=0)
    run(ports, save_charter, AMARA, activity.id, {"meeting": f"At the {AGREED}."}, seen=0)
    run(ports, rotate_roles, TOMAS, activity.id)
    run(ports, leave_team, FEMI, activity.id)
    run(ports, exclude, INES, activity.id, EZRA.person, reason="Left the university")
    come_in(ports, OMAR)
    run(ports, place, INES, activity.id, OMAR.person, blue.id)
    come_in(ports, replace(OMAR, role=Role.OBSERVER))
    run(ports, name_ta, INES, activity.id, TAMAR.person, teams=[green.id])
    run(ports, save_draft, AMARA, activity.id, {"where": f"Second {WITHDRAWN}."}, seen=1)
    run(ports, submit, AMARA, activity.id, seen=2)
    run(ports, object_to, TOMAS, activity.id, reason=f"The {OBJECTION} is missing.")
    run(ports, save_draft, AMARA, activity.id, {"where": f"Third {DRAFT}."}, seen=2)

    # The sandbox: of Tomás for his team, of Linh for herself; a mentor, a sign, a question.
    shown = f"About {TRIED}"
    run(ports, add_item, TOMAS, activity.id, title=shown, text=f"I try {TRIED}.", audience=Audience.TEAM)
    run(ports, add_item, LINH, activity.id, title=f"My {TRIED}", text=f"Only mine: {TRIED}.")
    run(ports, name_mentor, INES, activity.id, blue.id, MONA.person)
    run(ports, name_mentor, INES, activity.id, red.id, MONA.person)
    for team in (blue, red):
        run(ports, _seen, activity, team)

    # The workspace: of Blue Ledger with words of its own, of Red Kites without.
    work_together(ports, activity, TOMAS, AMARA, PLANNED, SAID)
    work_together(ports, activity, LINH, SOFIA, "maps", "maps")

    add_team_files(ports, AMARA, activity.id, [(f"{FILED}.txt", BytesIO(b"soon"))], limit=1000)

    # Red Kites: handed in, one leaves, scored, one grade changed by hand.
    run(ports, save_draft, LINH, activity.id, {"where": f"Sealed {SUBMITTED}."}, seen=0)
    add_team_files(ports, LINH, activity.id, [("notes.txt", BytesIO(b"sealed"))], limit=1000)
    run(ports, submit, LINH, activity.id, seen=1)
    run(ports, confirm, SOFIA, activity.id)
    run(ports, confirm, FARAH, activity.id)
    run(ports, leave_team, FARAH, activity.id)
    work = ports.rows(WORKS, team=red.id)[0]
    sheet = {**marks("3", "3", "4"), "plan": Mark(Decimal(3), f"A {CRITERION}.")}
    run(ports, score_work, INES, activity.id, work.id, sheet, comment=f"All of you: {COMMENT}.")
    run(ports, override_grade, INES, activity.id, LINH.person, Decimal(50), reason=f"Because of {OVERRIDE}.")

    run(ports, name_ta, INES, activity.id, UMA.person)
    run(ports, unname_ta, INES, activity.id, UMA.person)
    run(ports, ask_to_join, NIA, activity.id, blue.id)
    add_file(ports, INES, activity.id, name="flows.csv", content=BytesIO(b"hour,flow\n"))
    come_in(ports, OBSERVER, AUTHOR, ADMIN)
    deliver_all(ports, compose=compose)
    return Class(ports, activity, blue, red, green)


def work_together(
    ports: MemoryPorts, activity: Activity, who: Actor, other: Actor, planned: str, said: str
) -> None:
    """A plan, a discussion, a check-in, a remark and a card, each with one of two words."""
    at = activity.id
    wish = TaskWish(
        f"Draw {planned}", who.person, state=TaskState.BLOCKED, blocked_by=other.person,
        blocked_for=planned,
    )  # fmt: skip
    run(ports, plans.add_task, who, at, wish)
    thread = run(ports, discussion.begin_thread, who, at, title=said[:100], text=f"About {said}.")
    run(ports, discussion.pin, other, at, thread.id, decided=True)
    answers = {"step": 5, "fair": 5, "voice": 5, "time": 5, "together": 5}
    run(ports, check_ins.check_in, who, at, answers, note=f"See {said}.", problem=True)
    run(ports, contributions.write_remark, who, at, f"I drew {said}.")
    run(ports, write_card, who, at, helps=f"Help with {said}"[:200], pronouns=planned[:40])


def _seen(unit: UnitOfWork, activity: Activity, team: Team) -> None:
    unit.store.add(
        ALERTS,
        Alert(
            unit.new_id(), activity.id, team.team_set, team.id, Sign.LATE, AlertState.OPEN, "open", unit.now,
            {"title": f"Map of {SIGNED}", "due": unit.now.isoformat(), "more": 0},
        ),
    )  # fmt: skip
    _merging(unit, activity, team)
    unit.store.add(
        SOLO_ASKS,
        SoloAsk(
            unit.new_id(), activity.id, team.team_set, team.id, TOMAS.person, Wanted.SOLO, SoloState.ASKED,
            unit.now, unit.now, why=f"Since {SIGNED}.",
        ),
    )  # fmt: skip


def _merging(unit: UnitOfWork, activity: Activity, team: Team) -> None:
    """A proposal about the team, and a team that has become part of it, with a draft of its own."""
    old = Team(
        unit.new_id(), team.team_set, f"Old {team.name}", f"old {team.name_key}", state="merged",
        merged_into=team.id,
    )  # fmt: skip
    unit.store.add(TEAMS, old)
    work = unit.store.add(WORKS, Work(unit.new_id(), activity.id, old.id))
    unit.store.add(records.DRAFTS, Draft(unit.new_id(), work.id, 1, {"where": f"Once {JOINED}."}))
    for into, state in ((team, MergerState.DONE), (None, MergerState.OPEN)):
        other = into or team
        unit.store.add(
            records.MERGERS,
            Merger(
                unit.new_id(), activity.id, team.team_set, old.id if into else team.id, other.id, state,
                unit.now, unit.now + timedelta(days=3), why=f"Since {JOINED}.",
            ),
        )  # fmt: skip


def filled(here: Class, path: str, team: Team, victim: Actor) -> str | None:
    """A route's path with the ids of that team's rows; `None` if the team has no such row."""
    ports = here.ports
    kinds: dict[str, tuple[RecordType[Any], dict[str, str]]] = {
        "versions": (DRAFT_VERSIONS, {"work": ports.rows(WORKS, team=team.id)[0].id}),
        "submission": (SUBMISSIONS, {"team": team.id}),
        "grading": (WORKS, {"team": team.id}),
        "teams": (TEAMS, {"id": team.id}),
        "charter": (CHARTERS, {"team": team.id}),
        "settings": (FILES, {}),
        "files": (TEAM_FILES, {"team": team.id}),
        "plan": (TASKS, {"team": team.id}),
        "discussion": (records.POSTS, {"team": team.id}),
    }
    # A team assignment has nothing of a peer review: any guessed id.
    kinds |= dict.fromkeys(FOR_REVIEWS, (records.ACTIVITIES, {"id": here.activity.id}))
    if "<id>" in path:
        deeper: Mapping[str, tuple[RecordType[Any], dict[str, str]]] = {
            "team/before": (TEAMS, {"state": "merged", "merged_into": team.id}),
            "teams/mergers": (records.MERGERS, {"team": team.id}),
        }
        kind, own = deeper.get("/".join(path.split("/")[:2])) or kinds[path.split("/")[0]]
        rows = ports.rows(kind, **own)
        if not rows:
            return None
        path = path.replace("<id>", rows[0].id)
    if "<asking>" in path:
        path = path.replace("<asking>", ports.rows(ASKINGS, team=here.blue.id, person=NIA.person)[0].id)
    path = path.replace("<activity>", here.activity.id)
    for name, rows in _rows_of(here, team, victim).items():
        if name in path and not rows:
            return None
        path = path.replace(name, rows[0].id if name in path else "")
    return path.replace("<person>", victim.person).replace("<team>", team.id)


def _rows_of(here: Class, team: Team, victim: Actor) -> dict[str, list[Any]]:
    """What stands for each place of a path: rows of that team, or of that person."""
    ports = here.ports
    return {
        "<item>": ports.rows(SANDBOX_ITEMS, team=team.id) or ports.rows(SANDBOX_ITEMS, person=victim.person),
        "<glass>": ports.rows(GLASSES, person=victim.person),
        "<mentorship>": ports.rows(MENTORSHIPS, team=team.id),
        "<version>": ports.rows(DRAFT_VERSIONS, work=ports.rows(WORKS, team=team.id)[0].id),
        "<alert>": ports.rows(ALERTS, team=team.id),
        "<post>": ports.rows(records.POSTS, team=team.id),
        "<ask>": ports.rows(SOLO_ASKS, team=team.id),
        "<review>": [here.activity],
        "<remark>": [here.activity],
        "<merger>": ports.rows(records.MERGERS, team=team.id),
    }


def everything_typed(here: Class, team: Team, victim: Actor) -> dict[str, str | list[str]]:
    """A form with a sound value for whatever any screen reads."""
    return {
        "request_key": "k1", "reason": "I say so", "name": "Raiders", "motto": "Ours", "pitch": "Take me",
        "person": victim.person, "team": team.id, "to": here.green.id, "leader": victim.person,
        "ticked": [victim.person], "due": "2026-12-24T12:00", "who": "", "scope": "some", "seen": "2",
        "text-where": "Mine now", "text-meeting": "Mine now", "name-1": "Recorder", "role-1": victim.person,
        "sign": "kite", "colour": "red",
        "text-cost": "", "level-loss": "0", "level-plan": "0", "level-open": "0",
        "comment": "Bad", "act": "score", "value": "1", "until": "f" * 32,
        "title": "Raid", "audience": "me", "saying": "works", "part": "where", "reads": "no",
        "wanted": "solo", "decided": "solo", "about": "confirm", "item": "f" * 32,
        "link": "https://example.org/raid", "base": "1", "new-where-0": "Mine now", "choice-where-0": "new",
        "text": f"user,team\n{victim.person},Raiders\n",
        "state": "done", "owner": "", "milestone": "m1", "reached": "yes", "remark": "Mine", "linked": "",
        "answer-step": "5", "answer-fair": "5", "answer-voice": "5", "answer-time": "5",
        "answer-together": "5", "note": "Mine", "note_for": "team", "helps": "Nothing", "pronouns": "it",
    }  # fmt: skip


def send(here: Class, who: Actor, route: Route, team: Team, victim: Actor) -> Response | None:
    path = filled(here, route.path, team, victim)
    if path is None:
        return None
    form = everything_typed(here, team, victim) if route.method == "POST" else None
    return ask(here.ports, who, path, form)


def words_in(text: str) -> set[str]:
    return {word for word in WORDS if word in text}


def words_of(response: Response) -> set[str]:
    """The secrets that a whole answer tells: body, headers and all."""
    return words_in(f"{response.body!r} {response.headers!r} {response.kind}")


def stored(ports: MemoryPorts, *but: RecordType[Any]) -> dict[str, list[Any]]:
    return {kind.table: ports.rows(kind) for kind in ALL if kind not in but}


def changes(before: Mapping[str, list[Any]], after: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The rows that came, went or changed, by table."""
    found = {
        table: [row for row in [*before[table], *rows] if row not in before[table] or row not in rows]
        for table, rows in after.items()
    }
    return {table: rows for table, rows in found.items() if rows}


POSTS = tuple(route for route in ROUTES if route.method == "POST")
GETS = tuple(route for route in ROUTES if route.method == "GET")

# What a learner does in their own name, whatever ids they send along.
OWN = frozenset(
    {
        "team/found", "team/card", "team/card/remove", "team/place-me", "team/invite", "team/about",
        "team/leave", "team/<team>/join", "team/<team>/ask", "team/<team>/wait", "team/<team>/stop-waiting",
        "draft", "files", "files/link", "versions/<id>/restore", "versions/<id>/share",
        "hand-in", "confirm", "confirm/object", "take-back",
        "notices/read", "privacy/read", "charter", "charter/sign", "roles", "roles/rotate", "team/decline",
        "team/present", "team/mentors", "team/alone",
        "sandbox/new", "plan/add", "plan/milestone", "check-in", "contributions/remark", "discussion/new",
        "discussion/read", "card/me",
    }
)  # fmt: skip
# What any member does with what another one wrote in their team.
OF_THE_TEAM = frozenset(
    {
        "plan/tasks/<id>",
        "plan/tasks/<id>/move",
        "discussion/<id>/reply",
        "discussion/<id>/pin",
        "merger/<merger>/yes",
        "merger/<merger>/no",
    }
)
# Putting away what is one's own alone: nobody is refused that, and nothing of anybody else changes.
TIDYING = frozenset({"notices/read", "privacy/read", "team/card/remove", "team/<team>/stop-waiting"})
AUTHORING = frozenset(
    {
        "settings/save", "settings/starter", "settings/publish", "settings/files",
        "settings/files/<id>/remove", "settings/survey/save", "settings/survey/usual", "settings/wishes/save",
        "settings/rubric/bring", "settings/rubric/take",
    }
)  # fmt: skip
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Intruder:
    """Who tries, what they may read by the table, and what they may do in their own name."""

    who: Actor
    reads: frozenset[str] = NOTHING
    may: frozenset[str] = TIDYING


INTRUDERS: Mapping[str, Intruder] = {
    "learner of another team": Intruder(MEHMET, may=OWN),
    "learner without a team": Intruder(NOOR, may=OWN),
    "former member": Intruder(FEMI, may=OWN),
    "former member on the byline": Intruder(FARAH, frozenset({SUBMITTED}), OWN),
    "member of the judged team": Intruder(SOFIA, frozenset({SUBMITTED}), OWN | OF_THE_TEAM),
    "excluded": Intruder(EZRA),
    "member and TA of another team": Intruder(TAMAR, frozenset({WITHDRAWN})),  # the byline names her
    "member and now observer": Intruder(replace(OMAR, role=Role.OBSERVER), frozenset({WITHDRAWN})),
    "once TA": Intruder(UMA),
    "observer": Intruder(OBSERVER),
    "author": Intruder(AUTHOR, may=TIDYING | AUTHORING),
    "administrator": Intruder(ADMIN, may=TIDYING | {"sandbox/glass"}),
    "somebody looking on": Intruder(VISITOR, may=NOTHING),
    "staff viewing as a member": Intruder(AS_AMARA, may=NOTHING),
}

intruders = pytest.mark.parametrize("intruder", INTRUDERS.values(), ids=INTRUDERS)


def secrets_of(here: Class) -> tuple[tuple[Team, Actor], ...]:
    """Both teams with secrets, and one of their people each."""
    return (here.blue, TOMAS), (here.red, LINH)


@intruders
def test_no_page_tells_a_secret_to_somebody_without_the_right(intruder: Intruder) -> None:
    here = a_class()
    for route in GETS:
        for team, victim in secrets_of(here):
            answer = send(here, intruder.who, route, team, victim)
            if answer is not None:
                assert words_of(answer) <= intruder.reads, route.path
    if intruder.who is not AS_AMARA:  # her own mail is hers
        assert not words_in(mail_to(here, intruder.who))


def mail_to(here: Class, who: Actor) -> str:
    return " ".join(f"{m.subject} {m.text} {m.html}" for m in here.ports.mailer.to(who.person))


@pytest.mark.parametrize("which", [0, 1], ids=["drafting", "scored"])
@intruders
def test_no_press_works_on_what_is_not_ones_own(intruder: Intruder, which: int) -> None:
    here = a_class()
    for route in POSTS:
        team, victim = secrets_of(here)[which]
        before, theirs = stored(here.ports), _of_others(here, intruder.who)
        answer = send(here, intruder.who, route, team, victim)
        assert answer is not None
        assert words_of(answer) <= intruder.reads, route.path
        changed = changes(before, stored(here.ports))
        if route.path not in intruder.may:
            assert answer.status in (403, 404), route.path
            noted = set() if intruder.who.looks_on else {VISITS.table, PARTICIPANTS.table}
            assert set(changed) <= noted, (route.path, changed)
        elif intruder.may is TIDYING or route.path in TIDYING:
            own = {VISITS.table, PARTICIPANTS.table, REQUEST_KEYS.table, NOTICES.table}
            assert set(changed) <= own, (route.path, changed)
            assert {row.person for rows in changed.values() for row in rows} <= {intruder.who.person}
        else:
            rows = [row for table in changed if table not in ASKED for row in changed[table]]
            assert not [
                row for row in rows if {getattr(row, "team", ""), getattr(row, "work", ""), row.id} & theirs
            ], (route.path, changed)
        if not set(changed) <= {VISITS.table, PARTICIPANTS.table, REQUEST_KEYS.table}:
            here = a_class()


# What asking a team for a seat writes.
ASKED = (ASKINGS.table, EVENTS.table, MEMBERSHIP_EVENTS.table)


def _of_others(here: Class, who: Actor) -> set[str]:
    """Ids of the teams with secrets that the person is not in, and of their works."""
    ids = set()
    for team in (here.blue, here.red):
        if not here.ports.rows(MEMBERSHIPS, team=team.id, person=who.person):
            ids |= {team.id} | {work.id for work in here.ports.rows(WORKS, team=team.id)}
    return ids


def test_the_words_are_where_they_belong() -> None:
    """Without this the tests above could pass because nothing was planted."""
    here = a_class()
    own = {*_read_by(here, AMARA, here.blue, TOMAS)}
    assert {DRAFT, VERSION, TRIED, PLANNED, SAID} <= own
    assert PLANNED in mail_to(here, AMARA)
    assert SAID not in mail_to(here, AMARA)
    assert {PLANNED, SAID} <= _read_by(here, INES, here.blue, TOMAS)
    assert OBJECTION in mail_to(here, AMARA)
    assert {SUBMITTED, COMMENT, CRITERION} <= _read_by(here, INES, here.red, LINH)
    assert _read_by(here, SOFIA, here.red, LINH) == {SUBMITTED}
    run(here.ports, release_grades, INES, here.activity.id)
    assert _read_by(here, LINH, here.red, LINH) == {SUBMITTED, COMMENT, CRITERION, OVERRIDE, TRIED}
    assert _read_by(here, SOFIA, here.red, LINH) == {SUBMITTED, COMMENT, CRITERION}
    assert _read_by(here, FARAH, here.red, LINH) == {SUBMITTED, COMMENT, CRITERION}
    for who in (MEHMET, NOOR, FEMI, TAMAR, OBSERVER, AUTHOR, ADMIN, VISITOR, UMA):
        assert not _read_by(here, who, here.red, LINH)


def _read_by(here: Class, who: Actor, team: Team, victim: Actor) -> set[str]:
    answers = [send(here, who, route, team, victim) for route in GETS]
    return set().union(*(words_of(answer) for answer in answers if answer))


def test_marks_kept_for_later_are_not_told_with_a_released_grade() -> None:
    here = a_class()
    run(here.ports, release_grades, INES, here.activity.id)
    work = here.ports.rows(WORKS, team=here.red.id)[0].id
    kept = {"level-loss": "1", "comment": "Not finished: redshank", "act": "keep"}
    seen = str(here.ports.rows(STAFF_SCORES)[0].version)
    assert ask(here.ports, INES, f"grading/{work}/score", {**kept, "seen": seen}).status == 200
    told = str(ask(here.ports, SOFIA, "result").body)
    assert "redshank" not in told
    assert COMMENT in told
    path = f"grades/{SOFIA.person}/override"
    assert ask(here.ports, INES, path, {"value": "70", "reason": "A slip"}).status == 200
    cell = here.ports.rows(CELLS, person=SOFIA.person)[0]
    assert cell.wanted == 70
    assert COMMENT in cell.comment
    assert "redshank" not in cell.comment


# --- what lies in another activity, another course, another tenant ---


def elsewhere(ports: MemoryPorts, placed: Placed) -> Other:
    """Another published activity, with a teacher and a learner of its own, who is in a team."""
    teacher = replace(actor("Rui", Role.INSTRUCTOR, may_author=True), course=placed.course)
    learner = replace(actor("Zola"), course=placed.course)
    activity = come_in(ports, teacher, placed=placed)
    wish = settings(teams=replace(RULES, name="elsewhere"))
    run(ports, save_settings, teacher, activity.id, wish, seen=activity.settings_number)
    run(ports, publish, teacher, activity.id)
    come_in(ports, learner, placed=placed)
    team = run(ports, found_team, learner, activity.id, name="Far Away")
    run(ports, save_draft, learner, activity.id, {"where": "Far from here."}, seen=0)
    return Other(placed, teacher, learner, team)


@dataclass(frozen=True)
class Other:
    """Where somebody stands who tries ids of the class."""

    placed: Placed
    teacher: Actor
    learner: Actor
    team: Team


def with_ids(path: str) -> bool:
    return "<id>" in path or "<asking>" in path or "<team>" in path


@pytest.mark.parametrize("which", ["teacher", "learner", "newcomer"])
@pytest.mark.parametrize("placed", [OTHER, BESIDE], ids=["another course", "another activity"])
def test_ids_of_another_activity_lead_nowhere(placed: Placed, which: str) -> None:
    here = a_class()
    there = elsewhere(here.ports, placed)
    newcomer = replace(actor("Ngozi"), course=placed.course)
    who = {"teacher": there.teacher, "learner": there.learner, "newcomer": newcomer}[which]
    come_in(here.ports, who, placed=placed)
    for route in ROUTES:
        for team, victim in secrets_of(here):
            # In another activity of this course the people are the same; ids of theirs are no others'.
            people = placed is OTHER and "<person>" in route.path
            path = filled(here, route.path, team, victim)
            if path is None or not (with_ids(route.path) or people):
                continue
            before = stored(here.ports)
            form = everything_typed(here, team, victim) if route.method == "POST" else None
            form = form and {**form, "person": there.learner.person, "to": "none"}
            answer = ask(here.ports, who, path, form, placed=placed)
            assert not words_of(answer), route.path
            changed = changes(before, stored(here.ports))
            if route.path == "team/<team>/stop-waiting":  # there is nothing to stop
                assert set(changed) <= {REQUEST_KEYS.table}
                continue
            settled = (409,) if who is there.learner and route.path.startswith("team/") else ()
            assert answer.status in (403, 404, *settled), (route.path, answer.status)
            assert not changed, (route.path, changed)


@pytest.mark.parametrize("route", [r for r in POSTS if not with_ids(r.path)], ids=lambda r: r.path)
def test_ids_of_another_course_in_a_form_touch_nothing_there(route: Route) -> None:
    for is_teacher in (True, False):
        here = a_class()
        there = elsewhere(here.ports, OTHER)
        who = there.teacher if is_teacher else there.learner
        before = stored(here.ports)
        form = {**everything_typed(here, here.blue, TOMAS), "to": here.red.id, "leader": ""}
        path = (filled(here, route.path, here.blue, TOMAS) or "").replace(TOMAS.person, there.learner.person)
        answer = ask(here.ports, who, path, form, placed=OTHER)
        assert not words_of(answer)
        ours = {here.activity.id, here.activity.course, here.blue.id, here.red.id, here.green.id}
        for rows in changes(before, stored(here.ports)).values():
            for row in rows:
                named = {getattr(row, name, "") for name in ("id", "activity", "course", "team", "by_team")}
                assert not named & ours, (route.path, row)
                if hasattr(row, "teams"):
                    assert not set(row.teams) & ours, row


@pytest.mark.parametrize("path", ["teams/{}/move", "teams/{}/extend", "teams/{}/excuse"])
def test_a_team_of_another_course_in_the_address_stops_a_press_on_ones_own_people(path: str) -> None:
    here = a_class()
    there = elsewhere(here.ports, OTHER)
    before = stored(here.ports)
    form = {
        "person": there.learner.person, "who": there.learner.person, "to": "none", "reason": "So",
        "due": "2026-12-24T12:00",
    }  # fmt: skip
    answer = ask(here.ports, there.teacher, path.format(here.blue.id), form, placed=OTHER)
    assert answer.status == 404
    assert not changes(before, stored(here.ports))


def test_more_time_goes_to_people_of_the_course_only() -> None:
    here = a_class()
    there = elsewhere(here.ports, OTHER)
    form = {"who": there.learner.person, "reason": "So", "due": "2026-12-24T12:00"}
    before = stored(here.ports)
    assert ask(here.ports, INES, f"teams/{here.blue.id}/extend", form).status == 404
    assert not changes(before, stored(here.ports))


def test_a_page_begun_after_a_row_of_another_course_shows_nothing_of_it() -> None:
    here = a_class()
    there = elsewhere(here.ports, OTHER)
    rows = {
        "people": here.ports.rows(PARTICIPANTS, course=here.activity.course)[0].id,
        "grading": here.ports.rows(WORKS, team=here.red.id)[0].id,
        "grades": here.ports.rows(GRADES)[0].id,
        "teams": here.blue.id,
        "team": here.red.id,
    }
    for path, after in rows.items():
        who = there.teacher if path != "team" else replace(actor("Late"), course=OTHER.course)
        answer = ask(here.ports, who, path, placed=OTHER, query={"after": after})
        assert not words_of(answer)
        assert not {"Blue Ledger", "Red Kites", "Amara", "Linh"} & set(re.split(r"[<>]", str(answer.body)))


def test_a_file_of_another_course_or_of_a_hidden_activity_is_not_found() -> None:
    here = a_class()
    file = here.ports.rows(FILES)[0]
    assert open_file(here.ports, NOOR, here.activity.course, file.id)[0] == file
    with pytest.raises(NotFound):
        open_file(here.ports, replace(NOOR, course=OTHER.course), OTHER.course, file.id)
    hidden = come_in(here.ports, INES, placed=BESIDE)
    secret = add_file(here.ports, INES, hidden.id, name="exam.txt", content=BytesIO(b"soon"))
    for who in (NOOR, AMARA, OBSERVER, VISITOR, KWAME):
        with pytest.raises(NotFound):
            open_file(here.ports, who, here.activity.course, secret.id)


@intruders
def test_a_teams_file_is_refused_to_whoever_may_read_neither_its_draft_nor_its_work(
    intruder: Intruder,
) -> None:
    here = a_class()
    (file,) = here.ports.rows(TEAM_FILES, team=here.blue.id)
    assert open_file(here.ports, AMARA, here.activity.course, file.id)[0] == file
    assert open_file(here.ports, INES, here.activity.course, file.id)[0] == file
    with pytest.raises(NotAllowed):
        open_file(here.ports, intruder.who, here.activity.course, file.id)
    with pytest.raises(NotFound):
        open_file(here.ports, replace(intruder.who, course=OTHER.course), OTHER.course, file.id)


def test_another_tenant_has_nothing_of_it_under_the_very_same_names() -> None:
    here = a_class()
    ports = memory_ports(here.ports.clock.now(), tenant="f" * 32, database=here.ports.database)
    before = stored(here.ports)
    for who in (INES, AMARA):
        for route in ROUTES:
            for team, victim in secrets_of(here):
                path = filled(here, route.path, team, victim)
                if path is None:
                    continue
                form = everything_typed(here, team, victim) if route.method == "POST" else None
                answer = ask(ports, who, path, form)
                assert not words_of(answer)
                assert not {"Blue Ledger", "Red Kites"} & set(re.split(r"[<>]", str(answer.body)))
                assert "<id>" not in route.path or answer.status in (403, 404), route.path
    assert not changes(before, stored(here.ports))
    assert not ports.rows(WORKS)


# --- what people type ---

EVIL = (
    "<script>steal()</script>",
    "<img src=x onerror=steal()>",
    '"><svg onload=steal()>',
    "' onmouseover='steal()",
    "[press](javascript:steal())",
    "[press](  JaVaScRiPt:steal())",
    "[press](data:text/html;base64,PHNjcmlwdD4=)",
    "[press](vbscript:steal())",
    "[press](file:///etc/passwd)",
    "![look](data:image/svg+xml;base64,PHN2Zz4=)",
    "![look](https://elsewhere.example/pixel.png)",
    "<a href=javascript:steal()>x</a><iframe src=//elsewhere.example></iframe>",
    "</textarea><form action=//elsewhere.example><button>Send</button></form>",
    "{{ 7*7 }} {% raw %} %(name)s %s",
    '=HYPERLINK("http://elsewhere.example")',
    "\u202egnp.exe",
)


class Elements(html.parser.HTMLParser):
    """Everything in a page that could act: elements, handlers, addresses, styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "base",
            "meta",
            "link",
            "math",
            "template",
        }:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            address = re.sub(r"[\x00-\x20]", "", value or "").casefold()
            if name.startswith("on") or name in ("style", "srcdoc", "srcset", "ping"):
                self.faults.append(f"<{tag} {name}>")
            if name in ("href", "src", "action", "formaction", "xlink:href", "data", "poster"):
                scheme = re.match(r"[a-z][a-z0-9+.-]*:", address)
                if scheme and scheme[0] not in ("http:", "https:", "mailto:"):
                    self.faults.append(f"<{tag} {name}={value}>")
                if tag in ("form", "button", "img") and (scheme or address.startswith("//")):
                    self.faults.append(f"<{tag} {name}={value}>")


def faults_of(response: Response) -> list[str]:
    if "html" not in response.kind:
        return []
    return Elements(str(response.body)).faults


@pytest.mark.parametrize("first", range(0, len(EVIL), 4))
def test_nothing_that_people_type_acts_on_a_page(first: int) -> None:
    """Long texts hold all of it; names, which are short, take turns."""
    ports = world()
    evil, short = "\n\n".join(EVIL), EVIL[first : first + 4]
    eve, bob, carol = actor(f"{short[0]} Eve"), actor(f"Bob {short[1]}"), actor(f"Carol {short[2]}")
    activity = an_assignment(
        ports, eve, bob, carol, teams=RULES, submit_rule=SubmitRule.ALL, title=f"A {short[3]}",
        goal=evil[:500], task=evil, done_when=EVIL, prompts=(Prompt("where", short[0], hint=short[1]),),
    )  # fmt: skip
    team = a_team(ports, activity, eve, bob, name=f"{short[3][:40]} T")
    run(ports, describe_team, eve, activity.id, motto=short[2][:140], is_open=False, leader="")
    run(ports, post_card, carol, activity.id, pitch=evil[:280], skills=evil[280:480], hours=evil[480:680])
    run(ports, ask_to_join, carol, activity.id, team.id)
    run(ports, save_draft, eve, activity.id, {"where": evil}, seen=0)
    work_together(ports, activity, eve, bob, short[0], evil)
    work_together(ports, activity, bob, eve, short[1], evil)
    run(ports, submit, eve, activity.id, seen=1)
    run(ports, object_to, bob, activity.id, reason=evil)
    deliver_all(ports, compose=compose)
    seen = [*_looks(ports, activity, eve, carol, INES)]
    run(ports, submit, eve, activity.id, seen=1)
    run(ports, confirm, bob, activity.id)
    work = ports.rows(WORKS)[0]
    sheet = {**marks("3", "3", "4"), "plan": Mark(Decimal(3), evil)}
    run(ports, score_work, INES, activity.id, work.id, sheet, comment=evil)
    run(ports, override_grade, INES, activity.id, eve.person, Decimal(50), reason=evil)
    run(ports, release_grades, INES, activity.id)
    deliver_all(ports, compose=compose)
    seen += _looks(ports, activity, eve, INES)
    here = Class(ports, activity, team, team, team)
    typed = dict.fromkeys(everything_typed(here, team, bob), evil)
    for route in POSTS:  # what was typed comes back with a refusal
        path = re.sub("<[a-z]+>", work.id, route.path)
        for who in (eve, carol, INES):
            form = {**typed, "text": f"user,team\n{short[0]},{short[1]}\n", "request_key": path + who.name}
            seen.append((route.path, ask(ports, who, path, form)))
    assert not {path: faults for path, answer in seen if (faults := faults_of(answer))}
    assert any("steal" in str(answer.body) for _path, answer in seen)
    assert ports.mailer.outbox
    for _person, mail in ports.mailer.outbox:
        assert not Elements(mail.html.partition("<body")[2]).faults
        assert "\n" not in mail.subject


def test_no_name_turns_the_direction_of_what_stands_after_it() -> None:
    ports = world()
    turn = "\u202e\u2067"
    eve, bob, carol = actor(f"Eve{turn}"), actor(f"Bob{turn}"), actor(f"Carol{turn}")
    activity = an_assignment(ports, eve, bob, carol, teams=RULES, submit_rule=SubmitRule.ALL)
    team = a_team(ports, activity, eve, bob, name=f"Blue{turn}\u0007", draft="Ours.")
    run(ports, describe_team, eve, activity.id, motto=f"So{turn}", is_open=False, leader="")
    run(ports, ask_to_join, carol, activity.id, team.id)
    work_together(ports, activity, eve, bob, f"Draw{turn}", f"Say{turn}")
    run(ports, submit, eve, activity.id, seen=1)
    run(ports, object_to, bob, activity.id, reason=f"No{turn}")
    deliver_all(ports, compose=compose)
    assert ports.rows(TEAMS)[0].name == "Blue"
    for path, answer in _looks(ports, activity, eve, carol, INES):
        assert not {"\u202e", "\u2067"} & set(str(answer.body)), path
    for _person, mail in ports.mailer.outbox:
        assert not {"\u202e", "\u2067"} & set(mail.subject + mail.html + mail.text)


def _looks(ports: MemoryPorts, activity: Activity, *people: Actor) -> Iterable[tuple[str, Response]]:
    here = Class(ports, activity, *[ports.rows(TEAMS)[0]] * 3)
    for route in GETS:
        for who in people:
            if path := _first_row(here, route.path, people[0]):
                name = one_line(people[-2].name)
                query = {"q": name, "search": name}
                yield route.path, ask(ports, who, path)
                if route.path in ("team", "team/invite", "people"):
                    yield route.path, ask(ports, who, path, query=query)


def _first_row(here: Class, path: str, who: Actor) -> str:
    try:
        return filled(here, path, here.blue, who) or ""
    except IndexError:
        return ""


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\uff1d", "'=", " ="])
def test_no_cell_of_an_export_is_a_formula_and_reading_it_again_changes_nothing(sign: str) -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, teams=RULES)
    a_team(ports, activity, AMARA, name=f"{sign}1+1")
    ports.people.put(
        activity.course, Member(AMARA.person, "Amara", Role.LEARNER), **{f"{sign}amara": AMARA.person}
    )
    export = ask(ports, INES, "teams/export")
    cells = [cell for line in str(export.body).splitlines()[1:] for cell in line.split(",")]
    assert not [cell for cell in cells if cell.strip('" ')[:1] in ("=", "+", "-", "@", "\uff1d")]
    file = Upload("teams.csv", BytesIO(str(export.body).encode()), 10)
    plan = ask(ports, INES, "teams/file", {"act": "try"}, files={"file": [file]})
    assert "1 row read." in re.sub(r"\s+", " ", str(plan.body))
    before = stored(ports)
    ask(ports, INES, "teams/file", {"act": "apply", "text": str(export.body)})
    assert set(changes(before, stored(ports))) <= {REQUEST_KEYS.table}


def test_an_export_for_a_ta_of_some_teams_has_those_teams_only() -> None:
    here = a_class()
    run(here.ports, name_ta, INES, here.activity.id, NOOR.person, teams=[here.green.id])
    text = str(ask(here.ports, NOOR, "teams/export").body)
    assert "Green Line" in text
    assert "Blue Ledger" not in text
    assert "Red Kites" not in text


# --- who leaves no trace, and what looking changes ---


@pytest.mark.parametrize("who", [VISITOR, AS_AMARA], ids=["test student", "staff viewing as a member"])
@pytest.mark.parametrize("state", ["hidden", "published"])
def test_somebody_looking_on_leaves_no_trace(who: Actor, state: str) -> None:
    here = a_class()
    placed = PLACED if state == "published" else BESIDE
    come_in(here.ports, INES, placed=placed)
    ask(here.ports, INES, "team", placed=placed)
    before = stored(here.ports, TEAM_SETS)
    for route in ROUTES:
        path = filled(here, route.path, here.green, TOMAS)
        form = everything_typed(here, here.green, TOMAS) if route.method == "POST" else None
        if path is not None:
            answer = ask(here.ports, who, path, form, placed=placed)
            assert route.method == "GET" or answer.status in (403, 404), route.path
    assert not changes(before, stored(here.ports, TEAM_SETS))


def test_somebody_once_staff_gets_into_no_team_by_an_old_request_or_place_in_the_line() -> None:
    here = a_class()
    run(here.ports, describe_team, MEHMET, here.activity.id, motto="", is_open=True, leader="")
    run(here.ports, ask_to_join, NOOR, here.activity.id, here.green.id)
    run(here.ports, post_card, NOOR, here.activity.id, pitch="I draw maps of pipes.")
    run(here.ports, name_ta, INES, here.activity.id, NOOR.person)
    run(here.ports, unname_ta, INES, here.activity.id, NOOR.person)
    assert "maps of pipes" not in str(ask(here.ports, NIA, "team").body)
    asking = here.ports.rows(ASKINGS, team=here.green.id, person=NOOR.person)[0]
    assert ask(here.ports, MEHMET, f"asking/{asking.id}/accept", {"request_key": "a"}).status == 409
    assert not here.ports.rows(MEMBERSHIPS, person=NOOR.person)


def test_a_ta_named_here_stays_a_learner_to_the_platform() -> None:
    here = a_class()
    run(here.ports, name_ta, INES, here.activity.id, NOOR.person)
    assert ask(here.ports, NOOR, "privacy/read", {"request_key": "a"}).status == 200
    assert here.ports.rows(PARTICIPANTS, person=NOOR.person)[0].role is Role.LEARNER
    assert ask(here.ports, INES, f"people/{NOOR.person}/unname", {"request_key": "b"}).status == 200
    assert here.ports.rows(PARTICIPANTS, person=NOOR.person)[0].effective_role is Role.LEARNER


def test_a_ta_for_some_teams_without_one_ticked_is_not_a_ta_for_all() -> None:
    here = a_class()
    assert ask(here.ports, INES, f"people/{NOOR.person}/name", {"scope": "some"}).status == 422
    assert here.ports.rows(PARTICIPANTS, person=NOOR.person)[0].named_role is None


@pytest.mark.parametrize("who", [OBSERVER, AUTHOR, ADMIN], ids=lambda who: who.role.value)
def test_whoever_is_not_of_the_class_reads_no_names_and_no_cards(who: Actor) -> None:
    here = a_class()
    run(here.ports, post_card, NIA, here.activity.id, pitch="I draw maps of pipes.")
    for path in ("team", "team/found", "team/card", "team/invite", "team/about", "privacy"):
        for query in ({}, {"q": "Blue Ledger"}, {"q": "Amara"}):
            page = str(ask(here.ports, who, path, query=query).body)
            assert "maps of pipes" not in page
            assert not {"Amara", "Blue Ledger", "Nia"} & set(re.split(r"[<>]", page))


@pytest.mark.parametrize(
    "who",
    [AMARA, SOFIA, NOOR, FARAH, TAMAR, KWAME, INES, OBSERVER, AUTHOR, VISITOR],
    ids=lambda who: who.name,
)
def test_looking_changes_nothing(who: Actor) -> None:
    here = a_class()
    here.ports.clock.advance(hours=1)
    before = stored(here.ports, VISITS, PARTICIPANTS, PRESENCES)
    for route in GETS:
        for team, victim in secrets_of(here):
            send(here, who, route, team, victim)
    assert not changes(before, stored(here.ports, VISITS, PARTICIPANTS, PRESENCES))


def test_looking_at_a_new_place_makes_its_activity_and_no_more() -> None:
    here = a_class()
    before = stored(here.ports)
    for route in GETS:
        if path := filled(here, route.path, here.blue, TOMAS):
            ask(here.ports, AMARA, path, placed=BESIDE)
    made = changes(before, stored(here.ports))
    first_use = {
        ACTIVITIES.table,
        "coursecrew_settings_version",
        TEAM_SETS.table,
        VISITS.table,
        PRESENCES.table,
    }
    assert set(made) <= first_use, made


# --- request keys ---


@pytest.mark.parametrize("other", [TOMAS, MEHMET, NOOR, INES, VISITOR], ids=lambda who: who.name)
def test_a_request_key_calls_up_nobody_elses_answer(other: Actor) -> None:
    here = a_class()
    form = {"text-where": "A new sentence: avocet.", "seen": "3", "request_key": "the-same"}
    assert ask(here.ports, AMARA, "draft", form).status == 200
    rows = here.ports.rows(REQUEST_KEYS, person=AMARA.person)
    assert len(rows) == 1
    again = ask(here.ports, other, "draft", {**form, "text-where": "Mine: bittern.", "seen": "4"})
    assert ("avocet" in str(again.body)) is (
        other is TOMAS and "avocet" in str(ask(here.ports, TOMAS, "draft").body)
    )
    assert [row for row in here.ports.rows(REQUEST_KEYS) if row.id == rows[0].id] == rows
    if other is TOMAS:  # a teammate's own press counts, though the key is the same
        assert "bittern" in str(ask(here.ports, AMARA, "draft").body)


def test_ones_own_old_key_opens_nothing_that_was_closed_since() -> None:
    here = a_class()
    form = {"text-where": "A new sentence: avocet.", "seen": "3", "request_key": "mine"}
    assert ask(here.ports, TOMAS, "draft", form).status == 200
    run(here.ports, leave_team, TOMAS, here.activity.id)
    run(here.ports, save_draft, AMARA, here.activity.id, {"where": "Later: bittern."}, seen=4)
    again = ask(here.ports, TOMAS, "draft", form)
    assert again.status == 403
    assert "bittern" not in str(again.body)
    assert "avocet" not in str(again.body)
