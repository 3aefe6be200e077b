"""What the course staff see first: what waits for them, where the teams stand, and the release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coursecrew.app.activities import count_learners, team_set_of
from coursecrew.app.alerts import count_alerts
from coursecrew.app.grading import ReleaseState, release_grades, release_state, send_again
from coursecrew.app.mergers import count_waiting
from coursecrew.app.records import ACTIVITIES, FORMATIONS, MEMBERSHIPS, TEAMS
from coursecrew.app.solo import count_asks
from coursecrew.app.surveys import answered_count
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity, JoinRule, State
from coursecrew.domain.formations import Formation, RunState
from coursecrew.domain.gradebook import Delivery
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, is_allowed, require
from coursecrew.domain.schedule import Step
from coursecrew.domain.submissions import WorkState
from coursecrew.domain.teams import TeamSet
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.panels import Panel, Press, StepLine, Wait
from coursecrew.ui.reader import N_, Reader
from coursecrew.ui.scene import Scene

_UNDER_WAY = (N_("Teams are being formed"), N_("You are told when they are there."), N_("Look how far it is"))
# What is next after a run that formed teams: heading, line, press. After a published one, who came since.
RUN_SAID: Mapping[RunState, tuple[str, str, str]] = {
    RunState.WAITING: _UNDER_WAY,
    RunState.RUNNING: _UNDER_WAY,
    RunState.DONE: (
        N_("Look at the teams, then publish them"),
        N_("They are formed. Learners see nothing until you publish."),
        N_("Look at the teams"),
    ),
    RunState.FAILED: (
        N_("No teams could be formed"),
        N_("Some wishes cannot be kept together; nothing was changed."),
        N_("See why"),
    ),
}


@dataclass(frozen=True)
class Standings:
    """Where the class stands: counts, read with a fixed number of queries."""

    learners: int
    placed: int
    teams: int
    release: ReleaseState
    held: int = 0  # names or mottos that wait for staff
    answered: int | None = None  # people who answered the survey, where there is one
    signs: int = 0  # open signs that a team may need help
    mergers: int = 0  # proposals to join two teams that wait for the instructor
    alone: int = 0  # people alone in a team who ask how to go on
    run: Formation | None = None  # the newest that formed teams, where this person forms them

    @property
    def without_team(self) -> int:
        """How many people take part and are in no team."""
        return max(0, self.learners - self.placed)


def standings(unit: UnitOfWork, actor: Actor, activity_id: str, course: str) -> Standings:
    """The counts of the staff's first page; for a TA limited to some teams, theirs."""
    require(actor, Action.READ_GRADES)
    activity = unit.store.get(ACTIVITIES, activity_id)
    team_set = team_set_of(unit, activity)
    only = list(actor.limited_to)
    of_teams, of_members = ({"id": only}, {"team": only}) if only else ({}, {})
    placed = unit.store.count(MEMBERSHIPS, team_set=team_set.id, **of_members)
    return Standings(
        learners=placed if only else count_learners(unit, course),
        placed=placed,
        teams=unit.store.count(TEAMS, team_set=team_set.id, state="active", **of_teams),
        held=unit.store.count(TEAMS, team_set=team_set.id, held=True, **of_teams),
        release=release_state(unit, actor, activity_id),
        answered=answered_count(unit, activity_id) if activity.settings.survey.is_there else None,
        signs=count_alerts(unit, actor, activity_id),
        mergers=count_waiting(unit, team_set) if is_allowed(actor, Action.PROPOSE_MERGER) else 0,
        alone=count_asks(unit, activity) if is_allowed(actor, Action.DECIDE_SOLO) else 0,
        run=_newest_run(unit, actor, activity, team_set),
    )


def _newest_run(unit: UnitOfWork, actor: Actor, activity: Activity, team_set: TeamSet) -> Formation | None:
    if activity.settings.teams.join is not JoinRule.FORMED or not is_allowed(actor, Action.FORM_TEAMS):
        return None
    return next(iter(unit.store.find(FORMATIONS, team_set=team_set.id, order="newest", limit=1)), None)


