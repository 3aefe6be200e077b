"""The team's workspace in use cases: plan, reminders, check-in, discussion, contributions, card."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from coursecrew.app import check_ins, contributions, discussion, identity, plans
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.notices import put_away, unread
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import retire
from coursecrew.app.plans import TaskWish, state_of
from coursecrew.app.records import (
    CHECK_INS,
    DRAFT_VERSIONS,
    EVENTS,
    IDENTITY_CARDS,
    MENTORSHIPS,
    NOTICES,
    PARTICIPANTS,
    POSTS,
    REMARKS,
    TASKS,
    TEAM_MILESTONES,
)
from coursecrew.app.submissions import save_draft, submit
from coursecrew.app.teams import join_team, leave_team
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity
from coursecrew.domain.check_ins import CheckInRule, NoteFor, Shown
from coursecrew.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from coursecrew.domain.events import Kind
from coursecrew.domain.mentoring import Mentorship
from coursecrew.domain.people import Actor
from coursecrew.domain.plans import Milestone, Reach, Task, TaskState
from coursecrew.domain.submissions import VersionKind
from coursecrew.domain.teams import Team
from coursecrew.ui.mail import compose
from tests.builders import (
    AMARA,
    CLOSES,
    INES,
    KWAME,
    LINH,
    MEHMET,
    SOFIA,
    START,
    TOMAS,
    a_team,
    an_assignment,
    come_in,
    world,
    write,
)

MEASURED = Milestone("m1", "Measured at three points", START + timedelta(days=3))
COSTED = Milestone("m2", "Costed", START + timedelta(days=10))
SIX = dict.fromkeys(("step", "fair", "voice", "time", "together"), 6)


def a_world(**changes: Any) -> tuple[MemoryPorts, Activity, Team]:
    """Amara, Tomás and Linh in Blue Ledger, Mehmet in Green Line; two milestones."""
    ports = world()
    activity = an_assignment(ports, SOFIA, milestones=(MEASURED, COSTED), **changes)
    team = a_team(ports, activity, AMARA, TOMAS, LINH)
    a_team(ports, activity, MEHMET, name="Green Line")
    come_in(ports, KWAME)
    ports.clock.move_to(START + timedelta(days=1, hours=3))
    deliver_all(ports, compose=compose)
    for who in (AMARA, TOMAS, LINH, MEHMET):
        run(ports, put_away, who, activity.id, "f" * 32)
    return ports, activity, team


def a_task(ports: MemoryPorts, activity: Activity, who: Actor = AMARA, **wish: Any) -> Task:
    return run(ports, plans.add_task, who, activity.id, TaskWish(**{"title": "Fill in the budget", **wish}))


def blocked(ports: MemoryPorts, activity: Activity) -> Task:
    """Tomás's task waits for Amara."""
    return a_task(
        ports, activity, TOMAS, owner=TOMAS.person, state=TaskState.BLOCKED, blocked_by=AMARA.person,
        blocked_for="part 3",
    )  # fmt: skip


def told(ports: MemoryPorts, activity: Activity, who: Actor) -> list[Kind]:
    deliver_all(ports, compose=compose)
    return [notice.kind for notice in run(ports, unread, activity.id, who.person, limit=50)]


def a_mentor(ports: MemoryPorts, activity: Activity, team: Team, who: Actor) -> None:
    def name(unit: UnitOfWork) -> None:
        bond = Mentorship(unit.new_id(), team.team_set, team.id, who.person, unit.now, INES.person)
        unit.store.add(MENTORSHIPS, bond)

    come_in(ports, who)
    run(ports, name)


# --- the plan ---


def test_whoever_a_task_waits_for_is_told_and_its_owner_when_it_can_go_on() -> None:
    ports, activity, _team = a_world()
    task = blocked(ports, activity)
    assert told(ports, activity, AMARA) == [Kind.TASK_BLOCKED]
    mail = ports.mailer.to(AMARA.person)[-1]
    assert "Tomás waits for you: “Fill in the budget” needs “part 3”." in mail.text

    run(ports, plans.set_state, AMARA, activity.id, task.id, TaskState.DOING)
    assert told(ports, activity, TOMAS) == [Kind.TASK_FREED]
    assert told(ports, activity, AMARA) == []  # nothing waits for her any more


def test_whoever_gets_a_task_from_another_is_told_once() -> None:
    ports, activity, _team = a_world()
    task = a_task(ports, activity, AMARA, owner=LINH.person)
    a_task(ports, activity, AMARA, owner=AMARA.person)
    assert told(ports, activity, LINH) == [Kind.TASK_GIVEN]
    wish = TaskWish("Fill in the budget table", LINH.person, state=TaskState.DOING)
    run(ports, plans.change_task, TOMAS, activity.id, task.id, wish)
    assert told(ports, activity, LINH) == [Kind.TASK_GIVEN]
    assert told(ports, activity, AMARA) == []


