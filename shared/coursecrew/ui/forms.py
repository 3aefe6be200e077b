"""Form fields to typed values, with every problem named, and the same fields shown again.

A POST screen reads with `Reading`: it collects what could not be read and refuses them all at once.
A GET screen shows with `Fields`: what was typed wins over what is stored, so that no refusal ever
costs anybody their text, and each field knows its own error.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from coursecrew.domain.errors import Invalid, Problem
from coursecrew.ui.http import Request
from coursecrew.ui.reader import Reader

E = TypeVar("E", bound=StrEnum)


class Reading:
    """Reads one submitted form; call `check` before the values are used."""

    def __init__(self, request: Request, reader: Reader) -> None:
        """Moments without a zone are on the reader's clock."""
        self._request = request
        self._reader = reader
        self.problems: list[Problem] = []

    def text(self, name: str, *, most: int = 0, required: str = "") -> str:
        """A text without blanks around it; `required` is the problem's code when it is empty."""
        value = self._request.field(name).replace("\r\n", "\n").strip()
        if required and not value:
            self.problems.append(Problem(name, required))
        if most and len(value) > most:
            self.problems.append(Problem(name, "text_too_long", (("most", most), ("have", len(value)))))
        return value

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number."""
        value = self._request.field(name).strip()
        if not value:
            return default
        try:
            return int(value)
        except ValueError:
            self.problems.append(Problem(name, "not_a_number"))
            return default

    def number(self, name: str, default: Decimal | None = None) -> Decimal | None:
        """A decimal number; a comma does as well as a point."""
        value = self._request.field(name).strip().replace(",", ".")
        if not value:
            return default
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            self.problems.append(Problem(name, "not_a_number"))
            return default
        return number

    def flag(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self._request.field(name))

    def many(self, name: str) -> list[str]:
        """All values of a field that may be there several times."""
        return list(self._request.form.get(name, ()))

    def choice(self, name: str, kind: type[E], default: E | None = None) -> E:
        """One of a fixed set of words."""
        value = self._request.field(name)
        try:
            return kind(value)
        except ValueError:
            if value or default is None:
                self.problems.append(Problem(name, "not_a_choice"))
            return default if default is not None else next(iter(kind))

    def moment(self, name: str) -> datetime | None:
        """A moment from a date-and-time field, on the reader's clock; empty is `None`."""
        value = self._request.field(name).strip()
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.problems.append(Problem(name, "not_a_time"))
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._reader.zone)
        return moment.astimezone(UTC)

    def check(self) -> None:
        """Refuse with every problem found, if there is one."""
        if self.problems:
            raise Invalid(*self.problems)


@dataclass(frozen=True)
class Fields:
    """The fields of a form as they are shown: typed text before stored, errors by name.

    `errors` are whole sentences; `page` fills them from the refusal that a POST met.
    """

    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str, stored: object = "") -> str:
        """What stands in the box."""
        if name in self.typed:
            values = self.typed[name]
            return values[0] if values else ""
        return str(stored)

    def ticked(self, name: str, stored: bool = False) -> bool:  # noqa: FBT001, FBT002 - a stored yes or no
        """Whether the box is ticked; in a typed form an absent box is not."""
        return name in self.typed if self.typed else stored

    def chosen(self, name: str, value: object, stored: object = "") -> bool:
        """Whether this is the choice that is marked."""
        return self.value(name, stored) == str(value)

    def includes(self, name: str, value: str, stored: Collection[str] = ()) -> bool:
        """Whether one of several boxes of that name is ticked; in a typed form an absent one is not."""
        return value in self.typed.get(name, ()) if self.typed else value in stored

    def error(self, name: str) -> str:
        """The sentence under the field, or nothing."""
        return self.errors.get(name, "")


def local_value(reader: Reader, moment: datetime | None) -> str:
    """A moment as a date-and-time field wants it, on the reader's clock."""
    return f"{reader.here(moment):%Y-%m-%dT%H:%M}" if moment else ""
