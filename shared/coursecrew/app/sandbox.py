"""The sandbox: write, show to whom one chooses, answer, put into the draft, delete, break the glass.

Nothing here leaves a word anywhere else: events, notices and request keys carry ids alone, and no
list, count, export or search of the staff reads these rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coursecrew.app.bonds import mentor_subject, mentored_by, mentors_of
from coursecrew.app.records import (
    ACTIVITIES,
    DRAFTS,
    GLASSES,
    PARTICIPANTS,
    SANDBOX_FILES,
    SANDBOX_ITEMS,
    SANDBOX_REMARKS,
    SANDBOX_YES,
    WORKS,
)
from coursecrew.app.submissions import save_draft
from coursecrew.app.teams import Standing, members_of, participants_of, standing, team_here
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Conflict, Invalid, NotFound, Problem, Stale
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant, unturned
from coursecrew.domain.permissions import Action, Subject, is_allowed, require
from coursecrew.domain.sandbox import (
    GLASS_LASTS,
    REMARK_LENGTH,
    Audience,
    Glass,
    Item,
    Reader,
    Remark,
    SandboxFile,
    Saying,
    Yes,
    checked_item,
    checked_reason,
    may_delete,
    may_read,
    may_write,
)
from coursecrew.domain.team_files import MOST_FILES

MOST_ITEMS = 200  # of one person in one activity
SHOWN = 50


# --- who stands where ---


def _at(unit: UnitOfWork, actor: Actor, activity_id: str) -> tuple[Activity, Standing, Reader]:
    """The activity, and where the actor stands towards any item in it now.

    Whoever no longer takes part is in no team here, though a membership may still name them.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    known = here.participant
    team = here.team.id if here.team and here.subject.takes_part else ""
    mentors: set[str] = set()
    if known and known.active and not known.excluded:
        bonds = mentored_by(unit, here.team_set.id, actor.person)
        mentors = {row.team for row in bonds if here.team is None or row.team != here.team.id}
    return activity, here, Reader(actor.person, team, mentors)


def _item(unit: UnitOfWork, activity: Activity, item_id: str, *, lock: bool = False) -> Item:
    item = unit.store.get(SANDBOX_ITEMS, item_id, lock=lock)
    if item.activity != activity.id:
        raise NotFound("sandbox")
    return item


def at_item(
    unit: UnitOfWork, actor: Actor, activity_id: str, item_id: str, *, lock: bool = False
) -> tuple[Item, Reader, Standing]:
    """An item, and where the actor stands towards it now; rights are the caller's to check."""
    activity, here, reader = _at(unit, actor, activity_id)
    return _item(unit, activity, item_id, lock=lock), reader, here


def must_be_named(actor: Actor, *, named: bool) -> None:
    """Refuse whoever the item is not meant for."""
    require(actor, Action.READ_SANDBOX, Subject(named=named))


# --- reading ---


@dataclass(frozen=True)
class Sandbox:
    """What of the sandbox is meant for one person: their own, their team's, and what names them."""

    here: Standing
    own: tuple[Item, ...]
    team: tuple[Item, ...]
    named: tuple[Item, ...]  # as mentor
    files: dict[str, tuple[SandboxFile, ...]]
    people: dict[str, Participant]
    opened: tuple[Glass, ...]  # when an administrator opened the person's sandbox
    more: bool


def look_at_sandbox(unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "") -> Sandbox:
    """A page of what is meant for the actor, newest first: a fixed number of queries.

    `after` is the last of one's own items on the page before; the others' are shown on the first.
    """
    activity, here, reader = _at(unit, actor, activity_id)
    last = _own(unit, activity, actor, after) if after else None
    own = unit.store.find(
        SANDBOX_ITEMS, activity=activity.id, person=actor.person, order="newest", after=last, limit=SHOWN + 1
    )
    shared, named = [], []
    if reader.team and not after:
        shared = unit.store.find(
            SANDBOX_ITEMS, activity=activity.id, team=reader.team, audience=_of_team(), order="newest",
            limit=SHOWN,
        )  # fmt: skip
    if reader.mentors and not after:
        named = unit.store.find(
            SANDBOX_ITEMS, activity=activity.id, team=sorted(reader.mentors), audience=_of_mentors(),
            order="newest", limit=SHOWN,
        )  # fmt: skip
    mine = [row for row in own[:SHOWN] if may_read(row, reader)]
    theirs = [row for row in shared if row.person != actor.person and may_read(row, reader)]
    for_me = [row for row in named if row.person != actor.person and may_read(row, reader)]
    if actor.looks_on or not (mine or theirs or for_me):
        require(actor, Action.USE_SANDBOX, here.subject)
    people = participants_of(
        unit, activity.course, {row.person for row in (*theirs, *for_me)} | _writers(mine)
    )
    opened = unit.store.find(GLASSES, activity=activity.id, person=actor.person, limit=SHOWN)
    files = files_of_items(unit, [row.id for row in (*mine, *theirs, *for_me)])
    return Sandbox(
        here, tuple(mine), tuple(theirs), tuple(for_me), files, people, tuple(opened), more=len(own) > SHOWN
    )


