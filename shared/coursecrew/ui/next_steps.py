"""What a learner has to do next, and where the assignment stands: the panel and the step list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from coursecrew.app.charters import CharterView
from coursecrew.app.submissions import WorkView, consequences
from coursecrew.app.surveys import SurveyStanding
from coursecrew.app.teams import Standing, WhyNoTeam
from coursecrew.domain.activities import Activity, JoinRule, SubmitRule
from coursecrew.domain.grading import Grade, GradeState
from coursecrew.domain.nudges import About, Nudge
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.schedule import LatePolicy, Step, Window
from coursecrew.domain.submissions import WorkState, missing_parts
from coursecrew.domain.teams import Asking
from coursecrew.ui.panels import Face, Panel, Press, Reminder, StepLine, Wait
from coursecrew.ui.reader import Reader
from coursecrew.ui.reminding import reminders
from coursecrew.ui.survey_steps import formed_panel, survey_line, with_survey


@dataclass(frozen=True)
class Outlook:
    """What the next step of somebody in a team depends on."""

    reader: Reader
    actor: Actor
    activity: Activity
    here: Standing
    view: WorkView
    grade: Grade | None  # once released
    askings: Sequence[Asking] = ()  # requests that the team has not answered
    guests: Mapping[str, Participant] | None = None  # who asks
    charter: CharterView | None = None
    first: Sequence[Wait] = ()  # who waits for whom in the team's plan
    sent: Sequence[Nudge] = ()  # reminders that went out about what is waited for
    elsewhere: str = ""  # submission of an earlier team that names the reader

    @property
    def window(self) -> Window:
        """The reader's own window, extensions counted."""
        return self.view.deadlines.of(self.actor.person)

    def name(self, person: str) -> str:
        """A member's name."""
        known = self.view.people.get(person) or (self.guests or {}).get(person)
        return known.name if known else self.reader.gettext("somebody")

    def face(self, person: str) -> Face:
        """Initials of a member."""
        return (self.name(person), person == self.actor.person)

    def remind(self, about: About, item: str, people: Sequence[str]) -> list[Reminder]:
        """Presses that remind those whom one waits for."""
        named = [(person, self.name(person)) for person in people if person != self.actor.person]
        return reminders(self.reader, self.sent, about, item, named[:3])

    @property
    def leader_hands_in(self) -> bool:
        """Whether handing in is another member's, for now."""
        leader = self.view.team.leader
        rule = self.activity.settings.submit_rule
        return rule is SubmitRule.LEADER and leader != self.actor.person and leader in self.view.active


def next_step(look: Outlook) -> Panel:
    """The panel of somebody in a team."""
    panel = _panel_of(look)
    waits = [*look.first, *panel.waits, *_requests(look), *_signature(look)]
    if not waits:
        waits = [Wait(look.reader.gettext("Nobody waits for you."), sign="tick", quiet=True)]
    return Panel(panel.label, panel.heading, panel.lines, panel.actions, waits[:4])


def _panel_of(look: Outlook) -> Panel:
    if look.grade:
        return _result(look)
    view = look.view
    if look.elsewhere:
        return _named_elsewhere(look)
    if view.submission and look.actor.person not in {row.person for row in view.byline}:
        return _not_named(look)
    return STATES[view.state](look)


def _named_elsewhere(look: Outlook) -> Panel:
    """The reader handed in with a team they were in before; what this one does here is not theirs."""
    _ = look.reader.gettext
    return Panel(
        _("Your next step"),
        _("Nothing to do now"),
        [_("Your name stands on what your earlier team handed in, and that counts for you.")],
        [Press(_("Read what is handed in"), f"submission/{look.elsewhere}", "plain")],
        [
            Wait(
                _("You wait for the course staff, who grade it. You are told when the grade is there."),
                sign="waiting",
            )
        ],
    )


