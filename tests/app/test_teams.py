from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coursecrew.app.activities import note_person
from coursecrew.app.records import MEMBERSHIP_EVENTS, MEMBERSHIPS, NOTICES, TEAMS, WAITING
from coursecrew.app.teams import (
    WhyNoTeam,
    answer_asking,
    ask_to_join,
    found_team,
    invite,
    join_team,
    leave_team,
    make_team,
    place,
    post_card,
    split_evenly,
    standing,
    take_out,
    wait_for_seat,
)
from coursecrew.app.unit_of_work import once, run
from coursecrew.domain.activities import JoinRule, TeamRules
from coursecrew.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TeamFull
from coursecrew.domain.people import Role
from coursecrew.domain.teams import Happened, members_at
from tests.builders import (
    AMARA,
    INES,
    KWAME,
    LINH,
    MEHMET,
    SOFIA,
    START,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    world,
)

PAIR = TeamRules(name="districts", min=1, ideal=2, max=2)


def refused(code: str, *call: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        run(*call, **more)
    assert caught.value.code == code
    return caught.value


def test_a_founder_is_the_first_member_and_leads() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA)
    team = run(ports, found_team, AMARA, activity.id, name="  Blue   Ledger ")
    assert (team.name, team.size, team.leader) == ("Blue Ledger", 1, AMARA.person)
    assert run(ports, standing, AMARA, activity).team == team


def test_a_taken_name_is_refused_whatever_its_letter_case_and_gives_suggestions() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    a_team(ports, activity, AMARA, name="Blue Ledger")
    refusal = refused("name_taken", ports, found_team, TOMAS, activity.id, name="BLUE ledger")
    assert refusal.values["suggestions"] == ["BLUE ledger 2", "BLUE ledger North", "BLUE ledger South"]


def test_a_full_team_refuses_and_its_waiting_list_moves_up_when_a_seat_is_freed() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS, LINH, SOFIA, teams=PAIR)
    team = a_team(ports, activity, AMARA, TOMAS)
    refused("team_full", ports, join_team, LINH, activity.id, team.id)
    run(ports, wait_for_seat, LINH, activity.id, team.id)
    run(ports, wait_for_seat, SOFIA, activity.id, team.id)
    run(ports, leave_team, TOMAS, activity.id, reason="other plans")
    assert {row.person for row in ports.rows(MEMBERSHIPS)} == {AMARA.person, LINH.person}
    assert [row.person for row in ports.rows(WAITING)] == [SOFIA.person]
    promoted = [row for row in ports.rows(MEMBERSHIP_EVENTS) if row.event is Happened.PROMOTED]
    assert [row.person for row in promoted] == [LINH.person]


def test_somebody_placed_elsewhere_is_skipped_on_the_waiting_list() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS, LINH, SOFIA, teams=PAIR)
    team = a_team(ports, activity, AMARA, TOMAS)
    run(ports, wait_for_seat, LINH, activity.id, team.id)
    run(ports, wait_for_seat, SOFIA, activity.id, team.id)
    run(ports, found_team, LINH, activity.id, name="Night Shift")
    run(ports, leave_team, TOMAS, activity.id)
    assert run(ports, standing, SOFIA, activity).team.id == team.id


def test_a_fourth_waiting_list_is_refused() -> None:
    ports = world()
    solo = replace(PAIR, ideal=1, max=1)
    activity = an_assignment(ports, AMARA, TOMAS, LINH, SOFIA, MEHMET, teams=solo)
    full = [a_team(ports, activity, who, name=who.name) for who in (AMARA, TOMAS, LINH, SOFIA)]
    for team in full[:3]:
        run(ports, wait_for_seat, MEHMET, activity.id, team.id)
    refused("too_many_lists", ports, wait_for_seat, MEHMET, activity.id, full[3].id)


def test_the_log_tells_who_was_in_a_team_at_any_moment() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    team = a_team(ports, activity, AMARA, TOMAS)
    both = ports.clock.now()
    ports.clock.advance(days=1)
    run(ports, leave_team, TOMAS, activity.id)
    log = ports.rows(MEMBERSHIP_EVENTS)
    assert members_at(log, team.id, both) == {AMARA.person, TOMAS.person}
    assert members_at(log, team.id, ports.clock.now()) == {AMARA.person}