def test_the_age_of_what_waits_is_kept_while_other_things_change() -> None:
    ports, activity, team = a_world()
    task = blocked(ports, activity)
    ports.clock.advance(days=2)
    wish = TaskWish("Another name", TOMAS.person, state=TaskState.BLOCKED, blocked_by=AMARA.person)
    run(ports, plans.change_task, TOMAS, activity.id, task.id, wish)
    (blocker,) = run(ports, state_of, activity, team).blockers
    assert blocker.age == timedelta(days=2)
    run(ports, plans.change_task, TOMAS, activity.id, task.id, replace(wish, blocked_by=LINH.person))
    (blocker,) = run(ports, state_of, activity, team).blockers
    assert blocker.age == timedelta(0)


def test_one_call_tells_milestones_blockers_and_ages() -> None:
    ports, activity, team = a_world()
    blocked(ports, activity)
    run(ports, plans.mark_milestone, AMARA, activity.id, "m1", reached=True)
    ports.clock.advance(days=4)
    state = run(ports, state_of, activity, team)
    assert [(one.milestone.id, one.reach) for one in state.milestones] == [
        ("m1", Reach.REACHED),
        ("m2", Reach.NEXT),
    ]
    assert [(one.task.blocked_by, one.age) for one in state.blockers] == [(AMARA.person, timedelta(days=4))]
    assert state.next is not None
    assert not state.late


def test_a_milestone_can_be_taken_back_and_one_that_is_not_there_cannot_be_reached() -> None:
    ports, activity, team = a_world()
    run(ports, plans.mark_milestone, AMARA, activity.id, "m1", reached=True)
    again = run(ports, plans.mark_milestone, TOMAS, activity.id, "m1", reached=True)
    assert again is not None
    assert again.by == AMARA.person
    run(ports, plans.mark_milestone, TOMAS, activity.id, "m1", reached=False)
    assert ports.rows(TEAM_MILESTONES) == []
    with pytest.raises(NotFound):
        run(ports, plans.mark_milestone, TOMAS, activity.id, "m9", reached=True)
    assert run(ports, state_of, activity, team).milestones[0].reach is Reach.NEXT


def test_a_task_of_somebody_who_left_stays_with_the_team() -> None:
    ports, activity, team = a_world()
    task = a_task(ports, activity, LINH, owner=LINH.person)
    run(ports, leave_team, LINH, activity.id)
    assert [one.id for one in run(ports, state_of, activity, team).tasks] == [task.id]
    done = run(ports, plans.set_state, AMARA, activity.id, task.id, TaskState.DONE)
    assert done.done_by == AMARA.person
    with pytest.raises(NotAllowed):
        run(ports, plans.own_plan, LINH, activity.id)


def test_a_plan_has_an_end() -> None:
    ports, activity, _team = a_world()
    for number in range(200):
        a_task(ports, activity, title=f"Task {number}")
    with pytest.raises(Conflict, match="too_many_tasks"):
        a_task(ports, activity)


@pytest.mark.parametrize("who", [MEHMET, SOFIA, INES, KWAME], ids=lambda who: who.name)
def test_nobody_else_writes_in_a_plan(who: Actor) -> None:
    ports, activity, _team = a_world()
    task = blocked(ports, activity)
    refused = (NotFound, NotAllowed)
    with pytest.raises(refused):
        run(ports, plans.change_task, who, activity.id, task.id, TaskWish("Mine"))
    with pytest.raises(refused):
        run(ports, plans.set_state, who, activity.id, task.id, TaskState.DONE)
    assert ports.rows(TASKS) == [task]


def test_all_plans_stand_by_how_long_something_waits_a_page_at_a_time() -> None:
    ports, activity, _team = a_world()
    for number in range(60):
        ports.clock.advance(minutes=1)
        a_task(
            ports, activity, TOMAS, title=f"Task {number}", owner=TOMAS.person, state=TaskState.BLOCKED,
            blocked_by=AMARA.person,
        )  # fmt: skip
    first = run(ports, plans.all_plans, INES, activity.id)
    assert [row.blocker.task.title for row in first.rows[:2]] == ["Task 0", "Task 1"]
    assert (len(first.rows), first.waiting, first.teams) == (50, 60, 2)
    second = run(ports, plans.all_plans, INES, activity.id, after=first.more)
    assert [row.blocker.task.title for row in second.rows] == [f"Task {n}" for n in range(50, 60)]
    assert second.more == ""


