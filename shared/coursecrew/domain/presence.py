"""Who has a team's draft open now: short-lived marks, renewed while a page is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

ASK_EVERY = timedelta(seconds=20)  # how often an open page asks who is here
RENEW_AFTER = timedelta(seconds=60)  # an older mark is renewed, and rights are checked in full again
STAFF_READS = ":staff"  # the part of somebody of the course staff who opened the draft
HERE_FOR = timedelta(seconds=100)  # a mark not renewed for so long is no longer somebody who is here


@dataclass(frozen=True)
class Presence:
    """One member who has the draft open, and the part they are in; or staff, who opened it to read.

    It names the person itself, so that asking who is here is one look at these rows.
    """

    id: str
    activity: str
    team: str
    person: str
    name: str
    part: str  # id of a prompt, `STAFF_READS`, or ""
    seen_at: datetime
    version: int = 1

    def is_here(self, now: datetime) -> bool:
        """Whether the page was still open a moment ago."""
        return now - self.seen_at <= HERE_FOR

    def is_fresh(self, now: datetime, part: str) -> bool:
        """Whether the mark needs no renewing."""
        return self.part == part and now - self.seen_at < RENEW_AFTER
