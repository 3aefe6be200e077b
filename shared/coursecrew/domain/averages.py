"""How several reviews become one value, criterion by criterion and exactly: mean, median, trimmed mean."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

TRIM_FROM = 5


class Method(StrEnum):
    """How several reviews become one grade."""

    MEAN = "mean"
    MEDIAN = "median"
    TRIMMED = "trimmed"
    CALIBRATED = "calibrated"


def mean(points: Sequence[Decimal]) -> Fraction:
    """The arithmetic mean, exactly; `points` must not be empty."""
    return sum((Fraction(value) for value in points), Fraction(0)) / len(points)


def median(points: Sequence[Decimal]) -> Fraction:
    """The middle value; of an even number the mean of the middle two, never rounded."""
    inside = sorted(points)
    half = len(inside) // 2
    return mean(inside[half : half + 1] if len(inside) % 2 else inside[half - 1 : half + 1])


def trimmed(points: Sequence[Decimal]) -> Fraction:
    """The mean without the highest and the lowest from five on; below five the median."""
    return median(points) if len(points) < TRIM_FROM else mean(sorted(points)[1:-1])


EXACTLY = {Method.MEAN: mean, Method.MEDIAN: median, Method.TRIMMED: trimmed}
