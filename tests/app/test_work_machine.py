"""The machine of a work, row by row: from where, what happens, under which condition, to where.

Each row is told twice where it has a condition: met, and not met. Rows about reviews wait for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from coursecrew.app.memory import MemoryPorts
from coursecrew.app.records import BYLINES, CONFIRMATIONS, EVENTS, MEMBERSHIPS, SUBMISSIONS, VISITS, WORKS
from coursecrew.app.submissions import confirm, excuse, object_to, save_draft, submit, withdraw
from coursecrew.app.teams import leave_team
from coursecrew.app.unit_of_work import once, run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity, SubmitRule
from coursecrew.domain.errors import (
    AlreadyDecided,
    Closed,
    Conflict,
    Invalid,
    NotAllowed,
    NotOpen,
    Refusal,
    Stale,
)
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Role
from coursecrew.domain.submissions import Work, WorkState
from tests.builders import (
    AMARA,
    CLOSES,
    DUE,
    INES,
    LINH,
    START,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    hand_in,
    world,
    write,
)

ANY, LEADER, ALL = SubmitRule.ANY, SubmitRule.LEADER, SubmitRule.ALL


@dataclass
class Play:
    """A team of three (Amara leads) at some point of the machine."""

    ports: MemoryPorts
    activity: Activity
    pressed: datetime | None = None

    @property
    def work(self) -> Work:
        return self.ports.rows(WORKS, activity=self.activity.id)[0]

    def at(self, moment: datetime) -> Play:
        self.ports.clock.move_to(moment)
        return self

    def act(self, use_case, who, **more):
        return run(self.ports, use_case, who, self.activity.id, **more)

    def press(self, who=AMARA, *, seen: int = 1) -> Play:
        hand_in(self.ports, self.activity, who, seen=seen)
        self.pressed = self.ports.clock.now()
        return self

    def told(self, kind: Kind) -> bool:
        return any(event.kind is kind for event in self.ports.rows(EVENTS))


def drafting(rule: SubmitRule = ANY, *, draft: str = "plan", **changes) -> Play:
    ports = world()
    activity = an_assignment(ports, submit_rule=rule, **changes)
    a_team(ports, activity, AMARA, TOMAS, LINH, draft=draft)
    return Play(ports, activity)


def confirming() -> Play:
    return drafting(ALL).press()


def submitted() -> Play:
    return drafting().press()


def leader_seen(play: Play, moment: datetime) -> None:
    with play.ports.transaction() as store:
        for visit in store.find(VISITS, person=AMARA.person):
            store.save(VISITS, replace(visit, last_at=moment))


def leader_leaves_the_course(play: Play) -> None:
    with play.ports.transaction() as store:
        row = store.find(MEMBERSHIPS, person=AMARA.person)[0]
        store.save(MEMBERSHIPS, replace(row, active=False))


def in_state(state: WorkState) -> Play:
    play = submitted()
    with play.ports.transaction() as store:
        store.save(WORKS, replace(store.find(WORKS)[0], state=state))
    return play


S = WorkState


@dataclass(frozen=True)
class Row:
    """One row of the machine: a story, and the state or refusal it ends with."""

    name: str
    play: Callable[[], Play]
    to: WorkState | type[Refusal]
    effect: Callable[[Play], bool] = lambda play: True


def after(play: Play, *acts: Callable[[Play], object]) -> Play:
    for act in acts:
        act(play)
    return play


def excused_from(state: WorkState) -> Play:
    play = in_state(state)
    run(play.ports, excuse, INES, play.activity.id, play.work.team, reason="flood")
    return play


def time_passes(play: Play) -> None:
    upkeep(play.ports)


ROWS = [
    # – → drafting
    Row(
        "the step opens, somebody writes",
        lambda: drafting(draft=""),
        S.DRAFTING,
        lambda play: play.act(save_draft, TOMAS, texts={"where": "x"}, seen=0).number == 1,
    ),
    Row(
        "the step has not opened",
        lambda: after(
            drafting(draft="").at(START - timedelta(hours=1)),
            lambda p: write(p.ports, p.activity, AMARA, "x"),
        ),
        NotOpen,
    ),
    # drafting, submit
    Row(
        "any member hands in",
        lambda: drafting().press(LINH),
        S.SUBMITTED,
        lambda play: (
            len(play.ports.rows(BYLINES, in_force=True)) == 3 and play.work.pressed_at == play.pressed
        ),
    ),
    Row("the leader hands in", lambda: drafting(LEADER).press(AMARA), S.SUBMITTED),
    Row(
        "any member hands in where all confirm",
        lambda: drafting(ALL).press(TOMAS),
        S.CONFIRMING,
        lambda play: play.told(Kind.WORK_CONFIRMING),
    ),
    Row(
        "after one's own closing time",
        lambda: after(drafting().at(CLOSES + timedelta(seconds=1)), Play.press),
        Closed,
    ),
    Row("in the closing second itself", lambda: drafting().at(CLOSES).press(), S.SUBMITTED),
    Row("a part that is needed is empty", lambda: drafting(draft="  ").press(), Invalid),
    Row("upon a version nobody has read", lambda: drafting().press(seen=0), Stale),
    Row("by somebody outside", lambda: drafting().press(actor("Mehmet")), NotAllowed),
    # drafting, submit by somebody else under "leader"
    Row("the leader is there and awake", lambda: drafting(LEADER).press(TOMAS), Conflict),
    Row(
        "the leader was silent for 48 hours",
        lambda: after(drafting(LEADER), lambda p: p.ports.clock.advance(hours=48)).press(TOMAS),
        S.SUBMITTED,
        lambda play: play.told(Kind.WORK_SUBMITTED),
    ),
    Row(
        "the leader was silent for a second less",
        lambda: after(
            drafting(LEADER), lambda p: p.ports.clock.advance(hours=47, minutes=59, seconds=59)
        ).press(TOMAS),
        Conflict,
    ),
    Row(
        "the last two hours",
        lambda: after(
            drafting(LEADER).at(DUE - timedelta(hours=2)), lambda p: leader_seen(p, p.ports.clock.now())
        ).press(TOMAS),
        S.SUBMITTED,
    ),
    Row(
        "a second before the last two hours",
        lambda: after(
            drafting(LEADER).at(DUE - timedelta(hours=2, seconds=1)),
            lambda p: leader_seen(p, p.ports.clock.now()),
        ).press(TOMAS),
        Conflict,
    ),
    Row(
        "the leader is inactive",
        lambda: after(drafting(LEADER), leader_leaves_the_course).press(TOMAS),
        S.SUBMITTED,
    ),
    # confirming, confirm
    Row(
        "one of two confirms",
        lambda: after(confirming(), lambda p: p.act(confirm, TOMAS)),
        S.CONFIRMING,
    ),
    Row(
        "the last confirms, later; the first press counts",
        lambda: after(
            confirming(),
            lambda p: p.act(confirm, TOMAS),
            lambda p: p.ports.clock.advance(hours=5),
            lambda p: p.act(confirm, LINH),
        ),
        S.SUBMITTED,
        lambda play: play.work.pressed_at == play.pressed,
    ),
    Row(
        "whoever is still asked leaves",
        lambda: after(
            confirming(), lambda p: p.act(confirm, TOMAS), lambda p: p.act(leave_team, LINH), time_passes
        ),
        S.SUBMITTED,
    ),
    # confirming, object
    Row(
        "one objects with a reason",
        lambda: after(
            confirming(), lambda p: p.act(confirm, TOMAS), lambda p: p.act(object_to, LINH, reason="No.")
        ),
        S.DRAFTING,
        lambda play: (
            not play.ports.rows(BYLINES, in_force=True)
            and play.told(Kind.WORK_OBJECTED)
            and play.act(submit, AMARA, seen=1).id != ""
            and play.work.state is S.CONFIRMING
            and len(play.ports.rows(CONFIRMATIONS, press=play.work.submission)) == 1
        ),
    ),
    Row(
        "one objects without a reason",
        lambda: after(confirming(), lambda p: p.act(object_to, LINH, reason=" ")),
        Invalid,
    ),
    Row(
        "somebody edits while confirming",
        lambda: after(confirming(), lambda p: write(p.ports, p.activity, TOMAS, "x", seen=1)),
        AlreadyDecided,
    ),
    # confirming, 24 h or close
    Row(
        "24 hours pass in silence",
        lambda: after(confirming(), lambda p: p.ports.clock.advance(hours=24), time_passes),
        S.SUBMITTED,
        lambda play: play.work.pressed_at == play.pressed,
    ),
    Row(
        "a minute less than 24 hours",
        lambda: after(confirming(), lambda p: p.ports.clock.advance(hours=23, minutes=59), time_passes),
        S.CONFIRMING,
    ),
    Row(
        "the step closes while some still confirm",
        lambda: after(
            drafting(ALL).at(CLOSES - timedelta(hours=1)).press(),
            lambda p: p.at(CLOSES + timedelta(seconds=1)),
            time_passes,
        ),
        S.SUBMITTED,
    ),
    # submitted, withdraw
    Row(
        "taken back before it is due",
        lambda: after(submitted().at(DUE), lambda p: p.act(withdraw, TOMAS)),
        S.DRAFTING,
        lambda play: (
            not play.ports.rows(BYLINES, in_force=True)
            and [row.state for row in play.ports.rows(SUBMISSIONS)] == ["withdrawn"]
        ),
    ),
    Row(
        "taken back too late",
        lambda: after(submitted().at(DUE + timedelta(seconds=1)), lambda p: p.act(withdraw, TOMAS)),
        Conflict,
    ),
    Row(
        "taken back while it is judged",
        lambda: after(in_state(S.IN_REVIEW), lambda p: p.act(withdraw, TOMAS)),
        AlreadyDecided,
    ),
    Row(
        "taken back by somebody the rule does not name",
        lambda: after(drafting(LEADER).press(AMARA), lambda p: p.act(withdraw, TOMAS)),
        Conflict,
    ),
    # drafting, close
    Row(
        "closed with a text in it",
        lambda: after(drafting().at(CLOSES + timedelta(seconds=1)), time_passes),
        S.SUBMITTED,
        lambda play: (
            (play.ports.rows(SUBMISSIONS)[0].how, play.ports.rows(SUBMISSIONS)[0].handed_in_at)
            == ("at_close", START + timedelta(days=1))
        ),
    ),
    Row(
        "closed, sealing switched off",
        lambda: after(drafting(auto_seal=False).at(CLOSES + timedelta(seconds=1)), time_passes),
        S.MISSED,
    ),
    Row(
        "closed empty",
        lambda: after(drafting(draft="").at(CLOSES + timedelta(seconds=1)), time_passes),
        S.MISSED,
        lambda play: play.told(Kind.WORK_MISSED),
    ),
    Row("the closing second has not passed", lambda: after(drafting().at(CLOSES), time_passes), S.DRAFTING),
    # any, excuse
    *(Row(f"excused from {state}", partial(excused_from, state), S.EXCUSED) for state in WorkState),
    Row(
        "excused without a reason",
        lambda: after(
            submitted(), lambda p: run(p.ports, excuse, INES, p.activity.id, p.work.team, reason="")
        ),
        Invalid,
    ),
    Row(
        "excused by a TA",
        lambda: after(
            submitted(),
            lambda p: run(p.ports, excuse, actor("Kwame", Role.TA), p.activity.id, p.work.team, reason="x"),
        ),
        NotAllowed,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_every_row_of_the_machine_of_a_work(row: Row) -> None:
    if isinstance(row.to, WorkState):
        play = row.play()
        if play.ports.rows(WORKS):  # there is none before somebody wrote
            assert play.work.state is row.to
        assert row.effect(play)
    else:
        with pytest.raises(row.to):
            row.play()


def test_a_solo_learner_confirms_by_handing_in() -> None:
    ports = world()
    activity = an_assignment(ports, submit_rule=ALL)
    a_team(ports, activity, AMARA, draft="plan")
    assert Play(ports, activity).press().work.state is S.SUBMITTED


@pytest.mark.parametrize("rule", [ANY, ALL])
def test_a_double_click_a_repeated_request_and_two_members_at_once_make_one_submission(rule) -> None:
    play = drafting(rule)
    presses = [(AMARA, "k1"), (AMARA, "k1"), (AMARA, "k2"), (TOMAS, "k3")]
    made = {
        once(play.ports, who.person, key, submit, who, play.activity.id, seen=1).id for who, key in presses
    }
    assert len(made) == 1
    assert len(play.ports.rows(SUBMISSIONS)) == 1
    assert len(play.ports.rows(BYLINES)) == 3
    assert [event.kind for event in play.ports.rows(EVENTS)].count(
        Kind.WORK_CONFIRMING if rule is ALL else Kind.WORK_SUBMITTED
    ) == 1
