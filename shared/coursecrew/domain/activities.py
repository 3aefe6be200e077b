"""An activity, its settings document, what of it is locked, and whether it is ready.

In Open edX the document is a field of the block, in the LTI tool a row: both are the *wish*. What
is *in force* is kept with the activity; a wish that would break a promise stays a wish, and staff
read which part and why (`Held`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from coursecrew.domain.check_ins import CheckInRule
from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.plans import MILESTONE_LENGTH, MOST_MILESTONES, Milestone
from coursecrew.domain.review_rules import (
    PEER_REVIEW,
    TEAM_ASSIGNMENT,
    Later,
    ReviewRules,
    kept_rules,
    review_problems,
)
from coursecrew.domain.rubrics import Comments, Criterion, Level, Rubric, Sort
from coursecrew.domain.samples import MOST_SAMPLES, Sample, samples_from, samples_to
from coursecrew.domain.schedule import Basis, LatePolicy, Step, Window
from coursecrew.domain.survey import Ask, Question, Survey, kept_as_promised, survey_problems
from coursecrew.domain.wishes import Aim, Charter, CharterPart, Forming, Late, Wish

SCHEMA = 1
MOST_PROMPTS = 10
MOST_CRITERIA = 20
MOST_LEVELS = 10
MOST_CHARTER_PARTS = 10
MOST_ROLES = 12
ROLE_LENGTH = 40


class SubmitRule(StrEnum):
    """Who hands in for the team."""

    ANY = "any"
    LEADER = "leader"
    ALL = "all"


class State(StrEnum):
    """An assignment's life; `hidden` is shown to nobody but staff."""

    HIDDEN = "hidden"
    PUBLISHED = "published"
    CLOSED = "closed"
    ARCHIVED = "archived"


class JoinRule(StrEnum):
    """How people come into teams of a set."""

    SELF = "self"  # learners found and join teams
    STAFF = "staff"  # staff place everybody: by hand, CSV or an even split
    FORMED = "formed"  # a survey is answered, then teams are formed by wishes


@dataclass(frozen=True)
class TeamRules:
    """Sizes and dates of a team set: `1 <= min <= ideal <= max <= 50`."""

    name: str = "teams"
    min: int = 3
    ideal: int = 4
    max: int = 5
    lock_at: datetime | None = None
    publish_at: datetime | None = None
    public: bool = True
    join: JoinRule = JoinRule.SELF


@dataclass(frozen=True)
class Prompt:
    """One part of the draft that the team writes."""

    id: str
    title: str
    hint: str = ""
    required: bool = True


@dataclass(frozen=True)
class Settings:
    """Everything an author decides about a team assignment."""

    title: str = ""
    goal: str = ""
    done_when: tuple[str, ...] = ()
    task: str = ""
    teams: TeamRules = field(default_factory=TeamRules)
    prompts: tuple[Prompt, ...] = field(default_factory=lambda: (Prompt("p1", "Our work"),))
    steps: Mapping[Step, Window] = field(default_factory=dict)
    submit_rule: SubmitRule = SubmitRule.ANY
    auto_seal: bool = True
    late: LatePolicy = field(default_factory=LatePolicy)
    rubric: Rubric = field(default_factory=Rubric)
    survey: Survey = field(default_factory=Survey)
    forming: Forming = field(default_factory=Forming)
    charter: Charter = field(default_factory=Charter)
    team_roles: tuple[str, ...] = ()  # names of roles that members take in turn
    milestones: tuple[Milestone, ...] = ()
    check_in: CheckInRule = field(default_factory=CheckInRule)
    listed_words: tuple[str, ...] = ()  # a team's name or motto with one of them waits for the staff
    review: ReviewRules = field(default_factory=ReviewRules)  # of a peer review
    samples: tuple[Sample, ...] = ()  # rated by staff, for practice

    def step(self, step: Step) -> Window:
        """The window of a step; a step without dates is always open."""
        return self.steps.get(step, Window())

    def prompt(self, id: str) -> Prompt | None:
        """The prompt of that id."""
        return next((prompt for prompt in self.prompts if prompt.id == id), None)


