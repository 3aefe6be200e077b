"""A team's work through one round: draft, versions, sign-off, handing in.

The machine of a work is kept here as one table of moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from coursecrew.domain.activities import Prompt, SubmitRule
from coursecrew.domain.errors import Invalid, Problem

CONFIRM_WITHIN = timedelta(hours=24)
LEADER_SILENT = timedelta(hours=48)
LAST_HOURS = timedelta(hours=2)
LONGEST_TEXT = 100_000
FOLD_WITHIN = timedelta(minutes=10)


class WorkState(StrEnum):
    """Where a team's work stands."""

    DRAFTING = "drafting"
    CONFIRMING = "confirming"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    REVIEWED = "reviewed"
    MISSED = "missed"
    EXCUSED = "excused"


class VersionKind(StrEnum):
    """What a version of a draft counts as."""

    AUTO = "auto"  # saved by itself; the same author's next one within ten minutes takes its place
    SAVED = "saved"  # by a press
    SEALED = "sealed"  # handed in, for ever
    KEPT = "kept"  # a text that lost against a later edit
    RESTORED = "restored"  # an earlier version put in force again
    PROMOTED = "promoted"  # out of the sandbox
    FOLDED = "folded"  # an autosave that a later one took the place of; gone after two days


# What a list of versions shows.
SHOWN = tuple(kind for kind in VersionKind if kind is not VersionKind.FOLDED)

# Which state each move starts from; whoever is elsewhere is told what happened meanwhile.
MOVES: Mapping[str, frozenset[WorkState]] = {
    "submit": frozenset({WorkState.DRAFTING}),
    "confirm": frozenset({WorkState.CONFIRMING}),
    "object": frozenset({WorkState.CONFIRMING}),
    "complete": frozenset({WorkState.CONFIRMING}),
    "withdraw": frozenset({WorkState.SUBMITTED}),
    "close": frozenset({WorkState.DRAFTING, WorkState.CONFIRMING}),
    "begin_review": frozenset({WorkState.SUBMITTED}),
    "excuse": frozenset(WorkState) - {WorkState.EXCUSED},
}


@dataclass(frozen=True)
class Work:
    """One team's passage through one round; the row that guards its state."""

    id: str
    activity: str
    team: str
    round: int = 1
    state: WorkState = WorkState.DRAFTING
    pressed_at: datetime | None = None  # "handed in at": the first press
    pressed_by: str = ""
    confirm_until: datetime | None = None
    submission: str = ""
    edited_at: datetime | None = None
    edited_by: str = ""
    reason: str = ""
    due_at: datetime | None = None  # of a revision; the first round's dates are the assignment's
    closes_at: datetime | None = None
    version: int = 1

    def may(self, move: str) -> bool:
        """Whether the machine allows the move from here."""
        return self.state in MOVES[move]


@dataclass(frozen=True)
class Draft:
    """The shared text a team is working on; `number` is the version people see and save against."""

    id: str
    work: str
    number: int = 0
    texts: Mapping[str, str] = field(default_factory=dict)
    version: int = 1

    def is_empty(self) -> bool:
        """Whether nothing but blanks was ever written."""
        return not any(text.strip() for text in self.texts.values())


@dataclass(frozen=True)
class DraftOpening:
    """Somebody of the course staff opened a team's live draft; the team reads who and when."""

    id: str
    activity: str
    team: str
    by: str
    at: datetime


@dataclass(frozen=True)
class DraftVersion:
    """An immutable saved state of a draft; only what it counts as (`kind`) changes."""

    id: str
    work: str
    number: int
    texts: Mapping[str, str]
    author: str
    at: datetime
    kind: str = "saved"  # one of `VersionKind`
    since: datetime | None = None  # when the stretch of writing began that autosaves were folded into
    source: int = 0  # the number of the version that this one restored
    shared: bool = False  # shown to the team's mentor: never folded


@dataclass(frozen=True)
class Submission:
    """The version that was sealed and handed in, with its byline frozen."""

    id: str
    activity: str
    work: str
    team: str
    round: int
    number: int
    texts: Mapping[str, str]
    handed_in_at: datetime
    by: str
    sealed_at: datetime
    how: str = "pressed"  # pressed, at_close
    state: str = "in_force"  # or "withdrawn"
    version: int = 1


@dataclass(frozen=True)
class Byline:
    """One name on a submission; `in_force` is false for one that was taken back."""

    id: str
    activity: str
    submission: str
    team: str
    person: str
    in_force: bool = True
    version: int = 1


@dataclass(frozen=True)
class Confirmation:
    """What a member said about handing this version in."""

    id: str
    work: str
    press: str  # the submission that was pressed; a later press asks anew
    person: str
    says: str  # "yes" or "no"
    at: datetime
    reason: str = ""


def missing_parts(prompts: Iterable[Prompt], texts: Mapping[str, str]) -> list[Prompt]:
    """Required prompts with nothing but blanks in them."""
    return [prompt for prompt in prompts if prompt.required and not texts.get(prompt.id, "").strip()]


def checked_texts(prompts: Iterable[Prompt], texts: Mapping[str, str]) -> dict[str, str]:
    """The texts of known prompts, refused above 100,000 characters each."""
    result = {}
    problems = []
    for prompt in prompts:
        text = texts.get(prompt.id, "").replace("\r\n", "\n")
        if len(text) > LONGEST_TEXT:
            problems.append(
                Problem(f"text-{prompt.id}", "text_too_long", (("most", LONGEST_TEXT), ("have", len(text))))
            )
        result[prompt.id] = text
    if problems:
        raise Invalid(*problems)
    return result


def may_press(
    rule: SubmitRule,
    *,
    is_leader: bool,
    leader_present: bool,
    leader_seen: datetime | None,
    due: datetime | None,
    now: datetime,
) -> bool:
    """Whether this member may hand in under the team's rule.

    Under "leader" anybody may once the leader is gone or silent for 48 hours, or in the last two
    hours before the due time, so that one sleeping person cannot cost a team its work.
    """
    if rule is not SubmitRule.LEADER or is_leader or not leader_present:
        return True
    silent = leader_seen is None or now - leader_seen >= LEADER_SILENT
    pressing = due is not None and now >= due - LAST_HOURS
    return silent or pressing


def words(text: str) -> int:
    """How many words a text has, as people count them."""
    return len(text.split())
