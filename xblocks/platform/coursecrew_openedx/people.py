"""Accounts and learner keys, who somebody is in a request, and the platform's member list.

A learner key is random hex, one for each person and platform, and stands in every row of ours. Its
only tie to an account is a row of `coursecrew_person`; retirement cuts it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth import get_user_model
from django.utils.translation import get_language

from coursecrew.app.ports import Grouping, Member, PlatformGroup
from coursecrew.domain.errors import NotAllowed, PlatformUnreachable
from coursecrew.domain.people import Actor, Role, Source
from coursecrew_openedx.settings import option, stand_in

PAGE = 500
PREFIX = "edx-platform."
STAFF_ROLES = frozenset({"staff", "instructor"})


# --- learner keys ---


def key_of(account_id: int) -> str:
    """The learner key of an account, made at first use."""
    return keys_of([account_id])[account_id]


def keys_of(account_ids: Iterable[int]) -> dict[int, str]:
    """The learner keys of accounts, made where there is none; two or three queries for any number."""
    from coursecrew_openedx.models import Person

    wanted = set(account_ids)
    known = _known_keys(wanted)
    missing = wanted - known.keys()
    if missing:
        # Somebody else may make the same row at this moment; whoever was first is right.
        Person.objects.bulk_create(
            [Person(user_id=number, key=secrets.token_hex(16)) for number in sorted(missing)],
            ignore_conflicts=True,
        )
        known |= _known_keys(missing)
    return known


def _known_keys(account_ids: Iterable[int]) -> dict[int, str]:
    from coursecrew_openedx.models import Person

    return dict(Person.objects.filter(user_id__in=account_ids).values_list("user_id", "key"))


def account_of(person: str) -> Any | None:
    """The account behind a learner key; `None` once it was retired."""
    from coursecrew_openedx.models import Person

    row = Person.objects.select_related("user").filter(key=person).first()
    return row.user if row else None


def accounts_of(people: Iterable[str]) -> dict[str, Any]:
    """The accounts behind learner keys, in one query; retired people are left out."""
    from coursecrew_openedx.models import Person

    rows = Person.objects.select_related("user").filter(key__in=list(people))
    return {row.key: row.user for row in rows}


def name_of(account: Any, full_name: str = "") -> str:
    """What others read: the user name, or the full name where the operator allows it."""
    if option("full_names"):
        profile = getattr(account, "profile", None)
        full = full_name or getattr(profile, "name", "") or account.get_full_name()
        if full.strip():
            return str(full.strip())
    return str(account.get_username())


# --- who is asking ---


def facts_of(block: Any) -> dict[str, Any] | None:
    """What the platform says of the person who asks; `None` for a visitor without an account."""
    service = block.runtime.service(block, "user")
    if service is None:
        return None
    user = service.get_current_user()
    facts = {
        name.removeprefix(PREFIX): value
        for name, value in dict(user.opt_attrs).items()
        if name.startswith(PREFIX)
    }
    if not facts.get("is_authenticated") or not isinstance(facts.get("user_id"), int):
        return None
    return {**facts, "full_name": user.full_name or ""}


def actor_of(block: Any, course: str) -> Actor:
    """The person who asks, checked anew in each request.

    The platform lets every account of the site call a handler, enrolled or not, so enrolment is
    asked for here. Course staff come in without one. Staff who view the course as a learner, be it
    in general or as a named one, look on: nothing they press is stored, in nobody's name.
    """
    facts = facts_of(block)
    if facts is None:
        raise NotAllowed("sign_in")
    looks_on = views_as_learner(course)
    is_staff = not looks_on and (facts.get("user_is_staff") or facts.get("user_role") in STAFF_ROLES)
    if not is_staff and not looks_on and not _is_enrolled(block, course, facts["user_id"]):
        raise NotAllowed("enter")
    preferences = facts.get("user_preferences") or {}
    return Actor(
        person=key_of(facts["user_id"]),
        course=course,
        role=Role.INSTRUCTOR if is_staff else Role.LEARNER,
        name=_own_name(facts),
        zone=known_zone(preferences.get("time_zone")),
        language=str(preferences.get("pref-lang") or get_language() or "en"),
        # Enrolment was just checked against the list that the roster is read from.
        source=Source.LAUNCH if is_staff else Source.ROSTER,
        looks_on=looks_on,
        may_author=bool(is_staff),
        # Who runs the site is staff in every course; what only they may do asks for this.
        also=frozenset({Role.ADMIN}) if is_staff and facts.get("user_is_global_staff") else frozenset(),
    )


def author_of(block: Any, course: str) -> Actor:
    """The author who asks in Studio, where nothing but the right to edit is known for certain."""
    permissions = block.runtime.service(block, "studio_user_permissions")
    key = getattr(block.scope_ids.usage_id, "context_key", None) or course
    if permissions is None or not permissions.can_write(key):
        raise NotAllowed("change_settings")
    facts = facts_of(block) or {}
    number = facts.get("user_id")
    preferences = facts.get("user_preferences") or {}
    return Actor(
        person=key_of(number) if isinstance(number, int) else "",
        course=course,
        role=Role.AUTHOR,
        name=_own_name(facts),
        zone=known_zone(preferences.get("time_zone")),
        language=str(get_language() or "en"),
        may_author=True,
    )


def _own_name(facts: Mapping[str, Any]) -> str:
    full = str(facts.get("full_name") or "").strip()
    return full if full and option("full_names") else str(facts.get("username") or "")


def _is_enrolled(block: Any, course: str, account_id: int) -> bool:
    service = block.runtime.service(block, "enrollments")
    if service is None:
        return False
    return service.get_active_enrollments_by_course_and_user(course, account_id) is not None


def views_as_learner(course: str) -> bool:
    """Whether staff look at the course through a learner's eyes just now.

    The block cannot tell: it is given the learner's identity. Only the real user of the request
    knows. "View as staff" leaves a masquerade of role "staff" behind, which is none.
    """
    try:
        import crum
        from lms.djangoapps.courseware.masquerade import get_course_masquerade
        from opaque_keys import InvalidKeyError
        from opaque_keys.edx.keys import CourseKey
    except ImportError:
        return False
    real = crum.get_current_user()
    if real is None:
        return False
    try:
        masquerade = get_course_masquerade(real, CourseKey.from_string(course))
    except InvalidKeyError:
        return False
    return masquerade is not None and (masquerade.role != "staff" or bool(masquerade.user_name))


def account_by_anonymous_id(block: Any, anonymous_id: str) -> Any | None:
    """The account behind an anonymous id of the platform, as instructors' tools hand it to us."""
    try:
        from common.djangoapps.student.models import user_by_anonymous_id
    except ImportError:
        service = block.runtime.service(block, "user")
        find = getattr(service, "get_user_by_anonymous_id", None)
        return find(anonymous_id) if find else None
    return user_by_anonymous_id(anonymous_id)


