"""How each record is stored: the one mapping between rows and objects, for every adapter.

A `RecordType` names its table and columns. Adapters are generic: they turn columns into whatever
their database wants, and call `to_row` and `from_row`. Rows are flat; inner values (rubric,
texts, accounts) are one JSON column each.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from coursecrew.domain import (
    activities,
    alerts,
    anchors,
    appeals,
    charters,
    check_ins,
    contributions,
    discussion,
    formations,
    grading,
    identity,
    mentoring,
    mergers,
    nudges,
    plans,
    presence,
    rejoinders,
    reviewing,
    rubrics,
    samples,
    sandbox,
    schedule,
    solo,
    submissions,
    survey,
    team_files,
    teams,
)
from coursecrew.domain.events import Event, Kind
from coursecrew.domain.gradebook import Cell, Component, Delivery
from coursecrew.domain.notices import Notice
from coursecrew.domain.people import Participant, Role, Source

R = TypeVar("R")


class Filled(Enum):
    """Asked of a column that may be empty: any value but none."""

    YES = "filled"


FILLED = Filled.YES


class Sort(StrEnum):
    """What a column holds; adapters map each sort to a type of their database."""

    KEY = "key"  # 32 lower-case hex digits, or ""
    TEXT = "text"  # up to `length` characters
    LONG = "long"  # any length
    JSON = "json"
    WHOLE = "whole"
    FLAG = "flag"
    TIME = "time"  # aware UTC, microseconds
    NUMBER = "number"  # exact decimal, kept as text


@dataclass(frozen=True)
class Column:
    """One column: its sort, and how its value becomes an object and back."""

    sort: Sort
    length: int = 255
    null: bool = False
    load: Callable[[Any], Any] | None = None
    dump: Callable[[Any], Any] | None = None

    def to_stored(self, value: Any) -> Any:
        """The value as a database driver takes it; times stay aware UTC."""
        if value is None:
            return None
        if self.dump:
            value = self.dump(value)
        if self.sort is Sort.JSON:
            return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        if self.sort is Sort.NUMBER:
            return str(value)
        if isinstance(value, StrEnum):
            return value.value
        if self.sort is Sort.TIME and isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError(f"a time without a zone: {value}")
            return value.astimezone(UTC)
        if isinstance(value, str) and "\0" in value:
            return value.replace("\0", "")  # PostgreSQL has no place for it, and no text a need
        return value

    def to_object(self, stored: Any) -> Any:
        """The stored value as the record has it; puts the zone back where a database lost it."""
        if stored is None:
            return None
        if self.sort is Sort.JSON:
            stored = json.loads(stored)
        elif self.sort is Sort.NUMBER:
            stored = Decimal(stored)
        elif self.sort is Sort.FLAG:
            stored = bool(stored)
        elif self.sort is Sort.TIME:
            stored = stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)
        return self.load(stored) if self.load else stored

    @property
    def stays_as_stored(self) -> bool:
        """Whether a stored value is the record's own already, in every database."""
        return self.load is None and self.sort in (Sort.KEY, Sort.TEXT, Sort.LONG, Sort.WHOLE)


def key() -> Column:
    """An id or person key; "" where there is none."""
    return Column(Sort.KEY, 32)


def text(length: int = 255) -> Column:
    """A short text."""
    return Column(Sort.TEXT, length)


def choice(kind: type[StrEnum], *, null: bool = False) -> Column:
    """One word of a fixed set."""
    return Column(Sort.TEXT, 40, null=null, load=kind)


def long() -> Column:
    """A text of any length."""
    return Column(Sort.LONG)


def whole() -> Column:
    """A whole number."""
    return Column(Sort.WHOLE)


def flag() -> Column:
    """Yes or no."""
    return Column(Sort.FLAG)


def time(*, null: bool = False) -> Column:
    """A moment."""
    return Column(Sort.TIME, null=null)


def number(*, null: bool = False) -> Column:
    """An exact decimal number."""
    return Column(Sort.NUMBER, 80, null=null)


def inner(load: Callable[[Any], Any], dump: Callable[[Any], Any], *, null: bool = False) -> Column:
    """Inner values as one JSON text."""
    return Column(Sort.JSON, null=null, load=load, dump=dump)


