"""The one adapter to the LMS's gradebook: what it sends, and what it answers when that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from kombu.exceptions import OperationalError as BrokerUnreachable

from coursecrew.app.records import ACTIVITIES
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity, Settings
from coursecrew.domain.gradebook import Cell, Component
from coursecrew_openedx.completion import PlatformCompletions
from coursecrew_openedx.grades import PlatformGradebook
from coursecrew_openedx.people import key_of
from tests.openedx.platform_stand_in import Lms

COURSE = "course-v1:edX+Demo+2020"
PLACE = "block-v1:edX+Demo+2020+type@coursecrew_team_assignment+block@" + "a" * 32
NOW = datetime(2026, 12, 15, 9, tzinfo=UTC)


@pytest.fixture
def real_ports(ports, settings):
    """No stand-ins: the adapters look for the platform itself."""
    settings.XBLOCK_SETTINGS = {"coursecrew": {"deliver": "inline"}}
    return ports


@pytest.fixture
def lms(real_ports, monkeypatch: pytest.MonkeyPatch) -> Lms:
    return Lms(monkeypatch, PLACE)


@pytest.fixture
def cell(real_ports, course) -> Cell:
    """Amara's cell in an activity at `PLACE`."""

    def place(unit):
        return unit.store.add(
            ACTIVITIES,
            Activity(unit.new_id(), COURSE, PLACE, "plan", "team_assignment", Settings(title="Plan")),
        )

    activity = run(real_ports, place)
    return Cell("c" * 32, activity.id, key_of(course.account("amara").id), Component.TOTAL, Decimal(80), 1)


def send(cell: Cell, value: Decimal | None = Decimal("82.35")):
    return PlatformGradebook().send(cell, value=value, maximum=Decimal(100), stamp=NOW, title="Plan")


def test_a_score_is_published_for_the_account_with_our_own_maximum(lms: Lms, cell, course) -> None:
    lms.enrolled = {course.account("amara").id}
    answer = send(cell)
    assert answer.kind == "ok"
    (sent,) = lms.sent
    assert sent["user"] == course.account("amara")
    assert sent["block"].scope_ids.usage_id == lms.place
    assert (sent["raw_earned"], sent["raw_possible"]) == (82.35, 100.0)
    assert sent["only_if_higher"] is False
    assert "score_deleted" not in sent


def test_a_withdrawn_score_is_sent_as_deleted(lms: Lms, cell) -> None:
    assert send(cell, None).kind == "ok"
    (sent,) = lms.sent
    assert (sent["raw_earned"], sent["raw_possible"], sent["score_deleted"]) == (None, None, True)


def test_somebody_who_left_the_course_gets_no_score(lms: Lms, cell) -> None:
    answer = send(cell)
    assert (answer.kind, answer.code) == ("refused", "not_enrolled")
    assert lms.sent == []


def test_frozen_grades_are_told_to_staff(lms: Lms, cell, course) -> None:
    lms.enrolled, lms.frozen = {course.account("amara").id}, True
    for value in (Decimal(10), None):
        answer = send(cell, value)
        assert (answer.kind, answer.code) == ("refused", "frozen")
    assert lms.sent == []


def test_a_block_that_was_deleted_is_refused_for_good(lms: Lms, cell, course) -> None:
    from opaque_keys.edx.keys import UsageKey

    lms.enrolled = {course.account("amara").id}
    lms.place = UsageKey.from_string(PLACE.replace("a" * 32, "b" * 32))
    assert send(cell).code == "gone"


def test_a_retired_person_is_refused_for_good(lms: Lms, cell, course) -> None:
    from coursecrew_openedx.models import Person

    Person.objects.filter(user=course.account("amara")).delete()
    assert send(cell).code == "gone"


def test_without_a_platform_the_send_is_tried_again(real_ports, cell) -> None:
    answer = send(cell)
    assert (answer.kind, answer.code) == ("later", "platform_unreachable")


def test_a_broker_that_does_not_answer_is_tried_again(lms: Lms, cell, course, monkeypatch) -> None:
    def unreachable(self, sender, **values):
        raise BrokerUnreachable("connection refused")

    lms.enrolled = {course.account("amara").id}
    monkeypatch.setattr(Lms, "get_item", lambda self, key: unreachable(self, key))
    assert send(cell).kind == "later"


def test_completion_reaches_others_and_rests_while_the_platform_does_not_track_it(lms: Lms, course) -> None:
    amara = course.account("amara")
    PlatformCompletions().complete(PLACE, [amara])
    lms.tracking = False
    PlatformCompletions().complete(PLACE, [amara])
    assert lms.completed == [(amara.id, PLACE, 1.0)]
