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
