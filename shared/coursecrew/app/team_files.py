"""A team's files: added to its draft, sealed into what it hands in, kept when the uploader leaves."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from coursecrew.app.attached import files_of_team
from coursecrew.app.files import Checked, checked_file, clean_name
from coursecrew.app.ports import Ports
from coursecrew.app.records import ACTIVITIES, SEALED_FILES, TEAM_FILES, WORKS
from coursecrew.app.submissions import drafting, look_at_work
from coursecrew.app.teams import standing, team_here
from coursecrew.app.unit_of_work import UnitOfWork, once, run
from coursecrew.domain.errors import Conflict, NotFound, TooLarge
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.submissions import WorkState
from coursecrew.domain.team_files import LINK, MOST_FILES, TeamFile, checked_link, link_name


def add_team_files(
    ports: Ports,
    actor: Actor,
    activity_id: str,
    uploads: Sequence[tuple[str, BinaryIO]],
    *,
    limit: int,
    request_key: str = "",
) -> list[TeamFile]:
    """Add files to the draft of the actor's team: all of them, or none if one is refused.

    `limit` is the most bytes of one file that the host takes. The same file again is the row that is
    there already. Refusals: `TooLarge` (also for the number of files), `WrongFileType`,
    `Conflict("file_unsafe")`, and whatever keeps the team from writing.
    """
    run(ports, _room_for, actor, activity_id, len(uploads), uploads[0][0] if uploads else "")
    checked = [checked_file(ports, name, content, limit) for name, content in uploads]
    kept: list[tuple[str, Checked]] = []
    try:
        for one in checked:
            stored = ports.ids.new()
            ports.files.put(stored, io.BytesIO(one.body))
            kept.append((stored, one))
        ids = once(ports, actor.person, request_key, _link, actor, activity_id, kept)
    except BaseException:
        _drop(ports, [stored for stored, _ in kept])
        raise
    rows = run(ports, _rows_of, ids)
    _drop(ports, [stored for stored, _ in kept if stored not in {row.stored for row in rows}])
    return rows


def _rows_of(unit: UnitOfWork, ids: Sequence[str]) -> list[TeamFile]:
    return unit.store.find(TEAM_FILES, id=list(ids), limit=MOST_FILES) if ids else []


def _drop(ports: Ports, names: Sequence[str]) -> None:
    """Bytes that no row came to belong to."""
    for name in names:
        ports.files.remove(name)


def _room_for(unit: UnitOfWork, actor: Actor, activity_id: str, more: int, name: str) -> None:
    """Refuse before anything is read what could not be kept anyway."""
    activity, view, _work = drafting(unit, actor, activity_id, Action.ADD_TEAM_FILE)
    _must_fit(files_of_team(unit, activity.id, view.team.id), more, name)


def _must_fit(present: Sequence[TeamFile], more: int, name: str) -> None:
    if len(present) + more > MOST_FILES:
        raise TooLarge(what="count", name=clean_name(name), most=MOST_FILES, have=len(present))


def _link(unit: UnitOfWork, actor: Actor, activity_id: str, kept: Sequence[tuple[str, Checked]]) -> list[str]:
    activity, view, work = drafting(unit, actor, activity_id, Action.ADD_TEAM_FILE)
    team = view.team
    unit.store.save(WORKS, work)  # of two who add the last one at once, one counts again
    present = files_of_team(unit, activity.id, team.id)
    ids = []
    for stored, one in kept:
        seal = hashlib.sha256(one.body).hexdigest()
        same = next((row for row in present if (row.name, row.checksum) == (one.name, seal)), None)
        if same is None:
            _must_fit(present, 1, one.name)
            same = unit.store.add(
                TEAM_FILES,
                TeamFile(
                    id=unit.new_id(), course=activity.course, activity=activity.id, team=team.id,
                    name=one.name, kind=one.kind, size=len(one.body), checksum=seal, stored=stored, link="",
                    cleaned=one.cleaned, by=actor.person, at=unit.now,
                ),
            )  # fmt: skip
            present = [*present, same]
        ids.append(same.id)
    return ids


def add_link(unit: UnitOfWork, actor: Actor, activity_id: str, *, address: str, name: str = "") -> TeamFile:
    """Add the address of a document elsewhere; it is handed in as an address, and says so."""
    activity, view, work = drafting(unit, actor, activity_id, Action.ADD_TEAM_FILE)
    team = view.team
    address = checked_link(address)
    unit.store.save(WORKS, work)
    present = files_of_team(unit, activity.id, team.id)
    same = next((row for row in present if row.link == address), None)
    if same:
        return same
    _must_fit(present, 1, name or address)
    return unit.store.add(
        TEAM_FILES,
        TeamFile(
            id=unit.new_id(), course=activity.course, activity=activity.id, team=team.id,
            name=link_name(name, address), kind=LINK, size=0, checksum="", stored="", link=address,
            cleaned=False, by=actor.person, at=unit.now,
        ),
    )  # fmt: skip


def remove_team_file(ports: Ports, actor: Actor, activity_id: str, file_id: str) -> TeamFile:
    """Take one's own file out of the draft, while a member and before it is sealed.

    What an earlier press sealed stays for whoever may read that submission.
    """
    row = run(ports, _unlink, actor, activity_id, file_id)
    if row.state == "gone" and row.gone_at is None and row.stored:
        ports.files.remove(row.stored)
    return row


def _unlink(unit: UnitOfWork, actor: Actor, activity_id: str, file_id: str) -> TeamFile:
    row = unit.store.get(TEAM_FILES, file_id)
    if row.activity != activity_id:
        raise NotFound("file")
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    member = here.team is not None and here.team.id == row.team
    subject = Subject(
        team=row.team, member=member, takes_part=here.subject.takes_part, own=row.by == actor.person
    )
    require(actor, Action.REMOVE_TEAM_FILE, subject)
    if row.state != "here":
        return row
    work = look_at_work(unit, activity, team_here(unit, activity, row.team)).work
    if work is None or work.state is not WorkState.DRAFTING:
        raise Conflict("file_sealed", name=row.name)
    unit.store.save(WORKS, work)  # nobody seals it in the same moment
    if unit.store.count(SEALED_FILES, file=row.id):
        return unit.store.save(TEAM_FILES, replace(row, state="gone", gone_at=unit.now))
    unit.store.remove(TEAM_FILES, row.id)
    return replace(row, state="gone")