def _own(unit: UnitOfWork, activity: Activity, actor: Actor, item_id: str) -> Item:
    item = _item(unit, activity, item_id)
    must_be_named(actor, named=item.person == actor.person)
    return item


def _of_team() -> list[str]:
    return [one.value for one in Audience if one.has_team]


def _of_mentors() -> list[str]:
    return [one.value for one in Audience if one.has_mentor]


def _writers(items: Sequence[Item]) -> set[str]:
    return {person for item in items for person in item.authors}


def files_of_items(unit: UnitOfWork, items: Sequence[str]) -> dict[str, tuple[SandboxFile, ...]]:
    """The files of some items, oldest first; rights are the caller's to check."""
    found: dict[str, tuple[SandboxFile, ...]] = {}
    ids = list(items)
    rows = unit.store.find(SANDBOX_FILES, item=ids, limit=MOST_FILES * len(ids)) if ids else []
    for row in rows:
        found[row.item] = (*found.get(row.item, ()), row)
    return found


def readable_sandbox_file(unit: UnitOfWork, actor: Actor, course: str, row: SandboxFile) -> SandboxFile:
    """A file of the sandbox, for the item's audience; for an administrator while the glass is open."""
    if not row.item:
        raise NotFound("file")
    item, reader, here = at_item(unit, actor, row.activity, row.item)
    if here.team_set.course != course:
        raise NotFound("file")
    if is_allowed(actor, Action.BREAK_GLASS) and not may_read(item, reader):
        glasses = unit.store.find(GLASSES, activity=row.activity, person=item.person, limit=200)
        if any(one.by == actor.person and unit.now < one.until for one in glasses):
            return row
    must_be_named(actor, named=may_read(item, reader))
    return row


