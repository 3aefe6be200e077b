"""People with habits who act through the real use cases, under a clock that can be set.

For a demo's course, for trying an assignment before it is published, and for looking at a rule over
a whole term in seconds. Nothing is written directly: whoever acts here opens the activity and does
what a person could do, and is refused what a person would be refused.

How to add an act
-----------------
1. Name it in `Does`, and give it a function in `ACTS`: it acts for one person with `stage.do(…)`,
   which runs a use case, and returns a word for what came of it.
2. If habits decide when it happens, add a planner to `PLANNERS`: from the world to planned acts.
   Planning looks at nothing but the world and its seed, so a simulation can stop and go on later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random  # noqa: TID251 - the type only; chance is made in system.py
from typing import Any, Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from coursecrew.app import grading, submissions, surveys, teams
from coursecrew.app.activities import Placed, enter, publish, save_settings
from coursecrew.app.ports import Ports
from coursecrew.app.records import TEAMS
from coursecrew.app.system import seeded
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity, Settings, State, SubmitRule
from coursecrew.domain.errors import NotFound, Refusal
from coursecrew.domain.people import Actor
from coursecrew.domain.rubrics import Mark
from coursecrew.domain.schedule import Step
from coursecrew.domain.submissions import WorkState
from coursecrew.domain.teams import Team, name_key

P = ParamSpec("P")
T = TypeVar("T")
MORNING, EVENING = 8, 22  # the hours of the day at which people act, on their own clocks


class Habit(StrEnum):
    """How somebody works."""

    DILIGENT = "diligent"  # in good time
    LATE = "late"  # in the last hours
    SLOW = "slow"  # in good time, but answers nobody within a day
    VANISHING = "vanishing"  # comes into a team and is not seen again


@dataclass(frozen=True)
class Somebody:
    """A person of the simulated course."""

    actor: Actor
    habit: Habit = Habit.DILIGENT
    card: str = ""  # what they write on the seeking board before they join


@dataclass(frozen=True)
class Crew:
    """Who will be a team, by the keys of `World.people`; the first founds it."""

    name: str
    members: tuple[str, ...]
    motto: str = ""


@dataclass(frozen=True)
class Act:
    """One thing that one person does at one time."""

    at: datetime
    who: str
    does: Does
    activity: str  # by its short name
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Assignment:
    """An assignment with everything that happens in it.

    `texts` are what a crew writes, by crew and prompt; `sheets` what staff give for it. A crew in
    `scripts` follows its script from the first word to handing in, whatever its members' habits are.
    `answers` are what people answer to its survey, by the keys of `World.people`.
    """

    placed: Placed
    settings: Settings
    by: str  # who sets it up and releases the grades
    set_up_at: datetime
    texts: Mapping[str, Mapping[str, str]]
    sheets: Mapping[str, Mapping[str, Mark]] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    scorers: tuple[str, ...] = ()
    scored_from: datetime | None = None
    released_at: datetime | None = None
    scripts: Mapping[str, tuple[Act, ...]] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The assignment's short name."""
        return self.placed.name


@dataclass(frozen=True)
class World:
    """A course: its people, the teams they will be, its assignments, and when each comes in."""

    people: Mapping[str, Somebody]
    crews: tuple[Crew, ...]
    assignments: tuple[Assignment, ...]
    teams_form: str  # the assignment in which teams are formed
    arrivals: Mapping[str, datetime] = field(default_factory=dict)  # of those who come on a given day
    extra: tuple[Act, ...] = ()
    seed: int = 1


@dataclass(frozen=True)
class Done:
    """An act, and what came of it: a word, or the code of the refusal."""

    act: Act
    outcome: str


