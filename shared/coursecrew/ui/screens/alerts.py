"""Signs that a team needs help, for the course staff: why, what to do, and that it was seen to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from coursecrew.app import alerts as acts
from coursecrew.app.alerts import AlertRow
from coursecrew.app.unit_of_work import run
from coursecrew.domain.alerts import Alert, Sign
from coursecrew.domain.people import Participant
from coursecrew.domain.permissions import Action, require
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.panels import Panel, Press, Wait
from coursecrew.ui.reader import N_, Reader
from coursecrew.ui.scene import Scene

HEADS: Mapping[Sign, str] = {
    Sign.SILENT: N_("Nobody was here"),
    Sign.ONE_HAND: N_("One person does nearly everything"),
    Sign.ABSENT: N_("Members are inactive"),
    Sign.SMALL: N_("Too few members"),
    Sign.LOW: N_("The check-in is low"),
    Sign.LATE: N_("A milestone is late"),
}
# What staff do about it: the words of the link, and its path behind the team's page.
ACTIONS: Mapping[Sign, tuple[str, str]] = {
    Sign.SILENT: (N_("Look at %(team)s and give more time"), ""),
    Sign.ONE_HAND: (N_("Look at who is in %(team)s"), ""),
    Sign.ABSENT: (N_("Look at who is in %(team)s"), ""),
    Sign.SMALL: (N_("Place somebody in %(team)s, or join it with another team"), ""),
    Sign.LOW: (N_("Look at %(team)s, and name a mentor"), "/mentors"),
    Sign.LATE: (N_("Look at %(team)s and its plan"), ""),
}


def why(alert: Alert, reader: Reader, people: Mapping[str, Participant]) -> str:
    """The reason of an alert in one sentence, with the numbers it rests on."""
    _, n_, values = reader.gettext, reader.ngettext, alert.values
    names = reader.listed([people[key].name for key in acts.people_of(alert) if key in people])
    if alert.sign is Sign.SILENT:
        since = datetime.fromisoformat(values["since"])
        return _(
            "Nobody of the team was here since %(since)s, while the draft is open.",
            since=reader.moment(since),
        )
    if alert.sign is Sign.ONE_HAND:
        return _(
            "%(name)s made %(share)s %% of the %(edits)s edits. It may be agreed so; ask the team.",
            name=names or _("former member"), share=values["share"], edits=values["edits"],
        )  # fmt: skip
    if alert.sign is Sign.ABSENT:
        return n_(
            "%(names)s is inactive: not seen for long, or out of the course.",
            "%(names)s are inactive: not seen for long, or out of the course.",
            len(values["people"]), names=names or _("former member"),
        )  # fmt: skip
    if alert.sign is Sign.SMALL:
        return n_(
            "%(number)s member is active; a team should have %(least)s.",
            "%(number)s members are active; a team should have %(least)s.",
            values["have"], least=values["least"],
        )  # fmt: skip
    if alert.sign is Sign.LOW:
        if values["before"] is None:
            return _("The latest check-in has a mean of %(mean)s, on a scale of 1 to 9.", mean=values["mean"])
        return _(
            "The latest check-in has a mean of %(mean)s, the one before %(before)s, on a scale of 1 to 9.",
            mean=values["mean"], before=values["before"],
        )  # fmt: skip
    due = reader.moment(datetime.fromisoformat(values["due"]))
    if values.get("more"):
        return n_(
            "“%(title)s” was due on %(due)s and is not reached; %(number)s more is late.",
            "“%(title)s” was due on %(due)s and is not reached; %(number)s more are late.",
            values["more"], title=values["title"], due=due,
        )  # fmt: skip
    return _("“%(title)s” was due on %(due)s and is not reached.", title=values["title"], due=due)


def action(row: AlertRow, reader: Reader) -> Press:
    """Where staff do something about it."""
    words, path = ACTIONS[row.alert.sign]
    return Press(reader.gettext(words, team=row.team.name), f"teams/{row.team.id}{path}", "link")


def alerts(scene: Scene, request: Request) -> Response:
    """The open alerts of the teams that one looks after."""
    reader = scene.reader
    _, n_ = reader.gettext, reader.ngettext
    require(scene.actor, Action.READ_ALERTS)
    found = run(
        scene.ports, acts.open_alerts, scene.actor, scene.activity.id, after=request.query.get("after", "")
    )
    total = run(scene.ports, acts.count_alerts, scene.actor, scene.activity.id)
    calm = Wait(_("Each sign goes away by itself when it no longer holds."), sign="info", quiet=True)
    if found.rows:
        first = found.rows[0]
        press = action(first, reader)
        panel = Panel(
            _("Your next step"),
            n_("Look at %(number)s sign", "Look at %(number)s signs", total),
            [_("They say that a team may need help, and why. What you do about it is yours to judge.")],
            [Press(press.text, press.path)],
            [calm],
        )
    else:
        panel = Panel(
            _("Your next step"),
            _("Nothing waits for you"),
            [_("No team shows a sign of trouble now.")],
            [],
            [calm],
        )
    return page(
        scene,
        request,
        "alerts.html",
        title=_("Teams that may need help"),
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(_("Signs"))],
        panel=panel,
        rows=[
            (row, _(HEADS[row.alert.sign]), why(row.alert, reader, found.people), action(row, reader))
            for row in found.rows
        ],
        more=found.more,
    )


def resolve(scene: Scene, request: Request, alert: str) -> Next:
    """Say that one saw to it."""
    do(scene, request, acts.decide_alert, alert)
    return Next("teams/alerts", scene.reader.gettext("Seen to. The same sign is left alone for 5 days."))


def false_alarm(scene: Scene, request: Request, alert: str) -> Next:
    """Say that it was none."""
    do(scene, request, acts.decide_alert, alert, false=True)
    return Next(
        "teams/alerts",
        scene.reader.gettext("A false alarm. For this team the same sign has to be stronger from now on."),
    )


ROUTES = (
    get("teams/alerts", alerts),
    post("teams/alerts/<alert>/resolve", resolve, form="teams/alerts"),
    post("teams/alerts/<alert>/false", false_alarm, form="teams/alerts"),
)
