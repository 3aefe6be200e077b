"""A sensitive answer is found nowhere but with its owner, and is gone after fourteen days.

Words are planted in the sensitive answers of a whole class. Then teams are formed by them, published
and lived in, and every route there is, each export, mail, notice, event, row and log is searched.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from coursecrew.app.forming import publish_run, start_run
from coursecrew.app.grading import release_grades, score_work
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import name_ta
from coursecrew.app.records import (
    ALL,
    FORMATIONS,
    FORMED_TEAMS,
    SENSITIVE_ANSWERS,
    SURVEY_ANSWERS,
    TEAMS,
    WORKS,
)
from coursecrew.app.submissions import save_draft, submit
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import JoinRule, TeamRules
from coursecrew.domain.formations import RunState
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.survey import SENSITIVE_STAYS, Ask, Question, Survey
from coursecrew.domain.wishes import Aim, Forming, Wish
from coursecrew.ui.http import Response, Route
from coursecrew.ui.mail import compose
from coursecrew.ui.routes import ROUTES
from tests.builders import INES, KWAME, START, actor, an_assignment, come_in, key, marks, world
from tests.surveyed import form_now
from tests.ui.parts import ask, words_of

WORD, NUMBER = "ptarmigan", "48611"  # in what everybody answered under a lock
CLASS = 16
SURVEY = Survey(
    (
        Question("years", Ask.NUMBER, "Years at work"),
        Question("gender", Ask.CHOICE, "Gender", "", ("W", "M"), own_words=True, sensitive=True, purpose="A"),
        Question("born", Ask.NUMBER, "Born", sensitive=True, purpose="Two."),
        Question("belief", Ask.TEXT, "Belief", sensitive=True, purpose="Three."),
        Question("unwanted", Ask.UNWANTED, "With whom not?"),
    ),
    closes_at=START + timedelta(days=9),
)  # fmt: skip
WISHES = (
    Wish("years", Aim.ALIKE, 2),
    Wish("gender", Aim.NOT_ALONE, 5, ("W",), must=True),
    Wish("gender", Aim.ALIKE, -4),
    Wish("born", Aim.ALIKE, -5),
    Wish("unwanted", Aim.APART, 5, must=True),
)
PEOPLE = tuple(replace(actor(f"Learner {n:02}"), person=key(f"S{n:02}")) for n in range(CLASS))
OWNER = PEOPLE[0]
LATE = actor("Latecomer")
ADMIN, AUTHOR = actor("Ada", Role.ADMIN), actor("Aulis", Role.AUTHOR, may_author=True)
PARENT, TESTER = actor("Parent", Role.OBSERVER), replace(actor("Tester"), looks_on=True)
WHO: Mapping[str, Actor] = {
    "instructor": INES,
    "ta": KWAME,
    "ta named here": PEOPLE[9],
    "admin": ADMIN,
    "author": AUTHOR,
    "parent": PARENT,
    "test student": TESTER,
    "staff who look as the owner": replace(OWNER, looks_on=True),
    "a learner in the same team": PEOPLE[1],
    "another learner": PEOPLE[7],
    "a latecomer": LATE,
}


@dataclass(frozen=True)
class Class:
    ports: MemoryPorts
    activity: str


def planted(number: int) -> dict[str, Any]:
    """What one person answers under locks; each word tells whose it is."""
    return {
        "q-gender": "own", "q-gender-own": f"{WORD} {number:02}",
        "q-born": f"{NUMBER}{number:02}",
        "q-belief": f"I believe in the {WORD} {number:02}.",
        "q-unwanted-1": PEOPLE[(number + 5) % CLASS].name,
    }  # fmt: skip


def a_class() -> Class:
    """Everybody has answered in the form itself, so that whatever a press leaves behind is there."""
    ports = world()
    rules = TeamRules(name="districts", min=3, ideal=4, max=5, join=JoinRule.FORMED)
    activity = an_assignment(ports, *PEOPLE, survey=SURVEY, forming=Forming(WISHES), teams=rules)
    come_in(ports, KWAME, ADMIN, AUTHOR, PARENT)
    for number, who in enumerate(PEOPLE):
        form = {"q-years": str(number), **planted(number), "agreed": "yes", "request_key": f"key{number}"}
        assert ask(ports, who, "survey/save", form).status == 200
        wrong = {**form, "q-years": "no number", "request_key": f"wrong{number}"}
        assert ask(ports, who, "survey/save", wrong).status == 422
    return Class(ports, activity.id)


def formed() -> Class:
    """Teams are proposed: two runs, the second one after a change."""
    here = a_class()
    for wishes in (WISHES, WISHES[1:]):
        run(here.ports, start_run, INES, here.activity, wishes=wishes, seed=1)
        form_now(here.ports)
    states = [one.state for one in here.ports.rows(FORMATIONS)]
    assert states == [RunState.DONE, RunState.DONE]
    return here


def published() -> Class:
    """The second run is published, somebody came late, and everybody was told."""
    here = formed()
    last = here.ports.rows(FORMATIONS)[-1]
    run(here.ports, publish_run, INES, here.activity, last.id)
    form_now(here.ports)
    come_in(here.ports, LATE)
    ask(here.ports, LATE, "team/place-me", {"request_key": "late"})
    _live_on(here)
    run(here.ports, name_ta, INES, here.activity, PEOPLE[9].person)
    here.ports.clock.advance(days=5)
    upkeep(here.ports)
    deliver_all(here.ports, compose=compose)
    assert len(here.ports.rows(TEAMS)) >= 3
    return here


def _live_on(here: Class) -> None:
    """The owner's team writes, hands in and is scored, so that there are pages about that, too."""
    run(here.ports, save_draft, OWNER, here.activity, {"where": "Ours."}, seen=0)
    run(here.ports, submit, OWNER, here.activity, seen=1)
    (work,) = here.ports.rows(WORKS)
    run(here.ports, score_work, INES, here.activity, work.id, marks("3", "3", "4"), comment="Well done.")
    run(here.ports, release_grades, INES, here.activity)