def _not_named(look: Outlook) -> Panel:
    """The team handed in without the reader: they came later, or were away."""
    _ = look.reader.gettext
    return Panel(
        _("Your next step"),
        _("Nothing to do now"),
        [_("Your team has handed in, and your name does not stand on it.")],
        [],
        [
            Wait(
                _(
                    "The course staff can put your name on it, excuse you, or count the round as missed. "
                    "If you have worked on it, tell them."
                ),
                sign="waiting",
            )
        ],
    )


def _drafting(look: Outlook) -> Panel:
    reader, window = look.reader, look.window
    _, label = reader.gettext, reader.gettext("Your next step")
    if window.is_before(reader.now) and window.opens:
        return Panel(
            label,
            _("Read the task; writing opens soon"),
            [
                _(
                    "Writing opens on %(moment)s, %(zone)s.",
                    moment=reader.moment(window.opens),
                    zone=reader.zone_name,
                )
            ],
        )
    if look.view.window.is_over(reader.now):
        return Panel(
            label,
            _("Handing in is closed"),
            [_("What your team had saved counts if there is something; you see it here in a few minutes.")],
            [Press(_("Read the draft"), "draft", "plain")],
        )
    if look.charter and look.charter.is_in_the_way:
        return _charter_first(look, look.charter)
    missing = missing_parts(look.activity.settings.prompts, look.view.draft.texts)
    lines = [reader.by(window.due), *_late_line(look)] if window.due else []
    if not missing:
        return _ready(look, label, lines)
    heading = (
        _("Write “%(title)s”", title=missing[0].title)
        if len(missing) == 1
        else reader.ngettext("Write %(number)s part", "Write %(number)s parts", len(missing))
    )
    waits = []
    others = [person for person in look.view.active if person != look.actor.person]
    if others:
        who = reader.listed([look.name(person) for person in others[:3]])
        waits.append(
            Wait(
                _("%(names)s can write at the same time: you share one draft.", names=who),
                [look.face(person) for person in others[:3]],
                quiet=True,
            )
        )
    return Panel(label, heading, lines, [Press(_("Open the draft"), "draft")], waits)


def _ready(look: Outlook, label: str, lines: Sequence[str]) -> Panel:
    """Everything asked for is written."""
    _, me = look.reader.gettext, (look.reader.gettext("You"), True)
    draft = Press(_("Open the draft"), "draft", "quiet")
    if look.leader_hands_in:
        leader = look.view.team.leader
        name = look.name(leader)
        return Panel(
            label,
            _("Read the draft once more"),
            lines,
            [Press(_("Open the draft"), "draft"), Press(_("Hand in instead"), "hand-in", "quiet")],
            [
                Wait(
                    look.reader.markup(
                        "<b>You wait for %(name)s</b> to hand in. After 48 silent hours, or in the last"
                        " 2 hours, anybody may.",
                        name=name,
                    ),
                    [me],
                    [look.face(leader)],
                    reminders=look.remind(
                        About.HAND_IN, look.view.work.id if look.view.work else "", [leader]
                    ),
                )
            ],
        )
    others = [person for person in look.view.active if person != look.actor.person]
    waits = []
    if others:
        waits.append(
            Wait(
                look.reader.markup("<b>Your team waits for somebody to hand in.</b> Every part is written."),
                [look.face(person) for person in others[:2]],
                [me],
            )
        )
    return Panel(label, _("Hand in your team’s work"), lines, [Press(_("Hand in"), "hand-in"), draft], waits)


def _late_line(look: Outlook) -> list[str]:
    """What lateness costs now, once the due time has passed."""
    due, now = look.window.due, look.reader.now
    if due is None or now <= due:
        return []
    mine = next(
        (c for c in consequences(look.view, look.activity, now) if c.person == look.actor.person), None
    )
    if mine is None or not mine.late.penalty:
        return [look.reader.gettext("The due time has passed. Right now it still costs nothing.")]
    return [
        look.reader.gettext(
            "The due time has passed. Handing in now costs %(points)s points.",
            points=look.reader.points(mine.late.penalty),
        )
    ]


