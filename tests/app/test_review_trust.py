"""What makes reviews to be trusted: answers, uptake, appeals, held reviews, own view, practice, rounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from coursecrew.app.memory import MemoryPorts
from coursecrew.app.outbox import deliver_all
from coursecrew.app.records import (
    ACTIVITIES,
    APPEALS,
    GRADES,
    NOTICES,
    PEER_CALIBRATIONS,
    POOL,
    REVIEW_VERSIONS,
    REVIEWS,
    WORKS,
)
from coursecrew.app.records import TEAMS as TEAM_ROWS
from coursecrew.app.reviewing.answering import answer_at, save_answer
from coursecrew.app.reviewing.appealing import appeals_here, decide, make_appeal
from coursecrew.app.reviewing.desk import look_at_desk
from coursecrew.app.reviewing.feedback import (
    exclude_review,
    keep_reviewing,
    look_at_home,
    received_reviews,
    release_feedback,
)
from coursecrew.app.reviewing.holding import (
    held_reviews,
    hold_review,
    pass_review,
    redact_review,
    reject_review,
)
from coursecrew.app.reviewing.marking import mark_all
from coursecrew.app.reviewing.places import place_of
from coursecrew.app.reviewing.pool import take, take_as_staff, take_own
from coursecrew.app.reviewing.practising import try_sample
from coursecrew.app.reviewing.remarks import add_remark, remove_remark, reply
from coursecrew.app.reviewing.writing import hand_in_or_hint, save_review, submit_review
from coursecrew.app.submissions import save_draft, submit
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.appeals import AppealState
from coursecrew.domain.averages import Method
from coursecrew.domain.errors import AlreadyDecided, Closed, Conflict, Invalid, NotAllowed, NotFound, Stale
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor
from coursecrew.domain.rejoinders import Rejoinder, Stance, Uptake
from coursecrew.domain.review_hints import hints, likeness
from coursecrew.domain.review_rules import Later, Practice, ReviewRules, SelfReview
from coursecrew.domain.reviewing import Cause, ReviewState
from coursecrew.domain.rubrics import Mark
from coursecrew.domain.samples import Sample
from coursecrew.domain.submissions import WorkState
from coursecrew.ui.mail import compose
from tests.app.test_reviewing import SHEET, TEAMS, a_class, writes
from tests.builders import INES, REVIEWS_DUE, actor, come_in, marks

P, Q, R = (TEAMS[name] for name in "PQR")
FINE = {"helpful": 5, "specific": 4, "kind": 5}
WHY = (
    "The second table answers exactly what the rubric asks for, with a source for each of its figures, "
    "so it is not missing."
)
BARE = {key: Mark(mark.points) for key, mark in SHEET.items()}


def reviewed(rules: ReviewRules | None = None, **changes: Any) -> tuple[MemoryPorts, Activity, str]:
    """Q reviews P and feedback is out; returns the review's id."""
    ports, _of, activity = a_class("PQ", rules or ReviewRules(owing_days=0, per_work=1), **changes)
    id = writes(ports, activity, Q[0])
    run(ports, release_feedback, INES, activity.id)
    return ports, activity, id


def answer(ports: MemoryPorts, activity: Activity, who: Actor, id: str, **changes: Any) -> Rejoinder:
    values: dict[str, Any] = {
        "text": "Thank you.", "scales": FINE, "why": "", "points": {}, "flagged": False, "seen": 0,
        "send": True,
    }  # fmt: skip
    return run(ports, save_answer, who, activity.id, id, **{**values, **changes})


def told(ports: MemoryPorts, who: Actor) -> set[Kind]:
    deliver_all(ports, compose=compose)
    return {row.kind for row in ports.rows(NOTICES, person=who.person)}


# --- C10, C11: the authors answer ---


