"""From survey answers and wishes to what the engine forms teams of.

The engine knows columns of text; here is the only place that turns answers into them. A column is
named by its question's id. Sensitive answers leave the database only where the caller says
`sensitive=True`: for the engine, in the memory of one run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from coursecrew.app.records import MEMBERSHIP_EVENTS, SENSITIVE_ANSWERS, SURVEY_ANSWERS, TEAM_SETS
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity, TeamRules
from coursecrew.domain.errors import Invalid, Problem
from coursecrew.domain.survey import CAN_DO, HOURS_A_WEEK, Ask, Question, Survey
from coursecrew.domain.teams import COMES
from coursecrew.domain.wishes import FORMER_TEAMS, MOST_WEIGHT, Aim, Forming, Wish

if TYPE_CHECKING:
    from coursecrew.domain.formation.rules import Rules, Sizes

Cells = dict[str, str]
Learner = tuple[str, Cells]  # key and cells by column
CHUNK = 500
MOST_COVERED = 8  # the engine's limit
LISTS = (Ask.MULTI, Ask.SKILLS, Ask.LANGUAGES, Ask.TOPICS, Ask.WANTED, Ask.UNWANTED)
# What can be wished about the answers to each kind of question, in the engine's words: its type.
TYPES: Mapping[Ask, str] = {
    Ask.CHOICE: "choice",
    Ask.NUMBER: "number",
    Ask.HOURS: "availability",
    **dict.fromkeys(LISTS, "list"),
}
FITTING: Mapping[Aim, tuple[Ask, ...]] = {
    Aim.ALIKE: (Ask.CHOICE, Ask.MULTI, Ask.NUMBER, Ask.SKILLS, Ask.LANGUAGES),
    Aim.BALANCED: (Ask.CHOICE, Ask.NUMBER),
    Aim.NOT_ALONE: (Ask.CHOICE, Ask.MULTI, Ask.SKILLS, Ask.LANGUAGES),
    Aim.COVER: (Ask.MULTI, Ask.SKILLS, Ask.LANGUAGES),
    Aim.SHARED: (Ask.HOURS, Ask.MULTI, Ask.LANGUAGES),
    Aim.TOPIC: (Ask.TOPICS,),
    Aim.TOGETHER: (Ask.WANTED,),
    Aim.APART: (Ask.UNWANTED,),
    Aim.NEW_MATES: (),
}
KINDS: Mapping[Aim, str] = {
    Aim.BALANCED: "balanced",
    Aim.NOT_ALONE: "no_isolation",
    Aim.COVER: "role_cover",
    Aim.SHARED: "overlap",
    Aim.TOPIC: "topic",
    Aim.APART: "not_again",
    Aim.NEW_MATES: "not_again",
}
MAY_BE_HARD = (Aim.NOT_ALONE, Aim.COVER, Aim.SHARED, Aim.APART, Aim.NEW_MATES)


# --- rules ---


def rules_document(
    survey: Survey,
    forming: Forming,
    wishes: Sequence[Wish],
    teams: TeamRules,
    *,
    together: Sequence[Sequence[str]] = (),
    apart: Sequence[Sequence[str]] = (),
    section: str | None = None,
) -> dict[str, Any]:
    """The engine's rules document (`formation.rules.read_rules`) for these wishes.

    `together` and `apart` are groups of keys; `section` is a choice question's id, by default the one
    in `forming`. One rule for each wish of `weighed(wishes)`, in that order.

    Raises `Invalid` with a problem for every wish about a question that is gone or of another kind.
    """
    problems = [problem for wish in wishes for problem in _problems(wish, survey)]
    place = forming.section if section is None else section
    if place and getattr(survey.question(place), "kind", None) is not Ask.CHOICE:
        problems.append(Problem("section", "section_gone"))
    if problems:
        raise Invalid(*problems)
    document: dict[str, Any] = {
        "size": {"min": teams.min, "ideal": teams.ideal, "max": teams.max},
        "rule": [_rule(wish, survey.question(wish.about)) for _, wish in weighed(wishes)],
        "together": {"pairs": [list(group) for group in together]},
        "apart": {"pairs": [list(group) for group in apart]},
    }
    if place:
        document["section"] = place
    return document


def weighed(wishes: Sequence[Wish]) -> list[tuple[int, Wish]]:
    """The wishes that become rules, with their index: rule n is the n-th of them.

    Who want each other become pairs instead; a wish of weight 0 that is no must is left out.
    """
    return [
        (at, wish)
        for at, wish in enumerate(wishes)
        if wish.aim is not Aim.TOGETHER and (wish.weight or wish.must)
    ]


def _problems(wish: Wish, survey: Survey) -> Iterable[Problem]:
    name = f"wish-{wish.about}-{wish.aim.value}"
    if wish.aim is Aim.NEW_MATES:
        return
    question = survey.question(wish.about)
    if question is None or question.kind not in FITTING[wish.aim]:
        yield Problem(name, "wish_without_question")
        return
    if wish.aim in (Aim.NOT_ALONE, Aim.COVER) and not wish.values:
        yield Problem(f"{name}-values", "wish_values")
    if wish.aim is Aim.COVER and len(wish.values) > MOST_COVERED:
        yield Problem(f"{name}-values", "wish_values_most", (("most", MOST_COVERED),))
    if wish.aim is Aim.SHARED and not 1 <= wish.amount <= HOURS_A_WEEK:
        yield Problem(f"{name}-amount", "wish_amount", (("most", HOURS_A_WEEK),))


def _rule(wish: Wish, question: Question | None) -> dict[str, Any]:
    if wish.aim is Aim.ALIKE:
        kind = "similar" if wish.weight >= 0 else "diverse"
    else:
        kind = KINDS[wish.aim]
    rule: dict[str, Any] = {
        "attribute": wish.about,
        "kind": kind,
        "type": TYPES[question.kind] if question else "list",
        "weight": min(abs(wish.weight), MOST_WEIGHT) or MOST_WEIGHT,
    }
    if wish.aim in (Aim.NOT_ALONE, Aim.COVER):
        rule["values"] = [plain(value) for value in wish.values]
    if wish.aim is Aim.SHARED and question:
        rule["min_hours" if question.kind is Ask.HOURS else "min_shared"] = wish.amount
    if wish.must and wish.aim in MAY_BE_HARD:
        rule["hard"] = True
    if question and question.is_sensitive:
        rule["sensitive"] = True
    return rule


# --- learners ---


def roster(
    unit: UnitOfWork, activity: Activity, people: Sequence[str], *, sensitive: bool, now: datetime
) -> list[Learner]:
    """What the engine knows of these people: key and cells by column, every column for each.

    Without `sensitive` the columns of sensitive questions stay empty. Weekly hours are shifted to
    UTC as their zones stand at `now`. Five queries for each five hundred people at most.
    """
    return linked(raw_roster(unit, activity, people, sensitive=sensitive, now=now), activity.settings.survey)


def raw_roster(
    unit: UnitOfWork, activity: Activity, people: Sequence[str], *, sensitive: bool, now: datetime
) -> list[Learner]:
    """Like `roster` for a part of a class: `linked` must follow once all parts are read."""
    survey = activity.settings.survey
    columns = [question.id for question in survey.questions if question.kind is not Ask.TEXT]
    found: list[Learner] = []
    for start in range(0, len(people), CHUNK):
        some = list(people[start : start + CHUNK])
        answers = _answers(unit, activity, some, sensitive=sensitive)
        former = _former_teams(unit, activity, some)
        for person in some:
            cells = dict.fromkeys(columns, "")
            cells[FORMER_TEAMS] = ";".join(former.get(person, ()))
            for id, answer in answers.get(person, {}).items():
                question = survey.question(id)
                if question is not None and (sensitive or not question.is_sensitive):
                    cells[id] = cell_of(question, answer, now)
            found.append((person, cells))
    return found


def linked(learners: list[Learner], survey: Survey) -> list[Learner]:
    """The learners with a sign of their own for every pair in which one does not want the other.

    Both have the sign in their cell, so that it takes both to meet it, and neither's says whose wish
    it was.
    """
    for question in survey.questions:
        if question.kind is not Ask.UNWANTED:
            continue
        known = {key for key, _ in learners}
        pairs = {
            (min(key, other), max(key, other))
            for key, cells in learners
            for other in _split(cells.get(question.id, ""))
            if other in known and other != key
        }
        signs: dict[str, list[str]] = defaultdict(list)
        for number, pair in enumerate(sorted(pairs)):
            for key in pair:
                signs[key].append(str(number))
        for key, cells in learners:
            cells[question.id] = ";".join(signs.get(key, ()))
    return learners


def _answers(
    unit: UnitOfWork, activity: Activity, people: Sequence[str], *, sensitive: bool
) -> dict[str, dict[str, Any]]:
    rows = unit.store.find(SURVEY_ANSWERS, activity=activity.id, person=list(people), limit=len(people))
    found = {row.person: dict(row.answers) for row in rows}
    # What was said under a lock stays there, also where a question came back without one.
    locked = {question.id for question in activity.settings.survey.questions if question.is_sensitive}
    if sensitive and locked:
        for row in unit.store.find(
            SENSITIVE_ANSWERS, activity=activity.id, person=list(people), limit=len(people)
        ):
            kept = {id: answer for id, answer in row.answers.items() if id in locked}
            found.setdefault(row.person, {}).update(kept)
    return found


def _former_teams(unit: UnitOfWork, activity: Activity, people: Sequence[str]) -> dict[str, list[str]]:
    """Teams of the course's other sets that these people were ever in."""
    others = [
        row.id
        for row in unit.store.find(TEAM_SETS, course=activity.course)
        if row.name != activity.settings.teams.name
    ]
    former: dict[str, list[str]] = {}
    last = None
    while others:
        page = unit.store.find(
            MEMBERSHIP_EVENTS, team_set=others, person=list(people), after=last, limit=2 * CHUNK
        )
        for row in page:
            teams = former.setdefault(row.person, [])
            if row.event in COMES and row.team and row.team not in teams:
                teams.append(row.team)
        if len(page) < 2 * CHUNK:
            break
        last = page[-1]
    return former


