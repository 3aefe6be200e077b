"""Forming teams: runs are asked for, looked at, changed by hand, published and taken back.

A run is worked on in the background (`formation_work`); everything here is one press. What is
shown of sensitive rules is in how many teams they are not met, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from coursecrew.app.activities import count_learners, team_set_of
from coursecrew.app.formation_figures import (
    MILLION,
    Change,
    RuleSaid,
    changes,
    count_reasons,
    exchanged,
    rules_said,
    score_of,
    unmet,
    unmet_of,
)
from coursecrew.app.formation_hand import Hand, engine_rules, without
from coursecrew.app.formation_input import Learner, raw_roster, roster, rules_document, settle_sections
from coursecrew.app.formation_teams import handed_in, publish_some, take_back_some
from coursecrew.app.records import ACTIVITIES, FORMATIONS, FORMED_TEAMS, MEMBERSHIPS, SURVEY_ANSWERS
from coursecrew.app.surveys import survey_for
from coursecrew.app.teams import participants_of, placed_among, without_team
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity, wish_from, wish_to
from coursecrew.domain.errors import Conflict, Invalid, NotFound, Problem, Stale
from coursecrew.domain.formations import WORKED_ON, Formation, FormedTeam, RunState
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.survey import HOURS_A_WEEK, Ask
from coursecrew.domain.teams import TeamSet
from coursecrew.domain.wishes import Wish

if TYPE_CHECKING:
    from coursecrew.domain.formation.rules import Fault

ROWS = 20  # teams on one page of the review
MOST_BARS = 60  # team scores in the picture
MOST_TRIED = 60  # teams in which partners for a swap are looked for
MOST_CHECKED = 2_000  # learners up to whom everything is looked at before a run starts
MOST_COMPARED = 1_000  # learners up to whom runs are compared person by person
MOST_SEED = 2**31 - 1
LEAST_GAIN = 1e-6
PAGE = 200
WITH_TEAMS = (RunState.DONE, RunState.PUBLISHING, RunState.PUBLISHED, RunState.UNDOING)


@dataclass(frozen=True)
class FormedRow:
    """A proposed team with its people, in the order of `team.members`; who left us is not among them."""

    team: FormedTeam
    people: tuple[Participant, ...]


@dataclass(frozen=True)
class Bar:
    """A team in the picture of scores."""

    id: str
    number: int
    name: str
    score: int  # millionths


@dataclass(frozen=True)
class Review:
    """What an instructor sees of a run. All figures leave sensitive rules out.

    `problems` are why a run failed, with people's names in their values. `score` is the one figure of
    all teams (a mean that weak teams pull down), `weakest` the lowest team score, both in millionths
    and `None` before the run is done. `unmet` counts (team, rule) pairs, musts among them.
    """

    run: Formation
    rows: tuple[FormedRow, ...]  # this page, weakest first
    after: str  # id for the next page, "" on the last
    bars: tuple[Bar, ...]  # the weakest, at most `MOST_BARS`
    teams: int
    score: int | None
    weakest: int | None
    unmet: int
    rules: tuple[RuleSaid, ...]
    problems: tuple[Problem, ...]
    may_publish: bool
    may_take_back: bool
    left_out: tuple[Participant, ...] = ()  # not published: had a team or no longer take part (at most 50)


@dataclass(frozen=True)
class TeamDetail:
    """A proposed team, its reasons, and when its members are free.

    `free` counts members free in each hour of a week (0 is Monday 00:00 UTC), `answered` how many gave
    hours; both are empty or 0 where no open question asks for hours.
    """

    run: Formation
    team: FormedTeam
    people: tuple[Participant, ...]
    free: tuple[int, ...]
    answered: int


@dataclass(frozen=True)
class Tried:
    """What a move or swap would do; scores in millionths, sensitive rules left out.

    `refused` is empty, or why it cannot be done, with people's names in its values.
    """

    one: FormedTeam
    other: FormedTeam
    before: tuple[int, int]
    after: tuple[int, int]
    reasons_before: tuple[list[dict[str, Any]], list[dict[str, Any]]]
    reasons_after: tuple[list[dict[str, Any]], list[dict[str, Any]]]
    all_before: int
    all_after: int
    refused: Problem | None
    people: Mapping[str, Participant]  # of both teams, by key


@dataclass(frozen=True)
class Suggestion:
    """A swap that helps: with whom, and the scores afterwards (millionths)."""

    team: FormedTeam
    partner: Participant
    after: tuple[int, int]
    all_after: int


@dataclass(frozen=True)
class RunComparison:
    """Two runs side by side: each with its rules over all teams and its figures (millionths).

    `regrouped` is how many learners have at least one different team-mate; `None` where the class is
    too large to look at everybody for a page.
    """

    one: Formation
    other: Formation
    scores: tuple[int, int]
    weakest: tuple[int, int]
    unmet: tuple[int, int]
    teams: tuple[int, int]
    rules: tuple[tuple[RuleSaid, ...], tuple[RuleSaid, ...]]
    changes: tuple[Change, ...]
    regrouped: int | None


def start_run(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    *,
    wishes: Sequence[Wish],
    together: Sequence[Sequence[str]] = (),
    apart: Sequence[Sequence[str]] = (),
    keep_locked_of: str = "",
    seed: int | None = None,
) -> Formation:
    """Ask for teams of everybody who takes part and has none; a worker forms them.

    `together` and `apart` hold groups of persons' keys. `keep_locked_of` is a run whose locked teams stay
    as they are. The same people, answers, wishes and seed give the same teams.

    Refused with `Conflict("formation_running")` while another run of the set is worked on,
    `Conflict("nobody_to_form")`, and `Invalid` with a problem for each clash that can be seen at once.
    """
    activity, team_set = _here(unit, actor, activity_id)
    _must_be_alone(unit, team_set)
    teams = replace(activity.settings.teams, min=team_set.min, ideal=team_set.ideal, max=team_set.max)
    document = rules_document(
        survey_for(unit, activity), activity.settings.forming, wishes, teams, together=together, apart=apart
    )
    newest = unit.store.find(FORMATIONS, team_set=team_set.id, order="newest", limit=1)
    run = Formation(
        id=unit.new_id(),
        activity=activity.id,
        course=activity.course,
        team_set=team_set.id,
        number=newest[0].number + 1 if newest else 1,
        state=RunState.WAITING,
        by=actor.person,
        at=unit.now,
        seed=unit.chance.randrange(1, MOST_SEED) if seed is None else seed,
        wishes=[wish_to(wish) for wish in wishes],
        pairs={"together": [list(group) for group in together], "apart": [list(group) for group in apart]},
        rules={name: value for name, value in document.items() if name not in ("together", "apart")},
        learners=max(
            0, count_learners(unit, activity.course) - unit.store.count(MEMBERSHIPS, team_set=team_set.id)
        ),
        answered=unit.store.count(SURVEY_ANSWERS, activity=activity.id),
    )
    kept = _locked_teams(unit, team_set, activity, run, keep_locked_of) if keep_locked_of else []
    run = _checked(unit, activity, team_set, run, kept)
    for formed in kept:
        unit.store.add(FORMED_TEAMS, formed)
    unit.forms = True
    return unit.store.add(FORMATIONS, run)


def stop_run(unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str) -> Formation:
    """Stop with the best so far; a run that nobody works on is cancelled. Repeating it changes nothing."""
    _, _, run = _run_here(unit, actor, activity_id, run_id)
    if run.state not in (RunState.WAITING, RunState.RUNNING):
        return run
    if run.claimed_until is None or run.claimed_until < unit.now:
        gone = replace(run, state=RunState.CANCELLED, stop=True, claimed_until=None, done_at=unit.now)
        return unit.store.save(FORMATIONS, gone)
    return run if run.stop else unit.store.save(FORMATIONS, replace(run, stop=True))


def runs_of(unit: UnitOfWork, actor: Actor, activity_id: str, *, limit: int = 20) -> list[Formation]:
    """The runs of the activity's team set, newest first."""
    _, team_set = _here(unit, actor, activity_id)
    return unit.store.find(FORMATIONS, team_set=team_set.id, order="newest", limit=limit)


