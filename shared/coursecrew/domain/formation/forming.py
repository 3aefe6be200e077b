"""Forming teams: read, plan, search, prove where the class is small, judge.

The same function stands behind the screen, the background task and the command. It reads no clock
and draws no chance but what the caller gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coursecrew.domain.formation.explaining import explain
from coursecrew.domain.formation.improving import (
    SETTLING,
    NoStart,
    Outcome,
    Progress,
    Search,
    State,
    Stop,
    Watch,
    deal,
)
from coursecrew.domain.formation.judging import Judgement, judge
from coursecrew.domain.formation.planning import Frame, Section, plan_frame
from coursecrew.domain.formation.pricing import Pricing
from coursecrew.domain.formation.proving import NODES, can_list, can_recombine, prove, recombine
from coursecrew.domain.formation.rules import CannotForm, Fault, Rules, Source
from coursecrew.domain.formation.traits import Criterion, Figures, Roster, criteria_of

RESTARTS_BELOW = 400  # learners; there a pass is short and a single run settles early
RESTARTS = 5
# What a second is taken to be worth, in passes: clearly less than an ordinary core makes, so that a run
# ends by its passes well before its seconds. Fixed here: a measured rate would differ by machine.
PASSES_A_SECOND = ((40, 120), (125, 160), (500, 55), (1250, 26), (2500, 10))
PASSES_BEFORE_PROOF = 12  # for each team; the proof does the rest
HEAT_SMALL, HEAT_LARGE = 0.5, 0.12


@dataclass(frozen=True)
class Budget:
    """How much work a search may do: `passes` decide, `seconds` are only a ceiling.

    Without `passes` they are planned from the number of learners and the seconds. `nodes` is how far a
    proof for a small class goes; with few it often finds the best teams and does not know it, and the
    search before it is as long as where nothing is proven.
    """

    passes: int | None = None
    seconds: float | None = None
    nodes: int = NODES


@dataclass(frozen=True)
class PlannedTeam:
    """A proposed team: its name and the keys of its members, sorted."""

    name: str
    members: tuple[str, ...]
    kept: bool = False


@dataclass(frozen=True)
class Plan:
    """Proposed teams and how they came about."""

    teams: tuple[PlannedTeam, ...]
    score: float  # the goal, harmonic mean of team scores, 0 to 1
    loss: float
    lower_limit_of_loss: float | None  # None where it was not computed
    proven: bool  # no better teams exist for these rules and sizes
    broken: int  # hard rules not met, by team and rule
    unmet: int  # other rules not met, by team and rule
    passes: int
    stopped_by: Stop
    seed: int
    figures: tuple[Figures, ...]  # by rule, for judging later joiners on the same scale
    gone: tuple[str, ...] = ()  # members of kept teams who are no longer in the class

    @property
    def team_of(self) -> dict[str, str]:
        """The team's name for each learner."""
        return {member: team.name for team in self.teams for member in team.members}


def planned_passes(teams: int, seconds: float | None) -> int:
    """Passes for a search over so many teams: what converges, or what half the seconds allow."""
    enough = converging_passes(teams)
    if seconds is None:
        return enough
    return max(1, min(enough, int(seconds * nominal_rate(teams))))


def nominal_rate(teams: int) -> float:
    """Passes a second that a search over so many teams is planned with."""
    for most, rate in PASSES_A_SECOND:
        if teams <= most:
            return rate
    most, rate = PASSES_A_SECOND[-1]
    return rate * most / teams


def converging_passes(teams: int) -> int:
    """Passes after which more bring little."""
    if teams <= 40:
        return 1200
    return 2000 if teams <= 400 else 1200


def form_teams(
    roster: Roster,
    rules: Rules,
    *,
    seed: int,
    budget: Budget = Budget(),
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    clock: Callable[[], float] | None = None,
    since: float | None = None,
    keep: Mapping[str, Sequence[str]] | None = None,
) -> Plan:
    """Form teams of the learners in `roster` by `rules`.

    `seed` and the passes of `budget` alone decide the outcome, as long as the seconds of `budget`
    on `clock` (any origin, counted from `since` or the call) are not reached and nobody cancels.
    `progress` hears of every pass; `cancelled` is asked before each. `keep` maps names of teams to the
    keys of their members: they stay as they are. Any stop leaves valid teams, the best found.

    Raises `CannotForm`, naming every fault of the input and every clash.
    """
    frame = plan_frame(roster, rules, keep)
    largest = max([frame.largest, *(len(team.members) for team in frame.kept)])
    criteria = criteria_of(roster, rules, largest=largest)
    if since is None:
        since = clock() if clock is not None else 0.0
    watch = Watch(clock=clock, report=progress, cancelled=cancelled)
    if budget.seconds is not None:
        watch = replace(watch, until=since + budget.seconds, settle_from=since + SETTLING * budget.seconds)
    run = _Run(roster, criteria, seed, budget, watch, frame)
    results = [run.form(number, section) for number, section in enumerate(frame.sections)]
    return _plan(roster, criteria, frame, results, seed)