def plain(text: str) -> str:
    """An option as the engine's lists can hold it: in one line and without their separator."""
    return " ".join(str(text).replace(";", ",").split())


def _split(cell: str) -> list[str]:
    return [part for part in cell.split(";") if part]


def cell_of(question: Question, answer: Any, now: datetime) -> str:
    """One answer as a cell; whatever cannot be read is no answer."""
    if question.kind is Ask.HOURS:
        return hours_in_utc(answer, now) if isinstance(answer, Mapping) else ""
    if question.kind is Ask.SKILLS:
        levels = answer if isinstance(answer, Mapping) else {}
        return ";".join(plain(skill) for skill in question.options if _whole(levels.get(skill)) >= CAN_DO)
    if question.kind in LISTS:
        items = answer if isinstance(answer, list | tuple) else []
        return ";".join(plain(item) for item in items if plain(item))
    if question.kind is Ask.NUMBER:
        return _number(answer)
    if question.kind is Ask.CHOICE:
        return plain(answer) if isinstance(answer, str) else ""
    return ""


def _whole(level: Any) -> int:
    return level if isinstance(level, int) else -1


def _number(answer: Any) -> str:
    from coursecrew.domain.formation.traits import NUMBER

    text = str(answer).strip()
    return text if len(text) <= 40 and NUMBER.fullmatch(text) and abs(float(text)) <= 1e12 else ""


