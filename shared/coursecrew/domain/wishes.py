"""What the instructor wants of teams: wishes about the survey's answers, as the screens have them.

On screen a weight runs from −5 (spread) to +5 (together); the engine's rules name the direction by
their kind and have weights from 0 up (`formation/rules.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_WEIGHT = 5
FORMER_TEAMS = "former-teams"  # what a wish for new team-mates is about; no question is asked for it


class Aim(StrEnum):
    """What a wish asks of each team."""

    ALIKE = "alike"  # weight −5 … +5: from different to similar
    BALANCED = "balanced"
    NOT_ALONE = "not_alone"  # nobody is the only one with one of `values`
    COVER = "cover"  # the roles or skills in `values` can be filled by different members
    SHARED = "shared"  # hours or languages in common, `amount` of them
    TOPIC = "topic"
    TOGETHER = "together"  # who want each other are in one team
    APART = "apart"  # who do not want each other are not
    NEW_MATES = "new_mates"  # nobody meets former team-mates again


@dataclass(frozen=True)
class Wish:
    """One wish; `must` puts it before all weighted ones."""

    about: str  # a question's id, or FORMER_TEAMS
    aim: Aim
    weight: int = 0
    values: tuple[str, ...] = ()
    amount: int = 0
    must: bool = False


class Late(StrEnum):
    """What happens to somebody who comes after teams were formed."""

    PLACE = "place"  # into the team whose score falls least
    OFFER = "offer"  # a choice of three
    STAFF = "staff"  # the course staff decide


@dataclass(frozen=True)
class Forming:
    """How teams are formed out of a survey's answers."""

    wishes: tuple[Wish, ...] = ()
    section: str = ""  # a choice question's id: teams never cross its answers
    late: Late = Late.STAFF


@dataclass(frozen=True)
class Charter:
    """What teams are asked to agree on before they begin; no parts: nobody is asked."""

    parts: tuple[CharterPart, ...] = ()
    blocks: bool = False  # nobody drafts before all have signed


@dataclass(frozen=True)
class CharterPart:
    """One line of the agreement: what is to be said there."""

    id: str
    title: str
    hint: str = ""
