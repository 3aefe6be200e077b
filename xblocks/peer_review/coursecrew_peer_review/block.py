"""The peer review as a block of Open edX."""

from __future__ import annotations

from xblock.fields import Scope, String

from coursecrew_openedx.block import ActivityBlock, _
from coursecrew_peer_review.scenarios import scenarios


class PeerReviewBlock(ActivityBlock):
    """Works of a team assignment are judged by learners of the course, alone or as teams."""

    kind = "peer_review"
    index_name = "Peer review"

    display_name = String(
        display_name=_("Title"),
        help=_("The name of the peer review, as learners see it above the unit."),
        default=_("Peer review"),
        scope=Scope.settings,
    )

    @staticmethod
    def workbench_scenarios() -> list[tuple[str, str]]:
        """The block as authors and learners meet it, for the XBlock workbench."""
        return scenarios()
