from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from coursecrew.app.grading import (
    grading_queue,
    override_grade,
    own_result,
    release_grades,
    release_state,
    score_work,
)
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import exclude, name_ta
from coursecrew.app.ports import Answer, Mail
from coursecrew.app.records import ACTIVITIES, CELLS, GRADE_VERSIONS, GRADES, NOTICES, WORKS
from coursecrew.app.submissions import extend
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.errors import Conflict, Invalid, NotAllowed, Stale
from coursecrew.domain.gradebook import Delivery
from coursecrew.domain.grading import GradeState
from coursecrew.domain.people import Role
from tests.builders import (
    AMARA,
    CLOSES,
    DUE,
    INES,
    KWAME,
    LINH,
    MEHMET,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    hand_in,
    marks,
    world,
)


def compose(ports, notice, participant, activity) -> Mail:
    return Mail(notice.kind.value, participant.name, "")


def handed_in(ports, *members, at=None):
    activity = an_assignment(ports)
    a_team(ports, activity, *members, draft="plan")
    if at:
        ports.clock.move_to(at)
    hand_in(ports, activity, members[0])
    come_in(ports, KWAME)
    return activity, ports.rows(WORKS, activity=activity.id)[0]


def graded(ports, *members, points=("3", "3", "4"), at=None):
    activity, work = handed_in(ports, *members, at=at)
    run(ports, score_work, KWAME, activity.id, work.id, marks(*points), comment="Solid work.")
    return activity, work


def test_a_score_grades_every_member_of_the_byline() -> None:
    ports = world()
    graded(ports, AMARA, TOMAS, LINH)
    assert {g.person: g.total for g in ports.rows(GRADES)} == dict.fromkeys(
        (AMARA.person, TOMAS.person, LINH.person), Decimal(80)
    )


def test_each_member_is_late_by_their_own_due_time() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS, draft="plan")
    run(ports, extend, INES, activity.id, person=TOMAS.person, due=DUE + timedelta(days=2), reason="ill")
    ports.clock.move_to(DUE + timedelta(seconds=901))
    hand_in(ports, activity, AMARA)
    work = ports.rows(WORKS)[0]
    run(ports, score_work, INES, activity.id, work.id, marks("3", "3", "4"))
    totals = {g.person: g.total for g in ports.rows(GRADES)}
    assert totals == {AMARA.person: Decimal(70), TOMAS.person: Decimal(80)}


def test_nothing_is_shown_or_sent_before_release() -> None:
    ports = world()
    activity, _ = graded(ports, AMARA, TOMAS)
    assert run(ports, own_result, AMARA, activity.id).grade is None
    deliver_all(ports, compose=compose)
    assert ports.gradebook.sends == []


def test_release_sends_one_score_a_person_and_tells_each_of_them() -> None:
    ports = world()
    activity, _ = graded(ports, AMARA, TOMAS)
    assert run(ports, release_grades, INES, activity.id) == 2
    deliver_all(ports, compose=compose)
    assert {s.cell.person: s.value for s in ports.gradebook.sends} == {
        AMARA.person: Decimal("80.00"),
        TOMAS.person: Decimal("80.00"),
    }
    assert run(ports, own_result, AMARA, activity.id).grade.state is GradeState.RELEASED
    assert [mail.subject for mail in ports.mailer.to(AMARA.person)].count("grades_released") == 1
    deliver_all(ports, compose=compose)
    assert len(ports.gradebook.sends) == 2


def test_a_changed_score_after_release_is_sent_again_with_a_later_stamp() -> None:
    ports = world()
    activity, work = graded(ports, AMARA)
    run(ports, release_grades, INES, activity.id)
    deliver_all(ports, compose=compose)
    run(ports, score_work, KWAME, activity.id, work.id, marks("4", "4", "4"), seen=1)
    deliver_all(ports, compose=compose)
    first, second = ports.gradebook.sends
    assert (first.value, second.value) == (Decimal("80.00"), Decimal("100.00"))
    assert second.stamp - first.stamp >= timedelta(seconds=1)
    assert [version.number for version in ports.rows(GRADE_VERSIONS)] == [1, 2]


def test_an_unreachable_gradebook_is_tried_again_ever_more_rarely_and_loses_nothing() -> None:
    ports = world()
    activity, _ = graded(ports, AMARA)
    run(ports, release_grades, INES, activity.id)
    ports.gradebook.answer_next(Answer("later", "unreachable"), Answer("later", "unreachable"))
    deliver_all(ports, compose=compose)
    cell = ports.rows(CELLS)[0]
    assert (cell.state, cell.tries, cell.answer) == (Delivery.WAITING, 1, "unreachable")
    ports.clock.advance(seconds=50)
    deliver_all(ports, compose=compose)
    assert ports.rows(CELLS)[0].tries == 1
    ports.clock.advance(minutes=2)
    deliver_all(ports, compose=compose)
    next_try = ports.rows(CELLS)[0].next_try
    assert next_try is not None
    wait = next_try - ports.clock.now()
    assert wait >= timedelta(minutes=2)
    ports.clock.advance(minutes=4)
    deliver_all(ports, compose=compose)
    assert ports.rows(CELLS)[0].state is Delivery.SENT


