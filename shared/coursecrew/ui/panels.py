"""What the next step panel and the step list show; templates draw it (`panel`, `steps`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Face = tuple[str, bool]  # a name for initials, and whether it is the reader


@dataclass(frozen=True)
class Press:
    """Something to press: a link to a screen, or (`post`) a form of one button."""

    text: str
    path: str
    look: str = "primary"
    post: bool = False
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reminder:
    """A press that reminds somebody, or, without values, why there is none now."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Wait:
    """Who waits for whom: initials, and a sentence that is complete without them."""

    sentence: str
    who: Sequence[Face] = ()
    for_whom: Sequence[Face] = ()
    sign: str = "waiting"  # the icon where nobody's initials stand
    quiet: bool = False
    reminders: Sequence[Reminder] = ()  # whom one may remind of it


@dataclass(frozen=True)
class Panel:
    """The first thing on a screen: what is next, until when, and who waits."""

    label: str
    heading: str
    lines: Sequence[str] = ()
    actions: Sequence[Press] = ()
    waits: Sequence[Wait] = ()


@dataclass(frozen=True)
class StepLine:
    """One step of the assignment; `state` is done, now, missed or later."""

    name: str
    state: str
    when: str = ""
    more: str = ""