def test_a_ta_of_some_teams_sees_the_plans_of_those() -> None:
    ports, activity, team = a_world()
    task = blocked(ports, activity)
    limited = replace(KWAME, teams=("0" * 32,))
    seen = run(ports, plans.all_plans, limited, activity.id)
    assert (seen.rows, seen.waiting, seen.teams) == ((), 0, 0)
    with pytest.raises(NotFound):
        run(ports, plans.all_plans, limited, activity.id, after=task.id)
    with pytest.raises(NotAllowed):
        run(ports, plans.plan_of, limited, activity.id, team.id)
    assert run(ports, plans.all_plans, replace(KWAME, teams=(team.id,)), activity.id).waiting == 1


# --- reminders and their limits ---


def test_somebody_who_is_waited_for_is_told_three_times_two_days_apart_and_no_more() -> None:
    ports, activity, _team = a_world()
    blocked(ports, activity)
    for _day in range(20):
        upkeep(ports)
        deliver_all(ports, compose=compose)
        ports.clock.advance(days=1)
    notices = [n for n in ports.rows(NOTICES, person=AMARA.person) if n.kind is Kind.TASK_BLOCKED]
    assert [(n.at - notices[0].at).days for n in notices] == [0, 2, 4]
    assert len([m for m in ports.mailer.to(AMARA.person) if "waits for you" in m.subject]) == 3


def test_nobody_is_reminded_of_what_is_done() -> None:
    ports, activity, _team = a_world()
    task = blocked(ports, activity)
    deliver_all(ports, compose=compose)
    before = len(ports.mailer.to(AMARA.person))
    run(ports, plans.set_state, TOMAS, activity.id, task.id, TaskState.DONE)
    ports.clock.advance(days=1)
    upkeep(ports)
    ports.clock.advance(days=1)
    upkeep(ports)
    deliver_all(ports, compose=compose)
    assert not [m for m in ports.mailer.to(AMARA.person)[before:] if "waits for you" in m.subject]


def test_at_night_mail_waits_for_the_morning_of_whoever_reads_it() -> None:
    ports, activity, _team = a_world()
    come_in(ports, replace(AMARA, zone="America/Bogota"))
    ports.clock.move_to(START.replace(day=11, hour=3))  # 22:00 in Bogotá
    before = len(ports.mailer.to(AMARA.person))
    blocked(ports, activity)
    deliver_all(ports, compose=compose)
    assert len(ports.mailer.to(AMARA.person)) == before
    assert told(ports, activity, AMARA) == [Kind.TASK_BLOCKED]  # the page has it at once
    ports.clock.move_to(START.replace(day=11, hour=12, minute=59))
    deliver_all(ports, compose=compose)
    assert len(ports.mailer.to(AMARA.person)) == before
    ports.clock.move_to(START.replace(day=11, hour=13))  # 8:00
    deliver_all(ports, compose=compose)
    assert len(ports.mailer.to(AMARA.person)) == before + 1


def test_a_letter_that_waited_for_the_morning_does_not_go_out_once_the_thing_is_done() -> None:
    ports, activity, _team = a_world()
    ports.clock.move_to(START.replace(day=11, hour=22))
    task = blocked(ports, activity)
    deliver_all(ports, compose=compose)
    before = len(ports.mailer.to(AMARA.person))
    run(ports, plans.set_state, AMARA, activity.id, task.id, TaskState.DONE)
    ports.clock.advance(hours=12)
    deliver_all(ports, compose=compose)
    assert len(ports.mailer.to(AMARA.person)) == before
    assert not [n for n in ports.rows(NOTICES) if n.mail == "waiting"]


def test_a_letter_about_a_team_does_not_reach_somebody_who_has_left_it() -> None:
    ports, activity, _team = a_world()
    ports.clock.move_to(START.replace(day=11, hour=22))
    run(
        ports, discussion.begin_thread, AMARA, activity.id, title="Who", text="@Linh can you?"
    )  # at night, so the letter waits
    deliver_all(ports, compose=compose)
    run(ports, leave_team, LINH, activity.id)
    before = len(ports.mailer.to(LINH.person))
    ports.clock.advance(hours=12)
    deliver_all(ports, compose=compose)
    assert len(ports.mailer.to(LINH.person)) == before


def test_a_late_milestone_is_told_to_teams_that_have_not_reached_it() -> None:
    ports, activity, _team = a_world()
    run(ports, plans.mark_milestone, MEHMET, activity.id, "m1", reached=True)
    ports.clock.move_to(START + timedelta(days=3, hours=1))
    upkeep(ports)
    upkeep(ports)
    assert told(ports, activity, TOMAS) == [Kind.MILESTONE_LATE]
    assert told(ports, activity, MEHMET) == []
    assert "Measured at three points" in ports.mailer.to(TOMAS.person)[-1].text
    run(ports, plans.mark_milestone, AMARA, activity.id, "m1", reached=True)
    assert told(ports, activity, TOMAS) == []
    ports.clock.advance(days=5)
    upkeep(ports)
    assert Kind.MILESTONE_LATE not in told(ports, activity, TOMAS)


