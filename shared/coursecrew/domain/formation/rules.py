"""What an instructor wants of teams: sizes, weighted rules, pairs; and how that is read.

A rules document is the content of a `RULES.toml`, or the same nested dictionaries from a screen.
Everything wrong with it is collected and raised at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from coursecrew.domain.errors import Refusal

Note = Callable[[str, str], None]  # takes the place and the sentence of a fault
_Name = TypeVar("_Name", bound=StrEnum)
MOST_ROLES = 8  # the price of role cover doubles with each role


class Source(StrEnum):
    """Which input a fault was found in."""

    LEARNERS = "learners"
    RULES = "rules"
    KEPT = "kept"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the input: where it stands and the sentence about it.

    `said` holds a clash between rules and class once more as a `code` with values, so that a screen
    can say it in its reader's language: `people`, `pairs` and `path` hold keys of learners.
    """

    source: Source
    place: str  # "rule 3, weight", "row 17, column gpa", or empty: the input as a whole
    text: str
    said: Mapping[str, Any] = field(default_factory=dict, compare=False, kw_only=True)

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


class CannotForm(Refusal):
    """The input is wrong or asks for what cannot be; `faults` names every reason found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Carry the `faults`, at least one, in the order they should be read."""
        self.faults = tuple(faults)
        super().__init__("cannot_form_teams", faults=self.faults)


class Kind(StrEnum):
    """What a rule asks of each team."""

    SIMILAR = "similar"
    DIVERSE = "diverse"
    BALANCED = "balanced"
    NO_ISOLATION = "no_isolation"
    ROLE_COVER = "role_cover"
    OVERLAP = "overlap"
    TOPIC = "topic"
    NOT_AGAIN = "not_again"


class Trait(StrEnum):
    """What kind of answers a column holds."""

    NUMBER = "number"
    CHOICE = "choice"
    LIST = "list"
    HOURS = "availability"


# Which traits a kind can be asked of.
FITS: Mapping[Kind, tuple[Trait, ...]] = {
    Kind.SIMILAR: (Trait.NUMBER, Trait.CHOICE, Trait.LIST),
    Kind.DIVERSE: (Trait.NUMBER, Trait.CHOICE, Trait.LIST),
    Kind.BALANCED: (Trait.NUMBER, Trait.CHOICE),
    Kind.NO_ISOLATION: (Trait.CHOICE, Trait.LIST),
    Kind.ROLE_COVER: (Trait.LIST,),
    Kind.OVERLAP: (Trait.HOURS, Trait.LIST),
    Kind.TOPIC: (Trait.LIST,),
    Kind.NOT_AGAIN: (Trait.LIST,),
}
# Kinds that may stand before all weighted rules: those with a line that is reached or not.
MAY_BE_HARD = (Kind.NO_ISOLATION, Kind.ROLE_COVER, Kind.OVERLAP, Kind.NOT_AGAIN)
# With fewer than two answers these know nothing, and say 0.5.
NEEDS_TWO = (Kind.SIMILAR, Kind.DIVERSE, Kind.BALANCED, Kind.OVERLAP, Kind.TOPIC)


@dataclass(frozen=True)
class Sizes:
    """The least, wished and greatest number of members of a team."""

    min: int
    ideal: int
    max: int

    def __str__(self) -> str:
        return f"{self.min}..{self.max}"


@dataclass(frozen=True)
class Rule:
    """One wish for every team; a higher `weight` counts for more, 0 is reported but not scored."""

    attribute: str
    kind: Kind
    weight: float = 1.0
    values: tuple[str, ...] = ()  # whom `no_isolation` looks after, or the roles to cover
    min_hours: int = 0  # of `overlap` on weekly hours
    min_shared: int = 1  # of `overlap` on a list
    bound: float | None = None  # a rule is met from this value on
    hard: bool = False
    sensitive: bool = False
    trait: Trait | None = None  # overrides what the column looks like

    @property
    def is_hard(self) -> bool:
        """Whether it goes before all weighted rules; a rule of weight 0 changes nothing."""
        return self.hard and self.weight > 0

    @property
    def met_from(self) -> float | None:
        """The value from which the rule is met; `None` where it has no such line."""
        if self.bound is not None:
            return self.bound
        return 1.0 if self.kind in MAY_BE_HARD else None