@dataclass(frozen=True)
class Activity:
    """One placed block or resource link, with the settings in force."""

    id: str
    course: str
    place: str  # the host's own name for the place: usage key, or our UUID in the LMS
    name: str  # short name within the course, by which activities refer to each other
    kind: str
    settings: Settings
    state: State = State.HIDDEN
    published_at: datetime | None = None
    settings_number: int = 1
    settings_by: str = ""
    settings_at: datetime | None = None
    wish: str = ""  # fingerprint of the wish last compared
    held: tuple[str, ...] = ()  # parts of the wish that are not in force, by lock code
    origin: str = ""  # the activity it was copied from
    work_begun: bool = False  # a submission was sealed: some settings are locked
    released_at: datetime | None = None
    version: int = 1

    @property
    def is_visible(self) -> bool:
        """Whether learners see more than "not ready yet"."""
        return self.state is not State.HIDDEN

    def window(self, step: Step) -> Window:
        """The window of a step, before extensions."""
        return self.settings.step(step)


@dataclass(frozen=True)
class Check:
    """One line of the readiness check: what is wrong, whether it blocks, where to mend it."""

    code: str
    field: str
    blocks: bool
    values: tuple[tuple[str, object], ...] = ()


def readiness(
    settings: Settings,
    *,
    kind: str = TEAM_ASSIGNMENT,
    learners: int | None = None,
    complete: bool = False,
) -> list[Check]:
    """What stands in the way of publishing (`blocks`) or deserves a second look.

    `kind` is the activity's. `learners` is how many people are known; `None` when the host does not
    know any. Only where the host says that its list is `complete` do too few of them block; elsewhere
    more may yet come in.
    """
    if kind == PEER_REVIEW:
        return _review_readiness(settings, learners)
    checks = [
        Check("goal_missing", "goal", blocks=True) if not settings.goal.strip() else None,
        Check("done_missing", "done_when", blocks=True) if not settings.done_when else None,
        Check("prompts_missing", "prompts", blocks=True) if not settings.prompts else None,
        Check("rubric_missing", "rubric", blocks=True) if not settings.rubric.criteria else None,
        *(_date_checks(settings)),
        *(_survey_checks(settings)),
    ]
    if learners is not None and 0 < learners < settings.teams.min:
        checks.append(
            Check(
                "too_few_people" if complete else "few_people_yet",
                "team_min",
                blocks=complete,
                values=(("learners", learners), ("min", settings.teams.min)),
            )
        )
    if learners == 0:
        checks.append(Check("nobody_yet", "team_min", blocks=False))
    if settings.step(Step.DRAFT).due is None:
        checks.append(Check("no_due_date", "draft_due", blocks=False))
    return [check for check in checks if check is not None]


def _review_readiness(settings: Settings, learners: int | None) -> list[Check]:
    """What a peer review lacks: something to judge, something to judge by, people to do it, and dates."""
    rules, window = settings.review, settings.step(Step.REVIEW)
    checks = [
        Check("reviewed_missing", "of", blocks=True) if not (rules.of or rules.own_works) else None,
        Check("prompts_missing", "prompts", blocks=True)
        if rules.own_works and not settings.prompts
        else None,
        Check("rubric_missing", "rubric", blocks=True) if not settings.rubric.criteria else None,
        *_date_checks(settings),
        Check("no_review_due", "review_due", blocks=False) if window.due is None else None,
    ]
    if learners is not None and 0 < learners <= rules.per_work:
        values = (("learners", learners), ("each", rules.per_work))
        checks.append(Check("too_few_reviewers", "per_work", blocks=False, values=values))
    return [check for check in checks if check is not None]


