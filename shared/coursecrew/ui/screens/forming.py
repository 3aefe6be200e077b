"""Forming teams: wishes, progress, review, a swap tried, two runs compared, publishing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coursecrew.app.activities import count_learners, team_set_of
from coursecrew.app.formation_figures import RuleSaid, changes, rules_said, score_of, unmet
from coursecrew.app.forming import (
    MOST_BARS,
    Review,
    RunComparison,
    Suggestion,
    TeamDetail,
    Tried,
    compare_runs,
    exchange,
    explanation,
    lock_team,
    publish_run,
    review,
    run_of,
    runs_of,
    start_run,
    stop_run,
    suggest_partners,
    take_back_run,
    team_detail,
    try_exchange,
)
from coursecrew.app.people import list_people
from coursecrew.app.records import ACTIVITIES, FORMED_TEAMS, MEMBERSHIPS, PARTICIPANTS, SURVEY_ANSWERS
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.errors import Conflict, NotFound, Problem
from coursecrew.domain.formations import WORKED_ON, Formation, FormedTeam, RunState
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.schedule import Step
from coursecrew.domain.teams import TeamSet
from coursecrew.domain.wishes import Aim
from coursecrew.ui.errors import say_problem
from coursecrew.ui.formed import (
    Names,
    columns_of,
    effect,
    formula,
    free_hours,
    missed_count,
    missed_rules,
    say_changes,
    score,
    unmet_said,
    wish_lines,
    wishes_of,
)
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.panels import Panel, Press, Wait
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.wishes import read_wishes, say_wish, wish_rows

AGAIN = 2  # seconds after which a run that is worked on is looked at again
RUNS = 10  # in the list of runs
MOST_SEARCHED = 2_000  # people looked through for a typed name
MOST_CHOICES = 60  # teams in a list to choose from; where there are more, a number is typed
MOST_NAMES = 60  # people named in pairs
WEAKEST = 5  # teams of each run in a comparison


# --- the wishes, and the runs so far ---


@dataclass(frozen=True)
class Start:
    """What stands on the page where teams are asked for."""

    team_set: TeamSet
    learners: int
    free: int  # who take part and have no team
    answered: int
    runs: list[Formation]  # newest first
    weakest: Mapping[str, int]  # lowest score of a team, by run
    people: Mapping[str, Participant]  # whom the newest run's pairs name
    locked: int  # teams of the newest run that a next one may keep

    @property
    def newest(self) -> Formation | None:
        """The run before the next."""
        return self.runs[0] if self.runs else None


def read_start(unit: UnitOfWork, actor: Actor, activity_id: str) -> Start:
    """A fixed number of queries."""
    require(actor, Action.FORM_TEAMS)
    activity = unit.store.get(ACTIVITIES, activity_id)
    team_set = team_set_of(unit, activity)
    runs = runs_of(unit, actor, activity_id, limit=RUNS)
    lowest = [unit.store.find(FORMED_TEAMS, formation=one.id, order="weakest", limit=1) for one in runs]
    learners = count_learners(unit, activity.course)
    named = {key for kind in (runs[0].pairs.values() if runs else ()) for group in kind for key in group}
    return Start(
        team_set,
        learners,
        max(0, learners - unit.store.count(MEMBERSHIPS, team_set=team_set.id)),
        unit.store.count(SURVEY_ANSWERS, activity=activity.id),
        runs,
        {one.id: row[0].score for one, row in zip(runs, lowest, strict=True) if row},
        participants_of(unit, activity.course, named),
        unit.store.count(FORMED_TEAMS, formation=runs[0].id, locked=True) if runs else 0,
    )


def start(scene: Scene, request: Request) -> Response:
    """Wishes and pairs, prefilled with what was wished last; below them the runs so far."""
    found = run(scene.ports, read_start, scene.actor, scene.activity.id)
    _, survey, newest = scene.reader.gettext, scene.settings.survey, found.newest
    names = Names(survey, scene.reader)
    wishes = wishes_of(newest) if newest else scene.settings.forming.wishes
    return page(
        scene,
        request,
        "forming.html",
        title=_("Form teams"),
        crumbs=[Crumb(_("Teams"), "teams"), Crumb(_("Form teams"))],
        panel=_start_panel(scene, found),
        found=found,
        rows=wish_rows(survey, wishes, scene.reader),
        together=_pairs_typed(newest, "together", found.people),
        apart=_pairs_typed(newest, "apart", found.people),
        locked_of=newest if newest and newest.state is RunState.DONE and found.locked else None,
        runs=_run_rows(found, scene.reader, names),
        comparable=[(one.id, _run_name(one, scene.reader)) for one in found.runs if one.result],
        ready=newest is not None and newest.state is RunState.DONE,
        working=any(one.state in WORKED_ON for one in found.runs),
    )


def _start_panel(scene: Scene, found: Start) -> Panel:
    reader, newest, survey = scene.reader, found.newest, scene.settings.survey
    _, n_, label = reader.gettext, reader.ngettext, reader.gettext("Your next step")
    waits = []
    if survey.is_there:
        waits.append(Wait(_answered_said(reader, found.learners, found.answered), sign="people"))
        if survey.is_open(reader.now):
            waits.append(Wait(_still_open(scene), sign="clock"))
    else:
        waits.append(
            Wait(
                _("Nothing was asked: only sizes, new faces and the people named below count."),
                sign="info",
            )
        )
    if newest and newest.state in WORKED_ON:
        press = [Press(_("Look how far it is"), f"teams/forming/{newest.id}")]
        return Panel(label, _("Run %(number)s is under way", number=newest.number), [], press, waits)
    if newest and newest.state is RunState.DONE:
        press = [Press(_("Look at the teams"), f"teams/forming/{newest.id}")]
        heading = _("Run %(number)s is ready: look at it, then publish", number=newest.number)
        return Panel(label, heading, [_("Or form teams again below with other wishes.")], press, waits)
    if not found.free:
        return Panel(label, _("Everybody has a team"), [_("Nobody waits for one.")], [], waits)
    heading = n_("Form teams of %(number)s learner", "Form teams of %(number)s learners", found.free)
    lines = [_("Say below what you wish for. Learners see nothing until you publish.")]
    return Panel(label, heading, lines, [], waits)


def _answered_said(reader: Reader, learners: int, answered: int) -> str:
    n_, silent = reader.ngettext, max(0, learners - answered)
    said = n_(
        "%(answered)s of %(number)s learner answered the survey.",
        "%(answered)s of %(number)s learners answered the survey.",
        learners,
        answered=answered,
    )
    if not silent:
        return said
    others = n_(
        "The other one counts as “no information”.",
        "The %(number)s others count as “no information”.",
        silent,
    )
    return f"{said} {others}"


def _still_open(scene: Scene) -> str:
    _, closes = scene.reader.gettext, scene.settings.survey.closes_at
    if closes is None:
        return _("The survey is still open. You may form teams now; later answers do not count in.")
    return _(
        "The survey is open until %(when)s. You may form teams before that; later answers do not count in.",
        when=scene.reader.moment(closes),
    )


def _pairs_typed(newest: Formation | None, kind: str, people: Mapping[str, Participant]) -> str:
    groups = newest.pairs.get(kind, []) if newest else []
    lines = [", ".join(people[key].name for key in group if key in people) for group in groups]
    return "\n".join(line for line in lines if line)


@dataclass(frozen=True)
class RunRow:
    """A run in the list of runs."""

    run: Formation
    word: str  # how far it is
    chip: str
    changed: str
    score: str = ""
    weakest: str = ""
    shared: str = ""
    unmet: str = ""


def _run_rows(found: Start, reader: Reader, names: Names) -> list[RunRow]:
    """The runs, each with what it changed against the one before."""
    before: list[Formation | None] = [*found.runs[1:], None] if found.runs else []
    return [
        _run_row(one, old, score(found.weakest.get(one.id)), reader, names)
        for one, old in zip(found.runs, before, strict=True)
    ]


def _run_row(one: Formation, old: Formation | None, weakest: str, reader: Reader, names: Names) -> RunRow:
    _ = reader.gettext
    states = {
        RunState.WAITING: ("waiting", _("waits")),
        RunState.RUNNING: ("now", _("under way")),
        RunState.FAILED: ("missed", _("failed")),
        RunState.CANCELLED: ("off", _("stopped")),
        RunState.PUBLISHING: ("now", _("being published")),
        RunState.PUBLISHED: ("done", _("published")),
        RunState.UNDOING: ("now", _("being taken back")),
    }
    chip, word = states.get(one.state, ("", ""))
    changed = say_changes(changes(old, one, (wishes_of(old), wishes_of(one))), names, reader) if old else []
    said = "; ".join(changed) or (_("the same wishes") if old else _("the first one"))
    if not one.result.get("teams"):
        return RunRow(one, word, chip, said)
    shared = _hours_shared(rules_said(one), one)
    return RunRow(
        one, word, chip, said, score(score_of(one.result["parts"])), weakest, shared,
        str(unmet(one)),
    )  # fmt: skip


def _hours_shared(rules: Sequence[RuleSaid], one: Formation) -> str:
    """The mean of hours in common, where a wish asks for them."""
    wishes = wishes_of(one)
    for rule in rules:
        wish = wishes[rule.wish] if 0 <= rule.wish < len(wishes) else None
        if rule.kind == "overlap" and rule.shared is not None and wish and wish.aim is Aim.SHARED:
            return f"{rule.shared / 100:.1f}"
    return ""


def _run_name(one: Formation, reader: Reader) -> str:
    return reader.gettext("Run %(number)s", number=one.number)


def begin(scene: Scene, request: Request) -> Next:
    """Ask for teams by the wishes of the form."""
    require(scene.actor, Action.FORM_TEAMS)
    reading = Reading(request, scene.reader)
    wishes = read_wishes(reading, scene.settings.survey)
    pairs = {kind: _pairs(scene, reading, kind) for kind in ("together", "apart")}
    reading.check()
    made = do(
        scene,
        request,
        start_run,
        wishes=wishes,
        together=pairs["together"],
        apart=pairs["apart"],
        keep_locked_of=reading.text("keep_locked_of"),
    )
    return Next(
        f"teams/forming/{made.id}", scene.reader.gettext("Run %(number)s has begun.", number=made.number)
    )


def _pairs(scene: Scene, reading: Reading, kind: str) -> list[list[str]]:
    """The people named in a box, one group a line, by name or by what files call them."""
    typed = [[name.strip() for name in line.split(",")] for line in reading.text(kind).splitlines()]
    groups = [[name for name in line if name] for line in typed]
    groups = [group for group in groups if group]
    names = list(dict.fromkeys(name for group in groups for name in group))
    if len(names) > MOST_NAMES:
        reading.problems.append(Problem(kind, "pair_too_many", (("most", MOST_NAMES),)))
        return []
    found = _people_named(scene, names) if names else {}
    for group in groups:
        if len(group) < 2:
            reading.problems.append(Problem(kind, "pair_alone", (("name", group[0]),)))
            return []
    for name in names:
        people = found[name]
        if len(people) != 1:
            code = "pair_ambiguous" if people else "pair_nobody"
            reading.problems.append(Problem(kind, code, (("name", name),)))
            return []
    return [list(dict.fromkeys(found[name][0] for name in group)) for group in groups]


def _people_named(scene: Scene, names: Sequence[str]) -> dict[str, list[str]]:
    """Whom each name means: the name as it stands, else without letter case, else a user name or e-mail."""
    course = scene.activity.course

    def exactly(unit: UnitOfWork) -> list[Participant]:
        return unit.store.find(PARTICIPANTS, course=course, name=list(names), limit=4 * len(names))

    found: dict[str, list[str]] = {name: [] for name in names}
    for one in run(scene.ports, exactly):
        if one.takes_part and one.name in found:
            found[one.name].append(one.person)
    missing = [name for name in names if not found[name]]
    if missing:
        everybody = run(scene.ports, list_people, scene.actor, limit=MOST_SEARCHED)
        for name in missing:
            folded = name.casefold()
            takers = [one for one in everybody if one.takes_part]
            same = [one.person for one in takers if one.name.casefold() == folded]
            found[name] = same or [one.person for one in takers if folded in one.name.casefold()]
    for name in names:
        if not found[name]:
            person = scene.ports.people.person_for(course, name)
            found[name] = [person] if person else []
    return found


# --- one run ---


def one_run(scene: Scene, request: Request, id: str) -> Response:
    """A run: its progress, why it failed, or the teams it proposes."""
    one = run(scene.ports, run_of, scene.actor, scene.activity.id, id)
    if one.state in WORKED_ON:
        return _progress(scene, request, one)
    seen = run(scene.ports, review, scene.actor, scene.activity.id, id, after=request.query.get("after", ""))
    if seen.run.state in (RunState.FAILED, RunState.CANCELLED):
        return _failed(scene, request, seen)
    return _review(scene, request, seen)


def _crumbs(scene: Scene, *more: Crumb) -> list[Crumb]:
    _ = scene.reader.gettext
    return [Crumb(_("Teams"), "teams"), Crumb(_("Form teams"), "teams/forming"), *more]


def _run_crumb(scene: Scene, one: Formation, *, link: bool = True) -> Crumb:
    return Crumb(_run_name(one, scene.reader), f"teams/forming/{one.id}" if link else "")


def _progress(scene: Scene, request: Request, one: Formation) -> Response:
    _ = scene.reader.gettext
    titles = {
        RunState.WAITING: _("Teams are being formed"),
        RunState.RUNNING: _("Teams are being formed"),
        RunState.PUBLISHING: _("Teams are being published"),
        RunState.UNDOING: _("Teams are being taken back"),
    }
    forming = one.state in (RunState.WAITING, RunState.RUNNING)
    done, of = (one.passes, one.of) if forming else _written(one)
    return page(
        scene,
        request,
        "forming_progress.html",
        title=titles[one.state],
        crumbs=_crumbs(scene, _run_crumb(scene, one, link=False)),
        again=AGAIN,
        run=one,
        forming=forming,
        done=min(done, of),
        of=of,
        lines=_progress_lines(scene.reader, one, done, of),
    )


def _written(one: Formation) -> tuple[int, int]:
    """How many of a run's teams were gone through while they are published or taken back."""
    part = one.result.get("published" if one.state is RunState.PUBLISHING else "taken_back") or {}
    return part.get("upto", 0), one.result.get("teams", 0)