def items_for_mentor(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str) -> list[Item]:
    """What people of a team show the actor, who mentors it."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    team = team_here(unit, activity, team_id)
    here = standing(unit, actor, activity)
    subject = mentor_subject(unit, actor, here, team.id)
    require(actor, Action.READ_AS_MENTOR, subject)
    rows = unit.store.find(
        SANDBOX_ITEMS, activity=activity.id, team=team.id, audience=_of_mentors(), order="newest", limit=SHOWN
    )
    reader = Reader(actor.person, "", {team.id})
    return [row for row in rows if may_read(row, reader)]


@dataclass(frozen=True)
class Shown:
    """One item as somebody of its audience sees it."""

    here: Standing
    item: Item
    remarks: tuple[Remark, ...]
    files: tuple[SandboxFile, ...]
    people: dict[str, Participant]
    agreed: frozenset[str]  # authors who said yes to this state of it
    gone: frozenset[str]  # authors who are no longer in the team
    may_write: bool
    may_delete: bool
    may_promote: bool
    is_author: bool


def look_at_item(unit: UnitOfWork, actor: Actor, activity_id: str, item_id: str) -> Shown:
    """An item, for whoever its writer chose and nobody else."""
    activity, here, reader = _at(unit, actor, activity_id)
    item = _item(unit, activity, item_id)
    must_be_named(actor, named=may_read(item, reader))
    remarks = tuple(unit.store.find(SANDBOX_REMARKS, item=item.id, limit=500))
    members = {row.person for row in members_of(unit, item.team)} if item.team else {item.person}
    files = files_of_items(unit, [item.id]).get(item.id, ())
    people = participants_of(
        unit,
        activity.course,
        {
            item.person,
            item.edited_by,
            *(row.by for row in files),
            *item.authors,
            *item.mentors,
            *(row.person for row in remarks),
        },
    )
    writes = may_write(item, reader)
    return Shown(
        here,
        item,
        remarks,
        files,
        people,
        frozenset(_agreed(unit, item)),
        frozenset(item.authors) - members if item.audience.has_team else frozenset(),
        may_write=writes,
        may_delete=may_delete(item, reader, members),
        may_promote=writes and here.team is not None and is_allowed(actor, Action.WRITE_DRAFT, here.subject),
        is_author=actor.person in item.authors,
    )


def _agreed(unit: UnitOfWork, item: Item) -> set[str]:
    rows = unit.store.find(SANDBOX_YES, item=item.id, limit=200)
    return {row.person for row in rows if row.number == item.number}


# --- writing ---


@dataclass(frozen=True)
class _For:
    """An audience as it stands now: the team, and the mentors whom it names."""

    audience: Audience
    team: str
    mentors: tuple[str, ...]


def _chosen(unit: UnitOfWork, here: Standing, audience: Audience) -> _For:
    team = here.team.id if here.team else ""
    if audience is Audience.ME:
        return _For(audience, "", ())
    if not team:
        raise Conflict("sandbox_no_team", field="audience")
    mentors = tuple(row.person for row in mentors_of(unit, team)) if audience.has_mentor else ()
    if audience.has_mentor and not mentors:
        raise Conflict("sandbox_no_mentor", field="audience")
    return _For(audience, team, mentors)


def add_item(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    *,
    title: str,
    text: str,
    audience: Audience = Audience.ME,
    holds: bool = False,
) -> str:
    """Put something into the sandbox; without a choice only for oneself. Returns its id."""
    activity, here, _reader = _at(unit, actor, activity_id)
    require(actor, Action.USE_SANDBOX, here.subject)
    title, text = checked_item(title, text)
    if unit.store.count(SANDBOX_ITEMS, activity=activity.id, person=actor.person) >= MOST_ITEMS:
        raise Conflict("sandbox_full", most=MOST_ITEMS)
    chosen = _chosen(unit, here, audience)
    item = unit.store.add(
        SANDBOX_ITEMS,
        Item(
            unit.new_id(), activity.id, actor.person, chosen.team, chosen.audience, chosen.mentors,
            (actor.person,), title, text, 1, holds, unit.now, unit.now, actor.person,
        ),
    )  # fmt: skip
    _tell_new(unit, activity, actor, None, item)
    return item.id


def change_item(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    item_id: str,
    *,
    title: str,
    text: str,
    audience: Audience,
    holds: bool,
    seen: int,
) -> str:
    """Change an item; who sees it is for its first writer to say.

    `seen` is the number on the form; somebody else's save in between is refused, nothing is lost.
    """
    activity, here, reader = _at(unit, actor, activity_id)
    item = _item(unit, activity, item_id, lock=True)
    must_be_named(actor, named=may_write(item, reader))
    title, text = checked_item(title, text)
    if item.number != seen:
        raise Stale(what="sandbox", by=item.edited_by, at=item.edited_at, seen=item.number, clashes=[])
    first = item.person == actor.person
    chosen = _For(item.audience, item.team, item.mentors)
    if first and (audience is not item.audience or audience.has_mentor):
        if item.audience.has_team and not audience.has_team and set(item.authors) != {actor.person}:
            raise Conflict("sandbox_shared_writing", field="audience")
        chosen = _chosen(unit, here, audience)
    wrote = (title, text) != (item.title, item.text)
    authors = item.authors if not wrote or actor.person in item.authors else (*item.authors, actor.person)
    new = replace(
        item, title=title, text=text, audience=chosen.audience, team=chosen.team, mentors=chosen.mentors,
        authors=authors, holds=holds if first else item.holds,
    )  # fmt: skip
    if new == item:
        return item.id
    new = replace(new, number=item.number + 1, edited_at=unit.now, edited_by=actor.person)
    unit.store.save(SANDBOX_ITEMS, new)
    _tell_new(unit, activity, actor, item, new)
    return item.id


def _tell_new(unit: UnitOfWork, activity: Activity, actor: Actor, old: Item | None, new: Item) -> None:
    """Tell those who see the item from now on that there is one; not a word of it."""
    before = _audience(unit, old) if old else set()
    people = sorted(_audience(unit, new) - before - {actor.person})
    if people:
        unit.record(
            Kind.SANDBOX_SHARED, activity=activity.id, course=activity.course, by=actor.person, people=people
        )


def _audience(unit: UnitOfWork, item: Item) -> set[str]:
    team = {row.person for row in members_of(unit, item.team)} if item.audience.has_team else {item.person}
    return team | set(item.mentors)


def say_something(
    unit: UnitOfWork, actor: Actor, activity_id: str, item_id: str, *, saying: Saying, text: str
) -> str:
    """Answer an item. While judgement is held there is "works", "I wonder" and "try", nothing else."""
    activity, _here, reader = _at(unit, actor, activity_id)
    item = _item(unit, activity, item_id)
    must_be_named(actor, named=may_read(item, reader))
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid(Problem("text", "remark_missing"))
    if len(text) > REMARK_LENGTH:
        raise Invalid(Problem("text", "text_too_long", (("most", REMARK_LENGTH), ("have", len(text)))))
    if item.holds and saying is Saying.FREE:
        raise Invalid(Problem("saying", "not_a_choice"))
    unit.store.add(
        SANDBOX_REMARKS, Remark(unit.new_id(), item.id, actor.person, saying, unturned(text), unit.now)
    )
    if item.person != actor.person and item.person in _audience(unit, item):
        unit.record(
            Kind.SANDBOX_SAID, activity=activity.id, course=activity.course, by=actor.person,
            people=[item.person],
        )  # fmt: skip
    return item.id


# --- into the draft ---


def say_yes(unit: UnitOfWork, actor: Actor, activity_id: str, item_id: str, *, seen: int) -> str:
    """An author agrees that this state of the item goes into the draft."""
    activity, _here, reader = _at(unit, actor, activity_id)
    item = _item(unit, activity, item_id, lock=True)
    must_be_named(actor, named=may_write(item, reader) and actor.person in item.authors)
    must_be_seen(item, seen)
    _agree(unit, item, actor.person)
    return item.id


def _agree(unit: UnitOfWork, item: Item, person: str) -> bool:
    """Keep a yes; returns whether it is new for this state of the item."""
    found = unit.store.find(SANDBOX_YES, item=item.id, person=person, limit=1)
    if found and found[0].number == item.number:
        return False
    if found:
        unit.store.remove(SANDBOX_YES, found[0].id)
    unit.store.add(SANDBOX_YES, Yes(unit.new_id(), item.id, person, item.number, unit.now))
    return True


def must_be_seen(item: Item, seen: int) -> None:
    """Refuse where somebody changed the item since the form was shown."""
    if item.number != seen:
        raise Stale(what="sandbox", by=item.edited_by, at=item.edited_at, seen=item.number, clashes=[])


def promote(
    unit: UnitOfWork, actor: Actor, activity_id: str, item_id: str, *, part: str, seen: int
) -> list[str]:
    """Put an item at the end of a part of the draft, as a version by whoever presses.

    What several people wrote needs a yes of each of them to this very state. Returns the keys of
    those who have still to say yes, who are asked once; nothing is in the draft then. The item stays.
    """
    activity, here, reader = _at(unit, actor, activity_id)
    item = _item(unit, activity, item_id, lock=True)
    must_be_named(actor, named=may_write(item, reader))
    require(actor, Action.WRITE_DRAFT, here.subject)
    must_be_seen(item, seen)
    if activity.settings.prompt(part) is None:
        raise Invalid(Problem("part", "not_a_choice"))
    if here.team is None:
        raise NotFound("own_team")
    members = {row.person for row in members_of(unit, here.team.id)}
    if set(item.authors) - members:
        raise Conflict("sandbox_gone_author")
    first_press = _agree(unit, item, actor.person)
    missing = [person for person in item.authors if person not in _agreed(unit, item)]
    if missing:
        if first_press:
            unit.record(
                Kind.SANDBOX_YES_WANTED, activity=activity.id, course=activity.course, by=actor.person,
                people=missing,
            )  # fmt: skip
        return missing
    works = unit.store.find(WORKS, activity=activity.id, team=here.team.id, order="latest", limit=1)
    drafts = unit.store.find(DRAFTS, work=works[0].id, limit=1) if works else []
    before = drafts[0].texts.get(part, "") if drafts else ""
    if not item.text.strip():  # files alone
        return []
    joined = f"{before.rstrip()}\n\n{item.text}" if before.strip() else item.text
    save_draft(unit, actor, activity.id, {part: joined}, seen=drafts[0].number if drafts else 0)
    return []


def delete_item(unit: UnitOfWork, actor: Actor, activity_id: str, item_id: str) -> None:
    """Delete an item with all that was said about it; nothing of it is kept."""
    activity, _here, reader = _at(unit, actor, activity_id)
    item = _item(unit, activity, item_id, lock=True)
    members = {row.person for row in members_of(unit, item.team)} if item.team else {item.person}
    must_be_named(actor, named=may_delete(item, reader, members))
    remove_item(unit, item)


def remove_item(unit: UnitOfWork, item: Item) -> None:
    """Take away an item and whatever hangs on it; the bytes of its files are removed after that."""
    for file in unit.store.find(SANDBOX_FILES, item=item.id, limit=200):
        let_go_of_file(unit, file)
    while remarks := unit.store.find(SANDBOX_REMARKS, item=item.id, limit=200):
        for remark in remarks:
            unit.store.remove(SANDBOX_REMARKS, remark.id)
    for yes in unit.store.find(SANDBOX_YES, item=item.id, limit=200):
        unit.store.remove(SANDBOX_YES, yes.id)
    unit.store.remove(SANDBOX_ITEMS, item.id)


def let_go_of_file(unit: UnitOfWork, file: SandboxFile) -> None:
    """Nobody reads it any more; the row that is left names the bytes to remove, and nothing else."""
    unit.store.remove(SANDBOX_FILES, file.id)
    unit.store.add(SANDBOX_FILES, replace(file, item="", name="", checksum="", by=""))


def return_to_writers(unit: UnitOfWork, team: str) -> None:
    """What was shown to a team that became part of another is its first writer's own again.

    Nobody else of the new team reads it until the writer shows it to them.
    """
    while page := unit.store.find(SANDBOX_ITEMS, team=team, limit=200):
        for item in page:
            own = replace(item, team="", audience=Audience.ME, mentors=())
            unit.store.save(SANDBOX_ITEMS, replace(own, number=item.number + 1))


def forget(unit: UnitOfWork, activity_id: str, person: str) -> None:
    """Remove what somebody who goes for good had for themselves or for a mentor.

    What they showed to a team is the team's, and stays under no name.
    """
    for item in unit.store.find(SANDBOX_ITEMS, activity=activity_id, person=person, limit=MOST_ITEMS):
        if not item.audience.has_team:
            remove_item(unit, item)


# --- breaking the glass ---


def people_called(unit: UnitOfWork, actor: Actor, course: str, name: str) -> list[Participant]:
    """Who bears exactly this name; an administrator learns no name that they do not know."""
    require(actor, Action.BREAK_GLASS)
    name = name.strip()
    return unit.store.find(PARTICIPANTS, course=course, name=name, limit=20) if name else []


def break_glass(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, name: str, person: str = "", reason: str
) -> str:
    """Open somebody's sandbox for an hour: with a written reason, logged, and told to the owner.

    `person` tells people of the same name apart. Returns the id of the log's row.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    found = people_called(unit, actor, activity.course, name)
    chosen = [row for row in found if row.person == person] if person else found
    problems = []
    if not chosen:
        problems.append(Problem("name", "glass_nobody"))
    elif len(chosen) > 1:
        problems.append(Problem("name", "glass_several"))
    try:
        reason = checked_reason(reason)
    except Invalid as wrong:
        problems += wrong.problems
    if problems:
        raise Invalid(*problems)
    owner = chosen[0].person
    glass = unit.store.add(
        GLASSES,
        Glass(
            unit.new_id(), activity.course, activity.id, owner, actor.person, reason, unit.now,
            unit.now + GLASS_LASTS,
        ),
    )  # fmt: skip
    unit.record(
        Kind.SANDBOX_OPENED, activity=activity.id, course=activity.course, by=actor.person, people=[owner]
    )
    return glass.id


