"""Runs that form teams, on every database: their whole life, and workers who come at the same moment."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from coursecrew.app import formation_teams
from coursecrew.app.activities import publish, save_settings
from coursecrew.app.formation_work import formations_wait, work_on_formations
from coursecrew.app.forming import exchange, publish_run, review, run_of, start_run, take_back_run
from coursecrew.app.records import CARDS, FORMATIONS, FORMED_TEAMS, MEMBERSHIPS, TEAMS
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import TeamRules
from coursecrew.domain.formations import RunState
from coursecrew.domain.survey import Ask, Question, Survey
from coursecrew.domain.wishes import Aim, Wish
from tests.builders import INES, PLACED, START, actor, come_in, settings, world
from tests.contracts.places import CROWDED, HAS_SQLALCHEMY, SQL, Place
from tests.contracts.samples import fresh_key, sample
from tests.contracts.test_races import at_once, crowded  # noqa: F401 - a fixture

SURVEY = Survey((Question("years", Ask.NUMBER, "How many years have you worked?"),))
WISHES = (Wish("years", Aim.ALIKE, 3),)


def a_class(place: Place, learners: int, name: str = "forming") -> tuple[Any, Any, str]:
    ports = replace(world(START), transaction=place.transaction, pause=time.sleep)
    placed = replace(PLACED, course=f"{name}-{fresh_key()}")
    ines = replace(INES, course=placed.course)
    activity = come_in(ports, ines, placed=placed)
    wish = settings(teams=TeamRules(name=name, min=2, ideal=3, max=4), survey=SURVEY)
    run(ports, save_settings, ines, activity.id, wish, seen=activity.settings_number)
    run(ports, publish, ines, activity.id)
    people = [replace(actor(f"p{number}"), course=placed.course) for number in range(learners)]
    come_in(ports, *people, placed=placed)
    return ports, ines, activity.id


def test_a_run_lives_from_asking_to_taking_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formation_teams, "CHUNK", 2)
    ports, ines, activity = a_class(place, 14)
    asked = run(ports, start_run, ines, activity, wishes=WISHES, seed=1)
    assert run(ports, run_of, ines, activity, asked.id) == asked
    assert work_on_formations(ports, stopwatch=time.perf_counter, tell_every=0) == 1
    seen = run(ports, review, ines, activity, asked.id, limit=2)
    assert (seen.run.state, seen.teams, len(seen.rows)) == (RunState.DONE, 5, 2)
    rest = run(ports, review, ines, activity, asked.id, after=seen.after)
    assert len({row.team.id for row in (*seen.rows, *rest.rows)}) == 5
    one, other = (row.team for row in seen.rows)
    run(
        ports, exchange, ines, activity, asked.id, one=one.id, other=other.id, person=one.members[0],
        partner=other.members[0], seen_one=one.version, seen_other=other.version,
    )  # fmt: skip
    assert run(ports, publish_run, ines, activity, asked.id).state is RunState.PUBLISHING
    assert formations_wait(ports)
    work_on_formations(ports, stopwatch=time.perf_counter)
    done = run(ports, run_of, ines, activity, asked.id)
    assert (done.state, done.result["published"]["people"]) == (RunState.PUBLISHED, 14)
    with ports.transaction() as store:
        rows = store.find(MEMBERSHIPS, team_set=asked.team_set)
        assert Counter(Counter(row.person for row in rows).values()) == {1: 14}
        assert {team.size for team in store.find(TEAMS, team_set=asked.team_set)} == {2, 3}
    run(ports, take_back_run, ines, activity, asked.id)
    work_on_formations(ports, stopwatch=time.perf_counter)
    assert run(ports, run_of, ines, activity, asked.id).state is RunState.DONE
    with ports.transaction() as store:
        assert store.count(MEMBERSHIPS, team_set=asked.team_set) == 0


def test_others_write_while_teams_are_searched(place: Place) -> None:
    ports, ines, activity = a_class(place, 12)
    asked = run(ports, start_run, ines, activity, wishes=WISHES, seed=1)
    written: list[str] = []

    def meanwhile() -> float:
        # In a transaction of its own, in this very thread: it would never get in if one were open.
        with place.transaction() as store:
            written.append(store.add(CARDS, sample(CARDS)).id)
        return 0.0

    work_on_formations(ports, stopwatch=meanwhile, tell_every=1)
    assert run(ports, run_of, ines, activity, asked.id).state is RunState.DONE
    assert len(written) > 100


@pytest.mark.parametrize("crowded", [*SQL[:HAS_SQLALCHEMY], *CROWDED], indirect=True)
def test_of_several_workers_at_once_each_run_is_taken_up_by_one(crowded: Place) -> None:  # noqa: F811
    made = [a_class(crowded, 7, f"set{number}") for number in range(6)]
    asked = [run(ports, start_run, ines, activity, wishes=WISHES, seed=3) for ports, ines, activity in made]
    ports = made[0][0]
    works = [lambda: work_on_formations(ports, stopwatch=time.perf_counter)] * 4
    assert sum(at_once(crowded, *works)) == len(asked)
    with ports.transaction() as store:
        for row in asked:
            assert store.get(FORMATIONS, row.id).state is RunState.DONE
            teams = store.find(FORMED_TEAMS, formation=row.id)
            assert Counter(Counter(key for team in teams for key in team.members).values()) == {1: 7}
