"""The team's plan: milestones and tasks, who waits for whom; and the plans of all teams for the staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coursecrew.app import plans as acts
from coursecrew.app.circle import Circle
from coursecrew.app.plans import BlockerRow, Plan, PlanState, TaskWish
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Settings
from coursecrew.domain.nudges import About, Nudge
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.plans import MilestoneState, Reach, Task, TaskState
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.panels import Wait
from coursecrew.ui.reader import Reader
from coursecrew.ui.reminding import reminder
from coursecrew.ui.scene import Scene

# state -> kind of chip
CHIPS: Mapping[TaskState, str] = {
    TaskState.TODO: "not-yet", TaskState.DOING: "now", TaskState.BLOCKED: "waiting", TaskState.DONE: "done",
}  # fmt: skip
REACHED: Mapping[Reach, str] = {
    Reach.REACHED: "done", Reach.LATE: "late", Reach.NEXT: "now", Reach.LATER: "not-yet",
}  # fmt: skip


def task_words(reader: Reader) -> dict[TaskState, str]:
    """The word on the chip of each state of a task."""
    _ = reader.gettext
    return {
        TaskState.TODO: _("to do"),
        TaskState.DOING: _("doing"),
        TaskState.BLOCKED: _("waiting"),
        TaskState.DONE: _("done"),
    }


@dataclass(frozen=True)
class MilestoneLine:
    """A milestone in words: where the team stands with it, and when."""

    id: str
    title: str
    chip: str
    word: str
    when: str
    more: str
    reached: bool


def milestone_line(state: MilestoneState, reader: Reader, people: Mapping[str, Participant]) -> MilestoneLine:
    """A milestone as a page says it."""
    _, n_ = reader.gettext, reader.ngettext
    due = state.milestone.due
    words = {
        Reach.REACHED: _("done"),
        Reach.LATE: _("late"),
        Reach.NEXT: _("now"),
        Reach.LATER: _("not yet"),
    }
    when = _("due %(moment)s", moment=reader.moment(due)) if due else _("without a date")
    more = ""
    if state.reached_at:
        who = people[state.reached_by].name if state.reached_by in people else _("somebody")
        more = _("reached %(moment)s, said %(name)s", moment=reader.near(state.reached_at), name=who)
    elif state.late_by:
        more = _("late by %(span)s", span=reader.span(state.late_by))
    elif state.open_tasks:
        more = n_("%(number)s open task", "%(number)s open tasks", state.open_tasks)
    return MilestoneLine(
        state.milestone.id, state.milestone.title, REACHED[state.reach], words[state.reach], when, more,
        state.reach is Reach.REACHED,
    )  # fmt: skip


@dataclass(frozen=True)
class TaskLine:
    """A task in words."""

    id: str
    title: str
    chip: str
    word: str
    owner: str
    mine: bool
    when: str
    overdue: bool
    waits: str  # whom it waits for, for what, since when
    milestone: str
    open: bool
    blocked: bool


def task_line(task: Task, scene: Scene, people: Mapping[str, Participant], settings: Settings) -> TaskLine:
    """A task as a page says it."""
    reader = scene.reader
    _ = reader.gettext
    titles = {milestone.id: milestone.title for milestone in settings.milestones}
    overdue = task.is_open and task.due is not None and reader.now > task.due
    when = ""
    if not task.is_open and task.done_at:
        when = _("done %(moment)s", moment=reader.near(task.done_at))
    elif task.due:
        when = (
            _("was due %(moment)s", moment=reader.moment(task.due))
            if overdue
            else _("due %(moment)s", moment=reader.moment(task.due))
        )
    owner = task.owner if task.is_open else task.done_by or task.owner
    return TaskLine(
        task.id, task.title, CHIPS[task.state], task_words(reader)[task.state],
        name_of(owner, people, reader) if owner else _("nobody yet"),
        owner == scene.actor.person, when, overdue, waits_for(task, reader, people, scene.actor),
        titles.get(task.milestone, ""), task.is_open, task.is_blocked,
    )  # fmt: skip


def waits_for(task: Task, reader: Reader, people: Mapping[str, Participant], actor: Actor) -> str:
    """Whom a task waits for, for what, and since when; nothing for one that waits for nobody."""
    _ = reader.gettext
    if not task.is_blocked:
        return ""
    since = reader.near(task.blocked_at or task.at)
    values = {"what": task.blocked_for, "since": since, "name": name_of(task.blocked_by, people, reader)}
    if task.blocked_by == actor.person:
        if task.blocked_for:
            return _("waits for you: “%(what)s”, since %(since)s", **values)
        return _("waits for you since %(since)s", **values)
    if task.blocked_for:
        return _("waits for %(name)s: “%(what)s”, since %(since)s", **values)
    return _("waits for %(name)s since %(since)s", **values)


def name_of(person: str, people: Mapping[str, Participant], reader: Reader) -> str:
    """Somebody's name, also when they are known no longer."""
    return people[person].name if person in people else reader.gettext("former member")


