"""From an act to the platform: grades of every member, completion, mail, workers, upkeep."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerUnreachable

from coursecrew.app.unit_of_work import run
from coursecrew.domain.errors import PlatformUnreachable
from coursecrew.domain.events import Kind
from coursecrew_openedx import tasks
from coursecrew_openedx.models import MODELS
from tests.openedx.conftest import Course


@pytest.fixture
def by_workers(settings):
    """As in production: deliveries are queued, and nobody works on them by itself."""
    ours = {**settings.XBLOCK_SETTINGS["coursecrew"], "deliver": "celery"}
    settings.XBLOCK_SETTINGS = {"coursecrew": ours}


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch, by_workers) -> list[dict]:
    """What was asked of Celery: the platform's side of the line."""
    asked: list[dict] = []
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda **options: asked.append(options))
    return asked


# --- grades ---


def test_every_member_of_the_team_gets_the_grade(course: Course) -> None:
    course.released("amara", "tomas", "linh")
    assert course.marks() == {"amara": (80.0, 100.0), "tomas": (80.0, 100.0), "linh": (80.0, 100.0)}


def test_nothing_reaches_the_gradebook_before_release(course: Course) -> None:
    team = course.team("Blue Ledger", "amara", "tomas")
    course.write("amara")
    course.hand_in("amara")
    course.score("ines", team, c1=3, c2=2, c3=2)
    assert course.marks() == {}


def test_a_lower_grade_replaces_a_higher_one(course: Course) -> None:
    course.released("amara", "tomas")
    person = course.key("amara")
    course.post("ines", f"grades/{person}/override", value="55.5", reason="Counted twice before.")
    assert course.marks() == {"amara": (55.5, 100.0), "tomas": (80.0, 100.0)}


def test_the_same_grade_sent_twice_changes_nothing_but_the_time(course: Course) -> None:
    from demo.studio.models import Mark

    course.released("amara", "tomas")
    MODELS["coursecrew_gradebook_cell"]._base_manager.update(state="waiting", next_try=timezone.now())
    tasks.deliver()
    assert course.marks() == {"amara": (80.0, 100.0), "tomas": (80.0, 100.0)}
    assert set(Mark.objects.values_list("times", flat=True)) == {2}


# --- deleting a learner's state ---


def test_deleting_a_learners_state_takes_back_their_grade_and_leaves_the_teams_work(course: Course) -> None:
    from demo.studio.platform import anonymous_id

    course.released("amara", "tomas")
    course.block(None).clear_student_state(
        user_id=anonymous_id("amara"),
        course_id="course-v1:edX+Demo+2020",
        item_id=course.place,
        requesting_user_id=anonymous_id("ines"),
    )
    assert course.marks() == {"amara": (None, None), "tomas": (80.0, 100.0)}
    assert course.row("submission").state == "in_force"
    assert {row.person for row in course.rows("byline", in_force=True)} == {
        course.key("amara"),
        course.key("tomas"),
    }
    assert [row.cause for row in course.rows("grade_version", person=course.key("amara"))][-1] == "taken_back"


def test_a_grade_taken_back_can_be_given_again(course: Course) -> None:
    from demo.studio.platform import anonymous_id

    team = course.released("amara", "tomas")
    for _ in range(2):  # the second time there is nothing left to take back
        course.block(None).clear_student_state(
            user_id=anonymous_id("amara"), course_id="course-v1:edX+Demo+2020", item_id=course.place
        )
    assert len(course.rows("grade_version", person=course.key("amara"), cause="taken_back")) == 1
    course.score("ines", team, c1=3, c2=2, c3=2)
    course.post("ines", "release/now")
    assert course.marks() == {"amara": (100.0, 100.0), "tomas": (100.0, 100.0)}


def test_deleting_the_state_of_somebody_unknown_is_no_fault(course: Course) -> None:
    course.block(None).clear_student_state(user_id="0" * 32, course_id="course-v1:x", item_id=course.place)
    assert course.marks() == {}


# --- completion ---


def test_handing_in_completes_the_block_for_everybody_named_on_it(course: Course) -> None:
    from demo.studio.models import Tick

    course.team("Blue Ledger", "amara", "tomas")
    course.write("amara")
    assert not Tick.objects.exists()
    course.hand_in("amara")
    assert set(Tick.objects.values_list("user__username", "place")) == {
        ("amara", course.place),
        ("tomas", course.place),
    }


# --- the queue ---


def test_the_worker_is_told_after_the_commit_and_not_before(course: Course, queued: list) -> None:
    with transaction.atomic():
        tasks.PlatformQueue().nudge()
        assert queued == []
    assert queued == [{"retry": False}]