def run_of(unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str) -> Formation:
    """One run, for the page that polls it: state, `passes` of `of`, `best`.

    `best` holds `score` and `weakest` (millionths) and `broken` (musts not met) of the best teams so far.
    It is empty where sensitive rules are among the wishes: they count in it, and would show through.
    """
    return _run_here(unit, actor, activity_id, run_id)[2]


def review(
    unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str, *, after: str = "", limit: int = ROWS
) -> Review:
    """A run with a page of its teams, weakest first; `after` is the id of the last team seen."""
    activity, team_set, run = _run_here(unit, actor, activity_id, run_id)
    page: list[FormedTeam] = []
    bars: list[FormedTeam] = []
    if run.state in WITH_TEAMS:
        last = _formed(unit, run, after) if after else None
        page = unit.store.find(FORMED_TEAMS, formation=run.id, order="weakest", after=last, limit=limit + 1)
        bars = unit.store.find(FORMED_TEAMS, formation=run.id, order="weakest", limit=MOST_BARS)
    rows = page[:limit]
    left_out = (run.result.get("published") or {}).get("left_out", [])
    keys = {key for formed in rows for key in formed.members} | set(left_out) | set(_keys_in(run.problems))
    people = participants_of(unit, activity.course, keys)
    others = unit.store.count(FORMATIONS, team_set=team_set.id, state=[state.value for state in WORKED_ON])
    done = run.state in WITH_TEAMS
    return Review(
        run=run,
        rows=tuple(_row(formed, people) for formed in rows),
        after=rows[-1].id if len(page) > limit else "",
        bars=tuple(Bar(formed.id, formed.number, formed.name, formed.score) for formed in bars),
        teams=run.result.get("teams", 0),
        score=score_of(run.result["parts"]) if done else None,
        weakest=bars[0].score if bars else None,
        unmet=unmet(run),
        rules=rules_said(run),
        problems=_problems_said(run.problems, people),
        may_publish=run.state is RunState.DONE and not others and bool(run.result.get("teams")),
        may_take_back=run.state is RunState.PUBLISHED and not others and not handed_in(unit, run, pages=1),
        left_out=tuple(people[key] for key in left_out if key in people),
    )