def test_a_late_milestone_is_told_three_times_at_most_and_not_to_a_team_that_handed_in() -> None:
    ports, activity, _team = a_world()
    write(ports, activity, MEHMET, "All of it.")
    run(ports, submit, MEHMET, activity.id, seen=1)
    ports.clock.move_to(START + timedelta(days=3, hours=1))
    for _day in range(10):
        upkeep(ports)
        deliver_all(ports, compose=compose)
        ports.clock.advance(days=1)
    late = [n for n in ports.rows(NOTICES) if n.kind is Kind.MILESTONE_LATE and n.detail["title"] != "Costed"]
    assert len([n for n in late if n.person == AMARA.person]) == 3
    assert not [n for n in late if n.person == MEHMET.person]


def test_one_notice_tells_of_many_posts_until_it_is_put_away() -> None:
    ports, activity, _team = a_world()
    thread = run(ports, discussion.begin_thread, AMARA, activity.id, title="Who", text="I begin.")
    for _time in range(5):
        run(ports, discussion.reply, AMARA, activity.id, thread.id, text="More.")
    assert told(ports, activity, TOMAS) == [Kind.POST_WRITTEN]
    run(ports, put_away, TOMAS, activity.id, "f" * 32)
    run(ports, discussion.reply, AMARA, activity.id, thread.id, text="And more.")
    assert told(ports, activity, TOMAS) == [Kind.POST_WRITTEN]


# --- check-ins ---


def answer(ports: MemoryPorts, activity: Activity, who: Actor, **more: Any) -> None:
    numbers = more.pop("answers", SIX)
    run(ports, check_ins.check_in, who, activity.id, numbers, **more)


def test_an_answer_can_be_changed_within_its_period_and_the_next_one_is_another() -> None:
    ports, activity, _team = a_world()
    answer(ports, activity, AMARA)
    answer(ports, activity, AMARA, answers={**SIX, "step": 2})
    (row,) = ports.rows(CHECK_INS)
    assert row.answers["step"] == 2
    ports.clock.advance(days=7)
    answer(ports, activity, AMARA)
    assert len(ports.rows(CHECK_INS)) == 2


def test_the_team_reads_means_only_and_staff_no_names() -> None:
    ports, activity, team = a_world()
    for who, step in ((AMARA, 9), (TOMAS, 8)):
        answer(ports, activity, who, answers={**SIX, "step": step})
    seen = run(ports, check_ins.own_check_ins, AMARA, activity.id)
    assert seen.summaries[0].shown is Shown.TOO_FEW
    answer(ports, activity, LINH, answers={**SIX, "step": 4})
    for found in (
        run(ports, check_ins.own_check_ins, AMARA, activity.id),
        run(ports, check_ins.check_ins_of, INES, activity.id, team.id),
    ):
        assert found.summaries[0].means["step"] == 7
        assert found.named == found.notes == ()
        assert found.people == {}


def test_somebody_who_comes_after_the_means_were_shown_moves_none_of_them() -> None:
    """Else the new numbers could be worked out of the means before and after."""
    ports, activity, team = a_world()
    for who in (AMARA, TOMAS, LINH):
        answer(ports, activity, who)
    (before,) = run(ports, check_ins.own_check_ins, AMARA, activity.id).summaries
    ports.clock.advance(hours=1)
    run(ports, join_team, SOFIA, activity.id, team.id)
    answer(ports, activity, SOFIA, answers={**SIX, "step": 1})
    (after,) = run(ports, check_ins.own_check_ins, AMARA, activity.id).summaries
    assert after.means == before.means
    answer(ports, activity, SOFIA, answers={**SIX, "step": 2})  # nor does changing it
    (again,) = run(ports, check_ins.own_check_ins, AMARA, activity.id).summaries
    assert again.means == before.means
    ports.clock.advance(days=7)
    for who in (AMARA, TOMAS, LINH, SOFIA):
        answer(ports, activity, who, answers={**SIX, "step": 2})
    newest = run(ports, check_ins.own_check_ins, AMARA, activity.id).summaries[0]
    assert (newest.answered, newest.means["step"]) == (4, Decimal(2))


def test_somebody_who_comes_while_others_are_waited_for_counts_like_them() -> None:
    ports, activity, team = a_world()
    answer(ports, activity, AMARA)
    answer(ports, activity, TOMAS)
    run(ports, join_team, SOFIA, activity.id, team.id)
    answer(ports, activity, LINH)
    answer(ports, activity, SOFIA, answers={**SIX, "step": 2})
    (found,) = run(ports, check_ins.own_check_ins, AMARA, activity.id).summaries
    assert (found.answered, found.means["step"]) == (4, Decimal(5))


