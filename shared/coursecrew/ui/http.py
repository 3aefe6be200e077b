"""Request and Response without a framework; hosts translate theirs into these and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO


@dataclass(frozen=True)
class Upload:
    """One file of a form."""

    name: str
    content: BinaryIO
    size: int


@dataclass(frozen=True)
class Request:
    """What a person's browser asks of a screen.

    `path` is ours, below the host's handler address: "team", "draft/save", "grading/<work>".
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Sequence[Upload]] = field(default_factory=dict)
    if_none_match: str = ""

    def field(self, name: str, default: str = "") -> str:
        """The first value of a form field."""
        values = self.form.get(name)
        return values[0] if values else default


@dataclass(frozen=True)
class Response:
    """What a host sends back; `body` is a part of a page unless `kind` says otherwise."""

    body: str | bytes | BinaryIO = ""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