def test_moving_somebody_leaves_one_open_membership_and_a_row_pair_in_the_log() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS, LINH)
    a_team(ports, activity, AMARA, TOMAS)
    other = a_team(ports, activity, LINH, name="Night Shift")
    run(ports, place, INES, activity.id, TOMAS.person, other.id, reason="asked for it")
    mine = [row for row in ports.rows(MEMBERSHIPS) if row.person == TOMAS.person]
    assert [row.team for row in mine] == [other.id]
    events = [row.event for row in ports.rows(MEMBERSHIP_EVENTS) if row.person == TOMAS.person]
    assert events == [Happened.JOINED, Happened.LEFT, Happened.MOVED]
    assert sorted(team.size for team in ports.rows(TEAMS)) == [1, 2]


def test_an_invitation_opens_a_closed_team_and_a_request_is_answered_by_any_member() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS, LINH)
    team = run(ports, found_team, AMARA, activity.id, name="Blue Ledger", is_open=False)
    refused("team_closed", ports, join_team, TOMAS, activity.id, team.id)
    run(ports, invite, AMARA, activity.id, TOMAS.person)
    run(ports, join_team, TOMAS, activity.id, team.id)
    asking = run(ports, ask_to_join, LINH, activity.id, team.id)
    run(ports, answer_asking, TOMAS, activity.id, asking.id, accept=True)
    assert run(ports, standing, LINH, activity).team.id == team.id


def test_nobody_else_may_answer_an_invitation() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS, LINH)
    a_team(ports, activity, AMARA)
    asking = run(ports, invite, AMARA, activity.id, TOMAS.person)
    with pytest.raises(NotAllowed):
        run(ports, answer_asking, LINH, activity.id, asking.id, accept=True)


def test_an_invitation_expires_after_seven_days() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    a_team(ports, activity, AMARA)
    asking = run(ports, invite, AMARA, activity.id, TOMAS.person)
    ports.clock.advance(days=7, seconds=1)
    refused("asking_over", ports, answer_asking, TOMAS, activity.id, asking.id, accept=True)


def test_after_the_lock_only_staff_move_people_and_latecomers_read_why() -> None:
    ports = world()
    locked = replace(PAIR, lock_at=START + timedelta(days=3), max=4)
    activity = an_assignment(ports, AMARA, TOMAS, LINH, teams=locked)
    team = a_team(ports, activity, AMARA)
    ports.clock.advance(days=5)
    refused("teams_locked", ports, join_team, TOMAS, activity.id, team.id)
    refused("teams_locked", ports, leave_team, AMARA, activity.id)
    assert run(ports, standing, TOMAS, activity).why_none is WhyNoTeam.LOCKED
    come_in(ports, SOFIA)
    assert run(ports, standing, SOFIA, activity).why_none is WhyNoTeam.JOINED_LATE
    run(ports, place, INES, activity.id, SOFIA.person, team.id)
    assert run(ports, standing, SOFIA, activity).team.id == team.id


def test_before_the_publish_date_learners_see_nothing() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, teams=replace(PAIR, publish_at=START + timedelta(days=9)))
    assert run(ports, standing, AMARA, activity).why_none is WhyNoTeam.NOT_PUBLISHED
    refused("teams_not_published", ports, found_team, AMARA, activity.id, name="Early Birds")


def test_where_staff_place_learners_cannot_choose() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, teams=replace(PAIR, join=JoinRule.STAFF))
    assert run(ports, standing, AMARA, activity).why_none is WhyNoTeam.STAFF_PLACES
    refused("staff_places", ports, found_team, AMARA, activity.id, name="Own Choice")


def test_an_even_split_places_everybody_once_in_sizes_that_differ_by_one() -> None:
    ports = world()
    people = [actor(f"p{n}") for n in range(11)]
    activity = an_assignment(ports, *people, teams=TeamRules(name="districts", min=3, ideal=4, max=5))
    made = run(ports, split_evenly, INES, activity.id)
    assert sorted(team.size for team in made) == [3, 4, 4]
    assert {row.person for row in ports.rows(MEMBERSHIPS)} == {person.person for person in people}
    assert run(ports, split_evenly, INES, activity.id) == []


def test_an_impossible_split_says_so_and_changes_nothing() -> None:
    ports = world()
    people = [actor(f"p{n}") for n in range(7)]
    activity = an_assignment(ports, *people, teams=TeamRules(name="districts", min=4, ideal=4, max=5))
    with pytest.raises(Invalid) as caught:
        run(ports, split_evenly, INES, activity.id)
    assert caught.value.problems[0].code == "sizes_impossible"
    assert not ports.rows(MEMBERSHIPS)