def test_a_note_is_read_by_the_reader_it_was_written_for() -> None:
    ports, activity, team = a_world()
    a_mentor(ports, activity, team, SOFIA)
    for who, note_for in ((AMARA, NoteFor.TEAM), (TOMAS, NoteFor.MENTOR), (LINH, NoteFor.STAFF)):
        answer(ports, activity, who, note=f"For the {note_for}", note_for=note_for)

    def notes(found: check_ins.CheckIns) -> list[str]:
        return [row.note for row in found.notes]

    assert notes(run(ports, check_ins.own_check_ins, AMARA, activity.id)) == ["For the team"]
    assert notes(run(ports, check_ins.check_ins_of, SOFIA, activity.id, team.id)) == ["For the mentor"]
    assert notes(run(ports, check_ins.check_ins_of, INES, activity.id, team.id)) == ["For the staff"]
    own = run(ports, check_ins.own_check_ins, LINH, activity.id).own
    assert own is not None
    assert own.note == "For the staff"


def test_a_new_mentor_does_not_read_a_note_to_the_one_before() -> None:
    ports, activity, team = a_world()
    a_mentor(ports, activity, team, SOFIA)
    answer(ports, activity, AMARA, note="Between us two", note_for=NoteFor.MENTOR)
    ports.clock.move_to(ports.clock.now() + timedelta(hours=1))
    a_mentor(ports, activity, team, MEHMET)
    seen = {
        who.name: run(ports, check_ins.check_ins_of, who, activity.id, team.id) for who in (SOFIA, MEHMET)
    }
    assert {name: [row.note for row in found.notes] for name, found in seen.items()} == {
        SOFIA.name: ["Between us two"],
        MEHMET.name: [],
    }


def test_a_note_to_a_mentor_needs_a_mentor() -> None:
    ports, activity, _team = a_world()
    with pytest.raises(Invalid):
        answer(ports, activity, AMARA, note="Help", note_for=NoteFor.MENTOR)


def test_answers_have_a_name_for_staff_only_where_it_was_ticked() -> None:
    ports, activity, team = a_world()
    answer(ports, activity, AMARA, named=True)
    answer(ports, activity, TOMAS)
    found = run(ports, check_ins.check_ins_of, INES, activity.id, team.id)
    assert [row.person for row in found.named] == [AMARA.person]
    assert run(ports, check_ins.own_check_ins, TOMAS, activity.id).named == ()


def test_that_there_is_a_problem_is_told_without_a_name() -> None:
    ports, activity, team = a_world()
    answer(ports, activity, AMARA, problem=True)
    assert told(ports, activity, INES) == [Kind.PROBLEM_SAID]
    (event,) = [event for event in ports.rows(EVENTS) if event.kind is Kind.PROBLEM_SAID]
    assert AMARA.person not in repr(event)
    assert "Amara" not in ports.mailer.to(INES.person)[-1].text
    assert run(ports, check_ins.check_ins_of, INES, activity.id, team.id).summaries[0].problem is True
    assert run(ports, check_ins.own_check_ins, TOMAS, activity.id).summaries[0].problem is None


def test_a_ta_of_other_teams_is_not_told_of_this_one() -> None:
    ports, activity, _team = a_world()
    kwame = ports.rows(PARTICIPANTS, person=KWAME.person)[0]
    limit = replace(kwame, teams=("0" * 32,))
    run(ports, lambda unit: unit.store.save(PARTICIPANTS, limit))
    answer(ports, activity, AMARA, problem=True)
    assert told(ports, activity, KWAME) == []
    assert told(ports, activity, INES) == [Kind.PROBLEM_SAID]


@pytest.mark.parametrize("when", ["off", "before", "after"])
def test_nobody_checks_in_when_it_is_not_open(when: str) -> None:
    ports, activity, _team = a_world(check_in=CheckInRule(on=when != "off"))
    if when == "before":
        ports.clock.move_to(START - timedelta(days=1))
    if when == "after":
        ports.clock.move_to(CLOSES + timedelta(seconds=1))
    with pytest.raises(Conflict, match="no_check_in"):
        answer(ports, activity, AMARA)


@pytest.mark.parametrize("who", [MEHMET, SOFIA], ids=lambda who: who.name)
def test_other_learners_read_nothing_of_a_teams_check_ins(who: Actor) -> None:
    ports, activity, team = a_world()
    with pytest.raises(NotAllowed):
        run(ports, check_ins.check_ins_of, who, activity.id, team.id)


# --- the discussion ---