def told(text: object) -> list[str]:
    """What of the planted words stands in something; digits inside a random id are none of them."""
    number = rf"(?<![0-9a-f]){NUMBER}\d+(?![0-9a-f])"
    return re.findall(rf"{WORD} \d+|{number}", repr(text)) or ([WORD] if WORD in repr(text) else [])


# --- every route, filled in with rows that are there ---


def paths(here: Class, method: str) -> list[tuple[Route, str]]:
    """Every route of that method, as often as its places can be filled in with rows of the class.

    A route that is added is walked by itself: each place takes the first rows of every table in turn,
    and what the instructor is not refused as absent is kept.
    """
    found = []
    for route in ROUTES:
        if route.method != method:
            continue
        places = re.findall(r"<\w+>", route.path)
        ways = product(ids(here.ports), repeat=len(places)) if len(places) < 3 else []
        for chosen in ways:
            path = route.path
            for place, id in zip(places, chosen, strict=True):
                path = path.replace(place, id, 1)
            if not places or _is_there(here, route, path):
                found.append((route, path))
    return found


def _is_there(here: Class, route: Route, path: str) -> bool:
    """Whether the instructor finds something there; of a press, whether its form does."""
    shown = path if route.method == "GET" else filled(route, path)
    return any(ask(here.ports, INES, shown, query=query).status != 404 for query in queries(here, route))


def filled(route: Route, path: str) -> str:
    """The form's path of a press that is filled in: its places stand in the same order."""
    if "<" not in route.form:
        return route.form
    ids = re.fullmatch(re.sub(r"<\w+>", "([^/]+)", route.path), path)
    assert ids is not None
    form = route.form
    for place, id in zip(re.findall(r"<\w+>", route.path), ids.groups(), strict=True):
        form = form.replace(place, id)
    return form


