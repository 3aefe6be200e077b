"""Peer review in use cases: the pool, leases, writing, giving back, feedback and grades."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from coursecrew.app.memory import MemoryPorts
from coursecrew.app.records import GRADES, POOL, REVIEWINGS, REVIEWS, WORKS
from coursecrew.app.records import TEAMS as TEAM_ROWS
from coursecrew.app.reviewing.desk import look_at_desk
from coursecrew.app.reviewing.feedback import (
    exclude_review,
    keep_reviewing,
    look_at_home,
    proof,
    received_reviews,
    release_feedback,
)
from coursecrew.app.reviewing.fill_ins import fill_in
from coursecrew.app.reviewing.marking import mark_all
from coursecrew.app.reviewing.pool import take
from coursecrew.app.reviewing.writing import (
    declare_conflict,
    drop_review,
    report_work,
    save_review,
    submit_review,
)
from coursecrew.app.submissions import withdraw
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import AlreadyDecided, Conflict, Invalid, NotAllowed, Stale
from coursecrew.domain.people import Actor
from coursecrew.domain.review_rules import Reviewers, ReviewRules
from coursecrew.domain.reviewing import ReviewState
from coursecrew.domain.rubrics import Mark
from coursecrew.domain.submissions import WorkState
from tests.builders import (
    INES,
    REVIEWS_DUE,
    a_peer_review,
    a_team,
    a_team_that_handed_in,
    actor,
    an_assignment,
    come_in,
    marks,
    world,
)

TEAMS = {name: tuple(actor(f"{name}{n}") for n in (1, 2)) for name in "PQRST"}
SHEET = marks("3", "2", "4")


def a_class(
    teams: str = "PQR", rules: ReviewRules | None = None, **changes: Any
) -> tuple[MemoryPorts, Activity, Activity]:
    """Teams of two, each of which handed in; one after the other, a minute apart."""
    ports = world()
    of = an_assignment(ports)
    for name in teams:
        text, after = f"How {name} cuts losses", timedelta(minutes=1)
        a_team_that_handed_in(ports, of, *TEAMS[name], name=f"Team {name}", text=text, after=after)
    return ports, of, a_peer_review(ports, of, rules, **changes)


def takes(ports: MemoryPorts, activity: Activity, who: Actor) -> str:
    """Take a work; the letter of the team whose it is."""
    id = run(ports, take, who, activity.id)
    team = next(row.team for row in ports.rows(REVIEWS) if row.id == id)
    return next(row.name for row in ports.rows(TEAM_ROWS) if row.id == team).removeprefix("Team ")


def writes(ports: MemoryPorts, activity: Activity, who: Actor, sheet: dict[str, Mark] = SHEET) -> str:
    """Take a work, judge it and hand the review in; returns the review's id."""
    id = run(ports, take, who, activity.id)
    seen = next(row.number for row in ports.rows(REVIEWS) if row.id == id)
    run(ports, submit_review, who, activity.id, id, sheet, text="Clear, but costs are missing.", seen=seen)
    return id


def test_the_work_that_needs_it_most_comes_first_and_never_ones_own() -> None:
    ports, _of, activity = a_class("PQR")
    p, q, r = TEAMS["P"], TEAMS["Q"], TEAMS["R"]
    assert takes(ports, activity, p[0]) == "Q"  # all are at none: the earliest that is not theirs
    assert takes(ports, activity, q[0]) == "P"
    assert takes(ports, activity, r[0]) == "P"  # the earliest of those at one
    assert takes(ports, activity, p[1]) == "R"
    assert takes(ports, activity, p[0]) == "Q"  # what is in hand is shown again
    assert [row.taken for row in ports.rows(POOL)] == [2, 1, 1]


def test_every_work_ends_with_k_reviews_when_all_do_their_duty() -> None:
    ports, _of, activity = a_class("PQRST")
    for _ in range(2):
        for members in TEAMS.values():
            for who in members[:1]:
                writes(ports, activity, who)
    assert [row.submitted for row in ports.rows(POOL)] == [2] * 5
    assert {row.state for row in ports.rows(WORKS)} == {WorkState.REVIEWED}
    with pytest.raises(Conflict) as done:
        run(ports, take, TEAMS["P"][0], activity.id)
    assert done.value.code == "duty_done"


def test_a_work_in_the_pool_is_withdrawn_no_more() -> None:
    ports, of, activity = a_class("PQ")
    run(ports, take, TEAMS["P"][0], activity.id)
    with pytest.raises(AlreadyDecided):
        run(ports, withdraw, TEAMS["Q"][0], of.id)


