"""`run` joins a host's ports and a use case: one transaction, retries, request key, outbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random  # noqa: TID251 - the type only; chance is made in system.py
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from coursecrew.app.ports import Ports, Store
from coursecrew.app.records import BY_TABLE, EVENTS, REQUEST_KEYS, RequestKey
from coursecrew.domain.errors import AlreadyExists, StaleWrite
from coursecrew.domain.events import Event, Kind

P = ParamSpec("P")
T = TypeVar("T")
TRIES = 3
KEYS_LAST = timedelta(days=2)


@dataclass
class UnitOfWork:
    """What a use case may touch: rows, the moment, ids and chance. Nothing that reaches outside.

    So it cannot send mail or call a platform by accident, and may safely be run again.
    """

    store: Store
    now: datetime
    new_id: Callable[[], str]
    chance: Random
    nudges: bool = False
    forms: bool = False  # a formation waits to be worked on

    def record(
        self, kind: Kind, *, activity: str, course: str, by: str, team: str = "", **detail: Any
    ) -> Event:
        """Write what has happened into the outbox, in this very transaction."""
        event = Event(
            id=self.new_id(), activity=activity, course=course, kind=kind, by=by, at=self.now, team=team,
            detail=detail, next_try=self.now,
        )  # fmt: skip
        self.nudges = True
        return self.store.add(EVENTS, event)


def run(
    ports: Ports, use_case: Callable[Concatenate[UnitOfWork, P], T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run a use case in one transaction; on `StaleWrite` again in a new one, at most three times.

    A unique clash that the use case did not expect means that somebody was faster, too.
    """
    now = ports.clock.now()
    for attempt in range(1, TRIES + 1):
        try:
            with ports.transaction() as store:
                unit = UnitOfWork(store, now, ports.ids.new, ports.chance)
                result = use_case(unit, *args, **kwargs)
        except (StaleWrite, AlreadyExists):
            if attempt == TRIES:
                raise StaleWrite() from None
            ports.pause(ports.chance.uniform(0.01, 0.05) * attempt)
        else:
            if unit.nudges:
                ports.queue.nudge()
            if unit.forms:
                ports.queue.form()
            return result
    raise AssertionError("unreachable")


def once(
    ports: Ports,
    person: str,
    request_key: str,
    use_case: Callable[Concatenate[UnitOfWork, P], T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Like `run`, but the same `request_key` of a person has one effect and the same answer.

    Without a key (an old page, a script) it is plain `run`. The answer kept is a record's table
    and id, or a plain JSON value.
    """
    if not request_key:
        return run(ports, use_case, *args, **kwargs)

    def keyed(unit: UnitOfWork, /, *inner: P.args, **more: P.kwargs) -> T:
        found = unit.store.find(REQUEST_KEYS, person=person, key=request_key, limit=1)
        if found:
            return cast("T", _recalled(unit.store, found[0].answer))
        result = use_case(unit, *inner, **more)
        unit.store.add(
            REQUEST_KEYS, RequestKey(unit.new_id(), person, request_key, unit.now, _remembered(result))
        )
        return result

    return run(ports, keyed, *args, **kwargs)


def _remembered(result: Any) -> dict[str, Any]:
    for kind in BY_TABLE.values():
        if type(result) is kind.build:
            return {"table": kind.table, "id": result.id}
    return {"value": result}


def _recalled(store: Store, answer: dict[str, Any]) -> Any:
    if "table" in answer:
        return store.get(BY_TABLE[answer["table"]], answer["id"])
    return answer["value"]