@dataclass(frozen=True)
class RecordType(Generic[R]):
    """One kind of record: table, builder, columns, unique rules, and the orders it is read in.

    `orders` maps a name to columns (a leading "-" turns one round); "id" always exists and every
    order ends with it. `indexes` are the equalities that screens ask for; a leading "-" sorts a column
    from the largest down. `personal` says in words
    what of a person stands in the table, for the data map and the hosts' privacy notes. `closed` rows
    are for those whom they name and nobody else: no page of a host for operators lists them.
    """

    table: str
    build: Callable[..., R]
    columns: Mapping[str, Column]
    unique: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    orders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    personal: str = ""
    closed: bool = False

    def __post_init__(self) -> None:
        names = {f.name for f in fields(cast("Any", self.build))}
        if names != set(self.columns):
            raise TypeError(f"{self.table}: columns and fields differ: {names ^ set(self.columns)}")

    @property
    def has_version(self) -> bool:
        """Whether a save is compared with what was read."""
        return "version" in self.columns

    def order(self, name: str) -> tuple[str, ...]:
        """The columns of a declared order, ending with the id; `KeyError` for an undeclared one."""
        columns = () if name == "id" else self.orders[name]
        return (*columns, "id")

    def beyond(self, order: str, last: R) -> Iterator[list[tuple[str, str, Any]]]:
        """What stands after `last` in that order: any of these lists, with all of its comparisons.

        A comparison is a column, one of "same", "above", "below", "empty", "filled", and the stored
        value. Nothing stands before everything, in every database.
        """
        same: list[tuple[str, str, Any]] = []
        for name in self.order(order):
            column = name.removeprefix("-")
            value = self.columns[column].to_stored(getattr(last, column))
            if name.startswith("-"):
                if value is not None:
                    yield [*same, (column, "below", value)]
                    if self.columns[column].null:
                        yield [*same, (column, "empty", None)]
            elif value is None:
                yield [*same, (column, "filled", None)]
            else:
                yield [*same, (column, "above", value)]
            same.append((column, "empty" if value is None else "same", value))

    def to_row(self, record: R) -> dict[str, Any]:
        """The record as stored values by column."""
        return {name: column.to_stored(getattr(record, name)) for name, column in self.columns.items()}

    def from_row(self, row: Mapping[str, Any]) -> R:
        """The record that a row of stored values holds."""
        return self.build(**{name: column.to_object(row[name]) for name, column in self.columns.items()})

    def from_values(self, values: Iterable[Any]) -> R:
        """The record that holds these stored values, given in the order of the columns."""
        return self.build(
            **{
                name: value if load is None else load(value)
                for (name, load), value in zip(self._loads, values, strict=True)
            }
        )

    @cached_property
    def _loads(self) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
        """What makes each stored value the record's own; `None` where it is already."""
        return tuple(
            (name, None if column.stays_as_stored else column.to_object)
            for name, column in self.columns.items()
        )


@dataclass(frozen=True)
class RequestKey:
    """A write that was done: sent twice, it has one effect and the same answer."""

    id: str
    person: str
    key: str
    at: datetime
    answer: dict[str, Any]


@dataclass(frozen=True)
class SettingsVersion:
    """The settings as somebody saved them; the base of a merge when two people edit at once."""

    id: str
    activity: str
    number: int
    settings: activities.Settings
    by: str
    at: datetime


@dataclass(frozen=True)
class Visit:
    """When somebody first and last opened an activity."""

    id: str
    activity: str
    person: str
    first_at: datetime
    last_at: datetime
    told_privacy: bool = False
    version: int = 1


@dataclass(frozen=True)
class StoredFile:
    """An uploaded file; `owner` is the activity (task text) whose text links it."""

    id: str
    course: str
    activity: str
    name: str
    kind: str  # media type by content
    size: int
    checksum: str
    stored: str  # the random name under which `Files` keeps it
    by: str
    at: datetime


def _plain(value: Any) -> Any:
    return value


def _as_list(value: Any) -> list[Any]:
    return list(value)


def _as_tuple(value: Any) -> tuple[str, ...]:
    return tuple(value)


def _settings() -> Column:
    return inner(activities.from_document, activities.to_document)


