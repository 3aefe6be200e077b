"""Merging drafts: different sentences survive without a question, and nothing typed is lost."""

from __future__ import annotations

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursecrew.domain.merging import Merge, Overlap, merge, split

BASE = "Rain falls. Rivers rise.\n\nCities flood. People move."

CLEAN = {
    "different sentences": (
        "Rain falls hard. Rivers rise.\n\nCities flood. People move.",
        "Rain falls. Rivers rise.\n\nCities flood. People move away.",
        "Rain falls hard. Rivers rise.\n\nCities flood. People move away.",
    ),
    "neighbouring sentences": (
        "Rain falls hard. Rivers rise.\n\nCities flood. People move.",
        "Rain falls. Rivers swell.\n\nCities flood. People move.",
        "Rain falls hard. Rivers swell.\n\nCities flood. People move.",
    ),
    "one changes the last sentence, one adds another": (
        "Rain falls. Rivers rise.\n\nCities flood. People leave.",
        "Rain falls. Rivers rise.\n\nCities flood. People move. Who pays?",
        "Rain falls. Rivers rise.\n\nCities flood. People leave. Who pays?",
    ),
    "one changes the end of a paragraph, one goes on behind it": (
        "Rain falls. Rivers swell.\n\nCities flood. People move.",
        "Rain falls. Rivers rise. Dams break.\n\nCities flood. People move.",
        "Rain falls. Rivers swell. Dams break.\n\nCities flood. People move.",
    ),
    "one deletes, one adds elsewhere": (
        "Rivers rise.\n\nCities flood. People move.",
        "Rain falls. Rivers rise.\n\nWhy?\n\nCities flood. People move.",
        "Rivers rise.\n\nWhy?\n\nCities flood. People move.",
    ),
    "both the same": (
        "Rain falls. Rivers rise.\n\nCities drown. People move.",
        "Rain falls. Rivers rise.\n\nCities drown. People move.",
        "Rain falls. Rivers rise.\n\nCities drown. People move.",
    ),
    "both the same and one more": (
        "Snow falls. Rivers rise.\n\nCities flood. People move.",
        "Snow falls. Rivers rise.\n\nCities flood. People stay.",
        "Snow falls. Rivers rise.\n\nCities flood. People stay.",
    ),
}


@pytest.mark.parametrize(("mine", "theirs", "merged"), CLEAN.values(), ids=CLEAN)
def test_edits_in_different_places_survive_without_a_question(mine: str, theirs: str, merged: str) -> None:
    assert merge(BASE, mine, theirs) == Merge((merged,))
    assert merge(BASE, theirs, mine) == Merge((merged,))


def test_the_same_sentence_changed_twice_is_an_overlap_with_both_texts() -> None:
    made = merge(BASE, BASE.replace("rise", "swell"), BASE.replace("rise", "burst"))
    assert made.parts == (
        "Rain falls. ",
        Overlap("Rivers rise.", "Rivers swell.", "Rivers burst."),
        "\n\nCities flood. People move.",
    )
    assert made.text == BASE.replace("rise", "burst")
    assert made.resolved(["Rivers swell."]) == BASE.replace("rise", "swell")
    assert made.places() == ((12, made.overlaps[0]),)


def test_two_sentences_added_at_the_same_place_are_an_overlap() -> None:
    made = merge(BASE, BASE + " Why?", BASE + " How?")
    assert made.overlaps == (Overlap("", "Why?", "How?"),)
    assert made.text == BASE + " How?"


def test_a_sentence_that_one_deleted_and_the_other_changed_is_an_overlap() -> None:
    made = merge(BASE, BASE.replace("Rain falls. ", ""), BASE.replace("falls", "pours"))
    assert made.overlaps == (Overlap("Rain falls. ", "", "Rain pours. "),)


def test_each_overlap_needs_a_choice() -> None:
    made = merge("a", "b", "c")
    assert made.resolved(["both b and c"]) == "both b and c"
    with pytest.raises(ValueError, match="1 places need a choice, 0 given"):
        made.resolved([])