@dataclass(frozen=True)
class Opened:
    """What an administrator sees for an hour."""

    glass: Glass
    owner: Participant | None
    items: tuple[Item, ...]
    files: dict[str, tuple[SandboxFile, ...]]
    until: datetime


def look_through_glass(unit: UnitOfWork, actor: Actor, activity_id: str, glass_id: str) -> Opened:
    """Somebody's own items, for the administrator who wrote down why, until the hour is over."""
    require(actor, Action.BREAK_GLASS)
    glass = unit.store.get(GLASSES, glass_id)
    if glass.activity != activity_id or glass.by != actor.person or unit.now >= glass.until:
        raise NotFound("glass")
    rows = unit.store.find(
        SANDBOX_ITEMS, activity=activity_id, person=glass.person, order="newest", limit=MOST_ITEMS
    )
    people = participants_of(unit, glass.course, [glass.person])
    return Opened(
        glass,
        people.get(glass.person),
        tuple(rows),
        files_of_items(unit, [row.id for row in rows]),
        glass.until,
    )


def openings(unit: UnitOfWork, actor: Actor, course: str) -> list[Glass]:
    """The log of this course, newest first, for administrators."""
    require(actor, Action.BREAK_GLASS)
    return unit.store.find(GLASSES, course=course, order="newest", limit=SHOWN)
