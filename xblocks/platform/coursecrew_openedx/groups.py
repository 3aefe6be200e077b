"""The platform's own groups: the teams of its Teams page, set by set, and its cohorts. Only read.

Both are models of the LMS's own apps, so each import is guarded: where one is missing (in the
workbench, say), its groups are not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from coursecrew.app.ports import Grouping, PlatformGroup
from coursecrew.domain.errors import NotFound
from coursecrew_openedx.people import enrolments, keys_of

TEAMS, COHORTS = "teams", "cohorts"
CHUNK = 500


def groupings_of(course: str) -> list[Grouping] | None:
    """Sets of teams, and the cohorts as one; `None` where the platform has neither app."""
    key = _course_key(course)
    teams, cohorts = _team_models(), _cohort_models()
    if key is None or (teams is None and cohorts is None):
        return None
    found: list[Grouping] = []
    if teams is not None:
        team, _membership = teams
        used = team.objects.filter(course_id=key).values_list("topic_id", flat=True)
        names = _names_of_sets(key)
        for topic in sorted(set(used)):
            found.append(Grouping(f"{TEAMS}:{topic}", TEAMS, names.get(topic, topic)))
    if cohorts is not None:
        group, _membership = cohorts
        if group.objects.filter(course_id=key, group_type=group.COHORT).exists():
            found.append(Grouping(COHORTS, COHORTS))
    return found


def groups_of(course: str, grouping: str) -> list[PlatformGroup]:
    """The groups of one grouping with those of their members who are enrolled now."""
    key = _course_key(course)
    kind, _, topic = grouping.partition(":")
    if kind == TEAMS and (models := _team_models()) and key is not None:
        team, membership = models
        # On a membership `team_id` is the column of the foreign key, not the slug that teams have.
        named = team.objects.filter(course_id=key, topic_id=topic).values_list("id", "name")
        pairs = membership.objects.filter(team__course_id=key, team__topic_id=topic)
        return _with_people(course, named, pairs.values_list("team_id", "user_id"))
    if grouping == COHORTS and (models := _cohort_models()) and key is not None:
        group, membership = models
        named = group.objects.filter(course_id=key, group_type=group.COHORT).values_list("id", "name")
        pairs = membership.objects.filter(course_id=key)
        return _with_people(course, named, pairs.values_list("course_user_group_id", "user_id"))
    raise NotFound("grouping")


def _with_people(
    course: str, named: Iterable[tuple[int, str]], pairs: Iterable[tuple[int, int]]
) -> list[PlatformGroup]:
    members: dict[int, list[int]] = {}
    for group, account in pairs:
        members.setdefault(group, []).append(account)
    keys = _enrolled(course, sorted({account for accounts in members.values() for account in accounts}))
    groups = []
    for id, name in sorted(named, key=lambda row: (row[1].casefold(), row[0])):
        accounts = sorted(set(members.get(id, ())))
        people = tuple(keys[account] for account in accounts if account in keys)
        groups.append(PlatformGroup(name, people, unknown=len(accounts) - len(people)))
    return groups


def _enrolled(course: str, accounts: Sequence[int]) -> dict[int, str]:
    """The learner keys of those accounts that are enrolled: who left may still stand in a group."""
    rows = enrolments().get_active_enrollments_by_course(course)
    active: set[int] = set()
    for start in range(0, len(accounts), CHUNK):
        some = accounts[start : start + CHUNK]
        active |= set(rows.filter(user_id__in=some).values_list("user_id", flat=True))
    return keys_of(active)


def _course_key(course: str) -> Any | None:
    try:
        from opaque_keys import InvalidKeyError
        from opaque_keys.edx.keys import CourseKey
    except ImportError:
        return None
    try:
        return CourseKey.from_string(course)
    except InvalidKeyError:
        return None


def _team_models() -> tuple[Any, Any] | None:
    try:
        from lms.djangoapps.teams.models import CourseTeam, CourseTeamMembership
    except ImportError:
        return None
    return CourseTeam, CourseTeamMembership


def _cohort_models() -> tuple[Any, Any] | None:
    try:
        from openedx.core.djangoapps.course_groups.models import CohortMembership, CourseUserGroup
    except ImportError:
        return None
    return CourseUserGroup, CohortMembership


def _names_of_sets(key: Any) -> dict[str, str]:
    """What the course calls its sets of teams; where it cannot be asked, sets go by their id."""
    try:
        from xmodule.modulestore.django import modulestore
    except ImportError:
        return {}
    course = modulestore().get_course(key)
    config = getattr(course, "teams_configuration", None)
    return {one.teamset_id: one.name for one in config.teamsets} if config else {}