def test_a_team_answers_a_review_once_together_and_its_writer_is_told() -> None:
    ports, activity, id = reviewed()
    kept = answer(ports, activity, P[0], id, send=False, scales={})
    with pytest.raises(Stale):
        answer(ports, activity, P[1], id, send=False)  # began before the other saved
    sent = answer(ports, activity, P[1], id, seen=kept.version)
    assert sent.sent_at is not None
    with pytest.raises(AlreadyDecided):
        answer(ports, activity, P[0], id, seen=sent.version)
    assert Kind.REJOINDER_SENT in told(ports, Q[0])
    assert run(ports, look_at_desk, Q[0], activity.id, id).review.sheet == SHEET  # no score changes


def test_below_three_asks_why_and_all_scales_are_asked_for() -> None:
    ports, activity, id = reviewed()
    with pytest.raises(Invalid) as lacks:
        answer(ports, activity, P[0], id, scales={"helpful": 2, "specific": 4})
    assert {problem.field for problem in lacks.value.problems} == {"kind", "why"}
    answer(ports, activity, P[0], id, scales={**FINE, "helpful": 2}, why="It is about another work.")


def test_nobody_else_answers_and_not_after_five_days() -> None:
    ports, activity, id = reviewed()
    for who in (Q[0], INES):
        with pytest.raises(NotAllowed):
            run(ports, answer_at, who, activity.id, id)
    ports.clock.move_to(ports.clock.now() + timedelta(days=5, seconds=1))
    with pytest.raises(Closed):
        answer(ports, activity, P[0], id)


def test_each_comment_is_taken_up_or_not_with_why_and_the_change() -> None:
    ports, activity, id = reviewed()
    points = {"text": Uptake(Stance.DECLINED)}
    with pytest.raises(Invalid) as lacks:
        answer(ports, activity, P[0], id, points=points)
    assert lacks.value.problems[0].field == "uptake_why-text"
    points = {"text": Uptake(Stance.PARTLY, "Costs come in spring.")}
    sent = answer(ports, activity, P[0], id, points=points)
    changed = {"text": Uptake(Stance.ACCEPTED, "Now they are in.", "where", 3)}
    after = answer(ports, activity, P[1], id, points=changed, seen=sent.version, send=False)
    assert after.points["text"].number == 3
    assert after.sent_at == sent.sent_at
    with pytest.raises(Invalid):
        answer(
            ports, activity, P[0], id, points={"no": Uptake(Stance.ACCEPTED)}, seen=after.version, send=False
        )


def test_a_flagged_review_comes_before_the_staff() -> None:
    ports, activity, id = reviewed()
    answer(ports, activity, P[0], id, flagged=True)
    rows = run(ports, held_reviews, INES, activity.id)
    assert [row.review.id for row in rows] == [id]
    assert Kind.REVIEW_FLAGGED in told(ports, INES)


# --- C9: comments at passages ---


def test_a_comment_hangs_at_a_paragraph_and_says_when_its_words_are_gone() -> None:
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=0, per_work=1))
    id = run(ports, take, Q[0], activity.id)
    with pytest.raises(Invalid) as wrong:
        run(ports, add_remark, Q[0], activity.id, id, prompt="where", place=0, words="gains", text="Why?")
    assert wrong.value.problems[0].code == "words_not_there"
    made = run(
        ports,
        add_remark,
        Q[0],
        activity.id,
        id,
        prompt="where",
        place=0,
        words="cuts losses",
        text="By how much?",
    )
    gone = run(ports, add_remark, Q[0], activity.id, id, prompt="where", place=0, words="", text="Slip.")
    run(ports, remove_remark, Q[0], activity.id, id, gone.id)
    for who in (P[0], INES):
        with pytest.raises(NotAllowed):
            run(ports, add_remark, who, activity.id, id, prompt="where", place=0, words="", text="x")
    with pytest.raises(NotFound):
        run(ports, reply, P[0], activity.id, made.id, text="By a third.")  # not out yet
    run(ports, submit_review, Q[0], activity.id, id, SHEET, text="Good.", seen=0)
    run(ports, release_feedback, INES, activity.id)
    run(ports, reply, P[1], activity.id, made.id, text="By a third.")
    run(ports, reply, Q[0], activity.id, made.id, text="Say so there.")
    got = run(ports, received_reviews, P[0], activity.id)
    assert [(row.text, row.by_authors) for row in got.remarks[id]] == [
        ("By how much?", False), ("By a third.", True), ("Say so there.", False),
    ]  # fmt: skip
    with pytest.raises(Conflict):
        run(ports, remove_remark, Q[0], activity.id, id, made.id)


