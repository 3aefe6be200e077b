"""Modules of the platform as far as our adapters import them; each records what it was told.

The shapes are those that ran inside a Teak LMS; nothing here is used outside tests.
"""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.dispatch import Signal


def put(monkeypatch: pytest.MonkeyPatch, name: str, **content: Any) -> ModuleType:
    """A module of that dotted name, its parents included, for the length of a test."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        path = ".".join(parts[:length])
        if path not in sys.modules:
            monkeypatch.setitem(sys.modules, path, ModuleType(path))
        if length > 1:
            monkeypatch.setattr(
                sys.modules[".".join(parts[: length - 1])],
                parts[length - 1],
                sys.modules[path],
                raising=False,
            )
    for key, value in content.items():
        monkeypatch.setattr(sys.modules[name], key, value, raising=False)
    return sys.modules[name]


class ItemNotFoundError(Exception):
    pass


class Lms:
    """The LMS around the gradebook: one block, enrolments, a freeze that can be switched on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
        from opaque_keys.edx.keys import UsageKey

        self.place = UsageKey.from_string(place)
        self.enrolled: set[int] = set()
        self.frozen = False
        self.sent: list[dict[str, Any]] = []
        self.completed: list[tuple[int, str, float]] = []
        self.tracking = True
        signals = SimpleNamespace(SCORE_PUBLISHED=Signal())
        signals.SCORE_PUBLISHED.connect(self._take, weak=False)
        put(monkeypatch, "lms.djangoapps.grades.api", signals=signals)
        put(monkeypatch, "lms.djangoapps.grades.grade_utils", are_grades_frozen=lambda key: self.frozen)
        put(monkeypatch, "xmodule.modulestore.exceptions", ItemNotFoundError=ItemNotFoundError)
        put(monkeypatch, "xmodule.modulestore.django", modulestore=lambda: self)
        put(
            monkeypatch,
            "openedx.core.djangoapps.enrollments.services",
            EnrollmentsService=lambda: self,
        )
        put(monkeypatch, "completion.services", CompletionService=self._completions)

    def get_item(self, key: Any) -> Any:
        if key != self.place:
            raise ItemNotFoundError(key)
        return SimpleNamespace(scope_ids=SimpleNamespace(usage_id=key))

    def get_active_enrollments_by_course_and_user(self, course: str, account_id: int) -> Any:
        return object() if account_id in self.enrolled else None

    def _take(self, sender: Any, **values: Any) -> None:
        values.pop("signal")
        self.sent.append(values)

    def _completions(self, account: Any, course_key: Any) -> Any:
        def submit(key: Any, value: float) -> None:
            if not self.tracking:
                raise RuntimeError("completion tracking is switched off")
            self.completed.append((account.id, str(key), value))

        return SimpleNamespace(completion_tracking_enabled=lambda: self.tracking, submit_completion=submit)


class Rows(list[Any]):
    """As much of a queryset as reading groups takes; a look-up goes along foreign keys by `__`."""

    def filter(self, **wanted: Any) -> Rows:
        return Rows(row for row in self if all(_met(row, name, value) for name, value in wanted.items()))

    def values_list(self, *names: str, flat: bool = False) -> list[Any]:
        if flat:
            return [getattr(row, names[0]) for row in self]
        return [tuple(getattr(row, name) for name in names) for row in self]

    def exists(self) -> bool:
        return bool(self)


def _met(row: Any, name: str, value: Any) -> bool:
    *path, last = name.split("__")
    for step in path:
        row = getattr(row, step)
    return bool(getattr(row, last) == value)


class Groups:
    """The platform's Teams and cohorts: the models' fields that are read, and the course's sets.

    After `lms/djangoapps/teams/models.py`, `openedx/core/lib/teams_config.py` and
    `openedx/core/djangoapps/course_groups/models.py`.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, course: str) -> None:
        from opaque_keys.edx.keys import CourseKey

        self.key = CourseKey.from_string(course)
        self.sets: dict[str, str] = {}
        self.teams, self.team_memberships = Rows(), Rows()
        self.cohorts, self.cohort_memberships = Rows(), Rows()
        put(
            monkeypatch,
            "lms.djangoapps.teams.models",
            CourseTeam=SimpleNamespace(objects=self.teams),
            CourseTeamMembership=SimpleNamespace(objects=self.team_memberships),
        )
        put(
            monkeypatch,
            "openedx.core.djangoapps.course_groups.models",
            CourseUserGroup=SimpleNamespace(COHORT="cohort", objects=self.cohorts),
            CohortMembership=SimpleNamespace(objects=self.cohort_memberships),
        )
        put(monkeypatch, "xmodule.modulestore.django", modulestore=lambda: self)

    def get_course(self, key: Any) -> Any:
        if key != self.key:
            return None
        sets = [SimpleNamespace(teamset_id=id, name=name) for id, name in self.sets.items()]
        return SimpleNamespace(teams_configuration=SimpleNamespace(teamsets=sets))

    def team(self, topic: str, name: str, *accounts: Any) -> None:
        """A team of a set, with its slug in `team_id` and memberships that know it by its row."""
        number = len(self.teams) + 1
        team = SimpleNamespace(
            id=number, team_id=f"{name.lower()}-{number}", name=name, topic_id=topic, course_id=self.key
        )
        self.teams.append(team)
        self.team_memberships.extend(
            SimpleNamespace(team=team, team_id=team.id, user_id=account.id) for account in accounts
        )

    def cohort(self, name: str, *accounts: Any) -> None:
        group = SimpleNamespace(id=len(self.cohorts) + 1, name=name, course_id=self.key, group_type="cohort")
        self.cohorts.append(group)
        self.cohort_memberships.extend(
            SimpleNamespace(course_user_group_id=group.id, course_id=self.key, user_id=account.id)
            for account in accounts
        )