def known_zone(name: Any) -> str:
    """A time zone that this machine knows; UTC otherwise."""
    try:
        return ZoneInfo(str(name)).key if name else "UTC"
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"


# --- the member list ---


class Enrolments(Protocol):
    """The part of the platform's enrolment service that we use; a queryset and one row of it."""

    def get_active_enrollments_by_course(self, course_id: str) -> Any:
        """All active enrolments of a course."""
        ...

    def get_active_enrollments_by_course_and_user(self, course_id: str, user_id: int) -> Any | None:
        """One account's active enrolment."""
        ...


class Roster:
    """`People` over the platform's enrolments."""

    def members(self, course: str) -> Iterator[Sequence[Member]]:
        """Everybody enrolled, by pages; the next page begins after the last row of the one before."""
        rows = enrolments().get_active_enrollments_by_course(course).select_related("user").order_by("id")
        last = 0
        while page := list(rows.filter(id__gt=last)[:PAGE]):
            keys = keys_of(row.user.id for row in page)
            yield [
                Member(
                    person=keys[row.user.id],
                    name=name_of(row.user),
                    role=Role.INSTRUCTOR if is_course_staff(row.user, course) else Role.LEARNER,
                )
                for row in page
            ]
            last = page[-1].id

    def person_for(self, course: str, handle: str) -> str | None:
        """The learner key of an enrolled person, by user name or e-mail address."""
        users = get_user_model()._default_manager
        handle = handle.strip()
        account: Any = users.filter(username=handle).first()
        if account is None and "@" in handle:
            account = users.filter(email__iexact=handle).first()
        if account is None:
            return None
        if enrolments().get_active_enrollments_by_course_and_user(course, account.id) is None:
            return None
        return key_of(account.id)

    def handles(self, course: str, people: Sequence[str]) -> Mapping[str, str]:
        """The user name of each person, by learner key."""
        return {key: account.username for key, account in accounts_of(people).items()}

    def knows_all(self, course: str) -> bool:
        """Never for certain: more people may enrol at any time."""
        return False

    def groupings(self, course: str) -> Sequence[Grouping] | None:
        """The platform's sets of teams, and its cohorts."""
        from coursecrew_openedx.groups import groupings_of

        return groupings_of(course)

    def groups(self, course: str, grouping: str) -> Sequence[PlatformGroup]:
        """The groups of one of them."""
        from coursecrew_openedx.groups import groups_of

        return groups_of(course, grouping)


def enrolments() -> Enrolments:
    """The platform's enrolment service, or the stand-in that the settings name."""
    found: Enrolments | None = stand_in("roster")
    if found is not None:
        return found
    try:
        from openedx.core.djangoapps.enrollments.services import EnrollmentsService
    except ImportError:
        raise PlatformUnreachable(service="enrolments") from None
    service: Enrolments = EnrollmentsService()
    return service


def is_course_staff(account: Any, course: str) -> bool:
    """Whether somebody enrolled belongs to the course team: asked one by one, as the platform wants.

    The tables behind the roles change with the platform's new permission system.
    """
    ask = getattr(stand_in("roster"), "is_course_staff", None)
    if ask is not None:
        return bool(ask(account, course))
    try:
        from lms.djangoapps.courseware.access import has_access
        from opaque_keys.edx.keys import CourseKey
    except ImportError:
        return False
    return bool(has_access(account, "staff", CourseKey.from_string(course)))
