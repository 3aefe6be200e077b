"""Uploads: what is accepted, files of an activity's task text, and opening any file by its id."""

from __future__ import annotations

import hashlib
import io
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass, replace
from typing import BinaryIO

from coursecrew.app.activities import acting_as
from coursecrew.app.bonds import mentor_subject
from coursecrew.app.cleaned_copies import CannotClean, cleaned_copy
from coursecrew.app.history import is_work_closed_to
from coursecrew.app.left_teams import left_teams
from coursecrew.app.ports import Ports
from coursecrew.app.records import (
    ACTIVITIES,
    BYLINES,
    FILES,
    SANDBOX_FILES,
    SEALED_FILES,
    TEAM_FILES,
    WORKS,
    StoredFile,
)
from coursecrew.app.reviewing.review_files import file_of_reviewed
from coursecrew.app.sandbox import readable_sandbox_file
from coursecrew.app.teams import Standing, participant_of, standing
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.errors import Conflict, NotAllowed, NotFound, TooLarge, WrongFileType
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, Subject, is_allowed, require
from coursecrew.domain.pictures import NotAPicture, cleaned
from coursecrew.domain.sandbox import SandboxFile
from coursecrew.domain.team_files import TeamFile

MOST_BYTES = 20_000_000
MOST_FILES = 20

# What content begins with, by type. The name's ending must say the same.
SIGNATURES: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)),
    (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")),
    (b"GIF87a", "image/gif", (".gif",)),
    (b"GIF89a", "image/gif", (".gif",)),
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"PK\x03\x04", "application/zip", (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp")),
)
OFFICE = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odp": "application/vnd.oasis.opendocument.presentation",
}
OPEN_XML = {".docx": "word/", ".xlsx": "xl/", ".pptx": "ppt/"}  # where such a document keeps its content
TEXTS = {".txt": "text/plain", ".csv": "text/csv", ".md": "text/markdown"}
ACCEPTED = ("PNG", "JPEG", "GIF", "PDF", "Office", "OpenDocument", "TXT", "CSV")


def kind_of(name: str, content: bytes) -> str:
    """The media type, by content and ending together; refused where the two do not agree."""
    ending = "." + name.rsplit(".", 1)[-1].casefold() if "." in name else ""
    for signature, kind, endings in SIGNATURES:
        if content.startswith(signature) and ending in endings:
            if ending in OFFICE and not _is_office(ending, content):
                break
            return OFFICE.get(ending, kind)
    if ending in TEXTS and b"\x00" not in content[:4096]:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return TEXTS[ending]
    raise WrongFileType(name=name, accepted=", ".join(ACCEPTED))


def _is_office(ending: str, content: bytes) -> bool:
    """Whether an archive is a document of that ending, without programs in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if any(name.casefold().endswith(("vbaproject.bin", "/script-lb.xml")) for name in names):
                return False
            if ending in OPEN_XML:
                return "[Content_Types].xml" in names and any(n.startswith(OPEN_XML[ending]) for n in names)
            first = archive.infolist()[0]
            if first.filename != "mimetype" or first.file_size > 100:
                return False
            return archive.read(first).decode("ascii", "replace").strip() == OFFICE[ending]
    except (zipfile.BadZipFile, zlib.error, IndexError, NotImplementedError, RuntimeError, OSError):
        return False


def clean_name(name: str) -> str:
    """A file name without path parts, control signs and direction marks."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(
        sign for sign in last if unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    )
    return visible.strip(". ")[-200:] or "file"


@dataclass(frozen=True)
class Checked:
    """An uploaded file as it may be kept."""

    name: str
    kind: str
    body: bytes
    cleaned: bool = False  # location and camera data were taken out


def checked_file(ports: Ports, name: str, content: BinaryIO, limit: int) -> Checked:
    """An upload under a safe name, of an accepted kind, harmless as far as the site's scanner says.

    Pictures lose the place and camera they were taken with. Refusals: `TooLarge`, `WrongFileType`,
    `Conflict("file_unsafe")`, `PlatformUnreachable` where the scanner does not answer.
    """
    body = content.read(limit + 1)
    name = clean_name(name)
    if len(body) > limit:
        raise TooLarge(name=name, limit=limit, accepted=", ".join(ACCEPTED))
    kind = kind_of(name, body)
    try:
        clean = cleaned(kind, body)
    except NotAPicture:
        raise WrongFileType(name=name, accepted=", ".join(ACCEPTED)) from None
    if ports.scan is not None and not ports.scan(io.BytesIO(body)):
        raise Conflict("file_unsafe", name=name)
    return Checked(name, kind, clean, clean != body)


def add_file(
    ports: Ports, actor: Actor, activity_id: str, *, name: str, content: BinaryIO, limit: int = MOST_BYTES
) -> StoredFile:
    """Keep an uploaded file for the task text: bytes first, then the row that links them."""
    require(actor, Action.ADD_FILE)
    one = checked_file(ports, name, content, limit)
    stored = ports.ids.new()
    ports.files.put(stored, io.BytesIO(one.body))
    return run(ports, _link, actor, activity_id, one.name, one.kind, one.body, stored)


