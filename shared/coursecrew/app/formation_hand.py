"""What a move by hand does to proposed teams: judged on the run's own scale, sensitive rules left out.

Plain Python throughout: a web worker that shows a review never loads the engine's numerical parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from coursecrew.app.formation_figures import millionths
from coursecrew.app.formation_input import roster
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Problem
from coursecrew.domain.formations import Formation, FormedTeam
from coursecrew.domain.people import Participant

if TYPE_CHECKING:
    from coursecrew.domain.formation.rules import Rules
    from coursecrew.domain.formation.traits import Criterion, Roster


def engine_rules(run: Formation) -> Rules:
    """The rules of a run as the engine reads them, with the instructor's pairs."""
    from coursecrew.domain.formation.rules import read_rules

    pairs = {name: {"pairs": run.pairs.get(name, [])} for name in ("together", "apart")}
    return read_rules({**run.rules, **pairs})


def open_criteria(
    class_roster: Roster, rules: Rules, figures: Sequence[Mapping[str, Any] | None]
) -> tuple[Criterion, ...]:
    """The rules that are not sensitive, under their own numbers, on the scale of the stored figures."""
    from coursecrew.domain.formation.traits import Figures, criteria_of, figures_from_json

    numbered = [(n, rule) for n, rule in enumerate(rules.rules, start=1) if not rule.sensitive]
    scale: list[Figures] = []
    for number, _ in numbered:
        stored = figures[number - 1]
        scale.append(figures_from_json(stored) if stored else Figures())
    seen = replace(rules, rules=tuple(rule for _, rule in numbered))
    criteria = criteria_of(class_roster, seen, largest=rules.sizes.max, figures=scale)
    return tuple(
        replace(criterion, number=number) for criterion, (number, _) in zip(criteria, numbered, strict=True)
    )


@dataclass(frozen=True)
class Judged:
    """What a team of these members would be: score in millionths, and its reasons as they are stored."""

    score: int
    reasons: list[dict[str, Any]]


class Hand:
    """Some teams of a run, ready for trying moves between them."""

    def __init__(
        self,
        unit: UnitOfWork,
        activity: Activity,
        run: Formation,
        teams: Sequence[FormedTeam],
        people: Mapping[str, Participant],
    ) -> None:
        from coursecrew.domain.formation.traits import roster_of

        self.rules, self.people = engine_rules(run), people
        keys = [key for team in teams for key in team.members]
        # Hours as the zones stood when the teams were formed, so that nothing but the move changes.
        self.cells = dict(roster(unit, activity, keys, sensitive=False, now=run.at))
        self.home = {key: team.id for team in teams for key in team.members}
        self.sections = {team.id: self._section_of(team.members) for team in teams}
        self.roster = roster_of(self.cells.items())
        self.numbers = self.roster.numbers
        self.criteria = open_criteria(self.roster, self.rules, run.result.get("figures", []))

    def judge(self, members: Iterable[str]) -> Judged:
        """A team of these members."""
        from coursecrew.domain.formation.explaining import explain_team

        account = explain_team(self.criteria, [self.numbers[key] for key in sorted(members)])
        return Judged(millionths(account.score), [reason.as_json() for reason in account.reasons])

    def refusal(
        self, one: FormedTeam, other: FormedTeam, first: list[str], second: list[str]
    ) -> Problem | None:
        """Why `one` cannot have members `first` and `other` members `second`; `None` if it can."""
        for team in (one, other):
            if team.locked:
                return Problem("other", "formed_locked", (("name", team.name),))
        sizes = self.rules.sizes
        for team, members in ((one, first), (other, second)):
            if not sizes.min <= len(members) <= sizes.max:
                values = (("name", team.name), ("have", len(members)), ("min", sizes.min), ("max", sizes.max))
                return Problem("other", "formed_size", values)
            for group in self.rules.apart:
                inside = [key for key in group if key in members]
                if len(inside) > 1:
                    return self._pair("formed_apart", inside[0], inside[1])
            crossing = [key for key in members if self._section(key) not in ("", self.sections[team.id])]
            if crossing and self.sections[team.id]:
                said = (("name", team.name), ("person", self._name(crossing[0])))
                return Problem("other", "formed_section", said)
        for group in self.rules.together:
            for a, b in pairwise(group):
                if (a in first and b in second) or (a in second and b in first):
                    return self._pair("formed_together", a, b)
        return None

    def _section(self, key: str) -> str:
        return self.cells[key].get(self.rules.section or "", "")

    def _section_of(self, members: Sequence[str]) -> str:
        """The section of a team; who skipped that question may be in any."""
        return next((section for key in members if (section := self._section(key))), "")

    def _pair(self, code: str, one: str, other: str) -> Problem:
        return Problem("other", code, (("one", self._name(one)), ("two", self._name(other))))

    def _name(self, key: str) -> str:
        return self.people[key].name if key in self.people else ""


def without(members: Sequence[str], gone: str, come: str = "") -> list[str]:
    """The members after one has gone and perhaps another has come."""
    return [key for key in members if key != gone] + ([come] if come else [])
