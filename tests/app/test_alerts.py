from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coursecrew.app.alerts import CHUNK, count_alerts, decide_alert, look_for_signs, open_alerts
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.people import name_ta
from coursecrew.app.records import ACTIVITIES, ALERTS, EFFORTS, MEMBERSHIPS, TEAMS
from coursecrew.app.sandbox import add_item
from coursecrew.app.submissions import excuse
from coursecrew.app.teams import join_team
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity
from coursecrew.domain.alerts import REST, AlertState, Sign
from coursecrew.domain.contributions import Effort
from coursecrew.domain.errors import AlreadyDecided, NotAllowed, NotFound
from coursecrew.domain.people import Actor
from coursecrew.domain.plans import Milestone
from coursecrew.domain.sandbox import Audience
from coursecrew.domain.teams import Team
from tests.builders import (
    AMARA,
    INES,
    KWAME,
    LINH,
    MEHMET,
    PLACED,
    SOFIA,
    TOMAS,
    a_team,
    an_assignment,
    come_in,
    hand_in,
    world,
    write,
)
from tests.ui.class_of import Counted, course_of


def a_pair() -> tuple[MemoryPorts, Activity, Team]:
    ports = world()
    activity = an_assignment(ports, SOFIA, MEHMET)
    come_in(ports, KWAME)
    return ports, activity, a_team(ports, activity, AMARA, TOMAS, draft="A plan.")


def look(ports: MemoryPorts, activity: Activity) -> int:
    return look_for_signs(ports, [ports.rows(ACTIVITIES, id=activity.id)[0]])


def seen(ports: MemoryPorts, activity: Activity) -> set[Sign]:
    look(ports, activity)
    return {row.sign for row in ports.rows(ALERTS, state=AlertState.OPEN.value)}


def test_a_silent_team_is_seen_after_five_days_and_the_sign_goes_away_by_itself() -> None:
    ports, activity, team = a_pair()
    assert seen(ports, activity) == set()
    ports.clock.advance(days=5)
    assert seen(ports, activity) == {Sign.SILENT}
    look(ports, activity)
    assert len(ports.rows(ALERTS)) == 1
    write(ports, activity, TOMAS, "A better plan.", seen=1)
    ports.clock.advance(hours=2)
    assert seen(ports, activity) == set()
    (row,) = ports.rows(ALERTS)
    assert (row.state, row.team) == (AlertState.OVER, team.id)
    ports.clock.advance(days=5)
    assert seen(ports, activity) == {Sign.SILENT}  # a new row beside the old one
    assert len(ports.rows(ALERTS)) == 2


@pytest.mark.parametrize("done", ["handed in", "excused", "closed"])
def test_a_team_that_has_nothing_to_write_is_not_called_silent(done: str) -> None:
    ports, activity, team = a_pair()
    if done == "handed in":
        hand_in(ports, activity, AMARA)
    elif done == "excused":
        run(ports, excuse, INES, activity.id, team.id, reason="Ill")
    ports.clock.advance(days=30 if done == "closed" else 6)
    assert Sign.SILENT not in seen(ports, activity)


def test_an_hour_passes_between_two_looks() -> None:
    ports, activity, _team = a_pair()
    ports.clock.advance(days=4, hours=23, minutes=30)
    assert look(ports, activity) == 0
    ports.clock.advance(minutes=31)
    assert look(ports, activity) == 0  # five days, but looked less than an hour ago
    ports.clock.advance(minutes=30)
    assert look(ports, activity) == 1


def test_one_hand_absent_members_and_too_few() -> None:
    ports, activity, team = a_pair()
    rows = {AMARA: 9, TOMAS: 2}
    with ports.transaction() as store:
        for effort in store.find(EFFORTS, team=team.id):
            store.remove(EFFORTS, effort.id)
        for person, edits in rows.items():
            effort = Effort(ports.ids.new(), activity.id, team.id, person.person, edits, 9, ports.clock.now())
            store.add(EFFORTS, effort)
        (tomas,) = store.find(MEMBERSHIPS, team=team.id, person=TOMAS.person)
        store.save(MEMBERSHIPS, replace(tomas, active=False))
    assert seen(ports, activity) == {Sign.ONE_HAND, Sign.ABSENT, Sign.SMALL}
    (hand,) = ports.rows(ALERTS, sign=Sign.ONE_HAND.value)
    assert hand.values == {"person": AMARA.person, "share": 81, "edits": 11}
    run(ports, join_team, SOFIA, activity.id, team.id)
    ports.clock.advance(hours=2)
    assert seen(ports, activity) == {Sign.ONE_HAND, Sign.ABSENT}


def test_a_milestone_three_days_late() -> None:
    ports = world()
    due = ports.clock.now() + timedelta(days=1)
    activity = an_assignment(ports, milestones=(Milestone("m", "The map", due),))
    a_team(ports, activity, AMARA, TOMAS)
    ports.clock.move_to(due + timedelta(days=3) - timedelta(hours=2))
    assert Sign.LATE not in seen(ports, activity)
    ports.clock.move_to(due + timedelta(days=3))
    assert Sign.LATE in seen(ports, activity)
    (row,) = ports.rows(ALERTS, sign=Sign.LATE.value)
    assert row.values["title"] == "The map"


