"""The tick of the course outline: a learner has completed the block once their team handed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from coursecrew.app.ports import Ports
from coursecrew.app.records import ACTIVITIES, BYLINES, SUBMISSIONS
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.events import Event, Kind
from coursecrew_openedx.people import accounts_of
from coursecrew_openedx.settings import stand_in

COMPLETES = frozenset({Kind.WORK_SUBMITTED, Kind.WORK_CONFIRMED})


class Completions(Protocol):
    """Where completions of one block go."""

    def complete(self, place: str, accounts: Sequence[Any]) -> None:
        """Mark the block complete for these accounts; again is no harm."""
        ...


class PlatformCompletions:
    """The LMS around us."""

    def complete(self, place: str, accounts: Sequence[Any]) -> None:
        """Mark the block complete for others than the person who clicks, too."""
        from completion.services import CompletionService
        from opaque_keys.edx.keys import UsageKey

        usage_key = UsageKey.from_string(place)
        for account in accounts:
            service = CompletionService(account, usage_key.context_key)
            if service.completion_tracking_enabled():  # switched off, the call below raises
                service.submit_completion(usage_key, 1.0)


def completions() -> Completions | None:
    """The platform's completions, or the stand-in that the settings name; `None` without either."""
    found: Completions | None = stand_in("completions")
    if found is not None:
        return found
    try:
        import completion.services  # noqa: F401 - only whether it is there
    except ImportError:
        return None
    return PlatformCompletions()


def complete(ports: Ports, event: Event) -> None:
    """Mark the block complete for everybody whose name stands on the work just handed in."""
    if event.kind not in COMPLETES:
        return
    sink = completions()
    if sink is None:
        return
    place, people = run(ports, _handed_in, event)
    accounts = accounts_of(people)
    if accounts:
        sink.complete(place, list(accounts.values()))


def _handed_in(unit: UnitOfWork, event: Event) -> tuple[str, list[str]]:
    activity = unit.store.get(ACTIVITIES, event.activity)
    latest = unit.store.find(SUBMISSIONS, activity=activity.id, team=event.team, state="in_force")
    if not latest:
        return activity.place, []
    rows = unit.store.find(BYLINES, activity=activity.id, submission=latest[-1].id, in_force=True)
    return activity.place, [row.person for row in rows]