def _date_checks(settings: Settings) -> list[Check | None]:
    """Dates that cross: within a step, and the team lock after the first due date."""
    found: list[Check | None] = []
    for step, window in settings.steps.items():
        moments = [m for m in (window.opens, window.due, window.closes) if m is not None]
        if moments != sorted(moments):
            found.append(
                Check("dates_crossed", f"{step.value}_due", blocks=True, values=(("step", step.value),))
            )
    lock, due = settings.teams.lock_at, settings.step(Step.DRAFT).due
    if lock and due and lock > due:
        found.append(Check("lock_after_due", "team_lock", blocks=True))
    return found


def _survey_checks(settings: Settings) -> list[Check | None]:
    """Teams formed out of nothing, and answers that come when the work is due already."""
    survey, due = settings.survey, settings.step(Step.DRAFT).due
    missing = settings.teams.join is JoinRule.FORMED and not survey.is_there
    late = survey.is_there and survey.closes_at is not None and due is not None and survey.closes_at > due
    return [
        Check("survey_missing", "survey", blocks=True) if missing else None,
        Check("survey_after_due", "survey", blocks=False) if late else None,
    ]


# --- locks: what may no longer change, and until when it could ---


@dataclass(frozen=True)
class Facts:
    """What has happened already, as far as locks depend on it."""

    work_begun: bool = False
    largest_team: int = 0
    released: bool = False
    marked_rubric: bool = False  # somebody has a mark under the rubric in force
    answered: bool = False  # somebody has answered the survey
    reviewed: bool = False  # somebody has begun or handed in a review
    now: datetime | None = None


def allowed(current: Settings, wish: Settings, facts: Facts) -> tuple[Settings, tuple[str, ...]]:
    """The settings that may take effect out of a wish, and the codes of the parts held back.

    Promised time is never shortened silently: a due or closing time that moves to before `now`
    while it still lay ahead is held. Everything else takes effect.
    """
    held: list[str] = []
    result = wish
    if facts.work_begun and wish.submit_rule is not current.submit_rule:
        result, held = replace(result, submit_rule=current.submit_rule), [*held, "submit_rule"]
    if wish.teams.max < facts.largest_team:
        result = replace(result, teams=replace(result.teams, max=max(current.teams.max, facts.largest_team)))
        held.append("team_max")
    if facts.released and wish.late != current.late:
        result, held = replace(result, late=current.late), [*held, "late"]
    if facts.marked_rubric and not wish.rubric.same_structure(current.rubric):
        result, held = replace(result, rubric=current.rubric), [*held, "rubric"]
    if _shortens(current.step(Step.DRAFT), wish.step(Step.DRAFT), facts.now):
        steps = {**wish.steps, Step.DRAFT: current.step(Step.DRAFT)}
        result, held = replace(result, steps=steps), [*held, "draft_due"]
    if _shortens(current.step(Step.REVIEW), wish.step(Step.REVIEW), facts.now):
        steps = {**result.steps, Step.REVIEW: current.step(Step.REVIEW)}
        result, held = replace(result, steps=steps), [*held, "review_due"]
    if facts.answered:
        result = _with_promised_survey(current, result)
        if result.survey != wish.survey:
            held.append("survey")
    if facts.reviewed:
        rules, kept = kept_rules(current.review, wish.review)
        result, held = replace(result, review=rules), [*held, *kept]
    if _closes_behind_us(current.survey, wish.survey, facts.now):
        result = replace(result, survey=replace(result.survey, closes_at=current.survey.closes_at))
        held.append("survey_closes")
    return result, tuple(held)


def _with_promised_survey(current: Settings, wish: Settings) -> Settings:
    """The wish with its survey as people answered it; where the two do not go together, all of it stays."""
    result = replace(wish, survey=kept_as_promised(current.survey, wish.survey))
    if not survey_problems(result.survey) and not _section_problems(result):
        return result
    survey = replace(current.survey, closes_at=wish.survey.closes_at, consent=wish.survey.consent)
    return replace(wish, survey=survey, forming=current.forming)