PARTICIPANTS = RecordType(
    "coursecrew_participant",
    Participant,
    {
        "id": key(), "course": text(), "person": key(), "name": text(), "role": choice(Role),
        "source": choice(Source), "since": time(), "active": flag(), "excluded": flag(),
        "once_staff": flag(), "looks_on": flag(), "named_role": choice(Role, null=True), "named_by": key(),
        "teams": inner(_as_tuple, list), "zone": text(64), "language": text(16), "mail": flag(),
        "shows_zone": flag(), "version": whole(),
    },
    unique=(("course", "person"),),
    orders={"name": ("name",), "newest": ("-since",)},
    indexes=(("course", "name"), ("course", "since")),
    personal="name, role and time zone of a person in a course",
)  # fmt: skip
ACTIVITIES = RecordType(
    "coursecrew_activity",
    activities.Activity,
    {
        "id": key(), "course": text(), "place": text(), "name": text(80), "kind": text(40),
        "settings": _settings(), "state": choice(activities.State), "published_at": time(null=True),
        "settings_number": whole(), "settings_by": key(), "settings_at": time(null=True), "wish": text(64),
        "held": inner(_as_tuple, list), "origin": key(), "work_begun": flag(), "released_at": time(null=True),
        "version": whole(),
    },
    unique=(("course", "place"), ("course", "name")),
    personal="who last changed the settings",
)  # fmt: skip
SETTINGS_VERSIONS = RecordType(
    "coursecrew_settings_version",
    SettingsVersion,
    {"id": key(), "activity": key(), "number": whole(), "settings": _settings(), "by": key(), "at": time()},
    unique=(("activity", "number"),),
    personal="who saved which settings",
)
TEAM_SETS = RecordType(
    "coursecrew_team_set",
    teams.TeamSet,
    {
        "id": key(), "course": text(), "name": text(80), "min": whole(), "ideal": whole(), "max": whole(),
        "join": text(20), "public": flag(), "lock_at": time(null=True), "publish_at": time(null=True),
        "version": whole(),
    },
    unique=(("course", "name"),),
)  # fmt: skip
TEAMS = RecordType(
    "coursecrew_team",
    teams.Team,
    {
        "id": key(), "team_set": key(), "name": text(80), "name_key": text(80), "size": whole(),
        "motto": text(140), "leader": key(), "open": flag(), "created_by": key(), "state": text(20),
        "merged_into": key(), "sign": text(40), "charter": key(), "held": flag(), "wanted_name": text(80),
        "wanted_motto": text(140), "version": whole(),
    },
    unique=(("team_set", "name_key"),),
    orders={"name": ("name_key",), "size": ("size", "name_key"), "largest": ("-size",)},
    indexes=(
        ("team_set", "state", "name_key"), ("team_set", "state", "size", "name_key"), ("team_set", "held"),
    ),
    personal="who founded a team and who leads it",
)  # fmt: skip
MEMBERSHIPS = RecordType(
    "coursecrew_membership",
    teams.Membership,
    {
        "id": key(), "team_set": key(), "team": key(), "person": key(), "since": time(), "active": flag(),
        "duty": text(80), "asked_at": time(null=True), "version": whole(),
    },
    unique=(("team_set", "person"),),
    indexes=(("team",),),
    personal="which team a person is in now",
)  # fmt: skip
MEMBERSHIP_EVENTS = RecordType(
    "coursecrew_membership_event",
    teams.MembershipEvent,
    {
        "id": key(), "team_set": key(), "team": key(), "person": key(), "event": choice(teams.Happened),
        "at": time(), "actor": key(), "reason": text(),
    },
    indexes=(("team",), ("team_set", "person")),
    personal="the history of a person's teams",
)  # fmt: skip
WAITING = RecordType(
    "coursecrew_waiting",
    teams.Waiting,
    {"id": key(), "team_set": key(), "team": key(), "person": key(), "since": time()},
    unique=(("team", "person"),),
    indexes=(("team_set", "person"),),
    personal="which teams a person waits for",
)
ASKINGS = RecordType(
    "coursecrew_asking",
    teams.Asking,
    {
        "id": key(), "team_set": key(), "team": key(), "person": key(), "kind": text(20), "by": key(),
        "at": time(), "expires": time(), "state": text(20), "version": whole(),
    },
    indexes=(("team", "state"), ("team_set", "person", "state"), ("state", "expires")),
    orders={"expiring": ("expires",)},
    personal="invitations and requests between a person and a team",
)  # fmt: skip
CARDS = RecordType(
    "coursecrew_card",
    teams.Card,
    {
        "id": key(), "team_set": key(), "person": key(), "pitch": text(teams.PITCH_LENGTH), "skills": text(),
        "hours": text(), "at": time(null=True), "version": whole(),
    },
    unique=(("team_set", "person"),),
    personal="what a person looking for a team wrote about themselves",
)  # fmt: skip
WORKS = RecordType(
    "coursecrew_work",
    submissions.Work,
    {
        "id": key(), "activity": key(), "team": key(), "round": whole(),
        "state": choice(submissions.WorkState), "pressed_at": time(null=True), "pressed_by": key(),
        "confirm_until": time(null=True), "submission": key(), "edited_at": time(null=True),
        "edited_by": key(), "reason": text(), "due_at": time(null=True), "closes_at": time(null=True),
        "version": whole(),
    },
    unique=(("activity", "team", "round"),),
    indexes=(("activity", "state"),),
    orders={"latest": ("-round",)},
    personal="who wrote last in a team's draft and who handed it in",
)  # fmt: skip
DRAFTS = RecordType(
    "coursecrew_draft",
    submissions.Draft,
    {"id": key(), "work": key(), "number": whole(), "texts": inner(_plain, dict), "version": whole()},
    unique=(("work",),),
    personal="what a team wrote together",
)
DRAFT_VERSIONS = RecordType(
    "coursecrew_draft_version",
    submissions.DraftVersion,
    {
        "id": key(), "work": key(), "number": whole(), "texts": inner(_plain, dict), "author": key(),
        "at": time(), "kind": text(20), "since": time(null=True), "source": whole(), "shared": flag(),
    },
    indexes=(("work", "number"), ("kind", "at")),
    orders={"newest": ("-number",), "oldest": ("at",)},
    personal="who wrote which version",
)  # fmt: skip
DRAFT_OPENINGS = RecordType(
    "coursecrew_draft_opening",
    submissions.DraftOpening,
    {"id": key(), "activity": key(), "team": key(), "by": key(), "at": time()},
    indexes=(("activity", "team", "at"),),
    orders={"newest": ("-at",)},
    personal="who of the course staff opened a team's draft while it was written",
)
SUBMISSIONS = RecordType(
    "coursecrew_submission",
    submissions.Submission,
    {
        "id": key(), "activity": key(), "work": key(), "team": key(), "round": whole(), "number": whole(),
        "texts": inner(_plain, dict), "handed_in_at": time(), "by": key(), "sealed_at": time(),
        "how": text(20), "state": text(20), "version": whole(),
    },
    indexes=(("activity", "state"), ("work",)),
    personal="what a team handed in",
)  # fmt: skip
BYLINES = RecordType(
    "coursecrew_byline",
    submissions.Byline,
    {
        "id": key(), "activity": key(), "submission": key(), "team": key(), "person": key(),
        "in_force": flag(), "version": whole(),
    },
    unique=(("submission", "person"),),
    indexes=(("activity", "person"), ("activity", "in_force")),
    personal="whose names stand on a submission",
)  # fmt: skip
CONFIRMATIONS = RecordType(
    "coursecrew_confirmation",
    submissions.Confirmation,
    {
        "id": key(), "work": key(), "press": key(), "person": key(), "says": text(10), "at": time(),
        "reason": text(1000),
    },
    unique=(("press", "person"),),
    indexes=(("work",),),
    personal="who confirmed a submission, or objected and why",
)  # fmt: skip
EXTENSIONS = RecordType(
    "coursecrew_extension",
    schedule.Extension,
    {
        "id": key(), "activity": key(), "team": key(), "person": key(), "due": time(),
        "closes": time(null=True), "reason": text(), "by": key(), "at": time(),
    },
    indexes=(("activity", "team"), ("activity", "person")),
    personal="who was given more time and why",
)  # fmt: skip
STAFF_SCORES = RecordType(
    "coursecrew_staff_score",
    grading.StaffScore,
    {
        "id": key(), "activity": key(), "work": key(), "submission": key(),
        "sheet": inner(rubrics.sheet_from, rubrics.sheet_to),
        "rubric": inner(activities.rubric_from, activities.rubric_to), "by": key(), "at": time(),
        "comment": long(), "complete": flag(), "version": whole(),
    },
    unique=(("work",),),
    indexes=(("activity",),),
    personal="what staff gave a team's work, and who gave it",
)  # fmt: skip
_ACCOUNT = inner(grading.account_from, grading.account_to, null=True)
GRADES = RecordType(
    "coursecrew_grade",
    grading.Grade,
    {
        "id": key(), "activity": key(), "person": key(), "team": key(), "number": whole(),
        "state": choice(grading.GradeState), "total": number(null=True), "account": _ACCOUNT, "at": time(),
        "override": number(null=True), "override_reason": text(1000), "override_by": key(),
        "released_at": time(null=True), "version": whole(),
    },
    unique=(("activity", "person"),),
    indexes=(("activity", "state"),),
    personal="a person's grade and how it was made",
)  # fmt: skip
GRADE_VERSIONS = RecordType(
    "coursecrew_grade_version",
    grading.GradeVersion,
    {
        "id": key(), "activity": key(), "person": key(), "number": whole(),
        "state": choice(grading.GradeState), "total": number(null=True), "account": _ACCOUNT,
        "at": time(), "cause": text(80), "by": key(),
    },
    unique=(("activity", "person", "number"),),
    personal="earlier states of a person's grade",
)  # fmt: skip
CELLS = RecordType(
    "coursecrew_gradebook_cell",
    Cell,
    {
        "id": key(), "activity": key(), "person": key(), "component": choice(Component),
        "wanted": number(null=True), "wanted_number": whole(), "comment": long(),
        "handed_in_at": time(null=True), "state": choice(Delivery), "sent_number": whole(),
        "sent_value": number(null=True), "sent_at": time(null=True), "stamp": time(null=True),
        "tries": whole(), "next_try": time(null=True), "answer": text(), "version": whole(),
    },
    unique=(("activity", "person", "component"),),
    indexes=(("state", "next_try"), ("activity", "state")),
    orders={"next": ("next_try",)},
    personal="a person's grade as it was sent to the gradebook",
)  # fmt: skip
EVENTS = RecordType(
    "coursecrew_event",
    Event,
    {
        "id": key(), "activity": key(), "course": text(), "kind": choice(Kind), "by": key(), "at": time(),
        "team": key(), "detail": inner(_plain, dict), "state": text(20), "tries": whole(),
        "next_try": time(null=True), "error": text(), "version": whole(),
    },
    indexes=(("state", "next_try"), ("activity",)),
    orders={"next": ("next_try",)},
    personal="who did what and when",
)  # fmt: skip
NOTICES = RecordType(
    "coursecrew_notice",
    Notice,
    {
        "id": key(), "course": text(), "activity": key(), "person": key(), "event": key(),
        "kind": choice(Kind), "at": time(), "detail": inner(_plain, dict), "read": flag(),
        "mail": text(20), "tries": whole(), "next_try": time(null=True), "error": text(), "item": key(),
        "version": whole(),
    },
    unique=(("event", "person"),),
    indexes=(("activity", "person", "read"), ("mail", "next_try"), ("person", "item")),
    orders={"newest": ("-at",), "next": ("next_try",)},
    personal="what a person was told",
)  # fmt: skip
SURVEY_ANSWERS = RecordType(
    "coursecrew_survey_answer",
    survey.SurveyAnswer,
    {
        "id": key(), "activity": key(), "person": key(), "answers": inner(_plain, dict), "at": time(),
        "agreed_at": time(null=True), "version": whole(),
    },
    unique=(("activity", "person"),),
    personal="what a person answered before teams were formed",
)  # fmt: skip
SENSITIVE_ANSWERS = RecordType(
    "coursecrew_sensitive_answer",
    survey.SensitiveAnswer,
    {
        "id": key(), "activity": key(), "person": key(), "answers": inner(_plain, dict), "at": time(),
        "version": whole(),
    },
    unique=(("activity", "person"),),
    personal="answers that only the optimiser reads; deleted 14 days after teams were published",
    closed=True,
)  # fmt: skip
FORMATIONS = RecordType(
    "coursecrew_formation",
    formations.Formation,
    {
        "id": key(), "activity": key(), "course": text(), "team_set": key(), "number": whole(),
        "state": choice(formations.RunState), "by": key(), "at": time(), "seed": whole(),
        "wishes": inner(_as_list, list), "pairs": inner(_plain, dict), "rules": inner(_plain, dict),
        "changed": text(1000), "learners": whole(), "answered": whole(), "passes": whole(), "of": whole(),
        "best": inner(_plain, dict), "result": inner(_plain, dict), "problems": inner(_as_list, list),
        "stop": flag(), "claimed_until": time(null=True), "done_at": time(null=True),
        "published_at": time(null=True), "sensitive_gone": flag(), "version": whole(),
    },
    unique=(("team_set", "number"),),
    indexes=(("state",), ("activity", "number")),
    orders={"newest": ("-number",)},
    personal="which pairs the instructor keeps together or apart",
)  # fmt: skip
FORMED_TEAMS = RecordType(
    "coursecrew_formed_team",
    formations.FormedTeam,
    {
        "id": key(), "formation": key(), "number": whole(), "name": text(80),
        "members": inner(_as_list, list), "size": whole(), "score": whole(), "unmet": whole(),
        "reasons": inner(_as_list, list), "locked": flag(), "team": key(), "version": whole(),
    },
    unique=(("formation", "number"),),
    indexes=(("formation", "score", "number"), ("formation", "team")),
    orders={"weakest": ("score", "number"), "number": ("number",)},
    personal="which team a run proposed for a person",
)  # fmt: skip
MERGERS = RecordType(
    "coursecrew_merger",
    mergers.Merger,
    {
        "id": key(), "activity": key(), "team_set": key(), "team": key(), "into": key(),
        "state": choice(mergers.MergerState), "at": time(), "until": time(), "by": key(), "why": text(1000),
        "decided_at": time(null=True), "decided_by": key(), "version": whole(),
    },
    indexes=(("team_set", "state"), ("team", "state"), ("into", "state"), ("activity", "state")),
    orders={"newest": ("-at",)},
    personal="who proposed and who decided the merging of two teams",
)  # fmt: skip
MERGER_VOTES = RecordType(
    "coursecrew_merger_vote",
    mergers.MergerVote,
    {
        "id": key(), "merger": key(), "team": key(), "person": key(), "agrees": flag(), "at": time(),
        "version": whole(),
    },
    unique=(("merger", "person"),),
    personal="what a person said about merging two teams",
)  # fmt: skip
CHARTERS = RecordType(
    "coursecrew_charter",
    charters.CharterVersion,
    {
        "id": key(), "team": key(), "number": whole(), "texts": inner(_plain, dict), "by": key(),
        "at": time(),
    },
    unique=(("team", "number"),),
    orders={"newest": ("-number",)},
    personal="what a team agreed on, and who wrote it",
)  # fmt: skip
SIGNATURES = RecordType(
    "coursecrew_signature",
    charters.Signature,
    {"id": key(), "charter": key(), "team": key(), "person": key(), "at": time()},
    unique=(("charter", "person"),),
    indexes=(("team",),),
    personal="who signed which version of a team's charter",
)
ROLE_TURNS = RecordType(
    "coursecrew_role_turn",
    charters.RoleTurn,
    {
        "id": key(), "team": key(), "person": key(), "role": text(80), "since": time(), "by": key(),
        "until": time(null=True), "version": whole(),
    },
    indexes=(("team",),),
    orders={"newest": ("-since",)},
    personal="who had which role in a team, and when",
)  # fmt: skip
MENTORSHIPS = RecordType(
    "coursecrew_mentorship",
    mentoring.Mentorship,
    {
        "id": key(), "team_set": key(), "team": key(), "person": key(), "since": time(), "by": key(),
        "until": time(null=True), "ended_by": key(), "reads_draft": flag(), "reads_talk": flag(),
        "version": whole(),
    },
    indexes=(("team",), ("team_set", "person")),
    personal="which teams a person mentors, and until when",
)  # fmt: skip
SANDBOX_ITEMS = RecordType(
    "coursecrew_sandbox_item",
    sandbox.Item,
    {
        "id": key(), "activity": key(), "person": key(), "team": key(), "audience": choice(sandbox.Audience),
        "mentors": inner(_as_tuple, list), "authors": inner(_as_tuple, list),
        "title": text(sandbox.TITLE_LENGTH), "text": long(), "number": whole(), "holds": flag(), "at": time(),
        "edited_at": time(), "edited_by": key(), "version": whole(),
    },
    indexes=(("activity", "person", "edited_at"), ("activity", "team", "edited_at")),
    orders={"newest": ("-edited_at",)},
    personal="what a person tried out, for those they chose; no page of staff shows it",
    closed=True,
)  # fmt: skip
SANDBOX_REMARKS = RecordType(
    "coursecrew_sandbox_remark",
    sandbox.Remark,
    {
        "id": key(), "item": key(), "person": key(), "saying": choice(sandbox.Saying), "text": long(),
        "at": time(),
    },
    indexes=(("item",),),
    personal="what a person said about something tried out",
    closed=True,
)  # fmt: skip
SANDBOX_FILES = RecordType(
    "coursecrew_sandbox_file",
    sandbox.SandboxFile,
    {
        "id": key(), "activity": key(), "item": key(), "name": text(), "kind": text(120), "size": whole(),
        "checksum": text(64), "stored": text(64), "cleaned": flag(), "by": key(), "at": time(),
    },
    indexes=(("item",),),
    personal="which files a person tried out, for those they chose; no page of staff shows them",
    closed=True,
)  # fmt: skip
SANDBOX_YES = RecordType(
    "coursecrew_sandbox_yes",
    sandbox.Yes,
    {"id": key(), "item": key(), "person": key(), "number": whole(), "at": time()},
    unique=(("item", "person"),),
    personal="who agrees that what they wrote goes into the draft",
)
GLASSES = RecordType(
    "coursecrew_glass",
    sandbox.Glass,
    {
        "id": key(), "course": text(), "activity": key(), "person": key(), "by": key(),
        "reason": text(1000), "at": time(), "until": time(),
    },
    indexes=(("activity", "person"), ("course", "at")),
    orders={"newest": ("-at",)},
    personal="which administrator opened whose sandbox, when and why",
)  # fmt: skip
NUDGES = RecordType(
    "coursecrew_nudge",
    nudges.Nudge,
    {
        "id": key(), "activity": key(), "team": key(), "item": key(), "about": choice(nudges.About),
        "person": key(), "by": key(), "at": time(),
    },
    indexes=(("activity", "item"),),
    personal="who reminded whom of what",
)  # fmt: skip
ALERTS = RecordType(
    "coursecrew_alert",
    alerts.Alert,
    {
        "id": key(), "activity": key(), "team_set": key(), "team": key(), "sign": choice(alerts.Sign),
        "state": choice(alerts.AlertState), "slot": key(), "at": time(), "values": inner(_plain, dict),
        "decided_at": time(null=True), "by": key(), "version": whole(),
    },
    unique=(("activity", "team", "sign", "slot"),),
    indexes=(("activity", "state", "at"),),
    orders={"newest": ("-at",)},
    personal="signs that a team needs help, and who saw to it",
)  # fmt: skip
WATCHES = RecordType(
    "coursecrew_watch",
    alerts.Watch,
    {"id": key(), "activity": key(), "at": time(), "version": whole()},
    unique=(("activity",),),
)
SOLO_ASKS = RecordType(
    "coursecrew_solo_ask",
    solo.SoloAsk,
    {
        "id": key(), "activity": key(), "team_set": key(), "team": key(), "person": key(),
        "wanted": choice(solo.Wanted), "state": choice(solo.SoloState), "at": time(), "until": time(),
        "why": text(1000), "decided_at": time(null=True), "by": key(), "version": whole(),
    },
    indexes=(("team",), ("team_set", "state", "at"), ("state", "until")),
    orders={"oldest": ("at",), "due": ("until",)},
    personal="that a person was alone in a team, and how they wanted to go on",
)  # fmt: skip
TASKS = RecordType(
    "coursecrew_task",
    plans.Task,
    {
        "id": key(), "activity": key(), "team": key(), "title": text(plans.TASK_LENGTH), "by": key(),
        "at": time(), "owner": key(), "due": time(null=True), "milestone": text(40),
        "state": choice(plans.TaskState), "blocked_by": key(), "blocked_for": text(plans.WHAT_LENGTH),
        "blocked_at": time(null=True), "reminded": whole(), "remind_at": time(null=True),
        "done_at": time(null=True), "done_by": key(), "version": whole(),
    },
    indexes=(("activity", "team"), ("activity", "state", "blocked_at"), ("state", "remind_at")),
    orders={"blocked": ("blocked_at",), "due": ("due",), "done": ("-done_at",), "reminding": ("remind_at",)},
    personal="who does which task of a team, and who waits for whom",
)  # fmt: skip
TEAM_MILESTONES = RecordType(
    "coursecrew_team_milestone",
    plans.TeamMilestone,
    {
        "id": key(), "activity": key(), "team": key(), "milestone": text(40), "state": text(20),
        "at": time(), "by": key(), "reminded": whole(), "remind_at": time(null=True), "version": whole(),
    },
    unique=(("activity", "team", "milestone"),),
    indexes=(("activity", "milestone", "state"), ("state", "remind_at")),
    orders={"reminding": ("remind_at",)},
    personal="who said that a team reached a milestone",
)  # fmt: skip
CHECK_INS = RecordType(
    "coursecrew_check_in",
    check_ins.CheckIn,
    {
        "id": key(), "activity": key(), "team": key(), "person": key(), "opens": time(),
        "answers": inner(_plain, dict), "at": time(), "problem": flag(), "note": long(),
        "note_for": choice(check_ins.NoteFor), "named": flag(), "counted": flag(), "version": whole(),
    },
    unique=(("activity", "team", "person", "opens"),),
    orders={"newest": ("-opens",)},
    personal="how a person finds the work of their team is going; others read means only",
)  # fmt: skip
POSTS = RecordType(
    "coursecrew_post",
    discussion.Post,
    {
        "id": key(), "activity": key(), "team": key(), "author": key(), "text": long(), "at": time(),
        "last_at": time(), "thread": key(), "title": text(discussion.THREAD_LENGTH), "state": text(20),
        "edited_at": time(null=True), "mentions": inner(_as_tuple, list), "linked": key(),
        "linked_number": whole(), "pinned": flag(), "pinned_at": time(null=True), "pinned_by": key(),
        "version": whole(),
    },
    indexes=(
        ("activity", "team", "thread", "last_at"), ("thread", "at"), ("activity", "team", "pinned"),
        ("activity", "author"),
    ),
    orders={
        "latest": ("-last_at", "-id"), "newest": ("-at", "-id"), "decided": ("-pinned_at", "-id"),
    },
    personal="what a person wrote in their team's discussion",
)  # fmt: skip
READ_MARKS = RecordType(
    "coursecrew_read_mark",
    discussion.ReadMark,
    {"id": key(), "activity": key(), "team": key(), "person": key(), "at": time(), "version": whole()},
    unique=(("activity", "team", "person"),),
    personal="up to when a person has read a discussion",
)
IDENTITY_CARDS = RecordType(
    "coursecrew_identity_card",
    identity.IdentityCard,
    {
        "id": key(), "course": text(), "person": key(), "chosen_name": text(identity.NAME_LENGTH),
        "pronouns": text(identity.PRONOUNS_LENGTH), "helps": text(identity.HELPS_LENGTH),
        "link": text(identity.LINK_LENGTH), "hidden": inner(_as_tuple, list), "at": time(null=True),
        "version": whole(),
    },
    unique=(("course", "person"),),
    personal="what a person shows of themselves to team-mates, mentor and course staff",
)  # fmt: skip
EFFORTS = RecordType(
    "coursecrew_effort",
    contributions.Effort,
    {
        "id": key(), "activity": key(), "team": key(), "person": key(), "edits": whole(), "words": whole(),
        "last_at": time(), "version": whole(),
    },
    unique=(("activity", "team", "person"),),
    personal="how often a person edited a draft, and how many words they wrote",
)  # fmt: skip
REMARKS = RecordType(
    "coursecrew_remark",
    contributions.Remark,
    {
        "id": key(), "activity": key(), "team": key(), "person": key(),
        "text": text(contributions.REMARK_LENGTH), "at": time(), "version": whole(),
    },
    unique=(("activity", "team", "person"),),
    personal="what a person says about their own part in the work",
)  # fmt: skip
REQUEST_KEYS = RecordType(
    "coursecrew_request_key",
    RequestKey,
    {"id": key(), "person": key(), "key": text(64), "at": time(), "answer": inner(_plain, dict)},
    unique=(("person", "key"),),
    indexes=(("at",),),
    orders={"oldest": ("at",)},
    personal="the keys of a person's latest writes, for two days",
)
VISITS = RecordType(
    "coursecrew_visit",
    Visit,
    {
        "id": key(), "activity": key(), "person": key(), "first_at": time(), "last_at": time(),
        "told_privacy": flag(), "version": whole(),
    },
    unique=(("activity", "person"),),
    personal="when a person first and last opened an activity",
)  # fmt: skip
FILES = RecordType(
    "coursecrew_file",
    StoredFile,
    {
        "id": key(), "course": text(), "activity": key(), "name": text(), "kind": text(120), "size": whole(),
        "checksum": text(64), "stored": text(64), "by": key(), "at": time(),
    },
    indexes=(("activity",),),
    personal="who uploaded which file",
)  # fmt: skip
PRESENCES = RecordType(
    "coursecrew_presence",
    presence.Presence,
    {
        "id": key(), "activity": key(), "team": key(), "person": key(), "name": text(), "part": text(),
        "seen_at": time(), "version": whole(),
    },
    unique=(("activity", "person"),),
    indexes=(("activity", "team"), ("team", "person"), ("seen_at",)),
    orders={"oldest": ("seen_at",)},
    personal="who has a team's draft open, for some minutes",
)  # fmt: skip
TEAM_FILES = RecordType(
    "coursecrew_team_file",
    team_files.TeamFile,
    {
        "id": key(), "course": text(), "activity": key(), "team": key(), "name": text(), "kind": text(120),
        "size": whole(), "checksum": text(64), "stored": text(64), "link": text(team_files.LONGEST_LINK),
        "cleaned": flag(), "by": key(), "at": time(), "state": text(10), "gone_at": time(null=True),
        "version": whole(),
    },
    indexes=(("activity", "team", "state"),),
    personal="which files and links somebody added to their team's draft",
)  # fmt: skip
SEALED_FILES = RecordType(
    "coursecrew_sealed_file",
    team_files.SealedFile,
    {"id": key(), "submission": key(), "file": key()},
    unique=(("submission", "file"),),
    indexes=(("file",),),
)


