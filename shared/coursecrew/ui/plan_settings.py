"""The part of the settings about the way there: milestones and check-ins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coursecrew.domain.activities import Settings
from coursecrew.domain.errors import Problem
from coursecrew.domain.plans import MOST_MILESTONES
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Request


@dataclass(frozen=True)
class MilestoneRow:
    """A row of the form for a milestone; a blank one adds."""

    number: int
    id: str = ""
    title: str = ""
    due: datetime | None = None


def milestone_rows(stored: Settings) -> list[MilestoneRow]:
    """The milestones as the author wrote them, and one row to add another."""
    found = [
        MilestoneRow(number, m.id, m.title, m.due) for number, m in enumerate(stored.milestones, start=1)
    ]
    if len(found) < MOST_MILESTONES:
        found.append(MilestoneRow(len(found) + 1))
    return found


def way_there(request: Request, reading: Reading, old: dict[str, Any]) -> dict[str, Any]:
    """What the form says about milestones and check-ins, as places of the settings document.

    A form without this part leaves it as it was.
    """
    if "way_shown" not in request.form:
        return {}
    return {
        "milestones": list(_milestones(reading)),
        "check_in": {
            **old["check_in"],
            "on": reading.flag("check_in_on"),
            "every_days": reading.whole("check_in_days", 7),
        },
    }


def _milestones(reading: Reading) -> Iterator[dict[str, Any]]:
    """In the form's order; a row with neither name nor date is left out, a new one gets a free id."""
    numbers = range(1, MOST_MILESTONES + 2)
    taken = {reading.text(f"milestone_id-{number}") for number in numbers}
    for number in numbers:
        id = reading.text(f"milestone_id-{number}")
        title, due = reading.text(f"milestone_title-{number}"), reading.moment(f"milestone_due-{number}")
        if not title and due is None:
            continue
        if not title:
            reading.problems.append(Problem(f"milestone_title-{number}", "milestone_title_missing"))
            continue
        if not id:
            id = next(free for n in range(1, 99) if (free := f"m{n}") not in taken)
            taken.add(id)
        yield {"id": id, "title": title, "due": due.isoformat() if due else None}