def ids(ports: MemoryPorts) -> list[str]:
    """The first row of each table, and the owner's key."""
    rows = [ports.rows(kind) for kind in ALL if kind is not SENSITIVE_ANSWERS]
    last = [ports.rows(FORMATIONS)[-1].id] if ports.rows(FORMATIONS) else []
    return list(dict.fromkeys([OWNER.person, *last, *(found[0].id for found in rows if found)]))


def queries(here: Class, route: Route) -> Iterator[dict[str, str]]:
    """What a page may be asked for beside its path."""
    yield {}
    runs, teams = here.ports.rows(FORMATIONS), here.ports.rows(FORMED_TEAMS)
    if route.path == "teams/forming/compare" and len(runs) > 1:
        yield {"one": runs[0].id, "other": runs[1].id}
    if route.path.endswith("/swap") and teams:
        last = [team for team in teams if team.formation == runs[-1].id]
        one, other = last[:2]
        yield {"one": one.id, "person": one.members[0], "other": other.id, "partner": other.members[0]}
        yield {"one": one.id, "person": one.members[0]}


def search(here: Class) -> tuple[list[str], set[str]]:
    """Ask for everything as everybody; where something is told, and which routes were shown at all."""
    leaks: list[str] = []
    shown: set[str] = set()
    walked = paths(here, "GET")
    for name, who in WHO.items():
        for route, path in walked:
            for query in queries(here, route):
                response = ask(here.ports, who, path, query=query)
                shown |= {route.path} if response.status == 200 else set()
                leaks += [f"{name} at {path}: {word}" for word in told_to(who, response)]
    return leaks, shown


def told_to(who: Actor, response: Response) -> list[str]:
    """The planted words of a whole answer, less what this person answered themselves."""
    own = f"{PEOPLE.index(who):02}" if who in PEOPLE else "none"
    body = b"".join(response.body).decode() if not isinstance(response.body, str | bytes) else response.body
    return [word for word in told(f"{body!r} {response.headers}") if not word.endswith(own)]


# Where a word would come out first; whatever else there is, is walked with them.
ALWAYS = {"team", "teaching", "teams", "teams/export", "people/<person>", "survey/answers", "survey/export"}
RUNS = {"teams/forming", "teams/forming/<id>", "teams/forming/<id>/teams/<team>", "teams/forming/compare"}
WALKED = {
    "a_class": {*ALWAYS, "survey", "survey/mine", "settings/survey", "settings/wishes"},
    "formed": {*ALWAYS, *RUNS, "teams/forming/<id>/swap", "teams/forming/<id>/explanation"},
    "published": {
        *ALWAYS,
        *RUNS,
        "teams/<id>",
        "draft",
        "submission/<id>",
        "grading/<id>",
        "grades",
        "result",
    },
}


@pytest.mark.parametrize("make", [a_class, formed, published], ids=lambda make: make.__name__)
def test_no_page_or_file_of_anybody_tells_a_sensitive_answer_of_somebody_else(make: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG, logger="coursecrew")
    here = make()
    leaks, shown = search(here)
    assert leaks == []
    assert shown >= WALKED[make.__name__]
    assert told([record.getMessage() for record in caplog.records]) == []


@pytest.mark.parametrize("make", [a_class, formed, published], ids=lambda make: make.__name__)
def test_no_row_but_the_answers_themselves_holds_one(make: Any) -> None:
    """Events, notices, request keys, runs, proposed teams and their reasons, whatever table comes."""
    here = make()
    assert len(told(here.ports.rows(SENSITIVE_ANSWERS))) == 3 * CLASS
    for kind in ALL:
        if kind is not SENSITIVE_ANSWERS:
            assert told(here.ports.rows(kind)) == [], kind.table
    assert told([mail for _person, mail in here.ports.mailer.outbox]) == []