def _closes_behind_us(current: Survey, wish: Survey, now: datetime | None) -> bool:
    """Whether a survey that people could still answer would have closed already."""
    if now is None or wish.closes_at is None or not current.is_there:
        return False
    return (current.closes_at is None or current.closes_at > now) and wish.closes_at < now


def _shortens(current: Window, wish: Window, now: datetime | None) -> bool:
    """Whether a deadline that people were promised would come earlier."""
    if now is None:
        return False

    def earlier(before: datetime | None, after: datetime | None) -> bool:
        promised = before is None or before > now
        return promised and after is not None and (before is None or after < before) and after < now

    return earlier(current.due, wish.due) or earlier(current.closes, wish.closes)


# --- the document: JSON in both hosts, readable in a course export ---


def to_document(settings: Settings) -> dict[str, Any]:
    """The settings as plain JSON values, with the schema's number."""
    teams, late = settings.teams, settings.late
    return {
        "schema": SCHEMA,
        "title": settings.title,
        "goal": settings.goal,
        "done_when": list(settings.done_when),
        "task": settings.task,
        "teams": {
            "name": teams.name,
            "min": teams.min,
            "ideal": teams.ideal,
            "max": teams.max,
            "lock_at": _stamp(teams.lock_at),
            "publish_at": _stamp(teams.publish_at),
            "public": teams.public,
            "join": teams.join.value,
        },
        "prompts": [
            {"id": p.id, "title": p.title, "hint": p.hint, "required": p.required} for p in settings.prompts
        ],
        "steps": {
            step.value: {"opens": _stamp(w.opens), "due": _stamp(w.due), "closes": _stamp(w.closes)}
            for step, w in settings.steps.items()
        },
        "submit_rule": settings.submit_rule.value,
        "auto_seal": settings.auto_seal,
        "late": {
            "grace_seconds": int(late.grace.total_seconds()),
            "unit_seconds": int(late.unit.total_seconds()),
            "points": str(late.points),
            "cap": str(late.cap),
            "floor": str(late.floor),
            "basis": late.basis.value,
        },
        "rubric": rubric_to(settings.rubric),
        "survey": _survey_to(settings.survey),
        "forming": {
            "wishes": [wish_to(wish) for wish in settings.forming.wishes],
            "section": settings.forming.section,
            "late": settings.forming.late.value,
        },
        "charter": {
            "parts": [{"id": p.id, "title": p.title, "hint": p.hint} for p in settings.charter.parts],
            "blocks": settings.charter.blocks,
        },
        "team_roles": list(settings.team_roles),
        "listed_words": list(settings.listed_words),
        "milestones": [{"id": m.id, "title": m.title, "due": _stamp(m.due)} for m in settings.milestones],
        "check_in": {"on": settings.check_in.on, "every_days": settings.check_in.every_days},
        "review": review_to(settings.review),
        "samples": samples_to(settings.samples),
    }


def _survey_to(survey: Survey) -> dict[str, Any]:
    return {
        "closes_at": _stamp(survey.closes_at),
        "consent": survey.consent,
        "questions": [
            {
                "id": q.id,
                "kind": q.kind.value,
                "title": q.title,
                "hint": q.hint,
                "options": list(q.options),
                "own_words": q.own_words,
                "sensitive": q.sensitive,
                "purpose": q.purpose,
            }
            for q in survey.questions
        ],
    }


def review_to(rules: ReviewRules) -> dict[str, Any]:
    """The rules of a peer review as plain JSON values."""
    plain = {name: getattr(value, "value", value) for name, value in vars(rules).items()}
    plain["later"] = [{"revise": _stamp(one.revise), "review": _stamp(one.review)} for one in rules.later]
    return plain


def wish_to(wish: Wish) -> dict[str, Any]:
    """A wish as plain JSON values."""
    return {
        "about": wish.about,
        "aim": wish.aim.value,
        "weight": wish.weight,
        "values": list(wish.values),
        "amount": wish.amount,
        "must": wish.must,
    }


def wish_from(document: Mapping[str, Any]) -> Wish:
    """Read a stored wish."""
    return _wish(document, _Reader())


