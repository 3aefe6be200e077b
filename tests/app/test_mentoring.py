from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coursecrew.app.bonds import mentors_of
from coursecrew.app.grading import release_grades, score_work
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mentoring import (
    draft_as_mentor,
    end_mentor,
    let_mentor_read,
    look_as_mentor,
    mentored_teams,
    name_mentor,
    team_mentors,
    version_as_mentor,
)
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import exclude, name_ta
from coursecrew.app.records import DRAFT_VERSIONS, MENTORSHIPS, NOTICES, SUBMISSIONS, WORKS
from coursecrew.app.submissions import read_submission, withdraw
from coursecrew.app.teams import join_team
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Conflict, NotAllowed, NotFound
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.schedule import Step
from coursecrew.domain.teams import Team
from coursecrew.ui.mail import compose
from tests.builders import (
    AMARA,
    INES,
    KWAME,
    LINH,
    MEHMET,
    SOFIA,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    hand_in,
    marks,
    world,
)

MONA = actor("Mona", Role.OBSERVER)


def a_mentored_team() -> tuple[MemoryPorts, Activity, Team]:
    """Blue Ledger writes, Red Kites beside it; Mona mentors Blue Ledger."""
    ports = world()
    activity = an_assignment(ports, LINH, SOFIA)
    come_in(ports, MONA, KWAME, INES)
    blue = a_team(ports, activity, AMARA, TOMAS, draft="Where the water goes.")
    a_team(ports, activity, MEHMET, name="Red Kites")
    run(ports, name_mentor, INES, activity.id, blue.id, MONA.person)
    return ports, activity, blue


def test_naming_twice_makes_one_bond_and_tells_both_sides_once() -> None:
    ports, activity, blue = a_mentored_team()
    again = run(ports, name_mentor, INES, activity.id, blue.id, MONA.person)
    assert [row.id for row in ports.rows(MENTORSHIPS)] == [again.id]
    deliver_all(ports, compose=compose)
    told = [row.person for row in ports.rows(NOTICES, kind="mentor_named")]
    assert sorted(told) == sorted([MONA.person, AMARA.person, TOMAS.person])


@pytest.mark.parametrize("who", [MONA, KWAME, LINH, MEHMET], ids=lambda who: who.name)
def test_anybody_of_the_course_who_is_not_in_the_team_may_be_its_mentor(who: Actor) -> None:
    ports, activity, blue = a_mentored_team()
    bond = run(ports, name_mentor, INES, activity.id, blue.id, who.person)
    assert bond.is_active(ports.clock.now())


def test_nobody_mentors_a_team_they_are_in() -> None:
    ports, activity, blue = a_mentored_team()
    with pytest.raises(Conflict) as refused:
        run(ports, name_mentor, INES, activity.id, blue.id, AMARA.person)
    assert refused.value.code == "mentor_in_team"
    run(ports, name_mentor, INES, activity.id, blue.id, LINH.person)
    run(ports, look_as_mentor, LINH, activity.id, blue.id)
    run(ports, join_team, LINH, activity.id, blue.id)
    with pytest.raises(NotAllowed):
        run(ports, look_as_mentor, LINH, activity.id, blue.id)


@pytest.mark.parametrize("who", [AMARA, KWAME, MONA], ids=lambda who: who.name)
def test_only_instructors_name_mentors(who: Actor) -> None:
    ports, activity, blue = a_mentored_team()
    with pytest.raises(NotAllowed):
        run(ports, name_mentor, who, activity.id, blue.id, LINH.person)
    with pytest.raises(NotAllowed):
        run(ports, team_mentors, who, activity.id, blue.id, "Linh")


def test_somebody_unknown_excluded_or_looking_on_is_nobodys_mentor() -> None:
    ports, activity, blue = a_mentored_team()
    with pytest.raises(NotFound):
        run(ports, name_mentor, INES, activity.id, blue.id, actor("Nobody").person)
    run(ports, exclude, INES, activity.id, LINH.person, reason="Left")
    with pytest.raises(NotFound):
        run(ports, name_mentor, INES, activity.id, blue.id, LINH.person)


