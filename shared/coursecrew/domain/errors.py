"""Refusals: the only exceptions that use cases raise on purpose.

A refusal has a stable `code`, which decides status and sentence (`ui/errors.py`), and the values
that the sentence names. Nothing is stored when one is raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Refusal(Exception):  # noqa: N818 - the word of the classroom, not of the language
    """Somebody asked for something that the rules do not give."""

    def __init__(self, code: str, *, field: str | None = None, **values: Any) -> None:
        """Name the refusal by `code`; `values` are what its sentence says, `field` where it stands."""
        super().__init__(code, field, values)
        self.code = code
        self.field = field
        self.values = values


class NotAllowed(Refusal):
    """The permission table says no, or has no rule."""

    def __init__(self, action: str = "", **values: Any) -> None:
        super().__init__("not_allowed", action=action, **values)


class NotFound(Refusal):
    """Nothing of that name in this course or tenant."""

    def __init__(self, what: str = "", **values: Any) -> None:
        super().__init__("not_found", what=what, **values)


class NotOpen(Refusal):
    """The step has not begun."""

    def __init__(self, step: str, **values: Any) -> None:
        super().__init__("not_open", step=step, **values)


class Closed(Refusal):
    """The step is over, extension and grace counted."""

    def __init__(self, step: str, **values: Any) -> None:
        super().__init__("closed", step=step, **values)


class TeamFull(Refusal):
    """The last seat went to somebody else."""

    def __init__(self, **values: Any) -> None:
        super().__init__("team_full", **values)


class AlreadyDecided(Refusal):
    """Somebody, perhaps the same person, decided this before."""

    def __init__(self, **values: Any) -> None:
        super().__init__("already_decided", **values)


class Conflict(Refusal):
    """A rule of the classroom stands against it; the code says which."""


class Stale(Refusal):
    """The person saw an older version, and the edits overlap; both texts are in `values`."""

    def __init__(self, **values: Any) -> None:
        super().__init__("stale", **values)


class StaleWrite(Refusal):
    """Another transaction changed the row first; `run` tries again before a person sees this."""

    def __init__(self, **values: Any) -> None:
        super().__init__("stale_write", **values)


class AlreadyExists(Refusal):
    """A unique rule of the store was met."""

    def __init__(self, **values: Any) -> None:
        super().__init__("already_exists", **values)


class TooLarge(Refusal):
    """An upload above the limit."""

    def __init__(self, **values: Any) -> None:
        super().__init__("too_large", **values)


class WrongFileType(Refusal):
    """An upload of a kind that is not accepted."""

    def __init__(self, **values: Any) -> None:
        super().__init__("file_type", **values)


class SlowDown(Refusal):
    """Too many requests; `seconds` says when the next may come."""

    def __init__(self, seconds: int, **values: Any) -> None:
        super().__init__("slow_down", seconds=seconds, **values)


class PlatformUnreachable(Refusal):
    """A member list or gradebook does not answer."""

    def __init__(self, **values: Any) -> None:
        super().__init__("platform_unreachable", **values)


@dataclass(frozen=True)
class Problem:
    """One field that is missing or wrong: the sentence's `code` and its values."""

    field: str
    code: str
    values: tuple[tuple[str, object], ...] = ()


class Invalid(Refusal):
    """Fields missing or wrong, each named."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("invalid", field=problems[0].field if problems else None)
        self.problems = problems