def _confirming(look: Outlook) -> Panel:
    reader, view = look.reader, look.view
    _, work = reader.gettext, view.work
    until = work.confirm_until if work else None
    presser = work.pressed_by if work else ""
    awaited = [person for person in view.awaited if person != look.actor.person]
    waits = []
    if awaited and until:
        names = reader.listed([look.name(person) for person in awaited[:3]])
        waits.append(
            Wait(
                _(
                    "%(names)s can confirm until %(until)s. Silence counts as yes and makes nobody late.",
                    names=names,
                    until=reader.moment(until),
                ),
                [look.face(person) for person in awaited[:2]],
                reminders=look.remind(About.CONFIRM, work.submission if work else "", awaited),
            )
        )
    if look.actor.person in view.awaited and until:
        asks = Wait(
            reader.markup(
                "<b>%(name)s waits for you.</b> Read what is handed in, then say yes or no.",
                name=look.name(presser),
            ),
            [look.face(presser)],
            [look.face(look.actor.person)],
        )
        return Panel(
            _("Your next step"),
            _("Confirm what your team hands in"),
            [reader.by(until), _("If you say nothing, that counts as yes.")],
            [Press(_("Read and confirm"), "confirm")],
            [asks, *waits],
        )
    lines = []
    if work and work.pressed_at:
        lines.append(
            _(
                "%(name)s handed in on %(moment)s; that time counts.",
                name=look.name(presser),
                moment=reader.moment(work.pressed_at),
            )
        )
    return Panel(
        _("Your next step"),
        _("Nothing to do now"),
        lines,
        [Press(_("Read what is handed in, or object"), "confirm", "plain")],
        waits,
    )


def _handed_in(look: Outlook) -> Panel:
    reader, work, window = look.reader, look.view.work, look.window
    _ = reader.gettext
    lines, actions = [], []
    submission = look.view.submission
    if work and work.pressed_at:
        said = (
            _(
                "Handed in by itself when the time was over; the last edit counts: %(moment)s.",
                moment=reader.moment(work.pressed_at),
            )
            if submission and submission.how == "at_close"
            else _("Handed in for all of you: %(moment)s.", moment=reader.moment(work.pressed_at))
        )
        lines.append(said)
    if submission:
        actions.append(Press(_("Read what is handed in"), f"submission/{submission.id}", "plain"))
    may_withdraw = look.view.state is WorkState.SUBMITTED and (window.due is None or reader.now <= window.due)
    if may_withdraw and not look.leader_hands_in:
        actions.append(Press(_("Take it back"), "take-back", "quiet"))
    results = look.activity.window(Step.RESULTS).opens
    wait = (
        _(
            "You wait for the course staff, who grade it. Results are planned for %(day)s.",
            day=reader.day(results),
        )
        if results
        else _("You wait for the course staff, who grade it. You are told when the grade is there.")
    )
    return Panel(_("Your next step"), _("Nothing to do now"), lines, actions, [Wait(wait, sign="waiting")])


def _missed(look: Outlook) -> Panel:
    _, closes = look.reader.gettext, look.view.window.closes
    lines = (
        [
            _(
                "Handing in closed on %(moment)s, and nothing was handed in. It counts as zero.",
                moment=look.reader.moment(closes),
            )
        ]
        if closes
        else []
    )
    return Panel(
        _("Your next step"),
        _("Ask your course staff for more time"),
        lines,
        [Press(_("Read the draft"), "draft", "plain")],
        [Wait(_("Your draft is kept. If you get more time, it opens again as you left it."), sign="info")],
    )


def _excused(look: Outlook) -> Panel:
    _, work = look.reader.gettext, look.view.work
    lines = [_("Reason: %(reason)s", reason=work.reason)] if work and work.reason else []
    return Panel(
        _("Your next step"),
        _("Nothing is left to do"),
        [_("Your team is excused here. It counts neither for nor against you."), *lines],
    )


def _result(look: Outlook) -> Panel:
    reader, grade = look.reader, look.grade
    _ = reader.gettext
    assert grade is not None  # noqa: S101 - the caller asked
    if grade.state is GradeState.EXCUSED or grade.total is None:
        return _excused(look)
    lines = []
    if grade.released_at:
        lines.append(_("released on %(moment)s", moment=reader.moment(grade.released_at)))
    return Panel(
        _("Your grade"),
        _("%(grade)s of 100", grade=reader.grade(grade.total)),
        lines,
        [Press(_("See how it was made"), "result")],
        [Wait(reader.markup("<b>Nothing is left to do,</b> and nobody waits for you."), sign="tick")],
    )


