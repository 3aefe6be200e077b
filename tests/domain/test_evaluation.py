"""Evaluation factors: the vectors of the map to the last digit, and what must hold for every team."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursecrew.domain.evaluation import (
    Factor,
    Flag,
    Formula,
    Ratings,
    Row,
    Scheme,
    TeammateRating,
    contribution,
    rate,
    values,
    without_each_rater,
)

PEOPLE = ("Alice", "Bob", "Claire", "David", "Elaine")
SAMPLE = {  # rows rate columns
    "Alice": (4, 4, 3, 2, 1),
    "Bob": (3, 5, 3, 2, 0),
    "Claire": (4, 4, 4, 4, 4),
    "David": (3, 5, 4, 3, 1),
}
RELATIVE = (Formula.WEBPA, Formula.WEBPA_OTHERS, Formula.CONTRIBUTION)


def sheet(
    rows: Mapping[str, Sequence[int | None]], people: Sequence[str] = PEOPLE, team: str = "t"
) -> list[TeammateRating]:
    """Each value split over two criteria, so that summing is tested too."""
    ratings = []
    for rater, row in rows.items():
        for ratee, points in zip(people, row, strict=True):
            first = None if points is None else Decimal(points // 2)
            second = None if points is None else Decimal(points - points // 2)
            ratings.append(TeammateRating(team, rater, ratee, "one", first))
            ratings.append(TeammateRating(team, rater, ratee, "two", second))
    return ratings


def factors(ratings: Sequence[TeammateRating], formula: Formula, **scheme) -> dict[str, Fraction]:
    return {made.member: made.factor for made in rate(ratings, Scheme(formula, **scheme))}


def flags(made: Sequence[Factor]) -> dict[str, set[Flag]]:
    return {factor.member: set(factor.flags) for factor in made}


def places(number: Fraction, digits: int) -> str:
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return str(exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))


def whole(row: Row, people: Sequence[str]) -> str:
    return " ".join(places(row[name], 0) if name in row else "-" for name in people)


def a_table(rows: Mapping[str, Sequence[int | None]], people: Sequence[str]) -> Ratings:
    return Ratings(
        tuple(people),
        {
            rater: {p: Fraction(v) for p, v in zip(people, row, strict=True) if v is not None}
            for rater, row in rows.items()
        },
    )


# --- V1: WebPA ---


def test_webpa_gives_the_fractions_of_the_map() -> None:
    exact = [
        Fraction(6581, 5824),
        Fraction(8611, 5824),
        Fraction(1629, 1456),
        Fraction(4981, 5824),
        Fraction(187, 448),
    ]
    assert list(factors(sheet(SAMPLE), Formula.WEBPA).values()) == exact
    assert sum(exact) == 5


@pytest.mark.parametrize(
    ("weight", "marks"),
    [
        (Fraction(1), ["90.40", "118.28", "89.51", "68.42", "33.39"]),
        (Fraction(1, 2), ["85.20", "99.14", "84.75", "74.21", "56.70"]),
    ],
)
def test_webpa_marks_of_a_team_with_80(weight: Fraction, marks: list[str]) -> None:
    made = factors(sheet(SAMPLE), Formula.WEBPA, weight=weight)
    assert [places(80 * factor, 2) for factor in made.values()] == marks


def test_cannot_judge_leaves_the_rest_of_the_row_in_proportion() -> None:
    rows = SAMPLE | {"Alice": (4, 4, 3, 2, None)}
    made = factors(sheet(rows), Formula.WEBPA)
    assert [places(factor, 4) for factor in made.values()] == [
        "1.1118",
        "1.4704",
        "1.1130",
        "0.8546",
        "0.4502",
    ]
    assert sum(made.values()) == 5


@pytest.mark.parametrize("formula", [*RELATIVE, Formula.ROOT])
def test_nobody_rated_gives_1_to_all(formula: Formula) -> None:
    ratings = sheet({"Alice": (None,) * 5})
    assert set(factors(ratings, formula).values()) == {1}
    made = rate(ratings, Scheme(formula))
    assert all(factor.flags == (Flag.DID_NOT_RATE, Flag.UNRATED) for factor in made)


@pytest.mark.parametrize("formula", [*RELATIVE, Formula.ROOT])
def test_a_row_of_zeros_is_no_row(formula: Formula) -> None:
    with_zeros = rate(sheet(SAMPLE | {"Elaine": (0,) * 5}), Scheme(formula))
    assert with_zeros == rate(sheet(SAMPLE), Scheme(formula))
    assert Flag.DID_NOT_RATE in flags(with_zeros)["Elaine"]


@pytest.mark.parametrize("formula", [*RELATIVE, Formula.ROOT])
def test_equal_rows_give_1_to_all(formula: Formula) -> None:
    assert set(factors(sheet(dict.fromkeys(PEOPLE, (4,) * 5)), formula).values()) == {1}


@pytest.mark.parametrize("formula", RELATIVE)
def test_a_generous_row_counts_no_more_than_a_strict_one(formula: Formula) -> None:
    generous = SAMPLE | {"Bob": tuple(10 * points for points in SAMPLE["Bob"])}
    assert factors(sheet(generous), formula) == factors(sheet(SAMPLE), formula)


# --- V2, V3: points to split ---

SPLITS: list[tuple[dict[str, Sequence[int | None]], str, dict[str, str], str, dict[str, str]]] = [
    (
        {"a": (100, 100, 100, 100), "b": (110,) * 4, "c": (90,) * 4, "d": (70, 80, 110, 120)},
        "abcd",
        {"a": "100 100 100 100", "d": "74 84 116 126"},
        "94 97 109 100",
        {"a": "94 97 109 100", "b": "103 107 120 110", "c": "84 88 98 90", "d": "89 93 104 95"},
    ),
    (
        {"a": (103, 103, 94), "b": (90, 110, None), "c": (100, 90, 110)},
        "abc",
        {"a": "103 103 94", "b": "90 110 -", "c": "100 90 110"},
        "103 100 96",
        {"a": "103 100 96", "b": "101 99 94", "c": "103 100 96"},
    ),
    (
        {"a": (25, 25, 75)},
        "abc",
        {"a": "60 60 180"},
        "- 50 150",
        {"a": "- 25 75", "b": "- 50 150", "c": "- 50 150"},
    ),
    (
        {"a": (50, 150), "b": (80, 80)},
        "ab",
        {"a": "50 150", "b": "100 100"},
        "100 100",
        {"a": "100 100", "b": "80 80"},
    ),
    ({}, "ab", {}, "- -", {"a": "- -", "b": "- -"}),
]


@pytest.mark.parametrize(("entered", "people", "claimed", "perceived", "shown"), SPLITS)
def test_points_to_split_give_the_tables_of_the_map(entered, people, claimed, perceived, shown) -> None:
    made = contribution(a_table(entered, people))
    assert {name: whole(made.claimed[name], people) for name in claimed} == claimed
    assert whole(made.perceived, people) == perceived
    assert {name: whole(made.shown[name], people) for name in shown} == shown
    made_of_table = values(a_table(entered, people), Scheme(Formula.CONTRIBUTION))
    assert made_of_table == {name: made.perceived.get(name, Fraction(100)) / 100 for name in people}


def test_points_received_stand_on_the_scale_of_perceived() -> None:
    first, second, third, *_ = SPLITS
    made = contribution(a_table(first[0], first[1]))
    assert [whole(made.received[name], "abcd") for name in "ad"] == ["- 100 100 100", "81 92 127 -"]
    made = contribution(a_table(second[0], second[1]))
    assert [whole(made.received[name], "abc") for name in "abc"] == ["- 105 96", "101 - -", "106 95 -"]
    assert whole(contribution(a_table(third[0], third[1])).received["a"], "abc") == "- 50 150"


@pytest.mark.parametrize(
    ("entered", "claimed"),
    [
        ((90, 110, 130, None), "82 100 118 -"),
        ((50, 30, 20), "150 90 60"),
        ((0, 0, 100), "0 0 300"),
        ((0, None, 100), "0 - 200"),
        ((0, 0, 0), "0 0 0"),
    ],
)
def test_rows_are_scaled_to_100_for_each_input(entered, claimed) -> None:
    people = "abcd"[: len(entered)]
    assert whole(contribution(a_table({"a": entered}, people)).claimed["a"], people) == claimed


def test_rows_without_self_are_scaled_again() -> None:
    made = contribution(a_table({"a": (90, 110, 130, None)}, "abcd"))
    assert whole(made.received["a"], "abcd") == "- 92 108 -"
    assert sum(made.received["a"].values()) == 200


def test_contribution_and_webpa_others_are_one_number() -> None:
    exact = [Fraction(number, 4049) for number in (4450, 5380, 5110, 3640, 1665)]
    assert list(factors(sheet(SAMPLE), Formula.CONTRIBUTION).values()) == exact
    assert list(factors(sheet(SAMPLE), Formula.WEBPA_OTHERS).values()) == exact
    assert [places(f, 4) for f in exact] == ["1.0990", "1.3287", "1.2620", "0.8990", "0.4112"]
    assert whole(contribution(a_table(SAMPLE, PEOPLE)).perceived, PEOPLE) == "110 133 126 90 41"


# --- V4: root and skill ---

V4 = {
    "Alice": (None, 4, 3, 2, 1),
    "Bob": (3, None, 3, 2, 0),
    "Claire": (4, 4, None, 4, 4),
    "David": (3, 5, 4, None, 1),
}


@pytest.mark.parametrize("rows", [V4, SAMPLE], ids=["no self", "self ignored"])
def test_root_takes_the_mean_of_the_means(rows) -> None:
    made = factors(sheet(rows), Formula.ROOT)
    assert [places(factor, 3) for factor in made.values()] == ["1.048", "1.195", "1.048", "0.938", "0.703"]
    marks = [places(80 * factor, 2) for factor in made.values()]
    assert marks == ["83.86", "95.62", "83.86", "75.01", "56.26"]
    capped = factors(sheet(rows), Formula.ROOT, cap=Fraction(11, 10))
    assert places(80 * capped["Bob"], 2) == "88.00"


def test_skill_is_the_mean_over_the_maximum() -> None:
    made = factors(sheet(SAMPLE), Formula.SKILL, most=Fraction(6))
    assert [places(factor, 3) for factor in made.values()] == ["0.556", "0.722", "0.556", "0.444", "0.250"]


def test_none_is_1_for_all() -> None:
    assert set(factors(sheet(SAMPLE), Formula.NONE).values()) == {1}


# --- order, flags, schemes ---


def test_floor_and_cap_come_before_the_weight() -> None:
    made = rate(
        sheet(SAMPLE),
        Scheme(Formula.WEBPA, weight=Fraction(1, 2), cap=Fraction(11, 10), floor=Fraction(1, 2)),
    )
    by_name = {factor.member: factor for factor in made}
    assert by_name["Bob"].factor == Fraction(105, 100)
    assert by_name["Elaine"].factor == Fraction(3, 4)
    assert by_name["David"].factor == 1 + (Fraction(4981, 5824) - 1) / 2
    assert Flag.CAPPED in by_name["Bob"].flags
    assert Flag.FLOORED in by_name["Elaine"].flags
    assert Flag.CAPPED not in by_name["David"].flags


def test_leaving_one_rater_out_shows_who_depends_on_one() -> None:
    table = a_table(SAMPLE, PEOPLE)
    without = without_each_rater(table, Scheme(Formula.WEBPA_OTHERS))
    assert places(without["Claire"]["Elaine"], 3) == "0.226"
    assert places(without["Bob"]["Elaine"], 3) == "0.566"
    made = flags(rate(sheet(SAMPLE), Scheme(Formula.WEBPA_OTHERS)))
    assert Flag.DEPENDS_ON_ONE in made["Elaine"]
    calm = dict.fromkeys(PEOPLE, (4, 5, 4, 4, 4))
    assert all(
        Flag.DEPENDS_ON_ONE not in own for own in flags(rate(sheet(calm), Scheme(Formula.WEBPA))).values()
    )


def test_flags_name_raters_too() -> None:
    made = flags(rate(sheet(SAMPLE), Scheme(Formula.WEBPA)))
    assert Flag.DID_NOT_RATE in made["Elaine"]
    assert Flag.SAME_FOR_ALL in made["Claire"]
    assert {name for name, own in made.items() if Flag.SAME_FOR_ALL in own} == {"Claire"}
    boaster = {"a": (9, 3, 3), "b": (2, 4, 4), "c": (2, 4, 4)}
    made = flags(rate(sheet(boaster, "abc"), Scheme(Formula.WEBPA)))
    assert {name for name, own in made.items() if Flag.SELF_HIGH in own} == {"a"}


def test_same_sum_by_another_profile_is_not_the_same_for_all() -> None:
    ratings = [
        TeammateRating("t", "a", ratee, criterion, Decimal(points))
        for ratee, row in {"b": (1, 3), "c": (3, 1)}.items()
        for criterion, points in zip(("one", "two"), row, strict=True)
    ]
    assert Flag.SAME_FOR_ALL not in flags(rate(ratings, Scheme(Formula.WEBPA)))["a"]


@pytest.mark.parametrize("formula", RELATIVE)
def test_a_member_whom_nobody_rated_gets_1_and_the_rest_share_their_own_number(formula: Formula) -> None:
    rows = {name: (*row[:4], None) for name, row in SAMPLE.items()}
    made = factors(sheet(rows), formula)
    assert made["Elaine"] == 1
    assert sum(made.values()) == 5
    assert flags(rate(sheet(rows), Scheme(formula)))["Elaine"] == {Flag.DID_NOT_RATE, Flag.UNRATED}


def test_a_self_rating_alone_is_no_rating() -> None:
    rows = {"a": (9, None, None), "b": (None, 2, 3), "c": (None, 2, 3)}
    made = rate(sheet(rows, "abc"), Scheme(Formula.WEBPA))
    assert made[0].factor == 1
    assert set(made[0].flags) == {Flag.DID_NOT_RATE, Flag.UNRATED}


def test_fewer_raters_than_the_minimum_give_1_and_a_flag() -> None:
    rows = {"a": (None, 5, 3), "b": (None, None, 4), "c": (2, 5, None)}
    made = {f.member: f for f in rate(sheet(rows, "abc"), Scheme(Formula.WEBPA_OTHERS, min_raters=2))}
    assert made["a"].factor == 1
    assert Flag.FEW_RATERS in made["a"].flags
    assert made["b"].factor != 1
    assert Flag.FEW_RATERS not in made["b"].flags


def test_an_unjudged_criterion_takes_the_raters_mean_for_that_person() -> None:
    some = [
        TeammateRating("t", "a", "b", "one", Decimal(4)),
        TeammateRating("t", "a", "b", "two", None),
        TeammateRating("t", "a", "c", "one", Decimal(2)),
        TeammateRating("t", "a", "c", "two", Decimal(6)),
    ]
    made = factors(some, Formula.WEBPA_OTHERS)
    assert made["b"] == made["c"] == 1


def test_two_people_always_get_1_where_self_is_ignored() -> None:
    rows = {"a": (5, 1), "b": (2, 4)}
    for formula in (Formula.WEBPA_OTHERS, Formula.CONTRIBUTION):
        assert set(factors(sheet(rows, "ab"), formula).values()) == {1}


def test_teams_do_not_touch_each_other() -> None:
    both = sheet(SAMPLE, team="u") + sheet({"x": (1, 2), "y": (2, 1)}, ("x", "y"), team="t")
    made = rate(both, Scheme(Formula.WEBPA))
    assert [(f.team, f.member) for f in made] == [("t", "x"), ("t", "y"), *(("u", name) for name in PEOPLE)]
    assert [f.factor for f in made[2:]] == [f.factor for f in rate(sheet(SAMPLE), Scheme(Formula.WEBPA))]


def test_rating_the_same_person_twice_is_refused() -> None:
    once = TeammateRating("t", "a", "b", "one", Decimal(1))
    with pytest.raises(ValueError, match="a rated b twice"):
        rate([once, once], Scheme(Formula.WEBPA))


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": Fraction(11, 10)},
        {"weight": Fraction(-1)},
        {"cap": Fraction(9, 10)},
        {"floor": Fraction(11, 10)},
        {"floor": Fraction(-1)},
        {"min_raters": 0},
    ],
)
def test_schemes_that_make_no_sense_are_refused(wrong) -> None:
    with pytest.raises(ValueError):
        Scheme(Formula.WEBPA, **wrong)
    with pytest.raises(ValueError):
        Scheme(Formula.SKILL)


# --- what holds for every team ---


@st.composite
def teams(draw: st.DrawFn) -> dict[str, tuple[int | None, ...]]:
    size = draw(st.integers(1, 6))
    cell = st.one_of(st.none(), st.integers(0, 6))
    raters = draw(st.sets(st.integers(0, size - 1)))
    return {f"m{r}": tuple(draw(cell) for _ in range(size)) for r in sorted(raters)}


def people_of(rows: Mapping[str, Sequence[int | None]]) -> list[str]:
    return [f"m{i}" for i in range(max((len(row) for row in rows.values()), default=0))]


@settings(max_examples=80, deadline=None)
@given(teams(), st.sampled_from(RELATIVE))
def test_relative_factors_sum_to_the_number_of_members(rows, formula: Formula) -> None:
    made = factors(sheet(rows, people_of(rows)), formula)
    rated = [f for f in rate(sheet(rows, people_of(rows)), Scheme(formula)) if Flag.UNRATED not in f.flags]
    # Where all that others gave are zeros, there is no share to go by, and all get 1.
    assert sum(made.values()) == len(made)
    assert sum(f.factor for f in rated) == len(rated)


@settings(max_examples=80, deadline=None)
@given(teams(), st.sampled_from(list(Formula)), st.randoms(use_true_random=False))
def test_order_and_names_change_nothing(rows, formula: Formula, shuffler) -> None:
    scheme = Scheme(formula, most=Fraction(6))
    ratings = sheet(rows, people_of(rows))
    before = {f.member: (f.factor, f.flags) for f in rate(ratings, scheme)}
    shuffled = [
        TeammateRating("t", f"x{9 - int(r.rater[1])}", f"x{9 - int(r.ratee[1])}", r.criterion, r.points)
        for r in ratings
    ]
    shuffler.shuffle(shuffled)
    after = {f"m{9 - int(f.member[1])}": (f.factor, f.flags) for f in rate(shuffled, scheme)}
    assert after == before


@settings(max_examples=80, deadline=None)
@given(teams())
def test_webpa_others_and_contribution_are_one_number_for_every_team(rows) -> None:
    ratings = sheet(rows, people_of(rows))
    made = contribution(a_table(rows, people_of(rows)))
    for formula in (Formula.WEBPA_OTHERS, Formula.CONTRIBUTION):
        for member, factor in factors(ratings, formula).items():
            assert factor == made.perceived.get(member, Fraction(100)) / 100
