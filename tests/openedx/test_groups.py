"""The platform's own groups: teams of its Teams page and cohorts, read and never changed."""

from __future__ import annotations

import pytest

from coursecrew.app.ports import Grouping, PlatformGroup
from coursecrew.domain.errors import NotFound
from coursecrew_openedx import people
from demo.studio.people import COURSE
from tests.openedx.platform_stand_in import Groups

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def groups(monkeypatch, course):
    made = Groups(monkeypatch, COURSE)
    made.sets = {"projects": "Term projects"}
    made.team("projects", "Pipes", course.account("amara"), course.account("tomas"))
    made.team("projects", "meters", course.account("linh"))
    made.team("labs", "Lab 1", course.account("amara"))
    made.cohort("Evening", course.account("amara"), course.account("sofia"))
    return made


def test_outside_the_platform_there_are_no_groups(course):
    assert people.Roster().groupings(COURSE) is None
    with pytest.raises(NotFound):
        people.Roster().groups(COURSE, "cohorts")


def test_sets_of_teams_go_by_their_names_and_cohorts_are_one(groups):
    assert people.Roster().groupings(COURSE) == [
        Grouping("teams:labs", "teams", "labs"),
        Grouping("teams:projects", "teams", "Term projects"),
        Grouping("cohorts", "cohorts"),
    ]


def test_teams_of_a_set_come_with_the_learner_keys_of_their_members(course, groups):
    assert people.Roster().groups(COURSE, "teams:projects") == [
        PlatformGroup("meters", (course.key("linh"),)),
        PlatformGroup("Pipes", tuple(course.key(who) for who in ("amara", "tomas"))),
    ]
    assert people.Roster().groups(COURSE, "cohorts") == [
        PlatformGroup("Evening", tuple(course.key(who) for who in ("amara", "sofia")))
    ]


def test_somebody_who_is_enrolled_no_more_is_counted_and_not_named(course, groups):
    from demo.studio.models import Enrolment

    Enrolment.objects.filter(user=course.account("tomas")).update(is_active=False)
    pipes = people.Roster().groups(COURSE, "teams:projects")[1]
    assert (pipes.members, pipes.unknown) == ((course.key("amara"),), 1)


def test_groups_of_another_course_are_not_shown(groups):
    from opaque_keys.edx.keys import CourseKey

    for row in groups.teams + groups.cohorts:
        row.course_id = CourseKey.from_string("course-v1:Other+Course+2026")
    assert people.Roster().groupings(COURSE) == []


@pytest.mark.parametrize("id", ["", "sections", "teams", "cohorts:1"])
def test_an_unknown_grouping_is_not_found_or_empty(groups, id):
    if id == "teams":
        assert people.Roster().groups(COURSE, id) == []
    else:
        with pytest.raises(NotFound):
            people.Roster().groups(COURSE, id)


def test_more_people_may_always_enrol(course):
    assert not people.Roster().knows_all(COURSE)
