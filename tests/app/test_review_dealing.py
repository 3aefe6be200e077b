"""Works dealt out or given by hand: held until reviews are due, lawful, beside what was taken before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from coursecrew.app.memory import MemoryPorts
from coursecrew.app.records import ACTIVITIES, POOL, REVIEWINGS, REVIEWS
from coursecrew.app.reviewing.allocating import give_review
from coursecrew.app.reviewing.feedback import keep_reviewing, proof
from coursecrew.app.reviewing.fill_ins import fill_in
from coursecrew.app.reviewing.pool import take, take_own
from coursecrew.app.reviewing.writing import save_review
from coursecrew.app.submissions import excuse
from coursecrew.app.teams import place as put_into_team
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Conflict
from coursecrew.domain.people import Actor
from coursecrew.domain.review_rules import Allocation, Reviewers, ReviewRules, SelfReview
from coursecrew.domain.reviewing import Review, ReviewState
from coursecrew.domain.schedule import Window
from coursecrew.domain.teams import Team
from tests.app.test_guarantee import a_class, recount
from tests.builders import (
    CLOSES,
    INES,
    REVIEWS_DUE,
    a_peer_review,
    a_team_that_handed_in,
    actor,
    an_assignment,
    world,
)
from tests.ui.class_of import Counted

DEALT = ReviewRules(per_work=2, allocation=Allocation.DEADLINE, owing_days=0)


def _row(ports: MemoryPorts, id: str) -> Review:
    return next(row for row in ports.rows(REVIEWS) if row.id == id)


@pytest.mark.parametrize("days", [1, 5])
def test_saving_a_dealt_review_does_not_shorten_its_hold(days: int) -> None:
    ports, activity, teams = a_class([1] * 5, DEALT)
    who = teams[0][0]
    id = run(ports, take, who, activity.id)
    assert _row(ports, id).lease_until == REVIEWS_DUE
    ports.clock.move_to(ports.clock.now() + timedelta(days=days))
    run(ports, save_review, who, activity.id, id, {}, text="Begun", seen=0)
    assert _row(ports, id).lease_until == REVIEWS_DUE


def test_saving_a_review_given_by_hand_does_not_shorten_its_hold() -> None:
    ports, activity, teams = a_class([2, 2, 2], ReviewRules(per_work=1))
    writer = teams[1][0]
    given = run(ports, give_review, INES, activity.id, ports.rows(POOL)[0].id, writer.person)
    ports.clock.move_to(ports.clock.now() + timedelta(days=5))
    run(ports, save_review, writer, activity.id, given.id, {}, text="Begun", seen=0)
    assert _row(ports, given.id).is_live(ports.clock.now())


@pytest.mark.parametrize("before", ["taken", "given"])
def test_works_are_dealt_beside_what_somebody_took_or_was_given_before(before: str) -> None:
    ports, of, teams = _teams(5, 1)
    activity = a_peer_review(ports, of, DEALT, Window(None, REVIEWS_DUE))
    run(ports, keep_reviewing, activity.id)
    early = teams[0][1][0] if before == "taken" else teams[1][1][0]
    if before == "taken":
        run(ports, take, early, activity.id)
    else:
        run(ports, give_review, INES, activity.id, ports.rows(POOL)[0].id, early.person)
    ports.clock.move_to(CLOSES + timedelta(hours=1))
    run(ports, keep_reviewing, activity.id)
    run(ports, take, teams[3][1][0], activity.id)
    recount(ports)
    for row in ports.rows(REVIEWINGS):
        places = sorted(one.place for one in ports.rows(REVIEWS, reviewer=row.reviewer))
        assert places == list(range(1, len(places) + 1))
        assert row.places == len(places)
        # what was taken before and ran out meanwhile is owed no longer
        assert row.duty == len(ports.rows(REVIEWS, reviewer=row.reviewer, state=ReviewState.LEASED))


def test_reviews_of_the_own_work_do_not_hide_holds_that_ran_out() -> None:
    ports, activity, teams = a_class([1] * 30, ReviewRules(per_work=1, own_review=SelfReview.AFTER))
    for members in teams[:25]:
        run(ports, take_own, members[0], activity.id)
    id = run(ports, take, teams[26][0], activity.id)
    ports.clock.move_to(ports.clock.now() + timedelta(hours=25))
    run(ports, take, teams[27][0], activity.id)
    assert _row(ports, id).state is ReviewState.LAPSED


def test_no_team_is_dealt_a_work_that_one_of_its_members_wrote() -> None:
    for seed in range(12):
        ports, of, teams = _teams(4, 2)
        mover = teams[0][1][1]
        run(ports, put_into_team, INES, of.id, mover.person, teams[1][0].id)
        ports.chance.seed(seed)
        rules = replace(DEALT, per_work=1, reviewers=Reviewers.TEAM)
        activity = a_peer_review(ports, of, rules)
        run(ports, keep_reviewing, activity.id)
        assert ports.rows(REVIEWS, cause="dealt")
        assert not ports.rows(REVIEWS, reviewer=teams[1][0].id, team=teams[0][0].id)


def _teams(number: int, size: int) -> tuple[MemoryPorts, Activity, list[tuple[Team, tuple[Actor, ...]]]]:
    """An assignment with teams that have handed in."""
    ports = world()
    of = an_assignment(ports)
    teams = []
    for n in range(number):
        members = tuple(actor(f"g{n}x{side}") for side in range(size))
        team = a_team_that_handed_in(ports, of, *members, name=f"Team {n}", text="Words")
        teams.append((team, members))
    return ports, of, teams


def test_an_excused_work_leaves_the_pool_at_once_and_lacks_nothing() -> None:
    ports, activity, teams = a_class([1, 1, 1], ReviewRules(per_work=1))
    of = next(row for row in ports.rows(ACTIVITIES) if row.id != activity.id)
    work = ports.rows(POOL)[0]
    run(ports, excuse, INES, of.id, work.team, reason="Ill.")
    assert [row.open for row in ports.rows(POOL, team=work.team)] == [False]
    assert [row.work.team for row in run(ports, proof, INES, activity.id).rows] == [
        row.team for row in ports.rows(POOL) if row.team != work.team
    ]
    taken = {_row(ports, run(ports, take, members[0], activity.id)).team for members in teams[1:]}
    assert work.team not in taken


def test_in_the_staffs_time_a_pool_that_lacks_nothing_is_not_read_to_its_end() -> None:
    ports, activity, _teams = a_class([1, 1, 1], ReviewRules(per_work=1))
    row = ports.rows(POOL)[0]
    with ports.transaction() as store:
        for number in range(200):
            full = replace(row, id=f"{number:032x}", work=f"{number:032x}", taken=1, submitted=1)
            store.add(POOL, full)
        for row in store.find(POOL, activity=activity.id, taken=0):
            store.save(POOL, replace(row, taken=1, submitted=1))
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=25))
    counted = Counted(ports)
    with pytest.raises(Conflict) as nothing:
        run(counted.ports, fill_in, INES, activity.id)
    assert nothing.value.code == "nothing_to_review"
    assert counted.calls["find coursecrew_pool_work"] == 1
