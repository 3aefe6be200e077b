"""Every work ends with its reviews or stands in a named queue: by exhaustion, by chance, and row by row."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursecrew.app.memory import MemoryPorts
from coursecrew.app.records import GRADES, POOL, REVIEWS
from coursecrew.app.records import TEAMS as TEAM_ROWS
from coursecrew.app.reviewing.desk import look_at_desk
from coursecrew.app.reviewing.feedback import exclude_review, keep_reviewing, proof, release_feedback
from coursecrew.app.reviewing.fill_ins import fill_in
from coursecrew.app.reviewing.holding import hold_review, pass_review, reject_review
from coursecrew.app.reviewing.marking import mark_all
from coursecrew.app.reviewing.pool import take
from coursecrew.app.reviewing.writing import (
    declare_conflict,
    drop_review,
    report_work,
    save_review,
    submit_review,
)
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.allocation import Work, allocate
from coursecrew.domain.coverage import coverage, is_corner
from coursecrew.domain.errors import AlreadyDecided, Closed, Conflict, NotAllowed, NotFound, Refusal
from coursecrew.domain.people import Actor
from coursecrew.domain.review_rules import Reviewers, ReviewRules
from coursecrew.domain.reviewing import LIVE, MOVES, ReviewState
from tests.app.test_reviewing import SHEET
from tests.builders import (
    INES,
    REVIEWS_DUE,
    a_peer_review,
    a_team_that_handed_in,
    actor,
    an_assignment,
    world,
)

AFTER_VOLUNTEERS = timedelta(hours=24, seconds=1)
LEASE = timedelta(hours=24)


def a_class(sizes: list[int], rules: ReviewRules) -> tuple[MemoryPorts, Activity, list[tuple[Actor, ...]]]:
    """Teams of these sizes, each of which handed in, a second apart."""
    ports = world()
    of = an_assignment(ports)
    teams = [tuple(actor(f"g{number}x{side}") for side in range(size)) for number, size in enumerate(sizes)]
    for number, members in enumerate(teams):
        text, after = f"Plan {number}", timedelta(seconds=1)
        a_team_that_handed_in(ports, of, *members, name=f"Team {number}", text=text, after=after)
    activity = a_peer_review(ports, of, replace(rules, owing_days=0))
    run(ports, keep_reviewing, activity.id)
    return ports, activity, teams


def does(ports: MemoryPorts, activity: Activity, who: Actor) -> bool:
    """Take a work and hand its review in; whether there was one."""
    try:
        id = run(ports, take, who, activity.id)
    except Conflict as refusal:
        if refusal.code not in ("nothing_to_review", "duty_done"):
            raise
        return False
    run(ports, submit_review, who, activity.id, id, SHEET, text="So.", seen=number_of(ports, id))
    return True


def least(ports: MemoryPorts) -> int:
    """The reviews of the work that has fewest."""
    return min(work.submitted for work in ports.rows(POOL))


def number_of(ports: MemoryPorts, id: str) -> int:
    return next(row.number for row in ports.rows(REVIEWS) if row.id == id)


def recount(ports: MemoryPorts) -> None:
    """The counters of each work are what its rows say, and nobody judged the same work twice."""
    for work in ports.rows(POOL):
        rows = ports.rows(REVIEWS, pool=work.id)
        assert work.taken == sum(row.state in LIVE for row in rows)
        assert work.submitted == sum(row.state is ReviewState.SUBMITTED for row in rows)
    pairs = Counter((row.pool, row.reviewer) for row in ports.rows(REVIEWS))
    assert not pairs or max(pairs.values()) == 1


# --- the guarantee ---


@pytest.mark.parametrize("works", range(2, 13))
def test_from_two_to_twelve_works_each_ends_at_k_when_all_do_their_duty(works: int) -> None:
    """Teams that review as one, so that supply is just demand: for every k below the works, in any order."""
    for each in range(1, min(works, 11)):
        ports, activity, teams = a_class([1] * works, ReviewRules(per_work=each, reviewers=Reviewers.TEAM))
        todo = [members[0] for members in teams for _ in range(each)]
        Random(works * 100 + each).shuffle(todo)
        for who in todo:
            assert does(ports, activity, who)
        assert {work.submitted for work in ports.rows(POOL)} == {each}, (works, each)
        recount(ports)


def test_a_look_ahead_finds_the_corner_that_fewest_first_runs_into() -> None:
    needs, supply = {"a": 1, "b": 1, "c": 1}, {"A": 1, "B": 1, "C": 1}
    ring = {("A", "b"), ("A", "c"), ("B", "a"), ("B", "c"), ("C", "a"), ("C", "b")}

    def may(reviewer: str, work: str) -> bool:
        return (reviewer, work) in ring

    assert coverage(needs, supply, may) == 3
    assert not is_corner(needs, supply, may, "A", "b", 3)
    ring -= {("C", "a")}  # now only B reviews a, so C must have b, and A must have c
    corners = {pair for pair in ring if is_corner(needs, supply, may, *pair, 3)}
    assert corners == {("A", "b"), ("B", "c")}


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=3, max_size=9),
    each=st.integers(1, 3),
    seed=st.integers(0, 10_000),
)
def test_whatever_the_teams_every_work_has_k_when_all_do_their_duty(
    sizes: list[int], each: int, seed: int
) -> None:
    each = min(each, len(sizes) - 1)
    ports, activity, teams = a_class(sizes, ReviewRules(per_work=each))
    people = [who for members in teams for who in members]
    chance = Random(seed)
    todo = [who for who in people for _ in range(each)]
    chance.shuffle(todo)
    for who in todo:
        does(ports, activity, who)
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=1))
    for who in people:
        while least(ports) < each and does(ports, activity, who):
            pass
    assert least(ports) >= each
    assert max(work.taken for work in ports.rows(POOL)) <= each + 2
    recount(ports)


@settings(deadline=None)
@given(works=st.integers(4, 12), each=st.integers(1, 3), seed=st.integers(0, 10_000))
def test_with_thirty_in_a_hundred_who_never_come_nothing_is_below_k_outside_the_named_queue(
    works: int, each: int, seed: int
) -> None:
    ports, activity, teams = a_class([2] * works, ReviewRules(per_work=each))
    chance = Random(seed)
    people = [who for members in teams for who in members]
    there = [who for who in people if chance.random() >= 0.3]
    for who in chance.sample([who for who in there for _ in range(each)], len(there) * each):
        does(ports, activity, who)
    ports.clock.move_to(REVIEWS_DUE + AFTER_VOLUNTEERS)
    shown = run(ports, proof, INES, activity.id)
    below = {row.work.id for row in shown.rows if row.work.submitted < each}
    assert below == {row.work.id for row in shown.rows if row.since is not None}
    assert below == {work.id for work in ports.rows(POOL) if work.submitted < each}
    while least(ports) < each:
        staff = [INES, *(replace(INES, person=f"ta{number}") for number in range(each))]
        before = sum(work.submitted for work in ports.rows(POOL))
        for who in staff:
            try:
                id = run(ports, fill_in, who, activity.id)
            except Conflict:
                continue
            run(ports, submit_review, who, activity.id, id, SHEET, text="So.", seen=0)
        assert sum(work.submitted for work in ports.rows(POOL)) > before
    assert [row for row in run(ports, proof, INES, activity.id).rows if row.missing] == []


def test_what_was_never_there_is_not_owed() -> None:
    """Two teams, three owed each: one work is there for each of them, and one review is all of the duty."""
    rules = ReviewRules(per_work=3, min_reviews=1, weight_product=50, weight_review=50)
    ports, activity, teams = a_class([1, 1], rules)
    for members in teams:
        assert does(ports, activity, members[0])
        assert not does(ports, activity, members[0])
    ports.clock.move_to(REVIEWS_DUE + AFTER_VOLUNTEERS)
    run(ports, mark_all, INES, activity.id)
    for grade in ports.rows(GRADES, activity=activity.id):
        line = next(line for line in grade.account.lines if line.code == "reviewing")
        assert (line.values["done"], line.values["waived"], int(line.after)) == (1, 2, 100)


# --- counters after any history ---

ACTS = (
    "take",
    "save",
    "submit",
    "drop",
    "conflict",
    "report",
    "wait",
    "exclude",
    "hold",
    "pass",
    "reject",
    "out",
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 5), st.integers(0, 50)), max_size=40))
def test_counters_equal_a_recount_after_any_history(history: list[tuple[str, int, int]]) -> None:
    ports, activity, teams = a_class([2, 2, 2], ReviewRules(per_work=2))
    people = [who for members in teams for who in members]
    for act, person, which in history:
        who, rows = people[person], ports.rows(REVIEWS)
        row = rows[which % len(rows)] if rows else None
        try:
            if act == "take":
                run(ports, take, who, activity.id)
            elif act == "wait":
                ports.clock.move_to(ports.clock.now() + timedelta(hours=which))
                run(ports, keep_reviewing, activity.id)
            elif act == "out":
                run(ports, release_feedback, INES, activity.id)
            elif row is not None:
                _one(ports, activity, who, act, row.id)
        except Refusal:
            pass
        recount(ports)


def _one(ports: MemoryPorts, activity: Activity, who: Actor, act: str, id: str) -> None:
    seen = number_of(ports, id)
    if act == "save":
        run(ports, save_review, who, activity.id, id, {}, text=f"x{seen}", seen=seen)
    elif act == "submit":
        run(ports, submit_review, who, activity.id, id, SHEET, text="So.", seen=seen)
    elif act == "report":
        run(ports, report_work, who, activity.id, id, reason="Copied.")
    elif act in ("drop", "conflict"):
        run(ports, drop_review if act == "drop" else declare_conflict, who, activity.id, id)
    elif act == "exclude":
        run(ports, exclude_review, INES, activity.id, id, reason="So.")
    elif act == "reject":
        run(ports, reject_review, INES, activity.id, id, reason="So.")
    else:
        run(ports, hold_review if act == "hold" else pass_review, INES, activity.id, id)


# --- the vectors ---


def test_v12_the_ring() -> None:
    names = ["A", "B", "C", "D", "E"]
    ring = {name: {names[(place + step) % 5] for step in (1, 2)} for place, name in enumerate(names)}
    assert all(len(given) == 2 and name not in given for name, given in ring.items())
    assert not any(name in ring[other] for name in names for other in ring[name])
    # The engine keeps every promise of that ring, whatever its order.
    pairs = allocate([Work(name, (name,)) for name in names], 2, seed=7)
    assert Counter(pair.work for pair in pairs) == Counter(dict.fromkeys(names, 2))
    assert Counter(pair.reviewer for pair in pairs) == Counter(dict.fromkeys(names, 2))
    given = {(pair.reviewer, pair.work) for pair in pairs}
    assert not any(reviewer == work or (work, reviewer) in given for reviewer, work in given)
    for seed in range(20):  # n = 4, k = 2: two pairs review each other, as A and C, B and D do in the ring
        pairs = allocate([Work(name, (name,)) for name in "ABCD"], 2, seed=seed)
        given = {(pair.reviewer, pair.work) for pair in pairs}
        mutual = {frozenset(pair) for pair in given if pair[::-1] in given}
        assert sorted(name for two in mutual for name in two) == list("ABCD")
    with pytest.raises(Conflict):
        allocate([Work(name, (name,)) for name in "AB"], 2)  # n = 2, k = 2


def team_of(ports: MemoryPorts, id: str) -> str:
    team = next(row.team for row in ports.rows(REVIEWS) if row.id == id)
    return next(row.name for row in ports.rows(TEAM_ROWS) if row.id == team)


def others_of(ports: MemoryPorts, teams: list[tuple[Actor, ...]]) -> list[Actor]:
    """Reviewers whose own works are none of those that the vector tells of."""
    with ports.transaction() as store:
        for work in store.find(POOL, limit=50)[-len(teams) :]:
            store.save(POOL, replace(work, open=False))
    return [who for members in teams for who in members]


def test_v13_just_in_time() -> None:
    """Works P Q R in that order, k = 2: P has one submitted, Q one leased, R none."""
    ports, activity, teams = a_class([1, 1, 1, 4, 4], ReviewRules(per_work=2))
    first, second, *others = others_of(ports, teams[3:])
    assert does(ports, activity, first)  # P, the earliest
    began = ports.clock.now()
    q = run(ports, take, second, activity.id)
    assert team_of(ports, q) == "Team 1"
    ports.clock.move_to(began + timedelta(hours=23))
    assert [team_of(ports, run(ports, take, others[n], activity.id)) for n in range(3)] == [
        "Team 2", "Team 0", "Team 1",
    ]  # fmt: skip
    ports.clock.move_to(began + LEASE + timedelta(seconds=1))  # Q's first lease lapses: Q 1, R 1, P 2
    assert team_of(ports, run(ports, take, others[3], activity.id)) == "Team 1"
    for n in (2, 3):
        id = next(row.id for row in ports.rows(REVIEWS) if row.reviewer == others[n].person)
        run(ports, submit_review, others[n], activity.id, id, SHEET, text="So.", seen=0)
    run(ports, submit_review, second, activity.id, q, SHEET, text="Back again.", seen=0)
    kept = next(row for row in ports.rows(REVIEWS) if row.id == q)
    assert (kept.state, kept.extra) == (ReviewState.SUBMITTED, True)  # the third


def test_v13_had_the_work_k_and_two_reviews_the_text_stays_ones_own() -> None:
    ports, activity, teams = a_class([1, 4], ReviewRules(per_work=1))
    began = ports.clock.now()
    late, *others = others_of(ports, teams[1:])
    id = run(ports, take, late, activity.id)
    run(ports, save_review, late, activity.id, id, {}, text="Half of it.", seen=0)
    ports.clock.move_to(began + 3 * LEASE)
    run(ports, keep_reviewing, activity.id)
    for who in others:
        assert does(ports, activity, who)
    assert max(work.taken for work in ports.rows(POOL)) == 3
    with pytest.raises(Conflict) as filled:
        run(ports, submit_review, late, activity.id, id, SHEET, text="All of it.", seen=1)
    assert filled.value.code == "slot_filled"
    assert run(ports, look_at_desk, late, activity.id, id).review.text == "Half of it."


# --- the machine of a review, row by row ---


def in_state(state: ReviewState) -> tuple[MemoryPorts, Activity, Actor, str]:
    """A review of Team 1's member that stands there."""
    ports, activity, teams = a_class([2, 2, 2], ReviewRules(per_work=1))
    who = teams[1][0]
    id = run(ports, take, who, activity.id)
    if state is ReviewState.LAPSED:
        ports.clock.move_to(ports.clock.now() + LEASE + timedelta(seconds=1))
        run(ports, keep_reviewing, activity.id)
    elif state is ReviewState.DROPPED:
        run(ports, drop_review, who, activity.id, id)
    elif state is ReviewState.CONFLICT:
        run(ports, declare_conflict, who, activity.id, id)
    elif state is ReviewState.REPORTED:
        run(ports, report_work, who, activity.id, id, reason="Copied.")
    elif state is not ReviewState.LEASED:
        run(ports, submit_review, who, activity.id, id, SHEET, text="So.", seen=0)
        if state is ReviewState.HELD:
            run(ports, hold_review, INES, activity.id, id)
        if state is ReviewState.EXCLUDED:
            run(ports, exclude_review, INES, activity.id, id, reason="So.")
    assert next(row.state for row in ports.rows(REVIEWS) if row.id == id) is state
    return ports, activity, who, id