@dataclass(frozen=True)
class Rules:
    """Everything an instructor wants of the teams."""

    sizes: Sizes
    rules: tuple[Rule, ...] = ()
    together: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, ...], ...] = ()
    section: str | None = None  # teams never cross the values of this column


KEYS = ("size", "rule", "together", "apart", "section")
RULE_KEYS = (
    "attribute",
    "kind",
    "weight",
    "value",
    "values",
    "min_hours",
    "min_shared",
    "bound",
    "hard",
    "sensitive",
    "type",
)


def read_rules(document: Mapping[str, object]) -> Rules:
    """Read a rules document (the tables of a `RULES.toml`).

    Raises `CannotForm` with one fault for each key that is missing, unknown or out of range.
    """
    faults: list[Fault] = []

    def wrong(place: str, text: str) -> None:
        faults.append(Fault(Source.RULES, place, text))

    for key in document:
        if key not in KEYS:
            wrong(f"key {key}", "unknown; known are " + ", ".join(KEYS))
    sizes = _sizes(document.get("size"), wrong)
    entries = document.get("rule", [])
    rules = []
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        wrong("rule", "write each rule under [[rule]]")
        entries = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            wrong(f"rule {number}", "write each rule under [[rule]]")
        else:
            rule = _RuleReader(number, entry, wrong).read()
            if rule is not None:
                rules.append(rule)
    together = _pairs(document.get("together"), "together", wrong)
    apart = _pairs(document.get("apart"), "apart", wrong)
    section = document.get("section")
    if section is not None and (not isinstance(section, str) or not section):
        wrong("section", "name the column, in quotes")
        section = None
    if faults or sizes is None:
        raise CannotForm(faults)
    return Rules(sizes, tuple(rules), together, apart, section if isinstance(section, str) else None)


def _sizes(entry: object, wrong: Note) -> Sizes | None:
    if not isinstance(entry, Mapping):
        wrong("size", "missing; for example size = { min = 3, ideal = 4, max = 5 }")
        return None
    sound = True
    for key in entry:
        if key not in ("min", "ideal", "max"):
            wrong(f"size, {key}", "unknown; known are min, ideal, max")
            sound = False
    numbers: dict[str, int] = {}
    for key in ("min", "max", "ideal"):
        value = entry.get(key)
        if value is None and key == "ideal" and len(numbers) == 2:
            value = (numbers["min"] + numbers["max"] + 1) // 2
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            wrong(f"size, {key}", "a whole number from 1 up is needed")
            sound = False
        else:
            numbers[key] = value
    if not sound:
        return None
    sizes = Sizes(**numbers)
    if not sizes.min <= sizes.ideal <= sizes.max:
        wrong("size", f"min {sizes.min}, ideal {sizes.ideal}, max {sizes.max} must rise in this order")
        return None
    return sizes


def _pairs(entry: object, name: str, wrong: Note) -> tuple[tuple[str, ...], ...]:
    if entry is None:
        return ()
    example = f'write [{name}] and below it pairs = [["ann", "bo"]]'
    if not isinstance(entry, Mapping) or not isinstance(entry.get("pairs", []), list):
        wrong(name, example)
        return ()
    for key in entry:
        if key != "pairs":
            wrong(f"{name}, {key}", "unknown; known is pairs")
    pairs = []
    for number, pair in enumerate(entry.get("pairs", []), start=1):
        if (
            not isinstance(pair, list | tuple)
            or not all(isinstance(key, str) and key for key in pair)
            or len(set(pair)) < 2
            or len(set(pair)) < len(pair)
        ):
            wrong(f"{name}, pair {number}", "two or more different learners are needed, each in quotes")
        else:
            pairs.append(tuple(pair))
    return tuple(pairs)