# --- C12: hints ---


def test_hints_come_once_and_stop_nobody() -> None:
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=0, per_work=1))
    id = run(ports, take, Q[0], activity.id)
    first = run(ports, hand_in_or_hint, Q[0], activity.id, id, BARE, text="Great job!", seen=0)
    assert (first.state, set(first.nudged.split())) == (
        ReviewState.LEASED, {"short", "praise_only", "no_suggestion", "no_reference"},
    )  # fmt: skip
    done = run(ports, hand_in_or_hint, Q[0], activity.id, id, BARE, text="Great job!", seen=first.number)
    assert done.state is ReviewState.SUBMITTED


WORK = {"p": "We close valve twelve for three nights and read the meter each hour."}
LONG = "You close the valve for three nights; could you also say who reads the meter when it rains that week?"


@pytest.mark.parametrize(
    ("text", "code", "there"),
    [
        (LONG, "short", False),
        ("Read the meter.", "short", True),
        ("Well done, really great work!", "praise_only", True),
        (LONG, "praise_only", False),
        (
            "You close valve twelve for three nights and that is all there is to say of it today.",
            "no_suggestion",
            True,
        ),
        (LONG, "no_suggestion", False),
        (LONG + " This part is stupid.", "harsh", True),
        (LONG, "harsh", False),
        (LONG, "no_reference", False),
        (
            "Could it be longer, with more of everything that makes such things good to have at hand?",
            "no_reference",
            True,
        ),
    ],
)
def test_each_hint_by_its_rule(text: str, code: str, there: bool) -> None:
    assert (code in hints({}, text, work=WORK, other=[])) is there


def test_a_review_like_another_of_ones_own_is_hinted_at() -> None:
    assert "same_as_other" in hints({}, LONG, work=WORK, other=[LONG.replace("rains", "snows")])
    assert "same_as_other" not in hints({}, LONG, work=WORK, other=["Something else altogether, my friend."])
    assert likeness([], ["a", "b"]) == 0
    assert hints({}, "super", work=WORK, other=[], english=False) == ["short", "no_reference"]


# --- C13: appeals ---


def graded(rules: ReviewRules | None = None) -> tuple[MemoryPorts, Activity, str]:
    ports, activity, id = reviewed(rules)
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=25))
    run(ports, mark_all, INES, activity.id)
    release(ports, activity)
    return ports, activity, id


def release(ports: MemoryPorts, activity: Activity) -> None:
    from coursecrew.app.grading import release_grades

    run(ports, release_grades, INES, activity.id)


def total(ports: MemoryPorts, activity: Activity, who: Actor) -> Decimal:
    value = ports.rows(GRADES, activity=activity.id, person=who.person)[0].total
    assert value is not None
    return value


def test_a_team_asks_once_about_a_criterion_and_one_answer_goes_to_all() -> None:
    ports, activity, _id = graded()
    assert total(ports, activity, P[0]) == Decimal("72.5")  # 3 2 4 of 4, weights 50 30 20
    with pytest.raises(Invalid) as short:
        run(ports, make_appeal, P[0], activity.id, "plan", reason="It is wrong.")
    assert short.value.problems[0].code == "appeal_words"
    appeal = run(ports, make_appeal, P[0], activity.id, "plan", reason=WHY)
    with pytest.raises(Conflict) as twice:
        run(ports, make_appeal, P[1], activity.id, "plan", reason=WHY)
    assert twice.value.code == "appealed_already"
    with pytest.raises(NotAllowed):
        run(ports, decide, P[0], activity.id, appeal.id, AppealState.UPHELD, answer="Yes.", points=Decimal(4))
    with pytest.raises(Invalid):
        run(ports, decide, INES, activity.id, appeal.id, AppealState.UPHELD, answer="Yes.", points=Decimal(9))
    run(
        ports,
        decide,
        INES,
        activity.id,
        appeal.id,
        AppealState.UPHELD,
        answer="You are right.",
        points=Decimal(4),
    )
    assert total(ports, activity, P[0]) == total(ports, activity, P[1]) == Decimal("87.5")
    assert Kind.APPEAL_DECIDED in told(ports, P[0]) & told(ports, P[1])
    assert [row.state for row in ports.rows(APPEALS)] == [AppealState.UPHELD]


