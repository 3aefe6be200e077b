"""What a person may see of figures that others gave about them, so that no single rating can be worked out.

Engines return exact numbers; whatever shows them to the person rated asks here first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from coursecrew.domain.averages import mean

FEWEST = 3  # raters from whom on means are shown
FEWEST_FOR_A_WORD = 2
AROUND = Fraction(1, 10)  # of the scale: nearer to the team's mean than that is "in line"


class Standing(StrEnum):
    """How somebody's overall mean stands to the team's, in one word."""

    ABOVE = "above"
    IN_LINE = "in_line"
    BELOW = "below"


@dataclass(frozen=True)
class Rating:
    """What one rater, not the person themselves, gave in each dimension, and when."""

    values: Mapping[str, Decimal]
    at: datetime


@dataclass(frozen=True)
class Figures:
    """What may be shown: means of the dimensions that may be seen, and the overall mean or only a word.

    Without an overall mean and without a word there is nothing to show.
    """

    means: Mapping[str, Fraction]
    overall: Fraction | None = None
    word: Standing | None = None


NOTHING = Figures({})


def shown_to_ratee(
    ratings: Sequence[Rating],
    team_mean: Fraction,
    scale: tuple[Decimal, Decimal],
    released_at: datetime,
    fewest: int = FEWEST,
) -> Figures:
    """The figures that the person rated sees.

    Ratings that came after the release are left out, so that nobody can subtract. A dimension in which
    all gave the same value below the middle of the scale is hidden, since it would tell what each wrote;
    then the overall mean becomes the word, since the hidden value could be worked out of it.
    """
    counted = [rating for rating in ratings if rating.at <= released_at and rating.values]
    if len(counted) < min(fewest, FEWEST_FOR_A_WORD):
        return NOTHING
    overall = mean([value for rating in counted for value in rating.values.values()])
    word = _standing(overall, team_mean, scale)
    if len(counted) < fewest:
        return Figures({}, word=word)
    dimensions = list(dict.fromkeys(name for rating in counted for name in rating.values))
    given = {name: [r.values[name] for r in counted if name in r.values] for name in dimensions}
    seen = {name: mean(values) for name, values in given.items() if _may_be_seen(values, scale, fewest)}
    if len(seen) < len(given):
        return Figures(seen, word=word)
    return Figures(seen, overall=overall)


def _may_be_seen(values: Sequence[Decimal], scale: tuple[Decimal, Decimal], fewest: int) -> bool:
    low, high = scale
    tells_each = len(set(values)) == 1 and values[0] < (low + high) / 2
    return len(values) >= fewest and not tells_each


def _standing(overall: Fraction, team_mean: Fraction, scale: tuple[Decimal, Decimal]) -> Standing:
    near = AROUND * Fraction(scale[1] - scale[0])
    if abs(overall - team_mean) <= near:
        return Standing.IN_LINE
    return Standing.ABOVE if overall > team_mean else Standing.BELOW
