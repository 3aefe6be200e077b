"""Works dealt out when reviewing opens, and given or taken back by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from coursecrew.app.records import ACTIVITIES, POOL, REVIEWINGS, REVIEWS
from coursecrew.app.reviewing.allocating import give_review, take_back
from coursecrew.app.reviewing.feedback import keep_reviewing, look_at_home
from coursecrew.app.reviewing.pool import take
from coursecrew.app.reviewing.writing import save_review, submit_review
from coursecrew.app.unit_of_work import run
from coursecrew.domain.errors import Conflict, Invalid, NotAllowed
from coursecrew.domain.review_rules import TEAM_ASSIGNMENT, Allocation, Reviewers, ReviewRules
from coursecrew.domain.reviewing import Cause, ReviewState
from tests.app.test_guarantee import a_class, number_of, recount
from tests.app.test_reviewing import SHEET
from tests.builders import INES, a_team_that_handed_in, actor

DEAL = ReviewRules(per_work=2, allocation=Allocation.DEADLINE)


@pytest.mark.parametrize("reviewers", Reviewers)
def test_all_works_are_dealt_at_once_evenly_and_none_to_its_authors(reviewers: Reviewers) -> None:
    ports, activity, teams = a_class([2] * 6, replace(DEAL, reviewers=reviewers))
    rows = ports.rows(REVIEWS)
    assert Counter(row.pool for row in rows) == Counter({work.id: 2 for work in ports.rows(POOL)})
    loads = Counter(row.reviewer for row in rows)
    assert set(loads.values()) == ({2} if reviewers is Reviewers.TEAM else {1})
    assert all(row.cause is Cause.DEALT and row.lease_until == row.lease_until for row in rows)
    own = {who.person: number for number, members in enumerate(teams) for who in members}
    assert not any(row.team == row.reviewer for row in rows)
    assert len(own) == 12
    recount(ports)
    run(ports, keep_reviewing, activity.id)
    assert len(ports.rows(REVIEWS)) == 12  # once


def test_what_was_dealt_is_the_duty_and_is_done_one_after_the_other() -> None:
    ports, activity, teams = a_class([1] * 5, DEAL)
    who = teams[0][0]
    assert run(ports, look_at_home, who, activity.id).duty == 2
    first = run(ports, take, who, activity.id)
    run(ports, submit_review, who, activity.id, first, SHEET, text="So.", seen=0)
    second = run(ports, take, who, activity.id)
    assert second != first
    run(ports, submit_review, who, activity.id, second, SHEET, text="So.", seen=number_of(ports, second))
    with pytest.raises(Conflict) as done:
        run(ports, take, who, activity.id)
    assert done.value.code == "duty_done"


def test_a_work_that_comes_late_is_taken_and_nothing_is_dealt_anew() -> None:
    ports, activity, _teams = a_class([1] * 4, DEAL)
    before = {(row.pool, row.reviewer) for row in ports.rows(REVIEWS)}
    of = ports.rows(ACTIVITIES, kind=TEAM_ASSIGNMENT)[0]
    late = actor("late")
    a_team_that_handed_in(ports, of, late, name="Late", text="Late plan")
    run(ports, keep_reviewing, activity.id)
    assert {(row.pool, row.reviewer) for row in ports.rows(REVIEWS)} == before
    assert run(ports, take, late, activity.id)


def test_too_few_for_k_are_dealt_as_far_as_it_goes() -> None:
    ports, _activity, _teams = a_class([1, 1, 1], replace(DEAL, per_work=3))
    assert Counter(row.pool for row in ports.rows(REVIEWS)) == Counter({w.id: 2 for w in ports.rows(POOL)})


def test_a_work_is_given_by_hand_and_taken_back_while_nothing_is_written() -> None:
    ports, activity, teams = a_class([2, 2, 2], ReviewRules(per_work=1))
    work = ports.rows(POOL)[0]
    mine, other = teams[0][1], teams[1][1]
    with pytest.raises(NotAllowed):
        run(ports, give_review, mine, activity.id, work.id, other.person)
    with pytest.raises(Invalid) as own:
        run(ports, give_review, INES, activity.id, work.id, mine.person)
    assert own.value.problems[0].code == "reviewer_own_work"
    with pytest.raises(Invalid):
        run(ports, give_review, INES, activity.id, work.id, "nobody")
    given = run(ports, give_review, INES, activity.id, work.id, other.person)
    assert run(ports, take, other, activity.id) == given.id
    run(ports, take_back, INES, activity.id, given.id)
    recount(ports)
    with pytest.raises(Invalid) as seen:
        run(ports, give_review, INES, activity.id, work.id, other.person)
    assert seen.value.problems[0].code == "reviewer_seen"
    again = run(ports, give_review, INES, activity.id, work.id, teams[1][0].person)
    run(ports, save_review, teams[1][0], activity.id, again.id, {}, text="Begun.", seen=0)
    with pytest.raises(Conflict):
        run(ports, take_back, INES, activity.id, again.id)
    assert [row.state for row in ports.rows(REVIEWS)] == [ReviewState.DROPPED, ReviewState.LEASED]
    assert len(ports.rows(REVIEWINGS)) == 2
    ports.clock.move_to(ports.clock.now() + timedelta(days=60))
    recount(ports)
