"""Who is looking: the cookie that binds a login to a browser, one-time codes, and bearer tokens.

A launch ends in a redirect with a one-time code. The page behind it changes the code for a token
that stays in this tab, and every later request carries that token: no cookie gives any right, so
no other page can act for somebody.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update

from coursecrew.domain.people import Role
from coursecrew_lti.launch import Login, same
from coursecrew_lti.lti_tables import SESSION
from coursecrew_lti.registration import hashed

CODE_LASTS = timedelta(minutes=5)  # a slow phone must load the page within it
TOKEN_LASTS = timedelta(hours=3)  # since the last request
LONGEST = timedelta(hours=24)
RENEW_EVERY = timedelta(minutes=10)
COOKIE_SECONDS = 600


# --- binding a login to the browser that began it ---


def cookie_name(state: str, *, secure: bool) -> str:
    """One cookie for each login, so that two tabs do not collide."""
    return f"__Host-lti-{state[:12]}" if secure else f"lti-{state[:12]}"


def binding_cookie(state: str, *, secure: bool, gone: bool = False) -> str:
    """The header that sets (or takes away) the cookie.

    Inside a frame of another site only a partitioned cookie comes back. Plain http is for private
    networks, where tool and platform share a site.
    """
    kind = "Secure; HttpOnly; SameSite=None; Partitioned" if secure else "HttpOnly; SameSite=Lax"
    value, age = ("", 0) if gone else (state, COOKIE_SECONDS)
    return f"{cookie_name(state, secure=secure)}={value}; {kind}; Path=/; Max-Age={age}"


def is_bound(cookies: Mapping[str, str], state: str, *, secure: bool) -> bool:
    """Whether this browser began the login of that state."""
    return same(cookies.get(cookie_name(state, secure=secure), ""), state)


# --- sessions ---


@dataclass(frozen=True)
class Session:
    """One launch, as later requests of its tab know it."""

    id: str
    registration: str
    kind: str  # activity, picker, or page
    role: Role
    person: str | None = None
    course: str | None = None
    place: str | None = None
    looks_on: bool = False
    message: Mapping[str, Any] = field(default_factory=dict)
    language: str = ""
    zone: str = ""
    created_at: datetime | None = None
    expires_at: datetime | None = None


def _read(row: Row[Any]) -> Session:
    return Session(
        id=row.id, registration=row.registration, kind=row.kind, role=Role(row.role), person=row.person,
        course=row.course, place=row.place, looks_on=row.looks_on, message=row.message,
        language=row.language, zone=row.zone, created_at=row.created_at, expires_at=row.expires_at,
    )  # fmt: skip


def open_session(connection: Connection, session: Session, *, now: datetime, bound_by: Login | None) -> str:
    """Write a session, and return its one-time code.

    `bound_by` is the login whose state the platform's storage has to give back first, where no
    cookie has shown that the same browser is there. Older sessions of the person in this course
    with another role end: whoever lost a right loses it with the next launch.
    """
    if session.person and session.course:
        connection.execute(
            delete(SESSION).where(
                SESSION.c.person == session.person,
                SESSION.c.course == session.course,
                or_(SESSION.c.role != session.role.value, SESSION.c.looks_on != session.looks_on),
            )
        )
    code = secrets.token_urlsafe(32)
    connection.execute(
        insert(SESSION).values(
            id=session.id, registration=session.registration, person=session.person, course=session.course,
            place=session.place, kind=session.kind, role=session.role.value, looks_on=session.looks_on,
            message=dict(session.message), code=hashed(code), token=None,
            proof=hashed(bound_by.state) if bound_by else "", language=session.language,
            zone=session.zone, created_at=now, expires_at=now + CODE_LASTS,
        )
    )  # fmt: skip
    return code


def change_code(
    connection: Connection, session_id: str, code: str, *, proof: str, zone: str, now: datetime
) -> str | None:
    """Change a one-time code for a bearer token; exactly one caller gets one."""
    token = secrets.token_urlsafe(32)
    values: dict[str, Any] = {"code": None, "token": hashed(token), "expires_at": now + TOKEN_LASTS}
    statement = (
        update(SESSION)
        .where(
            SESSION.c.id == session_id,
            SESSION.c.code == hashed(code),
            SESSION.c.expires_at > now,
            or_(SESSION.c.proof == "", SESSION.c.proof == hashed(proof)),
        )
        .values(values)
    )
    if connection.execute(statement).rowcount != 1:
        return None
    if zone:  # the browser knows it best, where the platform did not say
        connection.execute(
            update(SESSION).where(and_(SESSION.c.id == session_id, SESSION.c.zone == "")).values(zone=zone)
        )
    return token


def waiting(connection: Connection, session_id: str, now: datetime) -> tuple[Session, bool] | None:
    """The session behind a page's address, and whether platform storage has to vouch for it.

    This gives no right: the page is the same for everybody until it holds a token.
    """
    row = connection.execute(
        select(SESSION).where(SESSION.c.id == session_id, SESSION.c.expires_at > now)
    ).first()
    return (_read(row), bool(row.proof and row.code)) if row else None


def holder_of(connection: Connection, token: str, now: datetime) -> Session | None:
    """The session of a bearer token, its life renewed now and then while it is used."""
    row = connection.execute(
        select(SESSION).where(SESSION.c.token == hashed(token), SESSION.c.expires_at > now)
    ).first()
    if row is None:
        return None
    until = min(now + TOKEN_LASTS, row.created_at + LONGEST)
    if until - row.expires_at > RENEW_EVERY:
        connection.execute(update(SESSION).where(SESSION.c.id == row.id).values(expires_at=until))
    return _read(row)


def forget_old(connection: Connection, now: datetime) -> None:
    """Take away sessions that are over."""
    connection.execute(delete(SESSION).where(SESSION.c.expires_at <= now))