def _progress_lines(reader: Reader, one: Formation, done: int, of: int) -> list[str]:
    _, n_ = reader.gettext, reader.ngettext
    follows = _("This page follows by itself. You may leave: we write to you when the teams are there.")
    if one.state is RunState.WAITING:
        return [_("It begins as soon as a worker is free, usually within seconds."), follows]
    if one.state is RunState.RUNNING:
        lines = [n_("Pass %(done)s of %(number)s.", "Pass %(done)s of %(number)s.", of, done=min(done, of))]
        best = {"weakest": score(one.best.get("weakest")), "broken": one.best.get("broken", 0)}
        if "score" in one.best:
            best["score"] = score(one.best["score"])
            lines.append(
                _(
                    "Best so far: %(score)s for all teams, %(weakest)s for the weakest; "
                    "“must” not met: %(broken)s.",
                    **best,
                )
            )
        elif one.best:
            lines.append(
                _("Best so far: %(weakest)s for the weakest team; “must” not met: %(broken)s.", **best)
            )
        elif any(rule.get("sensitive") for rule in one.rules.get("rule", ())):
            lines.append(
                _("How good the best teams so far are stays hidden, since sensitive answers count in it.")
            )
        stopping = _("You asked to stop: the best so far is being written down.")
        return [*lines, stopping if one.stop else follows]
    said = n_("%(done)s of %(number)s team so far.", "%(done)s of %(number)s teams so far.", of, done=done)
    return [said, _("This page follows by itself. You may leave: it goes on without you.")]