def test_the_sandbox_is_no_sign_of_life() -> None:
    ports, activity, team = a_pair()
    ports.clock.advance(days=5)
    run(ports, add_item, AMARA, activity.id, title="Try", text="", audience=Audience.TEAM)
    assert seen(ports, activity) == {Sign.SILENT}
    assert team.id


# --- what staff say ---


def an_alert() -> tuple[MemoryPorts, Activity, Team, str]:
    ports, activity, team = a_pair()
    ports.clock.advance(days=5)
    assert seen(ports, activity) == {Sign.SILENT}
    return ports, activity, team, ports.rows(ALERTS)[0].id


def test_what_was_seen_to_is_left_alone_for_five_days() -> None:
    ports, activity, _team, alert = an_alert()
    run(ports, decide_alert, KWAME, activity.id, alert)
    ports.clock.advance(hours=2)
    assert seen(ports, activity) == set()
    ports.clock.advance(seconds=REST.total_seconds())
    assert seen(ports, activity) == {Sign.SILENT}
    (row,) = ports.rows(ALERTS, id=alert)
    assert (row.state, row.by) == (AlertState.RESOLVED, KWAME.person)


def test_a_false_alarm_raises_the_limit_of_that_team_alone() -> None:
    ports, activity, team, alert = an_alert()
    a_team(ports, activity, SOFIA, MEHMET, name="Red Kites")
    run(ports, decide_alert, INES, activity.id, alert, false=True)
    ports.clock.advance(days=1)
    assert seen(ports, activity) == set()
    ports.clock.advance(days=1)
    assert seen(ports, activity) == {Sign.SILENT}  # seven days instead of five
    assert {row.team for row in ports.rows(ALERTS, state=AlertState.OPEN.value)} == {team.id}
    ports.clock.advance(days=3)
    look(ports, activity)
    both = {row.team for row in ports.rows(ALERTS, state=AlertState.OPEN.value)}
    assert len(both) == 2  # five days for the other one


def test_it_is_decided_once_by_staff_who_look_after_the_team() -> None:
    ports, activity, team, alert = an_alert()
    other = a_team(ports, activity, SOFIA, MEHMET, name="Red Kites")
    come_in(ports, LINH)
    run(ports, name_ta, INES, activity.id, LINH.person, teams=[other.id])
    limited = replace(LINH, role=KWAME.role, teams=(other.id,))
    assert run(ports, count_alerts, limited, activity.id) == 0
    assert not run(ports, open_alerts, limited, activity.id).rows
    for who in (limited, AMARA, MEHMET):
        with pytest.raises(NotAllowed):
            run(ports, decide_alert, who, activity.id, alert)
    run(ports, decide_alert, INES, activity.id, alert)
    with pytest.raises(AlreadyDecided):
        run(ports, decide_alert, KWAME, activity.id, alert)
    assert team.id


@pytest.mark.parametrize("who", [AMARA, MEHMET], ids=lambda who: who.name)
def test_learners_read_no_signs(who: Actor) -> None:
    ports, activity, _team, _alert = an_alert()
    for read in (open_alerts, count_alerts):
        with pytest.raises(NotAllowed):
            run(ports, read, who, activity.id)


def test_an_alert_of_another_activity_is_not_found() -> None:
    ports, _activity, _team, alert = an_alert()
    other = come_in(ports, INES, placed=replace(PLACED, place="place-2", name="second"))
    with pytest.raises(NotFound):
        run(ports, decide_alert, INES, other.id, alert)


# --- a class ---


def test_a_class_is_looked_at_in_chunks_and_costs_the_same_for_each() -> None:
    calls = []
    for learners in (300, 900):
        made = course_of(world(), learners)
        teams = len([team for team in made.ports.rows(TEAMS) if team.state == "active"])
        made.ports.clock.advance(hours=2)
        counted = Counted(made.ports)
        look_for_signs(counted.ports, [made.activity])
        calls.append((counted.calls["find coursecrew_membership"], teams // CHUNK + 1))
    assert [found <= 2 * chunks for found, chunks in calls] == [True, True], calls


def test_upkeep_looks_at_the_teams() -> None:
    ports, _activity, team = a_pair()
    ports.clock.advance(days=5)
    upkeep(ports)
    assert [row.team for row in ports.rows(ALERTS, sign=Sign.SILENT.value)] == [team.id]


def test_a_page_holds_fifty_and_goes_on_where_the_last_one_ended() -> None:
    made = course_of(world(), 400)
    first = run(made.ports, open_alerts, INES, made.activity.id)
    assert len(first.rows) == 50
    second = run(made.ports, open_alerts, INES, made.activity.id, after=first.more)
    assert not {row.alert.id for row in first.rows} & {row.alert.id for row in second.rows}
    assert len(first.rows) + len(second.rows) == run(made.ports, count_alerts, INES, made.activity.id)
