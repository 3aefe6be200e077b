from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.differences import Stretch, differences, shortened

TEXTS = st.text(alphabet="ab .\n|é", max_size=60)


def told(before: str, after: str) -> str:
    """The differences as one would write them by hand: [-gone-] {+new+}."""
    marks = {"same": "%s", "gone": "[-%s-]", "new": "{+%s+}", "skipped": "…%s"}
    return "".join(marks[found.kind] % found.text for found in differences(before, after))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", "", ""),
        ("", "The pipe leaks.", "{+The pipe leaks.+}"),
        ("The pipe leaks.", "", "[-The pipe leaks.-]"),
        ("The pipe leaks.", "The pipe leaks.", "The pipe leaks."),
        (
            "The pipe leaks. It is old.",
            "The valve leaks. It is old.",
            "The [-pipe-]{+valve+} leaks. It is old.",
        ),
        ("It is old.", "It is old. Ravi looks.", "It is old.{+ Ravi looks.+}"),
        (
            "It would help. They pay in a few years.",
            "It does so at two points. They pay soon.",
            "It [-would help-]{+does so at two points+}. They pay [-in a few years-]{+soon+}.",
        ),
        ("One big pipe.", "Two small pipes.", "[-One big pipe-]{+Two small pipes+}."),
        ("a\n\nb", "a\n\nc", "a\n\n[-b-]{+c+}"),
    ],
)
def test_words_that_came_and_went_are_told_in_their_place(before: str, after: str, said: str) -> None:
    assert told(before, after) == said


@given(TEXTS, TEXTS)
def test_the_stretches_make_both_texts_again(before: str, after: str) -> None:
    found = differences(before, after)
    assert "".join(one.text for one in found if one.kind != "new") == before
    assert "".join(one.text for one in found if one.kind != "gone") == after
    assert all(one.text for one in found)
    assert all(one.kind != other.kind for one, other in pairwise(found))


def test_what_stayed_is_cut_to_what_stands_beside_a_change() -> None:
    same = "word " * 100
    found = shortened(differences(f"{same}old. {same}", f"{same}new. {same}"))
    assert [one.kind for one in found] == ["skipped", "same", "gone", "new", "same", "skipped"]
    assert sum(one.words for one in found) > 150
    assert max(len(one.text) for one in found) <= 60
    assert shortened([Stretch("same", "short")]) == [Stretch("same", "short")]


def test_two_long_texts_without_a_common_sentence_are_compared_quickly() -> None:
    begun = time.process_time()
    differences("a b " * 25_000, "c d " * 25_000)
    assert time.process_time() - begun < 1