def stop(scene: Scene, request: Request, id: str) -> Next:
    """Stop with the best so far."""
    do(scene, request, stop_run, id)
    return Next(f"teams/forming/{id}")


def _failed(scene: Scene, request: Request, seen: Review) -> Response:
    _ = scene.reader.gettext
    stopped = seen.run.state is RunState.CANCELLED
    return page(
        scene,
        request,
        "forming_failed.html",
        title=_("Stopped before there were teams") if stopped else _("No teams could be formed"),
        crumbs=_crumbs(scene, _run_crumb(scene, seen.run, link=False)),
        run=seen.run,
        stopped=stopped,
        problems=[say_problem(problem, scene.reader) for problem in seen.problems],
    )


# --- the review ---


def _review(scene: Scene, request: Request, seen: Review) -> Response:
    reader, after = scene.reader, request.query.get("after", "")
    _, names = reader.gettext, Names(scene.settings.survey, reader)
    first = seen.bars[0].id if seen.bars and not after else ""
    detail = run(scene.ports, team_detail, scene.actor, scene.activity.id, first) if first else None
    published = seen.run.state is RunState.PUBLISHED
    return page(
        scene,
        request,
        "forming_review.html",
        title=_("The teams as published") if published else _("Look at the teams before you publish them"),
        crumbs=_crumbs(scene, _run_crumb(scene, seen.run, link=False)),
        panel=_review_panel(scene, seen, names),
        seen=seen,
        run=seen.run,
        bars=columns_of(seen.bars, first),
        most_bars=MOST_BARS,
        opened=_opened(scene, detail, seen.rules, names) if detail else None,
        score=score,
        unmet_said=lambda team: unmet_said(team, reader),
        wishes=[say_wish(wish, scene.settings.survey, reader) for wish in wishes_of(seen.run)],
        after=after,
        may_change=seen.run.state is RunState.DONE,
        published=published,
    )