def test_a_right_ends_in_the_very_moment_the_bond_ends() -> None:
    ports, activity, blue = a_mentored_team()
    (bond,) = ports.rows(MENTORSHIPS)
    run(ports, look_as_mentor, MONA, activity.id, blue.id)
    ended = run(ports, end_mentor, INES, activity.id, blue.id, bond.id)
    assert ended.until == ports.clock.now()
    for look in (look_as_mentor, draft_as_mentor):
        with pytest.raises(NotAllowed):
            run(ports, look, MONA, activity.id, blue.id)
    with pytest.raises(NotAllowed):
        run(ports, mentored_teams, MONA, activity.id)
    assert run(ports, end_mentor, INES, activity.id, blue.id, bond.id) == ended
    assert len(ports.rows(MENTORSHIPS)) == 1  # the row stays


def test_whoever_is_excluded_mentors_no_longer() -> None:
    ports, activity, blue = a_mentored_team()
    run(ports, exclude, INES, activity.id, MONA.person, reason="Left the university")
    with pytest.raises(NotAllowed):
        run(ports, look_as_mentor, MONA, activity.id, blue.id)
    with pytest.raises(NotAllowed):
        run(ports, mentored_teams, MONA, activity.id)


def test_somebody_looking_on_under_a_mentors_key_sees_nothing() -> None:
    ports, activity, blue = a_mentored_team()
    for look in (look_as_mentor, draft_as_mentor):
        with pytest.raises(NotAllowed):
            run(ports, look, replace(MONA, looks_on=True), activity.id, blue.id)


def test_the_team_decides_whether_its_mentor_reads_the_draft() -> None:
    ports, activity, blue = a_mentored_team()
    assert run(ports, draft_as_mentor, MONA, activity.id, blue.id).draft.texts["where"]
    run(ports, let_mentor_read, TOMAS, activity.id, reads=False)
    with pytest.raises(NotAllowed):
        run(ports, draft_as_mentor, MONA, activity.id, blue.id)
    assert not run(ports, look_as_mentor, MONA, activity.id, blue.id).reads_draft
    run(ports, name_mentor, INES, activity.id, blue.id, LINH.person)  # a new one finds it decided
    with pytest.raises(NotAllowed):
        run(ports, draft_as_mentor, LINH, activity.id, blue.id)
    with pytest.raises(NotAllowed):
        run(ports, let_mentor_read, MONA, activity.id, reads=True)


def test_a_mentor_reads_a_version_that_was_shared_and_no_other() -> None:
    ports, activity, blue = a_mentored_team()
    (version,) = ports.rows(DRAFT_VERSIONS)
    with pytest.raises(NotFound):
        run(ports, version_as_mentor, MONA, activity.id, blue.id, version.id)
    with ports.transaction() as store:
        store.remove(DRAFT_VERSIONS, version.id)
        store.add(DRAFT_VERSIONS, replace(version, shared=True))
    run(ports, let_mentor_read, TOMAS, activity.id, reads=False)
    _view, row = run(ports, version_as_mentor, MONA, activity.id, blue.id, version.id)
    assert row.texts == version.texts


def test_what_is_handed_in_is_read_by_the_mentor_and_by_no_other_teams() -> None:
    ports, activity, blue = a_mentored_team()
    hand_in(ports, activity, AMARA)
    (sealed,) = ports.rows(SUBMISSIONS)
    assert run(ports, read_submission, MONA, activity.id, sealed.id) == sealed
    with pytest.raises(NotAllowed):
        run(ports, read_submission, MEHMET, activity.id, sealed.id)
    (bond,) = ports.rows(MENTORSHIPS)
    run(ports, end_mentor, INES, activity.id, blue.id, bond.id)
    with pytest.raises(NotAllowed):
        run(ports, read_submission, MONA, activity.id, sealed.id)