STATES: Mapping[WorkState, Callable[[Outlook], Panel]] = {
    WorkState.DRAFTING: _drafting,
    WorkState.CONFIRMING: _confirming,
    WorkState.SUBMITTED: _handed_in,
    WorkState.IN_REVIEW: _handed_in,
    WorkState.REVIEWED: _handed_in,
    WorkState.MISSED: _missed,
    WorkState.EXCUSED: _excused,
}


def _requests(look: Outlook) -> list[Wait]:
    """People who asked for a seat and wait for an answer by any member."""
    asked = [asking for asking in look.askings if asking.kind == "requested"]
    return [
        Wait(
            look.reader.markup(
                '<b>%(name)s waits for your team’s answer</b> about a seat. <a href="#people">Answer</a>',
                name=look.name(asking.person),
            ),
            [look.face(asking.person)],
            [(look.reader.gettext("You"), True)],
        )
        for asking in asked[:2]
    ]


def _charter_first(look: Outlook, charter: CharterView) -> Panel:
    """The draft waits for the charter: write it, sign it, or wait for those who have not."""
    reader, me = look.reader, look.actor.person
    _, label = reader.gettext, reader.gettext("Your next step")
    lines = [_("The draft opens when all of you have signed it.")]
    if charter.version is None:
        press = Press(_("Write the charter"), "charter")
        return Panel(label, _("Write your team’s charter"), lines, [press])
    others = [person for person in charter.missing if person != me]
    waits = []
    if others:
        names = reader.listed([look.name(person) for person in others[:3]])
        waits.append(
            Wait(
                reader.markup("<b>Your team waits for %(names)s</b> to sign the charter.", names=names),
                [look.face(person) for person in others[:3]],
                reminders=look.remind(About.SIGN, charter.version.id, others),
            )
        )
    if me in charter.missing:
        return Panel(
            label, _("Sign your team’s charter"), lines, [Press(_("Read and sign"), "charter")], waits
        )
    return Panel(
        label, _("Nothing to do now"), lines, [Press(_("Read the charter"), "charter", "plain")], waits
    )


def _signature(look: Outlook) -> list[Wait]:
    """A charter that waits for the reader's signature, where the draft does not wait for it."""
    charter, _ = look.charter, look.reader.gettext
    if charter is None or charter.version is None or charter.blocks or look.grade:
        return []
    if look.actor.person not in charter.missing:
        return []
    return [
        Wait(
            look.reader.markup(
                '<b>Your team’s charter waits for your signature.</b> <a href="#/charter">Read and sign</a>'
            ),
            [look.face(charter.version.by)],
            [(_("You"), True)],
        )
    ]


# --- somebody without a team ---


def mentors_panel(reader: Reader, teams: int) -> Panel:
    """The panel of somebody who takes no part and mentors teams."""
    _, n_ = reader.gettext, reader.ngettext
    return Panel(
        _("Your next step"),
        n_("Look at the team you mentor", "Look at the %(number)s teams you mentor", teams),
        [_("You take no part in a team of your own: you read along and advise.")],
        [Press(_("To mentoring"), "mentoring")],
    )


def without_team(
    reader: Reader,
    here: Standing,
    *,
    asked: bool,
    waiting: Sequence[str],
    first: bool = False,
    survey: SurveyStanding | None = None,
) -> Panel:
    """The panel of somebody without a team: why, and the one press out.

    `waiting`: names of teams; `first`: there is no team yet that one could join.
    """
    formed = here.team_set.join == JoinRule.FORMED.value
    if survey and formed and here.why_none in (WhyNoTeam.FORMED, WhyNoTeam.NOT_PUBLISHED):
        return formed_panel(reader, survey, asked=asked)
    panel = _choosing_or_waiting(reader, here, asked=asked, waiting=waiting, first=first)
    return with_survey(panel, reader, survey)