PRESSES = {
    "save": "save", "submit": "submit", "drop": "drop", "conflict": "conflict", "report": "report",
    "exclude": "exclude", "hold": "hold", "pass": "pass",
}  # fmt: skip


@pytest.mark.parametrize("state", ReviewState)
@pytest.mark.parametrize("press", PRESSES)
def test_each_press_from_each_state_is_as_the_table_says(state: ReviewState, press: str) -> None:
    ports, activity, who, id = in_state(state)
    if state in MOVES[press]:
        _one(ports, activity, who, press, id)
    else:
        with pytest.raises((AlreadyDecided, Conflict)):
            _one(ports, activity, who, press, id)
    recount(ports)


@pytest.mark.parametrize(
    ("hours", "refused"),
    [(0, None), (23, None), (25, None), (24 * 30, Closed)],
)
def test_clocks_moved_between_taking_and_handing_in(hours: int, refused: type[Refusal] | None) -> None:
    ports, activity, who, id = in_state(ReviewState.LEASED)
    ports.clock.move_to(ports.clock.now() + timedelta(hours=hours))
    if refused is None:
        run(ports, submit_review, who, activity.id, id, SHEET, text="So.", seen=0)
    else:
        with pytest.raises(refused):
            run(ports, submit_review, who, activity.id, id, SHEET, text="So.", seen=0)
        with pytest.raises(Closed):
            run(ports, take, who, activity.id)
    recount(ports)


