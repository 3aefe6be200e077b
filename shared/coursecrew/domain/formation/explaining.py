"""Why teams are as they are: values, bounds and counts from which a person can recompute a score.

Sensitive rules are told as a number of teams only: neither their column nor their value in any
team, and scores of teams leave them out, since a difference would betray a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


Said = Mapping[str, Any]  # a `code` and the counts and figures that its sentence names


@dataclass(frozen=True)
class Reason:
    """What one rule says of one team: in counts, and in an English sentence made of them."""

    rule: int
    value: float
    weight: float
    bound: float | None
    met: bool
    said: Said

    @property
    def why(self) -> str:
        """The counts behind the value, as one sentence."""
        return sentence(self.said)

    def as_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "rule": self.rule,
            "value": self.value,
            "weight": self.weight,
            "bound": self.bound,
            "met": self.met,
            "why": self.why,
            "said": dict(self.said),
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
        Reason(c.number, v.value, c.rule.weight, c.rule.met_from, v.met, said(c, members, v))
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
    return sentence(said(criterion, members, verdict))


def said(criterion: Criterion, members: Sequence[int], verdict: Verdict) -> Said:
    """The counts behind a value: a `code` that decides the sentence, and what that sentence names.

    Always holds `answered` and `size`, and `hours`: whether the question was about free hours.
    """
    base = {
        "answered": verdict.answered,
        "size": verdict.size,
        "hours": criterion.trait is Trait.HOURS,
    }
    if verdict.answered < 2 and criterion.rule.kind in NEEDS_TWO:
        return {"code": "few_answers", **base}
    known = [answer for at in members if (answer := criterion.answers[at]) is not None]
    return {**COUNTS[criterion.rule.kind](criterion, known), **base}


def sentence(said: Said) -> str:
    """What `said` gave, as an English sentence."""
    answered, size = said["answered"], said["size"]
    if said["code"] == "few_answers":
        return f"{answered} of {size} answered; two are needed to say anything"
    noun = "hours" if said["hours"] else "answer"
    silent = f"; {size - answered} of {size} gave no {noun}" if size > answered else ""
    return SENTENCES[said["code"]](said) + silent


def _spread(criterion: Criterion, known: Sequence[Answer]) -> Said:
    figures = criterion.figures
    if not figures.can_differ:
        return {"code": "no_difference"}
    if criterion.trait is Trait.NUMBER:
        numbers = [float(answer) for answer in known if isinstance(answer, int | float)]
        return {
            "code": "range",
            "low": min(numbers),
            "high": max(numbers),
            "class_low": figures.low,
            "class_high": figures.high,
        }
    if criterion.trait is Trait.CHOICE:
        most = min(len(known), len(figures.options))
        return {"code": "distinct", "different": len(set(known)), "possible": most}
    return {"code": "lists", "lists": len(known)}


def _balance(criterion: Criterion, known: Sequence[Answer]) -> Said:
    figures = criterion.figures
    if criterion.trait is Trait.NUMBER:
        mean = sum(float(answer) for answer in known if isinstance(answer, int | float)) / len(known)
        return {
            "code": "mean",
            "mean": mean,
            "class_mean": figures.mean,
            "deviation": figures.deviation,
        }
    counts = Counter(str(answer) for answer in known)
    return {
        "code": "shares",
        "counts": {option: counts[option] for option in sorted(counts)},
        "options": len(figures.options),
    }


def _isolation(criterion: Criterion, known: Sequence[Answer]) -> Said:
    return {
        "code": "holders",
        "counts": {value: holders(known, value) for value in criterion.rule.values},
    }


def _roles(criterion: Criterion, known: Sequence[Answer]) -> Said:
    most = criterion.figures.cover
    return {
        "code": "roles",
        "filled": min(filled_roles(criterion.rule.values, known), most),
        "of": most,
    }


def _shared(criterion: Criterion, known: Sequence[Answer]) -> Said:
    common = {"shared": shared(known), "wanted": criterion.wanted}
    if criterion.trait is Trait.HOURS:
        return {"code": "hours", **common}
    lists = [set(answer) for answer in known if isinstance(answer, tuple)]
    return {"code": "values", **common, "common": sorted(set.intersection(*lists))}


def _wish(criterion: Criterion, known: Sequence[Answer]) -> Said:
    topic, mean = best_topic(criterion, known)
    ranked = sum(topic in answer for answer in known if isinstance(answer, tuple))
    return {"code": "topic", "topic": topic, "ranked": ranked, "mean": mean}


def _again(criterion: Criterion, known: Sequence[Answer]) -> Said:
    return {"code": "again", "pairs": repeated_pairs(known)}


COUNTS: Mapping[Kind, Callable[[Criterion, Sequence[Answer]], Said]] = {
    Kind.SIMILAR: _spread,
    Kind.DIVERSE: _spread,
    Kind.BALANCED: _balance,
    Kind.NO_ISOLATION: _isolation,
    Kind.ROLE_COVER: _roles,
    Kind.OVERLAP: _shared,
    Kind.TOPIC: _wish,
    Kind.NOT_AGAIN: _again,
}


def _counted(said: Said) -> str:
    return ", ".join(f"{count} × {value}" for value, count in said["counts"].items())


SENTENCES: Mapping[str, Callable[[Said], str]] = {
    "no_difference": lambda s: "nobody in the class differs here",
    "range": lambda s: (
        f"from {s['low']:g} to {s['high']:g}; the class from {s['class_low']:g} to {s['class_high']:g}"
    ),
    "distinct": lambda s: f"{s['different']} different of {s['possible']} possible",
    "lists": lambda s: f"{s['lists']} lists, compared in pairs: what two do not share, out of all they name",
    "mean": lambda s: (
        f"mean {s['mean']:.4g}; the class {s['class_mean']:.4g} with deviation {s['deviation']:.4g}"
    ),
    "shares": lambda s: f"{_counted(s)}; the class has {s['options']} options",
    "holders": _counted,
    "roles": lambda s: f"{s['filled']} of {s['of']} roles can be filled by different members",
    "hours": lambda s: f"{s['shared']} of {s['wanted']} hours shared",
    "values": lambda s: f"{s['shared']} of {s['wanted']} values shared",
    "topic": lambda s: (
        f"{s['topic']} suits best: ranked by {s['ranked']} of {s['answered']}, mean wish {s['mean']:.3g}"
    ),
    "again": lambda s: f"{s['pairs']} pair{'s' * (s['pairs'] != 1)} worked together before",
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