def test_somebody_named_in_a_post_is_told_so_and_the_others_of_the_post() -> None:
    ports, activity, _team = a_world()
    run(ports, discussion.begin_thread, AMARA, activity.id, title="Who calls?", text="@Tomás, you?")
    assert told(ports, activity, TOMAS) == [Kind.PERSON_MENTIONED]
    assert told(ports, activity, LINH) == [Kind.POST_WRITTEN]
    assert told(ports, activity, AMARA) == []
    assert "Who calls?" not in ports.mailer.to(TOMAS.person)[-1].text


def test_a_post_is_changed_by_its_writer_within_fifteen_minutes() -> None:
    ports, activity, _team = a_world()
    post = run(ports, discussion.begin_thread, AMARA, activity.id, title="Who?", text="Me.")
    changed = run(ports, discussion.edit_post, AMARA, activity.id, post.id, text="You.", title="Who")
    assert (changed.text, changed.title) == ("You.", "Who")
    with pytest.raises(NotAllowed):
        run(ports, discussion.edit_post, TOMAS, activity.id, post.id, text="Mine.", title="Who")
    ports.clock.advance(minutes=15)
    run(ports, discussion.edit_post, AMARA, activity.id, post.id, text="Still.", title="Who")
    ports.clock.advance(seconds=1)
    with pytest.raises(Conflict, match="post_settled"):
        run(ports, discussion.edit_post, AMARA, activity.id, post.id, text="Late.", title="Who")


def test_a_deleted_post_leaves_a_stub_without_its_words() -> None:
    ports, activity, _team = a_world()
    post = run(ports, discussion.begin_thread, AMARA, activity.id, title="Secret", text="Word")
    run(ports, discussion.pin, TOMAS, activity.id, post.id, decided=True)
    run(ports, discussion.reply, TOMAS, activity.id, post.id, text="An answer")
    run(ports, discussion.delete_post, AMARA, activity.id, post.id)
    thread = run(ports, discussion.own_thread, TOMAS, activity.id, post.id)
    assert thread.first.is_deleted
    assert (thread.first.text, thread.first.title, thread.first.pinned) == ("", "", False)
    assert [one.text for one in thread.posts] == ["An answer"]
    with pytest.raises(NotFound):
        run(ports, discussion.pin, TOMAS, activity.id, post.id, decided=True)


def test_decisions_are_pinned_and_unpinned_by_any_member_and_the_latest_stands_first() -> None:
    ports, activity, team = a_world()
    first = run(ports, discussion.begin_thread, AMARA, activity.id, title="One", text="We meet on Mondays.")
    ports.clock.advance(minutes=1)
    second = run(ports, discussion.reply, TOMAS, activity.id, first.id, text="At nine.")
    for post in (first, second):
        ports.clock.advance(minutes=1)
        run(ports, discussion.pin, LINH, activity.id, post.id, decided=True)
    found = run(ports, discussion.own_decisions, AMARA, activity.id)
    assert [one.text for one in found.posts] == ["At nine.", "We meet on Mondays."]
    assert len(run(ports, discussion.news, activity.id, team.id, AMARA.person).decisions) == 2
    run(ports, discussion.pin, AMARA, activity.id, second.id, decided=False)
    assert len(run(ports, discussion.own_decisions, AMARA, activity.id).posts) == 1


def test_a_version_of_the_teams_own_draft_can_be_linked_and_no_other() -> None:
    ports, activity, _team = a_world()
    write(ports, activity, AMARA, "Ours.")
    own = ports.rows(DRAFT_VERSIONS)[0]
    write(ports, activity, MEHMET, "Theirs.")
    other = next(row for row in ports.rows(DRAFT_VERSIONS) if row.author == MEHMET.person)
    post = run(
        ports, discussion.begin_thread, AMARA, activity.id, title="Look", text="Read it", linked=own.id
    )
    assert (post.linked, post.linked_number) == (own.id, 1)
    with pytest.raises(NotFound):
        run(ports, discussion.reply, AMARA, activity.id, post.id, text="And this", linked=other.id)


def test_a_linked_version_that_saved_itself_stays_a_version() -> None:
    ports, activity, _team = a_world()
    texts = {"where": "One."}
    run(ports, save_draft, AMARA, activity.id, texts, seen=0, kind=VersionKind.AUTO)
    (version,) = ports.rows(DRAFT_VERSIONS)
    run(ports, discussion.begin_thread, AMARA, activity.id, title="Look", text="Here", linked=version.id)
    run(ports, save_draft, AMARA, activity.id, {"where": "Two."}, seen=1, kind=VersionKind.AUTO)
    ports.clock.advance(days=3)
    upkeep(ports)
    assert version.id in {row.id for row in ports.rows(DRAFT_VERSIONS)}


