"""What a team's home says about people who are away or new, and about teams that become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from coursecrew.app.absences import Away
from coursecrew.app.changes import Changes
from coursecrew.app.mergers import MergerView, Side
from coursecrew.app.teams import TeamRow
from coursecrew.domain.mergers import MergerState
from coursecrew.domain.teams import Asking
from coursecrew.ui.next_steps import Outlook
from coursecrew.ui.panels import Panel, Press, Wait
from coursecrew.ui.reader import Reader


def with_changes(panel: Panel, look: Outlook, changes: Changes) -> Panel:
    """The next step, after what comes before it: being back first, then an answer that two teams wait for."""
    if changes.away:
        return _back(look)
    view = changes.merger
    if view is None or view.merger.state is not MergerState.OPEN or view.mine is not None:
        return panel
    return replace(panel, waits=[_answer(look, view), *panel.waits][:4])


def _back(look: Outlook) -> Panel:
    _ = look.reader.gettext
    others = [person for person in look.view.active if person != look.actor.person]
    return Panel(
        _("Your next step"),
        _("You count as inactive; one press and you are back"),
        [
            _("Until then nobody waits for you: not for a yes, and not for your name on the work."),
        ],
        [Press(_("I am back"), "team/present", post=True), Press(_("Read the draft"), "draft", "quiet")],
        [
            Wait(
                _("Your place in %(team)s is kept, with everything you wrote.", team=look.view.team.name),
                [look.face(person) for person in others[:3]],
                quiet=True,
            )
        ],
    )


def _answer(look: Outlook, view: MergerView) -> Wait:
    me = (look.reader.gettext("You"), True)
    text: Markup = look.reader.markup(
        "<b>Two teams wait for your answer</b>: %(team)s and %(into)s could become one. You can say yes or no"
        ' until %(until)s. <a href="#merger">Answer</a>',
        team=view.team.team.name,
        into=view.into.team.name,
        until=look.reader.moment(view.merger.until),
    )
    return Wait(text, sign="people", for_whom=[me], who=[])


def seats_offered(reader: Reader, offers: Sequence[tuple[Asking, TeamRow]]) -> Panel:
    """The panel of somebody to whom seats are offered."""
    _, n_ = reader.gettext, reader.ngettext
    until = min(asking.expires for asking, _row in offers)
    return Panel(
        _("Your next step"),
        n_("Take the seat that is offered to you", "Choose one of %(number)s teams", len(offers)),
        [
            reader.by(until),
            _("You came after the teams were made. A seat is not held for you: first come, first served."),
        ],
        waits=[
            Wait(
                _("If none suits you, decline each; the course staff then look for another way."),
                sign="info",
                quiet=True,
            )
        ],
    )


@dataclass(frozen=True)
class MergerSaid:
    """A proposal as a page shows it."""

    id: str
    team: SideLine
    into: SideLine
    why: str
    happens: list[str]
    decided: str
    mine: str  # what the reader said, in words
    open: bool


def away_said(away: Away | None, reader: Reader) -> str:
    """Since when somebody is inactive, and why, as the course staff read it."""
    _ = reader.gettext
    if away is None:
        return _("inactive")
    since = reader.moment(away.since)
    if away.reason == "not seen":
        return _("inactive since %(when)s: not seen for ten days", when=since)
    if away.reason == "member list":
        return _("inactive since %(when)s: no longer in the member list", when=since)
    if away.reason:
        return _("inactive since %(when)s: “%(reason)s”", when=since, reason=away.reason)
    return _("inactive since %(when)s", when=since)


def merger_said(
    view: MergerView, reader: Reader, *, smallest: int, by: str, for_staff: bool = False
) -> MergerSaid:
    """A proposal in words; `by` is the name of whoever proposed it."""
    _ = reader.gettext
    mine = {None: "", True: _("You said yes."), False: _("You said no.")}[view.mine]
    return MergerSaid(
        view.merger.id,
        side_line(view.team, view, reader),
        side_line(view.into, view, reader),
        why_proposed(view, reader, smallest, by),
        what_happens(view, reader),
        decision_line(view, reader, for_staff=for_staff),
        mine,
        view.merger.state is MergerState.OPEN and reader.now <= view.merger.until,
    )


@dataclass(frozen=True)
class Open:
    """One line of a welcome: where something stands, and where it is done."""

    chip: str
    word: str
    text: str
    path: str = ""
    link: str = ""


def welcome_lines(look: Outlook, decisions: Sequence[str]) -> list[Open]:
    """What is open in a team for somebody new: the draft, the charter, what was decided."""
    _, reader, view = look.reader.gettext, look.reader, look.view
    lines = []
    empty = [p.title for p in look.activity.settings.prompts if not view.draft.texts.get(p.id, "").strip()]
    if view.submission:
        lines.append(Open("done", _("handed in"), _("The work is handed in."), "team", _("See below")))
    elif empty:
        parts = reader.listed([_("“%(value)s”", value=title) for title in empty])
        said = _("Still empty: %(parts)s.", parts=parts)
        lines.append(Open("not-yet", _("open"), said, "draft", _("Open the draft")))
    else:
        lines.append(
            Open("now", _("begun"), _("Every part of the draft is begun."), "draft", _("Open the draft"))
        )
    charter = look.charter
    if charter and charter.version:
        wanted = look.actor.person in charter.missing
        lines.append(
            Open("waiting", _("to sign"), _("Your team has a charter."), "charter", _("Read and sign"))
            if wanted
            else Open("done", _("signed"), _("You have signed your team’s charter."), "charter", _("Read it"))
        )
    elif charter and charter.asked:
        lines.append(
            Open(
                "not-yet", _("open"), _("The charter is not written yet."), "charter", _("Write the charter")
            )
        )
    lines += [Open("done", _("decided"), text) for text in decisions]
    return lines


@dataclass(frozen=True)
class SideLine:
    """One team of a proposal, in words."""

    name: str
    people: str
    active: str
    draft: str
    votes: str


def side_line(side: Side, view: MergerView, reader: Reader) -> SideLine:
    """Who is in the team, who is active, how much it wrote, and how many have answered how."""
    _, n_ = reader.gettext, reader.ngettext
    names = [view.people[row.person].name for row in side.members if row.person in view.people]
    return SideLine(
        side.team.name,
        reader.listed(names) or _("nobody"),
        _("%(active)s of %(all)s active", active=side.active, all=len(side.members)),
        n_("%(number)s word in its draft", "%(number)s words in its draft", side.words),
        _(
            "%(yes)s of %(active)s said yes, %(no)s said no",
            yes=side.yes,
            active=side.active,
            no=side.no,
        ),
    )


def why_proposed(view: MergerView, reader: Reader, smallest: int, by: str) -> str:
    """Who proposed it, and why."""
    _ = reader.gettext
    if view.merger.by:
        return _("%(name)s proposes it: “%(why)s”", name=by or _("The course staff"), why=view.merger.why)
    return _("It is proposed because a team here should have at least %(min)s active members.", min=smallest)


def what_happens(view: MergerView, reader: Reader) -> list[str]:
    """What joining the two would do, before anybody answers."""
    _ = reader.gettext
    team, into = view.team.team.name, view.into.team.name
    return [
        _(
            "Everybody of %(team)s goes to %(into)s. Together they are %(size)s, of whom %(active)s are "
            "active.",
            team=team, into=into, size=view.size, active=view.active,
        ),
        _("The draft of %(into)s goes on; everybody writes it from then on.", into=into),
        _(
            "What %(team)s wrote lies beside it. Only those who are in %(team)s today, and the course staff, "
            "can read it; they can copy from it.",
            team=team,
        ),
        _(
            "What was handed in before, its names and its grades stay as they are. Nobody loses time they "
            "were given."
        ),
    ]  # fmt: skip


def decision_line(view: MergerView, reader: Reader, *, for_staff: bool = False) -> str:
    """How it is decided, and until when."""
    _ = reader.gettext
    if for_staff and view.merger.state is MergerState.STAFF:
        return _("The three days are over without agreement. It is yours to decide; both teams are told.")
    if view.merger.state is MergerState.STAFF:
        return _(
            "The three days are over without agreement. The instructor decides now, and you are told how."
        )
    return _(
        "It is done as soon as more than half of the active members on both sides have said yes. "
        "After %(until)s the instructor decides.",
        until=reader.moment(view.merger.until),
    )


def score_said(score: int | None) -> str:
    """A team's score in millionths with two places; empty where nothing is known."""
    return "" if score is None else f"{score / 1_000_000:.2f}"