def _opened(scene: Scene, detail: TeamDetail, rules: Sequence[RuleSaid], names: Names) -> dict[str, Any]:
    """What the template of a team reads."""
    lines = wish_lines(detail.team.reasons, detail.run, rules, names, scene.reader)
    return {
        "team": detail.team,
        "people": detail.people,
        "lines": lines,
        "formula": formula(lines, scene.reader),
        "whole": formula(lines, scene.reader, short=False),
        "free": free_hours(detail, scene.reader),
    }


def _review_panel(scene: Scene, seen: Review, names: Names) -> Panel:
    reader, one = scene.reader, seen.run
    _, n_, path = reader.gettext, reader.ngettext, f"teams/forming/{one.id}"
    waits = []
    if one.state is RunState.DONE:
        said = reader.nmarkup(
            "<b>%(number)s learner waits for you.</b>",
            "<b>%(number)s learners wait for you.</b>",
            one.learners,
        )
        if scene.settings.survey.is_there:
            said += " " + _answered_said(reader, one.learners, one.answered)
        waits.append(Wait(said, sign="waiting"))
    missed = missed_rules(seen.rules, one, names, reader)
    if missed:
        said = reader.nmarkup(
            "<b>%(number)s wish is not met everywhere:</b> %(wishes)s.",
            "<b>%(number)s wishes are not met everywhere:</b> %(wishes)s.",
            len(missed), wishes=reader.listed(missed),
        )  # fmt: skip
        if any(rule.sensitive and (rule.missed or rule.some) for rule in seen.rules):
            said += " " + _(
                "Which teams a sensitive wish misses stays hidden, since it would tell an answer; "
                "teams that you fixed yourself are not counted in it."
            )
        waits.append(Wait(said, sign="warn"))
    elif seen.rules:
        met = _("Every wish that can be met or missed is met in every team.")
        if any(rule.untold or rule.of < one.result["teams"] for rule in seen.rules):
            met += " " + _("Sensitive wishes are not counted in teams that you fixed yourself.")
        waits.append(Wait(met, sign="tick"))
    if one.state is RunState.PUBLISHED:
        heading = n_("%(number)s team is published", "%(number)s teams are published", seen.teams)
        lines = [_("on %(when)s", when=reader.moment(one.published_at))] if one.published_at else []
        press = [Press(_("To the teams"), "teams")]
        if seen.may_take_back:
            press.append(Press(_("Take them back"), f"{path}/take-back", "quiet"))
        return Panel(_("Done"), heading, lines, press, waits)
    opens = scene.activity.window(Step.DRAFT).opens
    lines = [_("Learners see nothing until then.")]
    if opens and opens > reader.now:
        lines = [
            reader.markup(
                "before <b>%(when)s</b>, when writing opens "
                '<span class="muted">· learners see nothing until then</span>',
                when=reader.moment(opens),
            )
        ]
    heading = n_("Publish %(number)s team", "Publish %(number)s teams", seen.teams)
    press = [Press(_("Form teams again"), "teams/forming", "quiet")]
    if seen.may_publish:
        press.insert(0, Press(_("Publish teams"), f"{path}/publish"))
    elif seen.teams:
        lines = [_("Another run is being worked on. You can publish once that is done.")]
    return Panel(_("Your next step"), heading, lines, press, waits)


