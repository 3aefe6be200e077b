"""A course in the workbench: sample people, a fresh block for each test, and a browser's manners."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

TEAM = "coursecrew_team_assignment"


@dataclass
class Course:
    """The workbench's one course, as people use it: through pages and the handler."""

    scenario: str = f"{TEAM}.0"

    @property
    def place(self) -> str:
        from workbench.scenarios import get_scenarios

        return str(get_scenarios()[self.scenario].usage_id)

    def view(self, who: str, view: str = "student_view") -> Any:
        return Client().get(f"/scenario/{self.scenario}/{view}/", {"student": who})

    def get(self, who: str, path: str = "", **query: str) -> Any:
        return Client().get(f"/handler/{self.place}/ui/{path}", {"student": who, **query})

    def post(self, who: str, path: str, **form: Any) -> Any:
        return Client().post(f"/handler/{self.place}/ui/{path}?student={who}", form)

    def block(self, who: str | None = None) -> Any:
        """The block itself, bound to somebody."""
        from workbench.runtime import WorkbenchRuntime

        return WorkbenchRuntime(who).get_block(self.place)

    def account(self, who: str) -> Any:
        from django.contrib.auth import get_user_model

        return get_user_model().objects.get(username=who)

    def key(self, who: str) -> str:
        from coursecrew_openedx.people import key_of

        return key_of(self.account(who).id)


@pytest.fixture
def course(transactional_db) -> Course:
    """Everything at its beginning; transactions are real, so that what waits for a commit happens."""
    from demo.studio.people import seed

    _load_scenarios()
    seed()
    return Course()


def _load_scenarios() -> None:
    """Our scenarios afresh: the workbench keeps their ids in memory and their fields in its tables."""
    from workbench import runtime, scenarios

    from coursecrew_team_assignment.block import TeamAssignmentBlock

    scenarios.SCENARIOS.clear()
    scenarios.get_scenarios.initialized = True
    runtime.ID_MANAGER.clear()
    runtime.WORKBENCH_KVS.clear()
    scenarios.add_class_scenarios(TEAM, TeamAssignmentBlock, fail_silently=False)


@pytest.fixture
def ports(course):
    """The ports of the platform, as the handler has them."""
    from coursecrew_openedx.ports import ports

    return ports()


def field_of(page: Any, name: str) -> str:
    """The value of a form field in a part."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page.content.decode())
    assert found, f"no field {name}"
    return found[1]
