"""Every mark out of reviews is worked out again from its page's words, by this file's own arithmetic."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest

from coursecrew.app.grading import override_grade, release_grades
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.records import GRADES, PARTICIPANTS, POOL, REVIEWS
from coursecrew.app.reviewing.appealing import decide, make_appeal
from coursecrew.app.reviewing.feedback import exclude_review
from coursecrew.app.reviewing.marking import mark_all
from coursecrew.app.reviewing.pool import take, take_as_staff
from coursecrew.app.reviewing.practising import try_sample
from coursecrew.app.reviewing.writing import submit_review
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.appeals import AppealState
from coursecrew.domain.averages import Method
from coursecrew.domain.errors import Conflict
from coursecrew.domain.people import Actor
from coursecrew.domain.review_rules import Practice, ReviewRules
from coursecrew.domain.samples import Sample
from tests.builders import (
    INES,
    REVIEW_PLACED,
    REVIEWS_DUE,
    a_peer_review,
    a_team_that_handed_in,
    actor,
    an_assignment,
    come_in,
    marks,
    world,
)
from tests.ui.parts import ask, words_of

NUMBER = r"-?\d+(?:\.\d+)?"
LEARNERS = 50


def a_large_class(method: Method, seed: int) -> tuple[MemoryPorts, Activity, list[Actor]]:
    """Twenty-five teams of two, of which some hand in nothing; reviews, scores and questions by chance."""
    chance = Random(seed)
    ports = world()
    of = an_assignment(ports)
    teams = [tuple(actor(f"t{number}x{side}") for side in (1, 2)) for number in range(LEARNERS // 2)]
    for number, members in enumerate(teams):
        a_team_that_handed_in(ports, of, *members, name=f"Team {number}", text=f"Plan {number}")
    sample = Sample("s", "A sample", "Text", marks("3", "3", "3"))
    rules = ReviewRules(
        owing_days=0, per_work=3, method=method, min_reviews=1, staff_share=chance.choice([0, 30, 60]),
        weight_product=70, weight_review=20, weight_practice=10, practice=Practice.OFFERED,
    )  # fmt: skip
    activity = a_peer_review(ports, of, rules, samples=(sample,))
    people = [who for members in teams for who in members]
    for who in people:
        for _ in range(chance.choice([0, 1, 2, 3])):
            try:
                id = run(ports, take, who, activity.id)
            except Conflict:
                break
            sheet = marks(*(str(chance.randrange(5)) for _ in range(3)))
            run(ports, submit_review, who, activity.id, id, sheet, text="So.", seen=0)
        if chance.random() < 0.5:
            run(
                ports, try_sample, who, activity.id, "s", marks(*(str(chance.randrange(5)) for _ in range(3)))
            )
    for work in ports.rows(POOL)[:4]:
        id = run(ports, take_as_staff, INES, activity.id, work.team)
        run(ports, submit_review, INES, activity.id, id, marks("3", "2", "1"), text="So.", seen=0)
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=25))
    after = ""
    while True:
        _count, after = run(ports, mark_all, INES, activity.id, after=after)
        if not after:
            break
    run(ports, release_grades, INES, activity.id)
    omar = replace(INES, person="omar")
    come_in(ports, omar)
    for members in teams[4:8]:
        appeal = run(ports, make_appeal, members[0], activity.id, "plan", reason="because " * 20)
        run(ports, decide, omar, activity.id, appeal.id, AppealState.UPHELD, answer="So.", points=Decimal(4))
    counted = [row for row in ports.rows(REVIEWS) if row.counts]
    run(ports, exclude_review, INES, activity.id, counted[-1].id, reason="Of another work.")
    run(ports, override_grade, INES, activity.id, people[20].person, Decimal("61.5"), reason="Illness.")
    return ports, activity, people


@pytest.mark.parametrize("method", Method)
def test_the_marks_of_fifty_learners_are_worked_out_again_from_their_pages(method: Method) -> None:
    ports, activity, people = a_large_class(method, seed=7)
    kinds = set()
    checked = 0
    for who in people:
        grade = ports.rows(GRADES, activity=activity.id, person=who.person)
        if not grade:
            continue  # too few reviews: it waits in the staff's queue
        kinds |= {line.code for line in grade[0].account.lines}
        page = words_of(ask(ports, who, "result", placed=REVIEW_PLACED))
        total = grade[0].total
        assert total is not None
        assert again(page) == cents(total), page
        checked += 1
    assert checked >= LEARNERS - 6
    peers = "calibrated" if method is Method.CALIBRATED else "peers"
    assert {peers, "appeal", "reviewing", "training", "weighted", "override"} <= kinds
    assert len(ports.rows(PARTICIPANTS)) >= LEARNERS


def test_staff_read_reviewers_habits_and_intervals_and_learners_do_not() -> None:
    ports, activity, people = a_large_class(Method.CALIBRATED, seed=11)
    page = ask(ports, INES, "room/habits", placed=REVIEW_PLACED)
    assert page.status == 200
    words = words_of(page)
    assert "Steadiness" in words
    assert "taken off for everybody" in words  # a few works have scores of the staff's own
    assert ask(ports, people[0], "room/habits", placed=REVIEW_PLACED).status == 403
    scored = {row.submission for row in ports.rows(POOL) if row.scored_at is not None}
    assert scored
    shown = [
        words_of(ask(ports, INES, f"feedback/{row.team}", placed=REVIEW_PLACED)) for row in ports.rows(POOL)
    ]
    assert any("in about nine of ten cases" in one for one in shown)
    assert "nine of ten" not in words_of(ask(ports, people[0], "feedback", placed=REVIEW_PLACED))
    assert ports.rows(GRADES, activity=activity.id)


def cents(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def again(page: str) -> Decimal:
    """The grade out of the words of the page alone."""
    page = page.replace("−", "-").replace("–", "-")
    table = page[page.index("How your grade was made") :]
    put = re.search(rf"the course staff put ({NUMBER}) in place of", table)
    if put:
        return cents(Decimal(put[1]))
    score = peers(table)
    score = with_staff(table, score)
    score = with_question(table, score)
    written = re.search(r"written (\d+), let go (\d+), owed (\d+)", table)
    assert written
    done, waived, owed = (int(one) for one in written.groups())
    review = Decimal(100) if owed == 0 else min(Decimal(100), Decimal(100 * (done + waived)) / owed)
    tried = re.search(r"together (\d+), ÷ (\d+) samples", table)
    assert tried
    practice = Decimal(tried[1]) / int(tried[2])
    shares = [int(one) for one in re.findall(rf"(?:work|reviews|practice) {NUMBER} × (\d+) %", table)]
    return cents((score * shares[0] + review * shares[1] + practice * shares[2]) / 100)


def peers(table: str) -> Decimal:
    corrected = re.findall(rf"so ({NUMBER}), weight ({NUMBER})", table)
    if corrected:
        weights = sum((Decimal(weight) for _value, weight in corrected), Decimal(0))
        together = sum((Decimal(value) * Decimal(weight) for value, weight in corrected), Decimal(0))
        return together / weights
    start = table.index("Of the points for each criterion") if "Of the points" in table else -1
    if start < 0:
        return Decimal(0)
    ends = [table.find(words, start) for words in ("With the staff", "After your question", "Reviews you")]
    part = table[start : min(end for end in ends if end > 0)]
    way = median if "middle value (of an even" in part else trimmed if "without the highest" in part else mean
    return weighted(part, way)


def with_staff(table: str, score: Decimal) -> Decimal:
    found = re.search(r"the course staff gave (.+?) Then ", table)
    share = re.search(rf"Then {NUMBER} × (\d+) % \+ {NUMBER} × (\d+) %", table)
    if not found or not share:
        return score
    staff = weighted(found[1], mean)
    return (staff * int(share[1]) + score * int(share[2])) / 100


def with_question(table: str, score: Decimal) -> Decimal:
    found = re.search(r"decided after your team asked: (.+?) Reviews you wrote", table)
    if not found:
        return score
    for now, was, most, weight in re.findall(
        rf"\(({NUMBER}) - ({NUMBER})\) ÷ ({NUMBER}) × ({NUMBER})", found[1]
    ):
        score += (Decimal(now) - Decimal(was)) / Decimal(most) * Decimal(weight)
    return min(Decimal(100), max(Decimal(0), score))


def weighted(part: str, way) -> Decimal:
    """Points of each criterion into one value, then value ÷ most × weight."""
    given = re.findall(rf": ((?:{NUMBER}(?:, )?)+) → {NUMBER}", part)
    terms = re.findall(rf"{NUMBER} ÷ ({NUMBER}) × ({NUMBER})", part)[: len(given)]
    score = Decimal(0)
    for points, (most, weight) in zip(given, terms, strict=True):
        score += way([Decimal(one) for one in points.split(", ")]) / Decimal(most) * Decimal(weight)
    return score


def mean(points: list[Decimal]) -> Decimal:
    return sum(points, Decimal(0)) / len(points)


def median(points: list[Decimal]) -> Decimal:
    inside, half = sorted(points), len(points) // 2
    return inside[half] if len(inside) % 2 else (inside[half - 1] + inside[half]) / 2


def trimmed(points: list[Decimal]) -> Decimal:
    return median(points) if len(points) < 5 else mean(sorted(points)[1:-1])
