from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from coursecrew.app.charters import save_charter, sign_charter
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.nudges import remind
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import name_ta
from coursecrew.app.records import (
    ASKINGS,
    CHARTERS,
    EVENTS,
    MEMBERSHIPS,
    NOTICES,
    NUDGES,
    PARTICIPANTS,
    TASKS,
    WORKS,
    RecordType,
)
from coursecrew.app.submissions import confirm, object_to
from coursecrew.app.teams import answer_asking, ask_to_join, invite
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity, SubmitRule, TeamRules
from coursecrew.domain.errors import Conflict, NotAllowed
from coursecrew.domain.nudges import About
from coursecrew.domain.people import Actor
from coursecrew.domain.plans import Task, TaskState
from coursecrew.domain.wishes import Charter, CharterPart
from coursecrew.ui.mail import compose
from tests.builders import (
    AMARA,
    INES,
    LINH,
    MEHMET,
    PLACED,
    SOFIA,
    START,
    TOMAS,
    a_team,
    an_assignment,
    come_in,
    hand_in,
    world,
)


def confirming() -> tuple[MemoryPorts, Activity, str]:
    """Amara handed in; Tomás and Linh have not confirmed yet. Returns the submission's id."""
    ports = world()
    activity = an_assignment(ports, SOFIA, MEHMET, submit_rule=SubmitRule.ALL)
    a_team(ports, activity, AMARA, TOMAS, LINH, draft="A plan.")
    return ports, activity, hand_in(ports, activity, AMARA)


def press(
    ports: MemoryPorts, activity: Activity, who: Actor, item: str, person: Actor | None = TOMAS,
    about: About = About.CONFIRM,
) -> list[str]:  # fmt: skip
    key = person.person if person else ""
    return run(ports, remind, who, activity.id, about=about, item=item, person=key)


def refused(ports: MemoryPorts, activity: Activity, who: Actor, item: str, **more: Any) -> str:
    with pytest.raises(Conflict) as no:
        press(ports, activity, who, item, **more)
    return str(no.value.values["why"])


def told(ports: MemoryPorts) -> list[str]:
    deliver_all(ports, compose=compose)
    return [row.person for row in ports.rows(NOTICES, kind="nudged")]


def letters(ports: MemoryPorts, person: Actor) -> int:
    deliver_all(ports, compose=compose)
    return len([mail for mail in ports.mailer.to(person.person) if "waits for you" in mail.subject])


def test_only_the_person_waited_for_is_told_and_the_press_is_logged() -> None:
    ports, activity, submission = confirming()
    assert press(ports, activity, AMARA, submission) == [TOMAS.person]
    assert told(ports) == [TOMAS.person]
    (row,) = ports.rows(NUDGES)
    assert (row.person, row.by, row.item, row.about) == (
        TOMAS.person, AMARA.person, submission, About.CONFIRM,
    )  # fmt: skip
    (event,) = ports.rows(EVENTS, kind="nudged")
    assert set(event.detail) == {"people", "about", "item", "name"}


def test_three_at_most_for_one_thing_and_person_and_a_day_apart_whoever_presses() -> None:
    ports, activity, submission = confirming()
    press(ports, activity, AMARA, submission)
    assert refused(ports, activity, LINH, submission) == "today"
    press(ports, activity, AMARA, submission, LINH)  # somebody else is a matter of their own
    (work,) = ports.rows(WORKS)
    with ports.transaction() as store:  # the day it takes would confirm by itself
        store.save(WORKS, replace(work, confirm_until=START + timedelta(days=30)))
    for presser in (LINH, AMARA):
        ports.clock.advance(days=1)
        press(ports, activity, presser, submission)
    ports.clock.advance(days=1)
    assert refused(ports, activity, AMARA, submission) == "enough"
    assert len(ports.rows(NUDGES, person=TOMAS.person)) == 3


def test_nobody_is_reminded_of_what_is_done_or_of_themselves() -> None:
    ports, activity, submission = confirming()
    run(ports, confirm, TOMAS, activity.id)
    assert refused(ports, activity, AMARA, submission) == "done"
    assert refused(ports, activity, LINH, submission, person=LINH) == "done"
    run(ports, object_to, LINH, activity.id, reason="The map is missing.")
    assert refused(ports, activity, AMARA, submission, person=LINH) == "done"
    assert not ports.rows(NUDGES)


def test_a_reminder_is_put_away_by_itself_once_the_thing_is_done() -> None:
    ports, activity, submission = confirming()
    press(ports, activity, AMARA, submission)
    press(ports, activity, AMARA, submission, LINH)
    assert len(told(ports)) == 2
    run(ports, confirm, TOMAS, activity.id)
    assert [row.person for row in ports.rows(NOTICES, kind="nudged", read=False)] == [LINH.person]
    run(ports, object_to, LINH, activity.id, reason="The map is missing.")
    assert not ports.rows(NOTICES, kind="nudged", read=False)


def test_nobody_is_reminded_who_is_not_there_or_can_no_longer_do_it() -> None:
    ports, activity, submission = confirming()
    (row,) = ports.rows(MEMBERSHIPS, person=TOMAS.person)
    with ports.transaction() as store:
        store.save(MEMBERSHIPS, replace(row, active=False))
    assert refused(ports, activity, AMARA, submission) == "done"
    run(ports, name_ta, INES, activity.id, LINH.person)
    assert refused(ports, activity, AMARA, submission, person=LINH) == "done"


@pytest.mark.parametrize("who", [MEHMET, SOFIA, INES, replace(AMARA, looks_on=True)], ids=lambda w: w.name)
def test_whoever_does_not_wait_reminds_nobody(who: Actor) -> None:
    ports, activity, submission = confirming()
    a_team(ports, activity, MEHMET, name="Red Kites")
    for item in (submission, "f" * 32):
        with pytest.raises(NotAllowed):
            press(ports, activity, who, item)
    assert not ports.rows(NUDGES)