def test_the_score_may_go_down_and_the_week_ends() -> None:
    ports, activity, _id = graded()
    appeal = run(ports, make_appeal, P[0], activity.id, "loss", reason=WHY)
    run(ports, decide, INES, activity.id, appeal.id, AppealState.PARTLY, answer="Less.", points=Decimal(2))
    assert total(ports, activity, P[0]) == Decimal(60)
    ports.clock.move_to(ports.clock.now() + timedelta(days=7, seconds=1))
    with pytest.raises(Closed):
        run(ports, make_appeal, P[0], activity.id, "plan", reason=WHY)


def test_whoever_gave_the_score_does_not_decide_unless_there_is_nobody_else() -> None:
    ports, activity, _id = graded()
    team = ports.rows(POOL)[0].team
    id = run(ports, take_as_staff, INES, activity.id, team)
    run(ports, submit_review, INES, activity.id, id, SHEET, text="Fine.", seen=0)
    appeal = run(ports, make_appeal, P[0], activity.id, "plan", reason=WHY)
    assert [row.mine_to_decide for row in run(ports, appeals_here, INES, activity.id)] == [True]
    other = replace(INES, person="omar")
    come_in(ports, other)
    with pytest.raises(NotAllowed):
        run(ports, decide, INES, activity.id, appeal.id, AppealState.DENIED, answer="No.", points=None)
    run(ports, decide, other, activity.id, appeal.id, AppealState.DENIED, answer="It stays.", points=None)
    assert total(ports, activity, P[0]) == Decimal("72.5")


def test_no_appeal_before_release_or_where_the_author_says_no() -> None:
    ports, activity, _id = reviewed()
    with pytest.raises(Conflict):
        run(ports, make_appeal, P[0], activity.id, "plan", reason=WHY)
    ports, activity, _id = graded(ReviewRules(owing_days=0, per_work=1, appeals=False))
    with pytest.raises(Conflict):
        run(ports, make_appeal, P[0], activity.id, "plan", reason=WHY)


# --- C18: held reviews ---


def test_a_listed_word_holds_a_review_until_staff_have_decided() -> None:
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=0, per_work=1), listed_words=("rubbish",))
    id = run(ports, take, Q[0], activity.id)
    run(ports, submit_review, Q[0], activity.id, id, SHEET, text="It is Rubbish.", seen=0)
    held = run(ports, look_at_desk, Q[0], activity.id, id).review
    assert (held.state, held.held_for, held.held_until) == (ReviewState.HELD, "word", None)
    assert [(work.taken, work.submitted) for work in ports.rows(POOL, team=held.team)] == [(1, 0)]
    assert run(ports, look_at_home, Q[0], activity.id).done == 1  # it counts for the duty
    run(ports, release_feedback, INES, activity.id)
    assert run(ports, received_reviews, P[0], activity.id).reviews == ()
    with pytest.raises(NotAllowed):
        run(ports, pass_review, P[0], activity.id, id)
    calm = {key: replace(mark, comment="") for key, mark in SHEET.items()}
    run(ports, redact_review, INES, activity.id, id, calm, text="It could be better.")
    got = run(ports, received_reviews, P[0], activity.id).reviews
    assert [(row.text, row.redacted) for row in got] == [("It could be better.", True)]
    assert got[0].sheet["loss"].points == SHEET["loss"].points
    assert "It is Rubbish." in {row.text for row in ports.rows(REVIEW_VERSIONS, review=id)}


