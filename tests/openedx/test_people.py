"""Accounts and learner keys, the member list, retirement, and people who come and go."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.dispatch import Signal
from django.test.utils import CaptureQueriesContext

from coursecrew.domain.errors import PlatformUnreachable
from coursecrew.domain.people import Role
from coursecrew_openedx import people, signals
from coursecrew_openedx.models import Person
from tests.openedx.conftest import Course
from tests.openedx.platform_stand_in import put

COURSE = "course-v1:edX+Demo+2020"


def test_a_key_is_random_hex_and_stays(course: Course) -> None:
    amara, tomas = course.account("amara").id, course.account("tomas").id
    keys = people.keys_of([amara, tomas])
    assert keys == people.keys_of([tomas, amara])
    assert len(set(keys.values())) == 2
    for key in keys.values():
        assert len(key) == 32
        assert set(key) <= set("0123456789abcdef")
        account = people.account_of(key)
        assert account
        assert account.id in (amara, tomas)


def test_keys_of_many_cost_no_more_queries_than_keys_of_one(course: Course) -> None:
    ids = list(get_user_model().objects.values_list("id", flat=True))
    with CaptureQueriesContext(connection) as one:
        people.keys_of(ids[:1])
    with CaptureQueriesContext(connection) as many:
        people.keys_of(ids[1:])
    assert len(many) == len(one)


def test_an_unknown_key_has_no_account(course: Course) -> None:
    assert people.account_of("0" * 32) is None


def test_the_member_list_comes_by_pages_and_whole(course: Course, monkeypatch) -> None:
    monkeypatch.setattr(people, "PAGE", 5)
    pages = list(people.Roster().members(COURSE))
    assert [len(page) for page in pages] == [5, 5, 2]
    roles = {member.name: member.role for page in pages for member in page}
    assert roles["Kwame Boateng"] is Role.INSTRUCTOR
    assert roles["Sofia Lindqvist"] is Role.LEARNER
    assert "A passer-by" not in roles


def test_a_file_may_call_people_by_user_name_or_address(course: Course) -> None:
    roster = people.Roster()
    assert roster.person_for(COURSE, " amara ") == course.key("amara")
    assert roster.person_for(COURSE, "Amara@Water.Example") == course.key("amara")
    assert roster.person_for(COURSE, "passerby") is None  # not in this course
    assert roster.person_for(COURSE, "nobody-at-all") is None
    key = course.key("amara")
    assert roster.handles(COURSE, [key]) == {key: "amara"}


def test_without_a_platform_there_is_no_half_a_member_list(course: Course, settings) -> None:
    settings.XBLOCK_SETTINGS = {"coursecrew": {}}
    with pytest.raises(PlatformUnreachable):
        list(people.Roster().members(COURSE))


def test_staff_are_told_apart_by_the_platforms_own_question(course: Course, settings, monkeypatch) -> None:
    settings.XBLOCK_SETTINGS = {"coursecrew": {}}
    asked = []

    def has_access(account, action, key):
        asked.append((account.username, action, str(key)))
        return account.username == "ines"

    put(monkeypatch, "lms.djangoapps.courseware.access", has_access=has_access)
    assert people.is_course_staff(course.account("ines"), COURSE)
    assert not people.is_course_staff(course.account("amara"), COURSE)
    assert asked == [("ines", "staff", COURSE), ("amara", "staff", COURSE)]


@pytest.mark.parametrize("name", ["Mars/Olympus", "", None, "../../etc/passwd", "Europe/Lisbon"])
def test_a_time_zone_nobody_knows_is_utc(name) -> None:
    assert people.known_zone(name) == ("Europe/Lisbon" if name == "Europe/Lisbon" else "UTC")


# --- retirement ---


def test_retirement_forgets_the_name_and_keeps_the_teams_work(course: Course) -> None:
    course.released("amara", "tomas")
    key = course.key("amara")
    signals.forget_retired(course.account("amara"))

    assert not Person.objects.filter(key=key).exists()
    row = course.row("participant", person=key)
    assert (row.name, row.active, row.mail, row.zone) == ("Former member", False, False, "UTC")
    assert course.row("submission").state == "in_force"
    assert course.rows("visit", person=key) == []
    assert course.rows("notice", person=key) == []
    assert course.rows("request_key", person=key) == []
    assert "Amara" not in course.get("tomas").content.decode()
    assert course.marks()["tomas"] == (80.0, 100.0)


def test_retiring_twice_changes_nothing_more(course: Course) -> None:
    course.get("amara")
    amara = course.account("amara")
    assert signals.forget(amara.id) is True
    assert signals.forget(amara.id) is False


def test_somebody_who_never_came_in_can_retire(course: Course) -> None:
    signals.forget_retired(course.account("sofia"))
    assert not Person.objects.exists()


def test_deleting_an_account_forgets_the_person_too(course: Course) -> None:
    course.get("amara")
    key = course.key("amara")
    course.account("amara").delete()
    assert course.row("participant", person=key).name == "Former member"


# --- coming and going ---


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch, course: Course):
    """The platform's signals, connected as at start-up."""
    made = {
        name: Signal()
        for name in (
            "COURSE_ENROLLMENT_CREATED", "COURSE_ENROLLMENT_CHANGED", "COURSE_UNENROLLMENT_COMPLETED",
        )
    }  # fmt: skip
    retire = Signal()
    put(monkeypatch, "openedx_events.learning.signals", **made)
    put(monkeypatch, "openedx.core.djangoapps.user_api.accounts.signals", USER_RETIRE_LMS_MISC=retire)
    signals.connect()
    return SimpleNamespace(retire=retire, **made)


def enrolment(account, *, active: bool):
    return SimpleNamespace(
        user=SimpleNamespace(id=account.id), course=SimpleNamespace(course_key=COURSE), is_active=active
    )


def test_unenrolling_makes_inactive_and_enrolling_again_brings_everything_back(
    course: Course, events
) -> None:
    team = course.team("Blue Ledger", "amara", "tomas")
    tomas = course.account("tomas")
    events.COURSE_UNENROLLMENT_COMPLETED.send(sender=None, enrollment=enrolment(tomas, active=False))
    assert course.row("participant", person=course.key("tomas")).active is False
    assert course.row("membership", person=course.key("tomas")).active is False

    events.COURSE_ENROLLMENT_CREATED.send(sender=None, enrollment=enrolment(tomas, active=True))
    assert course.row("participant", person=course.key("tomas")).active is True
    membership = course.row("membership", person=course.key("tomas"))
    assert (membership.team, membership.active) == (team, True)


def test_a_course_that_does_not_use_us_is_not_kept(course: Course, events) -> None:
    events.COURSE_ENROLLMENT_CREATED.send(
        sender=None, enrollment=enrolment(course.account("amara"), active=True)
    )
    assert course.rows("participant") == []


def test_somebody_unknown_who_leaves_is_not_kept_either(course: Course, events) -> None:
    course.get("amara")
    events.COURSE_UNENROLLMENT_COMPLETED.send(
        sender=None, enrollment=enrolment(course.account("tomas"), active=False)
    )
    assert len(course.rows("participant")) == 1


def test_the_platforms_retirement_signal_reaches_us(course: Course, events) -> None:
    course.get("amara")
    events.retire.send(sender=None, user=course.account("amara"))
    assert course.row("participant").name == "Former member"