def test_who_still_may_hand_in_judges_nobody_yet() -> None:
    ports, of, activity = a_class("PQ")
    a_team(ports, of, *TEAMS["R"], name="Team R")
    with pytest.raises(Conflict) as early:
        run(ports, take, TEAMS["R"][0], activity.id)
    assert early.value.code == "own_work_first"


def test_a_lease_runs_out_the_slot_is_free_and_the_text_stays() -> None:
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=0, per_work=1))
    id = run(ports, take, TEAMS["P"][0], activity.id)
    half = {"loss": Mark(Decimal(3), "Good table."), "plan": Mark(comment="By when?", given=False)}
    run(ports, save_review, TEAMS["P"][0], activity.id, id, half, text="", seen=0)
    ports.clock.move_to(ports.clock.now() + timedelta(hours=25))
    other = run(ports, take, TEAMS["P"][1], activity.id)  # the slot is theirs now
    assert other != id
    row = run(ports, look_at_desk, TEAMS["P"][0], activity.id, id).review
    assert (row.state, row.sheet["plan"].comment) == (ReviewState.LAPSED, "By when?")
    run(ports, submit_review, TEAMS["P"][0], activity.id, id, SHEET, text="All said.", seen=1)
    row = run(ports, look_at_desk, TEAMS["P"][0], activity.id, id).review
    assert (row.state, row.extra) == (ReviewState.SUBMITTED, True)
    assert [(work.taken, work.submitted) for work in ports.rows(POOL, team=row.team)] == [(2, 1)]


def test_a_save_begins_the_hold_anew_but_never_beyond_three_of_them() -> None:
    ports, _of, activity = a_class("PQ")
    began = ports.clock.now()
    id = run(ports, take, TEAMS["P"][0], activity.id)
    for hours, text in ((20, "a"), (40, "b"), (60, "c"), (71, "d")):
        ports.clock.move_to(began + timedelta(hours=hours))
        row = run(ports, save_review, TEAMS["P"][0], activity.id, id, {}, text=text, seen=ord(text) - 97)
    assert row.lease_until == began + timedelta(hours=72)


def test_dropped_unwritten_twice_and_another_comes_at_once() -> None:
    ports, _of, activity = a_class("PQRST")
    who = TEAMS["P"][0]
    first = run(ports, take, who, activity.id)
    second = run(ports, drop_review, who, activity.id, first)
    third = run(ports, drop_review, who, activity.id, second)
    assert len({first, second, third}) == 3
    with pytest.raises(Conflict) as used:
        run(ports, drop_review, who, activity.id, third)
    assert used.value.code == "drops_used"


def test_a_conflict_where_nothing_is_left_makes_the_duty_one_less() -> None:
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=0, per_work=1))
    who = TEAMS["P"][0]
    assert run(ports, declare_conflict, who, activity.id, run(ports, take, who, activity.id)) == ""
    assert [row.owed for row in ports.rows(REVIEWINGS)] == [0]
    assert [row.taken for row in ports.rows(POOL)] == [0, 0]


def test_a_reported_work_stands_in_the_staffs_list_and_another_comes() -> None:
    ports, _of, activity = a_class("PQR")
    who = TEAMS["P"][0]
    first = run(ports, take, who, activity.id)
    with pytest.raises(Invalid):
        run(ports, report_work, who, activity.id, first, reason=" ")
    assert run(ports, report_work, who, activity.id, first, reason="It is copied from a book.")
    assert [row.id for row in run(ports, proof, INES, activity.id).reports] == [first]


def test_a_review_lacks_nothing_that_is_asked_for() -> None:
    ports, _of, activity = a_class("PQ")
    id = run(ports, take, TEAMS["P"][0], activity.id)
    half = {"loss": Mark(Decimal(3)), "plan": Mark(comment="By when?", given=False)}
    with pytest.raises(Invalid) as wrong:
        run(ports, submit_review, TEAMS["P"][0], activity.id, id, half, text="", seen=0)
    assert [problem.field for problem in wrong.value.problems] == ["level-plan", "level-open", "text"]


def test_nobody_else_reads_or_writes_a_review() -> None:
    ports, _of, activity = a_class("PQR")
    id = run(ports, take, TEAMS["P"][0], activity.id)
    for who in (TEAMS["P"][1], TEAMS["Q"][0], TEAMS["R"][0], INES):
        for act in (look_at_desk, drop_review, declare_conflict):
            with pytest.raises(NotAllowed):
                run(ports, act, who, activity.id, id)