@dataclass(frozen=True)
class _Result:
    """The teams of one section, as positions, and how they were found."""

    teams: tuple[tuple[int, ...], ...]
    limit: float | None
    proven: bool
    passes: int
    stopped_by: Stop


class _Run:
    """One call of `form_teams`: what its sections share."""

    def __init__(
        self,
        roster: Roster,
        criteria: Sequence[Criterion],
        seed: int,
        budget: Budget,
        watch: Watch,
        frame: Frame,
    ) -> None:
        self.roster, self.criteria, self.seed, self.watch = roster, criteria, seed, watch
        self.nodes = budget.nodes
        self.apart = [pair for section in frame.sections for pair in section.apart]
        self.pricing = Pricing(criteria, len(roster.keys), self.apart)
        teams = sum(len(section.sizes) for section in frame.sections)
        self.passes = [self._passes(section, budget, teams) for section in frame.sections]
        self.total = sum(self.passes)

    @staticmethod
    def _passes(section: Section, budget: Budget, teams: int) -> int:
        if len(section.sizes) < 2:
            return 0
        if budget.passes is not None:
            return budget.passes
        if can_list(section) and budget.nodes >= NODES:
            return PASSES_BEFORE_PROOF * len(section.sizes)
        share = None if budget.seconds is None else budget.seconds * len(section.sizes) / teams
        return planned_passes(len(section.sizes), share)

    def form(self, number: int, section: Section) -> _Result:
        """Search one section; every section has its own chance, so that none disturbs another."""
        chance = np.random.Generator(np.random.PCG64([self.seed, number]))
        passes, before = self.passes[number], sum(self.passes[:number])
        search = Search(section, self.pricing, chance)
        best, done, stop = self._search(search, section, passes, before, chance)
        limit, proven = None, False
        if len(section.sizes) == 1:
            limit, proven, stop = best.rank[1], True, Stop.CONVERGED
        elif stop is Stop.BUDGET and can_list(section):
            proof = prove(section, self.pricing, best, self.watch, nodes=self.nodes)
            if proof is not None:
                best, limit, proven = proof.state, proof.limit, proof.proven
            # Nothing but the ceiling, the nodes or the caller ends a proof early.
            timed = self.watch.clock is not None and self.watch.until is not None
            unproven = Stop.TIME if timed else Stop.BUDGET
            stop = Stop.CONVERGED if proven else self.watch.stop() or unproven
        elif stop is Stop.BUDGET and search.seen is not None:
            found = self._recombine(search, section, best, before + done, passes - done)
            best, done, stop = found.state, done + found.passes, found.stopped_by
        teams = tuple(
            tuple(sorted(at for at in team if at < self.pricing.empty)) for team in best.members.tolist()
        )
        return _Result(tuple(sorted(teams)), limit, proven, done, stop)

    def _search(
        self, search: Search, section: Section, passes: int, before: int, chance: np.random.Generator
    ) -> tuple[State, int, Stop]:
        """The best of several starts, the passes made, and why it ended."""
        learners = sum(map(len, section.units))
        rounds, heat = (RESTARTS, HEAT_SMALL) if learners < RESTARTS_BELOW else (1, HEAT_LARGE)
        if can_recombine(section):
            rounds, search.seen = 2 * RESTARTS, []
            passes -= passes // 6  # the rest follows the recombination
        if passes < 10 * rounds:
            rounds = 1
        best: State | None = None
        done, stop = 0, Stop.BUDGET
        for turn in range(rounds):
            share = passes * (turn + 1) // rounds - passes * turn // rounds
            state = search.start(self._deal(section, chance))
            found = search.run(state, share, self.watch, before=before + done, of=self.total, heat=heat)
            done, stop = done + found.passes, found.stopped_by
            if best is None or found.state.rank < best.rank:
                best = found.state
            if stop is not Stop.BUDGET:
                break
        assert best is not None  # noqa: S101 - there is always a first round
        return best, done, stop

    def _recombine(self, search: Search, section: Section, best: State, before: int, passes: int) -> Outcome:
        """Choose anew among all teams seen, improve that with little noise, and choose once more."""
        found = Outcome(best, 0, Stop.BUDGET)
        for part in (passes, 0):
            seen = np.concatenate(search.seen or [best.members])
            state = recombine(section, self.pricing, seen, found.state, self.watch)
            stop = self.watch.stop()
            if stop is not None:
                return Outcome(state, found.passes, stop)
            start = search.start(state.members)
            more = search.run(start, part, self.watch, before=before, of=self.total, heat=HEAT_LARGE)
            found = Outcome(more.state, found.passes + more.passes, more.stopped_by)
            if found.stopped_by is not Stop.BUDGET:
                break
        return found

    def _deal(self, section: Section, chance: np.random.Generator) -> np.typing.NDArray[np.intp]:
        try:
            return deal(section, self.pricing.empty, chance)
        except CannotForm as refusal:
            left = [
                [self.roster.keys[at] for at in unit]
                for fault in refusal.faults
                if isinstance(fault, NoStart)
                for unit in fault.units
            ]
            named = ", ".join("–".join(unit) for unit in left)
            text = f"no teams were found that hold all pairs; left over: {named}"
            said = {"code": "no_start", "people": [key for unit in left for key in unit]}
            raise CannotForm([Fault(Source.RULES, "together, apart", text, said=said)]) from None