def hours_in_utc(answer: Mapping[str, Any], now: datetime) -> str:
    """A week of a learner's own clock as 168 characters from Monday 00:00 UTC on; empty if unreadable.

    Where a zone is not whole hours away, an hour counts if at least half of it is free.
    """
    week = str(answer.get("week", ""))
    if len(week) != HOURS_A_WEEK or set(week) - {"0", "1"} or "1" not in week:
        return ""
    minutes = _offset(str(answer.get("zone") or "UTC"), now)
    whole, rest = divmod(minutes, 60)
    free = []
    for hour in range(HOURS_A_WEEK):
        first = week[(hour + whole) % HOURS_A_WEEK] == "1"
        second = week[(hour + whole + 1) % HOURS_A_WEEK] == "1"
        free.append("1" if (60 - rest) * first + rest * second >= 30 else "0")
    text = "".join(free)
    return text if "1" in text else ""


@lru_cache(maxsize=1024)
def _offset(zone: str, now: datetime) -> int:
    """Minutes that the zone's clock is before UTC at that moment; 0 for a zone nobody knows."""
    try:
        offset = now.astimezone(ZoneInfo(zone)).utcoffset()
    except (KeyError, ValueError, OSError):  # unknown, not a name, or a folder among the names
        offset = None
    return round(offset.total_seconds() / 60) if offset else 0


