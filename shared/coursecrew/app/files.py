"""Files that belong to an activity's task text: kept under random names, linked by id."""

from __future__ import annotations

import hashlib
import io
import unicodedata
from typing import BinaryIO

from coursecrew.app.ports import Ports
from coursecrew.app.records import ACTIVITIES, FILES, StoredFile
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.errors import NotFound, TooLarge, WrongFileType
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, is_allowed, require

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
TEXTS = {".txt": "text/plain", ".csv": "text/csv", ".md": "text/markdown"}
ACCEPTED = ("PNG", "JPEG", "GIF", "PDF", "Office", "OpenDocument", "TXT", "CSV")


def kind_of(name: str, content: bytes) -> str:
    """The media type, by content and ending together; refused where the two do not agree."""
    ending = "." + name.rsplit(".", 1)[-1].casefold() if "." in name else ""
    for signature, kind, endings in SIGNATURES:
        if content.startswith(signature) and ending in endings:
            return OFFICE.get(ending, kind)
    if ending in TEXTS and b"\x00" not in content[:4096]:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return TEXTS[ending]
    raise WrongFileType(name=name, accepted=", ".join(ACCEPTED))


def clean_name(name: str) -> str:
    """A file name without path parts, control signs and direction marks."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(sign for sign in last if unicodedata.category(sign) not in ("Cc", "Cf"))
    return visible.strip(". ")[-200:] or "file"


def add_file(
    ports: Ports, actor: Actor, activity_id: str, *, name: str, content: BinaryIO, limit: int = MOST_BYTES
) -> StoredFile:
    """Keep an uploaded file for the task text: bytes first, then the row that links them."""
    require(actor, Action.ADD_FILE)
    body = content.read(limit + 1)
    name = clean_name(name)
    if len(body) > limit:
        raise TooLarge(name=name, limit=limit, accepted=", ".join(ACCEPTED))
    kind = kind_of(name, body)
    stored = ports.ids.new()
    ports.files.put(stored, io.BytesIO(body))
    return run(ports, _link, actor, activity_id, name, kind, body, stored)


def _link(
    unit: UnitOfWork, actor: Actor, activity_id: str, name: str, kind: str, body: bytes, stored: str
) -> StoredFile:
    activity = unit.store.get(ACTIVITIES, activity_id)
    if unit.store.count(FILES, activity=activity_id) >= MOST_FILES:
        raise TooLarge(name=name, limit=MOST_FILES, count=True, accepted="")
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


def open_file(ports: Ports, actor: Actor, course: str, file_id: str) -> tuple[StoredFile, BinaryIO]:
    """A file of the actor's course, and its content; learners only once the activity is visible."""

    def read(unit: UnitOfWork) -> StoredFile:
        row = unit.store.get(FILES, file_id)
        if row.course != course:
            raise NotFound("file")
        require(actor, Action.READ_FILE)
        activity = unit.store.get(ACTIVITIES, row.activity)
        if not activity.is_visible and not is_allowed(actor, Action.CHANGE_SETTINGS):
            raise NotFound("file")
        return row

    row = run(ports, read)
    return row, ports.files.open(row.stored)


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