def test_a_split_of_nobody_makes_no_team_and_of_one_person_one_team() -> None:
    ports = world()
    activity = an_assignment(ports)
    assert run(ports, split_evenly, INES, activity.id) == []
    come_in(ports, AMARA)
    assert [team.size for team in run(ports, split_evenly, INES, activity.id)] == [1]


def test_a_learner_may_not_place_anybody_and_a_ta_neither() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    team = a_team(ports, activity, AMARA)
    for somebody in (AMARA, KWAME):
        with pytest.raises(NotAllowed):
            run(ports, place, somebody, activity.id, TOMAS.person, team.id)
        with pytest.raises(NotAllowed):
            run(ports, make_team, somebody, activity.id, name="Mine")


def test_somebody_once_staff_looks_around_but_never_enters_a_team() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA)
    come_in(ports, actor("Kwame", Role.TA))
    as_learner = actor("Kwame", Role.LEARNER)
    come_in(ports, as_learner)
    assert run(ports, standing, as_learner, activity).why_none is WhyNoTeam.LOOKS_ON
    with pytest.raises(NotAllowed):
        run(ports, found_team, as_learner, activity.id, name="Staff Team")
    made = run(ports, split_evenly, INES, activity.id)
    assert {row.person for row in ports.rows(MEMBERSHIPS)} == {AMARA.person}
    assert [team.size for team in made] == [1]


def test_a_card_on_the_board_goes_when_its_person_is_placed() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    run(ports, post_card, TOMAS, activity.id, pitch="I know budgets.", skills="Excel", hours="evenings")
    team = a_team(ports, activity, AMARA)
    run(ports, join_team, TOMAS, activity.id, team.id)
    from coursecrew.app.records import CARDS

    assert ports.rows(CARDS) == []


def test_the_same_request_key_joins_once_and_answers_the_same() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    team = a_team(ports, activity, AMARA)
    first = once(ports, TOMAS.person, "key-1", join_team, TOMAS, activity.id, team.id)
    second = once(ports, TOMAS.person, "key-1", join_team, TOMAS, activity.id, team.id)
    assert (first.id, first.size) == (second.id, second.size) == (team.id, 2)


def test_a_team_of_another_set_is_not_found() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    from tests.builders import PLACED

    other = an_assignment(
        ports, AMARA, TOMAS, placed=replace(PLACED, place="place-2", name="other"),
        teams=replace(PAIR, name="others"),
    )  # fmt: skip
    team = a_team(ports, other, AMARA, name="Elsewhere")
    with pytest.raises(NotFound):
        run(ports, join_team, TOMAS, activity.id, team.id)


def test_taking_somebody_out_keeps_their_history() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    a_team(ports, activity, AMARA, TOMAS)
    run(ports, take_out, INES, activity.id, TOMAS.person, reason="left the course")
    assert [row.reason for row in ports.rows(MEMBERSHIP_EVENTS) if row.event is Happened.REMOVED] == [
        "left the course"
    ]


def test_a_person_is_noted_once_and_staff_are_remembered_for_ever() -> None:
    ports = world()
    an_assignment(ports)
    first = run(ports, note_person, KWAME)
    again = run(ports, note_person, replace(KWAME, role=Role.LEARNER))
    assert first.id == again.id
    assert again.once_staff
    assert not again.takes_part


def test_joining_tells_the_team_but_not_the_one_who_joined() -> None:
    from coursecrew.app.outbox import deliver_all

    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    a_team(ports, activity, AMARA, TOMAS)
    deliver_all(ports, compose=lambda *_: pytest.fail("joining sends no mail"))
    told = {row.person for row in ports.rows(NOTICES) if row.kind.value == "team_joined"}
    assert told == {AMARA.person}


def test_a_double_join_is_refused_with_the_team_one_has() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS, LINH)
    a_team(ports, activity, AMARA, TOMAS)
    other = a_team(ports, activity, LINH, name="Night Shift")
    refusal = refused("already_in_team", ports, join_team, TOMAS, activity.id, other.id)
    assert isinstance(refusal, Conflict)
    assert refusal.values["name"] == "Blue Ledger"


def test_team_full_says_how_many_seats_there_are() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS, LINH, teams=PAIR)
    team = a_team(ports, activity, AMARA, TOMAS)
    with pytest.raises(TeamFull) as caught:
        run(ports, join_team, LINH, activity.id, team.id)
    assert (caught.value.values["size"], caught.value.values["max"]) == (2, 2)
