"""People in a course: who they are to us, which role they have, and where it comes from."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in a course; every further right comes from a team or a duty."""

    LEARNER = "learner"
    TA = "ta"
    INSTRUCTOR = "instructor"
    AUTHOR = "author"
    ADMIN = "admin"
    OBSERVER = "observer"


STAFF = frozenset({Role.TA, Role.INSTRUCTOR})
# The stronger right wins where somebody holds two roles.
STRENGTH = {
    Role.OBSERVER: 0, Role.LEARNER: 1, Role.ADMIN: 2, Role.AUTHOR: 3, Role.TA: 4, Role.INSTRUCTOR: 5,
}  # fmt: skip


class Source(StrEnum):
    """Where a role in our list comes from."""

    LAUNCH = "launch"  # opened an activity
    ROSTER = "roster"  # the platform's member list
    CSV = "csv"  # an imported file
    NAMED = "named"  # named here by the course staff


@dataclass(frozen=True)
class Participant:
    """One person in one course.

    `once_staff` never turns false again: whoever graded here yesterday is no learner today, so
    that the teacher who tries the learner's view stays out of rosters, teams and gradebooks.
    """

    id: str
    course: str
    person: str
    name: str
    role: Role
    source: Source
    since: datetime
    active: bool = True
    excluded: bool = False
    once_staff: bool = False
    looks_on: bool = False  # a test student of the platform, or somebody viewing as a learner
    named_role: Role | None = None  # TA, when the course staff made somebody one
    named_by: str = ""
    teams: tuple[str, ...] = ()  # a TA limited to these teams; empty: all
    zone: str = "UTC"
    language: str = ""
    mail: bool = True  # wants mail at all; False after unsubscribing
    shows_zone: bool = True  # others may see where they are and what time it is there
    version: int = 1

    @property
    def effective_role(self) -> Role:
        """The role that counts: the stronger of the platform's and the one named here."""
        roles = [self.role] + ([self.named_role] if self.named_role else [])
        return max(roles, key=STRENGTH.__getitem__)

    @property
    def takes_part(self) -> bool:
        """Whether this person belongs in teams, counts and gradebooks."""
        return (
            self.active
            and not self.excluded
            and not self.once_staff
            and not self.looks_on
            and self.effective_role is Role.LEARNER
        )

    def seen_as(self, role: Role) -> Participant:
        """Take over the platform's present role, remembering staff for ever."""
        once = self.once_staff or role in STAFF or role is Role.AUTHOR
        return replace(self, role=role, once_staff=once)


@dataclass(frozen=True)
class Actor:
    """Who acts in this request, as the host vouches for it.

    `learner` rights hang on memberships; `staff` rights on `role`. `looks_on` marks a person who
    sees the learner's screens without taking part: nothing they press is stored.
    """

    person: str
    course: str
    role: Role
    name: str = ""
    zone: str = "UTC"
    language: str = "en"
    source: Source = Source.LAUNCH
    looks_on: bool = False
    may_author: bool = False  # may change settings (Studio, deep linking, instructors)
    teams: tuple[str, ...] = ()  # filled for a TA limited to some teams
    also: frozenset[Role] = field(default_factory=frozenset)

    @property
    def is_staff(self) -> bool:
        """Instructor or TA."""
        return self.role in STAFF and not self.looks_on

    @property
    def is_instructor(self) -> bool:
        """Runs the assignment: settings, people, release."""
        return self.role is Role.INSTRUCTOR and not self.looks_on

    @property
    def limited_to(self) -> tuple[str, ...]:
        """The teams that a TA is limited to; empty for everybody who is not limited."""
        return self.teams if self.is_staff and self.role is not Role.INSTRUCTOR else ()

    def may_see_team(self, team: str) -> bool:
        """Whether a staff member's list of teams, if limited, has this one."""
        return self.is_staff and (not self.teams or self.role is Role.INSTRUCTOR or team in self.teams)


# Signs that turn the direction of all that follows, also outside the name they stand in.
TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def unturned(text: str) -> str:
    """A text that stands inside our sentences: it must not turn what we say after it."""
    return text.translate(TURNS)


def one_line(text: str) -> str:
    """A name or motto in one line: no stray spaces, no control signs, nothing that turns what follows."""
    line = " ".join(unturned(text).split())
    return "".join(sign for sign in line if unicodedata.category(sign) != "Cc")


def initials(name: str) -> str:
    """Up to two letters for the circle beside a name; a name without letters gives a dot."""
    words = [word for word in name.replace("-", " ").split() if word[:1].isalnum()]
    if not words:
        return "·"
    picked = [words[0]] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in picked).upper()