POOL = RecordType(
    "coursecrew_pool_work",
    reviewing.PoolWork,
    {
        "id": key(), "activity": key(), "work": key(), "team": key(), "submission": key(),
        "handed_in": time(), "tie": whole(), "taken": whole(), "submitted": whole(), "barred": whole(),
        "open": flag(), "late": flag(), "released_at": time(null=True), "scored_at": time(null=True),
        "round": whole(), "version": whole(),
    },
    unique=(("activity", "work"),),
    indexes=(
        ("activity", "round", "open", "taken", "-barred", "handed_in", "tie"),
        ("activity", "round", "open", "submitted", "taken", "-barred", "handed_in", "tie"),
        ("activity", "team"),
        ("activity", "submitted"),
    ),
    orders={
        "pull": ("taken", "-barred", "handed_in", "tie"),
        "rescue": ("submitted", "taken", "-barred", "handed_in", "tie"),
        "fewest": ("submitted", "handed_in"),
        # Backwards along the first index, so that the latest round is found without sorting.
        "rounds": ("-round", "-open", "-taken", "barred", "-handed_in", "-tie"),
    },
)  # fmt: skip
REVIEWS = RecordType(
    "coursecrew_review",
    reviewing.Review,
    {
        "id": key(), "activity": key(), "pool": key(), "team": key(), "reviewer": key(), "by_team": flag(),
        "state": choice(reviewing.ReviewState), "cause": choice(reviewing.Cause), "place": whole(),
        "alias": whole(), "taken_at": time(), "lease_until": time(null=True),
        "sheet": inner(rubrics.sheet_from, rubrics.sheet_to), "text": long(), "rubric": whole(),
        "number": whole(), "written_by": key(), "submitted_at": time(null=True), "reason": text(1000),
        "extra": flag(), "held_until": time(null=True), "held_for": text(40), "redacted": flag(),
        "nudged": text(), "version": whole(),
    },
    unique=(("pool", "reviewer"),),
    indexes=(
        ("activity", "reviewer"), ("activity", "state", "lease_until"), ("pool", "state"),
        ("activity", "team"),
    ),
    orders={"lapsing": ("lease_until",), "place": ("place",)},
    personal="which works somebody judged, and what they wrote about each",
)  # fmt: skip
REVIEW_VERSIONS = RecordType(
    "coursecrew_review_version",
    reviewing.ReviewVersion,
    {
        "id": key(), "review": key(), "number": whole(),
        "sheet": inner(rubrics.sheet_from, rubrics.sheet_to), "text": long(), "by": key(), "at": time(),
        "submitted": flag(),
    },
    unique=(("review", "number"),),
    personal="earlier states of a review, with who saved them",
)  # fmt: skip
REVIEWINGS = RecordType(
    "coursecrew_reviewing",
    reviewing.Reviewing,
    {
        "id": key(), "activity": key(), "reviewer": key(), "duty": whole(), "waived": whole(),
        "drops": whole(), "places": whole(), "version": whole(),
    },
    unique=(("activity", "reviewer"),),
    personal="how many reviews somebody owes in a peer review",
)  # fmt: skip
FILL_IN_REVIEWERS = RecordType(
    "coursecrew_fill_in_reviewer",
    reviewing.FillInReviewer,
    {
        "id": key(), "activity": key(), "person": key(), "by": key(), "at": time(), "until": time(null=True),
        "version": whole(),
    },
    unique=(("activity", "person"),),
    personal="which mentors the course staff named to write missing reviews",
)  # fmt: skip
QUEUE_TOLD = RecordType(
    "coursecrew_queue_told",
    reviewing.QueueTold,
    {"id": key(), "activity": key(), "at": time(), "version": whole()},
    unique=(("activity",),),
)
REJOINDERS = RecordType(
    "coursecrew_rejoinder",
    rejoinders.Rejoinder,
    {
        "id": key(), "activity": key(), "review": key(), "team": key(), "text": long(), "helpful": whole(),
        "specific": whole(), "kind": whole(), "flagged": flag(), "why": text(rejoinders.LONGEST_WHY),
        "points": inner(rejoinders.points_from, rejoinders.points_to), "by": key(), "at": time(null=True),
        "sent_at": time(null=True), "version": whole(),
    },
    unique=(("review",),),
    indexes=(("activity", "team"), ("activity", "flagged")),
    personal="what a team answered to a review, and who wrote it",
)  # fmt: skip
APPEALS = RecordType(
    "coursecrew_appeal",
    appeals.Appeal,
    {
        "id": key(), "activity": key(), "team": key(), "pool": key(), "submission": key(),
        "criterion": text(40), "reason": long(), "by": key(), "at": time(),
        "state": choice(appeals.AppealState), "answer": long(), "value": number(null=True),
        "decided_by": key(), "decided_at": time(null=True), "version": whole(),
    },
    unique=(("submission", "criterion"),),
    indexes=(("activity", "state", "at"), ("activity", "team"), ("pool",)),
    orders={"oldest": ("at",)},
    personal="why a team asked that its mark be looked at again, and who decided",
)  # fmt: skip
REVIEW_REMARKS = RecordType(
    "coursecrew_review_remark",
    anchors.ReviewRemark,
    {
        "id": key(), "activity": key(), "review": key(), "parent": key(), "prompt": text(40),
        "place": whole(), "quote": text(anchors.LONGEST_QUOTE), "text": long(), "by_authors": flag(),
        "by": key(), "at": time(), "gone": flag(), "version": whole(),
    },
    indexes=(("review", "at"),),
    orders={"oldest": ("at",)},
    personal="what somebody said at a passage of a work, and what its authors replied",
)  # fmt: skip
SAMPLE_TRIES = RecordType(
    "coursecrew_sample_try",
    samples.SampleTry,
    {
        "id": key(), "activity": key(), "sample": text(40), "person": key(),
        "sheet": inner(rubrics.sheet_from, rubrics.sheet_to), "share": whole(), "passed": flag(),
        "at": time(),
    },
    indexes=(("activity", "person"),),
    orders={"newest": ("-at",)},
    personal="how somebody rated practice samples",
)  # fmt: skip
PEER_CALIBRATIONS = RecordType(
    "coursecrew_peer_calibration",
    reviewing.PeerCalibration,
    {
        "id": key(), "activity": key(), "round": whole(), "at": time(), "constants": inner(_plain, dict),
        "works": inner(_plain, dict), "habits": inner(_plain, dict), "version": whole(),
    },
    unique=(("activity", "round"),),
    personal="how reviewers usually differ from others in one peer review; the course staff alone read it",
)  # fmt: skip


