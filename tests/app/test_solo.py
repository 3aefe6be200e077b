from __future__ import annotations

from dataclasses import replace

import pytest

from coursecrew.app.alerts import look_for_signs
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mergers import propose_merger, small_teams
from coursecrew.app.outbox import deliver_all
from coursecrew.app.records import (
    ACTIVITIES,
    ALERTS,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    NOTICES,
    SOLO_ASKS,
    TEAM_SETS,
    TEAMS,
)
from coursecrew.app.solo import (
    Alone,
    alone_in,
    ask_solo,
    count_asks,
    decide_solo,
    open_asks,
    solo_teams,
    tend_solo,
)
from coursecrew.app.teams import join_team, leave_team, members_of
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.alerts import AlertState
from coursecrew.domain.errors import Conflict, NotAllowed
from coursecrew.domain.people import Actor
from coursecrew.domain.solo import SoloState, Wanted
from coursecrew.domain.teams import Happened, Team
from coursecrew.ui.mail import compose
from tests.builders import AMARA, INES, KWAME, MEHMET, SOFIA, TOMAS, a_team, an_assignment, come_in, world


def alone_for(days: int = 5) -> tuple[MemoryPorts, Activity, Team]:
    """Tomás left Amara alone in Blue Ledger some days ago."""
    ports = world()
    activity = an_assignment(ports, SOFIA, MEHMET)
    come_in(ports, KWAME)
    team = a_team(ports, activity, AMARA, TOMAS, draft="A plan.")
    run(ports, leave_team, TOMAS, activity.id)
    ports.clock.advance(days=days)
    return ports, activity, team


def stands(ports: MemoryPorts, team: Team, who: Actor = AMARA) -> Alone | None:
    def read(unit: UnitOfWork) -> Alone | None:
        return alone_in(unit, unit.store.get(TEAMS, team.id), members_of(unit, team.id), who.person)

    return run(ports, read)


def solo(ports: MemoryPorts, team: Team) -> bool:
    return team.id in run(ports, solo_teams, [team.id])


def test_after_five_days_alone_one_asks_and_the_instructor_decides() -> None:
    ports, activity, team = alone_for()
    ask = run(ports, ask_solo, AMARA, activity.id, Wanted.SOLO, why="I can do it.")
    deliver_all(ports, compose=compose)
    assert {row.person for row in ports.rows(NOTICES, kind="solo_asked")} == {INES.person, KWAME.person}
    (row,), more = run(ports, open_asks, INES, activity.id)
    assert (row.ask.id, row.team.id, more) == (ask.id, team.id, False)
    assert run(ports, count_asks, activity) == 1
    run(ports, decide_solo, INES, activity.id, ask.id, Wanted.SOLO)
    assert solo(ports, team)
    (log,) = ports.rows(MEMBERSHIP_EVENTS, event=Happened.SOLO.value)
    assert (log.person, log.actor, log.team) == (AMARA.person, INES.person, team.id)
    deliver_all(ports, compose=compose)
    assert [row.person for row in ports.rows(NOTICES, kind="solo_decided")] == [AMARA.person]
    found = stands(ports, team)
    assert found is not None
    assert found.is_solo
    assert not found.may_ask
    assert run(ports, count_asks, activity) == 0


def test_before_five_days_are_over_nobody_asks() -> None:
    ports, activity, team = alone_for(4)
    found = stands(ports, team)
    assert found is not None
    assert not found.may_ask
    with pytest.raises(Conflict) as refused:
        run(ports, ask_solo, AMARA, activity.id, Wanted.SOLO)
    assert refused.value.code == "solo_not_yet"


def test_without_a_decision_in_three_days_they_go_on_alone_whatever_they_asked_for() -> None:
    for wanted in Wanted:
        ports, activity, team = alone_for()
        run(ports, ask_solo, AMARA, activity.id, wanted)
        ports.clock.advance(days=2, hours=23)
        assert tend_solo(ports) == 0
        ports.clock.advance(hours=1)
        assert tend_solo(ports) == 1
        assert tend_solo(ports) == 0
        assert solo(ports, team)
        (log,) = ports.rows(MEMBERSHIP_EVENTS, event=Happened.SOLO.value)
        assert log.actor == ""
        with pytest.raises(Conflict):
            run(ports, decide_solo, INES, activity.id, ports.rows(SOLO_ASKS)[0].id, Wanted.MERGE)