def test_what_was_withdrawn_is_no_longer_the_mentors_to_read() -> None:
    ports, activity, _blue = a_mentored_team()
    hand_in(ports, activity, AMARA)
    (sealed,) = ports.rows(SUBMISSIONS)
    run(ports, withdraw, AMARA, activity.id)
    with pytest.raises(NotAllowed):
        run(ports, read_submission, MONA, activity.id, sealed.id)
    assert run(ports, read_submission, TOMAS, activity.id, sealed.id).state == "withdrawn"


def test_feedback_reaches_the_mentor_once_released_without_any_number() -> None:
    ports, activity, blue = a_mentored_team()
    hand_in(ports, activity, AMARA)
    (work,) = ports.rows(WORKS, team=blue.id)
    run(ports, score_work, INES, activity.id, work.id, marks("3", "3", "4"), comment="Solid.")
    assert run(ports, look_as_mentor, MONA, activity.id, blue.id).feedback is None
    run(ports, release_grades, INES, activity.id)
    feedback = run(ports, look_as_mentor, MONA, activity.id, blue.id).feedback
    assert feedback is not None
    assert feedback.comment == "Solid."
    assert feedback.criteria == (("The loss is measured", "Three points, a week each."),)


def test_an_assistant_does_not_grade_a_team_they_mentor() -> None:
    ports, activity, blue = a_mentored_team()
    hand_in(ports, activity, AMARA)
    (work,) = ports.rows(WORKS, team=blue.id)
    run(ports, name_mentor, INES, activity.id, blue.id, KWAME.person)
    with pytest.raises(NotAllowed):
        run(ports, score_work, KWAME, activity.id, work.id, marks("3", "3", "4"))
    (bond,) = ports.rows(MENTORSHIPS, person=KWAME.person)
    run(ports, end_mentor, INES, activity.id, blue.id, bond.id)
    run(ports, score_work, KWAME, activity.id, work.id, marks("3", "3", "4"))


def test_the_list_has_ones_own_teams_with_their_own_dates() -> None:
    ports, activity, blue = a_mentored_team()
    (row,) = run(ports, mentored_teams, MONA, activity.id)
    assert (row.team.id, row.window.due) == (blue.id, activity.window(Step.DRAFT).due)
    for who in (AMARA, KWAME, INES, LINH):
        with pytest.raises(NotAllowed):
            run(ports, mentored_teams, who, activity.id)


def test_a_search_finds_people_outside_the_team_only() -> None:
    ports, activity, blue = a_mentored_team()
    names = {row.name for row in run(ports, team_mentors, INES, activity.id, blue.id, "a").found}
    assert {"Sofia", "Kwame"} <= names
    assert not {"Amara", "Tomás", "Mona"} & names


def test_five_mentors_are_enough() -> None:
    ports, activity, blue = a_mentored_team()
    for number in range(4):
        who = actor(f"M{number}", Role.OBSERVER)
        come_in(ports, who)
        run(ports, name_mentor, INES, activity.id, blue.id, who.person)
    with pytest.raises(Conflict) as refused:
        run(ports, name_mentor, INES, activity.id, blue.id, LINH.person)
    assert refused.value.code == "mentors_enough"


def test_a_named_assistant_who_is_a_mentor_reads_by_whichever_right_is_stronger() -> None:
    ports, activity, blue = a_mentored_team()
    run(ports, name_ta, INES, activity.id, LINH.person)
    run(ports, name_mentor, INES, activity.id, blue.id, LINH.person)
    assert run(ports, look_as_mentor, LINH, activity.id, blue.id).view.team.id == blue.id


def test_a_mentorship_that_ended_yesterday_can_begin_again_as_a_new_row() -> None:
    ports, activity, blue = a_mentored_team()
    (bond,) = ports.rows(MENTORSHIPS)
    run(ports, end_mentor, INES, activity.id, blue.id, bond.id)
    ports.clock.advance(days=1)
    fresh = run(ports, name_mentor, INES, activity.id, blue.id, MONA.person)
    assert fresh.id != bond.id
    assert fresh.since - bond.since == timedelta(days=1)
    with ports.transaction() as store:
        unit = UnitOfWork(store, ports.clock.now(), ports.ids.new, ports.chance)
        assert [row.id for row in mentors_of(unit, blue.id)] == [fresh.id]
