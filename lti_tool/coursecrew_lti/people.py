"""People of a platform: `sub` <-> learner key, member lists by NRPS, and whom a file calls what."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, func, or_, select

from coursecrew.app.ports import Grouping, Member, PlatformGroup
from coursecrew.domain.errors import NotFound, PlatformUnreachable
from coursecrew.domain.people import Source
from coursecrew_lti import registration as registrations
from coursecrew_lti.groups import Access, access
from coursecrew_lti.lti_tables import COURSE, USER
from coursecrew_lti.messages import Person, full_name, is_test_user, normalize_roles, role_of
from coursecrew_lti.outgoing import Unreachable
from coursecrew_lti.platforms import Platform, platform
from coursecrew_lti.services import NamesRolesProvisioningService, pages, with_query
from coursecrew_lti.tables import TABLES
from coursecrew_lti.upsert import upsert

if TYPE_CHECKING:
    from datetime import datetime

    from coursecrew_lti.tool import Tool

_TOLD = frozenset({"name", "email", "username", "former_id", "language", "zone"})
CHUNK = 500
_PARTICIPANT = TABLES["coursecrew_participant"]


def note_person(
    connection: Connection,
    registration: str,
    person: Person,
    *,
    new_id: str,
    now: datetime | None,
    fill: frozenset[str] = frozenset(),
) -> Row[Any]:
    """The row of a platform's `sub`, whose id is the person's key; made at first sight.

    The key is random: Moodle's user ids are small numbers, and a hash of them is guessed in seconds.
    """
    told = {name: getattr(person, name) for name in _TOLD}
    seen = {"seen_at": now} if now else {}
    return upsert(
        connection,
        USER,
        keys={"registration": registration, "sub": person.sub},
        values={**told, **seen},
        first={"id": new_id, **({} if now else {"seen_at": None})},
        keep=_TOLD - fill,
        fill=fill,
    )


class LtiPeople:
    """`People` over the names and roles service of one registration."""

    def __init__(self, tool: Tool, registration: str) -> None:
        self._tool = tool
        self._registration = registration

    def members(self, course: str) -> Iterable[Sequence[Member]]:
        """All members, page by page; `PlatformUnreachable` where a page cannot be had."""
        with self._tool.begin() as connection:
            row = connection.execute(
                select(COURSE).where(COURSE.c.id == course, COURSE.c.registration == self._registration)
            ).first()
            registration = registrations.get(connection, self._registration)
        first = row.members.get("context_memberships_url") if row is not None else None
        if registration is None or not isinstance(first, str):
            raise PlatformUnreachable(what="members", reason="no_member_list")
        differs = platform(registration.family)
        if differs.page_size:
            first = with_query(first, limit=str(differs.page_size))
        service = NamesRolesProvisioningService(self._tool.connector(registration), {})
        try:
            for page in pages(first, service.get_members_page):
                yield self._taken_over(page, differs)
        except Unreachable as error:
            raise PlatformUnreachable(what="members", reason=error.reason) from error

    def _taken_over(self, page: Any, differs: Platform) -> list[Member]:
        if not isinstance(page, list):
            raise Unreachable("malformed")
        told = [one for one in page if isinstance(one, dict) and _is_id(one.get("user_id"))]
        with self._tool.begin() as connection:
            return [self._member(connection, one, differs) for one in told]

    def _member(self, connection: Connection, told: Mapping[str, Any], differs: Platform) -> Member:
        roles = [role for role in told.get("roles") or [] if isinstance(role, str)]
        name = full_name(told)
        person = Person(
            sub=told["user_id"],
            name=html.unescape(name) if differs.escapes_names else name,
            email=_text(told.get("email")),
            username=_text(told.get("lis_person_sourcedid")),
            former_id=_text(told.get("lti11_legacy_user_id")),
        )
        # A launch tells a name as it was typed, some member lists a cleaned one.
        row = note_person(
            connection, self._registration, person, new_id=self._tool.ids.new(), now=None,
            fill=frozenset({"name", "username"}),
        )  # fmt: skip
        return Member(
            person=row.id,
            name=row.name,
            role=role_of(roles),
            active=told.get("status", "Active") == "Active",
            zone=row.zone,
            looks_on=is_test_user(normalize_roles(roles)),
            source=Source.ROSTER,
        )

    def person_for(self, course: str, handle: str) -> str | None:
        """The one person of the course whom a file calls by id, user name, mail address or full name."""
        handle = " ".join(handle.split())
        if not handle:
            return None
        in_course = select(_PARTICIPANT.c.person).where(
            _PARTICIPANT.c.tenant == self._registration, _PARTICIPANT.c.course == course
        )
        ways = (
            or_(USER.c.sub == handle, USER.c.id == handle),
            USER.c.username == handle,
            func.lower(USER.c.email) == handle.lower(),
            func.lower(USER.c.name) == handle.lower(),
        )
        with self._tool.begin() as connection:
            for way in ways:
                found = connection.execute(
                    select(USER.c.id)
                    .where(USER.c.registration == self._registration, USER.c.id.in_(in_course), way)
                    .limit(2)
                ).all()
                if found:
                    return str(found[0].id) if len(found) == 1 else None
        return None

    def handles(self, course: str, people: Sequence[str]) -> Mapping[str, str]:
        """What an exported file calls each of these people: mail address, user name, else the id."""
        found: dict[str, str] = {}
        with self._tool.begin() as connection:
            for start in range(0, len(people), CHUNK):
                rows = connection.execute(
                    select(USER.c.id, USER.c.sub, USER.c.email, USER.c.username).where(
                        USER.c.registration == self._registration,
                        USER.c.id.in_(people[start : start + CHUNK]),
                    )
                )
                found |= {row.id: row.email or row.username or row.sub for row in rows}
        return found

    def knows_all(self, course: str) -> bool:
        """Whether the course's member list was read as a whole, and the last reading went well."""
        with self._tool.begin() as connection:
            row = connection.execute(
                select(COURSE.c.synced_at, COURSE.c.sync_problem).where(
                    COURSE.c.id == course, COURSE.c.registration == self._registration
                )
            ).first()
        return row is not None and row.synced_at is not None and not row.sync_problem

    def groupings(self, course: str) -> Sequence[Grouping] | None:
        """What the platform keeps groups in, where an operator has connected its own interface."""
        found = self._groups(course)
        return found.groupings() if found else None

    def groups(self, course: str, grouping: str) -> Sequence[PlatformGroup]:
        """The groups of one of them."""
        found = self._groups(course)
        if found is None:
            raise NotFound("grouping")
        return found.groups(grouping)

    def _groups(self, course: str) -> Access | None:
        return access(self._tool, self._registration, course)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255


def _text(value: object) -> str:
    return value.strip()[:255] if isinstance(value, str) else ""
