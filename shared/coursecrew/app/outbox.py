"""Deliver what use cases recorded: notices in the page, mail, and cells of the gradebook.

Delivery is at least once. Each consumer is idempotent: notices by event and person, cells by their
version, mails by the notice's state. Before anything leaves the house the row is *claimed* by
moving its next try ahead, in a transaction of its own; a worker that dies in between costs time,
not data, and what is sent again is the same value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from coursecrew.app.grading import release_some
from coursecrew.app.notices import INSIDE
from coursecrew.app.ports import Answer, Mail, Ports
from coursecrew.app.records import ACTIVITIES, CELLS, EVENTS, FILLED, NOTICES, PARTICIPANTS, RecordType
from coursecrew.app.reminders import is_still_due, told_enough
from coursecrew.app.teams import members_of, participants_of
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import NotFound, PlatformUnreachable
from coursecrew.domain.events import Event, Kind
from coursecrew.domain.gradebook import Cell, wait_after
from coursecrew.domain.notices import TELLS, Notice, Pace, Telling, To
from coursecrew.domain.nudges import after_quiet
from coursecrew.domain.people import Participant, Role

CLAIM = timedelta(minutes=2)
MOST_TRIES = 8  # of a mail; cells are tried for ever, ever more rarely
MAXIMUM = Decimal(100)

R = TypeVar("R", Event, Cell, Notice)

# Makes a mail out of a notice, in the reader's language; the core's screens provide it.
Compose = Callable[[Ports, Notice, Participant, Activity], Mail]
# What a host does of its own accord when something has happened (a tick in the course outline).
# Called at least once for each event, outside any transaction.
Hear = Callable[[Ports, Event], None]


@dataclass(frozen=True)
class Delivered:
    """What one round did; `more` says that there was more than the round's limit."""

    events: int = 0
    cells: int = 0
    mails: int = 0
    more: bool = False


def deliver(ports: Ports, *, compose: Compose, limit: int = 100, hear: Hear | None = None) -> Delivered:
    """One round of delivery for one tenant: events, then cells, then mails."""
    events = _due(ports, EVENTS, limit, state="waiting")
    for event in events:
        if hear is not None:
            hear(ports, event)
        _deliver_event(ports, event)
    cells = _due(ports, CELLS, limit, state="waiting") if ports.has_gradebook else []
    for cell in cells:
        _deliver_cell(ports, cell)
    mails = _due(ports, NOTICES, limit, mail="waiting") if ports.has_mailer else []
    for notice in mails:
        _deliver_mail(ports, notice, compose)
    more = max(len(events), len(cells), len(mails)) >= limit
    return Delivered(len(events), len(cells), len(mails), more)


def deliver_all(ports: Ports, *, compose: Compose, rounds: int = 1000, hear: Hear | None = None) -> Delivered:
    """Rounds until nothing is due any more."""
    total = Delivered()
    for _ in range(rounds):
        one = deliver(ports, compose=compose, hear=hear)
        if not (one.events or one.cells or one.mails):
            return total
        total = Delivered(
            total.events + one.events, total.cells + one.cells, total.mails + one.mails, one.more
        )
    return total


def _due(ports: Ports, kind: RecordType[R], limit: int, **equal: Any) -> list[R]:
    """Rows whose next try has come, the longest waiting first."""

    def read(unit: UnitOfWork) -> list[R]:
        rows: list[R] = unit.store.find(kind, next_try=FILLED, order="next", limit=limit, **equal)
        return [row for row in rows if row.next_try is not None and row.next_try <= unit.now]

    return run(ports, read)


def _claim(unit: UnitOfWork, kind: RecordType[R], row: R) -> R | None:
    """Move a row's next try ahead, so that no second worker takes it; `None` if one already did."""
    current = unit.store.get(kind, row.id, lock=True)
    if current.version != row.version:
        return None
    return unit.store.save(kind, replace(current, next_try=unit.now + CLAIM))


# --- events become notices ---


