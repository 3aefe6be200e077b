"""How well people fit into teams that are at work: for late joiners and for teams that shrank.

Answers, wishes and the class's figures are those of the run whose teams were published. What is
shown leaves sensitive rules out; choosing by itself may use their answers as long as they exist.
Where no run was published nothing is known, and size alone decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coursecrew.app.activities import activities_of
from coursecrew.app.records import ACTIVITIES, EXTENSIONS, FORMATIONS, MEMBERSHIPS, TEAMS, WORKS
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Invalid, NotFound
from coursecrew.domain.formations import Formation, RunState
from coursecrew.domain.schedule import Step
from coursecrew.domain.submissions import Work, WorkState
from coursecrew.domain.teams import Membership, Team, TeamSet

if TYPE_CHECKING:
    from coursecrew.domain.formation.repairing import Scale
    from coursecrew.domain.formation.rules import Rules
    from coursecrew.domain.formation.traits import Figures

MOST_TEAMS = 300  # with a free seat, the smallest first: more are not looked at
MILLION = 1_000_000


def published_run(unit: UnitOfWork, team_set: TeamSet) -> Formation | None:
    """The run that the set's teams came from, the newest where several were published."""
    rows = unit.store.find(
        FORMATIONS,
        team_set=team_set.id, state=[RunState.PUBLISHED.value, RunState.PUBLISHING.value],
        order="newest", limit=1,
    )  # fmt: skip
    return rows[0] if rows else None


@dataclass(frozen=True)
class Fit:
    """People of one class, ready for being tried in teams. Pure: it may be used outside a transaction."""

    scale: Scale
    free: frozenset[str]  # people who gave no section: they may be in any
    known: bool  # whether there is anything to judge by

    def score(self, members: Sequence[str]) -> int | None:
        """A team's score in millionths, sensitive rules left out; `None` where nothing is known."""
        from coursecrew.domain.formation.explaining import explain_team

        numbers = [self.scale.numbers[key] for key in members if key in self.scale.numbers]
        if not self.known or not numbers:
            return None
        return round(explain_team(self.scale.criteria, numbers).score * MILLION)

    def apart(self, one: Sequence[str], other: Sequence[str]) -> bool:
        """Whether somebody of one side stays apart from somebody of the other."""
        numbers = self.scale.numbers
        return any(
            (numbers[a], numbers[b]) in self.scale.apart
            for a in one
            for b in other
            if a in numbers and b in numbers
        )


def fit_of(
    unit: UnitOfWork,
    team_set: TeamSet,
    teams: Mapping[str, Sequence[str]],
    others: Sequence[str] = (),
    *,
    sensitive: bool = False,
) -> Fit:
    """What is known of the members of these teams and of other people, as one scale.

    `sensitive`: rules about sensitive answers take part in choosing, unless the answers are deleted.
    Whatever a changed survey no longer allows to be read is as if it had never been asked.
    """
    from coursecrew.domain.formation.rules import CannotForm, read_rules

    run = published_run(unit, team_set)
    people = sorted({key for members in teams.values() for key in members} | set(others))
    if run is not None:
        try:
            rules = read_rules(_as_document(run, team_set))
            activity = unit.store.get(ACTIVITIES, run.activity)
            fit = _fit(unit, activity, run, rules, teams, people, sensitive=sensitive)
        except (CannotForm, Invalid, NotFound, KeyError):
            fit = None
        if fit is not None:
            return fit
    return _blank(team_set, people, run.pairs.get("apart", []) if run else [])


def _as_document(run: Formation, team_set: TeamSet) -> dict[str, Any]:
    """The run's rules and pairs, with the sizes that hold now."""
    return {
        **run.rules,
        "size": {"min": team_set.min, "ideal": team_set.ideal, "max": team_set.max},
        "apart": {"pairs": run.pairs.get("apart", [])},
        "together": {"pairs": run.pairs.get("together", [])},
    }


def _fit(
    unit: UnitOfWork,
    activity: Activity,
    run: Formation,
    rules: Rules,
    teams: Mapping[str, Sequence[str]],
    people: Sequence[str],
    *,
    sensitive: bool,
) -> Fit:
    from coursecrew.app.formation_input import roster
    from coursecrew.domain.formation.repairing import make_scale
    from coursecrew.domain.formation.traits import criteria_of, roster_of

    use = sensitive and not run.sensitive_gone
    learners = roster(unit, activity, people, sensitive=use, now=unit.now)
    cells = dict(learners)
    free = frozenset(_settle(cells, teams, rules.section)) if rules.section else frozenset()
    class_ = roster_of(learners)
    without = () if use else [n for n, rule in enumerate(rules.rules, start=1) if rule.sensitive]
    stored = _stored_figures(run, len(rules.rules))
    # Figures of sensitive rules are not kept: they are taken from the people at hand.
    now = criteria_of(class_, rules, largest=rules.sizes.max)
    figures = [kept or criterion.figures for kept, criterion in zip(stored, now, strict=True)]
    scale = make_scale(class_, rules, largest=rules.sizes.max, figures=figures, without=without)
    return Fit(scale, free, known=any(not c.rule.sensitive and c.rule.weight for c in scale.criteria))


