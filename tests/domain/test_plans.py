"""Milestones by date, tasks that wait for somebody, and whom the oldest of them names."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coursecrew.domain.errors import Invalid
from coursecrew.domain.plans import (
    Milestone,
    Reach,
    Task,
    TaskState,
    TeamMilestone,
    blockers,
    checked_task,
    milestone_states,
    next_milestone,
)
from tests.builders import AMARA, LINH, START, TOMAS

DAY = timedelta(days=1)
NOW = START + 10 * DAY
FIRST = Milestone("m1", "Measured", START + 5 * DAY)
SECOND = Milestone("m2", "Costed", START + 12 * DAY)
THIRD = Milestone("m3", "Checked", START + 15 * DAY)
SOMETIME = Milestone("m4", "Thanked everybody")


def a_task(title: str = "Measure", **more: object) -> Task:
    return Task(title.encode().hex()[:32].ljust(32, "0"), "a", "t", title, AMARA.person, START, **more)  # type: ignore[arg-type]


def reached(milestone: Milestone) -> TeamMilestone:
    return TeamMilestone("x", "a", "t", milestone.id, "reached", START + DAY, AMARA.person)


def test_milestones_stand_by_date_and_say_what_is_late_and_what_is_next() -> None:
    states = milestone_states((THIRD, SOMETIME, FIRST, SECOND), (), (), NOW)
    assert [(s.milestone.id, s.reach) for s in states] == [
        ("m1", Reach.LATE), ("m2", Reach.NEXT), ("m3", Reach.LATER), ("m4", Reach.LATER),
    ]  # fmt: skip
    assert states[0].late_by == 5 * DAY
    assert next_milestone(states) == states[0]


def test_a_reached_milestone_is_never_late_and_names_who_said_so() -> None:
    states = milestone_states((FIRST, SECOND), (reached(FIRST),), (), NOW)
    assert states[0].reach is Reach.REACHED
    assert states[0].reached_by == AMARA.person
    assert states[0].late_by == timedelta(0)
    shown = next_milestone(states)
    assert shown is not None
    assert shown.milestone is SECOND


def test_the_due_second_itself_is_on_time() -> None:
    (state,) = milestone_states((FIRST,), (), (), FIRST.due)  # type: ignore[arg-type]
    assert state.reach is Reach.NEXT


def test_when_all_is_reached_nothing_is_next() -> None:
    assert next_milestone(milestone_states((FIRST,), (reached(FIRST),), (), NOW)) is None
    assert next_milestone(()) is None


def test_a_milestone_counts_its_open_tasks() -> None:
    tasks = [a_task("a", milestone="m2"), a_task("b", milestone="m2", state=TaskState.DONE), a_task("c")]
    (state,) = milestone_states((SECOND,), (), tasks, NOW)
    assert state.open_tasks == 1


def test_blockers_stand_by_how_long_they_wait() -> None:
    young = a_task("young", state=TaskState.BLOCKED, blocked_by=LINH.person, blocked_at=NOW - DAY)
    old = a_task("old", state=TaskState.BLOCKED, blocked_by=LINH.person, blocked_at=NOW - 3 * DAY)
    found = blockers([young, a_task("free"), old], NOW)
    assert [(one.task.title, one.age) for one in found] == [("old", 3 * DAY), ("young", DAY)]


def check(**more: object) -> tuple[str, str]:
    values = {
        "title": " Measure  it ", "owner": AMARA.person, "blocked_by": "", "state": TaskState.TODO,
        "members": (AMARA.person, TOMAS.person),
    }  # fmt: skip
    return checked_task(**(values | more))  # type: ignore[arg-type]


def test_a_task_that_waits_names_a_member_other_than_its_owner() -> None:
    waits = {"state": TaskState.BLOCKED}
    assert check(**waits, blocked_by=TOMAS.person) == ("Measure it", TOMAS.person)
    for wrong, code in (
        ({"blocked_by": ""}, "blocked_by_missing"),
        ({"blocked_by": LINH.person}, "not_a_choice"),
        ({"blocked_by": AMARA.person}, "blocked_by_owner"),
    ):
        with pytest.raises(Invalid) as refused:
            check(**waits, **wrong)
        assert refused.value.problems[0].code == code


def test_a_task_that_does_not_wait_names_nobody_it_waits_for() -> None:
    assert check(blocked_by=TOMAS.person) == ("Measure it", "")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"title": "  "}, "task_title_missing"),
        ({"title": "x" * 201}, "text_too_long"),
        ({"owner": LINH.person}, "not_a_choice"),
    ],
)
def test_a_task_without_a_title_or_for_somebody_else_is_refused(wrong: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(**wrong)
    assert refused.value.problems[0].code == code