def rubric_to(rubric: Rubric) -> dict[str, Any]:
    """A rubric as plain JSON values."""
    return {
        "number": rubric.number,
        "criteria": [
            {
                "id": c.id,
                "title": c.title,
                "hint": c.hint,
                "team_only": c.team_only,
                "weight": str(c.weight),
                "levels": [{"points": str(level.points), "text": level.text} for level in c.levels],
                **_beyond_levels(c),
            }
            for c in rubric.criteria
        ],
    }


def _beyond_levels(criterion: Criterion) -> dict[str, Any]:
    """What a criterion says beside its levels; nothing where it is as usual, so that old ones stay."""
    usual = Criterion("", "", Decimal(1), ())
    found: dict[str, Any] = {}
    for name in ("sort", "step", "comments", "words"):
        value = getattr(criterion, name)
        if value != getattr(usual, name):
            found[name] = value if isinstance(value, int) else str(getattr(value, "value", value))
    return found


def rubric_from(document: Mapping[str, Any]) -> Rubric:
    """Read a stored rubric."""
    return _rubric(document, _Reader())


def from_document(document: Mapping[str, Any]) -> Settings:
    """Read a settings document; what is missing takes its default.

    Raises `Invalid` with every field that cannot be read, so that a broken import names them all;
    one that has another shape altogether is named as a whole.
    """
    try:
        return _read(document)
    except (AttributeError, KeyError, TypeError):
        raise Invalid(Problem("settings", "unreadable_document")) from None


def _read(document: Mapping[str, Any]) -> Settings:
    reader = _Reader()
    teams = document.get("teams") or {}
    late = document.get("late") or {}
    defaults, policy = TeamRules(), LatePolicy()
    settings = Settings(
        title=str(document.get("title", "")),
        goal=str(document.get("goal", "")),
        done_when=tuple(str(line) for line in document.get("done_when", ()) if str(line).strip()),
        task=str(document.get("task", "")),
        teams=TeamRules(
            name=str(teams.get("name") or defaults.name),
            min=reader.whole(teams.get("min", defaults.min), "team_min"),
            ideal=reader.whole(teams.get("ideal", defaults.ideal), "team_ideal"),
            max=reader.whole(teams.get("max", defaults.max), "team_max"),
            lock_at=reader.moment(teams.get("lock_at"), "team_lock"),
            publish_at=reader.moment(teams.get("publish_at"), "team_publish"),
            public=bool(teams.get("public", True)),
            join=reader.choice(JoinRule, teams.get("join", "self"), "team_join"),
        ),
        prompts=tuple(
            Prompt(
                str(p["id"]), str(p.get("title", "")), str(p.get("hint", "")), bool(p.get("required", True))
            )
            for p in document.get("prompts", ({"id": "p1", "title": "Our work"},))
        ),
        steps={
            reader.choice(Step, name, "steps"): Window(
                reader.moment(w.get("opens"), f"{name}_opens"),
                reader.moment(w.get("due"), f"{name}_due"),
                reader.moment(w.get("closes"), f"{name}_closes"),
            )
            for name, w in (document.get("steps") or {}).items()
        },
        submit_rule=reader.choice(SubmitRule, document.get("submit_rule", "any"), "submit_rule"),
        auto_seal=bool(document.get("auto_seal", True)),
        late=LatePolicy(
            grace=timedelta(seconds=reader.whole(late.get("grace_seconds", 900), "late_grace")),
            unit=timedelta(seconds=max(1, reader.whole(late.get("unit_seconds", 86400), "late_unit"))),
            points=reader.number(late.get("points", policy.points), "late_points"),
            cap=reader.number(late.get("cap", policy.cap), "late_cap"),
            floor=reader.number(late.get("floor", policy.floor), "late_floor"),
            basis=reader.choice(Basis, late.get("basis", "max"), "late_basis"),
        ),
        rubric=_rubric(document.get("rubric") or {}, reader),
        survey=_survey(document.get("survey") or {}, reader),
        forming=_forming(document.get("forming") or {}, reader),
        charter=_charter(document.get("charter") or {}),
        team_roles=tuple(str(name) for name in document.get("team_roles", ()) if str(name).strip()),
        listed_words=tuple(str(word) for word in document.get("listed_words", ()) if str(word).strip()),
        milestones=tuple(
            Milestone(
                str(m["id"])[:40], str(m.get("title", "")), reader.moment(m.get("due"), f"milestone_due-{n}")
            )
            for n, m in enumerate(document.get("milestones", ()), start=1)
        ),
        check_in=_check_in(document.get("check_in") or {}, reader),
        review=_review(document.get("review") or {}, reader),
        samples=samples_from(document.get("samples") or ()),
    )
    problems = reader.problems + _problems(settings)
    if problems:
        raise Invalid(*problems)
    return settings


