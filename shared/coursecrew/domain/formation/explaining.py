"""Why teams are as they are: values, bounds and counts from which a person can recompute a score.

Sensitive rules are told as a number of teams only: neither their column nor their value in any
team, and scores of teams leave them out, since a difference would betray a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from coursecrew.domain.formation.judging import (
    Verdict,
    best_topic,
    filled_roles,
    holders,
    judge,
    repeated_pairs,
    shared,
    team_score,
)
from coursecrew.domain.formation.rules import NEEDS_TWO, Kind, Trait
from coursecrew.domain.formation.traits import Answer, Criterion

FEW_TEAMS = 5  # below it a count would point at a team


@dataclass(frozen=True)
class Reason:
    """What one rule says of one team, in words too."""

    rule: int
    value: float
    weight: float
    bound: float | None
    met: bool
    why: str

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "rule": self.rule,
            "value": self.value,
            "weight": self.weight,
            "bound": self.bound,
            "met": self.met,
            "why": self.why,
        }


@dataclass(frozen=True)
class TeamAccount:
    """A team's score and its reasons, sensitive rules left out of both."""

    score: float
    reasons: tuple[Reason, ...]


def explain_team(criteria: Sequence[Criterion], members: Sequence[int]) -> TeamAccount:
    """Account for the team of these learners (positions in the roster)."""
    verdicts = judge(criteria, [members]).verdicts[0]
    return _account(criteria, members, verdicts)


def _account(
    criteria: Sequence[Criterion], members: Sequence[int], verdicts: Sequence[Verdict]
) -> TeamAccount:
    open_ones = [(c, v) for c, v in zip(criteria, verdicts, strict=True) if not c.rule.sensitive]
    score = team_score([c for c, _ in open_ones], [v for _, v in open_ones])
    reasons = (
        Reason(c.number, v.value, c.rule.weight, c.rule.met_from, v.met, why(c, members, v))
        for c, v in open_ones
    )
    return TeamAccount(score, tuple(reasons))


def sensitive_count(teams: int, missed: int) -> str:
    """How many teams do not meet a sensitive rule, too vaguely to point at one where teams are few."""
    if teams < FEW_TEAMS:
        return "some" if missed else "none"
    return f"{missed} of {teams}"


def why(criterion: Criterion, members: Sequence[int], verdict: Verdict) -> str:
    """The counts behind a value, as one sentence."""
    known = [answer for at in members if (answer := criterion.answers[at]) is not None]
    blank = verdict.size - verdict.answered
    noun = "hours" if criterion.trait is Trait.HOURS else "answer"
    silent = f"; {blank} of {verdict.size} gave no {noun}" if blank else ""
    if verdict.answered < 2 and criterion.rule.kind in NEEDS_TWO:
        return f"{verdict.answered} of {verdict.size} answered; two are needed to say anything"
    return REASONS[criterion.rule.kind](criterion, known) + silent


def _spread(criterion: Criterion, known: Sequence[Answer]) -> str:
    figures = criterion.figures
    if not figures.can_differ:
        return "nobody in the class differs here"
    if criterion.trait is Trait.NUMBER:
        numbers = [float(answer) for answer in known if isinstance(answer, int | float)]
        return (
            f"from {min(numbers):g} to {max(numbers):g}; the class from {figures.low:g} to {figures.high:g}"
        )
    if criterion.trait is Trait.CHOICE:
        most = min(len(known), len(figures.options))
        return f"{len(set(known))} different of {most} possible"
    return f"{len(known)} lists, compared in pairs: what two do not share, out of all they name"


def _balance(criterion: Criterion, known: Sequence[Answer]) -> str:
    figures = criterion.figures
    if criterion.trait is Trait.NUMBER:
        mean = sum(float(answer) for answer in known if isinstance(answer, int | float)) / len(known)
        return f"mean {mean:.4g}; the class {figures.mean:.4g} with deviation {figures.deviation:.4g}"
    counts = Counter(str(answer) for answer in known)
    named = ", ".join(f"{counts[option]} × {option}" for option in sorted(counts))
    return f"{named}; the class has {len(figures.options)} options"


