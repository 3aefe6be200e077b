"""Tables of the LTI side: platforms, keys, logins, sessions, people, courses and places.

They stand in the same database as the core's tables, which know a registration as their tenant.
What platforms call things (issuer, sub, context) stays here; the core sees only opaque ids.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, ForeignKey, Index, Table, Text, UniqueConstraint
from sqlalchemy import Column as SqlColumn
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from coursecrew_lti.tables import METADATA, short


class Moment(TypeDecorator[datetime]):
    """Aware UTC in every database; SQLite forgets the zone, this puts it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC."""
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id() -> SqlColumn[Any]:
    return SqlColumn("id", short(32), primary_key=True)


def _of(table: str, name: str, *, null: bool = False) -> SqlColumn[Any]:
    return SqlColumn(
        name,
        short(32),
        ForeignKey(f"coursecrew_lti_{table}.id", ondelete="CASCADE"),
        nullable=null,
        index=True,
    )


def _text(name: str, length: int = 255) -> SqlColumn[Any]:
    return SqlColumn(name, short(length), nullable=False, default="", server_default="")


def _long(name: str) -> SqlColumn[Any]:
    return SqlColumn(name, Text(), nullable=False, default="", server_default="")


def _json(name: str) -> SqlColumn[Any]:
    return SqlColumn(name, JSON(), nullable=False)


def _time(name: str, *, null: bool = False) -> SqlColumn[Any]:
    return SqlColumn(name, Moment(), nullable=null)


REGISTRATION = Table(
    "coursecrew_lti_registration",
    METADATA,
    _id(),
    SqlColumn("issuer", short(255), nullable=False),
    SqlColumn("client_id", short(255), nullable=False),
    _text("name"),
    _text("family", 40),
    _long("auth_url"),
    _long("token_url"),
    _long("jwks_url"),
    _text("auth_audience"),
    _json("scopes"),  # granted at registration; empty: not told
    _json("hosts"),  # of services, beside those of the addresses above
    SqlColumn("active", Boolean(), nullable=False),
    SqlColumn("anonymous", Boolean(), nullable=False),  # launches without `sub` are let in to look on
    _long("groups"),  # address and token of the platform's own group interface, encrypted
    _time("created_at"),
    UniqueConstraint("issuer", "client_id", name="uq_coursecrew_lti_registration"),
)
DEPLOYMENT = Table(
    "coursecrew_lti_deployment",
    METADATA,
    _id(),
    _of("registration", "registration"),
    SqlColumn("deployment", short(255), nullable=False),
    _text("state", 20),  # active, or pending until an operator says yes
    _text("platform_name"),
    _time("seen_at"),
    UniqueConstraint("registration", "deployment", name="uq_coursecrew_lti_deployment"),
)
TOOL_KEY = Table(
    "coursecrew_lti_tool_key",
    METADATA,
    _id(),
    SqlColumn("kid", short(64), nullable=False, unique=True),
    _json("public"),
    SqlColumn("private", Text(), nullable=False),  # encrypted
    _time("created_at"),
    _time("used_from", null=True),  # empty: published, and next in turn
    _time("gone_at", null=True),  # published until then
)
LOGIN = Table(
    "coursecrew_lti_login",
    METADATA,
    SqlColumn("state", short(64), primary_key=True),
    SqlColumn("nonce", short(64), nullable=False),
    SqlColumn("registration", short(32), nullable=False),
    _text("deployment_hint"),
    _long("target_link_uri"),
    _long("login_hint"),
    _long("message_hint"),
    _text("storage_target"),
    SqlColumn("expires_at", Moment(), nullable=False, index=True),
)
USER = Table(
    "coursecrew_lti_user",
    METADATA,
    _id(),  # the person's key in the core
    _of("registration", "registration"),
    SqlColumn("sub", short(255), nullable=False),
    _text("name"),
    _text("email"),
    _text("username"),
    _text("former_id"),  # user id of LTI 1.1, for merging accounts
    _text("language", 16),
    _text("zone", 64),
    _time("seen_at", null=True),
    UniqueConstraint("registration", "sub", name="uq_coursecrew_lti_user"),
    Index("ix_coursecrew_lti_user_email", "registration", "email"),
)
COURSE = Table(
    "coursecrew_lti_course",
    METADATA,
    _id(),  # the course in the core
    _of("registration", "registration"),
    _of("deployment", "deployment"),
    SqlColumn("context", short(255), nullable=False),
    _text("title"),
    _text("label"),
    _json("members"),  # the NRPS claim
    _json("history"),  # contexts this one was copied from
    _time("asked_at", null=True),  # a member list was asked for
    _time("synced_at", null=True),  # and was read as a whole
    _text("sync_problem"),
    UniqueConstraint("deployment", "context", name="uq_coursecrew_lti_course"),
)
PLACE = Table(
    "coursecrew_lti_place",
    METADATA,
    _id(),  # the activity's place in the core
    _of("registration", "registration"),
    _of("course", "course"),
    SqlColumn("item", short(32), nullable=False),  # our id in `custom` and `resourceId`
    SqlColumn("resource_link", short(255)),  # empty until the first launch
    _text("title"),
    _text("name", 80),
    _text("origin", 32),  # the place it is a copy of
    SqlColumn("kind", short(40), nullable=False, default="team_assignment", server_default="team_assignment"),
    _json("gradebook"),  # the AGS claim of the last launch
    _json("line_items"),  # tag -> address
    _time("created_at"),
    UniqueConstraint("course", "resource_link", name="uq_coursecrew_lti_place"),
    Index("ix_coursecrew_lti_place_item", "course", "item"),
)
SESSION = Table(
    "coursecrew_lti_session",
    METADATA,
    _id(),
    _of("registration", "registration"),
    _of("user", "person", null=True),
    _of("course", "course", null=True),
    _of("place", "place", null=True),
    SqlColumn("kind", short(40), nullable=False),
    SqlColumn("role", short(40), nullable=False),
    SqlColumn("looks_on", Boolean(), nullable=False),
    _json("message"),  # what later steps need of the launch: return address, deep-link settings, frames
    SqlColumn("code", short(64), unique=True),  # hash of the one-time code
    SqlColumn("token", short(64), unique=True),  # hash of the bearer token
    _text("proof", 64),  # hash of what platform storage must hold; empty where a cookie has proven it
    _text("language", 16),
    _text("zone", 64),
    _time("created_at"),
    SqlColumn("expires_at", Moment(), nullable=False, index=True),
)
ACCESS_TOKEN = Table(
    "coursecrew_lti_access_token",
    METADATA,
    SqlColumn("id", short(64), primary_key=True),  # hash of registration, token address and scopes
    _of("registration", "registration"),
    SqlColumn("token", Text(), nullable=False),  # encrypted
    _json("scopes"),
    SqlColumn("expires_at", Moment(), nullable=False),
)
INVITE = Table(
    "coursecrew_lti_invite",
    METADATA,
    SqlColumn("id", short(64), primary_key=True),  # hash
    SqlColumn("purpose", short(40), nullable=False),
    SqlColumn("expires_at", Moment(), nullable=False),
)
NOTICE = Table(
    "coursecrew_lti_notice",
    METADATA,
    _id(),
    _of("registration", "registration"),
    SqlColumn("notice", short(255), nullable=False),
    SqlColumn("kind", short(80), nullable=False),
    _json("detail"),
    _time("at"),
    UniqueConstraint("registration", "notice", name="uq_coursecrew_lti_notice"),
)
ALL = (
    REGISTRATION, DEPLOYMENT, TOOL_KEY, LOGIN, USER, COURSE, PLACE, SESSION, ACCESS_TOKEN, INVITE, NOTICE,
)  # fmt: skip