def test_work_that_is_rolled_back_tells_nobody(course: Course, queued: list) -> None:
    with transaction.atomic():
        tasks.PlatformQueue().nudge()
        transaction.set_rollback(True)
    assert queued == []


def test_a_broker_that_does_not_answer_costs_time_and_no_data(
    course: Course, monkeypatch: pytest.MonkeyPatch, by_workers, caplog
) -> None:
    def unreachable(**_):
        raise BrokerUnreachable("connection refused")

    monkeypatch.setattr(tasks.deliver, "apply_async", unreachable)
    course.released("amara", "tomas")  # every press is answered as usual
    assert course.marks() == {}
    assert "upkeep will find the rows" in caplog.text
    call_command("coursecrew_upkeep", verbosity=0)
    assert course.marks() == {"amara": (80.0, 100.0), "tomas": (80.0, 100.0)}


def test_two_workers_at_once_deliver_each_notice_once(course: Course, queued: list) -> None:
    course.team("Blue Ledger", "amara", "tomas", "linh")
    tasks.deliver()
    tasks.deliver()
    people = [(row.event, row.person) for row in course.rows("notice")]
    assert len(people) == len(set(people)) > 0


# --- mail ---


def test_members_are_written_to_when_their_work_is_handed_in(course: Course) -> None:
    course.team("Blue Ledger", "amara", "tomas")
    course.write("amara")
    mail.outbox.clear()
    course.hand_in("amara")
    (letter,) = mail.outbox  # not to the one who pressed
    assert letter.to == ["tomas@water.example"]
    assert "Cut water loss in one district" in letter.subject
    assert f"https://lms.example/courses/course-v1:edX+Demo+2020/jump_to/{course.place}" in letter.body


# --- upkeep ---


def test_upkeep_reads_the_member_list_and_tells_what_it_did(course: Course, capsys) -> None:
    from demo.studio.models import Enrolment

    course.get("amara")
    call_command("coursecrew_upkeep")
    assert capsys.readouterr().out.startswith("rosters 1 unread 0 works 0")
    names = {row.name: row.role for row in course.rows("participant")}
    assert names["Tomás Rivera"] == "learner"
    assert names["Dr Inês Carvalho"] == "instructor"
    assert "A passer-by" not in names

    Enrolment.objects.filter(user__username="tomas").update(is_active=False)
    call_command("coursecrew_upkeep", verbosity=0)
    assert course.row("participant", name="Tomás Rivera").active is False


def test_upkeep_may_leave_the_member_lists_out(course: Course, capsys) -> None:
    course.get("amara")
    call_command("coursecrew_upkeep", no_rosters=True)
    assert capsys.readouterr().out.startswith("rosters 0 unread 0")
    assert len(course.rows("participant")) == 1


class SilentEnrolments:
    def get_active_enrollments_by_course(self, course_id):
        raise PlatformUnreachable(what="members")

    def get_active_enrollments_by_course_and_user(self, course_id, user_id):
        raise PlatformUnreachable(what="members")


def test_a_member_list_that_does_not_answer_marks_nobody_as_gone(course: Course, settings, capsys) -> None:
    course.get("amara")
    ours = {**settings.XBLOCK_SETTINGS["coursecrew"], "roster": f"{__name__}.SilentEnrolments"}
    settings.XBLOCK_SETTINGS = {"coursecrew": ours}
    call_command("coursecrew_upkeep")
    assert "rosters 0 unread 1" in capsys.readouterr().out
    assert course.row("participant").active is True


def test_upkeep_hands_in_what_is_written_when_time_is_over(course: Course) -> None:
    course.team("Blue Ledger", "amara", "tomas")
    course.write("amara")
    block = course.block("ines")
    over = (timezone.now() - timedelta(minutes=5)).isoformat()
    document = {**block.settings, "steps": {"draft": {"due": over, "closes": over}}}
    activity = course.row("activity")
    MODELS["coursecrew_activity"]._base_manager.filter(pk=activity.pk).update(
        settings=json.dumps({**json.loads(activity.settings), **document})
    )
    call_command("coursecrew_upkeep", verbosity=0)
    assert course.row("submission").how == "at_close"
    call_command("coursecrew_upkeep", verbosity=0)
    assert len(course.rows("submission")) == 1


def test_an_event_of_a_course_without_anybody_is_delivered_all_the_same(course: Course, ports) -> None:
    def record(unit):
        return unit.record(Kind.SETTINGS_CHANGED, activity="0" * 32, course="nowhere", by="")

    event = run(ports, record)
    assert course.row("event", id=event.id).state == "delivered"
