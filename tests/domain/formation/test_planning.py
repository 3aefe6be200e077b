"""Sizes, and every clash in the words that say what would do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.formation.forming import form_teams
from coursecrew.domain.formation.planning import fit_sizes, packs, plan_frame, plan_sizes
from coursecrew.domain.formation.rules import CannotForm, Rules, Sizes
from coursecrew.domain.formation.traits import Roster, roster_of


def people(*keys: str, **cells: str) -> Roster:
    return roster_of([(key, {name: text[at] for name, text in cells.items()}) for at, key in enumerate(keys)])


def crowd(count: int) -> Roster:
    return roster_of([(f"p{at:02}", {}) for at in range(count)])


def said(roster: Roster, rules: Rules, **keep: list[str]) -> list[str]:
    with pytest.raises(CannotForm) as caught:
        form_teams(roster, rules, seed=1, keep=keep)
    return [str(fault) for fault in caught.value.faults]


@given(st.integers(0, 200), st.integers(1, 6), st.integers(0, 4), st.integers(0, 4))
def test_planned_sizes_have_the_least_deviation(count: int, least: int, more: int, most: int) -> None:
    sizes = Sizes(least, least + more, least + more + most)
    plan = plan_sizes(count, sizes)
    off = {}
    for teams in range(1, count + 1):
        small, larger = divmod(count, teams)
        if sizes.min <= small and small + (larger > 0) <= sizes.max:
            off[teams] = larger * abs(small + 1 - sizes.ideal) + (teams - larger) * abs(small - sizes.ideal)
    if not plan:
        assert not off
        return
    assert sum(plan) == count
    assert max(plan) - min(plan) <= 1
    assert all(sizes.min <= size <= sizes.max for size in plan)
    assert len(plan) == min(off, key=lambda teams: (off[teams], teams))


def test_a_tie_goes_to_fewer_and_larger_teams() -> None:
    assert plan_sizes(22, Sizes(3, 4, 5)) == (5, 5, 4, 4, 4)


def test_a_long_chain_raises_one_team_and_lowers_others() -> None:
    assert fit_sizes([5, *[1] * 7], Sizes(3, 4, 5)) == (5, 4, 3)
    assert fit_sizes([2] * 8, Sizes(3, 3, 5)) == (4, 4, 4, 4)
    assert fit_sizes([4, 4], Sizes(3, 3, 3)) == ()


@given(st.lists(st.integers(1, 4), max_size=7), st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_packing_agrees_with_trying_everything(lengths: list[int], sizes: list[int]) -> None:
    def tried(rest: list[int], rooms: tuple[int, ...]) -> bool:
        if not rest:
            return True
        return any(
            tried(rest[1:], (*rooms[:at], room - rest[0], *rooms[at + 1 :]))
            for at, room in enumerate(rooms)
            if room >= rest[0]
        )

    assert packs(lengths, sizes) == tried(sorted(lengths, reverse=True), tuple(sizes))


def test_impossible_sizes_say_which_would_do() -> None:
    assert said(crowd(7), Rules(Sizes(4, 4, 5))) == [
        "size 4..5: 7 learners cannot be split; 5 or 8 could; min 3 or max 7 would do"
    ]


@given(st.integers(1, 60), st.integers(2, 9), st.integers(0, 3))
def test_the_sizes_that_would_do_really_do(count: int, least: int, more: int) -> None:
    sizes = Sizes(least, least, least + more)
    if plan_sizes(count, sizes) or count < least:
        return
    (line,) = said(crowd(count), Rules(sizes))
    numbers = [int(word) for word in line.replace(";", " ").replace(":", " ").split() if word.isdigit()]
    _, fewer, larger, minimum, maximum = numbers
    assert fewer < count < larger
    assert plan_sizes(fewer, sizes)
    assert plan_sizes(larger, sizes)
    assert plan_sizes(count, Sizes(minimum, minimum, sizes.max))
    assert plan_sizes(count, Sizes(sizes.min, sizes.min, maximum))


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (1, "1 learner cannot make a team of 3 to 5; at least 3 are needed"),
        (2, "2 learners cannot make a team of 3 to 5; at least 3 are needed"),
    ],
)
def test_too_few_for_one_team(count: int, line: str) -> None:
    assert said(crowd(count), Rules(Sizes(3, 4, 5))) == [line]


def test_a_chain_that_is_too_long_is_shown_in_full() -> None:
    roster = people("ann", "bo", "cy", "di", "eve", "flo", "gus", "hal")
    pairs = (("ann", "bo"), ("bo", "cy"), ("cy", "di"), ("di", "eve"))
    assert said(roster, Rules(Sizes(3, 4, 4), together=pairs)) == [
        "together ann–bo, bo–cy, cy–di, di–eve: 5 learners, max 4"
    ]


def test_a_pair_apart_inside_a_chain_is_shown_with_the_path_that_joins_it() -> None:
    roster = people("ann", "bo", "cy", "di", "eve", "flo")
    rules = Rules(
        Sizes(3, 3, 4), together=(("ann", "bo"), ("bo", "cy"), ("cy", "di")), apart=(("ann", "cy"),)
    )
    assert said(roster, rules) == ["apart ann–cy: but together ann–bo, bo–cy"]


def test_more_learners_all_apart_than_teams_are_named() -> None:
    roster = people("ann", "bo", "cy", "di", *(f"x{at}" for at in range(8)))
    assert said(roster, Rules(Sizes(4, 4, 4), apart=(("ann", "bo", "cy", "di"),))) == [
        "apart: ann, bo, cy, di need 4 teams; there are 3"
    ]


def test_chains_that_do_not_pack_are_named() -> None:
    roster = people("a", "b", "c", "d", "e", "f")
    (line,) = said(roster, Rules(Sizes(3, 3, 3), together=(("a", "b"), ("c", "d"), ("e", "f"))))
    assert line.startswith("together a–b; c–d; e–f: these do not fit")


def test_pairs_that_no_teams_can_hold_name_who_is_left_over() -> None:
    ring = ("a", "b", "c", "d", "e")  # an odd ring needs three teams, though no three are all apart
    roster = people(*ring, "f")
    apart = tuple(zip(ring, (*ring[1:], "a"), strict=True))
    (line,) = said(roster, Rules(Sizes(3, 3, 3), apart=apart))
    assert "left over" in line
    assert any(key in line.rpartition("left over: ")[2] for key in ring)


def test_clashes_of_kept_teams_and_sections_are_named() -> None:
    roster = people("ann", "bo", "cy", "di", "eve", "flo", part="AABBBB")
    sizes = Sizes(2, 2, 3)
    assert said(roster, Rules(sizes), north=["ann", "bo", "cy", "di"]) == ["team north: 4 members, max 3"]
    assert said(roster, Rules(sizes), north=["ann", "bo"], south=["bo", "cy"]) == [
        "team south: bo is in two kept teams"
    ]
    assert said(roster, Rules(sizes, together=(("ann", "cy"),)), north=["ann", "bo"]) == [
        "together ann–cy: kept teams stand against it: ann in north"
    ]
    assert said(roster, Rules(sizes, apart=(("ann", "bo"),)), north=["ann", "bo"]) == [
        "apart ann–bo: both are in the kept team north"
    ]
    assert said(roster, Rules(sizes, together=(("ann", "cy"),), section="part")) == [
        "together ann–cy: they are in sections “A” and “B”"
    ]
    assert said(roster, Rules(sizes, together=(("ann", "zoe"),))) == [
        "together, pair ann–zoe: no learner “zoe”"
    ]


def test_every_section_is_planned_by_itself() -> None:
    roster = people(*"abcdefgh", part="AAAABBBB")
    frame = plan_frame(roster, Rules(Sizes(2, 2, 4), section="part"))
    assert [section.sizes for section in frame.sections] == [(2, 2), (2, 2)]
    roster = people(*"abcdefg", part="AAAABBB")
    assert said(roster, Rules(Sizes(2, 2, 2), section="part")) == [
        "section B, size 2..2: 3 learners cannot be split; 2 or 4 could; min 1 or max 3 would do"
    ]