def _choosing_or_waiting(
    reader: Reader, here: Standing, *, asked: bool, waiting: Sequence[str], first: bool
) -> Panel:
    _, label, team_set = reader.gettext, reader.gettext("Your next step"), here.team_set
    why = here.why_none
    if why is WhyNoTeam.MAY_CHOOSE or why is WhyNoTeam.WAITS:
        lines = [reader.by(team_set.lock_at)] if team_set.lock_at else []
        waits = [
            Wait(
                _(
                    "Teams have %(min)s to %(max)s members; %(ideal)s is usual.",
                    min=team_set.min,
                    max=team_set.max,
                    ideal=team_set.ideal,
                ),
                sign="people",
                quiet=True,
            )
        ]
        if waiting:
            waits.insert(
                0,
                Wait(
                    _(
                        "You wait for a seat in %(names)s. You are moved in by yourself when one is free, "
                        "and may leave again.",
                        names=reader.listed(waiting),
                    )
                ),
            )
        found = Press(
            _("Found a team"), "team/found", "plain" if team_set.public and not first else "primary"
        )
        heading = _("Join a team, or found one") if not waiting else _("Wait, or join a team with room")
        if first:
            heading = _("Found the first team")
        return Panel(
            label, heading, lines, [found, Press(_("Let a team find you"), "team/card", "quiet")], waits
        )
    if why is WhyNoTeam.NOT_PUBLISHED and team_set.publish_at:
        return Panel(
            label,
            _("Teams open on %(day)s", day=reader.day(team_set.publish_at)),
            [
                _(
                    "From %(moment)s, %(zone)s, you see here who is in which team.",
                    moment=reader.moment(team_set.publish_at),
                    zone=reader.zone_name,
                )
            ],
            waits=[Wait(_("Nothing to do until then."), sign="clock", quiet=True)],
        )
    if why is WhyNoTeam.LOOKS_ON:
        return Panel(
            _("Looking around"),
            _("You see what learners see before they have a team"),
            [
                _(
                    "You take no part: nothing you press here is kept, and you are in no team, "
                    "count or gradebook."
                )
            ],
        )
    return _wants_a_place(reader, here, asked=asked)


def _wants_a_place(reader: Reader, here: Standing, *, asked: bool) -> Panel:
    _, lock = reader.gettext, here.team_set.lock_at
    reasons = {
        WhyNoTeam.STAFF_PLACES: (
            _("Your course staff make the teams"),
            _("You see yours here as soon as you are placed."),
        ),
        WhyNoTeam.FORMED: (
            _("The teams are formed for you"),
            _("You see yours here as soon as you are placed."),
        ),
        WhyNoTeam.LOCKED: (
            _("You are in no team"),
            _("Choosing teams closed on %(moment)s.", moment=reader.moment(lock)) if lock else "",
        ),
        WhyNoTeam.JOINED_LATE: (
            _("You came after the teams were fixed"),
            _("That was on %(moment)s. Your course staff can still place you.", moment=reader.moment(lock))
            if lock
            else "",
        ),
    }
    heading, line = reasons[here.why_none or WhyNoTeam.STAFF_PLACES]
    if asked:
        waits = [Wait(_("The course staff know that you need a place. You are told when you have one."))]
        return Panel(_("Your next step"), heading, [line], waits=waits)
    press = Press(_("Ask the course staff for a place"), "team/place-me", "primary", post=True)
    return Panel(_("Your next step"), heading, [line], [press])


# --- the steps ---


