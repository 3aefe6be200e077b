from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coursecrew.app.activities import save_settings
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import mark_gone
from coursecrew.app.records import MEMBERSHIPS, NOTICES, PARTICIPANTS, ROLE_TURNS
from coursecrew.app.team_roles import give_roles, look_at_roles, rotate_roles
from coursecrew.app.teams import leave_team, mark_presence, place
from coursecrew.app.unit_of_work import UnitOfWork, once, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Refusal
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Source
from coursecrew.domain.teams import Team
from coursecrew.ui.mail import compose
from tests.builders import (
    AMARA,
    COURSE,
    INES,
    LINH,
    SOFIA,
    START,
    TOMAS,
    a_team,
    an_assignment,
    settings,
    world,
)

ROLES = ("Facilitator", "Recorder")


def a_team_of_three(**changes: Any) -> tuple[MemoryPorts, Activity, Team]:
    ports = world()
    activity = an_assignment(ports, SOFIA, **{"team_roles": ROLES, **changes})
    return ports, activity, a_team(ports, activity, AMARA, TOMAS, LINH)


def refused(code: str, *call: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        run(*call, **more)
    assert caught.value.code == code
    return caught.value


def duties(ports: MemoryPorts) -> dict[str, str]:
    return {row.person: row.duty for row in ports.rows(MEMBERSHIPS) if row.duty}


def record(ports: MemoryPorts) -> list[tuple[str, str, bool]]:
    return [(turn.role, turn.person, turn.until is None) for turn in ports.rows(ROLE_TURNS)]


def test_any_member_gives_roles_and_cards_show_them() -> None:
    ports, activity, _team = a_team_of_three()
    run(ports, give_roles, TOMAS, activity.id, {"Facilitator": AMARA.person, "Recorder": AMARA.person})
    assert duties(ports) == {AMARA.person: "Facilitator, Recorder"}
    deliver_all(ports, compose=compose)
    assert {n.person for n in ports.rows(NOTICES) if n.kind is Kind.ROLES_CHANGED} == {
        AMARA.person,
        LINH.person,
    }


def test_a_change_ends_the_old_turn_and_the_record_says_who_had_the_role_until_when() -> None:
    ports, activity, _team = a_team_of_three()
    run(ports, give_roles, AMARA, activity.id, {"Recorder": AMARA.person})
    ports.clock.move_to(START + timedelta(days=3))
    run(ports, give_roles, AMARA, activity.id, {"Recorder": LINH.person})
    first, second = ports.rows(ROLE_TURNS)
    assert (first.person, first.until) == (AMARA.person, START + timedelta(days=3))
    assert (second.person, second.since, second.until) == (LINH.person, START + timedelta(days=3), None)
    run(ports, give_roles, AMARA, activity.id, {"Recorder": ""})
    assert duties(ports) == {}
    assert [turn.person for turn in run(ports, look_at_roles, AMARA, activity.id).record] == [
        LINH.person,
        AMARA.person,
    ]


def test_giving_what_somebody_has_already_writes_nothing() -> None:
    ports, activity, _team = a_team_of_three()
    for _ in range(2):
        run(ports, give_roles, AMARA, activity.id, {"Recorder": LINH.person})
    assert record(ports) == [("Recorder", LINH.person, True)]


def test_each_role_moves_to_the_next_in_the_order_of_joining() -> None:
    ports, activity, _team = a_team_of_three()
    run(ports, rotate_roles, AMARA, activity.id)
    assert duties(ports) == {AMARA.person: "Facilitator", TOMAS.person: "Recorder"}
    run(ports, rotate_roles, AMARA, activity.id)
    assert duties(ports) == {TOMAS.person: "Facilitator", LINH.person: "Recorder"}
    run(ports, rotate_roles, AMARA, activity.id)
    assert duties(ports) == {LINH.person: "Facilitator", AMARA.person: "Recorder"}


def test_two_who_rotate_at_once_rotate_once() -> None:
    ports, activity, _team = a_team_of_three()
    run(ports, rotate_roles, AMARA, activity.id)
    seen = run(ports, look_at_roles, AMARA, activity.id).seen
    run(ports, rotate_roles, TOMAS, activity.id, seen=seen)
    assert refused("stale", ports, rotate_roles, LINH, activity.id, seen=seen).values["what"] == "roles"
    refused("stale", ports, give_roles, LINH, activity.id, {"Recorder": ""}, seen=seen)
    assert duties(ports) == {TOMAS.person: "Facilitator", LINH.person: "Recorder"}


def test_the_same_press_sent_twice_rotates_once() -> None:
    ports, activity, _team = a_team_of_three()
    for _ in range(2):
        once(ports, AMARA.person, "key", rotate_roles, AMARA, activity.id)
    assert duties(ports) == {AMARA.person: "Facilitator", TOMAS.person: "Recorder"}


@pytest.mark.parametrize("how", ["leaves", "is moved", "is away", "left the course"])
def test_a_turn_ends_with_the_part_that_somebody_takes(how: str) -> None:
    ports, activity, team = a_team_of_three()
    run(ports, give_roles, AMARA, activity.id, {"Recorder": LINH.person, "Facilitator": AMARA.person})
    if how == "leaves":
        run(ports, leave_team, LINH, activity.id)
    elif how == "is moved":
        other = a_team(ports, activity, SOFIA, name="Copper Line")
        run(ports, place, INES, activity.id, LINH.person, other.id)
    elif how == "is away":
        run(
            ports,
            mark_presence,
            activity,
            ports.rows(MEMBERSHIPS, person=LINH.person)[0],
            active=False,
            by="",
        )
    else:
        run(ports, came_by_the_member_list)
        run(ports, mark_gone, COURSE, frozenset({AMARA.person, TOMAS.person, SOFIA.person}))
    assert set(record(ports)) == {("Facilitator", AMARA.person, True), ("Recorder", LINH.person, False)}
    assert duties(ports) == {AMARA.person: "Facilitator"}
    assert team.id == ports.rows(ROLE_TURNS)[0].team


def came_by_the_member_list(unit: UnitOfWork) -> None:
    """Only whom the list has told may the list take away."""
    for row in unit.store.find(PARTICIPANTS, course=COURSE):
        unit.store.save(PARTICIPANTS, replace(row, source=Source.ROSTER))


def test_only_active_members_of_the_team_are_given_roles_and_only_roles_there_are() -> None:
    ports, activity, _team = a_team_of_three()
    refused("invalid", ports, give_roles, AMARA, activity.id, {"Recorder": SOFIA.person})
    run(ports, give_roles, AMARA, activity.id, {"Captain": AMARA.person})
    assert record(ports) == []
    refused("not_allowed", ports, give_roles, SOFIA, activity.id, {"Recorder": SOFIA.person})
    refused("not_allowed", ports, rotate_roles, INES, activity.id)


def test_a_role_that_the_author_took_away_can_still_be_put_down() -> None:
    ports, activity, _team = a_team_of_three()
    run(ports, give_roles, AMARA, activity.id, {"Recorder": LINH.person})
    activity = run(
        ports, save_settings, INES, activity.id, settings(team_roles=("Checker",)),
        seen=activity.settings_number,
    )  # fmt: skip
    view = run(ports, look_at_roles, AMARA, activity.id)
    assert view.roles == ("Checker", "Recorder")
    run(ports, give_roles, AMARA, activity.id, {"Recorder": ""})
    assert run(ports, look_at_roles, AMARA, activity.id).roles == ("Checker",)


def test_without_roles_there_is_nothing_to_rotate() -> None:
    ports, activity, _team = a_team_of_three(team_roles=())
    refused("no_roles", ports, rotate_roles, AMARA, activity.id)
