"""The hours of a usual week: typed by a person, and said in ranges.

A week is 168 characters 0 or 1, Monday 00:00 first. An hour counts if at least half of it is free.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

HOURS_A_WEEK = 168
HOURS_A_DAY = 24
MINUTES_A_WEEK = HOURS_A_WEEK * 60
NO_HOURS = "0" * HOURS_A_WEEK
# What people may always write, beside the names of days in their own language.
ENGLISH: Mapping[str, tuple[int, ...]] = {
    name: (day,)
    for day, names in enumerate(
        (
            ("mon", "monday", "mondays", "mo"),
            ("tue", "tues", "tuesday", "tuesdays", "tu"),
            ("wed", "wednesday", "wednesdays", "we"),
            ("thu", "thur", "thurs", "thursday", "thursdays", "th"),
            ("fri", "friday", "fridays", "fr"),
            ("sat", "saturday", "saturdays", "sa"),
            ("sun", "sunday", "sundays", "su"),
        )
    )
    for name in names
} | {
    "daily": tuple(range(7)),
    "weekdays": tuple(range(5)),
    "weekend": (5, 6),
    "weekends": (5, 6),
}
SKIPPED = frozenset({"and", "from", "on", "at"})
_CLOCK = r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm|h)?"
_TOKEN = re.compile(
    rf"(?P<range>{_CLOCK}\s*(?:-|to)\s*{_CLOCK}(?!\w))|(?P<word>[^\W\d_]+\.?)|(?P<stop>[,;&+/:\n])|(?P<dash>-)",
    re.IGNORECASE,
)


class UnreadableHours(ValueError):  # noqa: N818 - becomes a problem of its field
    """Typed hours that cannot be read; `part` is what stands there."""

    def __init__(self, code: str, part: str) -> None:
        super().__init__(code, part)
        self.code = code
        self.part = part


def read_hours(text: str, days: Mapping[str, int] | None = None, skipped: Collection[str] = SKIPPED) -> str:
    """The week that a text such as "Mon 18-21, Wed 6-8 and 20-22" names.

    `days` are names of days in the reader's language, in small letters, with their numbers (0 =
    Monday); English ones always do. A range may end after midnight. Raises `UnreadableHours`.
    """
    names = {**ENGLISH, **{name.casefold(): (day,) for name, day in (days or {}).items()}}
    small = {*SKIPPED, *(word.casefold() for word in skipped)}
    text = re.sub("[\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}\N{HYPHEN}]", "-", text)
    free = [0] * MINUTES_A_WEEK  # by minute, so that half hours add up
    chosen: list[int] = []  # the days that the next range is about
    naming = False  # whether the last thing read was a day
    through = False  # a dash after a day: "Mon-Fri"
    last_day, used, at = "", True, 0
    while at < len(text):
        if text[at] in " \t\r":
            at += 1
            continue
        found = _TOKEN.match(text, at)
        if found is None:
            raise UnreadableHours("hours_unreadable", _part(text, at))
        if found["range"]:
            if not chosen:
                raise UnreadableHours("hours_without_day", found["range"].strip())
            start, length = _stretch(found)
            for day in chosen:
                for minute in range(length):
                    free[(day * HOURS_A_DAY * 60 + start + minute) % MINUTES_A_WEEK] = 1
            naming, through, used = False, False, True
        elif found["word"]:
            word = found["word"].casefold()
            known = names.get(word) or names.get(word.removesuffix("."))
            if known:
                if not naming and used:
                    chosen = []
                if through and chosen and len(known) == 1:
                    chosen += _days_after(chosen[-1], known[0])
                else:
                    chosen += known
                naming, through, used, last_day = True, False, False, found["word"]
            elif word not in small:
                raise UnreadableHours("hours_unreadable", _part(text, at))
        elif found["dash"]:
            if not naming:
                raise UnreadableHours("hours_unreadable", _part(text, at))
            through = True
        at = found.end()
    if not used or through:
        raise UnreadableHours("hours_day_alone", last_day)
    return "".join("1" if 2 * sum(free[h * 60 : h * 60 + 60]) >= 60 else "0" for h in range(HOURS_A_WEEK))


def _stretch(found: re.Match[str]) -> tuple[int, int]:
    """First minute of the day and length in minutes of a range such as "18:30-21" or "6-9 pm"."""
    _, hour, minute, half, to_hour, to_minute, to_half = found.groups()[:7]
    half, to_half = (half or "").lower(), (to_half or "").lower()
    if half not in ("am", "pm"):
        later = to_half == "pm" and int(hour) < int(to_hour) < 12
        half = to_half if later else ("am" if to_half in ("am", "pm") and int(hour) <= 12 else "")
    start, end = _minute(found, hour, minute, half), _minute(found, to_hour, to_minute, to_half)
    if start == end:
        raise UnreadableHours("hours_empty", found["range"].strip())
    return start, (end - start) % (HOURS_A_DAY * 60) or HOURS_A_DAY * 60


def _minute(found: re.Match[str], hour: str, minute: str | None, half: str) -> int:
    """A time as minutes after midnight."""
    number, rest = int(hour), int(minute or 0)
    if half in ("am", "pm"):
        fits = 1 <= number <= 12
        number = number % 12 + (12 if half == "pm" else 0)
    else:
        fits = number < HOURS_A_DAY or (number == HOURS_A_DAY and rest == 0)
    if not fits or rest >= 60:
        raise UnreadableHours("hours_no_time", found["range"].strip())
    return number * 60 + rest


def _days_after(first: int, last: int) -> list[int]:
    """The days after `first` up to `last`, over the weekend if need be."""
    return [(first + step) % 7 for step in range(1, (last - first) % 7 + 1)]


def _part(text: str, at: int) -> str:
    """The part between commas in which something cannot be read."""
    start = max((text.rfind(stop, 0, at) for stop in ",;\n"), default=-1) + 1
    ends = [place for stop in ",;\n" if (place := text.find(stop, at)) >= 0]
    return text[start : min(ends, default=len(text))].strip()[:60]


@dataclass(frozen=True)
class Stretch:
    """Hours of one day in a row, `start` to before `end`, 0 to 24."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.start}\N{EN DASH}{self.end}"


def stretches(week: str) -> list[tuple[Stretch, ...]]:
    """The free stretches of each day, Monday first."""
    return [tuple(_stretches(week[day * HOURS_A_DAY : (day + 1) * HOURS_A_DAY])) for day in range(7)]


def _stretches(day: str) -> Iterable[Stretch]:
    for found in re.finditer("1+", day):
        yield Stretch(found.start(), found.end())


def alike(week: str) -> list[tuple[tuple[int, ...], tuple[Stretch, ...]]]:
    """Days with the same free stretches, in the order of the week; days without any are left out."""
    groups: dict[tuple[Stretch, ...], list[int]] = {}
    for day, free in enumerate(stretches(week)):
        if free:
            groups.setdefault(free, []).append(day)
    return [(tuple(days), free) for free, days in groups.items()]
