"""Members who are not seen: asked, marked, and back with one press."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from coursecrew.app.absences import away, look_for_absent, mark_by_hand, say_present
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import exclude, note_enrolment
from coursecrew.app.ports import Member
from coursecrew.app.records import BYLINES, EVENTS, MEMBERSHIP_EVENTS, MEMBERSHIPS, NOTICES, WORKS
from coursecrew.app.submissions import submit
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity, SubmitRule, TeamRules
from coursecrew.domain.errors import Invalid, NotAllowed, NotFound
from coursecrew.domain.events import Event, Kind
from coursecrew.domain.mergers import Presence, presence_due
from coursecrew.domain.people import Actor
from coursecrew.domain.submissions import WorkState
from coursecrew.domain.teams import Happened, Membership
from coursecrew.ui.mail import compose
from tests.builders import (
    AMARA,
    CLOSES,
    COURSE,
    INES,
    KWAME,
    LINH,
    PLACED,
    SOFIA,
    START,
    TOMAS,
    a_team,
    an_assignment,
    come_in,
    hand_in,
    world,
    write,
)
from tests.ui.class_of import Counted, course_of

DAY = timedelta(days=1)
SECOND = replace(PLACED, place="place-2", name="second")


def membership(ports: MemoryPorts, who: Actor) -> Membership:
    (row,) = ports.rows(MEMBERSHIPS, person=who.person)
    return row


def pass_days(ports: MemoryPorts, days: float, *, seen: Sequence[Actor] = (), placed=PLACED) -> None:
    """Let days go by with upkeep each day, and these people looking in each day."""
    for _ in range(int(days)):
        ports.clock.advance(DAY)
        if seen:
            come_in(ports, *seen, placed=placed)
        upkeep(ports)


def events(ports: MemoryPorts, kind: Kind) -> list[Event]:
    return [event for event in ports.rows(EVENTS) if event.kind is kind]


def asked(ports: MemoryPorts) -> list[str]:
    return [p for event in events(ports, Kind.ABSENCE_ASKED) for p in event.detail["people"]]


def a_pair(ports: MemoryPorts, **changes: Any) -> Activity:
    activity = an_assignment(ports, **changes)
    a_team(ports, activity, AMARA, TOMAS, LINH, draft="A plan.")
    return activity


NOW = START + 30 * DAY


@pytest.mark.parametrize(
    ("since", "seen", "began", "asked_at", "due"),
    [
        (8, None, 20, None, Presence.ASK),
        (6.9, None, 20, None, Presence.FINE),  # new in the team
        (20, 8, 20, None, Presence.ASK),
        (20, 1, 20, None, Presence.FINE),
        (20, 8, 3, None, Presence.FINE),  # there was nothing to be there for
        (20, 8, None, None, Presence.FINE),
        (20, 12, 20, 2, Presence.FINE),
        (20, 12, 20, 3, Presence.GONE),
        (20, None, 20, 3, Presence.GONE),
        (20, 2, 20, 3, Presence.SEEN),
        (20, 12, None, 3, Presence.SEEN),  # handed in meanwhile: nobody waits
    ],
)
def test_what_is_due_depends_on_days_without_a_sign(
    since: float, seen: float | None, began: float | None, asked_at: float | None, due: Presence
) -> None:
    def ago(days: float | None) -> datetime | None:
        return None if days is None else NOW - timedelta(days=days)

    assert due is presence_due(
        since=NOW - timedelta(days=since),
        asked_at=ago(asked_at),
        seen_at=ago(seen),
        working_since=ago(began),
        now=NOW,
    )


def test_after_seven_silent_days_a_member_is_asked_once_and_three_days_later_inactive() -> None:
    ports = world()
    a_pair(ports)
    pass_days(ports, 6, seen=[AMARA, LINH])
    assert asked(ports) == []
    pass_days(ports, 3, seen=[AMARA, LINH])
    assert asked(ports) == [TOMAS.person]
    assert membership(ports, TOMAS).active
    pass_days(ports, 1, seen=[AMARA, LINH])
    row = membership(ports, TOMAS)
    assert not row.active
    assert row.asked_at is None
    (event,) = events(ports, Kind.MEMBER_INACTIVE)
    assert event.detail["person"] == TOMAS.person
    (log,) = ports.rows(MEMBERSHIP_EVENTS, event=Happened.INACTIVE)
    assert (log.person, log.actor, log.reason) == (TOMAS.person, "", "not seen")
    pass_days(ports, 5, seen=[AMARA, LINH])
    assert asked(ports) == [TOMAS.person]


def test_the_question_goes_by_mail_and_the_team_hears_of_an_inactive_member() -> None:
    ports = world()
    a_pair(ports)
    pass_days(ports, 10, seen=[AMARA, LINH])
    deliver_all(ports, compose=compose)
    (question,) = [row for row in ports.rows(NOTICES) if row.kind is Kind.ABSENCE_ASKED]
    assert (question.person, question.mail) == (TOMAS.person, "sent")
    told = {row.person for row in ports.rows(NOTICES) if row.kind is Kind.MEMBER_INACTIVE}
    assert {AMARA.person, LINH.person} <= told


def test_a_visit_answers_the_question() -> None:
    ports = world()
    a_pair(ports)
    pass_days(ports, 8, seen=[AMARA, LINH])
    assert membership(ports, TOMAS).asked_at
    come_in(ports, TOMAS)
    upkeep(ports)
    assert membership(ports, TOMAS).asked_at is None
    pass_days(ports, 6, seen=[AMARA, LINH])
    assert membership(ports, TOMAS).active
    assert asked(ports) == [TOMAS.person]


def test_the_press_answers_the_question_and_does_nothing_a_second_time() -> None:
    ports = world()
    activity = a_pair(ports)
    pass_days(ports, 8, seen=[AMARA, LINH])
    for _ in range(2):
        assert run(ports, say_present, TOMAS, activity.id).asked_at is None
    assert events(ports, Kind.MEMBER_BACK) == []


def test_somebody_inactive_is_back_with_one_press_and_the_team_is_told() -> None:
    ports = world()
    activity = a_pair(ports)
    pass_days(ports, 10, seen=[AMARA, LINH])
    assert run(ports, say_present, TOMAS, activity.id).active
    (event,) = events(ports, Kind.MEMBER_BACK)
    assert event.detail == {"person": TOMAS.person, "name": "Blue Ledger"}
    assert [row.event for row in ports.rows(MEMBERSHIP_EVENTS, person=TOMAS.person)] == [
        Happened.JOINED,
        Happened.INACTIVE,
        Happened.ACTIVE,
    ]


def test_whoever_works_with_the_team_is_back_without_saying_so() -> None:
    ports = world()
    activity = a_pair(ports)
    pass_days(ports, 10, seen=[AMARA, LINH])
    come_in(ports, TOMAS)
    assert not membership(ports, TOMAS).active, "looking in is not working"
    write(ports, activity, TOMAS, "A better plan.", seen=1)
    assert membership(ports, TOMAS).active


def test_nobody_waits_for_an_inactive_members_confirmation_and_they_stand_unticked() -> None:
    ports = world()
    activity = a_pair(ports, submit_rule=SubmitRule.ALL)
    hand_in(ports, activity, AMARA)
    assert ports.rows(WORKS)[0].state is WorkState.CONFIRMING
    for who in (TOMAS, LINH):
        run(
            ports, mark_by_hand, INES, activity.id, membership(ports, who).team, who.person, active=False,
            reason="Ill.",
        )  # fmt: skip
    upkeep(ports)
    assert ports.rows(WORKS)[0].state is WorkState.SUBMITTED
    run(ports, submit, AMARA, activity.id, seen=1)

    other = world()
    activity = a_pair(other)
    pass_days(other, 10, seen=[AMARA, LINH])
    hand_in(other, activity, AMARA)
    assert {row.person for row in other.rows(BYLINES)} == {AMARA.person, LINH.person}


def test_two_activities_with_one_set_of_teams_ask_once_and_a_visit_to_either_counts() -> None:
    ports = world()
    a_pair(ports)
    an_assignment(ports, placed=SECOND)
    pass_days(ports, 9, seen=[AMARA, LINH])
    assert asked(ports) == [TOMAS.person]
    come_in(ports, TOMAS, placed=SECOND)
    upkeep(ports)
    assert membership(ports, TOMAS).asked_at is None


def test_nobody_is_asked_once_the_work_is_handed_in_or_the_step_is_over() -> None:
    ports = world()
    activity = a_pair(ports)
    hand_in(ports, activity, AMARA)
    pass_days(ports, 12)
    assert asked(ports) == []

    late = world(CLOSES - 2 * DAY)
    a_pair(late)
    pass_days(late, 12)
    assert asked(late) == []


def test_nobody_is_asked_before_there_is_anything_to_be_there_for() -> None:
    ports = world(START - 20 * DAY)
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    pass_days(ports, 25)
    assert asked(ports) == []
    pass_days(ports, 3)
    assert sorted(asked(ports)) == sorted([AMARA.person, TOMAS.person])


def test_somebody_who_works_alone_where_that_is_allowed_is_not_asked() -> None:
    ports = world()
    activity = an_assignment(ports, teams=TeamRules(name="districts", min=1, ideal=2, max=3))
    a_team(ports, activity, AMARA)
    pass_days(ports, 12)
    assert asked(ports) == []


def test_somebody_who_takes_no_part_any_more_is_not_asked() -> None:
    ports = world()
    activity = a_pair(ports)
    note = Member(TOMAS.person, "Tomás", TOMAS.role, active=False)
    run(ports, note_enrolment, COURSE, note)
    run(ports, exclude, INES, activity.id, LINH.person, reason="Left.")
    pass_days(ports, 12, seen=[AMARA])
    assert asked(ports) == []


def test_who_comes_back_into_the_course_is_back_in_the_team_by_opening_it() -> None:
    ports = world()
    a_pair(ports)
    before = membership(ports, TOMAS)
    gone = Member(TOMAS.person, "Tomás", TOMAS.role, active=False)
    run(ports, note_enrolment, COURSE, gone)
    assert not membership(ports, TOMAS).active
    come_in(ports, TOMAS)
    after = membership(ports, TOMAS)
    assert (after.id, after.team, after.active) == (before.id, before.team, True)


def test_staff_mark_by_hand_with_a_reason_and_only_in_that_team() -> None:
    ports = world()
    activity = a_pair(ports)
    red = a_team(ports, activity, SOFIA, name="Red Kites")
    blue = membership(ports, AMARA).team
    with pytest.raises(Invalid):
        run(ports, mark_by_hand, INES, activity.id, blue, AMARA.person, active=False, reason=" ")
    with pytest.raises(NotFound):
        run(ports, mark_by_hand, INES, activity.id, red.id, AMARA.person, active=False, reason="Ill.")
    with pytest.raises(NotAllowed):
        run(ports, mark_by_hand, KWAME, activity.id, blue, AMARA.person, active=False, reason="Ill.")
    run(ports, mark_by_hand, INES, activity.id, blue, AMARA.person, active=False, reason="Ill until May.")
    with ports.transaction() as store:
        unit = UnitOfWork(store, ports.clock.now(), ports.ids.new, ports.chance)
        known = away(unit, store.find(MEMBERSHIPS, team=blue))
    assert (known[AMARA.person].reason, known[AMARA.person].by) == ("Ill until May.", INES.person)
    assert run(ports, mark_by_hand, INES, activity.id, blue, AMARA.person, active=True, reason="Back.").active


def test_looking_through_a_class_costs_the_same_for_each_page_of_it() -> None:
    small, large = course_of(world(), 150), course_of(world(), 1100)
    calls = []
    for made in (small, large):
        counted = Counted(made.ports)
        look_for_absent(counted.ports, [made.activity])
        calls.append(counted.calls["find coursecrew_visit"])
    assert calls == [1, 5]  # pages of 200 members, nine tenths of the class
