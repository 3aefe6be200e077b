"""From claims to who comes in, with which role, and where."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pylti1p3.roles import (
    AbstractRole,
    DesignerRole,
    ObserverRole,
    StudentRole,
    TeacherRole,
    TeachingAssistantRole,
)

from coursecrew.domain.people import Role
from coursecrew.domain.review_rules import PEER_REVIEW, TEAM_ASSIGNMENT
from coursecrew_lti.launch import CLAIM, Launch

VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
MEMBERSHIP = VOCABULARY + "membership#"
# LTI 1.1 wrote the same roles as URNs; some platforms still send them.
_LEGACY = {
    "urn:lti:role:ims/lis/": "membership",
    "urn:lti:instrole:ims/lis/": "institution/person",
    "urn:lti:sysrole:ims/lis/": "system/person",
}
# The library knows only the plain teaching assistant, of all the kinds that the vocabulary has.
_ASSISTANTS = ("TeachingAssistant", "Grader")


def normalize_roles(roles: Iterable[str]) -> tuple[str, ...]:
    """Roles as full addresses of the present vocabulary; unknown ones are kept as they are."""
    return tuple(_normal(role.strip()) for role in roles if role.strip())


def _normal(role: str) -> str:
    for prefix, space in _LEGACY.items():
        if role.startswith(prefix):
            name, _, part = role.removeprefix(prefix).partition("/")
            return f"{VOCABULARY}{space}/{name}#{part}" if part else f"{VOCABULARY}{space}#{name}"
    if ":" not in role and "#" not in role:
        name, _, part = role.partition("/")
        return f"{VOCABULARY}membership/{name}#{part}" if part else MEMBERSHIP + name
    return role


def role_of(roles: Iterable[str]) -> Role:
    """The role in the course; the most specific one wins, and no known role has the least rights.

    Where a course role is named, only course roles count: some platforms send "administrator of
    the institution" into every course. A Mentor is an observer: Canvas sends parents under that
    name. Who is a mentor here is said here.
    """
    normal = normalize_roles(roles)
    if _is(TeachingAssistantRole, normal) or any(_is_assistant(role) for role in normal):
        return Role.TA
    if _is(TeacherRole, normal):
        return Role.INSTRUCTOR
    if _is(DesignerRole, normal):
        return Role.AUTHOR
    if _is(StudentRole, [role for role in normal if "/membership" in role]):
        return Role.LEARNER
    if _is(ObserverRole, normal):
        return Role.OBSERVER
    has_course_role = any(role.startswith(VOCABULARY + "membership") for role in normal)
    if not has_course_role and any(role.endswith("person#Administrator") for role in normal):
        return Role.ADMIN
    return Role.OBSERVER


def _is(kind: type[AbstractRole], roles: Iterable[str]) -> bool:
    return bool(kind({CLAIM + "roles": list(roles)}).check())


def _is_assistant(role: str) -> bool:
    where, _, name = role.partition("#")
    return where == VOCABULARY + "membership/Instructor" and name.startswith(_ASSISTANTS)


def is_test_user(roles: Iterable[str]) -> bool:
    """Whether the platform calls this somebody a test student: Canvas does for its student view."""
    return TEST_USER in normalize_roles(roles)


@dataclass(frozen=True)
class Person:
    """Who comes in, as far as the platform tells."""

    sub: str
    name: str = ""
    email: str = ""
    username: str = ""
    former_id: str = ""
    language: str = ""
    zone: str = ""


def person_of(launch: Launch) -> Person:
    """The launching person; name and mail address are never relied on."""
    claims, former = launch.claims, launch.claim("lti1p1").get("user_id")
    extra = claims.get("https://purl.imsglobal.org/spec/lti/claim/ext")
    lis = launch.claim("lis")
    username = _text(extra.get("user_username")) if isinstance(extra, dict) else ""
    return Person(
        sub=launch.sub,
        name=full_name(claims),
        email=_text(claims.get("email")),
        username=username or _text(lis.get("person_sourcedid")),
        former_id=_text(former),
        language=language_of(launch),
        zone=zone_of(launch),
    )


def full_name(told: Mapping[str, Any]) -> str:
    """The name in full, put together from its parts where only those are told."""
    whole = _text(told.get("name"))
    return whole or " ".join(filter(None, (_text(told.get("given_name")), _text(told.get("family_name")))))


def _text(value: object) -> str:
    return " ".join(value.split())[:255] if isinstance(value, str) else ""


def language_of(launch: Launch) -> str:
    """The language the platform speaks with this person, as a tag."""
    told = launch.claim("launch_presentation").get("locale") or launch.claims.get("locale")
    return _text(told).replace("_", "-")[:16]


def zone_of(launch: Launch) -> str:
    """The person's time zone, where the platform names one that exists."""
    told = launch.claims.get("zoneinfo") or custom(launch).get("person_zone", "")
    return valid_zone(told)


def valid_zone(name: object) -> str:
    """A time zone's name, or nothing for a name that nobody knows."""
    if not isinstance(name, str) or not 0 < len(name) <= 64:
        return ""
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, LookupError):
        return ""


def custom(launch: Launch) -> Mapping[str, str]:
    """Custom parameters that were filled in; unknown variables stay literal and are left out."""
    return {
        name: value
        for name, value in launch.claim("custom").items()
        if isinstance(value, str) and value and not value.startswith("$")
    }


def item_of(launch: Launch) -> str:
    """Our own id of the thing placed, as 32 hex digits: it survives course copies."""
    try:
        return uuid.UUID(custom(launch).get("coursecrew_item", "")).hex
    except ValueError:
        return ""


def kind_of(launch: Launch) -> str:
    """What sort of activity the link says it is; a team assignment where it says nothing that is known."""
    return checked_kind(custom(launch).get("coursecrew_kind", ""))


def checked_kind(said: str) -> str:
    """The sort of activity of that name, a team assignment for any other."""
    return said if said in (TEAM_ASSIGNMENT, PEER_REVIEW) else TEAM_ASSIGNMENT


def as_uuid(item: str) -> str:
    """The id as platforms keep it."""
    return str(uuid.UUID(hex=item))


def history_of(launch: Launch) -> list[str]:
    """Contexts that this course was copied from, newest first."""
    return [one for one in custom(launch).get("ctx_history", "").split(",") if one][:20]