def _stored_figures(run: Formation, rules: int) -> list[Figures | None]:
    """The class's figures by rule, as they were kept with the run."""
    from coursecrew.domain.formation.traits import figures_from_json

    kept = run.result.get("figures") or []
    found = [figures_from_json(one) if one else None for one in kept]
    return found if len(found) == rules else [None] * rules


def _settle(
    cells: Mapping[str, dict[str, str]], teams: Mapping[str, Sequence[str]], section: str
) -> Iterable[str]:
    """Give members without a section that of their team; returns who else gave none."""
    inside: set[str] = set()
    for members in teams.values():
        inside.update(members)
        known = [cells[key][section] for key in members if cells[key].get(section)]
        for key in members:
            cells[key][section] = known[0] if known else ""
    return [key for key, row in cells.items() if key not in inside and not row.get(section)]


def _blank(team_set: TeamSet, people: Sequence[str], apart: Sequence[Sequence[str]]) -> Fit:
    """A scale on which every team is as good as every other, within sizes and pairs apart."""
    from coursecrew.domain.formation.repairing import make_scale
    from coursecrew.domain.formation.rules import Rules, Sizes
    from coursecrew.domain.formation.traits import roster_of

    rules = Rules(
        Sizes(team_set.min, team_set.ideal, team_set.max), apart=tuple(tuple(group) for group in apart)
    )
    scale = make_scale(roster_of([(key, {}) for key in people]), rules, largest=team_set.max, figures=())
    return Fit(scale, frozenset(), known=False)


# --- which teams are at work ---


def at_work(
    unit: UnitOfWork, team_set: TeamSet, teams: Sequence[str], *, alone: bool = False
) -> frozenset[str]:
    """Which of the teams have not handed in yet in any activity whose draft step is still to close.

    `alone`: a team that has more time than the others in an activity that is over for them is left
    out as well: its work could not go on in another team.
    """
    if not teams:
        return frozenset()
    activities = activities_of(unit, team_set)
    ids = [activity.id for activity in activities]
    if not ids:
        return frozenset()
    works = unit.store.find(WORKS, activity=ids, team=list(teams), limit=len(ids) * len(teams) * 4)
    newest: dict[tuple[str, str], Work] = {}
    for work in works:
        known = newest.get((work.activity, work.team))
        if known is None or work.round > known.round:
            newest[work.activity, work.team] = work
    extended = _extended(unit, ids, teams) if alone else {}
    closing = {a.id: a.window(Step.DRAFT).is_over(unit.now) for a in activities}
    out: set[str] = set()
    for (activity, team), work in newest.items():
        drafting = work.state is WorkState.DRAFTING
        if closing[activity]:
            if drafting and (activity, team) in extended:
                out.add(team)
        elif not drafting:
            out.add(team)
    return frozenset(teams) - out


def _extended(unit: UnitOfWork, activities: Sequence[str], teams: Sequence[str]) -> set[tuple[str, str]]:
    """Activity and team wherever the team, or somebody in it, has more time and it is not over."""
    rows = unit.store.find(EXTENSIONS, activity=list(activities), team=list(teams), limit=10_000)
    members = unit.store.find(MEMBERSHIPS, team=list(teams), limit=len(teams) * 50)
    team_of = {row.person: row.team for row in members}
    if team_of:
        rows += unit.store.find(EXTENSIONS, activity=list(activities), person=sorted(team_of), limit=10_000)
    return {
        (row.activity, row.team or team_of[row.person])
        for row in rows
        if row.closes is None or row.closes >= unit.now
    }


def is_any_open(unit: UnitOfWork, team_set: TeamSet) -> bool:
    """Whether some activity of the set is still to close."""
    return any(not a.window(Step.DRAFT).is_over(unit.now) for a in activities_of(unit, team_set))


@dataclass(frozen=True)
class Room:
    """Teams with their members' rows."""

    teams: Mapping[str, Team]
    members: Mapping[str, Sequence[Membership]]

    @property
    def keys(self) -> dict[str, list[str]]:
        """Members' keys by team."""
        return {team: [row.person for row in rows] for team, rows in self.members.items()}


def room(unit: UnitOfWork, team_set: TeamSet, *, limit: int = MOST_TEAMS) -> Room:
    """Teams with a free seat that have not handed in, the smallest first: at most `limit` are looked at.

    Empty teams are left out: nobody should be placed alone.
    """
    if team_set.max < 2:
        return Room({}, {})
    found = unit.store.find(
        TEAMS, team_set=team_set.id, state="active", size=list(range(1, team_set.max)), order="size",
        limit=limit,
    )  # fmt: skip
    working = at_work(unit, team_set, [team.id for team in found])
    return members_by_team(unit, [team for team in found if team.id in working])


def members_by_team(unit: UnitOfWork, teams: Sequence[Team]) -> Room:
    """The teams given with their members: one query."""
    ids = [team.id for team in teams] or [""]  # asked as often where there is none
    rows = unit.store.find(MEMBERSHIPS, team=ids, limit=sum(team.size for team in teams) + 50)
    members: dict[str, list[Membership]] = {team.id: [] for team in teams}
    for row in rows:
        members[row.team].append(row)
    return Room({team.id: team for team in teams}, members)
