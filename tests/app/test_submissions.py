from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from coursecrew.app.people import name_ta
from coursecrew.app.records import (
    ACTIVITIES,
    BYLINES,
    DRAFT_VERSIONS,
    MEMBERSHIPS,
    SUBMISSIONS,
    VISITS,
    WORKS,
)
from coursecrew.app.submissions import (
    confirm,
    consequences,
    excuse,
    extend,
    look_at_work,
    object_to,
    own_work,
    read_submission,
    save_draft,
    submit,
    withdraw,
)
from coursecrew.app.teams import join_team, leave_team, place
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import SubmitRule
from coursecrew.domain.errors import Closed, Conflict, Invalid, NotAllowed, NotOpen, Refusal, Stale
from coursecrew.domain.people import Role
from coursecrew.domain.schedule import LatePolicy
from coursecrew.domain.submissions import MOVES, WorkState
from tests.builders import (
    AMARA,
    CLOSES,
    DUE,
    INES,
    LINH,
    MEHMET,
    SOFIA,
    START,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    hand_in,
    world,
    write,
)


def work_of(ports, activity):
    return ports.rows(WORKS, activity=activity.id)[0]


def test_three_edit_one_draft_and_one_hands_in_for_all() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS, LINH)
    assert write(ports, activity, AMARA, "Where it goes") == 1
    assert run(ports, save_draft, TOMAS, activity.id, {"cost": "Nine thousand"}, seen=1).number == 2
    submission = run(ports, submit, LINH, activity.id, seen=2)
    assert dict(submission.texts) == {"where": "Where it goes", "cost": "Nine thousand"}
    assert {row.person for row in ports.rows(BYLINES)} == {AMARA.person, TOMAS.person, LINH.person}
    assert work_of(ports, activity).state is WorkState.SUBMITTED


def test_a_save_from_an_older_version_joins_other_parts_and_refuses_the_same_part_with_both_texts() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    write(ports, activity, AMARA, "one")
    joined = run(ports, save_draft, TOMAS, activity.id, {"where": "", "cost": "9"}, seen=0)
    assert dict(joined.texts) == {"where": "one", "cost": "9"}
    with pytest.raises(Stale) as caught:
        run(ports, save_draft, TOMAS, activity.id, {"where": "two", "cost": "9"}, seen=0)
    assert caught.value.values["clashes"] == [
        {"place": "where", "yours": "two", "theirs": "one", "before": ""}
    ]
    assert caught.value.values["by"] == TOMAS.person


def test_edits_in_different_sentences_of_one_part_both_survive_without_a_question() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    write(ports, activity, AMARA, "The pipe leaks. It is old. Nobody looks.")
    write(ports, activity, TOMAS, "The pipe leaks at night. It is old. Nobody looks.", seen=1)
    joined = run(
        ports, save_draft, AMARA, activity.id, {"where": "The pipe leaks. It is old. Ravi looks."}, seen=1
    )
    assert joined.texts["where"] == "The pipe leaks at night. It is old. Ravi looks."


def test_a_part_that_was_not_sent_is_left_as_it_is() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    run(ports, save_draft, AMARA, activity.id, {"where": "one", "cost": "9"}, seen=0)
    run(ports, save_draft, TOMAS, activity.id, {"where": "one"}, seen=1)
    run(ports, save_draft, AMARA, activity.id, {"where": "one, two"}, seen=1)
    joined = run(ports, save_draft, TOMAS, activity.id, {"where": "one"}, seen=1)
    assert dict(joined.texts) == {"where": "one, two", "cost": "9"}


def test_every_save_is_a_version_and_the_same_text_again_is_none() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA)
    write(ports, activity, AMARA, "one")
    write(ports, activity, AMARA, "one", seen=1)
    write(ports, activity, AMARA, "two", seen=1)
    assert [row.number for row in ports.rows(DRAFT_VERSIONS)] == [1, 2]


def test_a_person_outside_the_team_gets_no_draft() -> None:
    ports = world()
    activity = an_assignment(ports, MEHMET)
    a_team(ports, activity, AMARA, draft="secret")
    with pytest.raises(NotAllowed):
        run(ports, own_work, MEHMET, activity.id)
    with pytest.raises(NotAllowed):
        run(ports, save_draft, MEHMET, activity.id, {"where": "mine"}, seen=0)


def test_writing_waits_for_the_opening_and_ends_at_the_closing_second() -> None:
    ports = world(now=START - timedelta(hours=1))
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA)
    with pytest.raises(NotOpen):
        write(ports, activity, AMARA, "early")
    ports.clock.move_to(CLOSES + timedelta(microseconds=900_000))
    write(ports, activity, AMARA, "in the last second")
    ports.clock.move_to(CLOSES + timedelta(seconds=1))
    with pytest.raises(Closed):
        write(ports, activity, AMARA, "late", seen=1)