def waits_of(
    tasks: list[Task] | tuple[Task, ...],
    reader: Reader,
    actor: Actor,
    people: Mapping[str, Participant],
    sent: Sequence[Nudge] = (),
) -> list[Wait]:
    """Who waits for the reader in the team's plan, then whom the reader waits for.

    `sent` are reminders about these tasks that went out.
    """
    _ = reader.gettext
    me = (_("You"), True)
    lines = []
    for task in acts.waiting_for(tasks, actor.person):
        who = task.owner or task.by
        name = name_of(who, people, reader)
        values = {
            "name": name, "title": task.title, "what": task.blocked_for, "path": f"#/plan/tasks/{task.id}",
            "since": reader.near(task.blocked_at or task.at),
        }  # fmt: skip
        if who == actor.person:
            continue
        sentence = (
            reader.markup(
                '<b>%(name)s waits for you:</b> <a href="%(path)s">“%(title)s”</a> needs “%(what)s”. '
                "Since %(since)s.",
                **values,
            )
            if task.blocked_for
            else reader.markup(
                '<b>%(name)s waits for you:</b> <a href="%(path)s">“%(title)s”</a> can go on only after you. '
                "Since %(since)s.",
                **values,
            )
        )
        lines.append(Wait(sentence, [(name, False)], [me]))
    for task in tasks:
        if task.is_blocked and task.owner == actor.person and task.blocked_by != actor.person:
            name = name_of(task.blocked_by, people, reader)
            said = _(
                "You wait for %(name)s, who was told: “%(title)s” can go on only after that.",
                name=name, title=task.title,
            )  # fmt: skip
            again = reminder(reader, sent, About.TASK, task.id, task.blocked_by, name, told=task.reminded)
            lines.append(Wait(said, [me], [(name, False)], quiet=True, reminders=[again]))
    return lines


# --- the team's own page ---


def plan(scene: Scene, request: Request) -> Response:
    """The plan of one's own team."""
    found = run(scene.ports, acts.own_plan, scene.actor, scene.activity.id)
    _ = scene.reader.gettext
    return _shown(scene, request, found, [Crumb(_("Plan"))], may_write=True)


def _shown(scene: Scene, request: Request, found: Plan, crumbs: list[Crumb], *, may_write: bool) -> Response:
    reader = scene.reader
    _ = reader.gettext
    lines = [task_line(task, scene, found.people, scene.settings) for task in found.tasks]
    return page(
        scene,
        request,
        "plan.html",
        title=_("Plan of %(name)s", name=found.circle.team.name),
        crumbs=crumbs,
        found=found,
        may_write=may_write,
        milestones=[milestone_line(state, reader, found.people) for state in found.state.milestones],
        waits=waits_of(found.tasks, reader, scene.actor, found.people) if may_write else [],
        mine=[line for line in lines if line.mine and may_write],
        others=[line for line in lines if not (line.mine and may_write)],
        done=[task_line(task, scene, found.people, scene.settings) for task in found.done],
        owners=owners(found.circle.people, found.people, scene, _("nobody yet")),
        targets=targets(scene.settings, reader),
    )