def test_a_leaver_keeps_their_own_posts_alone_and_a_new_member_reads_all() -> None:
    ports, activity, team = a_world()
    thread = run(ports, discussion.begin_thread, AMARA, activity.id, title="Who?", text="Amara wrote.")
    run(ports, discussion.reply, LINH, activity.id, thread.id, text="Linh wrote.")
    run(ports, leave_team, LINH, activity.id)
    for use_case in (discussion.own_threads, discussion.own_decisions):
        with pytest.raises(NotAllowed):
            run(ports, use_case, LINH, activity.id)
    with pytest.raises(NotAllowed):
        run(ports, discussion.threads_of, LINH, activity.id, team.id)
    past = run(ports, discussion.own_past, LINH, activity.id)
    assert [post.text for post in past.posts] == ["Linh wrote."]
    a_team(ports, activity, LINH, name="Copper Line")
    assert [post.text for post in run(ports, discussion.own_past, LINH, activity.id).posts] == ["Linh wrote."]
    assert run(ports, discussion.own_threads, LINH, activity.id).threads == ()
    run(ports, join_team, SOFIA, activity.id, team.id)
    seen = run(ports, discussion.own_thread, SOFIA, activity.id, thread.id)
    assert [seen.first.text, *(one.text for one in seen.posts)] == ["Amara wrote.", "Linh wrote."]


def test_posts_of_other_teams_are_not_found() -> None:
    ports, activity, _team = a_world()
    post = run(ports, discussion.begin_thread, AMARA, activity.id, title="Who?", text="Ours.")
    for use_case in (discussion.own_thread, discussion.own_post, discussion.delete_post):
        with pytest.raises(NotFound):
            run(ports, use_case, MEHMET, activity.id, post.id)
    with pytest.raises(NotFound):
        run(ports, discussion.reply, MEHMET, activity.id, post.id, text="Mine.")
    with pytest.raises(NotFound):
        run(ports, discussion.own_threads, MEHMET, activity.id, after=post.id)
    assert len(ports.rows(POSTS)) == 1


def test_new_posts_are_counted_until_they_are_read() -> None:
    ports, activity, team = a_world()
    thread = run(ports, discussion.begin_thread, AMARA, activity.id, title="Who?", text="One.")
    ports.clock.advance(minutes=1)
    run(ports, discussion.reply, AMARA, activity.id, thread.id, text="Two.")

    def new(who: Actor) -> int:
        return run(ports, discussion.news, activity.id, team.id, who.person).new

    assert (new(TOMAS), new(AMARA)) == (2, 0)
    run(ports, discussion.mark_read, TOMAS, activity.id, thread.at)
    assert new(TOMAS) == 1
    run(ports, discussion.mark_read, TOMAS, activity.id, START)  # it never goes back
    assert new(TOMAS) == 1
    ports.clock.advance(minutes=1)
    run(ports, discussion.reply, TOMAS, activity.id, thread.id, text="Three.")
    assert (new(TOMAS), new(AMARA)) == (0, 1)


def test_a_thread_of_five_hundred_answers_is_read_from_its_end_a_page_at_a_time() -> None:
    ports, activity, _team = a_world()
    thread = run(ports, discussion.begin_thread, AMARA, activity.id, title="Long", text="0")
    for number in range(1, 501):
        ports.clock.advance(seconds=1)
        run(ports, discussion.reply, AMARA, activity.id, thread.id, text=str(number))
    page = run(ports, discussion.own_thread, TOMAS, activity.id, thread.id)
    assert [post.text for post in page.posts] == [str(n) for n in range(451, 501)]
    assert (page.first.text, page.replies) == ("0", 500)
    before = run(ports, discussion.own_thread, TOMAS, activity.id, thread.id, before=page.earlier)
    assert [post.text for post in before.posts] == [str(n) for n in range(401, 451)]


# --- contributions ---


def test_the_log_counts_what_each_member_did_and_keeps_their_words() -> None:
    ports, activity, team = a_world()
    number = write(ports, activity, AMARA, "One two three.")
    ports.clock.advance(minutes=11)
    number = write(ports, activity, AMARA, "One two three four five.", seen=number)
    write(ports, activity, TOMAS, "One two three four five six.", seen=number)
    task = a_task(ports, activity, AMARA, owner=TOMAS.person)
    run(ports, plans.set_state, AMARA, activity.id, task.id, TaskState.DONE)
    run(ports, discussion.begin_thread, LINH, activity.id, title="Who?", text="Me.")
    answer(ports, activity, LINH)
    run(ports, contributions.write_remark, LINH, activity.id, "I measured by night.")
    found = run(ports, contributions.contributions_of, INES, activity.id, team.id)
    lines = {line.person: line for line in found.lines}
    assert (lines[AMARA.person].edits, lines[AMARA.person].words) == (2, 6)
    assert (lines[TOMAS.person].edits, lines[TOMAS.person].words) == (1, 2)
    assert (lines[TOMAS.person].tasks, lines[AMARA.person].tasks) == (1, 0)
    assert (lines[LINH.person].posts, lines[LINH.person].check_ins) == (1, 1)
    assert lines[LINH.person].remark == "I measured by night."