@dataclass(frozen=True)
class _RuleReader:
    """Reads one `[[rule]]`; every key that does not fit is noted, none is guessed."""

    number: int
    entry: Mapping[str, object]
    note: Note

    def read(self) -> Rule | None:
        """The rule; `None` if the attribute or the kind is not usable."""
        for key in self.entry:
            if key not in RULE_KEYS:
                self._wrong(key, "unknown; known are " + ", ".join(RULE_KEYS))
        attribute = self.entry.get("attribute")
        if not isinstance(attribute, str) or not attribute:
            self._wrong("attribute", "name the column, in quotes")
        kind = self._one_of("kind", Kind)
        trait = self._one_of("type", Trait) if "type" in self.entry else None
        values = self._values()
        weight = self._number("weight", 1.0)
        if weight < 0:
            self._wrong("weight", "must not be negative; similar and diverse name the direction")
        bound = self._number("bound", 1.0) if "bound" in self.entry else None
        if bound is not None and not 0 <= bound <= 1:
            self._wrong("bound", "a number from 0 to 1 is needed")
        rule = Rule(
            attribute=attribute if isinstance(attribute, str) else "",
            kind=kind or Kind.SIMILAR,
            weight=weight,
            values=values,
            min_hours=self._whole("min_hours", 0),
            min_shared=self._whole("min_shared", 1),
            bound=bound,
            hard=self._flag("hard"),
            sensitive=self._flag("sensitive"),
            trait=trait,
        )
        if kind is None or not rule.attribute:
            return None
        self._check(rule)
        return rule

    def _check(self, rule: Rule) -> None:
        if rule.hard and rule.kind not in MAY_BE_HARD:
            self._wrong("hard", f"not possible for {rule.kind}; possible for " + ", ".join(MAY_BE_HARD))
        if rule.kind is Kind.NO_ISOLATION and not rule.values:
            self._wrong("value", "missing: no_isolation needs the value nobody should be alone with")
        if rule.kind is Kind.ROLE_COVER and not 1 <= len(rule.values) <= MOST_ROLES:
            self._wrong("values", f"role_cover needs 1 to {MOST_ROLES} roles, has {len(rule.values)}")
        if rule.trait is not None and rule.trait not in FITS[rule.kind]:
            self._wrong("type", f"{rule.kind} needs {or_list(FITS[rule.kind])}, this is {rule.trait}")

    def _wrong(self, key: str, text: str) -> None:
        self.note(f"rule {self.number}, {key}", text)

    def _one_of(self, key: str, names: type[_Name]) -> _Name | None:
        value = self.entry.get(key)
        for name in names:
            if value == name.value:
                return name
        known = ", ".join(name.value for name in names)
        self._wrong(
            key, f"“{value}” is unknown; known are {known}" if value is not None else f"missing; {known}"
        )
        return None

    def _values(self) -> tuple[str, ...]:
        found: list[str] = []
        for key in ("value", "values"):
            entry = self.entry.get(key, [])
            items = [entry] if isinstance(entry, str) else entry
            if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
                self._wrong(key, "write one value in quotes, or several in a list")
                continue
            found.extend(item.strip() for item in items if item.strip())
        return tuple(dict.fromkeys(found))

    def _number(self, key: str, otherwise: float) -> float:
        value = self.entry.get(key, otherwise)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e9:
            self._wrong(key, "a number is needed")
            return otherwise
        return float(value)

    def _whole(self, key: str, otherwise: int) -> int:
        value = self.entry.get(key, otherwise)
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or (key in self.entry and not 1 <= value <= 168)
        ):
            self._wrong(key, "a whole number from 1 to 168 is needed")
            return otherwise
        return value

    def _flag(self, key: str) -> bool:
        value = self.entry.get(key, False)
        if not isinstance(value, bool):
            self._wrong(key, "true or false is needed")
            return False
        return value


def or_list(words: Iterable[str]) -> str:
    """“a, b or c”."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else str(last)
