"""Appeals: a team asks that one criterion of its work be looked at again, once, with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from coursecrew.domain.errors import Invalid, Problem

APPEAL_WITHIN = timedelta(days=7)  # after grades were released
LEAST_WORDS = 20
LONGEST_REASON = 5_000


class AppealState(StrEnum):
    """Where an appeal stands."""

    OPEN = "open"
    IN_REVIEW = "in_review"
    UPHELD = "upheld"
    PARTLY = "partly"
    DENIED = "denied"


OPEN_STATES = frozenset({AppealState.OPEN, AppealState.IN_REVIEW})
DECISIONS = (AppealState.UPHELD, AppealState.PARTLY, AppealState.DENIED)


@dataclass(frozen=True)
class Appeal:
    """One criterion of one submission, asked about by its team. `value` is what staff put in its place."""

    id: str
    activity: str
    team: str
    pool: str  # the work in the peer review
    submission: str
    criterion: str
    reason: str
    by: str
    at: datetime
    state: AppealState = AppealState.OPEN
    answer: str = ""
    value: Decimal | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    version: int = 1


def checked_reason(text: str) -> str:
    """An appeal's reason; refused below twenty words, with how many there are."""
    text = text.strip()
    have = len(text.split())
    if have < LEAST_WORDS:
        raise Invalid(Problem("reason", "appeal_words", (("least", LEAST_WORDS), ("have", have))))
    if len(text) > LONGEST_REASON:
        raise Invalid(Problem("reason", "text_too_long", (("most", LONGEST_REASON), ("have", len(text)))))
    return text
