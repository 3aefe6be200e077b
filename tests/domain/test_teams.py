from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.errors import Invalid
from coursecrew.domain.teams import TeamSet, checked_name, even_sizes, name_key, name_suggestions

RULES = TeamSet("s", "c", "teams", 3, 4, 5, "self", public=True)


@given(st.integers(0, 400), st.integers(1, 8), st.integers(0, 4), st.integers(0, 4))
def test_an_even_split_uses_everybody_within_the_sizes_or_names_the_clash(people, least, up, more) -> None:
    rules = replace(RULES, min=least, ideal=least + up, max=least + up + more)
    try:
        sizes = even_sizes(people, rules)
    except Invalid:
        assert all(not rules.min * n <= people <= rules.max * n for n in range(1, people + 1))
        return
    assert sum(sizes) == people
    if sizes:
        assert max(sizes) - min(sizes) <= 1
        assert max(sizes) <= rules.max
        assert min(sizes) >= min(rules.min, people)


def test_names_clash_by_letter_case_width_and_spaces() -> None:
    assert name_key("  Blue  LEDGER ") == name_key("blue ledger") == name_key("Ｂｌｕｅ ledger")


def test_a_name_of_blanks_or_sixty_one_signs_is_refused() -> None:
    for name in ("   ", "x" * 61):
        with pytest.raises(Invalid):
            checked_name(name)


def test_suggestions_are_free() -> None:
    assert "Blue 2" not in name_suggestions("Blue", ["BLUE 2"])