def test_one_refused_score_does_not_stop_the_others() -> None:
    ports = world()
    activity, _ = graded(ports, AMARA, TOMAS, LINH)
    run(ports, release_grades, INES, activity.id)
    ports.gradebook.answer_next(Answer("refused", "not_gradable"))
    deliver_all(ports, compose=compose)
    states = sorted(cell.state.value for cell in ports.rows(CELLS))
    assert states == ["refused", "sent", "sent"]


def test_somebody_elses_score_in_between_is_refused() -> None:
    ports = world()
    activity, work = graded(ports, AMARA)
    with pytest.raises(Stale):
        run(ports, score_work, INES, activity.id, work.id, marks("1", "1", "1"))


def test_unfinished_marks_are_kept_and_grade_nobody() -> None:
    ports = world()
    activity, work = handed_in(ports, AMARA)
    part = {"loss": marks("3", "0", "0")["loss"]}
    run(ports, score_work, KWAME, activity.id, work.id, part, complete=False)
    assert ports.rows(GRADES) == []
    with pytest.raises(Invalid):
        run(ports, score_work, KWAME, activity.id, work.id, part, seen=1)


def test_a_learner_scores_nothing_and_a_ta_not_their_own_team() -> None:
    ports = world()
    activity, work = handed_in(ports, AMARA, TOMAS)
    come_in(ports, MEHMET)
    with pytest.raises(NotAllowed):
        run(ports, score_work, MEHMET, activity.id, work.id, marks("4", "4", "4"))
    run(ports, name_ta, INES, activity.id, TOMAS.person)
    as_ta = replace(TOMAS, role=Role.TA)
    with pytest.raises(NotAllowed):
        run(ports, score_work, as_ta, activity.id, work.id, marks("4", "4", "4"))


def test_an_override_needs_a_reason_and_stands_beside_the_computed_value() -> None:
    ports = world()
    activity, _ = graded(ports, AMARA)
    with pytest.raises(Invalid):
        run(ports, override_grade, INES, activity.id, AMARA.person, Decimal(90), reason="")
    grade = run(ports, override_grade, INES, activity.id, AMARA.person, Decimal(90), reason="flood")
    assert (grade.total, grade.account.lines[-1].before) == (Decimal(90), Decimal(80))
    back = run(ports, override_grade, INES, activity.id, AMARA.person, None, reason="a mistake")
    assert back.total == Decimal(80)


def test_a_missed_work_is_zero_for_its_members() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    ports.clock.move_to(CLOSES + timedelta(seconds=1))
    upkeep(ports)
    assert {g.person: g.total for g in ports.rows(GRADES)} == {AMARA.person: 0, TOMAS.person: 0}


def test_somebody_excluded_or_once_staff_never_reaches_the_gradebook() -> None:
    ports = world()
    activity, work = handed_in(ports, AMARA, TOMAS, LINH)
    run(ports, exclude, INES, activity.id, TOMAS.person, reason="a colleague trying it out")
    come_in(ports, actor("Linh", Role.INSTRUCTOR))
    come_in(ports, LINH)
    run(ports, score_work, INES, activity.id, work.id, marks("3", "3", "4"))
    run(ports, release_grades, INES, activity.id)
    deliver_all(ports, compose=compose)
    assert [s.cell.person for s in ports.gradebook.sends] == [AMARA.person]


def test_releasing_nothing_says_so() -> None:
    ports = world()
    activity, _ = handed_in(ports, AMARA)
    with pytest.raises(Conflict):
        run(ports, release_grades, INES, activity.id)


def test_a_large_class_is_released_in_pieces_by_the_outbox() -> None:
    ports = world()
    activity = an_assignment(ports)
    with ports.transaction() as store:
        from coursecrew.domain.grading import Grade, missed

        for n in range(450):
            store.add(
                GRADES,
                Grade(
                    ports.ids.new(),
                    activity.id,
                    f"{n:032x}",
                    "",
                    1,
                    GradeState.FINAL,
                    Decimal(0),
                    missed(),
                    DUE,
                ),
            )
    assert run(ports, release_grades, INES, activity.id) == 200
    deliver_all(ports, compose=compose)
    assert len(ports.gradebook.sends) == 450
    assert ports.rows(ACTIVITIES)[0].released_at is not None


def test_the_release_page_counts_what_is_left() -> None:
    ports = world()
    activity, _ = graded(ports, AMARA, TOMAS)
    other = a_team(ports, activity, LINH, name="Night Shift", draft="x")
    hand_in(ports, activity, LINH)
    state = run(ports, release_state, INES, activity.id)
    assert (state.ready, state.released, state.unscored) == (2, 0, 1)
    rows = run(ports, grading_queue, INES, activity.id)
    assert [(row.team.name, row.score is not None) for row in rows] == [
        ("Blue Ledger", True),
        (other.name, False),
    ]


def test_a_mail_that_cannot_be_sent_waits_and_is_sent_once_later() -> None:
    ports = world()
    activity, _ = graded(ports, AMARA)
    run(ports, release_grades, INES, activity.id)
    ports.mailer.unreachable = True
    deliver_all(ports, compose=compose)
    waiting = [n for n in ports.rows(NOTICES) if n.mail == "waiting"]
    assert len(waiting) == 1
    ports.mailer.unreachable = False
    ports.clock.advance(minutes=5)
    deliver_all(ports, compose=compose)
    assert not [n for n in ports.rows(NOTICES) if n.mail == "waiting"]