def owners(
    keys: tuple[str, ...], people: Mapping[str, Participant], scene: Scene, nobody: str
) -> list[tuple[str, str]]:
    """The members to choose from, oneself marked."""
    _ = scene.reader.gettext
    return [
        ("", nobody),
        *(
            (
                key,
                _("%(name)s (you)", name=people[key].name) if key == scene.actor.person else people[key].name,
            )
            for key in keys
            if key in people
        ),
    ]


def targets(settings: Settings, reader: Reader) -> list[tuple[str, str]]:
    """The milestones to choose from."""
    return [("", reader.gettext("none")), *((one.id, one.title) for one in settings.milestones)]


def _wish(reading: Reading) -> TaskWish:
    state = reading.choice("state", TaskState, TaskState.TODO)
    return TaskWish(
        title=reading.text("title"),
        owner=reading.text("owner"),
        due=reading.moment("due"),
        milestone=reading.text("milestone"),
        state=state,
        blocked_by=reading.text("blocked_by"),
        blocked_for=reading.text("blocked_for", most=200),
    )


def add(scene: Scene, request: Request) -> Next:
    """Write down a task."""
    reading = Reading(request, scene.reader)
    wish = _wish(reading)
    reading.check()
    task = do(scene, request, acts.add_task, wish)
    return Next("plan", scene.reader.gettext("Added: “%(title)s”.", title=task.title))


def task_form(scene: Scene, request: Request, id: str) -> Response:
    """One task, to change it."""
    circle, task, people = run(scene.ports, _read_task, scene.actor, scene.activity.id, id)
    reader = scene.reader
    _ = reader.gettext
    words = task_words(reader)
    others = tuple(key for key in circle.people if key != task.owner)
    return page(
        scene,
        request,
        "task.html",
        title=_("Change a task"),
        crumbs=[Crumb(_("Plan"), "plan"), Crumb(task.title)],
        task=task,
        owners=owners(circle.people, people, scene, _("nobody yet")),
        blockers=owners(others, people, scene, _("nobody")),
        targets=targets(scene.settings, reader),
        states=[
            (TaskState.TODO.value, words[TaskState.TODO]),
            (TaskState.DOING.value, words[TaskState.DOING]),
            (
                TaskState.BLOCKED.value,
                _("waiting for somebody"),
                _("They are told at once, and again after 2 days."),
            ),
            (TaskState.DONE.value, words[TaskState.DONE]),
        ],
        waits=_(
            "It waits for %(name)s since %(since)s.",
            name=name_of(task.blocked_by, people, reader),
            since=reader.near(task.blocked_at or task.at),
        )
        if task.is_blocked
        else "",
    )


def _read_task(
    unit: UnitOfWork, actor: Actor, activity_id: str, task_id: str
) -> tuple[Circle, Task, dict[str, Participant]]:
    circle, task = acts.read_task(unit, actor, activity_id, task_id)
    keys = {*circle.people, task.owner, task.blocked_by, task.by} - {""}
    return circle, task, participants_of(unit, circle.activity.course, keys)


def change(scene: Scene, request: Request, id: str) -> Next:
    """Change a task."""
    reading = Reading(request, scene.reader)
    wish = _wish(reading)
    reading.check()
    do(scene, request, acts.change_task, id, wish)
    return Next("plan", scene.reader.gettext("Saved."))


def move(scene: Scene, request: Request, id: str) -> Next:
    """One press on a task: begun, done, again, or free to go on."""
    reading = Reading(request, scene.reader)
    state = reading.choice("state", TaskState)
    reading.check()
    task = do(scene, request, acts.set_state, id, state)
    _ = scene.reader.gettext
    said = {
        TaskState.DONE: _("Done: “%(title)s”.", title=task.title),
        TaskState.DOING: _("Begun: “%(title)s”.", title=task.title),
    }
    return Next("plan", said.get(task.state, _("Saved.")))


