"""Versions that fold, places chosen one by one, restoring, and merging upon what is left of the past."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursecrew.app.drafts import (
    VERSIONS_ON_A_PAGE,
    Choice,
    look_at_version,
    places_of,
    resolve_draft,
    restore_version,
    share_version,
    versions_page,
)
from coursecrew.app.records import DRAFT_VERSIONS, DRAFTS
from coursecrew.app.submissions import object_to, save_draft, submit
from coursecrew.app.teams import leave_team
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import SubmitRule
from coursecrew.domain.errors import AlreadyDecided, Closed, Invalid, NotAllowed, NotFound, Stale
from coursecrew.domain.people import Role
from coursecrew.domain.submissions import VersionKind
from tests.builders import (
    AMARA,
    CLOSES,
    INES,
    MEHMET,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    hand_in,
    world,
    write,
)


def auto(ports, activity, who, text: str, *, seen: int) -> int:
    """What the page saves by itself."""
    kind = VersionKind.AUTO
    return run(ports, save_draft, who, activity.id, {"where": text}, seen=seen, kind=kind).number


def kinds(ports) -> list[tuple[int, str]]:
    return [(row.number, row.kind) for row in ports.rows(DRAFT_VERSIONS)]


def shown(ports, activity, who=AMARA) -> list[int]:
    rows, _more = run(ports, versions_page, who, activity.id)
    return [row.version.number for row in rows]


# --- folding ---


def test_autosaves_of_one_author_fold_for_ten_minutes_and_a_press_ends_the_stretch() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    for number in range(5):
        auto(ports, activity, AMARA, f"text {number}", seen=number)
        ports.clock.advance(minutes=2)
    assert shown(ports, activity) == [5]
    ports.clock.advance(minutes=1)  # eleven since the stretch began, three since its last save
    auto(ports, activity, AMARA, "a new stretch", seen=5)
    assert shown(ports, activity) == [6, 5]
    write(ports, activity, AMARA, "pressed", seen=6)
    auto(ports, activity, AMARA, "and on", seen=7)
    assert shown(ports, activity) == [8, 7, 5]


def test_what_another_wrote_between_ends_the_stretch() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    auto(ports, activity, AMARA, "one", seen=0)
    auto(ports, activity, TOMAS, "two", seen=1)
    auto(ports, activity, AMARA, "three", seen=2)
    assert shown(ports, activity) == [3, 2, 1]


def test_sealed_and_shared_versions_never_fold() -> None:
    ports = world()
    activity = an_assignment(ports, submit_rule=SubmitRule.ALL)
    a_team(ports, activity, AMARA, TOMAS)
    auto(ports, activity, AMARA, "handed in", seen=0)
    hand_in(ports, activity, AMARA)
    run(ports, object_to, TOMAS, activity.id, reason="not yet")
    auto(ports, activity, AMARA, "shared", seen=1)
    run(ports, share_version, AMARA, activity.id, ports.rows(DRAFT_VERSIONS)[-1].id)
    auto(ports, activity, AMARA, "later", seen=2)
    assert kinds(ports) == [(1, "sealed"), (2, "auto"), (3, "auto")]
    assert shown(ports, activity) == [3, 2, 1]


def test_folded_autosaves_stay_two_days_as_what_somebody_may_be_writing_upon() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    auto(ports, activity, AMARA, "The pipe leaks. It is old.", seen=0)
    auto(ports, activity, AMARA, "The pipe leaks. It is very old.", seen=1)
    upkeep(ports)
    assert kinds(ports) == [(1, "folded"), (2, "auto")]
    # Tomás wrote upon version 1 on the train.
    joined = run(
        ports, save_draft, TOMAS, activity.id, {"where": "The pipe leaks at night. It is old."}, seen=1
    )
    assert joined.texts["where"] == "The pipe leaks at night. It is very old."
    ports.clock.advance(days=2, seconds=1)
    upkeep(ports)
    assert kinds(ports) == [(2, "auto"), (3, "saved")]


def test_a_base_that_is_gone_is_replaced_by_the_nearest_earlier_one() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    write(ports, activity, TOMAS, "The pipe leaks. It is old.")
    auto(ports, activity, AMARA, "The pipe leaks. It is old. Ravi looks.", seen=1)
    auto(ports, activity, AMARA, "The pipe leaks. It is old. Ravi looks on.", seen=2)
    ports.clock.advance(days=3)
    upkeep(ports)
    assert kinds(ports) == [(1, "saved"), (3, "auto")]
    joined = run(
        ports, save_draft, TOMAS, activity.id,
        {"where": "The pipe leaks at night. It is old. Ravi looks on."}, seen=2,
    )  # fmt: skip
    assert joined.texts["where"] == "The pipe leaks at night. It is old. Ravi looks on."


# --- places ---


def two_places(ports):
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS, draft="One is so. Two stays. Three is so.")
    write(ports, activity, TOMAS, "One is his. Two stays. Three is his.", seen=1)
    mine = {"where": "One is mine. Two stays, with more. Three is mine."}
    return activity, mine


def test_each_place_is_chosen_by_itself_and_what_lost_stays_a_version() -> None:
    ports = world()
    activity, mine = two_places(ports)
    with pytest.raises(Stale) as caught:
        run(ports, save_draft, AMARA, activity.id, mine, seen=1)
    assert (caught.value.values["base"], caught.value.values["seen"]) == (1, 2)
    merged = run(ports, places_of, AMARA, activity.id, mine, base=1, seen=2)["where"]
    assert [(place.mine, place.theirs) for place in merged.overlaps] == [
        ("One is mine.", "One is his."),
        ("Three is mine.", "Three is his."),
    ]
    choices = {"where": [Choice("yours"), Choice("theirs")]}
    saved = run(ports, resolve_draft, AMARA, activity.id, mine, base=1, seen=2, choices=choices)
    assert saved.texts["where"] == "One is mine. Two stays, with more. Three is his."
    (kept,) = (row for row in ports.rows(DRAFT_VERSIONS) if row.kind == "kept")
    assert (kept.author, kept.texts["where"]) == (AMARA.person, mine["where"])


def test_a_place_left_open_is_refused_by_its_number_and_nothing_is_saved() -> None:
    ports = world()
    activity, mine = two_places(ports)
    with pytest.raises(Invalid) as caught:
        run(
            ports, resolve_draft, AMARA, activity.id, mine, base=1, seen=2,
            choices={"where": [Choice("yours"), Choice("sideways")]},
        )  # fmt: skip
    (problem,) = caught.value.problems
    assert (problem.field, problem.code, dict(problem.values)) == (
        "choice-where-1", "place_open", {"number": 2},
    )  # fmt: skip
    assert len(ports.rows(DRAFT_VERSIONS)) == 2


def test_a_draft_that_moved_on_while_one_chose_is_merged_again_or_asked_about_again() -> None:
    ports = world()
    activity, mine = two_places(ports)
    write(ports, activity, TOMAS, "One is his. Two stays. Three is his. Four.", seen=2)
    choices = {"where": [Choice("yours"), Choice("yours")]}
    saved = run(ports, resolve_draft, AMARA, activity.id, mine, base=1, seen=2, choices=choices)
    assert saved.texts["where"] == "One is mine. Two stays, with more. Three is mine. Four."

    ports = world()
    activity, mine = two_places(ports)
    write(ports, activity, TOMAS, "One is his own. Two stays. Three is his.", seen=2)
    with pytest.raises(Stale) as caught:
        run(ports, resolve_draft, AMARA, activity.id, mine, base=1, seen=2, choices=choices)
    assert caught.value.values["seen"] == 3


SENTENCES = st.lists(st.sampled_from(["A is so.", "B is so.", "C is so.", "D is so."]), max_size=5)


@settings(max_examples=60, deadline=None)
@given(SENTENCES, SENTENCES, SENTENCES, st.lists(st.sampled_from(["yours", "theirs", "both"]), min_size=6))
def test_no_sentence_of_either_is_lost_whatever_is_chosen(base, mine, theirs, ways) -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    number = write(ports, activity, TOMAS, " ".join(base))
    later = write(ports, activity, TOMAS, " ".join(theirs), seen=number)
    texts = {"where": " ".join(mine)}
    choices = {"where": [Choice(way) for way in ways]}
    run(ports, resolve_draft, AMARA, activity.id, texts, base=number, seen=later, choices=choices)
    everywhere = " ".join(row.texts["where"] for row in ports.rows(DRAFT_VERSIONS))
    everywhere += ports.rows(DRAFTS)[0].texts["where"]
    assert all(sentence in everywhere for sentence in mine)
    assert all(sentence in everywhere for sentence in theirs)


# --- reading and restoring ---


def test_versions_are_read_a_page_at_a_time_newest_first() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA)
    for number in range(VERSIONS_ON_A_PAGE + 3):
        write(ports, activity, AMARA, f"text {number}", seen=number)
    rows, more = run(ports, versions_page, AMARA, activity.id)
    assert (rows[0].version.number, len(rows), more) == (VERSIONS_ON_A_PAGE + 3, VERSIONS_ON_A_PAGE, True)
    rest, more = run(ports, versions_page, AMARA, activity.id, after=rows[-1].version.id)
    assert ([row.version.number for row in rest], more) == ([3, 2, 1], False)


def test_restoring_makes_a_new_version_and_what_stood_there_stays_one() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    write(ports, activity, AMARA, "first")
    write(ports, activity, TOMAS, "second", seen=1)
    first = ports.rows(DRAFT_VERSIONS)[0]
    restored = run(ports, restore_version, AMARA, activity.id, first.id, seen=2)
    assert (restored.number, restored.texts["where"]) == (3, "first")
    last = ports.rows(DRAFT_VERSIONS)[-1]
    assert (last.kind, last.source, last.author) == ("restored", 1, AMARA.person)
    assert shown(ports, activity) == [3, 2, 1]
    assert run(ports, restore_version, AMARA, activity.id, first.id, seen=3).number == 3  # nothing to do


def test_restoring_writes_over_nobody_who_saved_meanwhile() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    write(ports, activity, AMARA, "first")
    write(ports, activity, TOMAS, "second", seen=1)
    with pytest.raises(Stale):
        run(ports, restore_version, AMARA, activity.id, ports.rows(DRAFT_VERSIONS)[0].id, seen=1)
    assert ports.rows(DRAFTS)[0].texts["where"] == "second"


def test_nothing_is_restored_once_the_work_is_handed_in_or_closed() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    write(ports, activity, AMARA, "first")
    write(ports, activity, AMARA, "second", seen=1)
    first = ports.rows(DRAFT_VERSIONS)[0].id
    hand_in(ports, activity, AMARA, seen=2)
    with pytest.raises(AlreadyDecided):
        run(ports, restore_version, AMARA, activity.id, first, seen=2)

    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, draft="first")
    ports.clock.move_to(CLOSES + timedelta(seconds=1))
    with pytest.raises(Closed):
        run(ports, restore_version, AMARA, activity.id, ports.rows(DRAFT_VERSIONS)[0].id, seen=1)


def test_a_version_is_for_its_team_and_staff_whatever_id_is_guessed() -> None:
    ports = world()
    activity = an_assignment(ports)
    blue = a_team(ports, activity, AMARA, TOMAS, draft="secret")
    a_team(ports, activity, MEHMET, name="Copper Line", draft="other")
    secret = ports.rows(DRAFT_VERSIONS)[0].id
    run(ports, leave_team, TOMAS, activity.id)
    assert run(ports, look_at_version, INES, activity.id, secret).version.id == secret
    for who in (MEHMET, TOMAS, actor("Ada", Role.ADMIN), actor("Aulis", Role.AUTHOR, may_author=True)):
        with pytest.raises(NotAllowed):
            run(ports, look_at_version, who, activity.id, secret)
        with pytest.raises(NotAllowed):
            run(ports, versions_page, who, activity.id, team=blue.id)
    with pytest.raises((NotFound, NotAllowed)):
        run(ports, restore_version, MEHMET, activity.id, secret, seen=1)


def test_two_presses_at_once_hand_in_one_version_and_mark_it() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA, TOMAS)
    auto(ports, activity, AMARA, "plan", seen=0)
    one = run(ports, submit, AMARA, activity.id, seen=1)
    other = run(ports, submit, TOMAS, activity.id, seen=1)
    assert one.id == other.id
    assert kinds(ports) == [(1, "sealed")]
