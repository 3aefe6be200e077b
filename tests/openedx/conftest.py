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

    # --- the story, as people press it ---

    def team(self, name: str, founder: str, *others: str) -> str:
        """Found a team and let others join it; returns its id."""
        assert self.post(founder, "team/found", name=name).status_code == 200
        team = self.row("team", name=name).id
        for who in others:
            assert self.get(who).status_code == 200
            assert self.post(who, f"team/{team}/join").status_code == 200
        return team

    def write(self, who: str, text: str = "Forty litres a second leave the pipe.") -> Any:
        """Write every required part and save."""
        seen = field_of(self.get(who, "draft"), "seen")
        texts = {f"text-p{number}": text for number in (1, 2, 3)}
        return self.post(who, "draft", seen=seen, **texts)

    def hand_in(self, who: str) -> Any:
        seen = field_of(self.get(who, "hand-in"), "seen")
        return self.post(who, "hand-in", seen=seen)

    def score(self, who: str, team: str, **levels: int) -> Any:
        """Score a team's work; `c1=3, c2=2, c3=2` is everything."""
        work = self.row("work", team=team).id
        self.get(who)
        seen = field_of(self.get(who, f"grading/{work}"), "seen")
        marks = {f"level-{name}": str(level) for name, level in levels.items()}
        return self.post(who, f"grading/{work}/score", seen=seen, act="score", **marks)

    def released(self, *members: str, name: str = "Blue Ledger") -> str:
        """A team whose work was handed in, scored 80 of 100 and released; returns the team's id."""
        team = self.team(name, *members)
        assert self.write(members[0]).status_code == 200
        assert self.hand_in(members[0]).status_code == 200
        assert self.score("ines", team, c1=3, c2=1, c3=2).status_code == 200
        assert self.post("ines", "release/now").status_code == 200
        return team

    # --- what came of it ---

    def rows(self, table: str, **equal: Any) -> list[Any]:
        """Rows of one of our tables, by its short name."""
        from coursecrew_openedx.models import MODELS

        return list(MODELS[f"coursecrew_{table}"]._base_manager.filter(**equal).order_by("id"))

    def row(self, table: str, **equal: Any) -> Any:
        (found,) = self.rows(table, **equal)
        return found

    def marks(self) -> dict[str, tuple[float | None, float | None]]:
        """The platform's gradebook: user name -> (earned, possible)."""
        from demo.studio.models import Mark

        return {
            mark.user.username: (mark.earned, mark.possible) for mark in Mark.objects.select_related("user")
        }

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