def test_the_stages_follow_one_another_to_the_second() -> None:
    ports, activity, teams = a_class([1, 1, 1], ReviewRules(per_work=1))
    who = teams[0][0]
    assert does(ports, activity, who)
    with pytest.raises(Conflict) as done:
        run(ports, take, who, activity.id)
    assert done.value.code == "duty_done"
    ports.clock.move_to(REVIEWS_DUE)  # the due second itself
    with pytest.raises(Conflict):
        run(ports, take, who, activity.id)
    ports.clock.move_to(REVIEWS_DUE + timedelta(seconds=1))
    assert does(ports, activity, who)  # a volunteer now
    with pytest.raises(Conflict) as early:
        run(ports, fill_in, INES, activity.id)
    assert early.value.code == "not_staffs_turn"
    ports.clock.move_to(REVIEWS_DUE + AFTER_VOLUNTEERS)
    with pytest.raises(Closed):
        run(ports, take, teams[1][0], activity.id)
    run(ports, fill_in, INES, activity.id)


def test_nobody_takes_what_is_of_another_course_or_kind() -> None:
    ports, activity, teams = a_class([1, 1], ReviewRules(per_work=1))
    with pytest.raises(NotFound):
        run(ports, take, teams[0][0], "0" * 32)
    with pytest.raises(NotAllowed):
        run(ports, fill_in, teams[0][0], activity.id)