def _survey(document: Mapping[str, Any], reader: _Reader) -> Survey:
    return Survey(
        tuple(
            Question(
                id=str(q["id"]),
                kind=reader.choice(Ask, q.get("kind", "choice"), "questions"),
                title=str(q.get("title", "")),
                hint=str(q.get("hint", "")),
                options=tuple(str(option) for option in q.get("options", ()) if str(option).strip()),
                own_words=bool(q.get("own_words", False)),
                sensitive=bool(q.get("sensitive", False)),
                purpose=str(q.get("purpose", "")),
            )
            for q in document.get("questions", ())
        ),
        closes_at=reader.moment(document.get("closes_at"), "survey_closes"),
        consent=str(document.get("consent", "")),
    )


def _forming(document: Mapping[str, Any], reader: _Reader) -> Forming:
    return Forming(
        tuple(_wish(wish, reader) for wish in document.get("wishes", ())),
        section=str(document.get("section", "")),
        late=reader.choice(Late, document.get("late", "staff"), "late_joiners"),
    )


def _wish(document: Mapping[str, Any], reader: _Reader) -> Wish:
    return Wish(
        about=str(document.get("about", "")),
        aim=reader.choice(Aim, document.get("aim", "alike"), "wishes"),
        weight=reader.whole(document.get("weight", 0), "wishes"),
        values=tuple(str(value) for value in document.get("values", ())),
        amount=reader.whole(document.get("amount", 0), "wishes"),
        must=bool(document.get("must", False)),
    )


def _check_in(document: Mapping[str, Any], reader: _Reader) -> CheckInRule:
    return CheckInRule(
        on=bool(document.get("on", True)),
        every_days=reader.whole(document.get("every_days", 7), "check_in_days"),
    )


def _review(document: Mapping[str, Any], reader: _Reader) -> ReviewRules:
    usual = ReviewRules()

    def whole(name: str) -> int:
        return reader.whole(document.get(name, getattr(usual, name)), name)

    def choice(name: str) -> Any:
        known = getattr(usual, name)
        return reader.choice(type(known), document.get(name, known.value), name)

    return ReviewRules(
        of=str(document.get("of", "")),
        own_works=bool(document.get("own_works", usual.own_works)),
        per_work=whole("per_work"),
        reviewers=choice("reviewers"),
        anonymity=choice("anonymity"),
        allocation=choice("allocation"),
        lease_hours=whole("lease_hours"),
        method=choice("method"),
        min_reviews=whole("min_reviews"),
        staff_share=whole("staff_share"),
        weight_product=whole("weight_product"),
        weight_review=whole("weight_review"),
        feedback=choice("feedback"),
        rejoinder=bool(document.get("rejoinder", usual.rejoinder)),
        without_work=bool(document.get("without_work", usual.without_work)),
        overall=bool(document.get("overall", usual.overall)),
        appeals=bool(document.get("appeals", usual.appeals)),
        own_review=choice("own_review"),
        hold_days=whole("hold_days"),
        practice=choice("practice"),
        model_first=bool(document.get("model_first", usual.model_first)),
        weight_practice=whole("weight_practice"),
        owing_days=whole("owing_days"),
        later=_later(document.get("later") or (), reader),
    )


