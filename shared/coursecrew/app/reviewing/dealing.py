"""All works dealt out at once when reviewing opens: everybody gets the same number, as far as bars allow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from coursecrew.app.bonds import mentors_of
from coursecrew.app.records import BYLINES, MEMBERSHIP_EVENTS, MEMBERSHIPS, POOL, REVIEWINGS, REVIEWS
from coursecrew.app.reviewing.places import WAS_IN, Place
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.review_rules import Allocation, Reviewers
from coursecrew.domain.reviewing import (
    BESIDE,
    DONE,
    EXTRA,
    LIVE,
    Cause,
    PoolWork,
    Review,
    Reviewing,
    ReviewState,
    Stage,
)
from coursecrew.domain.schedule import Step

if TYPE_CHECKING:
    from coursecrew.domain.allocation import Work

MOST = 100_000  # works or people read at once when works are dealt


def deal_out(unit: UnitOfWork, place: Place) -> int:
    """Deal the works out, once, when reviewing has opened; returns how many reviews were given.

    Everybody gets the same number as far as bars allow. What cannot be dealt, and every work that comes
    later, is taken by whoever is ready.
    """
    if place.rules.allocation is not Allocation.DEADLINE or place.round > 1 or not _is_time(place):
        return 0
    if unit.store.count(REVIEWS, activity=place.activity.id, cause=Cause.DEALT.value):
        return 0
    rows = unit.store.find(POOL, activity=place.activity.id, round=place.round, open=True, limit=MOST)
    works = {row.id: row for row in rows if not row.taken}
    if len(works) < 2:
        return 0
    from coursecrew.domain.allocation import TooFewReviewers, allocate  # numpy only where works are dealt

    reviewers = _reviewers(unit, place)
    asked = _asked(unit, place, works)
    seed = unit.chance.randrange(1 << 30)
    per_work = place.rules.per_work
    try:
        pairs = allocate(asked, per_work, reviewers=reviewers, seed=seed)
    except TooFewReviewers as refusal:
        if not refusal.largest:
            return 0
        pairs = allocate(asked, refusal.largest, reviewers=reviewers, seed=seed)
    until = place.due or unit.now + 3 * place.rules.lease
    numbers: dict[str, list[int]] = {}
    known = {row.reviewer: row for row in unit.store.find(REVIEWINGS, activity=place.activity.id, limit=MOST)}
    owed = {reviewer: row.places for reviewer, row in known.items()}
    before = _in_hand_or_done(unit, place)  # what somebody took or was given before counts for them
    for pair in pairs:
        work = works[pair.work]
        if work.id not in numbers:
            numbers[work.id] = unit.chance.sample(range(1, per_work + EXTRA + 1), per_work + EXTRA)
        free = numbers[work.id]
        owed[pair.reviewer] = owed.get(pair.reviewer, 0) + 1
        unit.store.add(
            REVIEWS,
            Review(
                unit.new_id(), place.activity.id, work.id, work.team, pair.reviewer,
                place.rules.reviewers is Reviewers.TEAM, ReviewState.LEASED, Cause.DEALT,
                owed[pair.reviewer], free.pop(), unit.now, until,
                rubric=place.activity.settings.rubric.number,
            ),
        )  # fmt: skip
    taken: dict[str, int] = {}
    for pair in pairs:
        taken[pair.work] = taken.get(pair.work, 0) + 1
    for id, count in taken.items():
        unit.store.save(POOL, replace(works[id], taken=count))
    for reviewer in sorted(reviewers):
        count = owed.get(reviewer, 0)
        if reviewer in known:
            row = unit.store.get(REVIEWINGS, known[reviewer].id, lock=True)
            duty = count - row.places + before[reviewer]
            unit.store.save(REVIEWINGS, replace(row, duty=duty, places=count))
        else:
            row = Reviewing(unit.new_id(), place.activity.id, reviewer, duty=count, places=count)
            unit.store.add(REVIEWINGS, row)
    return len(pairs)


def _in_hand_or_done(unit: UnitOfWork, place: Place) -> Counter[str]:
    states = [state.value for state in (*LIVE, *DONE)]
    rows = unit.store.find(REVIEWS, activity=place.activity.id, state=states, limit=MOST)
    return Counter(row.reviewer for row in rows if row.cause not in BESIDE)


def _is_time(place: Place) -> bool:
    """Whether reviewing has opened; without a date, whether handing in is over."""
    if place.stage is not Stage.OPEN:
        return False
    if place.window.opens is not None:
        return True
    draft = place.of.window(Step.DRAFT)
    over = draft.closes or draft.due
    return over is not None and place.now > over


def _reviewers(unit: UnitOfWork, place: Place) -> list[str]:
    """Everybody who owes reviews: people who are in a team and take part, or the teams."""
    members = unit.store.find(MEMBERSHIPS, team_set=place.team_set.id, limit=MOST)
    handed_in = {row.team for row in unit.store.find(POOL, activity=place.activity.id, round=1, limit=MOST)}
    if not place.rules.without_work:
        members = [row for row in members if row.team in handed_in]
    known: dict[str, bool] = {}
    keys = [row.person for row in members]
    for begin in range(0, len(keys), 500):
        people = participants_of(unit, place.activity.course, keys[begin : begin + 500])
        known |= {key: one.takes_part for key, one in people.items()}
    there = [row for row in members if known.get(row.person)]
    if place.rules.reviewers is Reviewers.TEAM:
        return sorted({row.team for row in there})
    return sorted({row.person for row in there})


def _asked(unit: UnitOfWork, place: Place, works: Mapping[str, PoolWork]) -> list[Work]:
    """The works with who may not judge them: authors, who was in the team, its mentors."""
    from coursecrew.domain.allocation import Work

    authors: dict[str, set[str]] = {}
    for name in unit.store.find(BYLINES, activity=place.of.id, in_force=True, limit=MOST):
        authors.setdefault(name.submission, set()).add(name.person)
    before: dict[str, set[str]] = {}
    for event in unit.store.find(MEMBERSHIP_EVENTS, team_set=place.team_set.id, limit=MOST):
        if event.event in WAS_IN:
            before.setdefault(event.team, set()).add(event.person)
    team_of: dict[str, str] = {}
    for member in unit.store.find(MEMBERSHIPS, team_set=place.team_set.id, limit=MOST):
        before.setdefault(member.team, set()).add(member.person)
        team_of[member.person] = member.team
    by_team = place.rules.reviewers is Reviewers.TEAM
    asked = []
    for row in works.values():
        barred = dict.fromkeys(before.get(row.team, ()), "own team")
        barred |= {bond.person: "mentor" for bond in mentors_of(unit, row.team)}
        names = tuple(sorted(authors.get(row.submission, ())))
        if by_team:  # a team is barred by each person who is in it now
            of_teams = {team_of[one]: why for one, why in barred.items() if one in team_of}
            of_teams |= {team_of[one]: "own team" for one in names if one in team_of}
            asked.append(Work(row.id, (row.team,), row.team, of_teams | {row.team: "own team"}))
        else:
            asked.append(Work(row.id, names, row.team, barred))
    return asked
