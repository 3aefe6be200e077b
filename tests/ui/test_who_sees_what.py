"""Who sees what: the whole table, one test for each cell, through the real paths with every real id.

A word is planted in each thing. Somebody then opens every screen there is, with the id of every row
there is, and what of the words they have read is what they see: nothing more, and nothing less.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from coursecrew.app.charters import save_charter
from coursecrew.app.check_ins import check_in
from coursecrew.app.discussion import begin_thread
from coursecrew.app.drafts import share_version
from coursecrew.app.grading import override_grade, release_grades, score_work
from coursecrew.app.identity import write_card
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mentoring import end_mentor, name_mentor
from coursecrew.app.mergers import decide_merger, propose_merger
from coursecrew.app.people import name_ta
from coursecrew.app.plans import TaskWish, add_task
from coursecrew.app.records import (
    ALERTS,
    CHARTERS,
    DRAFT_VERSIONS,
    GLASSES,
    MENTORSHIPS,
    MERGERS,
    POSTS,
    SANDBOX_FILES,
    SANDBOX_ITEMS,
    SUBMISSIONS,
    TASKS,
    TEAMS,
    WORKS,
    RecordType,
)
from coursecrew.app.sandbox import add_item
from coursecrew.app.submissions import save_draft, submit
from coursecrew.app.surveys import save_answers
from coursecrew.app.teams import leave_team
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity, TeamRules
from coursecrew.domain.check_ins import STATEMENTS, NoteFor
from coursecrew.domain.mergers import MergerState
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.sandbox import Audience
from coursecrew.domain.survey import Ask, Question, Survey
from coursecrew.domain.teams import Team
from coursecrew.domain.wishes import Charter, CharterPart
from coursecrew.ui.routes import ROUTES
from tests.builders import (
    AMARA,
    INES,
    LINH,
    MEHMET,
    SOFIA,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    marks,
    world,
)
from tests.ui.parts import ask

FEMI = actor("Femi")  # was in Blue Ledger, and left before it handed anything in
FARAH = actor("Farah")  # was in Red Kites, stands on its byline, and left
ODA = actor("Oda")  # was in Old Canal, which wrote something and became part of Blue Ledger
MONA = actor("Mona", Role.OBSERVER)  # mentors both teams
MILO = actor("Milo", Role.OBSERVER)  # mentored both until now
JUNO = actor("Juno", Role.OBSERVER)  # mentors both since a moment ago, after everything was shown
NOOR = actor("Noor")  # an assistant for Green Line alone
ADA = actor("Ada", Role.ADMIN)
AULIS = actor("Aulis", Role.AUTHOR, may_author=True)

WHO = {
    "writer": AMARA,  # of Blue Ledger, who planted the words there
    "member": TOMAS,
    "member from a merged team": ODA,
    "former member": FEMI,
    "other learner": MEHMET,
    "mentor": MONA,
    "mentor before": MILO,
    "mentor named later": JUNO,
    "instructor": INES,
    "TA of other teams": NOOR,
    "admin": ADA,
    "author": AULIS,
    "author of the work": LINH,  # in Red Kites, which handed in and has its grades
    "member on the byline": SOFIA,
    "former member on the byline": FARAH,
    "looking on as a member": replace(AMARA, looks_on=True),
}
# Planted words: where each of them stands.
WORDS = {
    "identity card": "lapwing",
    "sandbox: only me": "avocet",
    "sandbox: me and mentor": "bittern",
    "sandbox: team": "curlew",
    "sandbox: team and mentor": "dunlin",
    "live draft": "egret",
    "version": "fulmar",
    "version that was shared": "gadwall",
    "draft of a merged team": "redshank",
    "charter": "heron",
    "plan": "ibis",
    "team discussion": "jacana",
    "check-in note to staff": "kestrel",
    "check-in note to mentor": "merlin",
    "survey answer": "nightjar",
    "survey answer, sensitive": "osprey",
    "submission": "pintail",
    "feedback, released": "quail",
    "own grade": "77.31",
    "grade of another": "88.42",
}
BLUE = {"writer", "member", "member from a merged team"}
RED = {"author of the work", "member on the byline"}
# The table: who reads the thing; everybody else does not.
SEES = {
    "identity card": {*BLUE, "mentor", "mentor named later", "instructor"},
    "sandbox: only me": {"writer"},
    "sandbox: me and mentor": {"writer", "mentor"},
    "sandbox: team": BLUE,
    "sandbox: team and mentor": {*BLUE, "mentor"},
    "live draft": {*BLUE, "mentor", "mentor named later", "instructor"},
    "version": {*BLUE, "instructor"},
    "version that was shared": {*BLUE, "mentor", "mentor named later", "instructor"},
    "draft of a merged team": {"member from a merged team", "instructor"},
    "charter": {*BLUE, "mentor", "mentor named later", "instructor"},
    "plan": {*BLUE, "mentor", "mentor named later", "instructor"},
    "team discussion": {*BLUE, "instructor"},
    "check-in note to staff": {"writer", "instructor"},
    "check-in note to mentor": {"member", "mentor", "mentor named later"},
    "survey answer": {"writer", "instructor"},
    "survey answer, sensitive": {"writer"},
    "submission": {
        *RED, "former member on the byline", "mentor", "mentor named later", "instructor",
    },
    "feedback, released": {
        *RED, "former member on the byline", "mentor", "mentor named later", "instructor",
    },
    "own grade": {"author of the work", "instructor"},
    "grade of another": {"member on the byline", "instructor"},
}  # fmt: skip


@dataclass(frozen=True)
class Class:
    """Blue Ledger writes; Red Kites handed in, was scored, and has its grades."""

    ports: MemoryPorts
    activity: Activity


def a_class() -> Class:
    ports = world()
    rules = TeamRules(name="districts", min=1, ideal=3, max=5)
    survey = Survey(
        (
            Question("can", Ask.TEXT, "What can you do?"),
            Question("origin", Ask.TEXT, "Where are you from?", sensitive=True, purpose="To mix teams."),
        )
    )
    activity = an_assignment(
        ports, AMARA, TOMAS, FEMI, MEHMET, NOOR, teams=rules, survey=survey,
        charter=Charter((CharterPart("meet", "When we meet"),)),
    )  # fmt: skip
    come_in(ports, MONA, MILO, JUNO, ADA, AULIS)
    answers = {"can": f"I can {WORDS['survey answer']}", "origin": WORDS["survey answer, sensitive"]}
    run(ports, save_answers, AMARA, activity.id, answers, agreed=True)
    blue = a_team(ports, activity, AMARA, TOMAS, FEMI)
    red = a_team(ports, activity, LINH, SOFIA, FARAH, name="Red Kites")
    green = a_team(ports, activity, MEHMET, name="Green Line")
    old = a_team(ports, activity, ODA, name="Old Canal", draft=WORDS["draft of a merged team"])
    for team, who in ((blue, MONA), (red, MONA), (old, MONA), (blue, MILO), (red, MILO)):
        run(ports, name_mentor, INES, activity.id, team.id, who.person)

    _write(ports, activity)
    _become_one(ports, activity, old, blue)
    _hand_in(ports, activity)

    run(ports, leave_team, FEMI, activity.id)
    run(ports, name_ta, INES, activity.id, NOOR.person, teams=[green.id])
    for bond in ports.rows(MENTORSHIPS, person=MILO.person):
        run(ports, end_mentor, INES, activity.id, bond.team, bond.id)
    for team in (blue, red):
        run(ports, name_mentor, INES, activity.id, team.id, JUNO.person)
    ports.clock.advance(hours=1)
    return Class(ports, activity)


def _become_one(ports: MemoryPorts, activity: Activity, old: Team, blue: Team) -> None:
    """Old Canal and Blue Ledger agree; the larger draft keeps its name."""
    merger = run(ports, propose_merger, INES, activity.id, old.id, blue.id, why="One is too few.")
    for who in (ODA, AMARA, TOMAS):
        merger = run(ports, decide_merger, who, activity.id, merger.id, agrees=True)
    assert (merger.state, merger.team) == (MergerState.DONE, old.id)


def _write(ports: MemoryPorts, activity: Activity) -> None:
    """What stands in Blue Ledger, and in the sandbox."""
    run(ports, write_card, AMARA, activity.id, helps=WORDS["identity card"])
    for number, (what, audience) in enumerate(zip(list(WORDS)[1:5], Audience, strict=True)):
        title, text = f"T{number} {WORDS[what]}", f"I try {WORDS[what]}."
        run(ports, add_item, AMARA, activity.id, title=title, text=text, audience=audience)
    for number, what in enumerate(("version", "version that was shared", "live draft")):
        ports.clock.advance(minutes=20)  # or the saves fold into one version
        run(ports, save_draft, AMARA, activity.id, {"where": f"A {WORDS[what]}."}, seen=number)
    shared = next(row for row in ports.rows(DRAFT_VERSIONS) if WORDS["version that was shared"] in repr(row))
    run(ports, share_version, AMARA, activity.id, shared.id)
    run(ports, save_charter, AMARA, activity.id, {"meet": f"At the {WORDS['charter']}."}, seen=0)
    run(ports, add_task, AMARA, activity.id, TaskWish(f"Draw the {WORDS['plan']}"))
    run(ports, begin_thread, AMARA, activity.id, title="Talk", text=f"About {WORDS['team discussion']}.")
    well = dict.fromkeys(STATEMENTS, 7)
    note = WORDS["check-in note to staff"]
    run(ports, check_in, AMARA, activity.id, well, note=note, note_for=NoteFor.STAFF)
    note = WORDS["check-in note to mentor"]
    run(ports, check_in, TOMAS, activity.id, well, note=note, note_for=NoteFor.MENTOR)


def _hand_in(ports: MemoryPorts, activity: Activity) -> None:
    """Red Kites: handed in, one leaves, scored, each with a grade of their own, released."""
    run(ports, save_draft, LINH, activity.id, {"where": f"Sealed {WORDS['submission']}."}, seen=0)
    run(ports, submit, LINH, activity.id, seen=1)
    run(ports, leave_team, FARAH, activity.id)
    (work,) = [row for row in ports.rows(WORKS) if row.submission]
    said = f"So {WORDS['feedback, released']}."
    run(ports, score_work, INES, activity.id, work.id, marks("3", "3", "4"), comment=said)
    for who, what in ((LINH, "own grade"), (SOFIA, "grade of another")):
        total = Decimal(WORDS[what])
        run(ports, override_grade, INES, activity.id, who.person, total, reason="As agreed.")
    run(ports, release_grades, INES, activity.id)


# Which rows' ids may stand in a path.
IDS: tuple[RecordType[Any], ...] = (
    TEAMS, WORKS, SUBMISSIONS, DRAFT_VERSIONS, CHARTERS, POSTS, TASKS, SANDBOX_ITEMS, MENTORSHIPS, GLASSES,
    ALERTS, MERGERS, SANDBOX_FILES,
)  # fmt: skip


def addresses(here: Class) -> Iterator[str]:
    """Every screen with every id: whoever guesses guesses all."""
    ids = [row.id for kind in IDS for row in here.ports.rows(kind)] + [here.activity.id]
    people = [who.person for who in (AMARA, LINH, SOFIA)]
    teams = [row.id for row in here.ports.rows(TEAMS)]
    for route in ROUTES:
        if route.method != "GET":
            continue
        places = re.findall(r"<(\w+)>", route.path)
        choices = [people if place == "person" else teams if place == "team" else ids for place in places]
        for values in itertools.product(*choices):
            path = route.path
            for place, value in zip(places, values, strict=True):
                path = path.replace(f"<{place}>", value, 1)
            yield path


@cache
def here_is() -> tuple[Class, tuple[str, ...]]:
    made = a_class()
    return made, tuple(addresses(made))


@cache
def read_by(who: str) -> frozenset[str]:
    """The things whose word somebody reads anywhere."""
    here, paths = here_is()
    teams = [row.id for row in here.ports.rows(TEAMS)]
    read = ""
    for path in paths:
        read += _page(here, WHO[who], path, {})
        if path == "versions":
            read += "".join(_page(here, WHO[who], path, {"team": team}) for team in teams)
    return frozenset(what for what, word in WORDS.items() if word in read)


def _page(here: Class, who: Actor, path: str, query: dict[str, str]) -> str:
    answer = ask(here.ports, who, path, query=query)
    assert answer.status in (200, 304, 403, 404, 409), (path, answer.status)
    body = answer.body if isinstance(answer.body, str) else repr(answer.body)
    return f"{body} {answer.headers!r}"


@pytest.mark.parametrize("what", WORDS)
@pytest.mark.parametrize("who", WHO)
def test_the_cell_of_the_table(what: str, who: str) -> None:
    assert (what in read_by(who)) is (who in SEES[what])


def test_the_table_has_a_row_for_each_planted_word() -> None:
    assert set(SEES) == set(WORDS)
    assert all(set(row) <= set(WHO) for row in SEES.values())