def test_a_second_press_is_the_same_submission() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS, draft="plan")
    assert hand_in(ports, activity, AMARA) == hand_in(ports, activity, TOMAS)
    assert len(ports.rows(SUBMISSIONS)) == 1


def test_nobody_hands_in_a_text_they_have_not_seen() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS, draft="plan")
    write(ports, activity, TOMAS, "plan, changed", seen=1)
    with pytest.raises(Stale):
        run(ports, submit, AMARA, activity.id, seen=1)


def test_required_parts_must_be_written_and_blanks_do_not_count() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA)
    write(ports, activity, AMARA, "  \n ")
    with pytest.raises(Invalid) as caught:
        run(ports, submit, AMARA, activity.id, seen=1)
    assert [problem.field for problem in caught.value.problems] == ["text-where"]


def all_confirm(ports, *members):
    activity = an_assignment(ports, submit_rule=SubmitRule.ALL)
    a_team(ports, activity, *members, draft="plan")
    return activity


def test_under_all_confirm_the_last_yes_completes_and_the_first_press_is_the_time_that_counts() -> None:
    ports = world()
    activity = all_confirm(ports, AMARA, TOMAS, LINH)
    pressed = ports.clock.now()
    hand_in(ports, activity, AMARA)
    ports.clock.advance(hours=5)
    assert run(ports, confirm, TOMAS, activity.id).state is WorkState.CONFIRMING
    work = run(ports, confirm, LINH, activity.id)
    assert (work.state, work.pressed_at) == (WorkState.SUBMITTED, pressed)


def test_confirming_twice_counts_once() -> None:
    ports = world()
    activity = all_confirm(ports, AMARA, TOMAS, LINH)
    hand_in(ports, activity, AMARA)
    run(ports, confirm, TOMAS, activity.id)
    assert run(ports, confirm, TOMAS, activity.id).state is WorkState.CONFIRMING


def test_an_objection_opens_the_draft_again_and_voids_the_confirmations() -> None:
    ports = world()
    activity = all_confirm(ports, AMARA, TOMAS, LINH)
    hand_in(ports, activity, AMARA)
    run(ports, confirm, TOMAS, activity.id)
    run(ports, object_to, LINH, activity.id, reason="the sums are wrong")
    assert work_of(ports, activity).state is WorkState.DRAFTING
    assert not [row for row in ports.rows(BYLINES) if row.in_force]
    write(ports, activity, LINH, "plan, mended", seen=1)
    run(ports, submit, LINH, activity.id, seen=2)
    assert run(ports, confirm, TOMAS, activity.id).state is WorkState.CONFIRMING


def test_an_objection_needs_a_reason() -> None:
    ports = world()
    activity = all_confirm(ports, AMARA, TOMAS)
    hand_in(ports, activity, AMARA)
    with pytest.raises(Invalid):
        run(ports, object_to, TOMAS, activity.id, reason="  ")


def test_silence_for_a_day_counts_as_yes() -> None:
    ports = world()
    activity = all_confirm(ports, AMARA, TOMAS)
    hand_in(ports, activity, AMARA)
    ports.clock.advance(hours=23, minutes=59)
    upkeep(ports)
    assert work_of(ports, activity).state is WorkState.CONFIRMING
    ports.clock.advance(minutes=1)
    upkeep(ports)
    assert work_of(ports, activity).state is WorkState.SUBMITTED


def test_a_member_who_leaves_while_confirming_need_not_confirm() -> None:
    ports = world()
    activity = all_confirm(ports, AMARA, TOMAS)
    hand_in(ports, activity, AMARA)
    run(ports, leave_team, TOMAS, activity.id)
    upkeep(ports)
    assert work_of(ports, activity).state is WorkState.SUBMITTED


def test_a_solo_learner_confirms_by_submitting() -> None:
    ports = world()
    activity = all_confirm(ports, AMARA)
    hand_in(ports, activity, AMARA)
    assert work_of(ports, activity).state is WorkState.SUBMITTED


def led(ports):
    activity = an_assignment(ports, submit_rule=SubmitRule.LEADER)
    a_team(ports, activity, AMARA, TOMAS, draft="plan")
    return activity


def test_under_leader_only_the_leader_hands_in_while_present_and_awake() -> None:
    ports = world()
    activity = led(ports)
    with pytest.raises(Conflict) as caught:
        hand_in(ports, activity, TOMAS)
    assert (caught.value.code, caught.value.values["leader"]) == ("leader_only", "Amara")
    hand_in(ports, activity, AMARA)


