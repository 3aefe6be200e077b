"""The check-in on its screens: two minutes to answer, and never a number beside a name."""

from __future__ import annotations

from datetime import timedelta

from coursecrew.app.records import CHECK_INS
from coursecrew.app.teams import join_team, leave_team, place
from coursecrew.app.unit_of_work import run
from coursecrew.domain.check_ins import STATEMENTS
from coursecrew.domain.people import Actor
from tests.builders import AMARA, INES, KWAME, LINH, TOMAS, a_team, an_assignment, come_in, world
from tests.ui.parts import Part, ask, faults, words_of
from tests.ui.spaces import MONA, NOOR, NOW, TO_MENTOR, TO_STAFF, TO_TEAM, Space, a_space

FORM = {f"answer-{one}": "7" for one in STATEMENTS}


def send(made: Space, who: Actor, **more: str) -> str:
    response = ask(made.ports, who, "check-in", {"request_key": str(more), **FORM, **more})
    assert response.status == 200, words_of(response)
    assert faults(response) == []
    return words_of(response)


def read(made: Space, who: Actor, path: str) -> str:
    return words_of(ask(made.ports, who, made.path(path)))


def test_each_statement_is_one_group_from_one_to_nine_with_words_at_its_ends() -> None:
    made = a_space()
    page = ask(made.ports, TOMAS, "check-in")
    radios = [one for one in Part.of(page).inputs if one.get("name", "").startswith("answer-")]
    assert len(radios) == 45
    shown = words_of(page)
    assert shown.count("not at all") >= 5
    assert "I know my next step." in shown
    assert "We work well together." in shown


def test_a_statement_without_a_number_is_named_and_the_others_are_kept() -> None:
    made = a_space()
    form = {**FORM, "request_key": "k", "note": "What I typed"}
    del form["answer-fair"]
    answer = ask(made.ports, AMARA, "check-in", form)
    assert answer.status == 422
    assert "Choose a number from 1 to 9." in words_of(answer)
    part = Part.of(answer)
    assert part.areas["note"] == "What I typed"
    checked = [one for one in part.inputs if "checked" in one and one["name"].startswith("answer-")]
    assert {(one["name"], one["value"]) for one in checked} >= {("answer-step", "7"), ("answer-time", "7")}


def test_an_answer_is_changed_within_its_week_and_the_home_says_what_is_open() -> None:
    made = a_space()
    send(made, AMARA, **{"answer-step": "2"})
    (row,) = made.ports.rows(CHECK_INS, person=AMARA.person)
    assert row.answers["step"] == 2
    assert "Check-in (done)" in read(made, AMARA, "team")
    made.ports.clock.advance(days=7)
    assert "Check in (2 minutes, until" in read(made, AMARA, "team")


def test_means_stand_there_from_three_answers_on_with_a_drawing_and_the_same_numbers() -> None:
    made = a_space()
    shown = read(made, AMARA, "check-in")
    assert "7.0" in shown  # (9 + 8 + 4) / 3
    assert "6.2" in shown  # all five
    made.ports.clock.advance(days=7)
    assert "6.2" in read(made, AMARA, "check-in")
    for who in (AMARA, TOMAS, LINH):
        send(made, who)
    page = ask(made.ports, AMARA, "check-in")
    assert 'role="img"' in str(page.body)
    assert "Mean of all five statements in each check-in" in words_of(page)


def test_fewer_than_three_answers_say_from_when_on_they_are_shown() -> None:
    ports = world(NOW)
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    for who in (AMARA, TOMAS):
        ask(ports, who, "check-in", {"request_key": "k", **FORM})
    for who, path in ((AMARA, "check-in"), (INES, f"teams/{ports.rows(CHECK_INS)[0].team}/check-ins")):
        shown = words_of(ask(ports, who, path))
        assert "shown from 3 answers on" in shown
        assert "7.0" not in shown


def test_while_somebody_can_still_answer_the_means_wait() -> None:
    made = a_space()
    assert "7.0" in read(made, AMARA, "check-in")  # Omar and Tamar take part no longer: nobody waits for them
    run(made.ports, join_team, NOOR, made.activity.id, made.blue.id)
    shown = read(made, AMARA, "check-in")
    assert "shown when all 4 have answered, or on Mon 16 Nov, 09:00" in shown
    assert "7.0" not in shown
    made.ports.clock.advance(days=7)
    assert "7.0" in read(made, AMARA, "check-in")


def test_a_note_is_read_by_its_reader_alone() -> None:
    made = a_space()
    assert {word for word in (TO_TEAM, TO_MENTOR, TO_STAFF) if word in read(made, AMARA, "check-in")} == {
        TO_TEAM
    }
    own = read(made, LINH, "check-in")  # her own note stands in the box
    assert TO_TEAM in own
    assert TO_MENTOR not in own
    assert TO_MENTOR in read(made, MONA, "teams/<id>/check-ins")
    assert TO_STAFF not in read(made, MONA, "teams/<id>/check-ins")
    for who in (INES, KWAME):
        shown = read(made, who, "teams/<id>/check-ins")
        assert TO_STAFF in shown
        assert TO_MENTOR not in shown
        assert TO_TEAM not in shown


def test_numbers_have_a_name_for_staff_only_where_it_was_ticked() -> None:
    made = a_space()
    assert "Answers that their writers show you" not in read(made, INES, "teams/<id>/check-ins")
    send(made, TOMAS, named="yes")
    shown = read(made, INES, "teams/<id>/check-ins")
    assert "Answers that their writers show you" in shown
    assert "Tomás" in shown
    assert "Amara" not in shown
    assert "Answers that their writers show you" not in read(made, MONA, "teams/<id>/check-ins")


def test_a_problem_reaches_staff_without_a_name() -> None:
    made = a_space()
    send(made, TOMAS, problem="yes")
    shown = read(made, INES, "teams/<id>/check-ins")
    assert "Somebody says: we have a problem." in shown
    assert "Somebody says: we have a problem." in read(made, INES, "teams/<id>")
    run(made.ports, join_team, NOOR, made.activity.id, made.blue.id)
    assert "Somebody says: we have a problem." not in read(made, AMARA, "check-in")  # not all have answered


def test_a_leaver_reads_their_own_answer_and_a_new_member_no_note_of_theirs_to_others() -> None:
    made = a_space()
    run(made.ports, leave_team, LINH, made.activity.id)
    assert ask(made.ports, LINH, "check-in").status == 403
    kept = read(made, LINH, "kept")
    assert "Next step known: 4" in kept
    assert TO_STAFF in kept
    assert TO_TEAM not in kept


def test_check_ins_that_are_off_or_over_say_so() -> None:
    made = a_space()
    made.ports.clock.advance(timedelta(days=60))
    assert "No check-in is open now." in read(made, AMARA, "check-in")
    answer = ask(made.ports, AMARA, "check-in", {"request_key": "k", **FORM})
    assert answer.status == 409


def test_somebody_placed_into_another_team_answers_there_anew() -> None:
    made = a_space()
    come_in(made.ports, LINH)
    run(made.ports, place, INES, made.activity.id, LINH.person, made.green.id)
    send(made, LINH)
    assert len(made.ports.rows(CHECK_INS, person=LINH.person)) == 2
    assert len(made.ports.rows(CHECK_INS, team=made.green.id)) == 1
