"""Request and Response without a framework; hosts translate theirs into these and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO


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


@dataclass(frozen=True)
class Next:
    """What a POST screen answers when it is done: the path to show, and the sentence to say."""

    path: str
    said: str = ""


@dataclass(frozen=True)
class Route:
    """A method and path, and the screen that answers.

    `<name>` in the path stands for one segment and becomes an argument of the screen. `form` names
    the path that shows the form of a POST: a refusal renders it again, the typed text kept. A `light`
    screen is asked for often: it enters no activity, and checks by itself who may look.
    """

    method: str
    path: str
    screen: Callable[..., Any]
    form: str = ""
    light: bool = False


def get(path: str, screen: Callable[..., Response], *, light: bool = False) -> Route:
    """A screen that shows; it changes nothing that matters."""
    return Route("GET", path, screen, light=light)


def post(path: str, screen: Callable[..., Next | Response], *, form: str) -> Route:
    """A screen that changes something; `form` is the path whose screen shows its form."""
    return Route("POST", path, screen, form)