def _plan(
    roster: Roster, criteria: Sequence[Criterion], frame: Frame, results: Sequence[_Result], seed: int
) -> Plan:
    taken = {team.name for team in frame.kept}
    teams = [PlannedTeam(t.name, tuple(roster.keys[at] for at in t.members), kept=True) for t in frame.kept]
    formed = [team for result in results for team in result.teams]
    names = team_names(len(formed), taken)
    teams += [
        PlannedTeam(name, tuple(roster.keys[at] for at in team))
        for name, team in zip(names, formed, strict=True)
    ]
    judgement = judge_teams(roster, criteria, teams)
    limits = [result.limit for result in results]
    kept_loss = judge_teams(roster, criteria, [team for team in teams if team.kept]).loss
    known = [limit for limit in limits if limit is not None]
    return Plan(
        teams=tuple(teams),
        score=judgement.goal,
        loss=judgement.loss,
        # Prices are rounded where the judge is not; a limit above the result would be such a rounding.
        lower_limit_of_loss=min(judgement.loss, sum(known) + kept_loss)
        if len(known) == len(limits)
        else None,
        proven=all(result.proven for result in results),
        broken=judgement.broken,
        unmet=judgement.unmet,
        passes=sum(result.passes for result in results),
        stopped_by=_first_of([result.stopped_by for result in results]),
        seed=seed,
        figures=tuple(criterion.figures for criterion in criteria),
        gone=tuple(sorted(key for team in frame.kept for key in team.gone)),
    )


def _first_of(stops: Sequence[Stop]) -> Stop:
    for stop in (Stop.CANCELLED, Stop.TIME, Stop.BUDGET):
        if stop in stops:
            return stop
    return Stop.CONVERGED


def team_names(count: int, taken: set[str]) -> list[str]:
    """`team-01`, `team-02`, …, leaving out names that are taken."""
    width = max(2, len(str(count + len(taken))))
    names = (f"team-{number:0{width}}" for number in range(1, count + len(taken) + 1))
    return [name for name in names if name not in taken][:count]


def explain_plan(roster: Roster, rules: Rules, plan: Plan) -> dict[str, object]:
    """Account for a plan in plain values: by team and rule, and how the run went."""
    criteria = criteria_of(roster, rules, largest=1, figures=plan.figures)
    numbers = roster.numbers
    teams = {team.name: [numbers[key] for key in team.members] for team in plan.teams if team.members}
    told = explain(criteria, teams, roster.keys)
    told |= {
        "score": plan.score,
        "loss": plan.loss,
        "lower_limit_of_loss": plan.lower_limit_of_loss,
        "limit": "known" if plan.lower_limit_of_loss is not None else "limit not known",
        "proven": plan.proven,
        "unmet": plan.unmet,
        "hard_broken": plan.broken,
        "passes": plan.passes,
        "stopped_by": plan.stopped_by.value,
        "seed": plan.seed,
        "gone": list(plan.gone),
    }
    return told


def judge_teams(roster: Roster, criteria: Sequence[Criterion], teams: Sequence[PlannedTeam]) -> Judgement:
    """Judge named teams; a kept team nobody of whom is in the class has nothing to be judged by."""
    numbers = roster.numbers
    return judge(criteria, [[numbers[key] for key in team.members] for team in teams if team.members])