def team_detail(unit: UnitOfWork, actor: Actor, activity_id: str, formed_team_id: str) -> TeamDetail:
    """A proposed team with everything that may be said about it."""
    activity, run, formed = _formed_here(unit, actor, activity_id, formed_team_id)
    people = participants_of(unit, activity.course, formed.members)
    survey = activity.settings.survey
    hours = next((q for q in survey.questions if q.kind is Ask.HOURS and not q.is_sensitive), None)
    weeks: list[str] = []
    if hours is not None and formed.members:
        known = roster(unit, activity, formed.members, sensitive=False, now=run.at)
        weeks = [cells[hours.id] for _, cells in known if cells[hours.id]]
    return TeamDetail(
        run=run,
        team=formed,
        people=_row(formed, people).people,
        free=tuple(sum(week[hour] == "1" for week in weeks) for hour in range(HOURS_A_WEEK)) if hours else (),
        answered=len(weeks),
    )


def try_exchange(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    run_id: str,
    *,
    one: str,
    other: str = "",
    person: str,
    partner: str = "",
) -> Tried:
    """What it would do to move `person` from team `one` to `other`, and `partner` back; changes nothing.

    Without `other` nothing can be tried: `Invalid` at the field "other".
    """
    activity, _, run = _run_here(unit, actor, activity_id, run_id)
    return _try(unit, activity, run, one, other, person, partner)


def exchange(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    run_id: str,
    *,
    one: str,
    other: str,
    person: str,
    partner: str = "",
    seen_one: int,
    seen_other: int,
) -> str:
    """Move or swap; `seen_…` are the versions of the teams that the person saw. Returns the run's id.

    `Stale(what="formed_team")` when somebody moved people there meanwhile; `Invalid` where `try_exchange`
    refuses.
    """
    activity, _, run = _run_here(unit, actor, activity_id, run_id)
    if run.state is not RunState.DONE:
        raise Conflict("run_not_open", state=run.state.value)
    if not other:
        raise Invalid(Problem("other", "other_team_missing"))
    if _formed(unit, run, one).version != seen_one or _formed(unit, run, other).version != seen_other:
        raise Stale(what="formed_team")
    tried = _try(unit, activity, run, one, other, person, partner)
    if tried.refused:
        raise Invalid(tried.refused)
    first, second = tried.one, tried.other
    members = (
        without(first.members, person, partner),
        without(second.members, partner, person),
    )
    rules = [dict(rule) for rule in run.result["rules"]]
    open_rules = [rule for rule in rules if not rule["sensitive"]]
    for at, formed in enumerate((first, second)):
        reasons = tried.reasons_after[at]
        count_reasons(open_rules, formed.reasons, -1)
        count_reasons(open_rules, reasons, 1)
        unit.store.save(
            FORMED_TEAMS,
            replace(
                formed,
                members=members[at],
                size=len(members[at]),
                score=tried.after[at],
                unmet=unmet_of(reasons),
                reasons=reasons,
            ),
        )
    parts = exchanged(run.result["parts"], tried.before, tried.after)
    # Also guards the figures of all teams: two moves at once are done one after the other.
    unit.store.save(FORMATIONS, replace(run, result={**run.result, "rules": rules, "parts": parts}))
    return run.id


