"""What a worker does with runs: it forms teams, and writes or takes back real ones, some at a time.

The run's row is the truth. Whoever works on it holds a claim, which every word about progress
prolongs; a worker that dies loses it after two minutes, and the run is taken up again from its
beginning. The search itself happens outside any transaction.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from coursecrew import __version__
from coursecrew.app.formation_figures import (
    MILLION,
    count_reasons,
    millionths,
    parts_of,
    sensitive_said,
    unmet_of,
)
from coursecrew.app.formation_hand import engine_rules, open_criteria
from coursecrew.app.formation_input import (
    Learner,
    fitting_pairs,
    linked,
    raw_roster,
    settle_sections,
    wanted_pairs,
    weighed,
)
from coursecrew.app.formation_teams import publish_some, take_back_some
from coursecrew.app.forming import problems_of
from coursecrew.app.ports import Ports
from coursecrew.app.records import ACTIVITIES, FORMATIONS, FORMED_TEAMS, PARTICIPANTS, SURVEY_ANSWERS
from coursecrew.app.surveys import sensitive_gone
from coursecrew.app.teams import placed_among
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import Activity, wish_from
from coursecrew.domain.events import Kind
from coursecrew.domain.formations import WORKED_ON, Formation, FormedTeam, RunState
from coursecrew.domain.people import Participant

if TYPE_CHECKING:
    from coursecrew.domain.formation.forming import Plan
    from coursecrew.domain.formation.improving import Progress
    from coursecrew.domain.formation.rules import Rules
    from coursecrew.domain.formation.traits import Criterion, Roster

log = logging.getLogger("coursecrew.forming")
CLAIM = timedelta(minutes=2)
READ = 500  # people read, and
STORED = 200  # teams stored, in one transaction
TRIES = 3  # of forming; a run that took its worker down so often fails
TOLD_AFTER = timedelta(minutes=1)  # whoever asked sits before a shorter run and needs no letter
# Seconds of an ordinary core that a search is planned with, by learners. They become a number of
# passes, which alone decides the outcome; no clock ends a run.
SECONDS = ((150, 5.0), (1_000, 8.0), (10_000, 10.0), (25_000, 30.0))
MOST_SECONDS = 60.0
NODES = 8  # of a proof: a teacher waits for it, and no clock may cut it short


class Lost(Exception):  # noqa: N818 - no error: somebody else works on it now
    """The claim ran out, and another worker took the run up, or it is no longer to be worked on."""


def work_on_formations(ports: Ports, *, stopwatch: Callable[[], float], tell_every: float = 0.5) -> int:
    """Work on every run that waits or was left by a worker that died; returns how many were taken up.

    `stopwatch` counts seconds from any origin; it decides how often the run's row hears of progress
    (`tell_every` seconds), never which teams come out.
    """
    taken = 0
    while (claimed := run(ports, _claim)) is not None:
        taken += 1
        try:
            if claimed.state is RunState.RUNNING:
                _Worker(ports, claimed, stopwatch, tell_every).form()
            else:
                _in_chunks(ports, claimed)
        except Lost:
            log.info("event=formation result=left run=%s", claimed.id)
        except Exception as error:  # noqa: BLE001 - the claim runs out by itself, and other runs wait
            # Where it broke, and not what it says: that may repeat somebody's answer.
            frames = "".join(traceback.format_tb(error.__traceback__))
            kind = type(error).__name__
            log.error("event=formation result=broken run=%s error=%s\n%s", claimed.id, kind, frames)
    return taken


def formations_wait(ports: Ports) -> bool:
    """Whether any run waits to be worked on, or was left by a worker that died."""

    def look(unit: UnitOfWork) -> bool:
        return bool(_waiting(unit))

    return run(ports, look)


def _waiting(unit: UnitOfWork) -> list[Formation]:
    """Runs nobody works on, oldest first."""
    rows = unit.store.find(FORMATIONS, state=[state.value for state in WORKED_ON])
    return [row for row in rows if _is_free(unit, row)]


def _is_free(unit: UnitOfWork, row: Formation) -> bool:
    return row.state in WORKED_ON and (row.claimed_until is None or row.claimed_until < unit.now)


def _claim(unit: UnitOfWork) -> Formation | None:
    """Take up the oldest run nobody works on; of several workers one gets it."""
    for seen in _waiting(unit):
        row = unit.store.get(FORMATIONS, seen.id, lock=True)
        if not _is_free(unit, row):  # another worker was faster
            continue
        row = replace(row, claimed_until=unit.now + CLAIM)
        if row.state in (RunState.PUBLISHING, RunState.UNDOING):
            return unit.store.save(FORMATIONS, row)
        tries = row.result.get("tries", 0) + 1
        if tries <= TRIES:
            row = replace(row, state=RunState.RUNNING, result={"tries": tries})
            return unit.store.save(FORMATIONS, row)
        problem = {"field": "", "code": "form_gave_up", "values": {"tries": TRIES}}
        _end(unit, row, RunState.FAILED, {"problems": [problem]})
    return None


def _in_chunks(ports: Ports, claimed: Formation) -> None:
    """Write or take back teams until none is left, each chunk in a transaction of its own."""
    while claimed.state in (RunState.PUBLISHING, RunState.UNDOING):
        claimed = run(ports, _next_chunk, claimed.id, claimed.claimed_until)


def _next_chunk(unit: UnitOfWork, run_id: str, claim: datetime | None) -> Formation:
    row = _mine(unit, run_id, claim, (RunState.PUBLISHING, RunState.UNDOING))
    row = replace(row, claimed_until=unit.now + CLAIM)
    return publish_some(unit, row) if row.state is RunState.PUBLISHING else take_back_some(unit, row)


def _mine(unit: UnitOfWork, run_id: str, claim: datetime | None, states: Sequence[RunState]) -> Formation:
    """The run, if the claim is still ours: whoever took it up later has another."""
    row = unit.store.get(FORMATIONS, run_id)
    if row.claimed_until != claim or row.state not in states:
        raise Lost()
    return row


@dataclass
class _Input:
    """What a run is made of, read once."""

    roster: Roster
    rules: Rules  # with the pairs that want each other
    kept: Mapping[str, FormedTeam]
    answered: int
    wanted: dict[str, int]


class _Worker:
    """One run, from its people to its stored teams."""

    def __init__(
        self, ports: Ports, claimed: Formation, stopwatch: Callable[[], float], tell_every: float
    ) -> None:
        self.ports, self.run = ports, claimed
        self.stopwatch, self.tell_every = stopwatch, tell_every
        self.told = stopwatch()
        self.claim = claimed.claimed_until
        self.stop = claimed.stop
        self.progress: Progress | None = None
        self.teams = 1
        self.quiet = any(rule.get("sensitive") for rule in claimed.rules.get("rule", ()))

    def form(self) -> None:
        """Read, search, store; what clashes makes the run fail, naming every reason."""
        from coursecrew.domain.formation.rules import CannotForm

        activity = run(self.ports, _activity, self.run.activity)
        try:
            given = self._read(activity)
            if self.stop:
                self._finish(RunState.CANCELLED)
                return
            plan = self._search(given)
        except CannotForm as refusal:
            self._finish(RunState.FAILED, problems=problems_of(refusal.faults))
            return
        self._store(activity, given, plan)

    # --- reading ---

    def _read(self, activity: Activity) -> _Input:
        from coursecrew.domain.formation.planning import plan_sizes
        from coursecrew.domain.formation.traits import roster_of

        learners: list[Learner] = []
        answered = 0
        last: Participant | None = None
        while True:
            part = run(self.ports, _some_people, self.run, activity, last)
            learners += part.learners
            answered += part.answered
            last = part.last
            self.tick()
            if last is None:
                break
        survey = activity.settings.survey
        learners = linked(learners, survey)
        present = {key for key, _ in learners}
        kept = {one.name: one for one in run(self.ports, _kept, self.run.id)}
        fixed = [key for one in kept.values() for key in one.members]
        rules = engine_rules(self.run)
        rules = replace(rules, together=_among(rules.together, present), apart=_among(rules.apart, present))
        if rules.section:
            settle_sections(learners, rules.section, rules.sizes, fixed)
        wishes = [wish_from(wish) for wish in self.run.wishes]
        pairs = wanted_pairs(learners, survey, wishes)
        rules, held = self._with_wanted(rules, learners, pairs, kept, fixed)
        secret = any(
            question.is_sensitive and any(wish.about == question.id for wish in wishes)
            for question in survey.questions
            if question.kind.value == "wanted"
        )
        wanted = {} if secret or not pairs else {"pairs": len(pairs), "together": held}
        self.teams = max(1, len(plan_sizes(len(present - set(fixed)), rules.sizes)))
        return _Input(roster_of(learners), rules, kept, answered, wanted)

    @staticmethod
    def _with_wanted(
        rules: Rules,
        learners: list[Learner],
        pairs: list[tuple[str, str]],
        kept: Mapping[str, FormedTeam],
        fixed: Sequence[str],
    ) -> tuple[Rules, int]:
        """The rules with as many of the wanted pairs as fit; a wish never makes a run fail."""
        from coursecrew.domain.formation.planning import plan_frame
        from coursecrew.domain.formation.rules import CannotForm
        from coursecrew.domain.formation.traits import roster_of

        keep = {name: one.members for name, one in kept.items()}
        for longest in (rules.sizes.ideal, 2):
            fitting = fitting_pairs(pairs, learners, rules, longest=longest, fixed=fixed)
            if not fitting:
                break
            wider = replace(rules, together=(*rules.together, *fitting))
            try:
                plan_frame(roster_of(learners), wider, keep)
            except CannotForm:
                continue
            return wider, len(fitting)
        return rules, 0

    # --- searching ---

    def _search(self, given: _Input) -> Plan:
        from coursecrew.domain.formation.forming import Budget, form_teams

        learners = len(given.roster.keys)
        return form_teams(
            given.roster,
            given.rules,
            seed=self.run.seed,
            budget=Budget(seconds=seconds_for(learners), nodes=NODES),
            progress=self._heard,
            cancelled=self._asked,
            keep={name: one.members for name, one in given.kept.items()},
        )

    def _heard(self, progress: Progress) -> None:
        self.progress = progress
        self.tick()

    def _asked(self) -> bool:
        self.tick()
        return self.stop

    def tick(self) -> None:
        """Tell the row how far it is, prolong the claim and hear whether to stop, every now and then."""
        if self.stopwatch() - self.told >= self.tell_every:
            self.claim, self.stop = run(self.ports, _tell, self.run.id, self.claim, self._so_far())
            self.told = self.stopwatch()

    def _so_far(self) -> dict[str, Any]:
        told = self.progress
        if told is None:
            return {}
        best: dict[str, Any] = {}
        if not self.quiet:  # sensitive rules count in these figures, and would show through
            best = {"weakest": millionths(told.worst), "broken": told.broken}
            if not self.run.rules.get("section") and told.loss > 0:
                best["score"] = min(MILLION, millionths(self.teams / told.loss))
        return {"passes": told.passes, "of": told.of, "best": best}

    # --- storing ---

    def _store(self, activity: Activity, given: _Input, plan: Plan) -> None:
        import numpy
        import scipy

        from coursecrew.domain.formation.judging import verdict
        from coursecrew.domain.formation.traits import criteria_of

        while run(self.ports, _forget_some, self.run.id):
            self.tick()
        criteria = criteria_of(given.roster, given.rules, largest=1, figures=plan.figures)
        figures = [
            None if criterion.rule.sensitive else criterion.figures.as_json() for criterion in criteria
        ]
        seen = open_criteria(given.roster, given.rules, figures)
        hidden = [criterion for criterion in criteria if criterion.rule.sensitive]
        missed = dict.fromkeys((criterion.number for criterion in hidden), 0)
        put = {key for group in self.run.pairs.get("together", ()) for key in group}
        fixed = 0
        rules = self._rules(criteria)
        open_rules = [rule for rule in rules if not rule["sensitive"]]
        scores: list[int] = []
        largest = 0
        numbers = given.roster.numbers
        for start in range(0, len(plan.teams), STORED):
            chunk: list[FormedTeam] = []
            gone: list[str] = []
            for name, formed in self._named(plan, given, start):
                members = [numbers[key] for key in sorted(formed.members)]
                score, reasons = _accounted(seen, members)
                by_hand = formed.locked or len(put.intersection(formed.members)) > 1
                fixed += by_hand and bool(members)
                for criterion in hidden:
                    told = bool(members) and not by_hand
                    missed[criterion.number] += told and not verdict(criterion, members).met
                if not members:  # a kept team all of whom have left
                    gone.append(formed.id)
                else:
                    count_reasons(open_rules, reasons, 1)
                    scores.append(score)
                    largest = max(largest, len(members))
                    row = replace(formed, name=name, score=score, unmet=unmet_of(reasons), reasons=reasons)
                    chunk.append(row)
            self.claim, self.stop = run(self.ports, _store_teams, self.run.id, self.claim, chunk, gone)
        for rule in rules:
            if rule["sensitive"]:
                rule |= sensitive_said(missed[rule["rule"]], len(scores) - fixed, fixed)
        result = {
            "teams": len(scores),
            "largest": largest,
            "parts": parts_of(scores),
            "rules": rules,
            "figures": figures,
            "wanted": given.wanted,
            "passes": plan.passes,
            "stopped_by": plan.stopped_by.value,
            "proven": plan.proven,
            "kept": len(given.kept),
            "versions": {"coursecrew": __version__, "numpy": numpy.__version__, "scipy": scipy.__version__},
        }
        self._finish(
            RunState.DONE,
            result=result,
            passes=plan.passes,
            learners=len(given.roster.keys),
            answered=given.answered,
            best={},
        )

    def _rules(self, criteria: Sequence[Criterion]) -> list[dict[str, Any]]:
        wishes = weighed([wish_from(wish) for wish in self.run.wishes])
        rules = []
        for criterion, (at, wish) in zip(criteria, wishes, strict=True):
            rule = criterion.rule
            told: dict[str, Any] = {
                "rule": criterion.number,
                "wish": at,
                "about": wish.about,
                "kind": rule.kind.value,
                "weight": rule.weight,
                "must": rule.hard,
                "sensitive": rule.sensitive,
            }
            if not rule.sensitive:
                told |= {"missed": 0, "sum": 0.0, "shared": 0, "shared_of": 0}
            rules.append(told)
        return rules

    def _named(self, plan: Plan, given: _Input, start: int) -> Iterator[tuple[str, FormedTeam]]:
        """The teams of one chunk: numbered, kept ones under their own name, new ones by number."""
        taken = {name.casefold() for name in given.kept}
        for at, planned in enumerate(plan.teams[start : start + STORED], start=start + 1):
            kept = given.kept.get(planned.name) if planned.kept else None
            if kept is not None:
                yield (
                    kept.name,
                    replace(kept, members=list(planned.members), size=len(planned.members)),
                )
                continue
            name = f"Team {at}"
            while name.casefold() in taken:
                name += "b"
            fresh = FormedTeam(
                "", self.run.id, at, name, list(planned.members), len(planned.members),
                score=0, unmet=0, reasons=[],
            )  # fmt: skip
            yield name, fresh

    def _finish(self, state: RunState, **changed: Any) -> None:
        run(self.ports, _finish, self.run.id, self.claim, state, changed)
        log.info("event=formation result=%s run=%s", state.value, self.run.id)


def seconds_for(learners: int) -> float:
    """What a search over so many learners is planned with, in seconds of an ordinary core."""
    return next((seconds for most, seconds in SECONDS if learners <= most), MOST_SECONDS)


def _among(groups: Sequence[Sequence[str]], present: set[str]) -> tuple[tuple[str, ...], ...]:
    """The groups without who left meanwhile."""
    left = (tuple(key for key in group if key in present) for group in groups)
    return tuple(group for group in left if len(group) > 1)


def _accounted(criteria: Sequence[Criterion], members: Sequence[int]) -> tuple[int, list[dict[str, Any]]]:
    from coursecrew.domain.formation.explaining import explain_team

    if not members:
        return MILLION, []
    account = explain_team(criteria, members)
    return millionths(account.score), [reason.as_json() for reason in account.reasons]


# --- transactions ---


def _activity(unit: UnitOfWork, id: str) -> Activity:
    return unit.store.get(ACTIVITIES, id)


@dataclass(frozen=True)
class _Part:
    learners: list[Learner]
    answered: int
    last: Participant | None  # to go on after; `None` at the end


def _some_people(
    unit: UnitOfWork, formation: Formation, activity: Activity, after: Participant | None
) -> _Part:
    """The next people who take part and have no team, with their answers."""
    page = unit.store.find(
        PARTICIPANTS,
        course=activity.course,
        active=True,
        excluded=False,
        once_staff=False,
        after=after,
        limit=READ,
    )
    keys = [row.person for row in page if row.takes_part]
    placed = placed_among(unit, formation.team_set, keys)
    keys = [key for key in keys if key not in placed]
    answered = unit.store.count(SURVEY_ANSWERS, activity=activity.id, person=keys) if keys else 0
    learners = raw_roster(
        unit, activity, keys, sensitive=not sensitive_gone(unit, activity), now=formation.at
    )
    return _Part(learners, answered, page[-1] if len(page) == READ else None)


def _kept(unit: UnitOfWork, run_id: str) -> list[FormedTeam]:
    """The locked teams that came with the run."""
    found: list[FormedTeam] = []
    last: FormedTeam | None = None
    while page := unit.store.find(FORMED_TEAMS, formation=run_id, locked=True, after=last, limit=STORED):
        found += page
        last = page[-1]
    return found


def _tell(
    unit: UnitOfWork, run_id: str, claim: datetime | None, told: Mapping[str, Any]
) -> tuple[datetime, bool]:
    row = _mine(unit, run_id, claim, (RunState.RUNNING,))
    row = unit.store.save(FORMATIONS, replace(row, claimed_until=unit.now + CLAIM, **told))
    return unit.now + CLAIM, row.stop


def _forget_some(unit: UnitOfWork, run_id: str) -> int:
    """Take away some of what a worker that died had stored; the locked teams are input and stay."""
    page = unit.store.find(FORMED_TEAMS, formation=run_id, locked=False, limit=STORED)
    for formed in page:
        unit.store.remove(FORMED_TEAMS, formed.id)
    return len(page)


def _store_teams(
    unit: UnitOfWork,
    run_id: str,
    claim: datetime | None,
    teams: Sequence[FormedTeam],
    gone: Sequence[str],
) -> tuple[datetime, bool]:
    row = _mine(unit, run_id, claim, (RunState.RUNNING,))
    for id in gone:
        unit.store.remove(FORMED_TEAMS, id)
    for formed in teams:
        if formed.id:
            unit.store.save(FORMED_TEAMS, formed)
        else:
            unit.store.add(FORMED_TEAMS, replace(formed, id=unit.new_id()))
    unit.store.save(FORMATIONS, replace(row, claimed_until=unit.now + CLAIM))
    return unit.now + CLAIM, row.stop


def _finish(
    unit: UnitOfWork, run_id: str, claim: datetime | None, state: RunState, changed: Mapping[str, Any]
) -> None:
    _end(unit, _mine(unit, run_id, claim, (RunState.RUNNING,)), state, changed)


def _end(unit: UnitOfWork, row: Formation, state: RunState, changed: Mapping[str, Any]) -> None:
    unit.store.save(FORMATIONS, replace(row, state=state, claimed_until=None, done_at=unit.now, **changed))
    kinds = {RunState.DONE: Kind.FORMATION_DONE, RunState.FAILED: Kind.FORMATION_FAILED}
    if state in kinds and unit.now - row.at >= TOLD_AFTER:
        unit.record(
            kinds[state], activity=row.activity, course=row.course, by="", people=[row.by], run=row.id
        )
