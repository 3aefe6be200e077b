"""What is known of learners: columns of answers, and the class figures a rule is measured by.

A blank cell, an empty list and a week without a free hour all mean *no answer*, never "worst".
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from coursecrew.domain.formation.rules import (
    FITS,
    CannotForm,
    Fault,
    Kind,
    Rule,
    Rules,
    Source,
    Trait,
    or_list,
)

HOURS_A_WEEK = 168
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?")
WEEK = re.compile(r"[01]{168}")

# A number, a choice, a list without repeats in its own order, or the free hours of a week as bits
# (bit 0 is Monday 00:00 UTC).
Answer = float | int | str | tuple[str, ...]


@dataclass(frozen=True)
class Roster:
    """The learners of a class, sorted by key, and what each wrote, one text for each column.

    `rows` remembers where a learner stood in the file, for sentences about faults only.
    """

    keys: tuple[str, ...]
    cells: Mapping[str, tuple[str, ...]]
    rows: tuple[int, ...] = field(compare=False)

    @property
    def numbers(self) -> dict[str, int]:
        """The position of each learner in `keys`."""
        return {key: number for number, key in enumerate(self.keys)}


def roster_of(learners: Iterable[tuple[str, Mapping[str, str]]], *, first_row: int = 2) -> Roster:
    """Make a roster of (key, answers by column) pairs; a column missing for a learner is blank.

    Raises `CannotForm` where a key is empty or stands twice. `first_row` is the file row of the first pair.
    """
    return roster_from_rows([(first_row + n, key, cells) for n, (key, cells) in enumerate(learners)])


def roster_from_rows(
    rows: Sequence[tuple[int, str, Mapping[str, str]]], *, columns: Sequence[str] = ()
) -> Roster:
    """Make a roster of (file row, key, answers by column); as `roster_of`, with rows of any numbers.

    `columns` are those that exist even if nobody is there to fill them.
    """
    faults = []
    first: dict[str, int] = {}
    for row, key, _ in rows:
        place = f"row {row}, column learner"
        if not key:
            faults.append(Fault(Source.LEARNERS, place, "this cell is empty"))
        elif key in first:
            faults.append(Fault(Source.LEARNERS, place, f"“{key}” stands already in row {first[key]}"))
        else:
            first[key] = row
    if faults:
        raise CannotForm(faults)
    ordered = sorted(rows, key=lambda item: item[1])
    names = dict.fromkeys([*columns, *(name for _, _, cells in rows for name in cells)])
    return Roster(
        keys=tuple(key for _, key, _ in ordered),
        cells={name: tuple(cells.get(name, "").strip() for _, _, cells in ordered) for name in names},
        rows=tuple(row for row, _, _ in ordered),
    )


def week_text(hours: Iterable[int]) -> str:
    """Free hours (0 = Monday 00:00 UTC … 167) as the 168 characters of an availability cell."""
    free = set(hours)
    return "".join("1" if hour in free else "0" for hour in range(HOURS_A_WEEK))


@dataclass(frozen=True)
class Figures:
    """What a rule takes from the whole class, once, before any search.

    Kept with the result, so that who comes later is judged on the same scale.
    """

    answered: int = 0
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    deviation: float = 0.0  # of the population
    options: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()  # of `options`, among those who answered
    longest: int = 0  # ranking
    cover: int = 0  # roles that the largest team can fill

    @property
    def range(self) -> float:
        """The difference between the greatest and the least number answered."""
        return self.high - self.low

    @property
    def can_differ(self) -> bool:
        """Whether any two answers of the class differ; a constant cannot guide anything."""
        return self.range > 0 or len(self.options) > 1

    def as_json(self) -> dict[str, object]:
        """Plain values, for `figures_from_json`."""
        return asdict(self)


def figures_from_json(stored: Mapping[str, object]) -> Figures:
    """Read what `Figures.as_json` gave."""
    values = {
        key: tuple(value) if isinstance(value, list | tuple) else value
        for key, value in stored.items()
        if key in Figures.__dataclass_fields__
    }
    return Figures(**values)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Criterion:
    """A rule on its scale: the learners' answers to its attribute and the figures of the class."""

    number: int  # 1 for the first rule
    rule: Rule
    trait: Trait
    answers: tuple[Answer | None, ...]
    figures: Figures

    @property
    def wanted(self) -> int:
        """Hours or values that an `overlap` should reach."""
        return self.rule.min_hours if self.trait is Trait.HOURS else self.rule.min_shared