def test_every_review_waits_for_a_look_but_never_longer_than_the_author_said() -> None:
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=0, per_work=1, hold_days=2))
    first, second = writes(ports, activity, Q[0]), writes(ports, activity, P[0])
    run(ports, pass_review, INES, activity.id, first)
    with pytest.raises(AlreadyDecided):
        run(ports, pass_review, INES, activity.id, first)
    ports.clock.move_to(ports.clock.now() + timedelta(days=2))
    run(ports, keep_reviewing, activity.id)
    assert {row.state for row in ports.rows(REVIEWS) if row.id in (first, second)} == {ReviewState.SUBMITTED}
    assert [work.submitted for work in ports.rows(POOL)] == [1, 1]


def test_a_rejected_review_frees_its_slot_and_says_why_and_one_that_counts_can_be_held() -> None:
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=0, per_work=1, hold_days=1))
    id = writes(ports, activity, Q[0])
    with pytest.raises(Invalid):
        run(ports, reject_review, INES, activity.id, id, reason=" ")
    run(ports, reject_review, INES, activity.id, id, reason="It is about the people.")
    row = next(row for row in ports.rows(REVIEWS) if row.id == id)
    assert (row.state, row.reason) == (ReviewState.EXCLUDED, "It is about the people.")
    assert [work.taken for work in ports.rows(POOL, team=row.team)] == [0]
    assert Kind.REVIEW_REJECTED in told(ports, Q[0])
    assert Kind.REVIEW_REJECTED not in told(ports, P[0])
    ports, activity, id = reviewed()
    run(ports, hold_review, INES, activity.id, id)
    assert run(ports, received_reviews, P[0], activity.id).reviews == ()
    run(ports, pass_review, INES, activity.id, id)
    assert len(run(ports, received_reviews, P[0], activity.id).reviews) == 1


def test_neither_sides_notice_of_an_exclusion_holds_the_others_key() -> None:
    ports, activity, id = reviewed()
    run(ports, exclude_review, INES, activity.id, id, reason="About another work.")
    deliver_all(ports, compose=compose)
    for row in ports.rows(NOTICES):
        if row.kind is Kind.REVIEW_EXCLUDED and row.person in {who.person for who in P}:
            assert Q[0].person not in str(row.detail)
        if row.kind is Kind.REVIEW_EXCLUDED and row.person == Q[0].person:
            assert ports.rows(REVIEWS)[0].team not in str(row.detail)


# --- C7: one's own view ---


def test_ones_own_work_comes_first_where_the_author_wants_it_and_never_counts() -> None:
    rules = ReviewRules(owing_days=0, per_work=1, own_review=SelfReview.BEFORE)
    ports, _of, activity = a_class("PQ", rules)
    with pytest.raises(Conflict) as first:
        run(ports, take, P[0], activity.id)
    assert first.value.code == "own_review_first"
    own = run(ports, take_own, P[0], activity.id)
    assert run(ports, take_own, P[0], activity.id) == own
    run(ports, submit_review, P[0], activity.id, own, marks("4", "4", "4"), text="We like it.", seen=0)
    id = run(ports, take, P[0], activity.id)
    assert id != own
    assert [(work.taken, work.submitted) for work in ports.rows(POOL)] == [(0, 0), (1, 0)]
    own = run(ports, take_own, Q[0], activity.id)
    run(ports, submit_review, Q[0], activity.id, own, SHEET, text="Ours.", seen=0)
    run(ports, submit_review, Q[0], activity.id, run(ports, take, Q[0], activity.id), SHEET, text="T", seen=0)
    run(ports, release_feedback, INES, activity.id)
    got = run(ports, received_reviews, P[0], activity.id)
    assert got.own is not None
    assert [row.cause for row in got.reviews] == [Cause.DUTY]
    assert run(ports, received_reviews, P[1], activity.id).own is None  # each has their own
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=25))
    run(ports, mark_all, INES, activity.id)
    assert total(ports, activity, P[0]) == Decimal("72.5")


def test_without_the_setting_there_is_no_own_review() -> None:
    ports, _of, activity = a_class("PQ")
    with pytest.raises(NotFound):
        run(ports, take_own, P[0], activity.id)


# --- C8: practice ---

SAMPLES = (
    Sample("m", "A model", "Well made.", marks("4", "4", "4"), model=True),
    Sample("s", "A sample", "Half made.", marks("3", "3", "0")),
)


