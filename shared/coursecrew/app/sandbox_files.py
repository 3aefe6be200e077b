"""Files of the sandbox: whoever reads an item reads its files, and they go when the item goes.

Bytes are kept before the row that links them, and removed after the row is gone: a row whose item is no
longer there (`item` is "") names bytes that are still to be removed, so that none are left behind.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO

from coursecrew.app.attached import files_of_team
from coursecrew.app.files import Checked, checked_file, clean_name
from coursecrew.app.ports import Ports
from coursecrew.app.records import SANDBOX_FILES, SANDBOX_ITEMS, TEAM_FILES, WORKS
from coursecrew.app.sandbox import (
    at_item,
    files_of_items,
    let_go_of_file,
    must_be_named,
    must_be_seen,
    promote,
)
from coursecrew.app.submissions import drafting
from coursecrew.app.unit_of_work import UnitOfWork, once, run
from coursecrew.domain.errors import TooLarge
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action
from coursecrew.domain.sandbox import Item, SandboxFile, may_write
from coursecrew.domain.team_files import MOST_FILES, TeamFile

SWEPT_AT_ONCE = 100


def add_sandbox_files(
    ports: Ports,
    actor: Actor,
    activity_id: str,
    item_id: str,
    uploads: Sequence[tuple[str, BinaryIO]],
    *,
    limit: int,
    request_key: str = "",
) -> list[str]:
    """Add files to an item: all of them, or none if one is refused. Returns the ids of their rows.

    `limit` is the most bytes of one file that the host takes. The item's number rises, so that a yes of
    its authors is asked anew.
    """
    run(ports, _room_for, actor, activity_id, item_id, len(uploads), uploads[0][0] if uploads else "")
    kept: list[tuple[str, Checked]] = []
    try:
        for name, content in uploads:
            one = checked_file(ports, name, content, limit)
            stored = ports.ids.new()
            ports.files.put(stored, io.BytesIO(one.body))
            kept.append((stored, one))
        ids = once(ports, actor.person, request_key, _link, actor, activity_id, item_id, kept)
    except BaseException:
        _drop(ports, [stored for stored, _ in kept])
        raise
    linked = {row.stored for row in run(ports, _rows_of, ids)}
    _drop(ports, [stored for stored, _ in kept if stored not in linked])
    return ids


def _rows_of(unit: UnitOfWork, ids: Sequence[str]) -> list[SandboxFile]:
    return unit.store.find(SANDBOX_FILES, id=list(ids), limit=MOST_FILES) if ids else []


def _drop(ports: Ports, names: Sequence[str]) -> None:
    for name in names:
        ports.files.remove(name)


def _writable(unit: UnitOfWork, actor: Actor, activity_id: str, item_id: str, *, lock: bool) -> Item:
    item, reader, _here = at_item(unit, actor, activity_id, item_id, lock=lock)
    must_be_named(actor, named=may_write(item, reader))
    return item


def _room_for(unit: UnitOfWork, actor: Actor, activity_id: str, item_id: str, more: int, name: str) -> None:
    """Refuse before anything is read what could not be kept anyway."""
    item = _writable(unit, actor, activity_id, item_id, lock=False)
    _must_fit(unit.store.count(SANDBOX_FILES, item=item.id), more, name)


def _must_fit(have: int, more: int, name: str) -> None:
    if have + more > MOST_FILES:
        raise TooLarge(what="count", name=clean_name(name), most=MOST_FILES, have=have)


def _link(
    unit: UnitOfWork, actor: Actor, activity_id: str, item_id: str, kept: Sequence[tuple[str, Checked]]
) -> list[str]:
    item = _writable(unit, actor, activity_id, item_id, lock=True)
    present = list(files_of_items(unit, [item.id]).get(item.id, ()))
    ids: list[str] = []
    for stored, one in kept:
        seal = hashlib.sha256(one.body).hexdigest()
        same = next((row for row in present if (row.name, row.checksum) == (one.name, seal)), None)
        if same is None:
            _must_fit(len(present), 1, one.name)
            same = unit.store.add(
                SANDBOX_FILES,
                SandboxFile(
                    unit.new_id(), item.activity, item.id, one.name, one.kind, len(one.body), seal, stored,
                    one.cleaned, actor.person, unit.now,
                ),
            )  # fmt: skip
            present.append(same)
        ids.append(same.id)
    _changed(unit, item, actor)
    return ids


def _changed(unit: UnitOfWork, item: Item, actor: Actor) -> None:
    authors = item.authors if actor.person in item.authors else (*item.authors, actor.person)
    unit.store.save(
        SANDBOX_ITEMS,
        replace(
            item, authors=authors, number=item.number + 1, edited_at=unit.now, edited_by=actor.person
        ),
    )  # fmt: skip


def remove_sandbox_file(
    ports: Ports, actor: Actor, activity_id: str, item_id: str, file_id: str, *, request_key: str = ""
) -> None:
    """Take a file out of an item, for good; whoever may write the item may."""

    def unlink(unit: UnitOfWork) -> str:
        item = _writable(unit, actor, activity_id, item_id, lock=True)
        rows = [row for row in _rows_of(unit, [file_id]) if row.item == item.id]
        for row in rows:
            let_go_of_file(unit, row)
        if rows:
            _changed(unit, item, actor)
        return item.id

    once(ports, actor.person, request_key, unlink)
    sweep_sandbox_files(ports)


def sweep_sandbox_files(ports: Ports) -> int:
    """Remove the bytes of files that were let go, then their rows; returns how many. May be repeated."""
    done = 0
    while rows := run(ports, _let_go):
        for row in rows:
            ports.files.remove(row.stored)
        run(ports, _forget_rows, rows)
        done += len(rows)
    return done


def _let_go(unit: UnitOfWork) -> list[SandboxFile]:
    return unit.store.find(SANDBOX_FILES, item="", limit=SWEPT_AT_ONCE)


def _forget_rows(unit: UnitOfWork, rows: Sequence[SandboxFile]) -> None:
    for row in rows:
        unit.store.remove(SANDBOX_FILES, row.id)


# --- into the draft ---


def promote_with_files(
    ports: Ports,
    actor: Actor,
    activity_id: str,
    item_id: str,
    *,
    part: str,
    seen: int,
    request_key: str = "",
) -> list[str]:
    """`promote`, the item's files with it: copies become the team's, by whoever presses; all or nothing."""
    rows = run(ports, _to_copy, actor, activity_id, item_id)
    copies: dict[str, str] = {}
    try:
        for row in rows:
            copies[row.id] = ports.ids.new()
            with ports.files.open(row.stored) as content:
                ports.files.put(copies[row.id], content)
        missing = once(
            ports, actor.person, request_key, _promoted, actor, activity_id, item_id, part, seen, copies
        )
    except BaseException:
        _drop(ports, list(copies.values()))
        raise
    linked = {row.stored for row in run(ports, _team_rows, list(copies.values()))}
    _drop(ports, [stored for stored in copies.values() if stored not in linked])
    return missing


def _team_rows(unit: UnitOfWork, stored: Sequence[str]) -> list[TeamFile]:
    return unit.store.find(TEAM_FILES, stored=list(stored), limit=MOST_FILES) if stored else []


def _to_copy(unit: UnitOfWork, actor: Actor, activity_id: str, item_id: str) -> tuple[SandboxFile, ...]:
    item = _writable(unit, actor, activity_id, item_id, lock=False)
    return files_of_items(unit, [item.id]).get(item.id, ())


def _promoted(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    item_id: str,
    part: str,
    seen: int,
    copies: Mapping[str, str],
) -> list[str]:
    item = _writable(unit, actor, activity_id, item_id, lock=True)
    must_be_seen(item, seen)
    missing = promote(unit, actor, activity_id, item_id, part=part, seen=seen)
    rows = files_of_items(unit, [item.id]).get(item.id, ())
    if missing or not rows:
        return missing
    activity, view, work = drafting(unit, actor, activity_id, Action.ADD_TEAM_FILE)
    unit.store.save(WORKS, work)  # of two who add the last one at once, one counts again
    present = files_of_team(unit, activity.id, view.team.id)
    have = {(one.name, one.checksum) for one in present}
    fresh = [row for row in rows if (row.name, row.checksum) not in have and row.id in copies]
    if len(present) + len(fresh) > MOST_FILES:
        raise TooLarge(what="count", name=fresh[0].name, most=MOST_FILES, have=len(present))
    for row in fresh:
        unit.store.add(
            TEAM_FILES,
            TeamFile(
                id=unit.new_id(), course=activity.course, activity=activity.id, team=view.team.id,
                name=row.name, kind=row.kind, size=row.size, checksum=row.checksum, stored=copies[row.id],
                link="", cleaned=row.cleaned, by=actor.person, at=unit.now,
            ),
        )  # fmt: skip
    return []