def milestone(scene: Scene, request: Request) -> Next:
    """Say that the team reached a milestone, or take it back."""
    reached = request.field("reached") == "yes"
    do(scene, request, acts.mark_milestone, request.field("milestone"), reached=reached)
    _ = scene.reader.gettext
    return Next("plan", _("Reached. Your team and the course staff see it.") if reached else _("Taken back."))


# --- for mentors and the course staff ---


def of_team(scene: Scene, request: Request, id: str) -> Response:
    """A team's plan, to read."""
    found = run(scene.ports, acts.plan_of, scene.actor, scene.activity.id, id)
    _ = scene.reader.gettext
    return _shown(scene, request, found, around(scene, found.circle, _("Plan")), may_write=False)


def around(scene: Scene, circle: Circle, last: str) -> list[Crumb]:
    """The way back from a team's page: for staff by the teams, for mentors by theirs."""
    _ = scene.reader.gettext
    team = circle.team
    if scene.actor.is_staff:
        return [Crumb(_("Teams"), "teams"), Crumb(team.name, f"teams/{team.id}"), Crumb(last)]
    if circle.subject.mentor:
        return [Crumb(_("Mentoring"), "mentoring"), Crumb(team.name, f"mentoring/{team.id}"), Crumb(last)]
    return [Crumb(last)]


def all_teams(scene: Scene, request: Request) -> Response:
    """What waits for whom in all teams, the longest waiting first."""
    reader = scene.reader
    found = run(
        scene.ports, acts.all_plans, scene.actor, scene.activity.id, after=request.query.get("after", "")
    )
    _ = reader.gettext
    return page(
        scene,
        request,
        "teams_plan.html",
        title=_("Plans of all teams"),
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(_("Plans"))],
        found=found,
        rows=[_blocker_line(row, reader, found.people) for row in found.rows],
    )


@dataclass(frozen=True)
class BlockerLine:
    """A task that waits, in words, with its team."""

    team: str
    team_id: str
    title: str
    owner: str
    blocked_by: str
    what: str
    age: str
    since: str
    milestone: str


def _blocker_line(row: BlockerRow, reader: Reader, people: Mapping[str, Participant]) -> BlockerLine:
    task = row.blocker.task
    return BlockerLine(
        row.team.name, row.team.id, task.title,
        name_of(task.owner, people, reader) if task.owner else reader.gettext("nobody yet"),
        name_of(task.blocked_by, people, reader), task.blocked_for, reader.span(row.blocker.age),
        reader.moment(row.blocker.since), milestone_said(row.state, reader),
    )  # fmt: skip


def milestone_said(state: PlanState, reader: Reader) -> str:
    """The milestone that a team should look at, in one line."""
    _, shown = reader.gettext, state.next
    if shown is None:
        return _("all milestones reached") if state.milestones else _("no milestones")
    if shown.late_by:
        return _("“%(title)s” late by %(span)s", title=shown.milestone.title, span=reader.span(shown.late_by))
    if shown.milestone.due:
        return _(
            "next “%(title)s”, due %(moment)s",
            title=shown.milestone.title, moment=reader.moment(shown.milestone.due),
        )  # fmt: skip
    return _("next “%(title)s”", title=shown.milestone.title)


ROUTES = (
    get("plan", plan),
    post("plan/add", add, form="plan"),
    post("plan/milestone", milestone, form="plan"),
    get("plan/tasks/<id>", task_form),
    post("plan/tasks/<id>", change, form="plan/tasks/<id>"),
    post("plan/tasks/<id>/move", move, form="plan"),
    get("teams/plan", all_teams),
    get("teams/<id>/plan", of_team),
)