@dataclass
class Stage:
    """Where acts happen: the ports, and the activities found so far."""

    ports: Ports
    world: World
    activities: dict[str, str] = field(default_factory=dict)

    def actor(self, who: str) -> Actor:
        """The person as they act."""
        return self.world.people[who].actor

    def assignment(self, name: str) -> Assignment:
        """The assignment of that short name."""
        return next(one for one in self.world.assignments if one.name == name)

    def open(self, act: Act) -> Activity:
        """The person opens the activity, as everybody must who does anything."""
        entered = run(self.ports, enter, self.actor(act.who), self.assignment(act.activity).placed)
        self.activities[act.activity] = entered.activity.id
        return entered.activity

    def do(self, use_case: Callable[Concatenate[UnitOfWork, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case."""
        return run(self.ports, use_case, *args, **kwargs)


class Does(StrEnum):
    """What people do."""

    COME = "come"
    SET_UP = "set_up"
    PUBLISH = "publish"
    ANSWER = "answer"
    LOOK_FOR_TEAM = "look_for_team"
    FOUND = "found"
    JOIN = "join"
    WRITE = "write"
    HAND_IN = "hand_in"
    CONFIRM = "confirm"
    EXTEND = "extend"
    SCORE = "score"
    RELEASE = "release"


# --- acts ---


def _come(stage: Stage, act: Act) -> str:
    stage.open(act)
    return "came"


def _set_up(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    settings = stage.assignment(act.activity).settings
    stage.do(save_settings, stage.actor(act.who), activity.id, settings, seen=activity.settings_number)
    return "saved"


def _publish(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    if activity.state is not State.HIDDEN:
        return "published before"
    stage.do(publish, stage.actor(act.who), activity.id)
    return "published"


def _answer(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    stage.do(surveys.save_answers, stage.actor(act.who), activity.id, act.detail["answers"], agreed=True)
    return "answered"


def _look_for_team(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    stage.do(teams.post_card, stage.actor(act.who), activity.id, pitch=act.detail["pitch"])
    return "put up a card"


def _found(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    stage.do(
        teams.found_team,
        stage.actor(act.who),
        activity.id,
        name=act.detail["team"],
        motto=act.detail["motto"],
    )
    return "founded"


def _join(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    actor = stage.actor(act.who)
    team = stage.do(_team_called, actor, activity, act.detail["team"])
    stage.do(teams.join_team, actor, activity.id, team.id)
    return "joined"


def _team_called(unit: UnitOfWork, actor: Actor, activity: Activity, name: str) -> Team:
    """The team of that name, as somebody finds it in the list of teams."""
    here = teams.standing(unit, actor, activity)
    found = unit.store.find(TEAMS, team_set=here.team_set.id, name_key=name_key(name), limit=1)
    if not found:
        raise NotFound("team")
    return found[0]


def _write(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    actor = stage.actor(act.who)
    _activity, _here, view = stage.do(submissions.own_work, actor, activity.id)
    if view.state is not WorkState.DRAFTING:
        return "handed in before"
    texts = {act.detail["part"]: act.detail["text"]}
    stage.do(submissions.save_draft, actor, activity.id, texts, seen=view.draft.number)
    return "wrote"


def _hand_in(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    actor = stage.actor(act.who)
    _activity, _here, view = stage.do(submissions.own_work, actor, activity.id)
    if view.state is not WorkState.DRAFTING:
        return "handed in before"
    stage.do(submissions.submit, actor, activity.id, seen=view.draft.number)
    return "handed in"


def _confirm(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    stage.do(submissions.confirm, stage.actor(act.who), activity.id)
    return "confirmed"


def _extend(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    actor = stage.actor(act.who)
    person = stage.actor(act.detail["person"]).person
    due, reason = act.detail["due"], act.detail["reason"]
    stage.do(submissions.extend, actor, activity.id, person=person, due=due, reason=reason)
    return "extended"


def _score(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    actor = stage.actor(act.who)
    rows = stage.do(grading.grading_queue, actor, activity.id, limit=1000)
    row = next((row for row in rows if row.team.name == act.detail["team"]), None)
    if row is None or row.submission is None or (row.score and row.score.complete):
        return "nothing to score"
    stage.do(
        grading.score_work,
        actor,
        activity.id,
        row.work.id,
        act.detail["sheet"],
        seen=row.score.version if row.score else 0,
        comment=act.detail["comment"],
    )
    return "scored"


def _release(stage: Stage, act: Act) -> str:
    activity = stage.open(act)
    count = stage.do(grading.release_grades, stage.actor(act.who), activity.id)
    return f"released {count}"


ACTS: Mapping[Does, Callable[[Stage, Act], str]] = {
    Does.COME: _come,
    Does.SET_UP: _set_up,
    Does.PUBLISH: _publish,
    Does.ANSWER: _answer,
    Does.LOOK_FOR_TEAM: _look_for_team,
    Does.FOUND: _found,
    Does.JOIN: _join,
    Does.WRITE: _write,
    Does.HAND_IN: _hand_in,
    Does.CONFIRM: _confirm,
    Does.EXTEND: _extend,
    Does.SCORE: _score,
    Does.RELEASE: _release,
}


# --- planning ---


def plan(world: World) -> list[Act]:
    """Everything that will happen, in order of time: the same for the same world and seed."""
    chance = seeded(world.seed)
    acts = [act for planner in PLANNERS for act in planner(world, chance)]
    return sorted([*acts, *world.extra], key=lambda act: act.at)


def _plan_setting_up(world: World, chance: Random) -> Iterator[Act]:
    for one in world.assignments:
        yield Act(one.set_up_at, one.by, Does.SET_UP, one.name)
        yield Act(one.set_up_at + timedelta(minutes=20), one.by, Does.PUBLISH, one.name)


def _plan_coming(world: World, chance: Random) -> Iterator[Act]:
    """Those who come on a day of their own; everybody else comes with the first thing they do."""
    for who, at in world.arrivals.items():
        yield Act(at, who, Does.COME, world.teams_form)


def _plan_looking_in(world: World, chance: Random) -> Iterator[Act]:
    """Whoever has not vanished looks in every few days while there is something to write."""
    for one in world.assignments:
        window = one.settings.step(Step.DRAFT)
        begin, due = window.opens or one.set_up_at, window.due
        for crew in world.crews if due and one.texts else ():
            for who in crew.members:
                if world.people[who].habit is Habit.VANISHING:
                    continue
                at = max(begin, world.arrivals.get(who, begin)) + timedelta(days=chance.uniform(1, 4))
                while due and at < due:
                    yield Act(_awake(world, who, at), who, Does.COME, one.name)
                    at += timedelta(days=chance.uniform(3, 6))


def _plan_teams(world: World, chance: Random) -> Iterator[Act]:
    """Founders come in the first days, the others until shortly before teams are fixed."""
    one = next(one for one in world.assignments if one.name == world.teams_form)
    lock = one.settings.teams.lock_at or one.set_up_at + timedelta(days=7)
    room = lock - one.set_up_at
    for crew in world.crews:
        founded = _awake(world, crew.members[0], one.set_up_at + room * chance.uniform(0.05, 0.35))
        detail = {"team": crew.name, "motto": crew.motto}
        yield Act(founded, crew.members[0], Does.FOUND, one.name, detail)
        for who in crew.members[1:]:
            late = world.people[who].habit in (Habit.LATE, Habit.VANISHING)
            share = chance.uniform(0.75, 0.9) if late else chance.uniform(0.05, 0.7)
            at = _awake(world, who, founded + (lock - founded) * share)
            if world.people[who].card:
                card = founded + (at - founded) * 0.4
                yield Act(card, who, Does.LOOK_FOR_TEAM, one.name, {"pitch": world.people[who].card})
            at = min(max(at, founded + timedelta(minutes=10)), lock - timedelta(minutes=5))
            yield Act(at, who, Does.JOIN, one.name, {"team": crew.name})


def _plan_survey(world: World, chance: Random) -> Iterator[Act]:
    """People answer within two weeks of being asked; who is late in everything is late here, too."""
    for one in world.assignments:
        room = (one.settings.survey.closes_at or one.set_up_at + timedelta(days=14)) - one.set_up_at
        room = min(room, timedelta(days=12))
        for who, answers in one.answers.items():
            late = world.people[who].habit in (Habit.LATE, Habit.VANISHING)
            share = chance.uniform(0.6, 0.95) if late else chance.uniform(0.03, 0.7)
            at = _awake(world, who, one.set_up_at + room * share)
            yield Act(
                max(at, one.set_up_at + timedelta(hours=1)), who, Does.ANSWER, one.name, {"answers": answers}
            )


def _plan_work(world: World, chance: Random) -> Iterator[Act]:
    """Writing, handing in and confirming, crew by crew."""
    for one in world.assignments:
        for crew in world.crews:
            if crew.name in one.scripts:
                yield from one.scripts[crew.name]
            else:
                yield from _plan_crew(world, one, crew, chance)


def _plan_crew(world: World, one: Assignment, crew: Crew, chance: Random) -> Iterator[Act]:
    window = one.settings.step(Step.DRAFT)
    begin = max(filter(None, (window.opens, one.set_up_at, one.settings.teams.lock_at)))
    if one.name == world.teams_form:
        begin = (window.due or begin) - timedelta(days=3)
    due = window.due or begin + timedelta(days=14)
    present = [who for who in crew.members if world.people[who].habit is not Habit.VANISHING]
    if not present or crew.name not in one.texts:
        return
    last = begin
    for number, (part, text) in enumerate(one.texts[crew.name].items()):
        author = crew.members[number % len(crew.members)]
        steps_in = world.people[author].habit is Habit.VANISHING
        if steps_in:
            author = present[number % len(present)]
        share = _share(world.people[author].habit, chance, steps_in=steps_in)
        at = max(begin, _awake(world, author, begin + (due - begin) * share))
        first = text.partition("\n\n")[0]
        if first != text:
            started = begin + (at - begin) * chance.uniform(0.4, 0.8)
            yield Act(started, author, Does.WRITE, one.name, {"part": part, "text": first})
        yield Act(at, author, Does.WRITE, one.name, {"part": part, "text": text})
        last = max(last, at)
    presser = next((who for who in present if world.people[who].habit is Habit.DILIGENT), present[0])
    pressed = last + timedelta(minutes=chance.uniform(20, 240))
    if last < due:
        pressed = min(pressed, due - timedelta(minutes=chance.uniform(2, 50)))
    pressed = max(pressed, last + timedelta(minutes=1))
    yield Act(pressed, presser, Does.HAND_IN, one.name)
    if one.settings.submit_rule is SubmitRule.ALL:
        for who in present:
            if who != presser:
                yield Act(_answered(world, who, pressed, chance), who, Does.CONFIRM, one.name)


def _share(habit: Habit, chance: Random, *, steps_in: bool) -> float:
    """How much of the time is gone when somebody has written their part."""
    if habit is Habit.LATE:
        return chance.uniform(0.96, 1.05)
    if steps_in:
        return chance.uniform(0.9, 0.97)
    return chance.uniform(0.35, 0.95)


def _answered(world: World, who: str, asked: datetime, chance: Random) -> datetime:
    """When somebody says yes to what a team-mate handed in."""
    hours = {Habit.DILIGENT: (0.5, 9), Habit.LATE: (12, 20)}.get(world.people[who].habit, (26, 40))
    return asked + timedelta(hours=chance.uniform(*hours))


def _plan_grading(world: World, chance: Random) -> Iterator[Act]:
    """Staff score one work after the other, and the grades are released."""
    for one in world.assignments:
        at = one.scored_from
        for number, crew in enumerate(world.crews):
            if at is None or crew.name not in one.sheets or not one.scorers:
                continue
            detail = {
                "team": crew.name,
                "sheet": one.sheets[crew.name],
                "comment": one.comments.get(crew.name, ""),
            }
            yield Act(at, one.scorers[number % len(one.scorers)], Does.SCORE, one.name, detail)
            at += timedelta(minutes=chance.uniform(8, 30))
        if one.released_at is not None:
            yield Act(one.released_at, one.by, Does.RELEASE, one.name)


# After these the host delivers at once, so that what people are told carries the right time.
AT_ONCE = frozenset({Does.RELEASE})

PLANNERS: Sequence[Callable[[World, Random], Iterable[Act]]] = (
    _plan_setting_up,
    _plan_coming,
    _plan_looking_in,
    _plan_teams,
    _plan_survey,
    _plan_work,
    _plan_grading,
)


def _awake(world: World, who: str, at: datetime) -> datetime:
    """The same moment, or the nearest waking hour before it on the person's own clock."""
    here = at.astimezone(ZoneInfo(world.people[who].actor.zone))
    if here.hour >= EVENING:
        return at - timedelta(hours=here.hour - EVENING + 1)
    if here.hour < MORNING:
        return at - timedelta(hours=here.hour + 24 - EVENING + 1)
    return at


# --- running ---


def simulate(
    ports: Ports,
    world: World,
    *,
    set_clock: Callable[[datetime], object],
    until: datetime,
    after: datetime | None = None,
    between: Callable[[], None] = lambda: None,
    every: timedelta = timedelta(hours=6),
    told: Callable[[datetime, float], None] = lambda at, share: None,
) -> list[Done]:
    """Let everything happen that is planned after `after` and until `until`.

    `ports.clock` must show what `set_clock` sets. `between` is called whenever `every` has passed,
    and at the end: there the host lets time pass (upkeep) and delivers what has come together.
    `told` hears how far it is.
    """
    acts = [act for act in plan(world) if (after is None or act.at > after) and act.at <= until]
    stage, done = Stage(ports, world), []
    if not acts and after is None:
        return []
    start = after or acts[0].at
    pause = start + every
    for act in acts:
        while pause <= act.at:
            set_clock(pause)
            between()
            told(pause, (pause - start) / (until - start))
            pause += every
        set_clock(act.at)
        done.append(Done(act, _outcome(stage, act)))
        if act.does in AT_ONCE:
            between()
    while pause < until:
        set_clock(pause)
        between()
        pause += every
    set_clock(until)
    between()
    told(until, 1.0)
    return done


def _outcome(stage: Stage, act: Act) -> str:
    """Do it; a refusal is what the person reads, and the course goes on."""
    try:
        return ACTS[act.does](stage, act)
    except Refusal as refusal:
        return refusal.code