def _later(rows: Any, reader: _Reader) -> tuple[Later, ...]:
    """The dates of further rounds; one without both dates is none yet."""
    found = []
    for number, row in enumerate(rows, start=2):
        revise = reader.moment(row.get("revise"), f"revise-{number}")
        review = reader.moment(row.get("review"), f"review-{number}")
        if revise and review:
            found.append(Later(revise, review))
    return tuple(found)


def _charter(document: Mapping[str, Any]) -> Charter:
    return Charter(
        tuple(
            CharterPart(str(p["id"]), str(p.get("title", "")), str(p.get("hint", "")))
            for p in document.get("parts", ())
        ),
        blocks=bool(document.get("blocks", False)),
    )


def _rubric(document: Mapping[str, Any], reader: _Reader) -> Rubric:
    return Rubric(
        tuple(
            Criterion(
                id=str(c["id"]),
                title=str(c.get("title", "")),
                hint=str(c.get("hint", "")),
                team_only=bool(c.get("team_only", False)),
                weight=reader.number(c.get("weight", 1), f"weight-{c['id']}"),
                levels=tuple(
                    Level(reader.number(level["points"], f"levels-{c['id']}"), str(level.get("text", "")))
                    for level in c.get("levels", ())
                ),
                sort=reader.choice(Sort, c.get("sort", "levels"), f"sort-{c['id']}"),
                step=reader.number(c.get("step", 1), f"step-{c['id']}"),
                comments=reader.choice(Comments, c.get("comments", "optional"), f"comments-{c['id']}"),
                words=reader.whole(c.get("words", 0), f"words-{c['id']}"),
            )
            for c in document.get("criteria", ())
        ),
        number=reader.whole(document.get("number", 1), "rubric"),
    )


def _problems(settings: Settings) -> list[Problem]:
    """What no settings document may say, finished or not."""
    teams, late = settings.teams, settings.late
    problems = []
    if not 1 <= teams.min <= teams.ideal <= teams.max <= 50:
        problems.append(Problem("team_min", "sizes_crossed"))
    if len(settings.prompts) > MOST_PROMPTS:
        problems.append(Problem("prompts", "too_many_prompts", (("most", MOST_PROMPTS),)))
    if len(settings.rubric.criteria) > MOST_CRITERIA:
        problems.append(Problem("rubric", "too_many_criteria", (("most", MOST_CRITERIA),)))
    if settings.rubric.criteria and not any(c.counts for c in settings.rubric.criteria):
        problems.append(Problem("rubric", "nothing_counts"))
    if settings.rubric.criteria and not settings.rubric.for_one():
        problems.append(Problem("rubric", "nothing_for_one"))
    problems += survey_problems(settings.survey)
    problems += _section_problems(settings)
    for number, prompt in enumerate(settings.prompts, start=1):
        if not prompt.title.strip():
            problems.append(Problem("prompts", "prompt_title_missing", (("row", number),)))
    problems += _charter_problems(settings)
    problems += review_problems(settings.review)
    if len(settings.samples) > MOST_SAMPLES:
        problems.append(Problem("samples", "too_many_samples", (("most", MOST_SAMPLES),)))
    problems += _plan_problems(settings)
    for number, criterion in enumerate(settings.rubric.criteria, start=1):
        row = (("row", number),)
        if not criterion.title.strip():
            problems.append(Problem("rubric", "criterion_title_missing", row))
        if criterion.counts and criterion.weight <= 0:
            problems.append(Problem("rubric", "criterion_weight", row))
        problems += _level_problems(criterion, number)
    for name, value in (("late_points", late.points), ("late_cap", late.cap), ("late_floor", late.floor)):
        if not 0 <= value <= 100:
            problems.append(Problem(name, "percent"))
    return problems