def test_no_row_says_who_does_not_want_whom() -> None:
    """Everybody names one other; a run knows pairs of the instructor's own alone."""
    here = published()
    for one in here.ports.rows(FORMATIONS):
        assert not any(one.pairs.values())
        kept = repr((one.rules, one.best, one.result, one.problems, one.wishes))
        assert [who.name for who in PEOPLE if who.person in kept] == []
    for formed_team in here.ports.rows(FORMED_TEAMS):
        for reason in formed_team.reasons:
            said = repr(reason)
            assert not {"gender", "born", "unwanted"} & set(re.findall(r"[\w-]+", said))
    for row in here.ports.rows(SURVEY_ANSWERS):
        assert set(row.answers) <= {"years"}


def test_no_press_of_anybody_else_brings_one_out() -> None:
    here = published()
    presses = paths(here, "POST")
    form = {
        "request_key": "x", "person": OWNER.person, "reason": "So", "search": WORD[:4], "after": "",
        "seen": "1", "text": "user,team\n", "name": "Raid", "q-years": "1", "agreed": "yes",
    }  # fmt: skip
    leaks = []
    for name in ("another learner", "parent", "author", "admin", "ta", "instructor"):
        for number, (_route, path) in enumerate(presses):
            response = ask(here.ports, WHO[name], path, {**form, "request_key": f"{name}{number}"})
            leaks += [f"{name} at {path}: {word}" for word in told_to(WHO[name], response)]
    assert leaks == []
    for kind in ALL:
        if kind is not SENSITIVE_ANSWERS:
            assert told(here.ports.rows(kind)) == [], kind.table


def test_its_owner_reads_it_and_takes_it_along() -> None:
    here = a_class()
    for path in ("survey", "survey/mine", "survey/mine/file"):
        response = ask(here.ports, OWNER, path)
        assert f"{WORD} 00" in str(response.body)
        assert f"{NUMBER}00" in str(response.body)
    assert PEOPLE[5].name in words_of(ask(here.ports, OWNER, "survey/mine"))


def test_a_refused_form_of_ones_own_is_shown_to_oneself_alone() -> None:
    here = a_class()
    wrong = {**planted(0), "q-years": "no", "request_key": "again"}
    assert f"{WORD} 00" in str(ask(here.ports, OWNER, "survey/save", wrong).body)
    for name in ("instructor", "another learner", "staff who look as the owner"):
        response = ask(
            here.ports, WHO[name], "survey/save", {**planted(0), "q-years": "no", "request_key": name}
        )
        if response.status == 403:
            assert told(response.body) == []


def test_after_fourteen_days_it_is_nowhere_at_all() -> None:
    here = published()
    last = here.ports.rows(FORMATIONS)[-1]
    assert last.published_at is not None
    here.ports.clock.move_to(last.published_at + SENSITIVE_STAYS)
    upkeep(here.ports)
    assert len(here.ports.rows(SENSITIVE_ANSWERS)) == CLASS
    here.ports.clock.advance(seconds=1)
    upkeep(here.ports)
    for kind in ALL:
        assert told(here.ports.rows(kind)) == [], kind.table
    assert all(one.sensitive_gone for one in here.ports.rows(FORMATIONS))
    assert told(ask(here.ports, OWNER, "survey/mine").body) == []
    assert len(here.ports.rows(SURVEY_ANSWERS)) == CLASS


def test_the_search_finds_what_is_there() -> None:
    """A word that leaked would be found: planted in an ordinary answer, staff and a file tell it."""
    here = a_class()
    open_ = {"q-years": f"{NUMBER}99", "agreed": "yes", "request_key": "leak"}
    assert ask(here.ports, PEOPLE[3], "survey/save", open_).status == 200
    leaks, _shown = search(here)
    assert {leak.split(":")[0] for leak in leaks} >= {
        "instructor at survey/answers", "ta at survey/answers", "instructor at survey/export",
    }  # fmt: skip
    assert not [leak for leak in leaks if leak.startswith(("another learner", "parent", "admin"))]