def test_the_log_keeps_people_who_left_and_a_remark_can_be_taken_back() -> None:
    ports, activity, _team = a_world()
    write(ports, activity, LINH, "Mine.")
    run(ports, contributions.write_remark, AMARA, activity.id, "Much.")
    run(ports, contributions.write_remark, AMARA, activity.id, "  ")
    run(ports, leave_team, LINH, activity.id)
    found = run(ports, contributions.own_contributions, AMARA, activity.id)
    assert [(line.person, line.is_member) for line in found.lines][-1] == (LINH.person, False)
    assert not [line for line in found.lines if line.remark]
    with pytest.raises(NotAllowed):
        run(ports, contributions.own_contributions, LINH, activity.id)


def test_a_mentor_reads_plan_and_check_ins_and_neither_discussion_nor_log() -> None:
    ports, activity, team = a_world()
    a_mentor(ports, activity, team, SOFIA)
    run(ports, plans.plan_of, SOFIA, activity.id, team.id)
    run(ports, check_ins.check_ins_of, SOFIA, activity.id, team.id)
    for use_case in (discussion.threads_of, contributions.contributions_of):
        with pytest.raises(NotAllowed):
            run(ports, use_case, SOFIA, activity.id, team.id)
    end = replace(ports.rows(MENTORSHIPS)[0], until=ports.clock.now())
    run(ports, lambda unit: unit.store.save(MENTORSHIPS, end))
    with pytest.raises(NotAllowed):
        run(ports, plans.plan_of, SOFIA, activity.id, team.id)


def test_a_mentor_whom_the_team_added_reads_its_discussion_until_it_says_otherwise() -> None:
    ports, activity, team = a_world()
    a_mentor(ports, activity, team, SOFIA)
    thread = run(ports, discussion.begin_thread, AMARA, activity.id, title="Who?", text="Me.")
    run(ports, discussion.add_mentor, TOMAS, activity.id, SOFIA.person, reads=True)
    seen = run(ports, discussion.thread_of, SOFIA, activity.id, team.id, thread.id)
    assert seen.first.text == "Me."
    with pytest.raises(NotAllowed):
        run(ports, discussion.reply, SOFIA, activity.id, thread.id, text="I read along.")
    run(ports, discussion.add_mentor, LINH, activity.id, SOFIA.person, reads=False)
    with pytest.raises(NotAllowed):
        run(ports, discussion.threads_of, SOFIA, activity.id, team.id)
    with pytest.raises(NotFound):
        run(ports, discussion.add_mentor, AMARA, activity.id, MEHMET.person, reads=True)
    with pytest.raises(NotAllowed):
        run(ports, discussion.add_mentor, INES, activity.id, SOFIA.person, reads=True)


# --- the card ---


def test_a_card_holds_in_the_whole_course_and_is_written_by_its_owner_alone() -> None:
    ports, activity, _team = a_world()
    run(ports, identity.write_card, AMARA, activity.id, pronouns="she", helps="maps", hidden=["pronouns"])
    run(ports, identity.write_card, AMARA, activity.id, pronouns="she", shows_zone=False)
    (card,) = ports.rows(IDENTITY_CARDS)
    assert (card.person, card.course, card.helps) == (AMARA.person, activity.course, "")
    assert ports.rows(PARTICIPANTS, person=AMARA.person)[0].shows_zone is False
    with pytest.raises(NotAllowed):
        run(ports, identity.write_card, INES, activity.id, pronouns="she")


def test_whoever_is_forgotten_leaves_no_card_no_note_and_no_remark() -> None:
    ports, activity, _team = a_world()
    run(ports, identity.write_card, AMARA, activity.id, helps="maps")
    run(ports, contributions.write_remark, AMARA, activity.id, "Much.")
    answer(ports, activity, AMARA, note="Between us", note_for=NoteFor.STAFF, named=True)
    post = run(ports, discussion.begin_thread, AMARA, activity.id, title="Who?", text="Stays.")
    run(ports, retire, AMARA.person)
    assert ports.rows(IDENTITY_CARDS) == []
    (row,) = ports.rows(CHECK_INS)
    assert (row.note, row.named) == ("", False)
    assert ports.rows(REMARKS) == []
    assert ports.rows(POSTS)[0].text == post.text  # what was written with others stays with them