def suggest_partners(
    unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str, *, team: str, person: str
) -> list[Suggestion]:
    """The three swaps that help most, looked for in at most sixty teams; none if nothing helps."""
    from coursecrew.domain.formation.judging import team_loss

    activity, _, run = _run_here(unit, actor, activity_id, run_id)
    _must_have_teams(run)
    home = _formed(unit, run, team)
    if person not in home.members:
        raise NotFound("person")
    if home.locked:
        return []
    # Weak teams first, since they have most to gain, and some others for what strong ones can spare.
    half = MOST_TRIED // 2
    near = unit.store.find(FORMED_TEAMS, formation=run.id, order="weakest", limit=half)
    near += unit.store.find(FORMED_TEAMS, formation=run.id, order="number", after=home, limit=half)
    near += unit.store.find(FORMED_TEAMS, formation=run.id, order="number", limit=half)
    others = {one.id: one for one in near if one.id != home.id and not one.locked}
    teams = list(others.values())[: MOST_TRIED - 1]
    people = participants_of(
        unit, activity.course, [key for formed in [home, *teams] for key in formed.members]
    )
    hand = Hand(unit, activity, run, [home, *teams], people)
    parts = run.result["parts"]
    found: list[tuple[float, str, Suggestion]] = []
    for other in teams:
        before = team_loss(home.score / MILLION) + team_loss(other.score / MILLION)
        for partner in other.members:
            first, second = without(home.members, person, partner), without(other.members, partner, person)
            if partner not in people or hand.refusal(home, other, first, second):
                continue
            after = (hand.judge(first).score, hand.judge(second).score)
            gain = before - team_loss(after[0] / MILLION) - team_loss(after[1] / MILLION)
            if gain > LEAST_GAIN:
                total = score_of(exchanged(parts, (home.score, other.score), after))
                found.append((-gain, partner, Suggestion(other, people[partner], after, total)))
    return [suggestion for *_, suggestion in sorted(found, key=lambda row: row[:2])[:3]]


def lock_team(
    unit: UnitOfWork, actor: Actor, activity_id: str, formed_team_id: str, *, locked: bool
) -> FormedTeam:
    """Keep a proposed team as it is: nobody is moved in or out, and a next run may keep it."""
    _, run, formed = _formed_here(unit, actor, activity_id, formed_team_id)
    if run.state is not RunState.DONE:
        raise Conflict("run_not_open", state=run.state.value)
    if formed.locked == locked:
        return formed
    return unit.store.save(FORMED_TEAMS, replace(formed, locked=locked))


def compare_runs(
    unit: UnitOfWork, actor: Actor, activity_id: str, one_id: str, other_id: str
) -> RunComparison:
    """Two runs side by side; `changes` tells what the other run wished differently than the one."""
    _, _, one = _run_here(unit, actor, activity_id, one_id)
    _, _, other = _run_here(unit, actor, activity_id, other_id)
    for run in (one, other):
        _must_have_teams(run)
    wishes = [[wish_from(wish) for wish in run.wishes] for run in (one, other)]
    return RunComparison(
        one=one,
        other=other,
        scores=(score_of(one.result["parts"]), score_of(other.result["parts"])),
        weakest=(_weakest(unit, one), _weakest(unit, other)),
        unmet=(unmet(one), unmet(other)),
        teams=(one.result["teams"], other.result["teams"]),
        rules=(rules_said(one), rules_said(other)),
        changes=tuple(changes(one, other, (wishes[0], wishes[1]))),
        regrouped=_regrouped(unit, one, other),
    )


