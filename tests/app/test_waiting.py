"""Waiting lists and the seeking board: who moves up, who may say no, and what is gone then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from coursecrew.app.activities import save_settings
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import exclude
from coursecrew.app.records import CARDS, MEMBERSHIP_EVENTS, MEMBERSHIPS, NOTICES, TEAMS, WAITING
from coursecrew.app.teams import (
    decline_seat,
    join_team,
    leave_team,
    place,
    post_card,
    promoted_at,
    remove_card,
    standing,
    stop_waiting,
    take_out,
    wait_for_seat,
)
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity, TeamRules
from coursecrew.domain.errors import Refusal
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor
from coursecrew.domain.teams import Happened, Team
from coursecrew.ui.mail import compose
from tests.builders import (
    AMARA,
    INES,
    LINH,
    MEHMET,
    SOFIA,
    START,
    TOMAS,
    a_team,
    an_assignment,
    settings,
    world,
)

LOCK = START + timedelta(days=2)
PAIR = TeamRules(name="districts", min=1, ideal=2, max=2, lock_at=LOCK)


def a_full_team(*waiting: Actor) -> tuple[MemoryPorts, Activity, Team]:
    ports = world()
    activity = an_assignment(ports, LINH, SOFIA, MEHMET, teams=PAIR)
    team = a_team(ports, activity, AMARA, TOMAS)
    for who in waiting:
        run(ports, wait_for_seat, who, activity.id, team.id)
    return ports, activity, team


def inside(ports: MemoryPorts, team: Team) -> set[str]:
    return {row.person for row in ports.rows(MEMBERSHIPS, team=team.id)}


def refused(code: str, *call: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        run(*call, **more)
    assert caught.value.code == code
    return caught.value


def test_who_moved_up_may_decline_after_the_lock_and_the_next_one_moves_up() -> None:
    ports, activity, team = a_full_team(LINH, SOFIA)
    ports.clock.move_to(LOCK - timedelta(hours=1))
    run(ports, leave_team, TOMAS, activity.id)
    assert inside(ports, team) == {AMARA.person, LINH.person}
    ports.clock.move_to(LOCK + timedelta(hours=22))
    refused("teams_locked", ports, leave_team, LINH, activity.id)
    run(ports, decline_seat, LINH, activity.id)
    assert inside(ports, team) == {AMARA.person, SOFIA.person}
    deliver_all(ports, compose=compose)
    assert {n.person for n in ports.rows(NOTICES) if n.kind is Kind.SEAT_FREED} == {LINH.person, SOFIA.person}
    log = [(row.event, row.reason) for row in ports.rows(MEMBERSHIP_EVENTS, person=LINH.person)]
    assert log[-2:] == [(Happened.PROMOTED, "waiting list"), (Happened.LEFT, "declined a seat")]


@pytest.mark.parametrize(
    ("after", "may"), [(timedelta(hours=24), True), (timedelta(hours=24, seconds=1), False)]
)
def test_a_seat_can_be_declined_for_24_hours_the_last_second_included(after, may) -> None:
    ports, activity, _team = a_full_team(LINH)
    run(ports, leave_team, TOMAS, activity.id)
    ports.clock.move_to(START + timedelta(days=1) + after)
    assert (run(ports, moved_up, LINH, activity) is not None) is may
    if may:
        run(ports, decline_seat, LINH, activity.id)
    else:
        refused("decline_over", ports, decline_seat, LINH, activity.id)


def moved_up(unit, who, activity):
    return promoted_at(unit, standing(unit, who, activity))


def test_only_a_seat_from_a_waiting_list_can_be_declined() -> None:
    ports, activity, team = a_full_team()
    refused("decline_over", ports, decline_seat, AMARA, activity.id)
    refused("not_allowed", ports, decline_seat, LINH, activity.id)
    # Moved up once, left, and joined again by an own press: that seat was chosen.
    run(ports, wait_for_seat, LINH, activity.id, team.id)
    run(ports, leave_team, TOMAS, activity.id)
    run(ports, leave_team, LINH, activity.id)
    ports.clock.move_to(START + timedelta(days=1, hours=1))
    run(ports, join_team, LINH, activity.id, team.id)
    refused("decline_over", ports, decline_seat, LINH, activity.id)


def test_two_seats_freed_at_once_go_to_the_two_who_wait_longest() -> None:
    ports, activity, team = a_full_team(MEHMET, LINH, SOFIA)
    run(ports, take_out, INES, activity.id, AMARA.person)
    run(ports, take_out, INES, activity.id, TOMAS.person)
    assert inside(ports, team) == {MEHMET.person, LINH.person}
    assert [row.person for row in ports.rows(WAITING)] == [SOFIA.person]


def test_a_larger_size_makes_seats_for_those_who_wait() -> None:
    ports, activity, team = a_full_team(MEHMET, LINH, SOFIA)
    larger = settings(teams=TeamRules(name="districts", min=1, ideal=2, max=4, lock_at=LOCK))
    run(ports, save_settings, INES, activity.id, larger, seen=activity.settings_number)
    upkeep(ports)
    assert inside(ports, team) == {AMARA.person, TOMAS.person, MEHMET.person, LINH.person}
    assert ports.rows(TEAMS, id=team.id)[0].size == 4
    upkeep(ports)
    assert [row.person for row in ports.rows(WAITING)] == [SOFIA.person]


def test_somebody_who_takes_no_part_any_more_is_passed_over() -> None:
    ports, activity, team = a_full_team(LINH, SOFIA)
    run(ports, exclude, INES, activity.id, LINH.person, reason="Left the university")
    run(ports, leave_team, TOMAS, activity.id)
    assert inside(ports, team) == {AMARA.person, SOFIA.person}


def test_whoever_leaves_a_list_is_not_moved_up_and_may_come_back_at_its_end() -> None:
    ports, activity, team = a_full_team(LINH, SOFIA)
    run(ports, stop_waiting, LINH, activity.id, team.id)
    run(ports, stop_waiting, LINH, activity.id, team.id)
    run(ports, wait_for_seat, LINH, activity.id, team.id)
    assert [row.person for row in ports.rows(WAITING)] == [SOFIA.person, LINH.person]
    run(ports, leave_team, TOMAS, activity.id)
    assert inside(ports, team) == {AMARA.person, SOFIA.person}


def test_nobody_leaves_a_list_for_somebody_else() -> None:
    ports, activity, team = a_full_team(LINH)
    run(ports, stop_waiting, SOFIA, activity.id, team.id)
    assert [row.person for row in ports.rows(WAITING)] == [LINH.person]


@pytest.mark.parametrize("how", ["joins", "is placed", "moves up"])
def test_a_card_is_gone_when_its_person_is_placed(how: str) -> None:
    ports, activity, team = a_full_team()
    run(ports, post_card, LINH, activity.id, pitch="I read meters.", skills="R", hours="evenings")
    other = a_team(ports, activity, SOFIA, name="Copper Line")
    if how == "joins":
        run(ports, join_team, LINH, activity.id, other.id)
    elif how == "is placed":
        run(ports, place, INES, activity.id, LINH.person, other.id)
    else:
        run(ports, wait_for_seat, LINH, activity.id, team.id)
        run(ports, leave_team, TOMAS, activity.id)
    assert ports.rows(CARDS) == []
    assert ports.rows(WAITING) == []


def test_a_card_says_280_signs_and_is_taken_down_by_its_writer() -> None:
    ports, activity, _team = a_full_team()
    refused("invalid", ports, post_card, LINH, activity.id, pitch="x" * 281)
    refused("invalid", ports, post_card, LINH, activity.id, pitch="  ")
    run(ports, post_card, LINH, activity.id, pitch="x" * 280)
    run(ports, post_card, LINH, activity.id, pitch="Better.", skills="R")
    (card,) = ports.rows(CARDS)
    assert (card.pitch, card.skills) == ("Better.", "R")
    run(ports, remove_card, SOFIA, activity.id)
    assert len(ports.rows(CARDS)) == 1
    run(ports, remove_card, LINH, activity.id)
    assert ports.rows(CARDS) == []