def criteria_of(
    roster: Roster, rules: Rules, *, largest: int, figures: Sequence[Figures] | None = None
) -> tuple[Criterion, ...]:
    """Read the column of each rule and take the class figures, or judge by stored `figures`.

    `largest` is the size of the largest planned team. Raises `CannotForm` with a fault for each
    column that is missing, each cell that cannot be read, and each rule that does not fit its column.
    """
    faults: list[Fault] = []
    criteria = []
    for number, rule in enumerate(rules.rules, start=1):
        cells = roster.cells.get(rule.attribute, None if roster.keys else ())
        if cells is None:
            known = ", ".join(sorted(roster.cells)) or "none"
            text = f"no column “{rule.attribute}” in the learners; columns: {known}"
            faults.append(Fault(Source.RULES, f"rule {number}, attribute", text))
            continue
        trait = rule.trait or _wanted_trait(rule, cells)
        if trait not in FITS[rule.kind]:
            text = f"{rule.kind} needs {or_list(FITS[rule.kind])}, column “{rule.attribute}” is {trait}"
            faults.append(Fault(Source.RULES, f"rule {number}, kind", text))
            continue
        if trait is Trait.HOURS and rule.min_hours < 1:
            faults.append(
                Fault(Source.RULES, f"rule {number}, min_hours", "missing: overlap of hours needs it")
            )
            continue
        answers, unread = _read_cells(cells, trait)
        for at, text in unread:
            # What a sensitive cell holds is not repeated in any log.
            said = "this answer cannot be read" if rule.sensitive else text
            faults.append(Fault(Source.LEARNERS, f"row {roster.rows[at]}, column {rule.attribute}", said))
        taken = figures[number - 1] if figures is not None else _figures(rule, trait, answers, largest)
        criteria.append(Criterion(number, rule, trait, answers, taken))
    if faults:
        raise CannotForm(dict.fromkeys(faults))
    return tuple(criteria)


def guess_trait(cells: Iterable[str]) -> Trait:
    """What a column holds: availability, numbers, lists (any `;`), otherwise choices."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return Trait.CHOICE
    if all(WEEK.fullmatch(cell) for cell in filled):
        return Trait.HOURS
    if all(_number(cell) is not None for cell in filled):
        return Trait.NUMBER
    return Trait.LIST if any(";" in cell for cell in filled) else Trait.CHOICE


def _wanted_trait(rule: Rule, cells: Sequence[str]) -> Trait:
    fits = FITS[rule.kind]
    if not any(cells):  # nothing to be wrong about
        return Trait.HOURS if rule.min_hours and Trait.HOURS in fits else fits[-1]
    trait = guess_trait(cells)
    if trait is Trait.HOURS or Trait.HOURS not in fits:
        # In a small class a list column may hold no `;` at all.
        return Trait.LIST if trait is Trait.CHOICE and Trait.CHOICE not in fits else trait
    # One cell that is cut short must be a fault of its own, not turn the column into something else.
    if rule.min_hours or any(WEEK.fullmatch(cell) for cell in cells):
        return Trait.HOURS if any(set(cell) <= {"0", "1"} for cell in cells if cell) else trait
    return Trait.LIST if trait is Trait.CHOICE else trait


def _number(cell: str) -> float | None:
    if len(cell) > 40 or not NUMBER.fullmatch(cell):
        return None
    value = float(cell)
    return value if abs(value) <= 1e12 else None


def _read_cells(
    cells: Sequence[str], trait: Trait
) -> tuple[tuple[Answer | None, ...], list[tuple[int, str]]]:
    """Answers by learner, and (position, sentence) for each cell that cannot be read."""
    answers: list[Answer | None] = []
    unread: list[tuple[int, str]] = []
    for at, cell in enumerate(cells):
        answer: Answer | None = None
        if not cell:
            pass
        elif trait is Trait.NUMBER:
            answer = _number(cell)
            if answer is None:
                unread.append((at, f"“{cell[:40]}” is not a number"))
        elif trait is Trait.HOURS:
            if WEEK.fullmatch(cell):
                answer = int(cell[::-1], 2) or None
            else:
                what = f"needs {HOURS_A_WEEK} characters 0 or 1 (Monday 00:00 UTC first), has {len(cell)}"
                unread.append((at, what + (" with others among them" if set(cell) - {"0", "1"} else "")))
        elif trait is Trait.LIST:
            parts = (part.strip() for part in cell.split(";"))
            answer = tuple(dict.fromkeys(part for part in parts if part)) or None
        else:
            answer = cell
        answers.append(answer)
    return tuple(answers), unread


def _figures(rule: Rule, trait: Trait, answers: Sequence[Answer | None], largest: int) -> Figures:
    known = [answer for answer in answers if answer is not None]
    cover = min(len(rule.values), max(largest, 1)) if rule.kind is Kind.ROLE_COVER else 0
    if not known:
        return Figures(cover=cover)
    if trait is Trait.NUMBER:
        numbers = [float(answer) for answer in known if isinstance(answer, int | float)]
        mean = math.fsum(numbers) / len(numbers)
        deviation = math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers))
        if min(numbers) == max(numbers):
            deviation = 0.0  # rounding of the mean must not make a difference where there is none
        return Figures(len(known), min(numbers), max(numbers), mean, deviation)
    if trait is Trait.CHOICE:
        counts = Counter(str(answer) for answer in known)
        options = tuple(sorted(counts))
        shares = tuple(counts[option] / len(known) for option in options)
        return Figures(len(known), options=options, shares=shares, cover=cover)
    if trait is Trait.LIST:
        lists = [answer for answer in known if isinstance(answer, tuple)]
        options = tuple(sorted({item for answer in lists for item in answer}))
        return Figures(len(known), options=options, longest=max(map(len, lists)), cover=cover)
    return Figures(len(known))
