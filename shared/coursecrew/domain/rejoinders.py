"""The authors' answer to a review: what it was like, and what they make of each of its comments.

A rejoinder changes no score. It is one of the whole team's, edited until it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from coursecrew.domain.errors import Invalid, Problem

REJOIN_WITHIN = timedelta(days=5)  # after the authors could read the review
ASKS_WHY_BELOW = 3
LONGEST_WHY = 500
LONGEST_ANSWER = 5_000
SCALES = ("helpful", "specific", "kind")


class Stance(StrEnum):
    """What the authors make of one comment."""

    ACCEPTED = "accepted"
    PARTLY = "partly"
    DECLINED = "declined"


@dataclass(frozen=True)
class Uptake:
    """One comment, what the authors make of it, and the change that answers it.

    `prompt` is the part of the work where the change is, "" for none; `number` the version of the
    draft in which it was made, 0 for none yet.
    """

    stance: Stance
    why: str = ""
    prompt: str = ""
    number: int = 0


@dataclass(frozen=True)
class Rejoinder:
    """The authors' one answer to a review; it changes no score."""

    id: str
    activity: str
    review: str
    team: str
    text: str = ""
    helpful: int = 0  # 1 to 5, 0 = not said
    specific: int = 0
    kind: int = 0
    flagged: bool = False
    why: str = ""  # asked for where a scale is below 3
    points: Mapping[str, Uptake] = field(default_factory=dict)  # comment's key -> what is made of it
    by: str = ""
    at: datetime | None = None
    sent_at: datetime | None = None
    version: int = 1

    @property
    def mean(self) -> float | None:
        """The mean of the scales that were said."""
        said = [value for value in (self.helpful, self.specific, self.kind) if value]
        return sum(said) / len(said) if said else None


def checked_rejoinder(answer: Rejoinder, *, sending: bool) -> Rejoinder:
    """Refuse what no rejoinder may say; on sending also what is missing."""
    problems = []
    for name in SCALES:
        value = getattr(answer, name)
        if not 0 <= value <= 5 or (sending and value == 0):
            problems.append(Problem(name, "scale_missing"))
    low = any(0 < getattr(answer, name) < ASKS_WHY_BELOW for name in SCALES)
    if sending and low and not answer.why.strip():
        problems.append(Problem("why", "low_needs_why"))
    for name, most in (("text", LONGEST_ANSWER), ("why", LONGEST_WHY)):
        have = len(getattr(answer, name))
        if have > most:
            problems.append(Problem(name, "text_too_long", (("most", most), ("have", have))))
    for key, uptake in answer.points.items():
        if len(uptake.why) > LONGEST_WHY:
            values = (("most", LONGEST_WHY), ("have", len(uptake.why)))
            problems.append(Problem(f"uptake_why-{key}", "text_too_long", values))
        if sending and uptake.stance is not Stance.ACCEPTED and not uptake.why.strip():
            problems.append(Problem(f"uptake_why-{key}", "uptake_needs_why"))
    if problems:
        raise Invalid(*problems)
    return answer


def points_from(document: Mapping[str, Any]) -> dict[str, Uptake]:
    """Read stored uptake."""
    return {
        key: Uptake(Stance(row["stance"]), row.get("why", ""), row.get("prompt", ""), row.get("number", 0))
        for key, row in document.items()
    }


def points_to(points: Mapping[str, Uptake]) -> dict[str, Any]:
    """Uptake as it is stored."""
    return {
        key: {"stance": row.stance.value, "why": row.why, "prompt": row.prompt, "number": row.number}
        for key, row in points.items()
    }
