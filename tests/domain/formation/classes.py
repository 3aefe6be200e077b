"""Small classes of every kind of answer, for tests of team formation."""

from __future__ import annotations

from itertools import combinations

from hypothesis import strategies as st

from coursecrew.domain.formation.rules import Kind, Rule, Rules, Sizes, Trait
from coursecrew.domain.formation.traits import Roster, roster_of, week_text

NUMBERS = st.one_of(st.just(""), st.integers(-50, 50).map(str), st.floats(0, 4).map(lambda x: f"{x:.2f}"))
CHOICES = st.sampled_from(["", "red", "green", "blue", "grey"])
LISTS = st.lists(st.sampled_from("abcdef"), max_size=4, unique=True).map(";".join)
HOURS = st.one_of(st.just(""), st.sets(st.integers(0, 9), max_size=8).map(week_text))

RULES = (
    Rule("number", Kind.SIMILAR, 2, trait=Trait.NUMBER),
    Rule("number", Kind.DIVERSE, 1, trait=Trait.NUMBER),
    Rule("number", Kind.BALANCED, 2, trait=Trait.NUMBER),
    Rule("choice", Kind.SIMILAR, 1, trait=Trait.CHOICE),
    Rule("choice", Kind.DIVERSE, 3, trait=Trait.CHOICE),
    Rule("choice", Kind.BALANCED, 1, trait=Trait.CHOICE),
    Rule("choice", Kind.NO_ISOLATION, 4, values=("red",), trait=Trait.CHOICE),
    Rule("choice", Kind.NO_ISOLATION, 2, values=("red", "blue"), hard=True, trait=Trait.CHOICE),
    Rule("list", Kind.SIMILAR, 1, trait=Trait.LIST),
    Rule("list", Kind.DIVERSE, 2, trait=Trait.LIST),
    Rule("list", Kind.NO_ISOLATION, 1, values=("a",), trait=Trait.LIST),
    Rule("list", Kind.ROLE_COVER, 3, values=("a", "b", "c"), trait=Trait.LIST),
    Rule("list", Kind.OVERLAP, 2, min_shared=2, trait=Trait.LIST),
    Rule("list", Kind.TOPIC, 2, trait=Trait.LIST),
    Rule("former", Kind.NOT_AGAIN, 2, trait=Trait.LIST),
    Rule("hours", Kind.OVERLAP, 5, min_hours=3, trait=Trait.HOURS),
    Rule("hours", Kind.OVERLAP, 1, min_hours=2, hard=True, trait=Trait.HOURS),
)
COLUMNS = {"number": NUMBERS, "choice": CHOICES, "list": LISTS, "former": LISTS, "hours": HOURS}


@st.composite
def learners(draw: st.DrawFn, least: int = 0, most: int = 40) -> Roster:
    """A class with random blanks in every column."""
    count = draw(st.integers(least, most))
    rows = [{name: draw(cells) for name, cells in COLUMNS.items()} for _ in range(count)]
    return roster_of([(f"p{number:02}", row) for number, row in enumerate(rows)])


@st.composite
def wishes(draw: st.DrawFn, roster: Roster, *, pairs: bool = True) -> Rules:
    """Some rules, and pairs that can hold."""
    smallest = draw(st.integers(1, 4))
    sizes = Sizes(smallest, smallest + draw(st.integers(0, 1)), smallest + draw(st.integers(1, 3)))
    rules = tuple(draw(st.lists(st.sampled_from(RULES), max_size=6)))
    together: list[tuple[str, str]] = []
    apart: list[tuple[str, str]] = []
    if pairs and len(roster.keys) >= 8 and sizes.min >= 2:
        mixed = draw(st.permutations(roster.keys))
        together = [(mixed[0], mixed[1])]
        apart = [(mixed[2], mixed[3]), (mixed[4], mixed[0])]
    return Rules(sizes, rules, tuple(together), tuple(apart))


def partitions(people: list[int], sizes: list[int]) -> list[list[tuple[int, ...]]]:
    """Every way to form teams of these sizes."""
    if not sizes:
        return [[]]
    found = []
    for size in sorted(set(sizes)):
        rest_sizes = list(sizes)
        rest_sizes.remove(size)
        for others in combinations(people[1:], size - 1):
            team = (people[0], *others)
            left = [p for p in people if p not in team]
            found += [[team, *more] for more in partitions(left, rest_sizes)]
    return found
