"""Why somebody is in their team, in words: the wishes for all teams, and how far their own meets them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coursecrew.app.formation_figures import rules_said
from coursecrew.app.formation_why import WhyTogether, why_together
from coursecrew.app.unit_of_work import run
from coursecrew.domain.formations import Formation, FormedTeam
from coursecrew.domain.wishes import FORMER_TEAMS
from coursecrew.ui.formed import say_reason, wishes_of
from coursecrew.ui.http import Request, Response, get
from coursecrew.ui.pages import Crumb, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.wishes import say_wish

TOLD = frozenset({"hours", "topic"})  # what a team needs to know; all else would tell single answers


@dataclass(frozen=True)
class Line:
    """A wish in words, and how far one's own team meets it; nothing of what anybody answered."""

    wish: str
    chip: str
    word: str
    more: str = ""


def why(scene: Scene, request: Request) -> Response:
    """What teams were formed by, for a member of one."""
    found = run(scene.ports, why_together, scene.actor, scene.activity.id)
    title = scene.reader.gettext("Why you are in this team")
    return page(
        scene,
        request,
        "why_team.html",
        title=title,
        crumbs=[Crumb(title)],
        found=found,
        lines=_lines(found.run, found.team, found, scene.reader) if found.run and found.team else [],
        locked=found.run is not None and any(rule.sensitive for rule in rules_said(found.run)),
    )


def _lines(one: Formation, team: FormedTeam, found: WhyTogether, reader: Reader) -> list[Line]:
    wishes = wishes_of(one)
    rules = {rule.rule: rule for rule in rules_said(one)}
    lines = []
    for reason in team.reasons:
        rule = rules.get(int(reason["rule"]))
        if rule is None or rule.sensitive or not 0 <= rule.wish < len(wishes):
            continue
        wish = wishes[rule.wish]
        if wish.about != FORMER_TEAMS and found.survey.question(wish.about) is None:
            continue
        lines.append(_line(say_wish(wish, found.survey, reader), reason, reader))
    return lines


def _line(wish: str, reason: Mapping[str, Any], reader: Reader) -> Line:
    chip, word, _more = say_reason(reason, reader)
    _ = reader.gettext
    words = {"done": _("met"), "partly": _("partly met"), "missed": _("not met")}
    told = word if reason["said"]["code"] in TOLD else ""
    if reason["said"]["code"] == "topic":
        told = _("Your topic: %(topic)s", topic=reason["said"]["topic"])
    return Line(wish, chip, words.get(chip, word), told)


ROUTES = (get("team/why", why),)
