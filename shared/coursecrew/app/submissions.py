"""The team's draft, signing off and handing in: the moves of one work, each in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coursecrew.app.attached import count_files, seal_files
from coursecrew.app.bonds import mentor_subject
from coursecrew.app.charters import must_be_signed
from coursecrew.app.contributions import note_edit
from coursecrew.app.draft_versions import base_texts, keep_version, mark_sealed
from coursecrew.app.history import is_closed_to
from coursecrew.app.records import (
    ACTIVITIES,
    BYLINES,
    CONFIRMATIONS,
    DRAFTS,
    EXTENSIONS,
    MEMBERSHIPS,
    SUBMISSIONS,
    TEAMS,
    VISITS,
    WORKS,
)
from coursecrew.app.reminders import put_away_about
from coursecrew.app.reviewing.leaving import leave_pools
from coursecrew.app.teams import (
    Standing,
    mark_presence,
    members_of,
    participants_of,
    standing,
    team_here,
)
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity, SubmitRule
from coursecrew.domain.errors import AlreadyDecided, Conflict, Invalid, NotAllowed, NotFound, Problem, Stale
from coursecrew.domain.events import Kind
from coursecrew.domain.grading import Lateness
from coursecrew.domain.merging import merge
from coursecrew.domain.people import Actor, Participant, unturned
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.schedule import Extension, Step, Window
from coursecrew.domain.submissions import (
    CONFIRM_WITHIN,
    Byline,
    Confirmation,
    Draft,
    Submission,
    VersionKind,
    Work,
    WorkState,
    checked_texts,
    may_press,
    missing_parts,
)
from coursecrew.domain.teams import Membership, Team

HANDED_IN = frozenset({WorkState.SUBMITTED, WorkState.IN_REVIEW, WorkState.REVIEWED})


@dataclass(frozen=True)
class Deadlines:
    """The draft step's windows: the base, and what extensions make of it for team and people."""

    base: Window
    extensions: tuple[Extension, ...]

    def of(self, person: str) -> Window:
        """One member's own window."""
        mine = (e for e in self.extensions if e.team or e.person == person)
        return self.base.extended(*mine)

    def of_work(self, people: Iterable[str]) -> Window:
        """The work's window: open until the latest closing time of its active members."""
        windows = [self.of(person) for person in people] or [
            self.base.extended(*(e for e in self.extensions if e.team))
        ]
        if any(window.closes is None for window in windows):
            closes = None
        else:
            closes = max(window.closes for window in windows if window.closes is not None)
        dues = [window.due for window in windows if window.due is not None]
        return Window(self.base.opens, max(dues, default=None), closes)