def publish_run(unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str) -> Formation:
    """Make real teams of a run: some at once, the others by the worker. Repeating it changes nothing.

    Whoever meanwhile got a team or no longer takes part is left out.
    """
    _, team_set, run = _run_here(unit, actor, activity_id, run_id)
    if run.state in (RunState.PUBLISHING, RunState.PUBLISHED):
        return run
    if run.state is not RunState.DONE:
        raise Conflict("run_not_open", state=run.state.value)
    _must_be_alone(unit, team_set)
    if run.result.get("largest", 0) > team_set.max:
        raise Conflict("formed_too_large", have=run.result["largest"], max=team_set.max)
    fresh = {name: value for name, value in run.result.items() if name not in ("published", "taken_back")}
    run = publish_some(unit, replace(run, state=RunState.PUBLISHING, result=fresh, claimed_until=None))
    unit.forms = run.state is RunState.PUBLISHING
    return run


def take_back_run(unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str) -> Formation:
    """Dissolve the teams that a run made; refused (`Conflict("work_handed_in")`) after the first submission.

    Drafts and the history of the teams stay. Repeating it changes nothing.
    """
    _, team_set, run = _run_here(unit, actor, activity_id, run_id)
    if run.state is RunState.UNDOING or (run.state is RunState.DONE and run.published_at):
        return run
    if run.state is not RunState.PUBLISHED:
        raise Conflict("run_not_open", state=run.state.value)
    _must_be_alone(unit, team_set)
    if handed_in(unit, run):
        raise Conflict("work_handed_in")
    fresh = {name: value for name, value in run.result.items() if name != "taken_back"}
    run = take_back_some(unit, replace(run, state=RunState.UNDOING, result=fresh, claimed_until=None))
    unit.forms = run.state is RunState.UNDOING
    return run


def explanation(unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str) -> Iterator[str]:
    """Why teams are as they are, as pieces of one JSON text like `coursecrew form-teams --explain`.

    To be read to its end inside the transaction. Nothing of a sensitive rule is in it but its number,
    weight, kind and in how many teams it is not met.
    """
    activity, _, run = _run_here(unit, actor, activity_id, run_id)
    _must_have_teams(run)
    return _explained(unit, activity, run)