def one_team(scene: Scene, request: Request, id: str, team: str) -> Response:
    """A proposed team: wishes, free hours, members."""
    detail = run(scene.ports, team_detail, scene.actor, scene.activity.id, team)
    if detail.run.id != id:
        raise NotFound("formed_team")
    names = Names(scene.settings.survey, scene.reader)
    return page(
        scene,
        request,
        "forming_team.html",
        title=detail.team.name,
        crumbs=_crumbs(scene, _run_crumb(scene, detail.run), Crumb(detail.team.name)),
        run=detail.run,
        opened=_opened(scene, detail, rules_said(detail.run), names),
        score=score,
        may_change=detail.run.state is RunState.DONE,
    )


def lock(scene: Scene, request: Request, id: str, team: str) -> Next:
    """Keep a team as it is, or let it change again."""
    locked = request.field("locked") == "yes"
    kept = do(scene, request, lock_in_run, id, team, locked=locked)
    _ = scene.reader.gettext
    said = (
        _("%(team)s is locked: nobody is moved in or out.", team=kept.name)
        if locked
        else _("%(team)s is open to changes again.", team=kept.name)
    )
    return Next(f"teams/forming/{id}/teams/{team}" if request.field("back") else f"teams/forming/{id}", said)


def lock_in_run(
    unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str, team: str, *, locked: bool
) -> FormedTeam:
    """Lock or unlock a team of that run."""
    kept = lock_team(unit, actor, activity_id, team, locked=locked)
    if kept.formation != run_id:
        raise NotFound("formed_team")
    return kept