@pytest.mark.parametrize("why", ["silent for two days", "the last two hours", "inactive"])
def test_a_sleeping_leader_costs_a_team_nothing(why: str) -> None:
    ports = world()
    activity = led(ports)
    if why == "silent for two days":
        ports.clock.advance(hours=48)
    elif why == "the last two hours":
        ports.clock.move_to(DUE - timedelta(hours=2))
        with ports.transaction() as store:
            visit = store.find(VISITS, person=AMARA.person)[0]
            store.save(VISITS, replace(visit, last_at=ports.clock.now()))
    else:
        with ports.transaction() as store:
            row = store.find(MEMBERSHIPS, person=AMARA.person)[0]
            store.save(MEMBERSHIPS, replace(row, active=False))
    hand_in(ports, activity, TOMAS)
    assert work_of(ports, activity).state is WorkState.SUBMITTED


def test_withdrawing_is_possible_until_the_due_second() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, draft="plan")
    hand_in(ports, activity, AMARA)
    ports.clock.move_to(DUE)
    run(ports, withdraw, AMARA, activity.id)
    assert work_of(ports, activity).state is WorkState.DRAFTING
    hand_in(ports, activity, AMARA)
    ports.clock.move_to(DUE + timedelta(seconds=1))
    with pytest.raises(Conflict):
        run(ports, withdraw, AMARA, activity.id)


def test_at_closing_a_draft_is_sealed_with_its_last_edit_as_the_time() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, draft="plan")
    edited = ports.clock.now()
    ports.clock.move_to(CLOSES + timedelta(seconds=1))
    upkeep(ports)
    submission = ports.rows(SUBMISSIONS)[0]
    assert (submission.how, submission.handed_in_at) == ("at_close", edited)


def test_at_closing_an_empty_draft_is_missed_also_where_nobody_ever_came() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA)
    ports.clock.move_to(CLOSES + timedelta(seconds=1))
    upkeep(ports)
    assert work_of(ports, activity).state is WorkState.MISSED


def test_without_auto_seal_a_forgotten_draft_is_missed() -> None:
    ports = world()
    activity = an_assignment(ports, auto_seal=False)
    a_team(ports, activity, AMARA, draft="plan")
    ports.clock.move_to(CLOSES + timedelta(seconds=1))
    upkeep(ports)
    assert work_of(ports, activity).state is WorkState.MISSED


def test_a_work_stays_open_until_the_latest_closing_time_of_its_members() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS, draft="plan")
    run(ports, extend, INES, activity.id, person=TOMAS.person, due=DUE + timedelta(days=2), reason="ill")
    ports.clock.move_to(CLOSES + timedelta(hours=1))
    upkeep(ports)
    assert work_of(ports, activity).state is WorkState.DRAFTING
    with pytest.raises(Closed):
        hand_in(ports, activity, AMARA)
    hand_in(ports, activity, TOMAS)


def test_the_page_before_the_press_shows_each_members_own_late_figure() -> None:
    ports = world()
    activity = an_assignment(ports, late=LatePolicy(floor=Decimal(40)))
    team = a_team(ports, activity, AMARA, TOMAS, draft="plan")
    run(ports, extend, INES, activity.id, person=TOMAS.person, due=DUE + timedelta(days=2), reason="ill")
    ports.clock.move_to(DUE + timedelta(hours=16, minutes=12))
    view = run(ports, look_at_work, activity, team)
    found = {row.person: row.late.penalty for row in consequences(view, activity, ports.clock.now())}
    assert found == {AMARA.person: Decimal(10), TOMAS.person: Decimal(0)}


def test_a_leaver_keeps_what_names_them_and_loses_the_draft_at_once() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS, draft="plan")
    submission = hand_in(ports, activity, AMARA)
    run(ports, leave_team, TOMAS, activity.id)
    assert run(ports, read_submission, TOMAS, activity.id, submission).id == submission
    with pytest.raises(NotAllowed):
        run(ports, own_work, TOMAS, activity.id)


def test_leaving_never_opens_a_second_attempt() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS, draft="plan")
    hand_in(ports, activity, AMARA)
    run(ports, leave_team, TOMAS, activity.id)
    other = a_team(ports, activity, SOFIA, name="Night Shift", draft="another plan")
    run(ports, join_team, TOMAS, activity.id, other.id)
    with pytest.raises(Conflict):
        hand_in(ports, activity, TOMAS)
    hand_in(ports, activity, SOFIA)
    named = {row.team for row in ports.rows(BYLINES) if row.person == TOMAS.person and row.in_force}
    assert len(named) == 1
    assert other.id not in named