def _explained(unit: UnitOfWork, activity: Activity, run: Formation) -> Iterator[str]:
    result = run.result
    head: dict[str, Any] = {
        "rules": [_rule_json(run, rule) for rule in result["rules"]],
        "sensitive": [
            {"rule": rule["rule"], "teams_not_meeting": _vaguely(rule, result["teams"])}
            for rule in result["rules"]
            if rule["sensitive"]
        ],
        "score": score_of(result["parts"]) / MILLION,
        "unmet": unmet(run),
        "passes": result["passes"],
        "stopped_by": result["stopped_by"],
        "proven": result["proven"],
        "seed": run.seed,
        "versions": result["versions"],
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "teams": ['
    last: FormedTeam | None = None
    while True:
        page = unit.store.find(FORMED_TEAMS, formation=run.id, order="number", after=last, limit=PAGE)
        people = participants_of(unit, activity.course, [key for one in page for key in one.members])
        for formed in page:
            told = {
                "name": formed.name,
                "size": formed.size,
                "members": list(formed.members),
                "names": [people[key].name for key in formed.members if key in people],
                "score": formed.score / MILLION,
                "rules": formed.reasons,
            }
            yield ("" if last is None else ",\n") + json.dumps(told, ensure_ascii=False)
            last = formed
        if len(page) < PAGE:
            break
    yield "]}\n"


def _rule_json(run: Formation, rule: Mapping[str, Any]) -> dict[str, Any]:
    at = rule["rule"] - 1
    told = {"number": rule["rule"], "kind": rule["kind"], "weight": rule["weight"], "hard": rule["must"]}
    told["sensitive"] = rule["sensitive"]
    if rule["sensitive"]:
        return told
    return {**run.rules["rule"][at], **told, "class": run.result["figures"][at]}


def _vaguely(rule: Mapping[str, Any], teams: int) -> str:
    if rule["missed"] is None:
        return "not told" if rule.get("untold") else "some" if rule["some"] else "none"
    return f"{rule['missed']} of {rule.get('of', teams)}"


# --- inside ---


def _here(unit: UnitOfWork, actor: Actor, activity_id: str) -> tuple[Activity, TeamSet]:
    require(actor, Action.FORM_TEAMS)
    activity = unit.store.get(ACTIVITIES, activity_id)
    return activity, team_set_of(unit, activity)


def _run_here(
    unit: UnitOfWork, actor: Actor, activity_id: str, run_id: str
) -> tuple[Activity, TeamSet, Formation]:
    """A run of the activity's own set; one of any other is not found."""
    activity, team_set = _here(unit, actor, activity_id)
    run = unit.store.get(FORMATIONS, run_id)
    if run.team_set != team_set.id:
        raise NotFound("formation")
    return activity, team_set, run


def _formed(unit: UnitOfWork, run: Formation, id: str) -> FormedTeam:
    formed = unit.store.get(FORMED_TEAMS, id)
    if formed.formation != run.id:
        raise NotFound("formed_team")
    return formed


def _formed_here(
    unit: UnitOfWork, actor: Actor, activity_id: str, id: str
) -> tuple[Activity, Formation, FormedTeam]:
    require(actor, Action.FORM_TEAMS)
    formed = unit.store.get(FORMED_TEAMS, id)
    activity, _, run = _run_here(unit, actor, activity_id, formed.formation)
    _must_have_teams(run)
    return activity, run, formed


def _must_be_alone(unit: UnitOfWork, team_set: TeamSet) -> None:
    busy = unit.store.count(FORMATIONS, team_set=team_set.id, state=[state.value for state in WORKED_ON])
    if busy:
        raise Conflict("formation_running")


def _must_have_teams(run: Formation) -> None:
    if run.state not in WITH_TEAMS:
        raise Conflict("run_not_open", state=run.state.value)


def _row(formed: FormedTeam, people: Mapping[str, Participant]) -> FormedRow:
    return FormedRow(formed, tuple(people[key] for key in formed.members if key in people))


def _weakest(unit: UnitOfWork, run: Formation) -> int:
    rows = unit.store.find(FORMED_TEAMS, formation=run.id, order="weakest", limit=1)
    return rows[0].score if rows else MILLION


def _try(
    unit: UnitOfWork, activity: Activity, run: Formation, one: str, other: str, person: str, partner: str
) -> Tried:
    _must_have_teams(run)
    if not other or other == one:
        raise Invalid(Problem("other", "other_team_missing"))
    first, second = _formed(unit, run, one), _formed(unit, run, other)
    if person not in first.members or (partner and partner not in second.members):
        raise NotFound("person")
    people = participants_of(unit, activity.course, [*first.members, *second.members])
    hand = Hand(unit, activity, run, [first, second], people)
    members = (without(first.members, person, partner), without(second.members, partner, person))
    after = [hand.judge(some) for some in members]
    before, scores = (first.score, second.score), (after[0].score, after[1].score)
    parts = run.result["parts"]
    return Tried(
        one=first,
        other=second,
        before=before,
        after=scores,
        reasons_before=(first.reasons, second.reasons),
        reasons_after=(after[0].reasons, after[1].reasons),
        all_before=score_of(parts),
        all_after=score_of(exchanged(parts, before, scores)),
        refused=hand.refusal(first, second, *members),
        people=people,
    )


def _regrouped(unit: UnitOfWork, one: Formation, other: Formation) -> int | None:
    if max(one.learners, other.learners) > MOST_COMPARED:
        return None
    mates: list[dict[str, frozenset[str]]] = []
    for run in (one, other):
        rows = unit.store.find(FORMED_TEAMS, formation=run.id, limit=MOST_COMPARED)
        mates.append({key: frozenset(row.members) for row in rows for key in row.members})
    return sum(team != mates[1][key] for key, team in mates[0].items() if key in mates[1])


# --- before a run starts ---


def _locked_teams(
    unit: UnitOfWork, team_set: TeamSet, activity: Activity, run: Formation, earlier_id: str
) -> list[FormedTeam]:
    """The locked teams of an earlier run as the first teams of this one, without those who are gone."""
    earlier = unit.store.get(FORMATIONS, earlier_id)
    if earlier.team_set != team_set.id:
        raise NotFound("formation")
    kept: list[FormedTeam] = []
    last: FormedTeam | None = None
    while page := unit.store.find(
        FORMED_TEAMS, formation=earlier.id, locked=True, order="number", after=last, limit=PAGE
    ):
        keys = [key for formed in page for key in formed.members]
        free = free_among(unit, activity.course, team_set.id, keys)
        for formed in page:
            members = [key for key in formed.members if key in free]
            if members:
                kept.append(
                    FormedTeam(
                        unit.new_id(), run.id, len(kept) + 1, formed.name, members, len(members),
                        score=0, unmet=0, reasons=[], locked=True,
                    )
                )  # fmt: skip
        last = page[-1]
    return kept


def _checked(
    unit: UnitOfWork, activity: Activity, team_set: TeamSet, run: Formation, kept: Sequence[FormedTeam]
) -> Formation:
    """The run with its number of learners, unless it can be seen at once that it cannot be."""
    if count_learners(unit, activity.course) > MOST_CHECKED:
        # The worker looks at everybody; here only what the pairs say by themselves.
        people = sorted({key for groups in run.pairs.values() for group in groups for key in group})
        faults: Sequence[Fault] = [
            fault
            for fault in frame_faults(run, [(key, {}) for key in people], {})
            if fault.said.get("code") in ("chain_too_long", "apart_together")
        ]
        if run.learners == 0:
            raise Conflict("nobody_to_form")
    else:
        people = without_team(unit, activity, team_set)
        if not people:
            raise Conflict("nobody_to_form")
        run = replace(run, learners=len(people))
        learners: list[Learner] = [(key, {}) for key in people]
        if run.rules.get("section"):
            learners = raw_roster(unit, activity, people, sensitive=False, now=unit.now)
        faults = frame_faults(run, learners, {formed.name: formed.members for formed in kept})
    if faults:
        problems = problems_of(faults)
        named = participants_of(unit, activity.course, _keys_in(problems))
        raise Invalid(*_problems_said(problems, named))
    return run


def frame_faults(
    run: Formation, learners: list[Learner], keep: Mapping[str, Sequence[str]]
) -> tuple[Fault, ...]:
    """What stands against these learners, sizes and pairs, before anything is searched."""
    from coursecrew.domain.formation.planning import plan_frame
    from coursecrew.domain.formation.rules import CannotForm
    from coursecrew.domain.formation.traits import roster_of

    rules = engine_rules(run)
    if rules.section:
        fixed = [key for members in keep.values() for key in members]
        settle_sections(learners, rules.section, rules.sizes, fixed)
    try:
        plan_frame(roster_of(learners), rules, keep)
    except CannotForm as refusal:
        return refusal.faults
    return ()


# Which field of the form a clash is shown beside.
FIELDS: Mapping[str, str] = {
    "too_few": "sizes",
    "sizes_impossible": "sizes",
    "kept_too_large": "keep",
    "apart_together": "apart",
    "apart_kept": "apart",
    "too_many_apart": "apart",
}


def problems_of(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Clashes as they are stored: field, code, and values that name people by key."""
    problems = []
    for fault in faults:
        said = dict(fault.said)
        code = said.pop("code", "")
        field = FIELDS.get(code) or ("apart" if fault.place.startswith("apart") else "together")
        problem = {"field": field, "code": f"form_{code}" if code else "form_input", "values": said}
        if not code:
            problem["values"] = {"text": str(fault)}
        if problem not in problems:
            problems.append(problem)
    return problems


def _keys_in(problems: Iterable[Mapping[str, Any]]) -> list[str]:
    found: list[str] = []
    for problem in problems:
        values = problem["values"]
        found += values.get("people", [])
        found += [key for name in ("pairs", "path") for pair in values.get(name, []) for key in pair]
    return found


def _problems_said(
    problems: Iterable[Mapping[str, Any]], people: Mapping[str, Participant]
) -> tuple[Problem, ...]:
    """Stored clashes with people's names in their values."""

    def name(key: str) -> str:
        return people[key].name if key in people else "?"

    said = []
    for problem in problems:
        values = dict(problem["values"])
        if "people" in values:
            values["people"] = ", ".join(map(name, values["people"]))
        for place in ("pairs", "path"):
            if place in values:
                values[place] = ", ".join(" – ".join(map(name, pair)) for pair in values[place])
        if "sections" in values:
            values["sections"] = ", ".join(values["sections"])
        said.append(Problem(problem["field"], problem["code"], tuple(sorted(values.items()))))
    return tuple(said)


def free_among(unit: UnitOfWork, course: str, team_set: str, keys: Sequence[str]) -> set[str]:
    """Those of the people who take part and have no team in the set."""
    known = participants_of(unit, course, keys)
    placed = placed_among(unit, team_set, keys)
    return {key for key in keys if key in known and known[key].takes_part and key not in placed}
