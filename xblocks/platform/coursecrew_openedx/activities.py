"""Where an activity stands: from the block at hand, or from our rows with no block at hand."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from coursecrew.app.activities import Placed
from coursecrew.app.records import ACTIVITIES
from coursecrew.domain.errors import NotFound

NAME_LENGTH = 80


def placed(block: Any, kind: str) -> Placed:
    """The place of a block and what its author wishes.

    The settings document is the wish; what is in force is kept with the activity. An untouched
    block has an empty document, and the words of its title only.
    """
    due, extra = due_of(block)
    return Placed(
        course=course_of(block),
        course_title="",
        place=str(block.scope_ids.usage_id),
        name=short_name(block.scope_ids.usage_id),
        kind=kind,
        title=block.display_name or "",
        wish={**block.settings, "title": block.display_name or ""},
        due=due,
        extra=extra,
    )


def course_of(block: Any) -> str:
    """The text of the course key: of the usage key, or where a runtime has none, what it says."""
    key = getattr(block.scope_ids.usage_id, "context_key", None)
    return str(key if key is not None else getattr(block, "course_id", ""))


def short_name(usage_id: Any) -> str:
    """The name of a block within its course, the same after a re-run or an import."""
    name = str(getattr(usage_id, "block_id", usage_id))
    if len(name) <= NAME_LENGTH:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: NAME_LENGTH - 17]}-{mark}"


def due_of(block: Any) -> tuple[datetime | None, timedelta]:
    """The due date that holds for everybody, and the time this one person was given beyond it.

    The bound block's own `due` carries a personal extension; what everybody has only the platform's
    dates know. In the settings in force everybody must find the same date.
    """
    own = _aware(getattr(block, "due", None))
    if own is None:
        return None, timedelta(0)
    try:
        from edx_when.api import get_date_for_block
    except ImportError:
        return own, timedelta(0)
    key = block.scope_ids.usage_id
    everybody = _aware(get_date_for_block(key.context_key, key, "due"))
    if everybody is None:  # a date relative to enrolment: each person's own, so nobody else's
        return None, timedelta(0)
    return everybody, max(own - everybody, timedelta(0))


def _aware(moment: Any) -> datetime | None:
    """Only aware moments count: the workbench puts the present second, without a zone, into blocks."""
    return moment if isinstance(moment, datetime) and moment.tzinfo is not None else None


def place_of(activity_id: str) -> str | None:
    """The usage key of an activity, with no block at hand; `None` if there is no such activity."""
    from coursecrew_openedx.store import transaction

    try:
        with transaction() as store:
            return store.get(ACTIVITIES, activity_id).place
    except NotFound:
        return None