def test_a_letter_waits_for_the_morning_where_the_receiver_is_and_is_not_sent_once_it_is_done() -> None:
    for done in (False, True):
        ports, activity, submission = confirming()
        (tomas,) = ports.rows(PARTICIPANTS, person=TOMAS.person)
        with ports.transaction() as store:
            store.save(PARTICIPANTS, replace(tomas, zone="Africa/Lagos"))
        ports.clock.move_to(datetime(2026, 11, 10, 21, 30, tzinfo=UTC))  # 22:30 in Lagos
        (work,) = ports.rows(WORKS)
        with ports.transaction() as store:
            store.save(WORKS, replace(work, confirm_until=START + timedelta(days=30)))
        press(ports, activity, AMARA, submission)
        assert letters(ports, TOMAS) == 0
        assert told(ports) == [TOMAS.person]  # in the page at once
        if done:
            run(ports, confirm, TOMAS, activity.id)
        ports.clock.move_to(datetime(2026, 11, 11, 8, tzinfo=ZoneInfo("Africa/Lagos")).astimezone(UTC))
        assert letters(ports, TOMAS) == (0 if done else 1)


# --- the other things somebody waits for ---


def one(ports: MemoryPorts, kind: RecordType[Any], **about: str) -> str:
    return str(ports.rows(kind, **about)[0].id)


def test_the_leader_is_reminded_while_handing_in_is_theirs() -> None:
    ports = world()
    activity = an_assignment(ports, submit_rule=SubmitRule.LEADER)
    a_team(ports, activity, AMARA, TOMAS, draft="A plan.")
    work = one(ports, WORKS)
    assert press(ports, activity, TOMAS, work, AMARA, About.HAND_IN) == [AMARA.person]
    hand_in(ports, activity, AMARA)
    ports.clock.advance(days=2)
    assert refused(ports, activity, TOMAS, work, person=AMARA, about=About.HAND_IN) == "done"


def test_whoever_has_not_signed_the_charter_in_force_is_reminded() -> None:
    ports = world()
    parts = Charter(parts=(CharterPart("goal", "Our goal"),))
    activity = an_assignment(ports, charter=parts)
    a_team(ports, activity, AMARA, TOMAS)
    run(ports, save_charter, AMARA, activity.id, {"goal": "To finish."}, seen=0)
    charter = one(ports, CHARTERS)
    assert press(ports, activity, AMARA, charter, TOMAS, About.SIGN) == [TOMAS.person]
    run(ports, sign_charter, TOMAS, activity.id, seen=1)
    ports.clock.advance(days=2)
    assert refused(ports, activity, AMARA, charter, person=TOMAS, about=About.SIGN) == "done"


def test_who_asked_for_a_seat_reminds_the_whole_team_and_nobody_else_does() -> None:
    ports = world()
    activity = an_assignment(ports, SOFIA, MEHMET, teams=TeamRules(name="districts", min=2, ideal=3, max=4))
    team = a_team(ports, activity, AMARA, TOMAS)
    asking = run(ports, ask_to_join, SOFIA, activity.id, team.id).id
    with pytest.raises(NotAllowed):
        press(ports, activity, MEHMET, asking, None, About.SEAT)
    with pytest.raises(NotAllowed):
        press(ports, activity, TOMAS, asking, None, About.SEAT)  # it is the team that is waited for
    assert set(press(ports, activity, SOFIA, asking, None, About.SEAT)) == {AMARA.person, TOMAS.person}
    assert refused(ports, activity, SOFIA, asking, person=None, about=About.SEAT) == "today"
    run(ports, answer_asking, AMARA, activity.id, asking, accept=False)
    ports.clock.advance(days=2)
    assert refused(ports, activity, SOFIA, asking, person=None, about=About.SEAT) == "done"


def test_who_was_invited_is_reminded_by_the_team_until_they_answer() -> None:
    ports = world()
    activity = an_assignment(ports, SOFIA)
    a_team(ports, activity, AMARA, TOMAS)
    asking = run(ports, invite, AMARA, activity.id, SOFIA.person).id
    assert press(ports, activity, TOMAS, asking, SOFIA, About.INVITATION) == [SOFIA.person]
    ports.clock.advance(days=8)  # it has run out
    assert refused(ports, activity, TOMAS, asking, person=SOFIA, about=About.INVITATION) == "done"
    assert ports.rows(ASKINGS, id=asking)


def test_whoever_blocks_a_task_is_reminded_and_what_went_out_by_itself_counts() -> None:
    ports = world()
    activity = an_assignment(ports)
    team = a_team(ports, activity, AMARA, TOMAS)
    task = Task(
        "a" * 32, activity.id, team.id, "Budget", AMARA.person, ports.clock.now(), owner=AMARA.person,
        state=TaskState.BLOCKED, blocked_by=TOMAS.person, reminded=2,
    )  # fmt: skip
    with ports.transaction() as store:
        store.add(TASKS, task)
    assert press(ports, activity, AMARA, task.id, TOMAS, About.TASK) == [TOMAS.person]
    ports.clock.advance(days=2)
    assert refused(ports, activity, AMARA, task.id, about=About.TASK) == "enough"


def test_a_thing_of_another_activity_is_no_thing_here() -> None:
    ports, _activity, submission = confirming()
    other = come_in(ports, AMARA, placed=replace(PLACED, place="place-2", name="second"))
    with pytest.raises(NotAllowed):
        press(ports, other, AMARA, submission)
