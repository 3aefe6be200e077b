"""Simulated people act through the use cases, at their own times, and are refused what anybody would be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from coursecrew.app.memory import MemoryPorts
from coursecrew.app.outbox import deliver_all
from coursecrew.app.records import CARDS, GRADES, MEMBERSHIPS, SUBMISSIONS, TEAMS, WORKS
from coursecrew.app.simulation import (
    ACTS,
    Act,
    Assignment,
    Crew,
    Does,
    Done,
    Habit,
    Somebody,
    World,
    plan,
    simulate,
)
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import SubmitRule
from coursecrew.domain.grading import GradeState
from coursecrew.domain.submissions import WorkState
from coursecrew.ui.mail import compose
from tests.builders import DUE, INES, KWAME, PLACED, START, actor, marks, settings, world

ZONES = ("Africa/Lagos", "America/Bogota", "Asia/Ho_Chi_Minh", "Europe/Stockholm")
END = DUE + timedelta(days=10)


def somebody(name: str, number: int, habit: Habit = Habit.DILIGENT, **more: str) -> Somebody:
    return Somebody(actor(name, zone=ZONES[number % 4]), habit, **more)


def a_world(*habits: Habit) -> World:
    """Two teams of three; the first team's habits are given, the second is diligent."""
    wanted = (*habits, *[Habit.DILIGENT] * 3)[:3]
    names = [f"p{number}" for number in range(6)]
    people = {
        name: somebody(name, number, wanted[number] if number < 3 else Habit.DILIGENT)
        for number, name in enumerate(names)
    }
    texts = {"where": "Half of it is gone.\n\nWe measured at three points.", "cost": "41,000 dollars."}
    rules = settings(submit_rule=SubmitRule.ALL)
    rules = replace(rules, teams=replace(rules.teams, lock_at=START + timedelta(days=5)))
    one = Assignment(
        PLACED,
        rules,
        by="ines",
        set_up_at=START,
        texts={"North": texts, "South": texts},
        sheets={"North": marks("3", "4", "2"), "South": marks("4", "4", "4")},
        comments={"North": "Nearly there."},
        scorers=("kwame", "ines"),
        scored_from=DUE + timedelta(days=4),
        released_at=DUE + timedelta(days=7),
    )
    return World(
        people={"ines": Somebody(INES), "kwame": Somebody(KWAME), **people},
        crews=(Crew("North", tuple(names[:3]), "Up."), Crew("South", tuple(names[3:]))),
        assignments=(one,),
        teams_form=one.name,
    )


def play(
    ports: MemoryPorts, who: World, until: datetime = END, after: datetime | None = None, **more: Any
) -> list[Done]:
    def between() -> None:
        upkeep(ports)
        deliver_all(ports, compose=compose)

    return simulate(
        ports, who, set_clock=ports.clock.move_to, until=until, after=after, between=between, **more
    )


def outcomes(done: list[Done]) -> Counter[str]:
    return Counter(one.outcome for one in done)


def test_a_diligent_class_goes_from_nothing_to_grades():
    ports = world(START)
    done = play(ports, a_world())
    assert {work.state for work in ports.rows(WORKS)} == {WorkState.SUBMITTED}
    assert {team.size for team in ports.rows(TEAMS)} == {3}
    grades = ports.rows(GRADES)
    assert Counter(grade.total for grade in grades) == {Decimal("77.5"): 3, Decimal(100): 3}
    assert all(grade.state is GradeState.RELEASED for grade in grades)
    assert len(ports.gradebook.values) == 6
    assert outcomes(done)["confirmed"] == 4


def test_the_same_seed_plans_the_same_and_another_does_not():
    one = a_world()
    assert plan(one) == plan(one)
    assert [act.at for act in plan(one)] != [act.at for act in plan(replace(one, seed=2))]


def test_stopping_half_way_comes_to_the_same_as_going_through():
    through, halting = world(START), world(START)
    half = START + timedelta(days=12)
    all_at_once = play(through, a_world())
    in_two = play(halting, a_world(), until=half) + play(halting, a_world(), after=half)
    assert [(one.act, one.outcome) for one in in_two] == [(one.act, one.outcome) for one in all_at_once]


def test_acts_happen_in_order_of_time_and_the_clock_shows_each():
    ports = world(START)
    done = play(ports, a_world(), until=DUE)
    times = [one.act.at for one in done]
    assert times == sorted(times)
    assert times[-1] <= DUE
    assert ports.clock.now() == DUE


