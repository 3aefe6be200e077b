"""The identity card: what a person shows of themselves to team-mates, mentor and course staff."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.people import one_line

NAME_LENGTH = 60
PRONOUNS_LENGTH = 40
HELPS_LENGTH = 200
LINK_LENGTH = 200
# What can be kept hidden; the name cannot: people who work together must know each other.
HIDEABLE = ("pronouns", "helps", "link")


@dataclass(frozen=True)
class IdentityCard:
    """What somebody wrote on their card, with the fields they keep to themselves."""

    id: str
    course: str
    person: str
    chosen_name: str = ""
    pronouns: str = ""
    helps: str = ""  # "I can help with"
    link: str = ""
    hidden: tuple[str, ...] = ()
    at: datetime | None = None
    version: int = 1

    def shown(self, field: str) -> str:
        """A field as others see it: nothing when it is hidden."""
        return "" if field in self.hidden else str(getattr(self, field))


@dataclass(frozen=True)
class Wanted:
    """What a person wants on their card, checked."""

    chosen_name: str
    pronouns: str
    helps: str
    link: str
    hidden: tuple[str, ...]


def checked_card(*, chosen_name: str, pronouns: str, helps: str, link: str, hidden: Iterable[str]) -> Wanted:
    """The fields in one line each; refused where one is too long or the link is no web address."""
    fields = {
        "chosen_name": (one_line(chosen_name), NAME_LENGTH),
        "pronouns": (one_line(pronouns), PRONOUNS_LENGTH),
        "helps": (one_line(helps), HELPS_LENGTH),
        "link": (one_line(link), LINK_LENGTH),
    }
    problems = [
        Problem(name, "text_too_long", (("most", most), ("have", len(text))))
        for name, (text, most) in fields.items()
        if len(text) > most
    ]
    if fields["link"][0] and not _is_web_address(fields["link"][0]):
        problems.append(Problem("link", "not_a_link"))
    if problems:
        raise Invalid(*problems)
    kept = {name: text for name, (text, _most) in fields.items()}
    return Wanted(**kept, hidden=tuple(name for name in HIDEABLE if name in set(hidden)))


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