def test_somebody_who_comes_makes_the_question_moot_and_ends_being_solo() -> None:
    ports, activity, team = alone_for()
    run(ports, ask_solo, AMARA, activity.id, Wanted.SOLO)
    run(ports, join_team, SOFIA, activity.id, team.id)
    ports.clock.advance(days=3)
    tend_solo(ports)
    assert ports.rows(SOLO_ASKS)[0].state is SoloState.MOOT
    assert stands(ports, team) is None

    ports, activity, team = alone_for()
    ask = run(ports, ask_solo, AMARA, activity.id, Wanted.SOLO)
    run(ports, decide_solo, INES, activity.id, ask.id, Wanted.SOLO)
    ports.clock.advance(hours=1)
    run(ports, join_team, SOFIA, activity.id, team.id)
    assert not solo(ports, team)
    tend_solo(ports)
    run(ports, leave_team, SOFIA, activity.id)
    assert not solo(ports, team)
    found = stands(ports, team)
    assert found is not None
    assert found.ask is None  # alone anew: the old decision was about another time


def test_the_only_active_member_counts_as_alone() -> None:
    ports = world()
    activity = an_assignment(ports, SOFIA)
    team = a_team(ports, activity, AMARA, TOMAS)
    assert stands(ports, team) is None
    (tomas,) = ports.rows(MEMBERSHIPS, person=TOMAS.person)
    with ports.transaction() as store:
        store.save(MEMBERSHIPS, replace(tomas, active=False))
    assert stands(ports, team) is not None
    assert stands(ports, team, TOMAS) is None


def test_an_open_merger_comes_first() -> None:
    ports, activity, team = alone_for()
    other = a_team(ports, activity, MEHMET, name="Red Kites")
    run(ports, propose_merger, INES, activity.id, team.id, other.id, why="Both are alone.")
    found = stands(ports, team)
    assert found is not None
    assert found.merger_open
    with pytest.raises(Conflict):
        run(ports, ask_solo, AMARA, activity.id, Wanted.SOLO)


def test_with_another_team_lets_staff_look_for_one_and_after_three_days_one_may_ask_again() -> None:
    ports, activity, team = alone_for()
    ask = run(ports, ask_solo, AMARA, activity.id, Wanted.MERGE)
    run(ports, decide_solo, INES, activity.id, ask.id, Wanted.MERGE)
    assert not solo(ports, team)
    assert not ports.rows(MEMBERSHIP_EVENTS, event=Happened.SOLO.value)
    found = stands(ports, team)
    assert found is not None
    assert not found.may_ask
    ports.clock.advance(days=3)
    run(ports, ask_solo, AMARA, activity.id, Wanted.SOLO)


def test_two_presses_are_one_question() -> None:
    ports, activity, _team = alone_for()
    run(ports, ask_solo, AMARA, activity.id, Wanted.SOLO)
    with pytest.raises(Conflict) as refused:
        run(ports, ask_solo, AMARA, activity.id, Wanted.MERGE)
    assert refused.value.code == "solo_decided"
    assert len(ports.rows(SOLO_ASKS)) == 1


@pytest.mark.parametrize("who", [TOMAS, SOFIA, INES, replace(AMARA, looks_on=True)], ids=lambda w: w.name)
def test_nobody_asks_for_somebody_else(who: Actor) -> None:
    ports, activity, _team = alone_for()
    with pytest.raises(NotAllowed):
        run(ports, ask_solo, who, activity.id, Wanted.SOLO)


@pytest.mark.parametrize("who", [AMARA, KWAME, TOMAS], ids=lambda who: who.name)
def test_only_instructors_decide(who: Actor) -> None:
    ports, activity, _team = alone_for()
    ask = run(ports, ask_solo, AMARA, activity.id, Wanted.SOLO)
    with pytest.raises(NotAllowed):
        run(ports, decide_solo, who, activity.id, ask.id, Wanted.SOLO)
    with pytest.raises(NotAllowed):
        run(ports, open_asks, who, activity.id)


def test_a_team_of_one_by_decision_is_no_sign_of_trouble_and_is_proposed_to_nobody() -> None:
    ports, activity, team = alone_for()
    (team_set,) = ports.rows(TEAM_SETS)
    look_for_signs(ports, ports.rows(ACTIVITIES))
    assert [row.sign for row in ports.rows(ALERTS, state=AlertState.OPEN.value, sign="small")] == ["small"]
    assert [row.team.id for row in run(ports, small_teams, team_set)] == [team.id]
    ask = run(ports, ask_solo, AMARA, activity.id, Wanted.SOLO)
    run(ports, decide_solo, INES, activity.id, ask.id, Wanted.SOLO)
    ports.clock.advance(hours=2)
    look_for_signs(ports, ports.rows(ACTIVITIES))
    assert not ports.rows(ALERTS, state=AlertState.OPEN.value, sign="small")
    assert not run(ports, small_teams, team_set)
