"""Two teams become one: proposed, agreed, decided, and what happens to what each of them wrote."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coursecrew.app.absences import mark_by_hand, say_present
from coursecrew.app.charters import save_charter
from coursecrew.app.discussion import begin_thread
from coursecrew.app.files import open_file
from coursecrew.app.left_teams import left_teams, read_left_draft
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mergers import (
    count_small,
    decide_merger,
    effect_of,
    in_order,
    look_at_merger,
    partners,
    propose_merger,
    settle_merger,
    small_teams,
)
from coursecrew.app.outbox import deliver_all
from coursecrew.app.plans import TaskWish, add_task, set_state
from coursecrew.app.records import (
    ASKINGS,
    DRAFT_VERSIONS,
    DRAFTS,
    EVENTS,
    EXTENSIONS,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    MERGER_VOTES,
    MERGERS,
    NOTICES,
    TASKS,
    TEAM_SETS,
    TEAMS,
    WAITING,
    WORKS,
)
from coursecrew.app.submissions import extend, read_submission
from coursecrew.app.team_files import add_team_files
from coursecrew.app.teams import ask_to_join, found_team, join_team, make_team, place, take_out
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity, TeamRules
from coursecrew.domain.errors import Invalid, NotAllowed, NotFound, Refusal
from coursecrew.domain.events import Kind
from coursecrew.domain.mergers import Merger, MergerState, has_majority, is_refused
from coursecrew.domain.people import Actor
from coursecrew.domain.plans import TaskState
from coursecrew.domain.schedule import Step, Window
from coursecrew.domain.submissions import WorkState
from coursecrew.domain.teams import Happened, Team, Waiting
from coursecrew.domain.wishes import Charter, CharterPart
from coursecrew.ui.mail import compose
from tests.builders import (
    AMARA,
    CLOSES,
    COURSE,
    DUE,
    INES,
    KWAME,
    LINH,
    MEHMET,
    PLACED,
    SOFIA,
    START,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    hand_in,
    world,
    write,
)

JONAS, NOOR = actor("Jonas"), actor("Noor")
FOUR = (AMARA, TOMAS, LINH, SOFIA)
RULES = TeamRules(name="districts", min=3, ideal=3, max=5, lock_at=START + timedelta(days=2))
LOCKED = START + timedelta(days=3)
AFTERWARDS = {Step.DRAFT: Window(CLOSES, CLOSES + timedelta(days=9))}  # a second piece of work
SECOND = replace(PLACED, place="place-2", name="second")


def refused(code: str, *call: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        run(*call, **more)
    assert caught.value.code == code
    return caught.value


def two_small(
    ports: MemoryPorts,
    *,
    blue: Sequence[Actor] = (AMARA, TOMAS),
    red: Sequence[Actor] = (LINH, SOFIA),
    **changes: Any,
) -> tuple[Activity, Team, Team]:
    """Two teams below three members, fixed since yesterday; Blue has written more."""
    wish: dict[str, Any] = {"teams": RULES, **changes}
    activity = an_assignment(ports, **wish)
    one = a_team(ports, activity, *blue, draft="Forty litres a second leave the pipe.")
    other = a_team(ports, activity, *red, name="Red Kites", draft="Meters by night.")
    ports.clock.move_to(LOCKED)
    return activity, one, other


def proposed(ports: MemoryPorts, **more: Any) -> tuple[Activity, Merger]:
    activity, _blue, _red = two_small(ports, **more)
    upkeep(ports)
    (merger,) = ports.rows(MERGERS)
    return activity, merger


def merged(ports: MemoryPorts, **more: Any) -> tuple[Activity, Merger]:
    activity, merger = proposed(ports, **more)
    all_agree(ports, activity, merger)
    return activity, ports.rows(MERGERS)[0]


def all_agree(ports: MemoryPorts, activity: Activity, merger: Merger) -> None:
    for who in FOUR:
        run(ports, decide_merger, who, activity.id, merger.id, agrees=True)
    assert MergerState.DONE in {row.state for row in ports.rows(MERGERS)}


def called(ports: MemoryPorts, name: str) -> Team:
    (team,) = [row for row in ports.rows(TEAMS) if row.name == name]
    return team


def unit_of(ports: MemoryPorts, store: Any) -> UnitOfWork:
    return UnitOfWork(store, ports.clock.now(), ports.ids.new, ports.chance)


def told(ports: MemoryPorts, kind: Kind) -> set[str]:
    deliver_all(ports, compose=compose)
    return {row.person for row in ports.rows(NOTICES) if row.kind is kind}


def away(ports: MemoryPorts, activity: Activity, team: str, who: Actor) -> None:
    run(ports, mark_by_hand, INES, activity.id, team, who.person, active=False, reason="Gone.")


def alone(ports: MemoryPorts, activity: Activity, who: Actor) -> Team:
    come_in(ports, who)
    team = run(ports, make_team, INES, activity.id, name=f"Team of {who.name}")
    return run(ports, place, INES, activity.id, who.person, team.id)


def states(ports: MemoryPorts) -> list[MergerState]:
    return [row.state for row in ports.rows(MERGERS)]


# --- proposing ---


def test_two_small_teams_are_proposed_to_each_other_once_teams_are_fixed() -> None:
    ports = world()
    _activity, blue, red = two_small(ports)
    ports.clock.move_to(START + timedelta(days=1))
    upkeep(ports)
    assert ports.rows(MERGERS) == []
    ports.clock.move_to(LOCKED)
    upkeep(ports)
    upkeep(ports)
    (merger,) = ports.rows(MERGERS)
    assert (merger.team, merger.into, merger.by) == (red.id, blue.id, "")
    assert merger.until == LOCKED + timedelta(days=3)
    assert told(ports, Kind.MERGER_PROPOSED) == {who.person for who in (*FOUR, INES)}


def test_where_learners_still_choose_a_small_team_has_a_week_to_fill_up() -> None:
    ports = world()
    two_small(ports, teams=replace(RULES, lock_at=None))
    ports.clock.move_to(START + timedelta(days=7, hours=20))
    come_in(ports, *FOUR)
    upkeep(ports)
    assert ports.rows(MERGERS) == []
    ports.clock.advance(days=1)
    upkeep(ports)
    assert len(ports.rows(MERGERS)) == 1


def test_a_team_that_shrank_because_people_are_away_counts_as_small() -> None:
    ports = world()
    activity, blue, _red = two_small(ports, blue=(AMARA, TOMAS, MEHMET))
    upkeep(ports)
    assert ports.rows(MERGERS) == []
    away(ports, activity, blue.id, MEHMET)
    with ports.transaction() as store:
        unit = unit_of(ports, store)
        (team_set,) = store.find(TEAM_SETS)
        found = {row.team.name: row.active for row in small_teams(unit, team_set)}
        assert found == {"Blue Ledger": 2, "Red Kites": 2}
        assert count_small(unit, team_set) == 2
    upkeep(ports)
    (merger,) = ports.rows(MERGERS)
    assert merger.into == blue.id


def test_absent_members_hold_their_seats_so_that_nothing_grows_above_the_maximum() -> None:
    ports = world()
    activity, blue, red = two_small(ports, blue=(AMARA, TOMAS, MEHMET), red=(LINH, SOFIA, JONAS))
    away(ports, activity, blue.id, MEHMET)
    away(ports, activity, red.id, JONAS)
    upkeep(ports)
    assert ports.rows(MERGERS) == []
    refused("merger_too_large", ports, propose_merger, INES, activity.id, blue.id, red.id, why="Small.")


def partners_of(ports: MemoryPorts, team: Team) -> list[str]:
    with ports.transaction() as store:
        (team_set,) = store.find(TEAM_SETS)
        return [row.name for row in partners(unit_of(ports, store), team_set, store.get(TEAMS, team.id))]


def test_a_team_that_handed_in_is_not_proposed_and_staff_cannot_either() -> None:
    ports = world()
    activity, blue, red = two_small(ports)
    hand_in(ports, activity, AMARA)
    upkeep(ports)
    assert ports.rows(MERGERS) == []
    refused("merger_handed_in", ports, propose_merger, INES, activity.id, red.id, blue.id, why="Small.")
    assert partners_of(ports, blue) == []
    assert partners_of(ports, red) == []


def test_what_was_handed_in_for_an_activity_that_is_over_stands_in_nobodys_way() -> None:
    ports = world()
    activity, _blue, red = two_small(ports)
    hand_in(ports, activity, LINH)
    an_assignment(ports, placed=SECOND, teams=RULES, steps=AFTERWARDS)
    ports.clock.move_to(DUE)
    come_in(ports, *FOUR)
    hand_in(ports, activity, AMARA)
    ports.clock.move_to(CLOSES + timedelta(days=1))
    come_in(ports, *FOUR, placed=SECOND)
    upkeep(ports)
    (merger,) = ports.rows(MERGERS)
    assert merger.team == red.id, "the team with the newer submission keeps its name"


def test_nobody_is_proposed_to_an_empty_team_or_one_in_which_nobody_is_active() -> None:
    ports = world()
    activity, blue, red = two_small(ports, red=(LINH,))
    empty = run(ports, make_team, INES, activity.id, name="Empty Shelf")
    away(ports, activity, red.id, LINH)
    upkeep(ports)
    assert ports.rows(MERGERS) == []
    refused("merger_empty", ports, propose_merger, INES, activity.id, blue.id, empty.id, why="Small.")
    run(ports, propose_merger, INES, activity.id, blue.id, red.id, why="Linh may come back.")


def test_staff_choose_a_partner_with_a_reason_and_nobody_else_proposes() -> None:
    ports = world()
    activity, blue, red = two_small(ports, blue=(AMARA, TOMAS, MEHMET))
    assert partners_of(ports, red) == ["Blue Ledger"]
    with pytest.raises(Invalid):
        run(ports, propose_merger, INES, activity.id, red.id, blue.id, why="  ")
    for who in (KWAME, AMARA):
        with pytest.raises(NotAllowed):
            run(ports, propose_merger, who, activity.id, red.id, blue.id, why="Small.")
    refused("merger_same", ports, propose_merger, INES, activity.id, red.id, red.id, why="Small.")
    with pytest.raises(NotFound):
        run(ports, propose_merger, INES, activity.id, red.id, "0" * 32, why="Small.")
    merger = run(ports, propose_merger, INES, activity.id, red.id, blue.id, why="Two are too few.")
    assert (merger.team, merger.into, merger.by) == (red.id, blue.id, INES.person)
    assert merger.why == "Two are too few."
    refused("merger_open", ports, propose_merger, INES, activity.id, red.id, blue.id, why="Again.")
    upkeep(ports)
    assert states(ports) == [MergerState.OPEN]


def test_the_larger_draft_keeps_the_name() -> None:
    ports = world()
    activity, blue, red = two_small(ports)
    with ports.transaction() as store:
        unit = unit_of(ports, store)
        (team_set,) = store.find(TEAM_SETS)
        assert [t.name for t in in_order(unit, team_set, blue, red)] == ["Red Kites", "Blue Ledger"]
    write(ports, activity, LINH, "Meters by night. " * 20, seen=1)
    with ports.transaction() as store:
        unit = unit_of(ports, store)
        assert [t.name for t in in_order(unit, team_set, blue, red)] == ["Blue Ledger", "Red Kites"]
        effect = effect_of(unit, team_set, blue, red)
    assert (effect.size, effect.active, effect.after, effect.apart) == (4, 4, None, False)


def test_many_small_teams_are_proposed_in_pairs_each_team_once() -> None:
    ports = world()
    activity = an_assignment(ports, teams=RULES)
    for number in range(9):
        a_team(ports, activity, actor(f"P{number}"), name=f"Lone {number}")
    ports.clock.move_to(LOCKED)
    upkeep(ports)
    rows = ports.rows(MERGERS)
    assert len(rows) == 4
    named = [team for row in rows for team in (row.team, row.into)]
    assert len(named) == len(set(named))


# --- deciding ---


@pytest.mark.parametrize(
    ("yes", "no", "active", "agrees", "against"),
    [
        (0, 0, 0, True, False),
        (1, 0, 1, True, False),
        (0, 1, 1, False, True),
        (1, 1, 2, False, False),
        (2, 0, 2, True, False),
        (2, 1, 3, True, False),
        (1, 2, 3, False, True),
        (2, 2, 4, False, False),
    ],
)
def test_more_than_half_of_a_sides_active_members_decide(
    yes: int, no: int, active: int, agrees: bool, against: bool
) -> None:
    assert has_majority(yes, active) is agrees
    assert is_refused(no, active) is against


def test_a_majority_on_both_sides_joins_the_teams() -> None:
    ports = world()
    activity, merger = proposed(ports)
    for who in (AMARA, TOMAS, LINH):
        after = run(ports, decide_merger, who, activity.id, merger.id, agrees=True)
        assert after.state is MergerState.OPEN
    after = run(ports, decide_merger, SOFIA, activity.id, merger.id, agrees=True)
    assert (after.state, after.decided_by) == (MergerState.DONE, SOFIA.person)
    blue, red = called(ports, "Blue Ledger"), called(ports, "Red Kites")
    assert (blue.size, blue.state) == (4, "active")
    assert (red.size, red.state, red.merged_into) == (0, "merged", blue.id)
    inside = {row.person for row in ports.rows(MEMBERSHIPS, team=blue.id)}
    assert inside == {who.person for who in FOUR}
    log = ports.rows(MEMBERSHIP_EVENTS, person=LINH.person)
    pair = {(row.team, row.event) for row in log if row.at == LOCKED}
    assert pair == {(red.id, Happened.LEFT), (blue.id, Happened.MERGED)}
    assert {AMARA.person, TOMAS.person, LINH.person} <= told(ports, Kind.TEAMS_MERGED)


def test_more_noes_than_half_of_one_side_end_the_proposal_and_the_pair_is_left_in_peace() -> None:
    ports = world()
    activity, merger = proposed(ports)
    for agrees in (False, True, False):  # thought better of it, twice
        run(ports, decide_merger, LINH, activity.id, merger.id, agrees=agrees)
    after = run(ports, decide_merger, SOFIA, activity.id, merger.id, agrees=False)
    assert after.state is MergerState.REFUSED
    assert len(ports.rows(MERGER_VOTES)) == 2
    assert called(ports, "Red Kites").size == 2
    upkeep(ports)
    assert len(ports.rows(MERGERS)) == 1
    refused("merger_over", ports, decide_merger, AMARA, activity.id, merger.id, agrees=True)


def test_only_active_members_of_the_two_teams_have_a_say() -> None:
    ports = world()
    activity, merger = proposed(ports)
    alone(ports, activity, MEHMET)
    for who in (MEHMET, INES, NOOR):
        with pytest.raises(NotAllowed):
            run(ports, decide_merger, who, activity.id, merger.id, agrees=True)
    away(ports, activity, merger.team, SOFIA)
    refused("back_first", ports, decide_merger, SOFIA, activity.id, merger.id, agrees=True)
    for who in (AMARA, TOMAS, LINH):
        after = run(ports, decide_merger, who, activity.id, merger.id, agrees=True)
    assert after.state is MergerState.DONE
    (sofia,) = ports.rows(MEMBERSHIPS, team=merger.into, person=SOFIA.person)
    assert not sofia.active
    assert run(ports, say_present, SOFIA, activity.id).active


def test_a_proposal_of_another_set_is_not_found() -> None:
    ports = world()
    _activity, merger = proposed(ports)
    other = an_assignment(ports, AMARA, placed=SECOND, teams=replace(RULES, name="elsewhere"))
    with pytest.raises(NotFound):
        run(ports, decide_merger, AMARA, other.id, merger.id, agrees=True)
    with pytest.raises(NotFound):
        run(ports, settle_merger, INES, other.id, merger.id, join=False, reason="No.")


def test_a_side_that_has_gone_silent_is_agreed_to_by_itself() -> None:
    ports = world()
    activity, merger = proposed(ports)
    run(ports, decide_merger, AMARA, activity.id, merger.id, agrees=True)
    run(ports, decide_merger, TOMAS, activity.id, merger.id, agrees=True)
    for who in (LINH, SOFIA):
        away(ports, activity, merger.team, who)
    upkeep(ports)
    assert states(ports) == [MergerState.DONE]


def test_after_three_days_the_instructor_decides_and_not_before() -> None:
    ports = world()
    activity, merger = proposed(ports)
    run(ports, decide_merger, AMARA, activity.id, merger.id, agrees=True)
    refused("merger_early", ports, settle_merger, INES, activity.id, merger.id, join=True, reason="Small.")
    ports.clock.advance(days=3)
    upkeep(ports)
    assert states(ports) == [MergerState.OPEN], "the last second counts"
    ports.clock.advance(seconds=1)
    refused("merger_over", ports, decide_merger, TOMAS, activity.id, merger.id, agrees=True)
    upkeep(ports)
    assert states(ports) == [MergerState.STAFF]
    assert told(ports, Kind.MERGER_WAITS) == {INES.person}
    with pytest.raises(Invalid):
        run(ports, settle_merger, INES, activity.id, merger.id, join=True, reason="")
    with pytest.raises(NotAllowed):
        run(ports, settle_merger, KWAME, activity.id, merger.id, join=True, reason="Small.")
    after = run(ports, settle_merger, INES, activity.id, merger.id, join=True, reason="Two are too few.")
    assert (after.state, after.decided_by) == (MergerState.DONE, INES.person)
    refused("merger_over", ports, settle_merger, INES, activity.id, merger.id, join=False, reason="No.")


def test_the_instructor_refuses_at_any_time_with_a_reason_that_both_teams_read() -> None:
    ports = world()
    activity, merger = proposed(ports)
    why = "Others come on Monday."
    after = run(ports, settle_merger, INES, activity.id, merger.id, join=False, reason=why)
    assert after.state is MergerState.REFUSED
    assert told(ports, Kind.MERGER_REFUSED) >= {who.person for who in FOUR}
    rows = [row for row in ports.rows(NOTICES) if row.kind is Kind.MERGER_REFUSED]
    assert {row.detail["reason"] for row in rows} == {why}


def test_a_proposal_by_itself_is_moot_once_both_teams_are_large_enough() -> None:
    ports = world()
    activity, merger = proposed(ports, teams=replace(RULES, max=6))
    for who, team in ((MEHMET, merger.team), (JONAS, merger.into)):
        come_in(ports, who)
        run(ports, place, INES, activity.id, who.person, team)
    upkeep(ports)
    assert states(ports) == [MergerState.MOOT]
    refused("merger_over", ports, decide_merger, AMARA, activity.id, merger.id, agrees=True)


def test_a_proposal_is_moot_when_a_team_hands_in_meanwhile() -> None:
    ports = world()
    activity, merger = proposed(ports)
    hand_in(ports, activity, LINH)
    for who in (AMARA, TOMAS, LINH):
        run(ports, decide_merger, who, activity.id, merger.id, agrees=True)
    refused("merger_handed_in", ports, decide_merger, SOFIA, activity.id, merger.id, agrees=True)
    upkeep(ports)
    assert states(ports) == [MergerState.MOOT]


# --- what is joined, and what is not ---


def test_what_waited_for_the_other_team_is_closed() -> None:
    ports = world()
    activity, _blue, red = two_small(ports, teams=replace(RULES, lock_at=None))
    come_in(ports, MEHMET, JONAS)
    ports.clock.move_to(START + timedelta(days=9))
    come_in(ports, *FOUR)
    upkeep(ports)
    (merger,) = ports.rows(MERGERS)
    run(ports, ask_to_join, MEHMET, activity.id, red.id)
    with ports.transaction() as store:
        unit = unit_of(ports, store)
        store.add(WAITING, Waiting(unit.new_id(), red.team_set, red.id, JONAS.person, unit.now))
    all_agree(ports, activity, merger)
    assert ports.rows(WAITING) == []
    assert [row.state for row in ports.rows(ASKINGS)] == ["withdrawn"]
    with pytest.raises(NotFound):
        run(ports, join_team, MEHMET, activity.id, red.id)
    refused("name_taken", ports, found_team, MEHMET, activity.id, name="Red Kites")


def test_a_merged_teams_draft_is_never_sealed_or_missed_and_stays_as_it_was() -> None:
    ports = world()
    _activity, merger = merged(ports)
    (work,) = ports.rows(WORKS, team=merger.team)
    before = ports.rows(DRAFTS, work=work.id)
    ports.clock.move_to(CLOSES + timedelta(days=1))
    upkeep(ports)
    (work,) = ports.rows(WORKS, team=merger.team)
    assert (work.state, work.submission, work.reason) == (WorkState.EXCUSED, "", "merged")
    assert ports.rows(DRAFTS, work=work.id) == before
    (kept,) = ports.rows(WORKS, team=merger.into)
    assert kept.state is WorkState.SUBMITTED


def test_only_those_who_were_there_and_staff_read_what_the_merged_team_wrote() -> None:
    ports = world()
    activity, merger = merged(ports)
    come_in(ports, MEHMET)
    run(ports, place, INES, activity.id, MEHMET.person, merger.into)
    for who in (LINH, SOFIA, INES, KWAME):
        left = run(ports, read_left_draft, who, activity.id, merger.team)
        assert left.draft.texts["where"] == "Meters by night."
        assert (left.team.name, left.into.name) == ("Red Kites", "Blue Ledger")
    version = left.versions[-1].id
    assert run(ports, read_left_draft, LINH, activity.id, merger.team, version=version).draft.number == 1
    for_another, looking = replace(KWAME, teams=(merger.into,)), replace(LINH, looks_on=True)
    for who in (AMARA, TOMAS, MEHMET, NOOR, for_another, looking):
        with pytest.raises(NotAllowed):
            run(ports, read_left_draft, who, activity.id, merger.team)
    with pytest.raises(NotFound):
        run(ports, read_left_draft, INES, activity.id, merger.into)
    (work,) = ports.rows(WORKS, team=merger.into)
    (foreign,) = ports.rows(DRAFT_VERSIONS, work=work.id)
    with pytest.raises(NotFound):
        run(ports, read_left_draft, LINH, activity.id, merger.team, version=foreign.id)


def test_somebody_who_had_left_before_the_merger_does_not_read_it_and_who_leaves_after_still_does() -> None:
    ports = world()
    activity, _blue, red = two_small(ports, red=(LINH, SOFIA, MEHMET))
    run(ports, take_out, INES, activity.id, MEHMET.person)
    upkeep(ports)
    (merger,) = ports.rows(MERGERS)
    all_agree(ports, activity, merger)
    with pytest.raises(NotAllowed):
        run(ports, read_left_draft, MEHMET, activity.id, red.id)
    run(ports, take_out, INES, activity.id, LINH.person)
    assert run(ports, read_left_draft, LINH, activity.id, red.id).draft.texts
    with ports.transaction() as store:
        unit = unit_of(ports, store)
        assert [t.name for t in left_teams(unit, red.team_set, LINH.person)] == ["Red Kites"]
        assert left_teams(unit, red.team_set, MEHMET.person) == []


def test_a_team_that_took_others_in_can_itself_be_merged_and_everybody_keeps_their_past() -> None:
    ports = world()
    activity, first = merged(ports, teams=replace(RULES, min=5, ideal=5, max=6))
    green = alone(ports, activity, MEHMET)
    second = run(ports, propose_merger, INES, activity.id, green.id, first.into, why="One is too few.")
    for who in (AMARA, TOMAS, LINH, MEHMET):
        run(ports, decide_merger, who, activity.id, second.id, agrees=True)
    assert called(ports, "Blue Ledger").size == 5
    assert run(ports, read_left_draft, LINH, activity.id, first.team).draft.texts


def test_nobody_loses_time_they_were_promised() -> None:
    ports = world()
    activity, _blue, red = two_small(ports)
    later = DUE + timedelta(days=4)
    run(ports, extend, INES, activity.id, team=red.id, due=later, reason="Power cuts.")
    upkeep(ports)
    (merger,) = ports.rows(MERGERS)
    all_agree(ports, activity, merger)
    given = {row.person or row.team: row.due for row in ports.rows(EXTENSIONS)}
    assert given == dict.fromkeys((red.id, LINH.person, SOFIA.person), later)


def test_a_team_with_more_time_where_the_others_are_done_stays_as_it_is() -> None:
    ports = world()
    activity, blue, red = two_small(ports)
    longer = DUE + timedelta(days=20)
    run(ports, extend, INES, activity.id, person=LINH.person, due=longer, reason="Ill.")
    an_assignment(ports, placed=SECOND, teams=RULES, steps=AFTERWARDS)
    ports.clock.move_to(CLOSES + timedelta(days=1))
    come_in(ports, *FOUR, placed=SECOND)
    upkeep(ports)
    assert ports.rows(MERGERS) == []
    refused("merger_handed_in", ports, propose_merger, INES, activity.id, blue.id, red.id, why="Small.")


def test_old_submissions_stay_with_those_whose_names_stand_on_them() -> None:
    ports = world()
    activity, blue, red = two_small(ports)
    submission = hand_in(ports, activity, AMARA)
    ports.clock.advance(hours=1)
    hand_in(ports, activity, LINH)  # the newer one: Red Kites keeps its name
    second = an_assignment(ports, placed=SECOND, teams=RULES, steps=AFTERWARDS)
    ports.clock.move_to(CLOSES + timedelta(days=1))
    come_in(ports, *FOUR, placed=SECOND)
    upkeep(ports)
    (merger,) = ports.rows(MERGERS)
    assert (merger.team, merger.into) == (blue.id, red.id)
    all_agree(ports, second, merger)
    for who in (AMARA, TOMAS, INES):
        assert run(ports, read_submission, who, activity.id, submission).team == blue.id
    for who in (LINH, SOFIA):
        with pytest.raises(NotAllowed):
            run(ports, read_submission, who, activity.id, submission)


def test_who_votes_what_is_told_to_nobody() -> None:
    ports = world()
    activity, merger = proposed(ports)
    run(ports, decide_merger, LINH, activity.id, merger.id, agrees=False)
    with ports.transaction() as store:
        view = look_at_merger(unit_of(ports, store), activity, merger, SOFIA.person)
    assert (view.mine, view.team.yes, view.team.no, view.size, view.active) == (None, 0, 1, 4, 4)
    assert not [row for row in ports.rows(EVENTS) if row.by == LINH.person and "merg" in row.kind.value]


def test_open_tasks_go_with_the_joined_team_and_the_rest_stays_with_those_who_made_it() -> None:
    ports = world()
    activity, merger = proposed(ports, charter=Charter((CharterPart("meet", "When we meet"),)))
    gone, writer = merger.team, LINH
    run(ports, add_task, writer, activity.id, TaskWish("Draw the map"))
    done = run(ports, add_task, writer, activity.id, TaskWish("Measure"))
    run(ports, set_state, writer, activity.id, done.id, TaskState.DONE)
    run(ports, begin_thread, writer, activity.id, title="Plans", text="We begin at the pump.")
    run(ports, save_charter, writer, activity.id, {"meet": "On Mondays."}, seen=0)
    (file,) = add_team_files(ports, writer, activity.id, [("a.txt", io.BytesIO(b"ours"))], limit=100)
    all_agree(ports, activity, merger)

    tasks = {row.title: row.team for row in ports.rows(TASKS)}
    assert tasks == {"Draw the map": merger.into, "Measure": gone}
    left = run(ports, read_left_draft, writer, activity.id, gone)
    assert [post.text for post in left.posts] == ["We begin at the pump."]
    assert [row.name for row in left.files] == ["a.txt"]
    assert left.charter
    assert left.charter.texts == {"meet": "On Mondays."}
    assert open_file(ports, writer, COURSE, file.id)[1].read() == b"ours"
    assert run(ports, read_left_draft, SOFIA, activity.id, gone).posts
    for who in (AMARA, TOMAS):
        with pytest.raises(NotAllowed):
            run(ports, read_left_draft, who, activity.id, gone)
        with pytest.raises(NotAllowed):
            open_file(ports, who, COURSE, file.id)