def teaching(scene: Scene, request: Request) -> Response:
    """The staff's first page."""
    require(scene.actor, Action.READ_GRADES)
    now = run(scene.ports, standings, scene.actor, scene.activity.id, scene.activity.course)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "teaching.html",
        title=scene.settings.title or _("Team assignment"),
        eyebrow=_("Team assignment · for the course staff"),
        panel=_panel(scene, now),
        steps=step_lines(scene),
        now=now,
        works=work_counts(now.release, now.teams, scene.reader),
        may_author=is_allowed(scene.actor, Action.CHANGE_SETTINGS),
        may_open_glass=is_allowed(scene.actor, Action.BREAK_GLASS),
        may_read_answers=is_allowed(scene.actor, Action.READ_SURVEY),
    )


def _panel(scene: Scene, now: Standings) -> Panel:
    """The one thing that most people wait for."""
    _, n_ = scene.reader.gettext, scene.reader.ngettext
    label, waits = _("Your next step"), _waits(scene, now)
    state, release = scene.activity.state, now.release
    may_run = is_allowed(scene.actor, Action.RELEASE_GRADES)
    if state is State.HIDDEN:
        if scene.placed.settings_here and is_allowed(scene.actor, Action.CHANGE_SETTINGS):
            press = [Press(_("Set it up"), "settings")]
            lines = [_("Learners read “not ready yet”. It takes three presses: open, fill in, publish.")]
        else:
            press, lines = (
                [],
                [_("Learners read “not ready yet”. Open the unit in Studio, fill it in and publish.")],
            )
        return Panel(label, _("Make this a working assignment"), lines, press, waits)
    if now.mergers:
        heading = n_(
            "Decide on the merger of two teams", "Decide on %(number)s mergers of teams", now.mergers
        )
        lines = [_("Their three days to agree are over; they wait for your word.")]
        return Panel(label, heading, lines, [Press(_("Read the proposals"), "teams/mergers")], waits)
    if release.unscored:
        heading = n_("Score %(number)s team", "Score %(number)s teams", release.unscored)
        lines = [_("They have handed in and wait for your marks.")]
        return Panel(label, heading, lines, [Press(_("Begin scoring"), "grading")], waits)
    if release.ready and may_run:
        heading = n_("Release %(number)s grade", "Release %(number)s grades", release.ready)
        lines = [_("They are final. Learners see nothing until you release them.")]
        return Panel(label, heading, lines, [Press(_("Look through, then release"), "release")], waits)
    if now.alone:
        heading = n_("Decide for %(number)s person", "Decide for %(number)s people", now.alone)
        lines = [_("They are alone in a team and ask how to go on. Without a decision they go on alone.")]
        others = [wait for wait in waits if "teams/alone" not in wait.sentence]
        return Panel(label, heading, lines, [Press(_("Decide"), "teams/alone")], others)
    rules = scene.settings.teams
    choosing = rules.join is JoinRule.SELF and not (rules.lock_at and scene.reader.now > rules.lock_at)
    if now.without_team and choosing:
        until = scene.reader.moment(rules.lock_at) if rules.lock_at else ""
        said = (
            _("Learners choose their teams until %(when)s.", when=until)
            if until
            else _("Learners choose their teams.")
        )
        return _look_at_signs(scene, now, waits) or Panel(
            label, _("Nothing waits for you"), [said], [], waits
        )
    if now.without_team and rules.join is JoinRule.FORMED and is_allowed(scene.actor, Action.FORM_TEAMS):
        return Panel(label, *_forming(scene, now), [wait for wait in waits if wait.sign != "people"])
    if now.without_team and may_run:
        heading = n_(
            "%(number)s person is without a team", "%(number)s people are without a team", now.without_team
        )
        lines = [_("Place them by hand, by lot or from a file.")]
        others = [wait for wait in waits if wait.sign != "people"]
        return Panel(label, heading, lines, [Press(_("To the teams"), "teams")], others)
    return _look_at_signs(scene, now, waits) or Panel(
        label, _("Nothing waits for you"), [_("The teams are at work.")], [], waits
    )