def step_lines(
    reader: Reader,
    activity: Activity,
    here: Standing,
    window: Window,
    state: WorkState,
    *,
    graded: bool,
    survey: SurveyStanding | None = None,
) -> list[StepLine]:
    """The assignment's steps as one person sees them; `window` is their own."""
    _ = reader.gettext
    lines = [*([survey_line(reader, survey)] if survey else []), _form_line(reader, here, survey)]
    done = state in (WorkState.SUBMITTED, WorkState.IN_REVIEW, WorkState.REVIEWED, WorkState.EXCUSED)
    writing = _("Write and hand in")
    if done:
        lines.append(StepLine(writing, "done", _excused_or_in(reader, state)))
    elif state is WorkState.MISSED:
        lines.append(StepLine(writing, "missed", _("nothing was handed in")))
    elif here.team is None and window.is_over(reader.now) and window.closes:
        lines.append(
            StepLine(writing, "missed", _("closed on %(moment)s", moment=reader.moment(window.closes)))
        )
    elif here.team is None or window.is_before(reader.now):
        lines.append(
            StepLine(
                writing, "later", _dates(reader, window), late_rule(reader, activity.settings.late, window)
            )
        )
    else:
        due = _("Now, due %(moment)s", moment=reader.moment(window.due)) if window.due else _("Now")
        lines.append(StepLine(writing, "now", due, late_rule(reader, activity.settings.late, window)))
    results = activity.window(Step.RESULTS)
    when = reader.day(results.opens) if results.opens else ""
    now = "now" if done and not graded and state is not WorkState.EXCUSED else "later"
    said = (_("Now, being graded") if now == "now" else when) if not graded else ""
    lines.append(StepLine(_("Results"), "done" if graded else now, said, when if now == "now" else ""))
    return lines


def _form_line(reader: Reader, here: Standing, survey: SurveyStanding | None = None) -> StepLine:
    _, lock = reader.gettext, here.team_set.lock_at
    name = _("Form teams")
    if here.membership:
        return StepLine(
            name,
            "done",
            _(
                "in %(team)s since %(day)s",
                team=here.team.name if here.team else "",
                day=reader.day(here.membership.since),
            ),
        )
    if here.team_set.is_locked(reader.now) and lock:
        return StepLine(name, "missed", _("closed on %(moment)s", moment=reader.moment(lock)))
    if not here.team_set.is_published(reader.now) and here.team_set.publish_at:
        return StepLine(name, "later", _("from %(moment)s", moment=reader.moment(here.team_set.publish_at)))
    if survey and here.team_set.join == JoinRule.FORMED.value and survey.is_open and not survey.formed:
        closes = survey.survey.closes_at
        return StepLine(name, "later", _("after %(moment)s", moment=reader.moment(closes)) if closes else "")
    return StepLine(name, "now", _("Now, until %(moment)s", moment=reader.moment(lock)) if lock else _("Now"))


def _excused_or_in(reader: Reader, state: WorkState) -> str:
    return reader.gettext("excused") if state is WorkState.EXCUSED else reader.gettext("handed in")


def _dates(reader: Reader, window: Window) -> str:
    _ = reader.gettext
    if window.opens and window.due:
        return _("%(from)s – %(to)s", **{"from": reader.day(window.opens), "to": reader.moment(window.due)})
    if window.due:
        return _("due %(moment)s", moment=reader.moment(window.due))
    return reader.day(window.opens) if window.opens else ""


def late_rule(reader: Reader, late: LatePolicy, window: Window) -> str:
    """When the step closes and what lateness costs, in one line."""
    if window.due is None:
        return ""
    _ = reader.gettext
    cost = _(
        "late costs %(points)s points for each started %(unit)s, at most %(cap)s",
        points=reader.points(late.points),
        unit=unit_said(reader, late),
        cap=reader.points(late.cap),
    )
    if window.closes and late.points:
        return _("closes %(moment)s; %(cost)s", moment=reader.moment(window.closes), cost=cost)
    if window.closes:
        return _("closes %(moment)s", moment=reader.moment(window.closes))
    return cost if late.points else ""


def unit_said(reader: Reader, late: LatePolicy) -> str:
    """The unit of lateness: "day", "hour", or a length in words."""
    seconds = int(late.unit.total_seconds())
    if seconds == 86400:
        return reader.gettext("day")
    if seconds == 3600:
        return reader.gettext("hour")
    return reader.span(late.unit)


def as_moment(value: datetime | str | None) -> datetime | None:
    """A moment that a stored account keeps as text."""
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(value) if value else None