def test_a_later_member_is_not_on_an_earlier_byline_and_may_not_read_it_from_outside() -> None:
    ports = world()
    activity = an_assignment(ports, SOFIA, MEHMET)
    team = a_team(ports, activity, AMARA, TOMAS, draft="plan")
    submission = hand_in(ports, activity, AMARA)
    run(ports, place, INES, activity.id, SOFIA.person, team.id)
    assert SOFIA.person not in {row.person for row in ports.rows(BYLINES)}
    assert run(ports, read_submission, SOFIA, activity.id, submission).id == submission
    with pytest.raises(NotAllowed):
        run(ports, read_submission, MEHMET, activity.id, submission)


def test_an_inactive_member_is_on_the_byline_only_when_ticked() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS, LINH, draft="plan")
    with ports.transaction() as store:
        for person in (TOMAS, LINH):
            row = store.find(MEMBERSHIPS, person=person.person)[0]
            store.save(MEMBERSHIPS, replace(row, active=False))
    hand_in(ports, activity, AMARA, ticked=[TOMAS.person])
    assert {row.person for row in ports.rows(BYLINES)} == {AMARA.person, TOMAS.person}


def test_somebody_made_a_ta_meanwhile_is_on_no_byline_and_need_not_confirm() -> None:
    ports = world()
    activity = all_confirm(ports, AMARA, TOMAS)
    run(ports, name_ta, INES, activity.id, TOMAS.person)
    hand_in(ports, activity, AMARA, ticked=[TOMAS.person])
    assert work_of(ports, activity).state is WorkState.SUBMITTED
    assert {row.person for row in ports.rows(BYLINES)} == {AMARA.person}


def test_the_first_seal_locks_the_submission_rule() -> None:
    from coursecrew.app.activities import save_settings
    from tests.builders import settings

    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, draft="plan")
    hand_in(ports, activity, AMARA)
    now = ports.rows(ACTIVITIES)[0]
    saved = run(
        ports, save_settings, INES, activity.id,
        settings(submit_rule=SubmitRule.ALL, goal="Another goal"), seen=now.settings_number,
    )  # fmt: skip
    assert (saved.settings.submit_rule, saved.held) == (SubmitRule.ANY, ("submit_rule",))
    assert saved.settings.goal == "Another goal"


def test_excusing_needs_an_instructor_and_a_reason() -> None:
    ports = world()
    activity = an_assignment(ports)
    team = a_team(ports, activity, AMARA)
    with pytest.raises(NotAllowed):
        run(ports, excuse, actor("Kwame", Role.TA), activity.id, team.id, reason="flood")
    with pytest.raises(Invalid):
        run(ports, excuse, INES, activity.id, team.id, reason=" ")
    assert run(ports, excuse, INES, activity.id, team.id, reason="flood").state is WorkState.EXCUSED


@pytest.mark.parametrize("state", list(WorkState))
@pytest.mark.parametrize("move", ["submit", "confirm", "object", "withdraw"])
def test_a_move_that_the_machine_does_not_know_from_here_is_refused(state: WorkState, move: str) -> None:
    """The whole table: a move succeeds from the states that `MOVES` names, and nowhere else."""
    ports = world()
    activity = all_confirm(ports, AMARA, TOMAS)
    submission = hand_in(ports, activity, AMARA)
    with ports.transaction() as store:
        work = store.find(WORKS)[0]
        has = state not in (WorkState.DRAFTING, WorkState.MISSED)
        store.save(WORKS, replace(work, state=state, submission=submission if has else ""))
    calls = {
        "submit": lambda: run(ports, submit, TOMAS, activity.id, seen=1),
        "confirm": lambda: run(ports, confirm, TOMAS, activity.id),
        "object": lambda: run(ports, object_to, TOMAS, activity.id, reason="no"),
        "withdraw": lambda: run(ports, withdraw, TOMAS, activity.id),
    }
    # Pressing again where it is already done has one effect and the same answer.
    harmless = {
        ("submit", WorkState.CONFIRMING),
        ("submit", WorkState.SUBMITTED),
        ("confirm", WorkState.SUBMITTED),
        ("confirm", WorkState.IN_REVIEW),
        ("confirm", WorkState.REVIEWED),
    }
    if state in MOVES[move] or (move, state) in harmless:
        calls[move]()
        assert (move, state) not in harmless or work_of(ports, activity).state is state
    else:
        with pytest.raises(Refusal) as caught:
            calls[move]()
        assert caught.value.code == "already_decided"
        assert work_of(ports, activity).state is state