# --- a swap ---


@dataclass(frozen=True)
class Trial:
    """The page of a swap: who goes where, and what that would do."""

    run: Formation
    one: TeamDetail
    person: Participant | None
    other: TeamDetail | None
    partner: str
    choices: list[FormedTeam]  # other teams, by number; empty where they are too many for a list
    tried: Tried | None
    best: list[Suggestion]


def read_swap(
    unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str, asked: Mapping[str, str]
) -> Trial:
    """What a move or swap would do; a fixed number of queries."""
    found = run_of(unit, actor, activity_id, run_id)
    one = team_detail(unit, actor, activity_id, asked.get("one", ""))
    if one.run.id != run_id:
        raise NotFound("formed_team")
    person = next((who for who in one.people if who.person == asked.get("person")), None)
    person = person or (one.people[0] if one.people else None)
    teams = unit.store.find(FORMED_TEAMS, formation=run_id, order="number", limit=MOST_CHOICES + 1)
    few = len(teams) <= MOST_CHOICES
    best = (
        suggest_partners(unit, actor, activity_id, run_id, team=one.team.id, person=person.person)
        if person and not one.team.locked
        else []
    )
    other_id, partner = asked.get("other", ""), asked.get("partner", "")
    if not few and asked.get("number", "").isdigit():
        by_number = unit.store.find(FORMED_TEAMS, formation=run_id, number=int(asked["number"]), limit=1)
        other_id = by_number[0].id if by_number else ""
    if not other_id and best and not (asked.get("number") or asked.get("move")):
        other_id, partner = best[0].team.id, best[0].partner.person
    other = team_detail(unit, actor, activity_id, other_id) if other_id not in ("", one.team.id) else None
    if other and partner not in {who.person for who in other.people}:
        partner = ""
    tried = None
    if other and person:
        tried = try_exchange(
            unit, actor, activity_id, run_id,
            one=one.team.id, other=other.team.id, person=person.person, partner=partner,
        )  # fmt: skip
    others = [team for team in teams if team.id != one.team.id] if few else []
    return Trial(found, one, person, other, partner, others, tried, best)


def swap(scene: Scene, request: Request, id: str) -> Response:
    """Choose two people (or one, and a team), and see what it would do."""
    asked = {**request.query, **{name: request.field(name) for name in request.form}}
    trial = run(scene.ports, read_swap, scene.actor, scene.activity.id, id, asked)
    reader, survey = scene.reader, scene.settings.survey
    _, names = reader.gettext, Names(survey, reader)
    return page(
        scene,
        request,
        "forming_swap.html",
        title=_("Try a swap or a move"),
        crumbs=_crumbs(scene, _run_crumb(scene, trial.run), Crumb(_("Try a swap"))),
        trial=trial,
        person=trial.person,
        effects=_effects(trial, reader) if trial.tried else [],
        differences=_differences(trial, names, reader) if trial.tried else [],
        refused=say_problem(trial.tried.refused, reader) if trial.tried and trial.tried.refused else "",
        score=score,
        query_of=lambda best: (
            f"one={trial.one.team.id}&person={trial.person.person if trial.person else ''}"
            f"&other={best.team.id}&partner={best.partner.person}"
        ),
    )


@dataclass(frozen=True)
class Effect:
    """A score before and after; `look` is better, worse or empty."""

    name: str
    before: str
    after: str
    look: str
    word: str


