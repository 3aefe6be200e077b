"""Teams as CSV, in and out: a dry run first, then all or nothing.

Columns `user,team_set,team,role`. An export imported again changes nothing.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from coursecrew.app.activities import team_set_of
from coursecrew.app.records import ACTIVITIES, TEAMS
from coursecrew.app.teams import (
    all_memberships,
    all_teams,
    describe_leader,
    make_team,
    members_of,
    participants_of,
    place,
)
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.csv_cells import escaped
from coursecrew.domain.errors import Conflict, Invalid, Problem
from coursecrew.domain.people import Actor
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.teams import name_key

COLUMNS = ("user", "team_set", "team", "role")
MOST_ROWS = 5_000
MOST_BYTES = 2_000_000


@dataclass(frozen=True)
class Row:
    """One line of the file; `number` counts from the header as 1, as spreadsheets do."""

    number: int
    user: str
    team_set: str
    team: str
    role: str


@dataclass(frozen=True)
class Rejected:
    """A line that cannot be taken, and why (a code with its values)."""

    row: Row
    code: str
    values: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Plan:
    """What an import would do. `moves` are (person, team name); unchanged lines are only counted."""

    rows: int
    moves: tuple[tuple[str, str, str], ...]  # person, team, role
    new_teams: tuple[str, ...]
    unchanged: int
    rejected: tuple[Rejected, ...]

    @property
    def may_apply(self) -> bool:
        """All or nothing: one rejected line and nothing is changed."""
        return not self.rejected


def read_rows(content: bytes) -> list[Row]:
    """Read a file; `Invalid` names what makes it unreadable as a whole."""
    if len(content) > MOST_BYTES:
        raise Invalid(Problem("file", "csv_too_large", (("most", MOST_BYTES),)))
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        names = [name.strip().casefold() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        missing = [name for name in ("user", "team") if name not in names]
        if missing:
            raise Invalid(Problem("file", "csv_columns", (("missing", ", ".join(missing)),)))
        rows = [
            Row(
                reader.line_num,
                *((line.get(name) or "").strip().removeprefix("'") for name in COLUMNS),
            )
            for line in reader
            if any((value or "").strip() for value in line.values() if isinstance(value, str))
        ]
    except UnicodeDecodeError:
        raise Invalid(Problem("file", "csv_encoding")) from None
    except csv.Error:
        raise Invalid(Problem("file", "csv_broken")) from None
    if len(rows) > MOST_ROWS:
        raise Invalid(Problem("file", "csv_too_long", (("most", MOST_ROWS),)))
    return rows


def plan_import(
    unit: UnitOfWork, actor: Actor, activity_id: str, rows: Sequence[Row], people: Mapping[str, str | None]
) -> Plan:
    """The difference between the file and now. `people` maps what the file calls users to keys."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.PLACE_PEOPLE)
    team_set = team_set_of(unit, activity)
    teams = {team.name_key: team for team in all_teams(unit, team_set.id) if team.state == "active"}
    names = {team.id: team.name for team in teams.values()}
    now = {row.person: row.team for row in all_memberships(unit, team_set.id)}
    known = participants_of(unit, activity.course, [key for key in people.values() if key])
    size = Counter(now.values())
    coming: Counter[str] = Counter()
    leaving: Counter[str] = Counter()
    seen: dict[str, int] = {}
    moves: list[tuple[str, str, str]] = []
    rejected: list[Rejected] = []
    new_teams: dict[str, str] = {}
    unchanged = 0
    for row in rows:
        person = people.get(row.user)
        code, values = _fault(row, person, known, team_set.name, seen)
        if code:
            rejected.append(Rejected(row, code, values))
            continue
        key = name_key(row.team)
        seen[str(person)] = row.number
        current = now.get(str(person))
        if current and name_key(names.get(current, "")) == key:
            unchanged += 1
            continue
        if key not in teams:
            new_teams.setdefault(key, row.team)
        coming[key] += 1
        if current:
            leaving[name_key(names.get(current, ""))] += 1
        moves.append((str(person), row.team, row.role))
    for key, count in coming.items():
        have = size[teams[key].id] if key in teams else 0
        if have - leaving[key] + count > team_set.max:
            late = [row for row in rows if name_key(row.team) == key][-1]
            rejected.append(Rejected(late, "row_team_full", (("team", late.team), ("max", team_set.max))))
    return Plan(len(rows), tuple(moves), tuple(new_teams.values()), unchanged, tuple(rejected))


def _fault(
    row: Row, person: str | None, known: Mapping[str, object], team_set: str, seen: Mapping[str, int]
) -> tuple[str, tuple[tuple[str, object], ...]]:
    """Why a line cannot be taken, or an empty code."""
    if not row.user:
        return "row_user_missing", ()
    if not row.team:
        return "row_team_missing", ()
    if len(row.team) > 60:
        return "row_team_name_long", (("most", 60),)
    if row.team_set and row.team_set != team_set:
        return "row_other_set", (("team_set", row.team_set), ("have", team_set))
    participant = known.get(person or "")
    if participant is None:
        return "row_user_unknown", (("user", row.user),)
    if not getattr(participant, "takes_part", False):
        return "row_takes_no_part", (("user", row.user),)
    if str(person) in seen:
        return "row_second_team", (("user", row.user), ("other", seen[str(person)]))
    return "", ()


def apply_import(
    unit: UnitOfWork, actor: Actor, activity_id: str, rows: Sequence[Row], people: Mapping[str, str | None]
) -> Plan:
    """Carry out an import whole, planned anew in this transaction; refused if a line is rejected."""
    plan = plan_import(unit, actor, activity_id, rows, people)
    if not plan.may_apply:
        raise Conflict("csv_rejected", rejected=plan.rejected)
    activity = unit.store.get(ACTIVITIES, activity_id)
    team_set = team_set_of(unit, activity, lock=True)
    for name in plan.new_teams:
        make_team(unit, actor, activity_id, name=name)
    teams = {team.name_key: team.id for team in all_teams(unit, team_set.id)}
    # People leave their old teams first, so that two full teams may swap members.
    for person, name, role in _emptying_first(unit, plan, teams):
        place(unit, actor, activity_id, person, teams[name_key(name)], reason="import")
        if role.casefold() == "leader":
            describe_leader(unit, unit.store.get(TEAMS, teams[name_key(name)]), person)
    return plan


def _emptying_first(unit: UnitOfWork, plan: Plan, teams: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Moves in an order in which no team is over-full on the way, as far as that is possible."""
    rest = list(plan.moves)
    while rest:
        sizes = {id: len(members_of(unit, id)) for id in {teams[name_key(name)] for _, name, _ in rest}}
        rest.sort(key=lambda move: sizes[teams[name_key(move[1])]])
        yield rest.pop(0)


def export_teams(unit: UnitOfWork, actor: Actor, activity_id: str, handles: Mapping[str, str]) -> str:
    """The set's teams as CSV; `handles` gives what the platform calls each person."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.LOOK_AT_TEAMS)
    team_set = team_set_of(unit, activity)
    teams = {team.id: team for team in all_teams(unit, team_set.id)}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(all_memberships(unit, team_set.id), key=lambda row: (teams[row.team].name_key, row.id)):
        if not actor.may_see_team(row.team):
            continue
        team = teams[row.team]
        role = "leader" if team.leader == row.person else "member"
        cells = (handles.get(row.person, row.person), team_set.name, team.name, role)
        writer.writerow([escaped(cell) for cell in cells])
    return out.getvalue()