def rule_name(kind: RecordType[Any], columns: tuple[str, ...]) -> str:
    """A name for an index or unique rule: the same in both hosts, at most 30 characters.

    It hangs on the columns alone, so that adding an index renames no other.
    """
    seal = hashlib.sha256("-".join(columns).encode()).hexdigest()[:6]
    return f"{kind.table.replace('coursecrew_', 'crew_')[:23]}_{seal}"


ALL: tuple[RecordType[Any], ...] = (
    PARTICIPANTS, ACTIVITIES, SETTINGS_VERSIONS, TEAM_SETS, TEAMS, MEMBERSHIPS, MEMBERSHIP_EVENTS, WAITING,
    ASKINGS, CARDS, WORKS, DRAFTS, DRAFT_VERSIONS, SUBMISSIONS, BYLINES, CONFIRMATIONS, EXTENSIONS,
    STAFF_SCORES, GRADES, GRADE_VERSIONS, CELLS, EVENTS, NOTICES, REQUEST_KEYS, VISITS, FILES,
    SURVEY_ANSWERS, SENSITIVE_ANSWERS, FORMATIONS, FORMED_TEAMS, MERGERS, MERGER_VOTES, CHARTERS, SIGNATURES,
    ROLE_TURNS, PRESENCES, TEAM_FILES, SEALED_FILES, MENTORSHIPS, SANDBOX_ITEMS, SANDBOX_REMARKS, SANDBOX_YES,
    SANDBOX_FILES, DRAFT_OPENINGS, GLASSES, NUDGES, ALERTS, WATCHES, SOLO_ASKS,
    TASKS, TEAM_MILESTONES, CHECK_INS, POSTS, READ_MARKS, IDENTITY_CARDS, EFFORTS, REMARKS,
    POOL, REVIEWS, REVIEW_VERSIONS, REVIEWINGS, FILL_IN_REVIEWERS, QUEUE_TOLD, REJOINDERS, APPEALS,
    REVIEW_REMARKS, SAMPLE_TRIES, PEER_CALIBRATIONS,
)  # fmt: skip
BY_TABLE = {kind.table: kind for kind in ALL}
