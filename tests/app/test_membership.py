"""Membership is a log: who reads what before and after somebody moves, leaves, joins late or is merged.

Each row of the table is one situation. Draft and versions belong to the team of the moment; what was
handed in, and its grade, to those whose names stand on it. Nothing is ever deleted, nothing travels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from coursecrew.app.absences import mark_by_hand
from coursecrew.app.bylines import Round, correct_byline, look_at_names, settle_round
from coursecrew.app.drafts import look_at_version, versions_page
from coursecrew.app.grading import own_result, release_grades, score_work
from coursecrew.app.left_teams import read_left_draft
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mergers import count_small, decide_merger, propose_merger
from coursecrew.app.people import exclude, note_enrolment
from coursecrew.app.ports import Member
from coursecrew.app.records import (
    BYLINES,
    CELLS,
    DRAFT_VERSIONS,
    DRAFTS,
    GRADE_VERSIONS,
    GRADES,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    SUBMISSIONS,
    TEAM_SETS,
    WORKS,
)
from coursecrew.app.submissions import extend, own_work, read_submission
from coursecrew.app.teams import leave_team, place, take_out
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity, TeamRules
from coursecrew.domain.errors import Invalid, NotAllowed, NotFound, Refusal
from coursecrew.domain.grading import GradeState
from coursecrew.domain.people import Actor
from coursecrew.domain.schedule import Step, Window
from coursecrew.domain.teams import Happened, Team, members_at
from tests.builders import (
    AMARA,
    CLOSES,
    COURSE,
    DUE,
    INES,
    KWAME,
    LINH,
    MEHMET,
    PLACED,
    SOFIA,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    hand_in,
    marks,
    world,
)

RULES = TeamRules(name="districts", min=2, ideal=3, max=5)
SECOND = replace(PLACED, place="place-2", name="second")
AFTERWARDS = {Step.DRAFT: Window(CLOSES, CLOSES + timedelta(days=9))}
NOOR = actor("Noor")


@dataclass(frozen=True)
class Class:
    """Blue Ledger (Amara, Tomás, Linh) has a graded first work and a draft of a second one.

    Red Kites (Sofia, Mehmet) shares the set of teams.
    """

    ports: MemoryPorts
    first: Activity
    second: Activity
    blue: Team
    red: Team
    submission: str


def a_class() -> Class:
    ports = world()
    first = an_assignment(ports, teams=RULES)
    blue = a_team(ports, first, AMARA, TOMAS, LINH, draft="The first plan.")
    red = a_team(ports, first, SOFIA, MEHMET, name="Red Kites", draft="Another plan.")
    submission = hand_in(ports, first, AMARA)
    hand_in(ports, first, SOFIA)
    for work in ports.rows(WORKS):
        run(ports, score_work, INES, first.id, work.id, marks("3", "3", "4"))
    run(ports, release_grades, INES, first.id)
    second = an_assignment(ports, placed=SECOND, teams=RULES, steps=AFTERWARDS)
    ports.clock.move_to(CLOSES + timedelta(days=1))
    come_in(ports, AMARA, TOMAS, LINH, SOFIA, MEHMET, NOOR, placed=SECOND)
    write_second(ports, second, AMARA, "Blue's second plan.")
    write_second(ports, second, SOFIA, "Red's second plan.")
    return Class(ports, first, second, blue, red, submission)


def write_second(ports: MemoryPorts, activity: Activity, who: Actor, text: str) -> None:
    from coursecrew.app.submissions import save_draft

    run(ports, save_draft, who, activity.id, {"where": text}, seen=0)


def reads_draft(here: Class, who: Actor) -> str:
    """Whose second draft somebody reads as their team's own: blue, red, or nobody's."""
    try:
        _activity, _here, view = run(here.ports, own_work, who, here.second.id)
    except (NotAllowed, NotFound):
        return ""
    return view.team.name


def reads_submission(here: Class, who: Actor) -> bool:
    try:
        run(here.ports, read_submission, who, here.first.id, here.submission)
    except (NotAllowed, NotFound):
        return False
    return True


def has_grade(here: Class, who: Actor) -> bool:
    try:
        return run(here.ports, own_result, who, here.first.id).grade is not None
    except NotAllowed:
        return False


def leaves(here: Class) -> None:
    run(here.ports, leave_team, LINH, here.second.id, reason="Another course.")


def is_moved(here: Class) -> None:
    run(here.ports, place, INES, here.second.id, LINH.person, here.red.id)


def is_taken_out(here: Class) -> None:
    run(here.ports, take_out, INES, here.second.id, LINH.person, reason="Wishes it.")


def is_excluded(here: Class) -> None:
    run(here.ports, exclude, INES, here.second.id, LINH.person, reason="Left the programme.")


def is_away(here: Class) -> None:
    run(
        here.ports, mark_by_hand, INES, here.second.id, here.blue.id, LINH.person, active=False,
        reason="Not heard of.",
    )  # fmt: skip


def is_unenrolled(here: Class) -> None:
    run(here.ports, note_enrolment, COURSE, Member(LINH.person, "Linh", LINH.role, active=False))


def comes_back(here: Class) -> None:
    is_unenrolled(here)
    run(here.ports, note_enrolment, COURSE, Member(LINH.person, "Linh", LINH.role))


def stays(here: Class) -> None:
    """Nothing happens."""


# What happens to Linh -> whose draft she reads then, whether the first work, whether its grade.
SITUATIONS: list[tuple[Callable[[Class], None], str, bool, bool]] = [
    (stays, "Blue Ledger", True, True),
    (leaves, "", True, True),
    (is_moved, "Red Kites", True, True),
    (is_taken_out, "", True, True),
    (is_excluded, "", True, False),
    (is_away, "Blue Ledger", True, True),
    (is_unenrolled, "", True, False),
    (comes_back, "Blue Ledger", True, True),
]


@pytest.mark.parametrize(
    ("happens", "draft", "work", "grade"), SITUATIONS, ids=lambda v: getattr(v, "__name__", "")
)
def test_what_somebody_reads_after_it(
    happens: Callable[[Class], None], draft: str, work: bool, grade: bool
) -> None:
    here = a_class()
    happens(here)
    assert (reads_draft(here, LINH), reads_submission(here, LINH), has_grade(here, LINH)) == (
        draft,
        work,
        grade,
    )


def kept(ports: MemoryPorts) -> dict[str, list[Any]]:
    """Everything that work consists of."""
    tables = (DRAFTS, DRAFT_VERSIONS, SUBMISSIONS, BYLINES, GRADES, GRADE_VERSIONS)
    return {kind.table: ports.rows(kind) for kind in tables}


@pytest.mark.parametrize("happens", [row[0] for row in SITUATIONS], ids=lambda f: f.__name__)
def test_nothing_of_anybodys_work_changes_and_nobody_else_reads_more_or_less(
    happens: Callable[[Class], None],
) -> None:
    here = a_class()
    others = (AMARA, TOMAS, SOFIA, MEHMET, NOOR)

    def seen() -> list[tuple[str, bool, bool]]:
        return [(reads_draft(here, w), reads_submission(here, w), has_grade(here, w)) for w in others]

    before, written = seen(), kept(here.ports)
    log = here.ports.rows(MEMBERSHIP_EVENTS)
    happens(here)
    assert seen() == before
    assert kept(here.ports) == written
    after = here.ports.rows(MEMBERSHIP_EVENTS)
    assert [row for row in after if row.id in {one.id for one in log}] == log, "the log only grows"


def test_who_comes_back_into_the_course_has_the_same_membership() -> None:
    here = a_class()
    (before,) = here.ports.rows(MEMBERSHIPS, person=LINH.person)
    comes_back(here)
    (after,) = here.ports.rows(MEMBERSHIPS, person=LINH.person)
    assert (after.id, after.team, after.since, after.active) == (before.id, before.team, before.since, True)


def test_a_move_is_one_row_pair_and_the_log_tells_who_was_where_at_any_time() -> None:
    here = a_class()
    before = here.ports.clock.now()
    here.ports.clock.advance(hours=1)
    is_moved(here)
    log = here.ports.rows(MEMBERSHIP_EVENTS)
    now = here.ports.clock.now()
    assert [(row.team, row.event) for row in log if row.at == now] == [
        (here.blue.id, Happened.LEFT),
        (here.red.id, Happened.MOVED),
    ]
    assert LINH.person in members_at(log, here.blue.id, before)
    assert LINH.person not in members_at(log, here.blue.id, now)
    assert LINH.person in members_at(log, here.red.id, now)
    assert len(here.ports.rows(MEMBERSHIPS, person=LINH.person)) == 1


def test_somebody_new_reads_the_draft_of_now_and_not_what_was_handed_in_without_them_as_their_own() -> None:
    here = a_class()
    run(here.ports, place, INES, here.second.id, NOOR.person, here.blue.id)
    assert reads_draft(here, NOOR) == "Blue Ledger"
    assert not has_grade(here, NOOR)
    assert NOOR.person not in {row.person for row in here.ports.rows(BYLINES)}


def test_a_merger_leaves_each_sides_history_with_its_authors() -> None:
    here = a_class()
    merger = run(here.ports, propose_merger, INES, here.second.id, here.red.id, here.blue.id, why="Few.")
    written = kept(here.ports)
    for who in (AMARA, TOMAS, LINH, SOFIA, MEHMET):
        if merger and here.ports.rows(MEMBERSHIPS, team=merger.team):
            run(here.ports, decide_merger, who, here.second.id, merger.id, agrees=True)
    assert kept(here.ports) == written
    went = {here.blue.id: (AMARA, TOMAS, LINH), here.red.id: (SOFIA, MEHMET)}
    kept_name = next(team for team in (here.blue, here.red) if team.id == merger.into)
    for who in went[merger.into]:
        assert reads_draft(here, who) == kept_name.name
        with pytest.raises(NotAllowed):
            run(here.ports, read_left_draft, who, here.second.id, merger.team)
    for who in went[merger.team]:
        assert reads_draft(here, who) == kept_name.name
        assert run(here.ports, read_left_draft, who, here.second.id, merger.team).draft.texts
    for who in (AMARA, TOMAS, LINH):
        assert reads_submission(here, who)
        assert has_grade(here, who)
    for who in (SOFIA, MEHMET):
        assert not reads_submission(here, who), "a merger opens nobody's old work"
        with pytest.raises(NotAllowed):
            run(here.ports, own_work, who, here.first.id)
        with pytest.raises(NotAllowed):
            run(here.ports, versions_page, who, here.first.id)
        for version in here.ports.rows(DRAFT_VERSIONS, work=here.ports.rows(WORKS, team=here.blue.id)[0].id):
            with pytest.raises(NotAllowed):
                run(here.ports, look_at_version, who, here.first.id, version.id)
        assert has_grade(here, who)


def test_a_team_below_the_minimum_is_flagged_and_works_on() -> None:
    here = a_class()
    run(here.ports, take_out, INES, here.second.id, MEHMET.person)
    with here.ports.transaction() as store:
        unit = UnitOfWork(store, here.ports.clock.now(), here.ports.ids.new, here.ports.chance)
        assert count_small(unit, store.find(TEAM_SETS)[0]) == 1
    upkeep(here.ports)
    assert reads_draft(here, SOFIA) == "Red Kites"
    hand_in(here.ports, here.second, SOFIA)


# --- names on a work ---


def refused(code: str, *call: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        run(*call, **more)
    assert caught.value.code == code
    return caught.value


def named(here: Class, team: Team) -> set[str]:
    return {row.person for row in here.ports.rows(BYLINES, team=team.id, in_force=True)}


def with_noor() -> Class:
    here = a_class()
    run(here.ports, place, INES, here.second.id, NOOR.person, here.blue.id)
    return here


def grade_of(here: Class, who: Actor) -> Any:
    return here.ports.rows(GRADES, activity=here.first.id, person=who.person)[0]


def cell_of(here: Class, who: Actor) -> Any:
    return here.ports.rows(CELLS, activity=here.first.id, person=who.person)[0]


def test_staff_add_a_name_and_the_grade_is_made_released_and_returned_like_the_others() -> None:
    here = with_noor()
    run(
        here.ports, settle_round, INES, here.first.id, here.blue.id, NOOR.person, Round.ADD,
        reason="Measured with them.",
    )  # fmt: skip
    assert NOOR.person in named(here, here.blue)
    assert reads_submission(here, NOOR)
    assert has_grade(here, NOOR)
    assert grade_of(here, NOOR).total == grade_of(here, AMARA).total
    assert cell_of(here, NOOR).wanted == cell_of(here, AMARA).wanted


@pytest.mark.parametrize(
    ("choice", "state", "total", "sent"),
    [(Round.EXCUSE, GradeState.EXCUSED, None, None), (Round.MISSED, GradeState.FINAL, Decimal(0), None)],
)
def test_or_they_excuse_the_person_or_count_the_round_as_missed(
    choice: Round, state: GradeState, total: Decimal | None, sent: Decimal | None
) -> None:
    here = with_noor()
    before = [grade_of(here, who) for who in (AMARA, TOMAS, LINH)]
    run(here.ports, settle_round, INES, here.first.id, here.blue.id, NOOR.person, choice, reason="Came late.")
    grade = grade_of(here, NOOR)
    assert (grade.state, grade.total) == (state, total)
    assert [grade_of(here, who) for who in (AMARA, TOMAS, LINH)] == before
    if choice is Round.MISSED:
        run(here.ports, release_grades, INES, here.first.id)
        assert cell_of(here, NOOR).wanted == 0
    else:
        assert cell_of(here, NOOR).wanted is sent


def test_a_name_taken_off_takes_its_grade_back_and_leaves_the_others() -> None:
    here = a_class()
    before = [grade_of(here, who) for who in (AMARA, TOMAS)]
    run(
        here.ports, correct_byline, INES, here.first.id, here.blue.id, LINH.person, named=False,
        reason="Took no part.",
    )  # fmt: skip
    assert LINH.person not in named(here, here.blue)
    assert not has_grade(here, LINH)
    assert cell_of(here, LINH).wanted is None
    assert [grade_of(here, who) for who in (AMARA, TOMAS)] == before
    run(
        here.ports, correct_byline, INES, here.first.id, here.blue.id, LINH.person, named=True,
        reason="A mistake.",
    )  # fmt: skip
    assert has_grade(here, LINH)
    assert len(here.ports.rows(BYLINES, team=here.blue.id)) == 3, "corrected, never deleted"


def test_names_are_staffs_to_correct_with_a_reason_and_nobody_stands_on_two_works() -> None:
    here = with_noor()
    about = (here.first.id, here.blue.id)
    for who in (AMARA, NOOR, replace(KWAME, teams=(here.red.id,))):
        with pytest.raises(NotAllowed):
            run(here.ports, correct_byline, who, *about, NOOR.person, named=True, reason="Please.")
        with pytest.raises(NotAllowed):
            run(here.ports, look_at_names, who, *about)
    with pytest.raises(Invalid):
        run(here.ports, correct_byline, INES, *about, NOOR.person, named=True, reason="  ")
    with pytest.raises(NotFound):
        run(here.ports, correct_byline, INES, *about, "0" * 32, named=True, reason="Who?")
    refused(
        "on_byline_elsewhere",
        here.ports,
        correct_byline,
        INES,
        *about,
        SOFIA.person,
        named=True,
        reason="Both.",
    )
    refused("on_byline", here.ports, settle_round, INES, *about, AMARA.person, Round.EXCUSE, reason="Ill.")
    for who in (AMARA, TOMAS):
        run(here.ports, correct_byline, KWAME, *about, who.person, named=False, reason="Took no part.")
    refused("last_name", here.ports, correct_byline, INES, *about, LINH.person, named=False, reason="Gone.")
    refused(
        "nothing_handed_in", here.ports, correct_byline, INES, here.second.id, here.blue.id, NOOR.person,
        named=True, reason="Early.",
    )  # fmt: skip


# --- the absent cost the others nothing ---

PATTERNS: list[tuple[str, timedelta, dict[str, timedelta]]] = [
    ("on time", timedelta(hours=-1), {}),
    ("in the grace", timedelta(minutes=10), {}),
    ("late", timedelta(hours=16), {}),
    ("late, one has more time", timedelta(hours=16), {"Tomás": timedelta(days=2)}),
    ("late, the team has more time", timedelta(hours=30), {"": timedelta(days=1)}),
    ("late, the absent one has more time", timedelta(hours=16), {"Linh": timedelta(days=3)}),
    ("past the close of all but one", timedelta(days=3), {"Amara": timedelta(days=4)}),
]


def grades_after(
    members: Iterable[Actor], absent: Actor | None, late: timedelta, more: dict[str, timedelta]
) -> Any:
    """The released grades of Amara and Tomás: drafted, handed in, scored and released as people do it."""
    people = [*members, *([absent] if absent else [])]
    ports = world()
    activity = an_assignment(ports, teams=RULES)
    team = a_team(ports, activity, *people, draft="A plan.")
    for name, by in more.items():
        who = next((one for one in people if one.name == name), None)
        if name and who is None:
            continue
        run(
            ports, extend, INES, activity.id, team="" if name else team.id, person=who.person if who else "",
            due=DUE + by, reason="Power cuts.",
        )  # fmt: skip
    if absent:
        run(ports, mark_by_hand, INES, activity.id, team.id, absent.person, active=False, reason="Not seen.")
    ports.clock.move_to(DUE + late)
    come_in(ports, *members)
    hand_in(ports, activity, next(iter(members)))
    upkeep(ports)
    (work,) = ports.rows(WORKS)
    run(ports, score_work, INES, activity.id, work.id, marks("3", "2", "4"))
    run(ports, release_grades, INES, activity.id)
    assert not absent or not ports.rows(GRADES, person=absent.person)
    return {
        who.name: (grade.total, grade.account, grade.state)
        for who in members
        for grade in ports.rows(GRADES, person=who.person)
    }


@pytest.mark.parametrize(("late", "more"), [row[1:] for row in PATTERNS], ids=[row[0] for row in PATTERNS])
def test_the_others_grades_are_those_of_the_same_team_formed_without_the_absent_one(
    late: timedelta, more: dict[str, timedelta]
) -> None:
    members = (AMARA, TOMAS)
    with_absent = grades_after(members, LINH, late, more)
    assert set(with_absent) == {"Amara", "Tomás"}
    assert with_absent == grades_after(members, None, late, more)