def _look_at_signs(scene: Scene, now: Standings, waits: list[Wait]) -> Panel | None:
    """Signs that teams may need help come first where nothing else waits."""
    if not now.signs:
        return None
    _, n_ = scene.reader.gettext, scene.reader.ngettext
    return Panel(
        _("Your next step"),
        n_("Look at %(number)s sign", "Look at %(number)s signs", now.signs),
        [_("They say that a team may need help, and why. What you do about it is yours to judge.")],
        [Press(_("To the signs"), "teams/alerts")],
        [wait for wait in waits if "teams/alerts" not in wait.sentence],
    )


def _forming(scene: Scene, now: Standings) -> tuple[str, list[str], list[Press]]:
    """What is next where teams are formed out of a survey: heading, lines, press."""
    _, n_, survey = scene.reader.gettext, scene.reader.ngettext, scene.settings.survey
    if now.run and now.run.state in RUN_SAID:
        heading, line, press = map(_, RUN_SAID[now.run.state])
        return heading, [line], [Press(press, f"teams/forming/{now.run.id}")]
    heading = n_("Form teams of %(number)s person", "Form teams of %(number)s people", now.without_team)
    look = "primary"
    lines = [_("Out of the answers to the survey, by your wishes; you look at them before anybody is told.")]
    if now.teams:
        lines = [_("They came after teams were formed. Form more teams, or place them by hand.")]
    elif survey.is_open(scene.reader.now) and survey.closes_at:
        heading = _("The survey is being answered")
        lines = [
            _(
                "It closes on %(when)s; then form teams. You may form them before that.",
                when=scene.reader.moment(survey.closes_at),
            )
        ]
        look = "plain"
    return (
        heading,
        lines,
        [Press(_("Form teams"), "teams/forming", look), Press(_("To the teams"), "teams", "quiet")],
    )


def _waits(scene: Scene, now: Standings) -> list[Wait]:
    """Up to three lines: who or what is waited for."""
    _, n_ = scene.reader.gettext, scene.reader.ngettext
    lines = []
    refused = now.release.cells.get(Delivery.REFUSED, 0)
    waiting = now.release.cells.get(Delivery.WAITING, 0)
    confirming = now.release.works.get(WorkState.CONFIRMING, 0)
    if refused:
        lines.append(
            Wait(
                n_(
                    "The gradebook refused %(number)s mark. The release page says why.",
                    "The gradebook refused %(number)s marks. The release page says why.",
                    refused,
                ),
                sign="bad",
            )
        )
    if waiting:
        lines.append(
            Wait(
                n_(
                    "%(number)s mark is on its way to the gradebook; we try again by ourselves.",
                    "%(number)s marks are on their way to the gradebook; we try again by ourselves.",
                    waiting,
                )
            )
        )
    if confirming:
        lines.append(
            Wait(
                n_(
                    "%(number)s team waits for its own members to confirm.",
                    "%(number)s teams wait for their own members to confirm.",
                    confirming,
                )
            )
        )
    if now.held:
        lines.append(
            Wait(
                n_(
                    "%(number)s team’s name or motto waits for you, under Teams.",
                    "The names or mottos of %(number)s teams wait for you, under Teams.",
                    now.held,
                ),
                sign="warn",
            )
        )
    if now.alone:
        lines.append(
            Wait(
                scene.reader.nmarkup(
                    '%(number)s person alone in a team asks how to go on. <a href="#/teams/alone">Decide</a>',
                    '%(number)s people alone in a team ask how to go on. <a href="#/teams/alone">Decide</a>',
                    now.alone,
                ),
                sign="people",
            )
        )
    if now.signs:
        lines.append(
            Wait(
                scene.reader.nmarkup(
                    '%(number)s sign that a team may need help. <a href="#/teams/alerts">Look</a>',
                    '%(number)s signs that teams may need help. <a href="#/teams/alerts">Look</a>',
                    now.signs,
                ),
                sign="warn",
            )
        )
    if now.without_team and scene.activity.state is not State.HIDDEN:
        lines.append(
            Wait(
                n_(
                    "%(number)s person has no team yet.",
                    "%(number)s people have no team yet.",
                    now.without_team,
                ),
                sign="people",
            )
        )
    return lines[:4]


