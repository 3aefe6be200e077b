"""What a screen works with: ports, who is looking, which activity, and the house around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from coursecrew.app.activities import Entered, Placed
from coursecrew.app.ports import Ports
from coursecrew.domain.activities import Activity, Settings
from coursecrew.domain.errors import Refusal
from coursecrew.domain.people import Actor
from coursecrew.ui.reader import Reader, zone


def _no_file_url(_id: str) -> str:
    return ""


@dataclass(frozen=True)
class Shell:
    """What the house around a part offers: the one place where hosts differ towards screens.

    `keep_settings` is where a settings form saves to when the platform's own editor keeps the
    document (Studio): it takes the document; `None` where settings are kept with the activity.
    `points` tells what the activity counts for, where that editor is the place to say so; the saved
    document then carries it under that name. `own_files` are the beginnings of addresses under which
    the platform itself keeps an author's pictures. `largest_upload` is the host's own limit in bytes.
    """

    heading: int = 1  # level of a screen's first heading
    platform: str = ""  # what people call the platform: "Moodle", "Open edX"
    file_url: Callable[[str], str] = _no_file_url  # file id -> address, good for this person
    keep_settings: Callable[[Mapping[str, Any]], None] | None = None
    largest_upload: int = 20_000_000
    in_studio: bool = False
    points: Callable[[], Decimal] | None = None
    own_files: tuple[str, ...] = ()
    privacy_url: str = ""


@dataclass(frozen=True)
class Scene:
    """One person in one activity, in one request."""

    ports: Ports
    actor: Actor
    placed: Placed
    shell: Shell = field(default_factory=Shell)
    entered: Entered | None = None  # filled by `routes.serve`
    refusal: Refusal | None = None  # what the POST before this form was refused for
    posted: str = ""  # the path of that POST
    said: str = ""  # the sentence that the POST before this part asked to say
    path: str = ""  # the path of the part being made

    @property
    def activity(self) -> Activity:
        """The activity in force."""
        if self.entered is None:
            raise LookupError("no activity has been entered")
        return self.entered.activity

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.activity.settings

    @property
    def reader(self) -> Reader:
        """Language and zone of whoever looks, at this moment."""
        return Reader(self.actor.language or "en", zone(self.actor.zone), self.ports.clock.now())