def test_nobody_takes_a_work_before_passing_and_tries_are_free() -> None:
    rules = ReviewRules(
        owing_days=0, per_work=1, practice=Practice.NEEDED, weight_product=80, weight_practice=20
    )
    ports, _of, activity = a_class("PQ", rules, samples=SAMPLES)
    with pytest.raises(Conflict) as first:
        run(ports, take, P[0], activity.id)
    assert first.value.code == "practice_first"
    missed = run(ports, try_sample, P[0], activity.id, "s", marks("0", "0", "4"))
    assert (missed.passed, missed.share) == (False, 0)
    half = run(ports, try_sample, P[0], activity.id, "s", marks("4", "2", "4"))
    assert (half.passed, half.share) == (False, 67)
    done = run(ports, try_sample, P[0], activity.id, "s", marks("4", "2", "1"))
    assert (done.passed, done.share) == (True, 100)
    run(ports, take, P[0], activity.id)
    with pytest.raises(NotFound):
        run(ports, try_sample, P[0], activity.id, "m", marks("4", "4", "4"))
    run(ports, try_sample, Q[0], activity.id, "s", marks("4", "2", "1"))
    writes(ports, activity, Q[0])
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=25))
    run(ports, mark_all, INES, activity.id)
    assert total(ports, activity, P[0]) == Decimal("72.5") * 80 / 100 + 20
    assert total(ports, activity, P[1]) == Decimal("72.5") * 80 / 100  # never tried


# --- C15: staff beside peers, calibrated ---


def test_a_staff_score_stands_beside_the_peers_and_counts_by_its_share() -> None:
    """V7's third line: staff 80, peers 72.5, share 60 makes 77."""
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=0, per_work=1, staff_share=60))
    writes(ports, activity, Q[0])
    team = ports.rows(POOL)[0].team
    id = run(ports, take_as_staff, INES, activity.id, team)
    run(ports, submit_review, INES, activity.id, id, marks("3", "3", "4"), text="Fine.", seen=0)
    with pytest.raises(NotAllowed):
        run(ports, save_review, Q[0], activity.id, id, SHEET, text="x", seen=1)
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=25))
    run(ports, mark_all, INES, activity.id)
    assert total(ports, activity, P[0]) == Decimal("77.0")
    assert [(work.taken, work.submitted) for work in ports.rows(POOL, team=team)] == [(1, 1)]


def test_where_no_reviews_came_the_staffs_score_stands_alone() -> None:
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=0, per_work=1))
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=25))
    run(ports, keep_reviewing, activity.id)
    team = ports.rows(POOL)[0].team
    run(ports, mark_all, INES, activity.id)
    assert ports.rows(GRADES, activity=activity.id) == []
    id = run(ports, take_as_staff, INES, activity.id, team)
    run(ports, submit_review, INES, activity.id, id, marks("3", "3", "4"), text="Fine.", seen=0)
    run(ports, mark_all, INES, activity.id)
    assert total(ports, activity, P[0]) == Decimal(80)


def test_calibrated_is_the_mean_in_a_small_class_and_keeps_what_it_learned() -> None:
    rules = ReviewRules(owing_days=0, per_work=2, method=Method.CALIBRATED)
    ports, _of, activity = a_class("PQR", rules)
    writes(ports, activity, P[0])
    for who, sheet in ((Q[0], marks("4", "3", "2")), (R[0], marks("3", "3", "4"))):
        id = run(ports, take, who, activity.id)
        run(ports, submit_review, who, activity.id, id, sheet, text="A", seen=0)
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=25))
    run(ports, mark_all, INES, activity.id)
    first = ports.rows(POOL)[0]
    assert first.submitted == 2
    assert total(ports, activity, P[0]) == Decimal("81.25")  # the mean of 82.5 and 80
    assert len(ports.rows(PEER_CALIBRATIONS)) == 1


# --- B9: rounds ---


