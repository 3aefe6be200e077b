"""A team's files and links: what is added to the draft, and what was sealed into a submission."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.people import one_line

MOST_FILES = 20  # files and links together
LONGEST_LINK = 2000
LINK = "link"  # the kind of a row that is an address, not bytes


@dataclass(frozen=True)
class TeamFile:
    """One file of a team in one activity, or a link to a document elsewhere.

    The row belongs to the team: it stays when its uploader leaves. A file that was sealed into a
    submission is kept for its readers also after it was taken out of the draft (`gone_at`).
    """

    id: str
    course: str
    activity: str
    team: str
    name: str
    kind: str  # media type by content, or "link"
    size: int  # bytes as they are kept; 0 for a link
    checksum: str  # SHA-256 of the bytes as they are kept, "" for a link
    stored: str  # the random name under which `Files` keeps the bytes, "" for a link
    link: str  # the address, "" for a file
    cleaned: bool  # location and camera data were taken out of a picture
    by: str
    at: datetime
    state: str = "here"  # in the draft, or "gone"
    gone_at: datetime | None = None
    version: int = 1

    @property
    def is_link(self) -> bool:
        """Whether it leads to a document elsewhere, which may change after handing in."""
        return self.kind == LINK


@dataclass(frozen=True)
class SealedFile:
    """One file of one submission; who reads the submission reads the file."""

    id: str
    submission: str
    file: str


def checked_link(address: str) -> str:
    """A web address as one can hand it in; refused if it is none."""
    address = address.strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    broken = re.search(r"[\s\x00-\x1f\x7f<>\"\\^`{|}]", address) or parts.username or parts.password
    if parts.scheme not in ("http", "https") or not parts.hostname or broken or len(address) > LONGEST_LINK:
        raise Invalid(Problem("link", "not_a_link", (("most", LONGEST_LINK),)))
    return address


def link_name(name: str, address: str) -> str:
    """What the row of a link is called: what somebody typed, or the address without its scheme."""
    return one_line(name)[:200] or address.partition("://")[2][:200]