def _deliver_event(ports: Ports, event: Event) -> None:
    if event.kind is Kind.GRADES_RELEASED:
        run(ports, _release_rest, event.id)
    run(ports, _tell, event.id)


def _release_rest(unit: UnitOfWork, event_id: str) -> None:
    """Release what the teacher's press did not reach in its own transaction."""
    event = unit.store.get(EVENTS, event_id, lock=True)
    if event.state != "waiting":
        return
    activity = unit.store.get(ACTIVITIES, event.activity)
    people = release_some(unit, activity)
    if people:
        unit.record(
            Kind.GRADES_RELEASED, activity=activity.id, course=activity.course, by=event.by, people=people
        )


def _tell(unit: UnitOfWork, event_id: str) -> None:
    """Write an event's notices, each person once."""
    event = unit.store.get(EVENTS, event_id, lock=True)
    if event.state != "waiting":
        return
    telling = TELLS.get(event.kind, Telling(()))
    item = str(event.detail.get("item", ""))
    for person in _recipients(unit, event, telling.to):
        if unit.store.find(NOTICES, event=event.id, person=person.person, limit=1):
            continue
        if told_enough(unit, telling, event.kind, person.person, item):
            continue
        wants_mail = telling.mail and person.mail
        unit.store.add(
            NOTICES,
            Notice(
                id=unit.new_id(),
                course=event.course,
                activity=event.activity,
                person=person.person,
                event=event.id,
                kind=event.kind,
                at=event.at,
                detail={**_detail_for(event, telling, person.person), "team": event.team, "by": event.by},
                mail="waiting" if wants_mail else "none",
                next_try=_mail_at(unit, telling, person) if wants_mail else None,
                item=item,
            ),
        )
    unit.store.save(EVENTS, replace(event, state="delivered", next_try=None))


def _detail_for(event: Event, telling: Telling, person: str) -> dict[str, Any]:
    """What a notice carries: told to those who are named alone, each carries nobody else's key."""
    if telling.to == (To.PERSON,) and person in event.detail.get("people", ()):
        return {**event.detail, "people": [person]}
    return event.detail


def _mail_at(unit: UnitOfWork, telling: Telling, person: Participant) -> datetime:
    """When a letter may go out: at once, or, for what can wait, not at night on the reader's clock."""
    return unit.now if telling.pace is Pace.EACH else after_quiet(unit.now, _zone(person.zone))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return ZoneInfo("UTC")


def _recipients(unit: UnitOfWork, event: Event, circles: Sequence[To]) -> list[Participant]:
    team: set[str] = set()
    named: set[str] = set()
    if To.TEAM in circles and event.team:
        team = {row.person for row in members_of(unit, event.team)}
    if To.PERSON in circles:
        named = set(event.detail.get("people", ()))
    if event.kind in INSIDE and event.team:
        # A team's own words: also of those who are named, only members who still take part are told.
        inside = {row.person for row in members_of(unit, event.team)}
        team, named = team | (named & inside), set()
    known = participants_of(unit, event.course, (team | named) - {event.by, ""})
    # Whoever is in the team but takes no part any more does not read along either.
    people = [person for key, person in known.items() if key in named or person.takes_part]
    if To.STAFF in circles:
        staff = unit.store.find(
            PARTICIPANTS, course=event.course, role=[Role.INSTRUCTOR.value, Role.TA.value], active=True
        )
        # A TA who was given some teams hears of those.
        people += [one for one in staff if not (event.team and one.teams and event.team not in one.teams)]
    return [person for person in people if person.active and not person.excluded]


# --- cells go to the gradebook ---


def _deliver_cell(ports: Ports, cell: Cell) -> None:
    claimed = run(ports, _claim, CELLS, cell)
    if claimed is None:
        return
    title = run(ports, _title, claimed.activity)
    now = ports.clock.now()
    stamp = claimed.next_stamp(now)
    # The stamp is kept before the send: whoever repeats it after a crash uses a later one.
    claimed = run(ports, _stamped, claimed, stamp)
    if claimed is None:
        return
    try:
        answer = ports.gradebook.send(
            claimed, value=claimed.wanted, maximum=MAXIMUM, stamp=stamp, title=title
        )
    except PlatformUnreachable:
        answer = Answer("later", "unreachable")
    run(ports, _answered, claimed, answer, ports.chance.random())


