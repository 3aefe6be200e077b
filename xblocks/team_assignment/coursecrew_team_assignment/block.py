"""The team assignment as a block of Open edX."""

from __future__ import annotations

from xblock.fields import Scope, String

from coursecrew_openedx.block import ActivityBlock, _
from coursecrew_team_assignment.scenarios import scenarios


class TeamAssignmentBlock(ActivityBlock):
    """Teams form, write one piece of work together, hand it in, and get their grades."""

    kind = "team_assignment"
    index_name = "Team assignment"

    display_name = String(
        display_name=_("Title"),
        help=_("The name of the assignment, as learners see it above the unit."),
        default=_("Team assignment"),
        scope=Scope.settings,
    )

    @staticmethod
    def workbench_scenarios() -> list[tuple[str, str]]:
        """The block in each of its phases, for the XBlock workbench."""
        return scenarios()
