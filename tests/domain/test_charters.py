from __future__ import annotations

from datetime import UTC, datetime

import pytest

from coursecrew.domain.activities import Settings, from_document, to_document
from coursecrew.domain.charters import (
    PART_LENGTH,
    RoleTurn,
    checked_charter,
    duty,
    holders,
    rotated,
    unsigned,
)
from coursecrew.domain.errors import Invalid
from coursecrew.domain.teams import (
    COLOURS,
    SIGNS,
    Team,
    checked_motto,
    checked_sign,
    has_listed,
    sign_of,
)
from coursecrew.domain.wishes import Charter, CharterPart

PARTS = (CharterPart("goal", "Our goal"), CharterPart("meeting", "When we meet"))
ABC = ["a", "b", "c"]


def codes(*arguments) -> list[str]:
    with pytest.raises(Invalid) as caught:
        checked_charter(*arguments)
    return [problem.code for problem in caught.value.problems]


# --- what was agreed ---


def test_a_charter_keeps_the_parts_that_another_assignment_asks_for() -> None:
    old = {"goal": "Pass.", "mentor": "Everything."}
    assert checked_charter(PARTS, old, {"meeting": " Sundays. "}) == {
        "goal": "Pass.",
        "mentor": "Everything.",
        "meeting": "Sundays.",
    }


def test_a_charter_without_a_word_or_with_too_many_is_refused() -> None:
    assert codes(PARTS, {}, {"goal": "  "}) == ["charter_empty"]
    assert codes(PARTS, {}, {"goal": "x" * (PART_LENGTH + 1)}) == ["text_too_long"]
    assert codes(PARTS, {"mentor": "All."}, {}) == ["charter_empty"]


@pytest.mark.parametrize(
    ("active", "signed", "missing"),
    [([], [], ()), (["a"], [], ("a",)), (ABC, ["b"], ("a", "c")), (["a"], ["a", "gone"], ())],
)
def test_who_has_not_signed_stands_in_the_order_of_the_team(active, signed, missing) -> None:
    assert unsigned(active, signed) == missing


def test_charter_and_roles_survive_the_settings_document() -> None:
    settings = Settings(
        charter=Charter(PARTS, blocks=True), team_roles=("Recorder",), listed_words=("rotten",)
    )
    assert from_document(to_document(settings)) == settings


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"team_roles": ("Recorder", "recorder")}, "roles_twice"),
        ({"team_roles": ("x" * 41,)}, "role_too_long"),
        ({"team_roles": tuple(f"Role {n}" for n in range(13))}, "too_many_roles"),
        ({"charter": Charter((CharterPart("goal", " "),))}, "prompt_title_missing"),
        ({"charter": Charter(tuple(CharterPart(f"p{n}", "x") for n in range(11)))}, "too_many_prompts"),
    ],
)
def test_settings_of_working_together_that_cannot_be_are_refused(changes, code) -> None:
    with pytest.raises(Invalid) as caught:
        from_document(to_document(Settings(**changes)))
    assert [problem.code for problem in caught.value.problems] == [code]


# --- roles ---


def test_each_role_moves_to_the_next_member_and_the_last_is_followed_by_the_first() -> None:
    now = {"Recorder": "a", "Checker": "c"}
    assert rotated(["Recorder", "Checker"], now, ABC, ABC) == {"Recorder": "b", "Checker": "a"}


def test_whoever_is_not_active_is_passed_over() -> None:
    assert rotated(["Recorder"], {"Recorder": "a"}, ABC, ["a", "c"]) == {"Recorder": "c"}
    assert rotated(["Recorder"], {"Recorder": "b"}, ABC, ["a", "c"]) == {"Recorder": "c"}


def test_the_first_turn_deals_all_roles_out_and_later_ones_leave_empty_what_was_left_empty() -> None:
    assert rotated(["R", "C"], {}, ABC, ABC) == {"R": "a", "C": "b"}
    assert rotated(["R", "C", "T"], {}, ["a", "b"], ["a", "b"]) == {"R": "a", "C": "b", "T": "a"}
    assert rotated(["R", "C"], {"R": "c"}, ABC, ABC) == {"R": "a"}


def test_one_member_alone_keeps_every_role_and_nobody_at_all_gets_none() -> None:
    assert rotated(["R"], {"R": "a"}, ["a"], ["a"]) == {"R": "a"}
    assert rotated(["R"], {"R": "gone"}, ["a"], ["a"]) == {"R": "a"}  # nobody has any: dealt anew
    assert rotated(["R"], {"R": "a"}, ["a"], []) == {}


def test_after_as_many_turns_as_members_everybody_has_had_each_role() -> None:
    now, had = {"Recorder": "a"}, ["a"]
    for _ in range(2):
        now = rotated(["Recorder"], now, ABC, ABC)
        had.append(now["Recorder"])
    assert sorted(had) == ABC


def test_only_turns_that_go_on_say_who_has_a_role() -> None:
    day = datetime(2026, 11, 9, tzinfo=UTC)
    turns = [RoleTurn("1", "t", "a", "R", day, "a", until=day), RoleTurn("2", "t", "b", "R", day, "a")]
    assert holders(turns) == {"R": "b"}


def test_a_card_has_room_for_a_short_line_of_roles() -> None:
    assert duty([]) == ""
    assert duty(["Recorder", "Checker"]) == "Recorder, Checker"
    assert len(duty(["x" * 40, "y" * 40])) == 80


# --- name, motto, sign ---


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("Rotten Apples", True),
        ("the ROTTEN-apples", True),
        ("ｒｏｔｔｅｎ", True),
        ("Bad  company", True),
        ("Not rottenish", False),
        ("Company, bad", False),
        ("", False),
    ],
)
def test_a_listed_word_counts_as_a_whole_word_whatever_its_letter_case(text, listed) -> None:
    assert has_listed(text, ["rotten", "bad company", " "]) is listed


def test_every_team_has_a_sign_also_before_it_chose_one() -> None:
    teams = [Team(f"{n:032x}", "s", f"Team {n}", f"team {n}") for n in range(200)]
    found = {sign_of(team) for team in teams}
    assert {shape for shape, _ in found} == set(SIGNS)
    assert {colour for _, colour in found} == set(COLOURS)
    assert sign_of(Team("1", "s", "A", "a", sign="kite-red")) == ("kite", "red")
    assert sign_of(Team("1", "s", "A", "a", sign="photo-red")) == sign_of(Team("1", "s", "A", "a"))


def test_only_signs_of_the_set_are_taken() -> None:
    assert checked_sign("leaf", "green") == "leaf-green"
    for shape, colour in (("photo", "green"), ("leaf", "gold"), ("", "")):
        with pytest.raises(Invalid):
            checked_sign(shape, colour)


def test_a_motto_is_one_line_of_140_signs_at_most() -> None:
    assert checked_motto(" Every\nlitre  counts ") == "Every litre counts"
    with pytest.raises(Invalid):
        checked_motto("x" * 141)