def test_a_team_writes_one_review_together() -> None:
    ports, _of, activity = a_class("PQR", ReviewRules(owing_days=0, per_work=1, reviewers=Reviewers.TEAM))
    one, two = TEAMS["P"]
    id = run(ports, take, one, activity.id)
    assert run(ports, take, two, activity.id) == id
    run(ports, save_review, one, activity.id, id, {"loss": SHEET["loss"]}, text="", seen=0)
    joined = run(ports, save_review, two, activity.id, id, {"plan": SHEET["plan"]}, text="", seen=0)
    assert set(joined.sheet) == {"loss", "plan"}
    with pytest.raises(Stale):
        run(ports, save_review, one, activity.id, id, {"plan": Mark(Decimal(4))}, text="", seen=1)
    run(ports, submit_review, two, activity.id, id, SHEET, text="Well done.", seen=2)
    assert ports.rows(REVIEWS)[0].state is ReviewState.SUBMITTED


def test_authors_read_their_reviews_when_feedback_goes_out_and_not_before() -> None:
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=0, per_work=1))
    writes(ports, activity, TEAMS["P"][0])
    with pytest.raises(Conflict) as early:
        run(ports, received_reviews, TEAMS["Q"][0], activity.id)
    assert early.value.code == "feedback_not_yet"
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=72, seconds=1))
    run(ports, keep_reviewing, activity.id)
    got = run(ports, received_reviews, TEAMS["Q"][0], activity.id)
    assert [review.text for review in got.reviews] == ["Clear, but costs are missing."]
    assert (got.reviewers, got.reviewer_teams) == ({}, {})
    with pytest.raises(NotAllowed):
        run(ports, received_reviews, TEAMS["P"][0], activity.id, got.team.id)
    seen = run(ports, received_reviews, INES, activity.id, got.team.id)
    assert [one.name for one in seen.reviewers.values()] == ["P1"]


def test_staff_fill_in_what_volunteers_left() -> None:
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=0, per_work=1))
    with pytest.raises(Conflict):
        run(ports, fill_in, INES, activity.id)
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=24, seconds=1))
    id = run(ports, fill_in, INES, activity.id)
    run(ports, submit_review, INES, activity.id, id, SHEET, text="Good.", seen=0)
    shown = run(ports, proof, INES, activity.id)
    assert (shown.works, shown.complete, shown.nothing) == (2, 1, 1)


def test_grades_come_out_of_the_reviews_and_what_was_owed() -> None:
    """V7 (two reviews) and the weights of V6's kind, by hand: 81.25 x 80 % + 50 x 20 %."""
    rules = ReviewRules(owing_days=0, per_work=2, weight_product=80, weight_review=20)
    ports, _of, activity = a_class("PQR", rules)
    q, r = TEAMS["Q"][0], TEAMS["R"][0]
    a = run(ports, take, q, activity.id)
    run(ports, submit_review, q, activity.id, a, marks("4", "3", "2"), text="A", seen=0)
    writes(ports, activity, r)  # of team Q, that had none
    b = run(ports, take, r, activity.id)
    run(ports, submit_review, r, activity.id, b, marks("3", "3", "4"), text="B", seen=0)
    writes(ports, activity, TEAMS["P"][0])
    with pytest.raises(Conflict):
        run(ports, mark_all, INES, activity.id)
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=25))
    run(ports, mark_all, INES, activity.id)
    grades = {row.person: row.total for row in ports.rows(GRADES, activity=activity.id)}
    assert grades[TEAMS["P"][0].person] == Decimal("81.25") * Decimal("0.8") + Decimal(10)
    assert grades[TEAMS["P"][1].person] == Decimal("65")
    exclude = run(ports, exclude_review, INES, activity.id, a, reason="Not about this work at all.")
    assert exclude.state is ReviewState.EXCLUDED
    changed = {row.person: row.total for row in ports.rows(GRADES, activity=activity.id)}
    assert changed[TEAMS["P"][1].person] == Decimal("80") * Decimal("0.8")


def test_home_says_what_is_owed() -> None:
    ports, _of, activity = a_class("PQR")
    writes(ports, activity, TEAMS["P"][0])
    home = run(ports, look_at_home, TEAMS["P"][0], activity.id)
    assert (home.duty, home.done, len(home.judge.reviews)) == (2, 1, 1)
    run(ports, release_feedback, INES, activity.id)
    come_in(ports, replace(TEAMS["P"][0]))