def test_whoever_vanishes_confirms_nothing_and_somebody_writes_their_part():
    ports = world(START)
    done = play(ports, a_world(Habit.DILIGENT, Habit.VANISHING))
    acts = [one.act for one in done if one.act.who == "p1"]
    assert {act.does for act in acts} == {Does.JOIN}
    (north,) = [team for team in ports.rows(TEAMS) if team.name == "North"]
    (work,) = [work for work in ports.rows(WORKS) if work.team == north.id]
    assert work.state is WorkState.SUBMITTED  # by silence, a day later


def test_the_late_write_in_the_last_hours():
    ports = world(START)
    done = play(ports, a_world(Habit.LATE, Habit.LATE, Habit.LATE), until=DUE + timedelta(days=2))
    wrote = [one.act.at for one in done if one.act.does is Does.WRITE and one.act.who in ("p0", "p1")]
    finished = [at for at in wrote if at > DUE - timedelta(days=2)]
    assert len(finished) >= 2


def test_the_slow_answer_after_a_day_which_makes_nobody_late():
    ports = world(START)
    done = play(ports, a_world(Habit.DILIGENT, Habit.SLOW, Habit.SLOW))
    pressed = next(one.act.at for one in done if one.act.does is Does.HAND_IN and one.act.who == "p0")
    answers = [one.act.at for one in done if one.act.does is Does.CONFIRM and one.act.who in ("p1", "p2")]
    assert all(at - pressed > timedelta(hours=24) for at in answers)
    assert all(row.handed_in_at <= DUE for row in ports.rows(SUBMISSIONS))


def test_people_join_by_day_on_their_own_clocks():
    one = a_world()
    joining = [act for act in plan(one) if act.does in (Does.FOUND, Does.JOIN)]
    hours = [act.at.astimezone(ZoneInfo(one.people[act.who].actor.zone)).hour for act in joining]
    assert len(hours) == 6
    assert all(8 <= hour < 22 for hour in hours)


def test_a_card_stands_on_the_board_until_its_writer_is_placed():
    ports = world(START)
    base = a_world()
    people = {**base.people, "p1": somebody("p1", 1, card="I can read meters.")}
    done = play(ports, replace(base, people=people), until=START + timedelta(days=6))
    assert outcomes(done)["put up a card"] == 1
    assert not ports.rows(CARDS)
    assert len(ports.rows(MEMBERSHIPS)) == 6


def test_a_script_replaces_habits():
    ports = world(START)
    base = a_world()
    (one,) = base.assignments
    only = Act(START + timedelta(days=8), "p0", Does.WRITE, one.name, {"part": "where", "text": "Begun."})
    scripted = replace(base, assignments=(replace(one, scripts={"North": (only,)}),))
    done = play(ports, scripted, until=DUE)
    assert [one.act for one in done if one.act.who in ("p0", "p1", "p2") and one.act.does is Does.WRITE] == [
        only
    ]
    assert not [one for one in done if one.act.does is Does.HAND_IN and one.act.who == "p0"]


def test_a_refusal_is_noted_and_the_course_goes_on():
    ports = world(START)
    base = a_world()
    crowd = {f"x{number}": somebody(f"x{number}", number) for number in range(3)}
    crews = (*base.crews, Crew("North", ("x0", "x1", "x2")))
    done = play(
        ports, replace(base, people={**base.people, **crowd}, crews=crews), until=START + timedelta(days=6)
    )
    refused = [one for one in done if one.act.who == "x0" and one.act.does is Does.FOUND]
    assert [one.outcome for one in refused] == ["name_taken"]
    assert outcomes(done)["founded"] == 2


def test_extra_acts_and_arrivals_have_their_day():
    ports = world(START)
    base = a_world()
    late = somebody("late", 1)
    due = DUE + timedelta(days=1)
    extra = Act(
        START + timedelta(days=9),
        "ines",
        Does.EXTEND,
        PLACED.name,
        {"person": "p0", "due": due, "reason": "ill"},
    )
    arrivals = {"late": START + timedelta(days=8)}
    done = play(
        ports, replace(base, people={**base.people, "late": late}, arrivals=arrivals, extra=(extra,)),
        until=START + timedelta(days=10),
    )  # fmt: skip
    assert outcomes(done)["extended"] == 1
    came = [one.act.at for one in done if one.act.does is Does.COME and one.act.who == "late"]
    assert came == [arrivals["late"]]
    assert "p0" in {one.act.who for one in done if one.act.does is Does.COME}  # the others look in


def test_progress_is_told_from_nothing_to_all():
    ports, told = world(START), []
    play(ports, a_world(), until=DUE, told=lambda at, share: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 20


@pytest.mark.parametrize("does", list(Does))
def test_every_act_has_its_function(does):
    assert does in ACTS