def _link(
    unit: UnitOfWork, actor: Actor, activity_id: str, name: str, kind: str, body: bytes, stored: str
) -> StoredFile:
    activity = unit.store.get(ACTIVITIES, activity_id)
    if unit.store.count(FILES, activity=activity_id) >= MOST_FILES:
        raise TooLarge(what="count", name=name, most=MOST_FILES)
    return unit.store.add(
        FILES,
        StoredFile(
            id=unit.new_id(),
            course=activity.course,
            activity=activity_id,
            name=name,
            kind=kind,
            size=len(body),
            checksum=hashlib.sha256(body).hexdigest(),
            stored=stored,
            by=actor.person,
            at=unit.now,
        ),
    )


def files_of(unit: UnitOfWork, activity_id: str) -> list[StoredFile]:
    """The activity's files, oldest first."""
    return unit.store.find(FILES, activity=activity_id)


def open_file(
    ports: Ports, actor: Actor, course: str, file_id: str
) -> tuple[StoredFile | TeamFile | SandboxFile, BinaryIO]:
    """A file of the actor's course, and its content.

    One of the task: for everybody once the activity is visible. One of a team: for whoever may read
    the draft it lies in, or a submission it was handed in with; for those who review it under a neutral
    name and cleaned, where they may not know its authors. One of the sandbox: for its audience.
    """

    def read(unit: UnitOfWork) -> StoredFile | TeamFile | SandboxFile:
        tried = unit.store.find(SANDBOX_FILES, id=file_id, limit=1)
        if tried:
            return readable_sandbox_file(unit, acting_in(unit, actor, course), course, tried[0])
        found = unit.store.find(TEAM_FILES, id=file_id, limit=1)
        if found:
            return _of_a_team(unit, acting_in(unit, actor, course), course, found[0], to_clean)
        row = unit.store.get(FILES, file_id)
        if row.course != course:
            raise NotFound("file")
        require(actor, Action.READ_FILE)
        activity = unit.store.get(ACTIVITIES, row.activity)
        if not activity.is_visible and not is_allowed(actor, Action.CHANGE_SETTINGS):
            raise NotFound("file")
        return row

    to_clean: list[str] = []
    row = run(ports, read)
    if not row.stored:
        raise NotFound("file")
    if row.id not in to_clean:
        return row, ports.files.open(row.stored)
    with ports.files.open(row.stored) as content:
        try:
            copy = cleaned_copy(row.kind, content.read())
        except CannotClean:
            raise NotFound("file") from None
    return replace(row, size=len(copy)), io.BytesIO(copy)


def _of_a_team(unit: UnitOfWork, actor: Actor, course: str, row: TeamFile, to_clean: list[str]) -> TeamFile:
    """A team's file for those whose it is, or for a reviewer: then noted in `to_clean` where it must be."""
    try:
        return readable_file(unit, actor, course, row)
    except NotAllowed:
        sealed = [one.submission for one in unit.store.find(SEALED_FILES, file=row.id)]
        reviewed = file_of_reviewed(unit, actor, row, sealed) if row.course == course else None
        if reviewed is None:
            raise
        if reviewed[1]:
            to_clean.append(row.id)
        return reviewed[0]


def acting_in(unit: UnitOfWork, actor: Actor, course: str) -> Actor:
    """The actor with rights named in this course; an address of a file enters no activity."""
    return acting_as(actor, participant_of(unit, course, actor.person))


def readable_file(unit: UnitOfWork, actor: Actor, course: str, row: TeamFile) -> TeamFile:
    """A team's file, for whoever may read the draft it lies in or a submission it was sealed into."""
    if row.course != course:
        raise NotFound("file")
    activity = unit.store.get(ACTIVITIES, row.activity)
    here = standing(unit, actor, activity)
    subject = mentor_subject(unit, actor, here, row.team)
    works = unit.store.find(WORKS, activity=row.activity, team=row.team, order="latest", limit=1)
    if works and is_work_closed_to(unit, works[0], here.membership):
        subject = replace(subject, member=False)
    if row.state == "here" and is_allowed(actor, Action.READ_DRAFT, _as_was(unit, subject, here, actor)):
        return row
    sealed = [one.submission for one in unit.store.find(SEALED_FILES, file=row.id)]
    named = {one.submission for one in unit.store.find(BYLINES, submission=sealed, person=actor.person)}
    for submission in sealed:
        if is_allowed(actor, Action.READ_SUBMISSION, replace(subject, in_byline=submission in named)):
            return row
    raise NotAllowed(str(Action.READ_SUBMISSION if row.state == "gone" else Action.READ_DRAFT))


def _as_was(unit: UnitOfWork, subject: Subject, here: Standing, actor: Actor) -> Subject:
    """Towards the draft of a team that became part of another, whoever was in it then is a member still."""
    left = not subject.member and subject.team in {
        team.id for team in left_teams(unit, here.team_set.id, actor.person)
    }
    return replace(subject, member=subject.member or left)


def remove_file(ports: Ports, actor: Actor, activity_id: str, file_id: str) -> None:
    """Take a file away from the task: the row first, then the bytes."""

    def unlink(unit: UnitOfWork) -> StoredFile:
        require(actor, Action.ADD_FILE)
        row = unit.store.get(FILES, file_id)
        if row.activity != activity_id:
            raise NotFound("file")
        unit.store.remove(FILES, file_id)
        return row

    ports.files.remove(run(ports, unlink).stored)
