"""What a launch tells about course, link and services, kept for later: no service is called here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from coursecrew.app.ports import Ids
from coursecrew.domain.people import Role
from coursecrew.domain.review_rules import TEAM_ASSIGNMENT
from coursecrew_lti.browser import Session
from coursecrew_lti.launch import (
    AGS_CLAIM,
    DEEP_LINKING,
    DEEP_LINKING_CLAIM,
    NRPS_CLAIM,
    PRIVACY,
    TERMS,
    Launch,
)
from coursecrew_lti.lti_tables import COURSE, DEPLOYMENT, PLACE, REGISTRATION
from coursecrew_lti.messages import history_of, is_test_user, item_of, kind_of, person_of, role_of
from coursecrew_lti.people import note_person
from coursecrew_lti.platforms import family_of, origin_of
from coursecrew_lti.registration import ACTIVE, Registration

ACTIVITY, PICKER, PAGE = "activity", "picker", "page"
TOTAL = "total"


def is_active(connection: Connection, registration: str, deployment: str) -> bool:
    """Whether a deployment may come in."""
    statement = select(DEPLOYMENT.c.state).where(
        DEPLOYMENT.c.registration == registration, DEPLOYMENT.c.deployment == deployment
    )
    return connection.execute(statement).scalar() == ACTIVE


def arrive(
    connection: Connection, launch: Launch, registration: Registration, *, ids: Ids, now: datetime
) -> Session:
    """Write down who came in, where, and which services the platform offers there.

    Endpoints are kept anew on every launch: they change with course copies, and scores are sent
    long after the launch that made the column.
    """
    _note_family(connection, launch, registration)
    person = (
        note_person(connection, registration.id, person_of(launch), new_id=ids.new(), now=now)
        if launch.sub
        else None
    )
    course = _note_course(connection, launch, registration, ids) if launch.claim("context") else None
    kind = _kind(launch)
    place = None
    if course is not None and kind == ACTIVITY:
        place = _note_place(connection, launch, course, ids, now)
    role = role_of(launch.roles)
    return Session(
        id=ids.new(),
        registration=registration.id,
        kind=kind if course is not None or kind == PAGE else PAGE,
        role=role if launch.sub else Role.OBSERVER,
        person=person.id if person is not None else None,
        course=course.id if course is not None else None,
        place=place.id if place is not None else None,
        looks_on=is_test_user(launch.roles) or not launch.sub,
        message=_kept(launch, registration),
        language=person.language if person is not None else "",
        zone=person.zone if person is not None else "",
    )


def _kind(launch: Launch) -> str:
    if launch.message == DEEP_LINKING:
        return PICKER
    return PAGE if launch.message in (*PRIVACY, TERMS) else ACTIVITY


def _kept(launch: Launch, registration: Registration) -> dict[str, Any]:
    """What pages behind the launch need of it."""
    presentation = launch.claim("launch_presentation")
    return_url = presentation.get("return_url")
    settings = launch.claim(DEEP_LINKING_CLAIM)
    kept: dict[str, Any] = {
        "type": launch.message,
        "deployment": launch.deployment,
        "return_url": return_url if isinstance(return_url, str) and origin_of(return_url) else "",
        "frames": sorted(_frames(launch, registration)),
    }
    if launch.message == DEEP_LINKING:
        kept["deep_linking"] = {
            name: settings[name]
            for name in ("deep_link_return_url", "accept_types", "accept_multiple", "data", "title")
            if name in settings
        }
    if launch.claim("for_user"):
        kept["for_user"] = launch.claim("for_user").get("user_id")
    return kept


def _frames(launch: Launch, registration: Registration) -> set[str]:
    """Origins that may hold our page in a frame: every name this platform goes by."""
    named = (
        registration.issuer,
        registration.auth_url,
        launch.claim("launch_presentation").get("return_url"),
        launch.claim(DEEP_LINKING_CLAIM).get("deep_link_return_url"),
        launch.claim("tool_platform").get("url"),
        launch.claim(AGS_CLAIM).get("lineitems"),
        launch.claim(NRPS_CLAIM).get("context_memberships_url"),
    )
    return {origin_of(url) for url in named if isinstance(url, str)} - {""}


def _note_family(connection: Connection, launch: Launch, registration: Registration) -> None:
    told = launch.claim("tool_platform").get("product_family_code")
    family = family_of(registration.issuer, told if isinstance(told, str) else "")
    if family and family != registration.family:
        connection.execute(
            update(REGISTRATION).where(REGISTRATION.c.id == registration.id).values(family=family)
        )


def _note_course(connection: Connection, launch: Launch, registration: Registration, ids: Ids) -> Row[Any]:
    context = launch.claim("context")
    deployment = connection.execute(
        select(DEPLOYMENT.c.id).where(
            DEPLOYMENT.c.registration == registration.id, DEPLOYMENT.c.deployment == launch.deployment
        )
    ).scalar_one()
    where = (COURSE.c.deployment == deployment, COURSE.c.context == context["id"])
    told: dict[str, Any] = {
        "title": _text(context.get("title")),
        "label": _text(context.get("label")),
    }
    if launch.claim(NRPS_CLAIM):
        told["members"] = dict(launch.claim(NRPS_CLAIM))
    if history_of(launch):
        told["history"] = history_of(launch)
    row = connection.execute(select(COURSE).where(*where)).first()
    if row is None:
        fresh = {
            "id": ids.new(), "registration": registration.id, "deployment": deployment,
            "context": context["id"], "members": {}, "history": [], **told,
        }  # fmt: skip
        _insert(connection, COURSE, fresh)
        row = connection.execute(select(COURSE).where(*where)).one()
    return _changed(connection, COURSE, row, told)


def _note_place(
    connection: Connection, launch: Launch, course: Row[Any], ids: Ids, now: datetime
) -> Row[Any]:
    link = launch.claim("resource_link")
    where = (PLACE.c.course == course.id, PLACE.c.resource_link == link["id"])
    row = connection.execute(select(PLACE).where(*where)).first()
    if row is None:
        row = _bound(connection, launch, course, link) or _new_place(
            connection, launch, course, link, ids, now
        )
    endpoint = dict(launch.claim(AGS_CLAIM))
    told: dict[str, Any] = {"gradebook": endpoint, "title": _text(link.get("title")) or row.title}
    if isinstance(endpoint.get("lineitem"), str):
        # Told only while the link has exactly one column: that one is the total.
        told["line_items"] = {**row.line_items, TOTAL: endpoint["lineitem"]}
    return _changed(connection, PLACE, row, told)


def _bound(
    connection: Connection, launch: Launch, course: Row[Any], link: Mapping[str, Any]
) -> Row[Any] | None:
    """The place that was picked in this course and now comes with its link for the first time."""
    item = item_of(launch)
    if not item:
        return None
    waiting = (PLACE.c.course == course.id, PLACE.c.item == item, PLACE.c.resource_link.is_(None))
    connection.execute(update(PLACE).where(*waiting).values(resource_link=link["id"]))
    where = (PLACE.c.course == course.id, PLACE.c.resource_link == link["id"])
    return connection.execute(select(PLACE).where(*where)).first()


def _new_place(
    connection: Connection,
    launch: Launch,
    course: Row[Any],
    link: Mapping[str, Any],
    ids: Ids,
    now: datetime,
) -> Row[Any]:
    """A link we have not seen: made by hand, or the copy of one that was picked elsewhere.

    A copy keeps our item id, so that its column is found again, but is a place of its own: it never
    writes into the original's work or gradebook.
    """
    item = item_of(launch)
    original = _original(connection, course, item) if item else None
    kind = original.kind if original else kind_of(launch)
    id = ids.new()
    fresh: dict[str, Any] = {
        "id": id, "registration": course.registration, "course": course.id, "item": item or id,
        "resource_link": link["id"], "title": _text(link.get("title")), "gradebook": {}, "line_items": {},
        "name": short_name(_text(link.get("title")), id), "kind": kind,
        "origin": original.id if original else "", "created_at": now,
    }  # fmt: skip
    _insert(connection, PLACE, fresh)
    where = (PLACE.c.course == course.id, PLACE.c.resource_link == link["id"])
    return connection.execute(select(PLACE).where(*where)).one()


def _original(connection: Connection, course: Row[Any], item: str) -> Any:
    """The place that a copied link was made from: its id and its kind."""
    return connection.execute(
        select(PLACE.c.id, PLACE.c.kind)
        .where(PLACE.c.registration == course.registration, PLACE.c.item == item)
        .order_by(PLACE.c.created_at)
        .limit(1)
    ).first()


def pick_place(
    connection: Connection, *, registration: str, course: str, title: str, kind: str, ids: Ids, now: datetime
) -> Row[Any]:
    """A place that a teacher names, with its kind, before the platform has made a link to it."""
    id = ids.new()
    fresh: dict[str, Any] = {
        "id": id, "registration": registration, "course": course, "item": id, "resource_link": None,
        "title": _text(title), "name": short_name(title, id), "origin": "", "gradebook": {},
        "line_items": {}, "kind": kind, "created_at": now,
    }  # fmt: skip
    connection.execute(insert(PLACE).values(fresh))
    return connection.execute(select(PLACE).where(PLACE.c.id == id)).one()


def short_name(title: str, id: str) -> str:
    """By which activities of a course refer to each other: words of the title, and a tail of the id."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return f"{words or 'activity'}-{id[-6:]}"


def _text(value: object) -> str:
    return " ".join(value.split())[:255] if isinstance(value, str) else ""


def _insert(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Write a row unless another launch was faster."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).values(dict(values)).on_conflict_do_nothing())


def _changed(connection: Connection, table: Table, row: Row[Any], told: Mapping[str, Any]) -> Row[Any]:
    """Write only what differs: a class that comes in at once should not queue for one row."""
    changes = {name: value for name, value in told.items() if getattr(row, name) != value}
    if not changes:
        return row
    statement = update(table).where(table.c.id == row.id).values(changes).returning(table)
    return connection.execute(statement).one()


@dataclass(frozen=True)
class Here:
    """Where a session stands, with the names that its pages show."""

    session: Session
    name: str = ""
    zone: str = ""
    course_title: str = ""
    place: str = ""
    place_name: str = ""
    place_title: str = ""
    place_kind: str = TEAM_ASSIGNMENT
    origin: str = ""
    platform: str = ""