# --- a class as a whole ---


def settle_sections(learners: Sequence[Learner], section: str, sizes: Sizes, fixed: Iterable[str]) -> None:
    """Give everybody who skipped the question about sections one in which teams come out even.

    Nothing is known of them, so they may be anywhere; first where the number of people cannot be
    split otherwise, then in the largest section that takes all others. `fixed` are in kept teams.
    """
    from coursecrew.domain.formation.planning import plan_sizes

    kept = set(fixed)
    moving = sorted((key, cells) for key, cells in learners if key not in kept)
    counts: dict[str, int] = defaultdict(int)
    for _, cells in moving:
        if cells.get(section):
            counts[cells[section]] += 1
    free = [cells for _, cells in moving if not cells.get(section)]
    if not counts or not free:
        return
    wanted: list[str] = []
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        left = len(free) - len(wanted)
        more = next((n for n in range(left + 1) if plan_sizes(counts[name] + n, sizes)), 0)
        wanted += [name] * more
        counts[name] += more
    left = len(free) - len(wanted)
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    wanted += [next((n for n in ordered if plan_sizes(counts[n] + left, sizes)), ordered[0])] * left
    for cells, name in zip(free, wanted, strict=True):
        cells[section] = name


def wanted_pairs(
    learners: Sequence[Learner], survey: Survey, wishes: Sequence[Wish]
) -> list[tuple[str, str]]:
    """Pairs of whom each wants the other, where that is wished for."""
    pairs: set[tuple[str, str]] = set()
    for wish in wishes:
        question = survey.question(wish.about)
        if wish.aim is not Aim.TOGETHER or not (wish.weight or wish.must):
            continue
        if question is None or question.kind is not Ask.WANTED:
            continue
        wants = {key: set(_split(cells.get(wish.about, ""))) for key, cells in learners}
        pairs |= {
            (key, other)
            for key, others in wants.items()
            for other in others
            if key < other and key in wants.get(other, ())
        }
    return sorted(pairs)


def fitting_pairs(
    pairs: Sequence[tuple[str, str]],
    learners: Sequence[Learner],
    rules: Rules,
    *,
    longest: int,
    fixed: Iterable[str],
) -> list[tuple[str, str]]:
    """Those of the pairs that stand against no rule that never breaks, first come in order of keys.

    No chain gets longer than `longest`; whoever is in a kept team (`fixed`) is left there.
    """
    kept = set(fixed)
    place = {key: cells.get(rules.section or "", "") for key, cells in learners}
    group: dict[str, frozenset[str]] = {}
    away: dict[str, set[str]] = defaultdict(set)
    for apart in rules.apart:
        for key in apart:
            away[key].update(other for other in apart if other != key)

    def of(key: str) -> frozenset[str]:
        return group.get(key, frozenset([key]))

    def join(joined: frozenset[str]) -> None:
        group.update(dict.fromkeys(joined, joined))

    for together in rules.together:
        join(frozenset(together).union(*(of(key) for key in together)))
    found = []
    for one, other in pairs:
        joined = of(one) | of(other)
        if one in kept or other in kept or len(joined) > longest:
            continue
        if len({place.get(key, "") for key in joined}) > 1 or any(away[key] & joined for key in joined):
            continue
        join(joined)
        found.append((one, other))
    return found