def _level_problems(criterion: Criterion, number: int) -> list[Problem]:
    """What is wrong with the levels of a criterion, by the kind of answer it asks for."""
    row = (("row", number),)
    have = len(criterion.levels)
    fits = {
        Sort.LEVELS: 2 <= have <= MOST_LEVELS,
        Sort.RANGE: have == 2 and criterion.step > 0 and criterion.least >= 0,
        Sort.CHECKLIST: 1 <= have <= MOST_LEVELS * 2,
        Sort.TEXT: True,
    }[criterion.sort]
    if not fits or (criterion.counts and criterion.most <= 0):
        return [Problem("rubric", f"criterion_{criterion.sort.value}", row)]
    if not 0 <= criterion.words <= 500:
        return [Problem("rubric", "criterion_words", row)]
    return []


def _plan_problems(settings: Settings) -> list[Problem]:
    problems = []
    if len(settings.milestones) > MOST_MILESTONES:
        problems.append(Problem("milestones", "too_many_milestones", (("most", MOST_MILESTONES),)))
    for number, milestone in enumerate(settings.milestones, start=1):
        title = milestone.title.strip()
        if not title:
            problems.append(Problem(f"milestone_title-{number}", "milestone_title_missing"))
        if len(title) > MILESTONE_LENGTH:
            most = (("most", MILESTONE_LENGTH), ("have", len(title)))
            problems.append(Problem(f"milestone_title-{number}", "text_too_long", most))
    if len({milestone.id for milestone in settings.milestones}) < len(settings.milestones):
        problems.append(Problem("milestones", "unreadable_document"))
    if not 1 <= settings.check_in.every_days <= 60:
        problems.append(Problem("check_in_days", "check_in_days"))
    return problems


def _charter_problems(settings: Settings) -> list[Problem]:
    problems = []
    parts, roles = settings.charter.parts, settings.team_roles
    if len(parts) > MOST_CHARTER_PARTS:
        problems.append(Problem("charter", "too_many_prompts", (("most", MOST_CHARTER_PARTS),)))
    for number, part in enumerate(parts, start=1):
        if not part.title.strip():
            problems.append(Problem("charter", "prompt_title_missing", (("row", number),)))
    if len(roles) > MOST_ROLES:
        problems.append(Problem("team_roles", "too_many_roles", (("most", MOST_ROLES),)))
    if any(len(role) > ROLE_LENGTH for role in roles):
        problems.append(Problem("team_roles", "role_too_long", (("most", ROLE_LENGTH),)))
    if len({role.casefold() for role in roles}) < len(roles):
        problems.append(Problem("team_roles", "roles_twice"))
    return problems


def _section_problems(settings: Settings) -> list[Problem]:
    """Teams stay inside the answers to a choice that staff read, and to nothing else."""
    section = settings.survey.question(settings.forming.section)
    fits = section is not None and section.kind is Ask.CHOICE and not section.is_sensitive
    if settings.forming.section and not fits:
        return [Problem("section", "section_no_choice")]
    return []


class _Reader:
    """Reads values and collects what could not be read, instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def whole(self, value: Any, field_name: str) -> int:
        try:
            return int(value)
        except (TypeError, ValueError):
            self.problems.append(Problem(field_name, "not_a_number"))
            return 0

    def number(self, value: Any, field_name: str) -> Decimal:
        try:
            number = Decimal(str(value).replace(",", "."))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            self.problems.append(Problem(field_name, "not_a_number"))
            return Decimal(0)
        return number

    def moment(self, value: Any, field_name: str) -> datetime | None:
        if value in (None, ""):
            return None
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.problems.append(Problem(field_name, "not_a_time"))
            return None
        if moment.tzinfo is None:
            self.problems.append(Problem(field_name, "no_zone"))
            return None
        return moment

    def choice(self, kind: type[StrEnum], value: Any, field_name: str) -> Any:
        try:
            return kind(value)
        except ValueError:
            self.problems.append(Problem(field_name, "not_a_choice"))
            return next(iter(kind))


def _stamp(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