def test_two_rounds_the_same_reviewers_follow_the_revision_and_the_last_counts() -> None:
    later = Later(REVIEWS_DUE + timedelta(days=6), REVIEWS_DUE + timedelta(days=9))
    ports, of, activity = a_class("PQR", ReviewRules(owing_days=0, per_work=2, later=(later,)))
    for who in (P[0], Q[0], R[0]):
        writes(ports, activity, who)
    for who in (P[0], Q[0], R[0]):
        writes(ports, activity, who)
    run(ports, release_feedback, INES, activity.id)
    again = [row for row in ports.rows(WORKS) if row.round == 2]
    assert [(row.state, row.due_at) for row in again] == [(WorkState.DRAFTING, later.revise)] * 3
    assert Kind.ROUND_OPENED in told(ports, P[1])
    ports.clock.move_to(REVIEWS_DUE + timedelta(days=5))
    for who, name in ((P[0], "P"), (Q[0], "Q"), (R[0], "R")):
        draft = run(
            ports, save_draft, who, of.id, {"where": f"How {name} cuts losses, and what it costs"}, seen=1
        )
        run(ports, submit, who, of.id, seen=draft.number)
    run(ports, keep_reviewing, activity.id)
    place = run(ports, place_of, activity.id)
    assert (place.round, place.is_last_round) == (2, True)
    second = ports.rows(POOL, round=2)
    assert [row.taken for row in second] == [2, 2, 2]
    before = {
        (row.team, row.reviewer): (row.place, row.alias)
        for row in ports.rows(REVIEWS)
        if row.pool not in {w.id for w in second}
    }
    after = {
        (row.team, row.reviewer): (row.place, row.alias)
        for row in ports.rows(REVIEWS)
        if row.pool in {w.id for w in second}
    }
    assert before == after
    id = run(ports, take, Q[0], activity.id)
    desk = run(ports, look_at_desk, Q[0], activity.id, id)
    assert desk.earlier is not None
    assert desk.earlier[1] is not None
    assert desk.earlier[0].texts["where"] != desk.submission.texts["where"]
    for who in (P[0], Q[0], R[0]):
        for _ in range(2):
            id = run(ports, take, who, activity.id)
            run(ports, submit_review, who, activity.id, id, marks("4", "4", "4"), text="Better.", seen=0)
    with pytest.raises(Conflict) as done:
        run(ports, take, P[0], activity.id)
    assert done.value.code == "duty_done"
    run(ports, release_feedback, INES, activity.id)
    assert len([row for row in ports.rows(WORKS) if row.round == 3]) == 0
    got = run(ports, received_reviews, P[0], activity.id)
    assert (got.work.round, [row.round for row in got.rounds]) == (2, [1, 2])
    first = run(ports, received_reviews, P[0], activity.id, got.rounds[0].id)
    assert {row.text for row in first.reviews} == {"Clear, but costs are missing."}
    ports.clock.move_to(later.review + timedelta(hours=25))
    run(ports, mark_all, INES, activity.id)
    assert total(ports, activity, P[0]) == Decimal(100)
    assert ports.rows(ACTIVITIES, id=activity.id)


def test_who_owes_reviews_reads_theirs_later_and_whoever_could_not_review_at_once() -> None:
    ports, _of, activity = a_class("PQ", ReviewRules(owing_days=7, per_work=1))
    writes(ports, activity, Q[0])
    run(ports, release_feedback, INES, activity.id)
    with pytest.raises(Conflict) as owes:
        run(ports, received_reviews, P[0], activity.id)
    assert owes.value.code == "owes_reviews"
    writes(ports, activity, P[0])
    assert run(ports, received_reviews, P[0], activity.id).reviews
    with pytest.raises(Conflict):
        run(ports, received_reviews, P[1], activity.id)
    ports.clock.move_to(ports.clock.now() + timedelta(days=7))
    assert run(ports, received_reviews, P[1], activity.id).reviews


def test_a_stranger_is_in_no_team_and_reads_nothing() -> None:
    ports, activity, id = reviewed()
    sam = actor("sam")
    come_in(ports, sam)
    for act in (answer_at, look_at_desk):
        with pytest.raises(NotAllowed):
            run(ports, act, sam, activity.id, id)
    assert ports.rows(TEAM_ROWS)
