"""What a refusal says: its status and its sentences."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """A refusal's status and its two sentences: what happened (read first), what to do next."""

    status: int
    happened: str
    next: str = ""
    tone: str = "wait"  # the notice's ground: wait, or bad where something is over for good