@dataclass(frozen=True)
class WorkView:
    """Everything about a team's work that its screens show, read with a fixed number of queries."""

    team: Team
    members: tuple[Membership, ...]
    people: Mapping[str, Participant]
    work: Work | None
    draft: Draft
    deadlines: Deadlines
    submission: Submission | None = None
    byline: tuple[Byline, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()

    @property
    def active(self) -> tuple[str, ...]:
        """Keys of the members who are there and take part (somebody made a TA meanwhile does not)."""
        return tuple(row.person for row in self.members if row.active and self.counts(row.person))

    def counts(self, person: str) -> bool:
        """Whether a member takes part still, as far as we know them."""
        return person not in self.people or self.people[person].takes_part

    @property
    def window(self) -> Window:
        """When this team may work."""
        return self.deadlines.of_work(self.active)

    @property
    def state(self) -> WorkState:
        """Where the work stands; a team that never wrote is drafting."""
        return self.work.state if self.work else WorkState.DRAFTING

    @property
    def awaited(self) -> tuple[str, ...]:
        """Whose confirmation is still missing."""
        if self.state is not WorkState.CONFIRMING:
            return ()
        said = {row.person for row in self.confirmations}
        named = {row.person for row in self.byline}
        return tuple(person for person in self.active if person in named and person not in said)


def look_at_work(unit: UnitOfWork, activity: Activity, team: Team) -> WorkView:
    """A team's work with its people and deadlines; rights are the caller's to check."""
    members = tuple(members_of(unit, team.id))
    found = unit.store.find(WORKS, activity=activity.id, team=team.id, order="latest", limit=1)
    work = found[0] if found else None
    drafts = unit.store.find(DRAFTS, work=work.id, limit=1) if work else []
    submission: Submission | None = None
    byline: tuple[Byline, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    if work and work.submission:
        submission = unit.store.get(SUBMISSIONS, work.submission)
        byline = tuple(unit.store.find(BYLINES, submission=submission.id, in_force=True))
        confirmations = tuple(unit.store.find(CONFIRMATIONS, press=submission.id))
    keys = {row.person for row in members} | {row.person for row in byline}
    if work:
        keys |= {work.edited_by, work.pressed_by} - {""}
    return WorkView(
        team=team,
        members=members,
        people=participants_of(unit, activity.course, keys),
        work=work,
        draft=drafts[0] if drafts else Draft("", work.id if work else ""),
        deadlines=deadlines_of(unit, activity, team.id, keys, work),
        submission=submission,
        byline=byline,
        confirmations=confirmations,
    )


def deadlines_of(
    unit: UnitOfWork, activity: Activity, team: str, people: Iterable[str], work: Work | None = None
) -> Deadlines:
    """The draft step's window and the extensions of this team and these people.

    A revision (`work` of a later round) has dates of its own.
    """
    for_team = unit.store.find(EXTENSIONS, activity=activity.id, team=team) if team else []
    keys = sorted(set(people))
    for_people = unit.store.find(EXTENSIONS, activity=activity.id, person=keys) if keys else []
    base = activity.window(Step.DRAFT)
    if work is not None and work.round > 1:
        base = Window(None, work.due_at, work.closes_at)
    return Deadlines(base, (*for_team, *for_people))


def own_work(unit: UnitOfWork, actor: Actor, activity_id: str) -> tuple[Activity, Standing, WorkView]:
    """The actor's own team and its work, for the team's screens."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    require(actor, Action.READ_DRAFT, here.subject)
    if here.team is None:
        raise NotFound("own_team")
    view = look_at_work(unit, activity, here.team)
    if is_closed_to(unit, view.submission, here.membership):
        raise NotAllowed(str(Action.READ_SUBMISSION))
    return activity, here, view


# --- writing ---


def drafting(
    unit: UnitOfWork, actor: Actor, activity_id: str, action: Action
) -> tuple[Activity, WorkView, Work]:
    """The team's work, held against others of the team until the end of the use case; refused unless
    the actor may do this and the draft is open."""
    activity, view = _writing(unit, actor, activity_id, action)
    work = unit.store.get(WORKS, _work(unit, activity, view.team).id, lock=True)
    if work.state is not WorkState.DRAFTING:
        raise AlreadyDecided(what="work", state=work.state.value)
    view.window.must_be_open(unit.now, Step.DRAFT)
    must_be_signed(unit, activity, view.team, view.active)
    return activity, view, work


def save_draft(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    texts: Mapping[str, str],
    *,
    seen: int,
    kept: Mapping[str, str] | None = None,
    kind: VersionKind = VersionKind.SAVED,
) -> Draft:
    """Save the team's draft, together with what others saved since the person opened it.

    `seen` is the number of the draft the person edited. Edits in different sentences both survive
    without a question; `Stale` names the parts in which both changed the same sentence, with all
    three texts.
    `kept` are own texts that lost when the person chose among such parts: they stay as a version.
    `kind` says whether the page saved by itself, or what else the version comes from.
    """
    activity, _view, work = drafting(unit, actor, activity_id, Action.WRITE_DRAFT)
    draft = draft_of(unit, work)
    sent = checked_texts(activity.settings.prompts, {**draft.texts, **texts})
    sent = {part: sent[part] for part in sent if part in texts}
    if seen == draft.number:
        mine = {**draft.texts, **sent}
    else:
        mine = _joined_texts(unit, work, draft, sent, seen)
    if kept:
        lost = checked_texts(activity.settings.prompts, {**draft.texts, **kept})
        keep_version(unit, work, replace(draft, texts=lost), actor.person, VersionKind.KEPT)
    if mine == dict(draft.texts):
        return draft
    return put_in_force(unit, work, draft, mine, actor.person, kind)


def put_in_force(
    unit: UnitOfWork,
    work: Work,
    draft: Draft,
    texts: Mapping[str, str],
    person: str,
    kind: VersionKind,
    *,
    source: int = 0,
) -> Draft:
    """Make these texts the draft, as its next version."""
    note_edit(unit, work.activity, work.team, person, draft.texts, texts)
    draft = unit.store.save(DRAFTS, replace(draft, texts=texts, number=draft.number + 1))
    keep_version(unit, work, draft, person, kind, source=source)
    unit.store.save(WORKS, replace(work, edited_at=unit.now, edited_by=person))
    return draft


def _joined_texts(
    unit: UnitOfWork, work: Work, draft: Draft, mine: Mapping[str, str], seen: int
) -> dict[str, str]:
    """Join two people's edits by sentence and line; refuse the parts where both changed the same."""
    base = base_texts(unit, work, seen)
    joined, clashes = dict(draft.texts), []
    for part, text in mine.items():
        before, theirs = base.get(part, ""), draft.texts.get(part, "")
        if text in (before, theirs):
            continue
        merged = merge(before, text, theirs)
        if merged.overlaps:
            clashes.append({"place": part, "yours": text, "theirs": theirs, "before": before})
        else:
            joined[part] = merged.text
    if clashes:
        raise Stale(
            what="draft", clashes=clashes, by=work.edited_by, at=work.edited_at, seen=draft.number, base=seen
        )
    return joined


# --- handing in ---


@dataclass(frozen=True)
class Consequence:
    """What handing in now means for one member."""

    person: str
    on_byline: bool
    window: Window
    late: Lateness


def consequences(
    view: WorkView, activity: Activity, now: datetime, ticked: Sequence[str] = ()
) -> list[Consequence]:
    """Each member's own due time and late figure, shown before anybody presses."""
    handed_in = view.work.pressed_at if view.work and view.state is WorkState.CONFIRMING else now
    return [
        Consequence(
            row.person,
            row.active or row.person in ticked,
            view.deadlines.of(row.person),
            Lateness(handed_in, view.deadlines.of(row.person), activity.settings.late),
        )
        for row in view.members
    ]


def submit(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, seen: int, ticked: Sequence[str] = ()
) -> Submission:
    """Hand in the team's draft for everyone in the byline.

    `seen` is the draft's number on the page with the consequences; a newer draft is refused, so
    that nobody hands in a text they have not seen. A second press is the same submission.
    """
    activity, view = _writing(unit, actor, activity_id, Action.SUBMIT_WORK)
    work = unit.store.get(WORKS, _work(unit, activity, view.team).id, lock=True)
    if not work.may("submit"):
        if work.submission and work.state in (WorkState.CONFIRMING, WorkState.SUBMITTED):
            return unit.store.get(SUBMISSIONS, work.submission)
        raise AlreadyDecided(what="work", state=work.state.value)
    own = view.deadlines.of(actor.person)
    own.must_be_open(unit.now, Step.DRAFT)
    _must_be_allowed_to_press(unit, activity, view, actor.person)
    draft = draft_of(unit, work)
    if draft.number != seen:
        raise Stale(what="submit", seen=draft.number, clashes=[], by=work.edited_by, at=work.edited_at)
    missing = missing_parts(activity.settings.prompts, draft.texts)
    if missing:
        raise Invalid(*(Problem(f"text-{p.id}", "part_missing", (("title", p.title),)) for p in missing))
    byline = [
        row.person for row in view.members if (row.active or row.person in ticked) and view.counts(row.person)
    ]
    asks = activity.settings.submit_rule is SubmitRule.ALL
    others = [person for person in view.active if person != actor.person]
    return _seal(
        unit, activity, work, view.team, draft, byline, by=actor.person, handed_in_at=unit.now,
        confirming=asks and bool(others),
    )  # fmt: skip


def _must_be_allowed_to_press(unit: UnitOfWork, activity: Activity, view: WorkView, person: str) -> None:
    leader = view.team.leader
    visits = unit.store.find(VISITS, activity=activity.id, person=leader, limit=1) if leader else []
    if not may_press(
        activity.settings.submit_rule,
        is_leader=leader == person,
        leader_present=leader in view.active,
        leader_seen=visits[0].last_at if visits else None,
        due=view.deadlines.of(person).due,
        now=unit.now,
    ):
        name = view.people[leader].name if leader in view.people else ""
        raise Conflict("leader_only", leader=name, due=view.deadlines.of(person).due)


def _seal(
    unit: UnitOfWork,
    activity: Activity,
    work: Work,
    team: Team,
    draft: Draft,
    byline: Sequence[str],
    *,
    by: str,
    handed_in_at: datetime,
    confirming: bool = False,
    how: str = "pressed",
) -> Submission:
    """Freeze version and byline; nobody gets onto a second byline of the same assignment."""
    elsewhere = {
        row.person
        for row in unit.store.find(BYLINES, activity=activity.id, person=list(byline), in_force=True)
        if row.team != team.id
    }
    names = [person for person in byline if person not in elsewhere]
    if by and by in elsewhere:
        raise Conflict("handed_in_elsewhere")
    submission = unit.store.add(
        SUBMISSIONS,
        Submission(
            id=unit.new_id(),
            activity=activity.id,
            work=work.id,
            team=team.id,
            round=work.round,
            number=draft.number,
            texts=draft.texts,
            handed_in_at=handed_in_at,
            by=by,
            sealed_at=unit.now,
            how=how,
        ),
    )
    seal_files(unit, activity.id, team.id, submission.id)
    mark_sealed(unit, work, draft.number)
    for person in names:
        unit.store.add(BYLINES, Byline(unit.new_id(), activity.id, submission.id, team.id, person))
    if confirming:
        unit.store.add(
            CONFIRMATIONS, Confirmation(unit.new_id(), work.id, submission.id, by, "yes", unit.now)
        )
    unit.store.save(
        WORKS,
        replace(
            work,
            state=WorkState.CONFIRMING if confirming else WorkState.SUBMITTED,
            pressed_at=handed_in_at,
            pressed_by=by,
            confirm_until=unit.now + CONFIRM_WITHIN if confirming else None,
            submission=submission.id,
        ),
    )
    if not activity.work_begun:
        unit.store.save(ACTIVITIES, replace(activity, work_begun=True))
    unit.record(
        Kind.WORK_CONFIRMING if confirming else Kind.WORK_SUBMITTED,
        activity=activity.id, course=activity.course, by=by, team=team.id, how=how, number=draft.number,
        until=(unit.now + CONFIRM_WITHIN).isoformat() if confirming else "",
    )  # fmt: skip
    return submission


def confirm(unit: UnitOfWork, actor: Actor, activity_id: str) -> Work:
    """Say yes to what a team-mate handed in; the last yes completes it."""
    activity, view = _writing(unit, actor, activity_id, Action.SUBMIT_WORK)
    work = _existing(view)
    if work.state in HANDED_IN:
        return work
    if not work.may("confirm"):
        raise AlreadyDecided(what="work", state=work.state.value)
    if actor.person not in {row.person for row in view.confirmations}:
        unit.store.add(
            CONFIRMATIONS,
            Confirmation(unit.new_id(), work.id, work.submission, actor.person, "yes", unit.now),
        )
        unit.record(
            Kind.WORK_CONFIRMED,
            activity=activity.id,
            course=activity.course,
            by=actor.person,
            team=view.team.id,
        )
        put_away_about(unit, work.submission, [actor.person])
    if set(view.awaited) - {actor.person}:
        return unit.store.save(WORKS, work)  # raises the version: of two last confirmers one comes again
    return _complete(unit, activity, work, view.team)


def object_to(unit: UnitOfWork, actor: Actor, activity_id: str, *, reason: str) -> Work:
    """Say no with a reason: the draft opens again, and everybody is told."""
    activity, view = _writing(unit, actor, activity_id, Action.SUBMIT_WORK)
    work = _existing(view)
    if not work.may("object"):
        raise AlreadyDecided(what="work", state=work.state.value)
    reason = unturned(reason).strip()[:1000]
    if not reason:
        raise Invalid(Problem("reason", "reason_missing"))
    unit.store.add(
        CONFIRMATIONS,
        Confirmation(unit.new_id(), work.id, unit.new_id(), actor.person, "no", unit.now, reason),
    )
    work = _reopen(unit, work)
    unit.record(
        Kind.WORK_OBJECTED, activity=activity.id, course=activity.course, by=actor.person, team=view.team.id,
        reason=reason,
    )  # fmt: skip
    return work


def withdraw(unit: UnitOfWork, actor: Actor, activity_id: str) -> Work:
    """Take back what was handed in, before the due time and before anybody judged it."""
    activity, view = _writing(unit, actor, activity_id, Action.WITHDRAW_WORK)
    work = _existing(view)
    if not work.may("withdraw"):
        raise AlreadyDecided(what="work", state=work.state.value)
    own = view.deadlines.of(actor.person)
    if own.due is not None and unit.now > own.due:
        raise Conflict("too_late_to_withdraw", due=own.due)
    _must_be_allowed_to_press(unit, activity, view, actor.person)
    work = _reopen(unit, work)
    unit.record(
        Kind.WORK_WITHDRAWN, activity=activity.id, course=activity.course, by=actor.person, team=view.team.id
    )
    return work


def _reopen(unit: UnitOfWork, work: Work) -> Work:
    """Back to drafting: the byline thaws, the old version is kept."""
    submission = unit.store.get(SUBMISSIONS, work.submission)
    unit.store.save(SUBMISSIONS, replace(submission, state="withdrawn"))
    names = unit.store.find(BYLINES, submission=submission.id, in_force=True)
    for row in names:
        unit.store.save(BYLINES, replace(row, in_force=False))
    put_away_about(unit, submission.id, [row.person for row in names])  # nobody is waited for any more
    return unit.store.save(
        WORKS,
        replace(
            work, state=WorkState.DRAFTING, pressed_at=None, pressed_by="", confirm_until=None, submission=""
        ),
    )


def _complete(unit: UnitOfWork, activity: Activity, work: Work, team: Team) -> Work:
    work = unit.store.save(WORKS, replace(work, state=WorkState.SUBMITTED, confirm_until=None))
    unit.record(
        Kind.WORK_SUBMITTED, activity=activity.id, course=activity.course, by=work.pressed_by, team=team.id,
        how="confirmed",
    )  # fmt: skip
    return work


# --- staff ---


def extend(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    *,
    team: str = "",
    person: str = "",
    due: datetime,
    reason: str,
) -> Extension:
    """Give a team or one person a later due date; the closing time moves along by as much."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.EXTEND)
    if not reason.strip():
        raise Invalid(Problem("reason", "reason_missing"))
    if team:
        team_here(unit, activity, team)
    if person and not participants_of(unit, activity.course, [person]):
        raise NotFound("person")
    base = activity.window(Step.DRAFT)
    if base.due is None or due <= base.due:
        raise Invalid(Problem("due", "not_later", (("due", base.due),)))
    closes = base.closes + (due - base.due) if base.closes else None
    extension = unit.store.add(
        EXTENSIONS,
        Extension(
            unit.new_id(),
            activity.id,
            team,
            person,
            due,
            closes,
            reason.strip()[:255],
            actor.person,
            unit.now,
        ),
    )
    people = [person] if person else []
    unit.record(
        Kind.EXTENSION_GIVEN, activity=activity.id, course=activity.course, by=actor.person, team=team,
        people=people, due=due.isoformat(), reason=reason.strip()[:255],
    )  # fmt: skip
    return extension


def excuse(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, *, reason: str) -> Work:
    """Excuse a team from this round; its weight goes to the other components."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    require(actor, Action.EXCUSE)
    if not reason.strip():
        raise Invalid(Problem("reason", "reason_missing"))
    work = _work(unit, activity, team_here(unit, activity, team_id))
    if work.state is WorkState.EXCUSED:
        return work
    work = unit.store.save(WORKS, replace(work, state=WorkState.EXCUSED, reason=reason.strip()[:255]))
    leave_pools(unit, activity, work)
    unit.record(
        Kind.WORK_EXCUSED, activity=activity.id, course=activity.course, by=actor.person, team=team_id,
        reason=reason.strip()[:255],
    )  # fmt: skip
    return work


def read_submission(unit: UnitOfWork, actor: Actor, activity_id: str, submission_id: str) -> Submission:
    """A submission, for whoever's name stands on it, the team's members now, and staff."""
    submission = unit.store.get(SUBMISSIONS, submission_id)
    if submission.activity != activity_id:
        raise NotFound("submission")
    named = unit.store.count(BYLINES, submission=submission_id, person=actor.person) > 0
    rows = unit.store.find(MEMBERSHIPS, team=submission.team, person=actor.person, limit=1)
    member = bool(rows) and not is_closed_to(unit, submission, rows[0])
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    towards = mentor_subject(unit, actor, here, submission.team)
    if submission.state == "withdrawn":  # a version like others again: its mentor reads what was shared
        towards = replace(towards, mentor=False)
    require(actor, Action.READ_SUBMISSION, replace(towards, in_byline=named, member=member))
    return submission


# --- what time does by itself (called by upkeep) ---


def pass_time(unit: UnitOfWork, activity_id: str, work_id: str) -> Work:
    """Complete what waited for confirmations too long; seal or miss what has closed."""
    activity = unit.store.get(ACTIVITIES, activity_id)
    work = unit.store.get(WORKS, work_id, lock=True)
    team = unit.store.get(TEAMS, work.team)
    view = look_at_work(unit, activity, team)
    over = view.window.is_over(unit.now)
    if work.state is WorkState.CONFIRMING:
        waited = work.confirm_until is not None and unit.now >= work.confirm_until
        if over or waited or not view.awaited:
            return _complete(unit, activity, work, team)
        return work
    if work.state is not WorkState.DRAFTING or not over:
        return work
    draft = draft_of(unit, work)
    empty = draft.is_empty() and not count_files(unit, activity.id, team.id)
    if empty or not activity.settings.auto_seal:
        work = unit.store.save(WORKS, replace(work, state=WorkState.MISSED))
        unit.record(Kind.WORK_MISSED, activity=activity.id, course=activity.course, by="", team=team.id)
        return work
    _seal(
        unit,
        activity,
        work,
        team,
        draft,
        view.active,
        by="",
        handed_in_at=work.edited_at or unit.now,
        how="at_close",
    )
    return unit.store.get(WORKS, work_id)


def begin_work(unit: UnitOfWork, activity_id: str, team_id: str) -> Work:
    """The work of a team that has none yet, so that its missing can be told."""
    return _work(unit, unit.store.get(ACTIVITIES, activity_id), unit.store.get(TEAMS, team_id))


# --- within ---


def _writing(unit: UnitOfWork, actor: Actor, activity_id: str, action: Action) -> tuple[Activity, WorkView]:
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    require(actor, action, here.subject)
    if here.team is None:
        raise NotFound("team")
    if not activity.is_visible:
        raise Conflict("not_published")
    if here.membership and not here.membership.active:
        # Whoever works with the team is there; they need not say so first.
        mark_presence(unit, activity, here.membership, active=True, by=actor.person, reason="at work")
    return activity, look_at_work(unit, activity, here.team)


def _existing(view: WorkView) -> Work:
    if view.work is None:
        raise AlreadyDecided(what="work", state=WorkState.DRAFTING.value)
    return view.work


def _work(unit: UnitOfWork, activity: Activity, team: Team) -> Work:
    found = unit.store.find(WORKS, activity=activity.id, team=team.id, order="latest", limit=1)
    if found:
        return found[0]
    return unit.store.add(WORKS, Work(unit.new_id(), activity.id, team.id))


def draft_of(unit: UnitOfWork, work: Work) -> Draft:
    """The draft of a work; made where nobody wrote yet."""
    found = unit.store.find(DRAFTS, work=work.id, limit=1)
    return found[0] if found else unit.store.add(DRAFTS, Draft(unit.new_id(), work.id))