def test_lines_of_a_list_are_places_of_their_own() -> None:
    base = "- pumps\n- pipes\n- people\n"
    made = merge(base, base.replace("pumps", "old pumps"), base.replace("people", "people, paid"))
    assert made.text == "- old pumps\n- pipes\n- people, paid\n"
    assert not made.overlaps


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("One. Two!  Three", ["One.", " ", "Two!", "  ", "Three"]),
        ("At 3.14 it is. ", ["At 3.14 it is.", " "]),
        ("“So?” he asked.\nNo", ["“So?”", " ", "he asked.", "\n", "No"]),
        ("  a  \n\n b", ["  a", "  \n\n ", "b"]),
        ("雨が降る。川が。", ["雨が降る。", "川が。"]),
        ("هل تمطر؟ نعم.", ["هل تمطر؟", " ", "نعم."]),
        ("\r\nx\r\n", ["\r\n", "x", "\r\n"]),
    ],
)
def test_a_text_is_split_at_sentences_and_lines(text: str, pieces: list[str]) -> None:
    assert split(text) == pieces


SENTENCES = st.sampled_from(["A.", "B.", "C?", "D!", "e", "f g", "H. ", "\n", "\n\n", " ", "  ", ". ", "–"])
TEXTS = st.lists(SENTENCES, max_size=14).map("".join)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_nothing_is_left_out_of_the_pieces(text: str) -> None:
    assert "".join(split(text)) == text
    assert all(split(text))


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_an_edit_on_one_side_alone_survives(base: str, edited: str) -> None:
    for made in (merge(base, edited, base), merge(base, base, edited), merge(base, edited, edited)):
        assert made.text == edited
        assert not made.overlaps


@settings(max_examples=1000, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_nothing_typed_is_absent_from_both_the_result_and_the_kept_texts(
    base: str, mine: str, theirs: str
) -> None:
    made = merge(base, mine, theirs)
    for own, kept in ((mine, "mine"), (theirs, "theirs")):
        typed = Counter(split(own)) - Counter(split(base))
        found = Counter(split(made.text))
        for overlap in made.overlaps:
            found += Counter(split(getattr(overlap, kept)))
        # A piece may end where an overlap begins, so its text is looked for where its count is short.
        everywhere = made.text + "".join(getattr(overlap, kept) for overlap in made.overlaps)
        for piece in typed - found:
            assert everywhere.count(piece) >= typed[piece], (piece, made)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_whose_side_is_whose_changes_only_the_overlaps(base: str, mine: str, theirs: str) -> None:
    made, turned = merge(base, mine, theirs), merge(base, theirs, mine)
    assert turned.parts == tuple(
        part if isinstance(part, str) else Overlap(part.base, part.theirs, part.mine) for part in made.parts
    )


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_the_text_can_be_made_of_either_side(base: str, mine: str, theirs: str) -> None:
    made = merge(base, mine, theirs)
    assert made.text == made.resolved([overlap.theirs for overlap in made.overlaps])
    for start, overlap in made.places():
        assert made.text[start : start + len(overlap.theirs)] == overlap.theirs
    if not mine and not theirs:
        assert made.text == ""


def numbered(count: int) -> list[str]:
    return [
        f"Sentence {i} tells of water and of town {i % 7}.{' ' if i % 5 else chr(10)}" for i in range(count)
    ]


def test_a_hundred_edits_of_two_people_in_a_long_draft_all_survive() -> None:
    base = numbered(2_000)
    mine, theirs = list(base), list(base)
    for i in range(0, 2_000, 40):
        mine[i] = f"Mine {i}. "
        theirs[i + 20] = f"Theirs {i}. More {i}. "
    made = merge("".join(base), "".join(mine), "".join(theirs))
    assert not made.overlaps
    assert all(f"Mine {i}." in made.text and f"More {i}." in made.text for i in range(0, 2_000, 40))


@pytest.mark.parametrize(
    "text",
    ["." * 100_000 + "x", " " * 100_000 + "x", "\n" * 100_000, "a.\n" * 33_000, ".)" * 50_000, "a " * 50_000],
    ids=["dots", "spaces", "empty lines", "the same line", "brackets", "one line"],
)
def test_hostile_texts_take_no_longer_than_others(text: str) -> None:
    begun = time.process_time()
    middle = len(text) // 2
    mine = "x. " + text[:middle] + "b.\n" + text[middle:]
    theirs = text[: middle // 2] + "c.\n" + text[middle // 2 :] + "d."
    made = merge(text, mine, theirs)
    assert time.process_time() - begun < 2
    assert "x." in made.text or any("x." in overlap.mine for overlap in made.overlaps)
