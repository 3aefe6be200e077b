"""What is said of formed teams: scores, wishes met and missed, hours in common, what was changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coursecrew.app.formation_figures import Change, RuleSaid
from coursecrew.app.forming import Bar, TeamDetail
from coursecrew.domain.activities import wish_from
from coursecrew.domain.formations import Formation, FormedTeam
from coursecrew.domain.survey import HOURS_A_WEEK, Survey
from coursecrew.domain.wishes import Aim, Wish
from coursecrew.ui.charts import Column
from coursecrew.ui.reader import WEEKDAYS, Reader
from coursecrew.ui.wishes import wish_rows

LOOK_FIRST = 500_000  # millionths; teams below it stand out
MILLION = 1_000_000
MET, PARTLY = 0.75, 0.25  # values from which a wish without a line of its own counts as met, as partly
SHORT = 4  # lines of a formula that are written out
MOST_RANGES = 8
STEP = 2  # hours in one cell of the picture


# --- scores ---


def score(millionths: int | None) -> str:
    """A score as people read it: "0.64"."""
    return "" if millionths is None else f"{millionths / MILLION:.2f}"


def effect(before: int, after: int, reader: Reader) -> tuple[str, str]:
    """How a score changes: "better", "worse" or "" for the look, and the word."""
    _, change = reader.gettext, round(after / 10_000) - round(before / 10_000)
    if change == 0:
        return "", _("the same")
    if change > 0:
        return "better", _("better") if change >= 5 else _("a little better")
    return "worse", _("worse") if change <= -5 else _("a little worse")


def columns_of(bars: Sequence[Bar], opened: str) -> list[Column]:
    """The bars of a run; the weakest and the opened one carry their value."""
    return [
        Column(
            str(bar.number),
            bar.score / MILLION,
            "below" if bar.score < LOOK_FIRST else "sum" if bar.id == opened else "part",
            score(bar.score) if bar.id == opened or at == 0 else "",
        )
        for at, bar in enumerate(bars)
    ]


# --- wishes ---


def wishes_of(run: Formation) -> list[Wish]:
    """The wishes of a run, as they were when it was asked for."""
    return [wish_from(wish) for wish in run.wishes]


class Names:
    """What wishes are called in a table: a few words, and what was asked."""

    def __init__(self, survey: Survey, reader: Reader) -> None:
        self._rows = {(row.about, row.aim.value): row for row in wish_rows(survey, (), reader)}
        self._reader = reader

    def short(self, about: str, aim: str, weight: int = 1) -> str:
        """A few words: "Hours in common"."""
        _, row = self._reader.gettext, self._rows.get((about, aim))
        if aim == Aim.ALIKE.value:
            return _("Different answers") if weight < 0 else _("Alike answers")
        return row.text if row else about

    def title(self, about: str, aim: str) -> str:
        """The question that the wish is about, or nothing."""
        row = self._rows.get((about, aim))
        return row.title if row else ""


@dataclass(frozen=True)
class WishLine:
    """One wish in one team: chip and word, value, weight; `more` says who gave no answer."""

    rule: int
    name: str
    title: str
    chip: str
    word: str
    value: float
    weight: float
    must: bool
    more: str = ""

    @property
    def sum(self) -> float:
        """What the line adds to the sum."""
        return self.value * self.weight


def wish_lines(
    reasons: Sequence[Mapping[str, Any]],
    run: Formation,
    rules: Sequence[RuleSaid],
    names: Names,
    reader: Reader,
) -> list[WishLine]:
    """The wishes of a team, the heaviest first; sensitive ones are not among its reasons."""
    wishes, by_rule = wishes_of(run), {rule.rule: rule for rule in rules}
    lines = []
    for reason in reasons:
        rule = by_rule.get(int(reason["rule"]))
        wish = wishes[rule.wish] if rule and 0 <= rule.wish < len(wishes) else None
        about, aim, weight = (wish.about, wish.aim.value, wish.weight) if wish else ("", "", 1)
        chip, word, more = say_reason(reason, reader)
        lines.append(
            WishLine(
                int(reason["rule"]), names.short(about, aim, weight) or reader.gettext("A wish"),
                names.title(about, aim), chip, word, float(reason["value"]), float(reason["weight"]),
                bool(rule and rule.must), more,
            )
        )  # fmt: skip
    return sorted(lines, key=lambda line: (not line.must, -line.weight))


def say_reason(reason: Mapping[str, Any], reader: Reader) -> tuple[str, str, str]:
    """A reason as chip, word in the chip, and who gave no answer."""
    said, value = reason["said"], float(reason["value"])
    _ = reader.gettext
    if said["code"] == "few_answers":
        return "not-yet", _("too few answers"), ""
    if reason["bound"] is not None:
        chip = "done" if reason["met"] else "partly" if value > 0 else "missed"
    else:
        chip = "done" if value >= MET else "partly" if value >= PARTLY else "missed"
    if said["code"] == "no_difference":
        chip = "off"
    silent = int(said["size"]) - int(said["answered"])
    more = ""
    if silent and said["code"] == "roles":  # whoever ticked only “not yet” is not to be called silent
        more = reader.ngettext(
            "%(number)s of %(size)s named none of it", "%(number)s of %(size)s named none of it", silent,
            size=said["size"],
        )  # fmt: skip
    elif silent:
        more = reader.ngettext(
            "%(number)s of %(size)s gave no answer", "%(number)s of %(size)s gave no answer", silent,
            size=said["size"],
        )  # fmt: skip
    return chip, _WORDS[said["code"]](said, value, reader), more


def _plain(number: float) -> str:
    return f"{number:.4g}"


def _per_cent(said: Mapping[str, Any], value: float, reader: Reader) -> str:
    return reader.gettext("%(number)s %%", number=round(100 * value))


def _counted(said: Mapping[str, Any], value: float, reader: Reader) -> str:
    one = [reader.gettext("%(count)s × %(value)s", count=n, value=v) for v, n in said["counts"].items() if n]
    return ", ".join(one) or reader.gettext("nobody")


def _holders(said: Mapping[str, Any], value: float, reader: Reader) -> str:
    alone = [option for option, count in said["counts"].items() if count == 1]
    if not alone:
        return reader.gettext("nobody alone")
    return reader.gettext("alone: %(values)s", values=reader.listed(alone))


def _hours(said: Mapping[str, Any], value: float, reader: Reader) -> str:
    return reader.ngettext(
        "%(shared)s of %(number)s hour",
        "%(shared)s of %(number)s hours",
        said["wanted"],
        shared=said["shared"],
    )


def _values(said: Mapping[str, Any], value: float, reader: Reader) -> str:
    if said["common"]:
        return reader.listed(said["common"])
    return reader.gettext("nothing in common")


def _again(said: Mapping[str, Any], value: float, reader: Reader) -> str:
    if not said["pairs"]:
        return reader.gettext("all new")
    return reader.ngettext("%(number)s pair again", "%(number)s pairs again", said["pairs"])


_WORDS: Mapping[str, Callable[[Mapping[str, Any], float, Reader], str]] = {
    "no_difference": lambda said, value, reader: reader.gettext("the whole class is alike"),
    "range": lambda said, value, reader: reader.gettext(
        "from %(low)s to %(high)s", low=_plain(said["low"]), high=_plain(said["high"])
    ),
    "distinct": lambda said, value, reader: reader.gettext(
        "%(different)s different of %(possible)s", different=said["different"], possible=said["possible"]
    ),
    "lists": _per_cent,
    "mean": lambda said, value, reader: reader.gettext(
        "mean %(mean)s, the class %(class_mean)s",
        mean=_plain(said["mean"]), class_mean=_plain(said["class_mean"]),
    ),
    "shares": _counted,
    "holders": _holders,
    "roles": lambda said, value, reader: reader.gettext(
        "%(filled)s of %(of)s", filled=said["filled"], of=said["of"]
    ),
    "hours": _hours,
    "values": _values,
    "topic": lambda said, value, reader: reader.gettext(
        "%(topic)s, wanted by %(ranked)s of %(answered)s",
        topic=said["topic"], ranked=said["ranked"], answered=said["answered"],
    ),
    "again": _again,
}  # fmt: skip


def formula(lines: Sequence[WishLine], reader: Reader, *, short: bool = True) -> str:
    """The sum that the score is made of: "(5 × 0.00 + 3 × 0.40) ÷ 8"."""
    counted = [line for line in lines if line.weight]
    if not counted:
        return ""
    shown = counted[:SHORT] if short else counted
    terms = " + ".join(f"{line.weight:g} × {line.value:.2f}" for line in shown)
    more = " + …" if len(shown) < len(counted) else ""
    said = f"({terms}{more}) ÷ {sum(line.weight for line in counted):g}"
    # An expression keeps its order also where the text around runs from right to left.
    return (
        said if reader.direction == "ltr" else f"\N{LEFT-TO-RIGHT ISOLATE}{said}\N{POP DIRECTIONAL ISOLATE}"
    )


def missed_rules(rules: Sequence[RuleSaid], run: Formation, names: Names, reader: Reader) -> list[str]:
    """Rules that are not met everywhere, each in words; of sensitive ones only how many teams."""
    wishes, said = wishes_of(run), []
    for rule in sorted(rules, key=lambda rule: (not rule.must, -rule.weight)):
        if not (rule.missed or rule.some):
            continue
        wish = wishes[rule.wish] if 0 <= rule.wish < len(wishes) else None
        name = names.short(wish.about, wish.aim.value, wish.weight) if wish else rule.about
        said.append(say_missed(name, rule, reader))
    return said


def missed_count(rule: RuleSaid, reader: Reader) -> str:
    """In how many of its teams a rule is not met, in a table."""
    if rule.untold:
        return reader.gettext("not told")
    if rule.missed is None:
        return reader.gettext("some") if rule.some else reader.gettext("none")
    return reader.gettext("%(number)s of %(of)s", number=rule.missed, of=rule.of)


def say_missed(name: str, rule: RuleSaid, reader: Reader) -> str:
    """In how many teams a rule is not met."""
    if rule.missed is None:
        return reader.gettext("“%(wish)s” in some teams", wish=name)
    return reader.ngettext(
        "“%(wish)s” in %(number)s team", "“%(wish)s” in %(number)s teams", rule.missed, wish=name
    )


# --- when members are free ---


@dataclass(frozen=True)
class Free:
    """The picture of a team's week on the reader's clock."""

    hours: list[int]  # the first hour of each column
    days: list[tuple[str, list[int]]]  # name, and the most members free at once in each column
    most: int  # members free at once at best
    size: int  # members who gave hours
    lines: list[str]  # the same in words
    minutes: int  # hours of this zone begin so many minutes past

    def level(self, count: int) -> int:
        """0 to 4: how dark the cell is."""
        return -(-4 * count // self.size) if count and self.size else 0


def free_hours(detail: TeamDetail, reader: Reader) -> Free | None:
    """When a team is free, or nothing where nobody gave hours."""
    if len(detail.free) != HOURS_A_WEEK or not detail.answered:
        return None
    offset = reader.here(reader.now).utcoffset()
    minutes = int(offset.total_seconds()) // 60 if offset else 0
    local = [detail.free[(hour - minutes // 60) % HOURS_A_WEEK] for hour in range(HOURS_A_WEEK)]
    days = [
        (
            reader.gettext(WEEKDAYS[day]),
            [max(local[at : at + STEP]) for at in range(24 * day, 24 * day + 24, STEP)],
        )
        for day in range(7)
    ]
    most, lines, seen = max(local), [], 0
    for number in range(detail.answered, max(1, detail.answered - 2), -1):
        at_once = sum(count >= number for count in local)
        if at_once > seen or number == detail.answered:
            lines.append(_free_line(local, number, detail.answered, minutes % 60, reader))
        seen = at_once
    return Free(list(range(0, 24, STEP)), days, most, detail.answered, lines, minutes % 60)


def _free_line(local: Sequence[int], number: int, everybody: int, past: int, reader: Reader) -> str:
    _, n_ = reader.gettext, reader.ngettext
    found = _ranges([count >= number for count in local])
    said = [_range_said(start, end, past, reader) for start, end in found[:MOST_RANGES]]
    hours = ", ".join(said) if said else _("never")
    if len(found) > MOST_RANGES:
        hours = _("%(hours)s and %(number)s more times", hours=hours, number=len(found) - MOST_RANGES)
    if number == everybody:
        return n_("All %(number)s: %(hours)s.", "All %(number)s: %(hours)s.", number, hours=hours)
    return n_("%(number)s or more: %(hours)s.", "%(number)s or more: %(hours)s.", number, hours=hours)


def _ranges(free: Sequence[bool]) -> list[tuple[int, int]]:
    """Runs of hours within a day, as first hour and the hour after the last."""
    found: list[tuple[int, int]] = []
    for hour, yes in enumerate(free):
        if not yes:
            continue
        if found and found[-1][1] == hour and hour % 24:
            found[-1] = (found[-1][0], hour + 1)
        else:
            found.append((hour, hour + 1))
    return found


def _range_said(start: int, end: int, past: int, reader: Reader) -> str:
    clock = f":{past:02}" if past else ""
    return reader.gettext(
        "%(weekday)s %(start)s–%(end)s", weekday=reader.gettext(WEEKDAYS[start // 24]),
        start=f"{start % 24}{clock}", end=f"{(end - 1) % 24 + 1}{clock}",
    )  # fmt: skip


# --- what a run changed ---


def say_changes(changes: Sequence[Change], names: Names, reader: Reader) -> list[str]:
    """What differs from the run before, one sentence each."""
    return [_say_change(change, names, reader) for change in changes]


def _say_change(change: Change, names: Names, reader: Reader) -> str:
    _ = reader.gettext
    weight = change.after if change.what == "weight" and isinstance(change.after, int) else 1
    wish = names.short(change.about, change.aim, weight) if change.about else ""
    values = {"wish": wish, "before": change.before, "after": change.after}
    match change.what:
        case "new":
            return _("“%(wish)s” is new", **values)
        case "gone":
            return _("without “%(wish)s”", **values)
        case "weight":
            return _("“%(wish)s” counts %(after)s, not %(before)s", **values)
        case "amount":
            return _("“%(wish)s”: %(after)s, not %(before)s", **values)
        case "values":
            return _("“%(wish)s” looks at other answers", **values)
        case "must":
            return (
                _("“%(wish)s” goes before all others", **values)
                if change.after
                else _("“%(wish)s” no longer goes before all others", **values)
            )
        case "together":
            return _("other people together")
        case "apart":
            return _("other people apart")
        case "size":
            return _("other sizes")
        case "section":
            return _("another section")
    return change.what


def unmet_said(team: FormedTeam, reader: Reader) -> str:
    """How many wishes a team does not meet."""
    if not team.unmet:
        return reader.gettext("all met")
    return reader.ngettext("%(number)s wish not met", "%(number)s wishes not met", team.unmet)
