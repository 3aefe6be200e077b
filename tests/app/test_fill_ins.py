"""Mentors whom the staff named write missing reviews: when, of whom, and what becomes of it when it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mentoring import end_mentor, name_mentor
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import exclude
from coursecrew.app.records import ACTIVITIES, MENTORSHIPS, NOTICES, POOL, REVIEWINGS, REVIEWS
from coursecrew.app.reviewing.desk import look_at_desk
from coursecrew.app.reviewing.feedback import keep_reviewing, look_at_home, received_reviews
from coursecrew.app.reviewing.fill_ins import (
    end_fill_in,
    fill_in,
    mentors_for_filling_in,
    name_fill_in,
)
from coursecrew.app.reviewing.marking import mark_all
from coursecrew.app.reviewing.pool import take, take_as_staff
from coursecrew.app.reviewing.writing import declare_conflict, drop_review, save_review, submit_review
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Closed, Conflict, NotAllowed
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.review_rules import Reviewers, ReviewRules
from coursecrew.domain.reviewing import Cause, Review, ReviewState
from coursecrew.ui.mail import compose
from tests.app.test_guarantee import a_class, does, recount
from tests.app.test_reviewing import SHEET
from tests.builders import INES, KWAME, REVIEWS_DUE, actor, come_in

MONA = actor("Mona", Role.OBSERVER)
MILO = actor("Milo", Role.OBSERVER)
STAFFS_TURN = REVIEWS_DUE + timedelta(hours=24, seconds=1)
OVER = REVIEWS_DUE + timedelta(hours=72, seconds=1)


def mentored(
    rules: ReviewRules | None = None, sizes: tuple[int, ...] = (1, 1, 1), *, named: bool = True
) -> tuple[MemoryPorts, Activity, list[tuple[Actor, ...]]]:
    """Three teams that handed in; Mona mentors the first one, and the staff named her to fill in."""
    ports, activity, teams = a_class(list(sizes), rules or ReviewRules(per_work=1))
    come_in(ports, MONA, MILO)
    run(ports, name_mentor, INES, activity_of(ports, activity), work_of(ports, 0).team, MONA.person)
    if named:
        run(ports, name_fill_in, INES, activity.id, MONA.person)
    return ports, activity, teams


def activity_of(ports: MemoryPorts, review: Activity) -> str:
    """The team assignment whose works are reviewed."""
    return next(row.id for row in ports.rows(ACTIVITIES) if row.name == review.settings.review.of)


def work_of(ports: MemoryPorts, number: int):
    """The work of the team with that number, in the order in which they handed in."""
    return sorted(ports.rows(POOL), key=lambda row: row.handed_in)[number]


def row_of(ports: MemoryPorts, id: str) -> Review:
    return next(row for row in ports.rows(REVIEWS) if row.id == id)


def test_a_named_mentor_fills_in_only_in_the_staffs_time_and_never_for_their_own_team() -> None:
    ports, activity, _teams = mentored()
    with pytest.raises(Conflict) as early:
        run(ports, fill_in, MONA, activity.id)
    assert early.value.code == "not_staffs_turn"
    ports.clock.move_to(STAFFS_TURN)
    judged = set()
    for _ in range(2):
        id = run(ports, fill_in, MONA, activity.id)
        assert run(ports, fill_in, MONA, activity.id) == id  # one in hand at a time
        review = row_of(ports, id)
        assert (review.cause, review.by_team, review.reviewer) == (Cause.FILL_IN, False, MONA.person)
        assert review.lease_until == ports.clock.now() + timedelta(hours=24)
        run(ports, submit_review, MONA, activity.id, id, SHEET, text="So.", seen=0)
        judged.add(row_of(ports, id).pool)
    assert judged == {work_of(ports, 1).id, work_of(ports, 2).id}
    with pytest.raises(Conflict) as nothing:
        run(ports, fill_in, MONA, activity.id)
    assert nothing.value.code == "nothing_to_review"
    recount(ports)


def test_a_fill_in_counts_as_one_and_is_never_above_k() -> None:
    ports, activity, _teams = mentored(ReviewRules(per_work=2), sizes=(1, 1))
    ports.clock.move_to(STAFFS_TURN)
    id = run(ports, fill_in, MONA, activity.id)
    run(ports, submit_review, MONA, activity.id, id, SHEET, text="So.", seen=0)
    work = work_of(ports, 1)
    assert (work.taken, work.submitted) == (1, 1)
    run(ports, mark_all, INES, activity.id)
    got = run(ports, received_reviews, INES, activity.id, work.team)
    assert [row.counts for row in got.reviews] == [True]


@pytest.mark.parametrize("who", [MONA, MILO])
def test_a_mentor_who_was_not_named_or_mentors_nobody_is_refused(who: Actor) -> None:
    ports, activity, _teams = mentored(named=False)
    ports.clock.move_to(STAFFS_TURN)
    with pytest.raises(NotAllowed):
        run(ports, fill_in, who, activity.id)
    if who is MILO:
        with pytest.raises(Conflict) as refused:
            run(ports, name_fill_in, INES, activity.id, MILO.person)
        assert refused.value.code == "mentors_nobody"


def test_nobody_but_staff_of_the_whole_course_names_them() -> None:
    ports, activity, teams = mentored(named=False)
    bound = replace(KWAME, role=Role.TA, teams=(work_of(ports, 0).team,))
    for who in (teams[0][0], MONA, bound):
        for act in (name_fill_in, end_fill_in):
            with pytest.raises(NotAllowed):
                run(ports, act, who, activity.id, MONA.person)
        with pytest.raises(NotAllowed):
            run(ports, mentors_for_filling_in, who, activity.id)
    run(ports, name_fill_in, INES, activity.id, MONA.person)
    _place, rows = run(ports, mentors_for_filling_in, INES, activity.id)
    assert [(row.person.name, row.teams, row.named) for row in rows] == [("Mona", ("Team 0",), True)]


@pytest.mark.parametrize("how", ["ended", "bond", "excluded"])
def test_the_right_is_gone_in_the_moment_it_ends_and_what_was_in_hand_is_free(how: str) -> None:
    ports, activity, _teams = mentored()
    ports.clock.move_to(STAFFS_TURN)
    id = run(ports, fill_in, MONA, activity.id)
    run(ports, save_review, MONA, activity.id, id, {}, text="Begun", seen=0)
    if how == "ended":
        run(ports, end_fill_in, INES, activity.id, MONA.person)
        assert row_of(ports, id).state is ReviewState.LAPSED
        assert [work.taken for work in ports.rows(POOL)] == [0, 0, 0]
    elif how == "bond":
        (bond,) = ports.rows(MENTORSHIPS)
        run(ports, end_mentor, INES, activity_of(ports, activity), bond.team, bond.id)
    else:
        run(ports, exclude, INES, activity.id, MONA.person, reason="Left.")
    for act in (
        lambda: run(ports, save_review, MONA, activity.id, id, {}, text="More", seen=1),
        lambda: run(ports, submit_review, MONA, activity.id, id, SHEET, text="More", seen=1),
        lambda: run(ports, fill_in, MONA, activity.id),
        lambda: run(ports, look_at_desk, MONA, activity.id, id),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert row_of(ports, id).text == "Begun"


def test_naming_again_after_the_end_holds_again() -> None:
    ports, activity, _teams = mentored()
    run(ports, end_fill_in, INES, activity.id, MONA.person)
    run(ports, end_fill_in, INES, activity.id, MONA.person)
    run(ports, name_fill_in, INES, activity.id, MONA.person)
    run(ports, name_fill_in, INES, activity.id, MONA.person)
    ports.clock.move_to(STAFFS_TURN)
    run(ports, fill_in, MONA, activity.id)
    deliver_all(ports, compose=compose)
    told = [row.kind.value for row in ports.rows(NOTICES, person=MONA.person) if "fill" in row.kind.value]
    assert sorted(told) == ["fill_in_ended", "fill_in_named", "fill_in_named"]


def test_after_feedback_staff_alone_write_what_is_missing() -> None:
    ports, activity, _teams = mentored()
    ports.clock.move_to(STAFFS_TURN)
    begun = run(ports, fill_in, MONA, activity.id)
    ports.clock.move_to(OVER)
    for act in (
        lambda: run(ports, submit_review, MONA, activity.id, begun, SHEET, text="So.", seen=0),
        lambda: run(ports, fill_in, MONA, activity.id),
    ):
        with pytest.raises(Closed):
            act()
    id = run(ports, fill_in, INES, activity.id)
    assert row_of(ports, id).is_live(ports.clock.now())  # held like any, though feedback is out
    run(ports, submit_review, INES, activity.id, id, SHEET, text="So.", seen=0)


@pytest.mark.parametrize("together", [False, True])
def test_a_learner_who_mentors_fills_in_beside_what_they_owe(*, together: bool) -> None:
    """Their own duty is not done by it, and what their team has had comes no second time."""
    reviewers = Reviewers.TEAM if together else Reviewers.PERSON
    rules = ReviewRules(per_work=2, reviewers=reviewers, min_reviews=1, weight_product=50, weight_review=50)
    ports, activity, teams = mentored(rules, sizes=(1, 1, 1, 1), named=False)
    helper = teams[3][0]
    run(ports, name_mentor, INES, activity_of(ports, activity), work_of(ports, 0).team, helper.person)
    run(ports, name_fill_in, INES, activity.id, helper.person)
    assert does(ports, activity, helper)
    had = {row.pool for row in ports.rows(REVIEWS)}
    ports.clock.move_to(STAFFS_TURN)
    id = run(ports, fill_in, helper, activity.id)
    review = row_of(ports, id)
    assert (review.reviewer, review.by_team) == (helper.person, False)
    assert review.pool not in {*had, work_of(ports, 0).id, work_of(ports, 3).id}
    run(ports, submit_review, helper, activity.id, id, SHEET, text="So.", seen=0)
    home = run(ports, look_at_home, helper, activity.id)
    assert (home.done, len(home.reviews)) == (1, 2)
    assert home.fills_in.named
    with pytest.raises(Conflict):  # all others are their own, their mentees', or had
        run(ports, fill_in, helper, activity.id)


@pytest.mark.parametrize("together", [False, True])
def test_staff_who_give_a_work_back_get_another_and_never_the_same(*, together: bool) -> None:
    rules = ReviewRules(per_work=1, reviewers=Reviewers.TEAM if together else Reviewers.PERSON)
    ports, activity, _teams = a_class([1, 1, 1], rules)
    ports.clock.move_to(STAFFS_TURN)
    first = run(ports, fill_in, INES, activity.id)
    second = run(ports, drop_review, INES, activity.id, first)
    third = run(ports, declare_conflict, INES, activity.id, second)
    run(ports, submit_review, INES, activity.id, third, SHEET, text="So.", seen=0)
    assert len({row_of(ports, id).pool for id in (first, second, third)}) == 3
    with pytest.raises(Conflict) as nothing:
        run(ports, fill_in, INES, activity.id)
    assert nothing.value.code == "nothing_to_review"
    assert [row.waived for row in ports.rows(REVIEWINGS, reviewer=INES.person)] == [0]
    recount(ports)


def test_a_ta_who_was_given_some_teams_fills_in_for_those_alone() -> None:
    ports, activity, _teams = a_class([1, 1, 1], ReviewRules(per_work=1))
    come_in(ports, KWAME)
    ports.clock.move_to(STAFFS_TURN)
    given = work_of(ports, 2).team
    bound = replace(KWAME, role=Role.TA, teams=(given,))
    id = run(ports, fill_in, bound, activity.id)
    assert row_of(ports, id).team == given
    run(ports, submit_review, bound, activity.id, id, SHEET, text="So.", seen=0)
    with pytest.raises(Conflict) as nothing:
        run(ports, fill_in, bound, activity.id)
    assert nothing.value.code == "nothing_to_review"


def told(ports: MemoryPorts, kind: str) -> list[str]:
    deliver_all(ports, compose=compose)
    return sorted(row.person for row in ports.rows(NOTICES, kind=kind))


def test_what_is_missing_is_told_once_a_day_until_it_is_there() -> None:
    ports, activity, _teams = mentored(ReviewRules(per_work=1))
    ports.clock.move_to(STAFFS_TURN)
    for _ in range(3):
        run(ports, keep_reviewing, activity.id)
    assert told(ports, "reviews_missing") == [INES.person]
    assert told(ports, "fill_in_wanted") == [MONA.person]
    ports.clock.move_to(OVER)
    for _ in range(3):
        run(ports, keep_reviewing, activity.id)
    assert told(ports, "reviews_missing") == [INES.person] * 2
    assert told(ports, "fill_in_wanted") == [MONA.person]  # it is the staff's alone now
    unread = ports.rows(NOTICES, kind="reviews_missing", read=False)
    assert [(row.detail["count"], row.detail["over"]) for row in unread] == [(3, True)]  # said once a page
    for work in ports.rows(POOL):
        score = run(ports, take_as_staff, INES, activity.id, work.team)
        run(ports, submit_review, INES, activity.id, score, SHEET, text="Mine.", seen=0)
    ports.clock.move_to(OVER + timedelta(days=3))
    run(ports, keep_reviewing, activity.id)
    assert told(ports, "reviews_missing") == [INES.person] * 2


def test_nothing_is_told_where_nothing_is_missing() -> None:
    ports, activity, teams = mentored(ReviewRules(per_work=1))
    for members in teams:
        assert does(ports, activity, members[0])
    ports.clock.move_to(STAFFS_TURN)
    run(ports, keep_reviewing, activity.id)
    assert told(ports, "reviews_missing") == []
    with pytest.raises(Closed):
        run(ports, take, teams[0][0], activity.id)