def _effects(trial: Trial, reader: Reader) -> list[Effect]:
    tried = trial.tried
    assert tried is not None  # noqa: S101 - the caller asked
    rows = [
        (tried.one.name, tried.before[0], tried.after[0]),
        (tried.other.name, tried.before[1], tried.after[1]),
        (reader.gettext("All teams"), tried.all_before, tried.all_after),
    ]
    return [Effect(name, score(was), score(now), *effect(was, now, reader)) for name, was, now in rows]


@dataclass(frozen=True)
class Difference:
    """A wish that a team meets better or worse afterwards, before and after in words."""

    team: str
    wish: str
    before: str
    after: str


def _differences(trial: Trial, names: Names, reader: Reader) -> list[Difference]:
    tried, found = trial.tried, []
    assert tried is not None  # noqa: S101 - the caller asked
    rules = rules_said(trial.run)
    for team, before, after in zip(
        (tried.one, tried.other), tried.reasons_before, tried.reasons_after, strict=True
    ):
        olds = wish_lines(before, trial.run, rules, names, reader)
        news = {line.rule: line for line in wish_lines(after, trial.run, rules, names, reader)}
        for old in olds:
            new = news.get(old.rule)
            if new and new.word != old.word:
                found.append(Difference(team.name, old.name, old.word, new.word))
    return found


def swap_now(scene: Scene, request: Request, id: str) -> Next:
    """Make the swap that was shown."""
    reading = Reading(request, scene.reader)
    seen_one, seen_other = reading.whole("seen_one"), reading.whole("seen_other")
    partner = reading.text("partner")
    other = reading.text("other", required="not_a_choice")
    reading.check()
    do(
        scene,
        request,
        exchange,
        id,
        one=reading.text("one"),
        other=other,
        person=reading.text("person"),
        partner=partner,
        seen_one=seen_one,
        seen_other=seen_other,
    )
    _ = scene.reader.gettext
    return Next(f"teams/forming/{id}", _("The two have changed places.") if partner else _("Moved."))


# --- compare, publish, take back, explain ---


@dataclass(frozen=True)
class Pair:
    """A line of the comparison: what it is, and how it is in each run."""

    name: str
    one: str
    other: str


def read_comparison(
    unit: UnitOfWork, actor: Actor, activity_id: str, one: str, other: str
) -> tuple[RunComparison, list[FormedTeam], list[FormedTeam]]:
    """Two runs, and the five weakest teams of each; without a choice the two newest that have teams."""
    require(actor, Action.FORM_TEAMS)
    if not (one and other):
        newest = [found for found in runs_of(unit, actor, activity_id) if found.result][:2]
        if len(newest) < 2:
            raise Conflict("two_runs")
        other, one = (found.id for found in newest)
    compared = compare_runs(unit, actor, activity_id, one, other)
    weakest = [
        unit.store.find(FORMED_TEAMS, formation=found.id, order="weakest", limit=WEAKEST)
        for found in (compared.one, compared.other)
    ]
    return compared, weakest[0], weakest[1]


def compare(scene: Scene, request: Request) -> Response:
    """Two runs side by side; without a choice the two newest."""
    asked = [request.query.get(name, "") for name in ("one", "other")]
    found, *weakest = run(scene.ports, read_comparison, scene.actor, scene.activity.id, *asked)
    _, names = scene.reader.gettext, Names(scene.settings.survey, scene.reader)
    numbers = {"one": found.one.number, "other": found.other.number}
    return page(
        scene,
        request,
        "forming_compare.html",
        title=_("Run %(one)s and run %(other)s", **numbers),
        crumbs=_crumbs(scene, Crumb(_("Compare"))),
        found=found,
        lines=_compared(found, scene.reader),
        rules=_rules_compared(found, names, scene.reader),
        changed=say_changes(found.changes, names, scene.reader),
        weakest=list(zip((found.one, found.other), weakest, strict=True)),
        score=score,
        unmet_said=lambda team: unmet_said(team, scene.reader),
    )


def _compared(found: RunComparison, reader: Reader) -> list[Pair]:
    _ = reader.gettext
    musts = [sum(rule.missed or 0 for rule in rules if rule.must) for rules in found.rules]
    hours = [
        _hours_shared(rules, one) for rules, one in zip(found.rules, (found.one, found.other), strict=True)
    ]
    lines = [
        Pair(_("Teams"), *map(str, found.teams)),
        Pair(_("“Must” wishes not met, by team"), *map(str, musts)),
        Pair(_("All teams, a mean that weak teams pull down"), *map(score, found.scores)),
        Pair(_("Weakest team"), *map(score, found.weakest)),
        Pair(_("Wishes not met, by team"), *map(str, found.unmet)),
    ]
    if any(hours):
        lines.append(Pair(_("Mean hours in common"), *hours))
    return lines