def _isolation(criterion: Criterion, known: Sequence[Answer]) -> str:
    return ", ".join(f"{holders(known, value)} × {value}" for value in criterion.rule.values)


def _roles(criterion: Criterion, known: Sequence[Answer]) -> str:
    filled = min(filled_roles(criterion.rule.values, known), criterion.figures.cover)
    return f"{filled} of {criterion.figures.cover} roles can be filled by different members"


def _shared(criterion: Criterion, known: Sequence[Answer]) -> str:
    noun = "hours" if criterion.trait is Trait.HOURS else "values"
    return f"{shared(known)} of {criterion.wanted} {noun} shared"


def _wish(criterion: Criterion, known: Sequence[Answer]) -> str:
    topic, mean = best_topic(criterion, known)
    ranked = sum(topic in answer for answer in known if isinstance(answer, tuple))
    return f"{topic} suits best: ranked by {ranked} of {len(known)}, mean wish {mean:.3g}"


def _again(criterion: Criterion, known: Sequence[Answer]) -> str:
    repeated = repeated_pairs(known)
    return f"{repeated} pair{'s' * (repeated != 1)} worked together before"


REASONS: Mapping[Kind, Callable[[Criterion, Sequence[Answer]], str]] = {
    Kind.SIMILAR: _spread,
    Kind.DIVERSE: _spread,
    Kind.BALANCED: _balance,
    Kind.NO_ISOLATION: _isolation,
    Kind.ROLE_COVER: _roles,
    Kind.OVERLAP: _shared,
    Kind.TOPIC: _wish,
    Kind.NOT_AGAIN: _again,
}


def explain(
    criteria: Sequence[Criterion], teams: Mapping[str, Sequence[int]], keys: Sequence[str]
) -> dict[str, object]:
    """Account for all teams as plain values, ready for JSON.

    `teams` gives positions of members by name, `keys` the learner at each position. Holds `rules`,
    `teams` and `sensitive`; how the run went is added by who ran it.
    """
    judgement = judge(criteria, list(teams.values()))
    accounts = []
    for (name, members), verdicts in zip(teams.items(), judgement.verdicts, strict=True):
        account = _account(criteria, members, verdicts)
        accounts.append(
            {
                "name": name,
                "size": len(members),
                "members": [keys[at] for at in members],
                "score": account.score,
                "rules": [reason.as_json() for reason in account.reasons],
            }
        )
    counts = []
    for at, criterion in enumerate(criteria):
        if criterion.rule.sensitive:
            missed = sum(not verdicts[at].met for verdicts in judgement.verdicts)
            counts.append(
                {"rule": criterion.number, "teams_not_meeting": sensitive_count(len(teams), missed)}
            )
    return {
        "rules": [_rule_json(criterion) for criterion in criteria],
        "teams": accounts,
        "sensitive": counts,
    }


def _rule_json(criterion: Criterion) -> dict[str, object]:
    rule = criterion.rule
    told: dict[str, object] = {
        "number": criterion.number,
        "kind": rule.kind.value,
        "weight": rule.weight,
        "hard": rule.hard,
        "sensitive": rule.sensitive,
        "bound": rule.met_from,
    }
    if rule.sensitive:
        return told
    told |= {"attribute": rule.attribute, "type": criterion.trait.value, "values": list(rule.values)}
    if rule.kind is Kind.OVERLAP:
        told["wanted"] = criterion.wanted
    told["class"] = criterion.figures.as_json()
    if rule.kind in (Kind.SIMILAR, Kind.DIVERSE, Kind.BALANCED) and not criterion.figures.can_differ:
        told["note"] = "all answers are equal, so this rule cannot guide anything"
    return told