def _title(unit: UnitOfWork, activity_id: str) -> str:
    return unit.store.get(ACTIVITIES, activity_id).settings.title


def _stamped(unit: UnitOfWork, cell: Cell, stamp: datetime) -> Cell | None:
    current = unit.store.get(CELLS, cell.id, lock=True)
    if current.version != cell.version:
        return None
    return unit.store.save(CELLS, replace(current, stamp=stamp))


def _answered(unit: UnitOfWork, sent: Cell, answer: Answer, jitter: float) -> Cell:
    """Note what the gradebook said; a newer wish that came meanwhile stays waiting."""
    cell = unit.store.get(CELLS, sent.id, lock=True)
    if answer.kind == "ok":
        after = cell.sent(sent.wanted_number, sent.wanted, sent.stamp or unit.now, unit.now)
    elif answer.kind == "refused" and cell.wanted_number == sent.wanted_number:
        after = cell.refused(answer.code)
    elif answer.kind == "older":
        after = cell.later(answer.code, answer.stamp, unit.now, wait=timedelta(seconds=2))
    else:
        wait = wait_after(cell.tries, jitter)
        if answer.wait_seconds is not None:
            wait = max(wait, timedelta(seconds=answer.wait_seconds))
        after = cell.later(answer.code, None, unit.now, wait=wait)
    return unit.store.save(CELLS, after)


# --- notices become mail ---


def _deliver_mail(ports: Ports, notice: Notice, compose: Compose) -> None:
    claimed = run(ports, _claim, NOTICES, notice)
    if claimed is None:
        return
    found = run(ports, _reader, claimed)
    if found is None:
        run(ports, _mailed, claimed, "none", "")
        return
    participant, activity = found
    morning = run(ports, _mail_at, TELLS.get(claimed.kind, Telling(())), participant)
    if morning > ports.clock.now():
        # It was tried in vain until late in the evening, or the reader has moved.
        run(ports, _mail_waits, claimed, morning)
        return
    try:
        outcome = ports.mailer.send(claimed.person, compose(ports, claimed, participant, activity))
    except PlatformUnreachable as error:
        run(ports, _mail_later, claimed, str(error.values.get("reason", "")), ports.chance.random())
    else:
        run(ports, _mailed, claimed, outcome, "")


def _reader(unit: UnitOfWork, notice: Notice) -> tuple[Participant, Activity] | None:
    people = participants_of(unit, notice.course, [notice.person])
    participant = people.get(notice.person)
    if participant is None or not participant.mail or not participant.active:
        return None
    if not is_still_due(unit, notice):
        return None
    try:
        return participant, unit.store.get(ACTIVITIES, notice.activity)
    except NotFound:
        return None


def _mailed(unit: UnitOfWork, notice: Notice, state: str, error: str) -> Notice:
    current = unit.store.get(NOTICES, notice.id)
    return unit.store.save(NOTICES, replace(current, mail=state, next_try=None, error=error))


def _mail_waits(unit: UnitOfWork, notice: Notice, until: datetime) -> Notice:
    current = unit.store.get(NOTICES, notice.id)
    return unit.store.save(NOTICES, replace(current, next_try=until))


def _mail_later(unit: UnitOfWork, notice: Notice, error: str, jitter: float) -> Notice:
    current = unit.store.get(NOTICES, notice.id)
    if current.tries + 1 >= MOST_TRIES:
        return unit.store.save(NOTICES, replace(current, mail="failed", next_try=None, error=error[:255]))
    wait = wait_after(current.tries, jitter)
    return unit.store.save(
        NOTICES,
        replace(current, tries=current.tries + 1, next_try=unit.now + wait, error=error[:255]),
    )