def step_lines(scene: Scene) -> list[StepLine]:
    """The steps of the assignment as staff see them: base dates, no extensions."""
    _, reader = scene.reader.gettext, scene.reader
    rules, draft = scene.settings.teams, scene.activity.window(Step.DRAFT)
    locked = rules.lock_at is not None and reader.now > rules.lock_at
    survey = scene.settings.survey
    asked = survey.is_there and rules.join is JoinRule.FORMED
    open_now = asked and survey.is_open(reader.now)
    answering = StepLine(
        _("Answer the survey"),
        "now" if open_now else "done",
        _("until %(when)s", when=reader.moment(survey.closes_at)) if survey.closes_at else "",
    )
    lines = [
        *([answering] if asked else []),
        StepLine(
            _("Form teams"),
            "done" if locked else "later" if open_now else "now",
            _("until %(when)s", when=reader.moment(rules.lock_at)) if rules.lock_at else "",
        ),
        StepLine(
            _("Write and hand in"),
            "done" if draft.is_over(reader.now) else "later" if draft.is_before(reader.now) else "now",
            _("due %(when)s", when=reader.moment(draft.due)) if draft.due else "",
            _("closes %(when)s", when=reader.moment(draft.closes)) if draft.closes else "",
        ),
        StepLine(_("Results"), "done" if scene.activity.released_at else "later"),
    ]
    return lines


def work_counts(release: ReleaseState, teams: int, reader: Reader) -> list[tuple[str, str, int]]:
    """Chip, word and number for each state that works are in; a team that wrote nothing has none."""
    _ = reader.gettext
    words = {
        WorkState.DRAFTING: ("now", _("writing")),
        WorkState.CONFIRMING: ("waiting", _("waiting for confirmations")),
        WorkState.SUBMITTED: ("done", _("handed in")),
        WorkState.MISSED: ("missed", _("missed")),
        WorkState.EXCUSED: ("excused", _("excused")),
    }
    counts = [
        (chip, word, release.works[state])
        for state, (chip, word) in words.items()
        if release.works.get(state)
    ]
    silent = teams - sum(release.works.values())
    return [*counts, ("not-yet", _("not begun"), silent)] if counts and silent > 0 else counts


# --- release ---


def release(scene: Scene, request: Request) -> Response:
    """What a release would do, and how the return to the gradebook goes."""
    state = run(scene.ports, release_state, scene.actor, scene.activity.id)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "release.html",
        title=_("Release grades"),
        crumbs=[Crumb(_("Release"))],
        state=state,
        sent=state.cells.get(Delivery.SENT, 0),
        waiting=state.cells.get(Delivery.WAITING, 0),
        refused_cells=state.cells.get(Delivery.REFUSED, 0),
        may_release=is_allowed(scene.actor, Action.RELEASE_GRADES),
    )


def release_now(scene: Scene, request: Request) -> Next:
    """Release every final grade."""
    count = do(scene, request, release_grades)
    n_ = scene.reader.ngettext
    return Next(
        "release",
        n_(
            "Released %(number)s grade. It goes to the gradebook now.",
            "Released %(number)s grades. They go to the gradebook now.",
            count,
        ),
    )


def again(scene: Scene, request: Request) -> Next:
    """Send what the gradebook refused, or has not answered, once more."""
    do(scene, request, send_again)
    return Next("release", scene.reader.gettext("Sending again. Look here in a minute."))


ROUTES = (
    get("teaching", teaching),
    get("release", release),
    post("release/now", release_now, form="release"),
    post("release/again", again, form="release"),
)