def _rules_compared(found: RunComparison, names: Names, reader: Reader) -> list[Pair]:
    """For each wish, in how many teams it is not met; a wish of one run only is left out in the other."""
    sides: list[dict[tuple[str, str], str]] = []
    for one, rules in zip((found.one, found.other), found.rules, strict=True):
        wishes, side = wishes_of(one), {}
        for rule in rules:
            if not 0 <= rule.wish < len(wishes):
                continue
            wish = wishes[rule.wish]
            side[
                names.short(wish.about, wish.aim.value, wish.weight), names.title(wish.about, wish.aim.value)
            ] = missed_count(rule, reader)
        sides.append(side)
    order = [*sides[0], *(name for name in sides[1] if name not in sides[0])]
    absent = reader.gettext("not wished")
    return [
        Pair(_titled(*name, reader), sides[0].get(name, absent), sides[1].get(name, absent)) for name in order
    ]


def _titled(name: str, title: str, reader: Reader) -> str:
    return reader.gettext("%(wish)s (%(question)s)", wish=name, question=title) if title else name


def publish(scene: Scene, request: Request, id: str) -> Response:
    """What publishing does, before it is done."""
    seen = run(scene.ports, review, scene.actor, scene.activity.id, id, limit=1)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "forming_publish.html",
        title=_("Publish the teams"),
        crumbs=_crumbs(scene, _run_crumb(scene, seen.run), Crumb(_("Publish"))),
        seen=seen,
        run=seen.run,
    )


def publish_now(scene: Scene, request: Request, id: str) -> Next:
    """Publish."""
    made = do(scene, request, publish_run, id)
    _ = scene.reader.gettext
    said = _("The teams are published.") if made.state is RunState.PUBLISHED else ""
    return Next(f"teams/forming/{id}", said)


def take_back(scene: Scene, request: Request, id: str) -> Response:
    """What taking back does, before it is done."""
    seen = run(scene.ports, review, scene.actor, scene.activity.id, id, limit=1)
    _ = scene.reader.gettext
    return page(
        scene,
        request,
        "forming_take_back.html",
        title=_("Take the teams back"),
        crumbs=_crumbs(scene, _run_crumb(scene, seen.run), Crumb(_("Take back"))),
        seen=seen,
        run=seen.run,
    )


def take_back_now(scene: Scene, request: Request, id: str) -> Next:
    """Take the teams back."""
    made = do(scene, request, take_back_run, id)
    _ = scene.reader.gettext
    said = (
        ""
        if made.state in WORKED_ON
        else _("The teams are taken back. Form or publish others when you like.")
    )
    return Next(f"teams/forming/{id}", said)


def explain(scene: Scene, request: Request, id: str) -> Response:
    """Why the teams are as they are, as a file."""

    def read(unit: UnitOfWork, actor: Actor) -> str:
        return "".join(explanation(unit, actor, scene.activity.id, id))

    number = run(scene.ports, run_of, scene.actor, scene.activity.id, id).number
    headers = {
        "Content-Disposition": f'attachment; filename="teams-run-{number}.json"',
        "Cache-Control": "private, no-store",
    }
    return Response(run(scene.ports, read, scene.actor), kind="application/json", headers=headers)


# Before "teams/<id>", which these paths look like.
ROUTES = (
    get("teams/forming", start),
    post("teams/forming/start", begin, form="teams/forming"),
    get("teams/forming/compare", compare),
    get("teams/forming/<id>", one_run),
    post("teams/forming/<id>/stop", stop, form="teams/forming/<id>"),
    get("teams/forming/<id>/teams/<team>", one_team),
    post("teams/forming/<id>/teams/<team>/lock", lock, form="teams/forming/<id>/teams/<team>"),
    get("teams/forming/<id>/swap", swap),
    post("teams/forming/<id>/exchange", swap_now, form="teams/forming/<id>/swap"),
    get("teams/forming/<id>/publish", publish),
    post("teams/forming/<id>/publish", publish_now, form="teams/forming/<id>/publish"),
    get("teams/forming/<id>/take-back", take_back),
    post("teams/forming/<id>/take-back", take_back_now, form="teams/forming/<id>/take-back"),
    get("teams/forming/<id>/explanation", explain),
)
