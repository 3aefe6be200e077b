"""Coming into an activity: its record, the person's record, and the settings in force."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from coursecrew.app.records import (
    ACTIVITIES,
    EXTENSIONS,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    PARTICIPANTS,
    REVIEWS,
    SETTINGS_VERSIONS,
    STAFF_SCORES,
    SURVEY_ANSWERS,
    TEAM_SETS,
    TEAMS,
    VISITS,
    SettingsVersion,
    Visit,
)
from coursecrew.app.turns import end_turns
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import (
    Activity,
    Facts,
    Settings,
    State,
    allowed,
    from_document,
    readiness,
    to_document,
)
from coursecrew.domain.errors import Conflict, Invalid, NotFound, Stale
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor, Participant, Role, one_line
from coursecrew.domain.permissions import Action, Subject, require
from coursecrew.domain.review_rules import PEER_REVIEW, TEAM_ASSIGNMENT
from coursecrew.domain.schedule import Extension, Step, Window
from coursecrew.domain.teams import Happened, MembershipEvent, TeamSet

SEEN_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Placed:
    """Where an activity stands, as the host tells in each request.

    `wish` is the settings document of the place (Open edX); `None` where settings are kept with
    the activity (LTI tool). `due` is the place's own due date, the default of the draft step, the
    same for everybody; `extra` is the time that the platform gave this one person beyond it.
    """

    course: str
    course_title: str
    place: str
    name: str
    kind: str = "team_assignment"
    title: str = ""
    wish: Mapping[str, Any] | None = None
    due: datetime | None = None
    origin: str = ""
    extra: timedelta = timedelta(0)

    @property
    def settings_here(self) -> bool:
        """Whether the settings are edited in these screens (else in the platform's own editor)."""
        return self.wish is None


@dataclass(frozen=True)
class Entered:
    """An activity, with the person who came in. `participant` is `None` for somebody looking on."""

    activity: Activity
    participant: Participant | None
    visit: Visit | None

    @property
    def subject(self) -> Subject:
        """What rights depend on before any team is known."""
        return Subject(takes_part=bool(self.participant and self.participant.takes_part))


def enter(unit: UnitOfWork, actor: Actor, placed: Placed) -> Entered:
    """Find (or, at first use, make) the activity, and note who came in.

    Somebody looking on (a test student of the platform, staff viewing as a learner) leaves no trace.
    """
    activity = _activity_at(unit, actor, placed)
    if actor.looks_on:
        return Entered(activity, None, None)
    participant = note_person(unit, actor)
    visit = _note_visit(unit, activity, actor)
    _note_extra_time(unit, activity, actor, placed)
    return Entered(activity, participant, visit)


def _note_extra_time(unit: UnitOfWork, activity: Activity, actor: Actor, placed: Placed) -> None:
    """Keep an extension that the platform gave: our own dates move by as much.

    It is kept as one of ours, so that it also holds with nobody there. Time once promised is not
    taken back here: staff see the extension beside the others.
    """
    window = activity.window(Step.DRAFT)
    if placed.extra <= timedelta(0) or window.due is None:
        return
    due = window.due + placed.extra
    known = unit.store.find(EXTENSIONS, activity=activity.id, person=actor.person)
    if any(extension.due >= due for extension in known):
        return
    closes = window.closes + placed.extra if window.closes else None
    unit.store.add(
        EXTENSIONS,
        Extension(unit.new_id(), activity.id, "", actor.person, due, closes, reason="", by="", at=unit.now),
    )


def note_person(unit: UnitOfWork, actor: Actor) -> Participant:
    """The person's record in this course, brought up to date with what the host says now."""
    found = unit.store.find(PARTICIPANTS, course=actor.course, person=actor.person, limit=1)
    if not found:
        fresh = Participant(
            id=unit.new_id(),
            course=actor.course,
            person=actor.person,
            name=one_line(actor.name),
            role=actor.role,
            source=actor.source,
            since=unit.now,
            zone=actor.zone,
            language=actor.language,
        ).seen_as(actor.role)
        return unit.store.add(PARTICIPANTS, fresh)
    old = found[0]
    new = replace(
        old.seen_as(actor.role),
        name=one_line(actor.name) or old.name,
        zone=actor.zone or old.zone,
        language=actor.language or old.language,
        active=True,
        looks_on=False,
    )
    if not old.active:
        # Enrolled again, and here before the member list said so: the same membership is back.
        mark_memberships(unit, actor.course, [actor.person], active=True)
    return unit.store.save(PARTICIPANTS, new) if new != old else old


def mark_memberships(unit: UnitOfWork, course: str, people: Sequence[str], *, active: bool) -> None:
    """Somebody who left the course is inactive in their teams; enrolling again brings them back."""
    if not people:
        return
    sets = {team_set.id for team_set in unit.store.find(TEAM_SETS, course=course)}
    event = Happened.ACTIVE if active else Happened.INACTIVE
    for row in unit.store.find(MEMBERSHIPS, person=list(people), limit=len(people) * 20):
        if row.team_set not in sets or row.active == active:
            continue
        if not active:
            end_turns(unit, row.team, [row.person])
        unit.store.save(
            MEMBERSHIPS, replace(row, active=active, asked_at=None, duty=row.duty if active else "")
        )
        unit.store.add(
            MEMBERSHIP_EVENTS,
            MembershipEvent(
                unit.new_id(), row.team_set, row.team, row.person, event, unit.now, "", "member list"
            ),
        )


def acting_as(actor: Actor, participant: Participant | None) -> Actor:
    """The actor with rights named in this course: a TA made here, possibly for some teams only."""
    if participant is None or participant.named_role is None or actor.role is Role.INSTRUCTOR:
        return actor
    return replace(actor, role=participant.effective_role, teams=participant.teams)


def _activity_at(unit: UnitOfWork, actor: Actor, placed: Placed) -> Activity:
    found = unit.store.find(ACTIVITIES, course=placed.course, place=placed.place, limit=1)
    activity = found[0] if found else _first_use(unit, actor, placed)
    if placed.wish is not None:
        activity = _compare(unit, activity, placed)
    return activity


def _first_use(unit: UnitOfWork, actor: Actor, placed: Placed) -> Activity:
    settings = Settings(title=placed.title)
    activity = Activity(
        id=unit.new_id(),
        course=placed.course,
        place=placed.place,
        name=placed.name,
        kind=placed.kind,
        settings=settings,
        origin=placed.origin,
        settings_at=unit.now,
    )
    activity = unit.store.add(ACTIVITIES, activity)
    _keep_version(unit, activity)
    return activity


def _compare(unit: UnitOfWork, activity: Activity, placed: Placed) -> Activity:
    """Let the allowed part of a changed wish take effect, and publish what is ready."""
    wish = placed.wish or {}
    print_ = fingerprint({**wish, "_due": placed.due.isoformat() if placed.due else ""})
    if print_ == activity.wish:
        return activity
    try:
        settings = with_due(from_document(wish), placed.due)
    except Invalid:
        return unit.store.save(ACTIVITIES, replace(activity, wish=print_, held=("unreadable",)))
    activity = _put_in_force(unit, replace(activity, wish=print_), settings, by="")
    blocks = any(check.blocks for check in readiness(settings, kind=activity.kind))
    if activity.state is State.HIDDEN and not blocks:
        activity = _published(unit, activity, by="")
    return activity


def with_due(settings: Settings, due: datetime | None) -> Settings:
    """Take the place's own due date where the author gave the draft none."""
    window = settings.step(Step.DRAFT)
    if due is None or window.due is not None:
        return settings
    closes = window.closes if window.closes is None or window.closes >= due else due
    return replace(settings, steps={**settings.steps, Step.DRAFT: Window(window.opens, due, closes)})


def fingerprint(document: Mapping[str, Any]) -> str:
    """A short text that changes whenever the document does."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()


def save_settings(unit: UnitOfWork, actor: Actor, activity_id: str, wish: Settings, *, seen: int) -> Activity:
    """Save settings that are kept with the activity; `seen` is the number the person edited.

    Somebody else's save in between is merged where the two changed different things; where both
    changed the same, `Stale` carries the three texts of each such place.
    """
    activity = unit.store.get(ACTIVITIES, activity_id, lock=True)
    require(actor, Action.CHANGE_SETTINGS)
    if seen != activity.settings_number:
        base = settings_version(unit, activity.id, seen)
        merged, clashes = merge_documents(
            to_document(base.settings), to_document(wish), to_document(activity.settings)
        )
        if clashes:
            raise Stale(
                what="settings",
                clashes=clashes,
                by=activity.settings_by,
                at=activity.settings_at,
                seen=activity.settings_number,
            )
        wish = from_document(merged)
    _refuse_deletion(activity, wish, facts(unit, activity))
    return _put_in_force(unit, activity, wish, by=actor.person)


def _refuse_deletion(activity: Activity, wish: Settings, known: Facts) -> None:
    """Refuse to take away a criterion that released grades were made with."""
    if not (known.released and known.marked_rubric):
        return
    kept = {criterion.id for criterion in wish.rubric.criteria}
    gone = [criterion for criterion in activity.settings.rubric.criteria if criterion.id not in kept]
    if gone:
        raise Conflict("criterion_in_use", title=gone[0].title)


def settings_version(unit: UnitOfWork, activity_id: str, number: int) -> SettingsVersion:
    """The settings as they stood under that number."""
    found = unit.store.find(SETTINGS_VERSIONS, activity=activity_id, number=number, limit=1)
    if not found:
        raise NotFound("settings")
    return found[0]


def merge_documents(
    base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Three-way merge of settings, place by place; what both changed differently is a clash.

    Tables (`teams`, `late`, `steps`) are merged by entry; lists and texts are one place each.
    """
    merged: dict[str, Any] = {}
    clashes: list[dict[str, Any]] = []
    for name in {**base, **mine, **theirs}:
        b, m, t = base.get(name), mine.get(name), theirs.get(name)
        if m in (t, b):
            merged[name] = t
        elif t == b:
            merged[name] = m
        elif all(isinstance(value, Mapping) for value in (b, m, t)) and name != "rubric":
            inner, more = merge_documents(b or {}, m or {}, t or {})
            merged[name] = inner
            clashes += [{**clash, "place": f"{name}.{clash['place']}"} for clash in more]
        else:
            merged[name] = t
            clashes.append({"place": name, "yours": m, "theirs": t, "before": b})
    return merged, clashes


def _put_in_force(unit: UnitOfWork, activity: Activity, wish: Settings, *, by: str) -> Activity:
    settings, held = allowed(activity.settings, wish, facts(unit, activity))
    if not settings.rubric.same_structure(activity.settings.rubric):
        number = activity.settings.rubric.number + 1
        settings = replace(settings, rubric=replace(settings.rubric, number=number))
    changed = to_document(settings) != to_document(activity.settings)
    activity = replace(
        activity,
        settings=settings,
        held=held,
        settings_number=activity.settings_number + (1 if changed else 0),
        settings_by=by if changed else activity.settings_by,
        settings_at=unit.now if changed else activity.settings_at,
    )
    activity = unit.store.save(ACTIVITIES, activity)
    if changed:
        _keep_version(unit, activity)
        _follow_rules(unit, activity)
        unit.record(
            Kind.SETTINGS_CHANGED, activity=activity.id, course=activity.course, by=by, held=list(held)
        )
    return activity


def _keep_version(unit: UnitOfWork, activity: Activity) -> None:
    unit.store.add(
        SETTINGS_VERSIONS,
        SettingsVersion(
            unit.new_id(),
            activity.id,
            activity.settings_number,
            activity.settings,
            activity.settings_by,
            unit.now,
        ),
    )


def _follow_rules(unit: UnitOfWork, activity: Activity) -> None:
    """Bring an existing team set in line with its activity's settings."""
    found = unit.store.find(TEAM_SETS, course=activity.course, name=activity.settings.teams.name, limit=1)
    if found:
        unit.store.save(TEAM_SETS, _with_rules(found[0], activity))


def _with_rules(team_set: TeamSet, activity: Activity) -> TeamSet:
    rules = activity.settings.teams
    return replace(
        team_set,
        min=rules.min,
        ideal=rules.ideal,
        max=rules.max,
        join=rules.join.value,
        public=rules.public,
        lock_at=rules.lock_at,
        publish_at=rules.publish_at,
    )


def team_set_of(unit: UnitOfWork, activity: Activity, *, lock: bool = False) -> TeamSet:
    """The team set of an activity, made at first use."""
    name = activity.settings.teams.name
    found = unit.store.find(TEAM_SETS, course=activity.course, name=name, limit=1)
    if found:
        return unit.store.get(TEAM_SETS, found[0].id, lock=True) if lock else found[0]
    fresh = TeamSet(unit.new_id(), activity.course, name, 1, 1, 1, "self", public=True)
    return unit.store.add(TEAM_SETS, _with_rules(fresh, activity))


def activities_of(unit: UnitOfWork, team_set: TeamSet) -> list[Activity]:
    """The published team assignments whose teams are those of this set."""
    rows = unit.store.find(ACTIVITIES, course=team_set.course, state=State.PUBLISHED.value, limit=1000)
    return [row for row in rows if row.kind == TEAM_ASSIGNMENT and row.settings.teams.name == team_set.name]


def facts(unit: UnitOfWork, activity: Activity) -> Facts:
    """What has happened already, as far as locks depend on it."""
    found = unit.store.find(TEAM_SETS, course=activity.course, name=activity.settings.teams.name, limit=1)
    largest = 0
    if found:
        rows = unit.store.find(TEAMS, team_set=found[0].id, state="active", order="largest", limit=1)
        largest = rows[0].size if rows else 0
    reviewed = activity.kind == PEER_REVIEW and bool(unit.store.find(REVIEWS, activity=activity.id, limit=1))
    return Facts(
        work_begun=activity.work_begun,
        largest_team=largest,
        released=activity.released_at is not None,
        marked_rubric=reviewed or unit.store.count(STAFF_SCORES, activity=activity.id) > 0,
        reviewed=reviewed,
        answered=bool(unit.store.find(SURVEY_ANSWERS, activity=activity.id, limit=1)),
        now=unit.now,
    )


def publish(unit: UnitOfWork, actor: Actor, activity_id: str, *, complete: bool = False) -> Activity:
    """Make the activity visible to learners; refused with the list of what blocks it.

    `complete`: the host's list of members holds everybody who will come (`People.knows_all`).
    """
    activity = unit.store.get(ACTIVITIES, activity_id, lock=True)
    require(actor, Action.PUBLISH)
    if activity.state is not State.HIDDEN:
        return activity
    learners = count_learners(unit, activity.course)
    checks = readiness(activity.settings, kind=activity.kind, learners=learners, complete=complete)
    blocking = [check for check in checks if check.blocks]
    if blocking:
        raise Conflict("not_ready", checks=blocking)
    return _published(unit, activity, by=actor.person)


def _published(unit: UnitOfWork, activity: Activity, *, by: str) -> Activity:
    activity = unit.store.save(ACTIVITIES, replace(activity, state=State.PUBLISHED, published_at=unit.now))
    if activity.kind != PEER_REVIEW:
        team_set_of(unit, activity)
    unit.record(Kind.ACTIVITY_PUBLISHED, activity=activity.id, course=activity.course, by=by)
    return activity


def count_learners(unit: UnitOfWork, course: str) -> int:
    """How many people take part in the course, as far as we know them."""
    return unit.store.count(
        PARTICIPANTS,
        course=course,
        role=Role.LEARNER.value,
        named_role=None,
        active=True,
        excluded=False,
        once_staff=False,
        looks_on=False,
    )


def _note_visit(unit: UnitOfWork, activity: Activity, actor: Actor) -> Visit:
    found = unit.store.find(VISITS, activity=activity.id, person=actor.person, limit=1)
    if not found:
        return unit.store.add(VISITS, Visit(unit.new_id(), activity.id, actor.person, unit.now, unit.now))
    visit = found[0]
    if unit.now - visit.last_at < SEEN_EVERY:
        return visit
    return unit.store.save(VISITS, replace(visit, last_at=unit.now))


def privacy_told(unit: UnitOfWork, actor: Actor, activity_id: str) -> None:
    """Note that the person has read who sees what they write here."""
    found = unit.store.find(VISITS, activity=activity_id, person=actor.person, limit=1)
    if found and not found[0].told_privacy:
        unit.store.save(VISITS, replace(found[0], told_privacy=True))
