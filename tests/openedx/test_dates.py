"""Due dates of the platform: the same for everybody, and personal extensions on top."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from coursecrew_openedx.activities import due_of, placed, short_name
from tests.openedx.conftest import Course
from tests.openedx.platform_stand_in import put

DUE = datetime(2026, 11, 27, 18, tzinfo=UTC)
KEY = "block-v1:edX+Demo+2020+type@coursecrew_team_assignment+block@" + "a" * 32


def block(due):
    from opaque_keys.edx.keys import UsageKey

    return SimpleNamespace(
        due=due,
        scope_ids=SimpleNamespace(usage_id=UsageKey.from_string(KEY)),
        display_name="Plan",
        settings={"goal": "A plan"},
    )


def test_a_moment_without_a_zone_is_no_due_date() -> None:
    assert due_of(block(datetime(2026, 11, 27, 18))) == (None, timedelta(0))  # noqa: DTZ001
    assert due_of(block(None)) == (None, timedelta(0))


def test_without_the_platforms_dates_the_blocks_own_holds() -> None:
    assert due_of(block(DUE)) == (DUE, timedelta(0))


def test_an_extension_is_told_apart_from_the_date_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, "edx_when.api", get_date_for_block=lambda course, key, name: DUE)
    assert due_of(block(DUE)) == (DUE, timedelta(0))
    assert due_of(block(DUE + timedelta(days=2))) == (DUE, timedelta(days=2))


def test_a_date_relative_to_enrolment_is_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, "edx_when.api", get_date_for_block=lambda course, key, name: None)
    assert due_of(block(DUE)) == (None, timedelta(0))


def test_the_place_is_the_usage_key_and_the_name_the_block_id() -> None:
    here = placed(block(DUE), "team_assignment")
    assert (here.place, here.course, here.name) == (KEY, "course-v1:edX+Demo+2020", "a" * 32)
    assert here.wish == {"goal": "A plan", "title": "Plan"}


def test_a_very_long_block_id_has_a_short_name_of_its_own() -> None:
    long, other = "chapter-" * 20 + "1", "chapter-" * 20 + "2"
    assert len(short_name(long)) == 80
    assert short_name(long) != short_name(other)


def test_an_extension_of_the_platform_moves_our_dates_for_that_person_alone(course: Course, ports) -> None:
    from coursecrew.app.activities import Placed, enter
    from coursecrew.app.records import EXTENSIONS
    from coursecrew.app.submissions import deadlines_of
    from coursecrew.app.unit_of_work import run
    from coursecrew.domain.people import Actor, Role

    actor = Actor(course.key("amara"), "course-v1:edX+Demo+2020", Role.LEARNER, name="Amara")
    wish = {**course.block("ines").settings, "steps": {"draft": {"due": DUE.isoformat()}}}
    here = Placed("course-v1:edX+Demo+2020", "", KEY, "plan", wish=wish, due=DUE)
    for extra in (timedelta(0), timedelta(days=2), timedelta(days=2), timedelta(days=1)):
        activity = run(ports, enter, actor, replace(here, extra=extra)).activity

    rows = run(ports, lambda unit: unit.store.find(EXTENSIONS, activity=activity.id))
    assert [(row.person, row.due) for row in rows] == [(actor.person, DUE + timedelta(days=2))]
    deadlines = run(ports, deadlines_of, activity, "", [actor.person, "f" * 32])
    assert deadlines.of(actor.person).due == DUE + timedelta(days=2)
    assert deadlines.of("f" * 32).due == DUE
