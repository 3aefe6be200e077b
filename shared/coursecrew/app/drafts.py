"""Writing together: places where two changed the same, and the versions of a draft to read and restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from coursecrew.app.attached import count_files
from coursecrew.app.bonds import mentor_subject
from coursecrew.app.draft_versions import SHOWN_KINDS, base_texts
from coursecrew.app.history import is_work_closed_to
from coursecrew.app.marks import MOST
from coursecrew.app.presence import others_here
from coursecrew.app.records import ACTIVITIES, DRAFT_VERSIONS, PRESENCES, WORKS
from coursecrew.app.submissions import WorkView, draft_of, drafting, own_work, put_in_force, save_draft
from coursecrew.app.teams import Standing, participants_of, standing, team_here
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import Invalid, NotAllowed, NotFound, Problem, Stale
from coursecrew.domain.merging import Merge, Overlap, merge
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, is_allowed, require
from coursecrew.domain.presence import Presence
from coursecrew.domain.submissions import (
    Draft,
    DraftVersion,
    VersionKind,
    WorkState,
    checked_texts,
)

VERSIONS_ON_A_PAGE = 50
WAYS = ("yours", "theirs", "both", "new", "before")


# --- places that two changed ---


@dataclass(frozen=True)
class Choice:
    """What somebody chose for one place: one of `WAYS`, or "" while it is open; `new` is their text."""

    way: str = ""
    new: str = ""

    def text(self, place: Overlap) -> str:
        """What stands in the place by this choice."""
        texts = {"yours": place.mine, "theirs": place.theirs, "both": place.both, "before": place.base}
        return texts.get(self.way, self.new)

    def loses(self, place: Overlap) -> bool:
        """Whether something of one's own text does not stand there afterwards."""
        return place.mine not in self.text(place)


def places_of(
    unit: UnitOfWork, actor: Actor, activity_id: str, texts: Mapping[str, str], *, base: int, seen: int
) -> dict[str, Merge]:
    """One's own texts, written upon version `base`, merged with version `seen`: part -> merge.

    Only parts with places that wait for a choice are named.
    """
    activity, _here, view = own_work(unit, actor, activity_id)
    if view.work is None:
        return {}
    before, theirs = base_texts(unit, view.work, base), base_texts(unit, view.work, seen)
    known = {prompt.id for prompt in activity.settings.prompts}
    merges = {p: merge(before.get(p, ""), t, theirs.get(p, "")) for p, t in texts.items() if p in known}
    return {part: merged for part, merged in merges.items() if merged.overlaps}


def resolve_draft(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    texts: Mapping[str, str],
    *,
    base: int,
    seen: int,
    choices: Mapping[str, Sequence[Choice]],
) -> Draft:
    """Save what somebody chose in the places that they and others changed.

    `texts` are their whole texts, written upon version `base`; the choices were made against version
    `seen`. A place left open is refused by its number. Where the draft has moved on, the outcome is
    merged again, as any save. What lost of the person's own stays as a version.
    """
    activity, _view, work = drafting(unit, actor, activity_id, Action.WRITE_DRAFT)
    mine = checked_texts(activity.settings.prompts, texts)
    before, theirs = base_texts(unit, work, base), base_texts(unit, work, seen)
    outcome: dict[str, str] = {}
    lost: dict[str, str] = {}
    problems: list[Problem] = []
    place = 0
    for part in (part for part in mine if part in texts):
        merged = merge(before.get(part, ""), mine[part], theirs.get(part, ""))
        chosen = list(choices.get(part, ()))
        chosen += [Choice()] * (len(merged.overlaps) - len(chosen))
        for number, choice in enumerate(chosen[: len(merged.overlaps)]):
            place += 1
            if choice.way not in WAYS:
                problems.append(Problem(f"choice-{part}-{number}", "place_open", (("number", place),)))
        pairs = list(zip(chosen, merged.overlaps, strict=False))
        outcome[part] = merged.resolved([choice.text(overlap) for choice, overlap in pairs])
        if any(choice.loses(overlap) for choice, overlap in pairs):
            lost[part] = mine[part]
    if problems:
        raise Invalid(*problems)
    return save_draft(unit, actor, activity_id, outcome, seen=seen, kept=lost or None)


# --- versions ---


@dataclass(frozen=True)
class VersionRow:
    """One line of the list of versions."""

    version: DraftVersion
    author: Participant | None


def member_of(here: Standing, team: str) -> bool:
    """Whether somebody standing there is in that team."""
    return here.team is not None and here.team.id == team


def versions_page(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, team: str = "", after: str = ""
) -> tuple[list[VersionRow], bool]:
    """The versions of a team's draft, newest first, and whether there are more.

    For the team and staff: mentors find those that were shared on their own page. `team` is the team
    whose they are, one's own if "" is given; `after` is the id of the last version
    of the page before.
    """
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    whose = team or (here.team.id if here.team else "")
    require(actor, Action.READ_DRAFT, replace(here.subject, team=whose, member=member_of(here, whose)))
    if not whose:
        raise NotFound("own_team")
    team_here(unit, activity, whose)
    works = unit.store.find(WORKS, activity=activity.id, team=whose, order="latest", limit=1)
    if not works:
        return [], False
    if is_work_closed_to(unit, works[0], here.membership):
        raise NotAllowed(str(Action.READ_SUBMISSION))
    last = unit.store.get(DRAFT_VERSIONS, after) if after else None
    if last and last.work != works[0].id:
        raise NotFound("version")
    rows = unit.store.find(
        DRAFT_VERSIONS, work=works[0].id, kind=SHOWN_KINDS, order="newest", after=last,
        limit=VERSIONS_ON_A_PAGE + 1,
    )  # fmt: skip
    people = participants_of(unit, activity.course, {row.author for row in rows})
    shown = [VersionRow(row, people.get(row.author)) for row in rows[:VERSIONS_ON_A_PAGE]]
    return shown, len(rows) > VERSIONS_ON_A_PAGE


def count_versions(unit: UnitOfWork, work_id: str) -> int:
    """How many versions a list shows; rights are the caller's to check."""
    return unit.store.count(DRAFT_VERSIONS, work=work_id, kind=SHOWN_KINDS) if work_id else 0


@dataclass(frozen=True)
class AroundDraft:
    """What the team's home says beside the draft."""

    files: int
    versions: int
    others: tuple[Presence, ...]  # who else has it open


def around_draft(unit: UnitOfWork, actor: Actor, activity: Activity, view: WorkView) -> AroundDraft:
    """Three looks, however much was written; rights are the caller's to check."""
    marks = unit.store.find(PRESENCES, activity=activity.id, team=view.team.id, limit=MOST)
    return AroundDraft(
        count_files(unit, activity.id, view.team.id),
        count_versions(unit, view.work.id if view.work else ""),
        tuple(others_here(marks, actor.person, unit)),
    )


@dataclass(frozen=True)
class VersionView:
    """One version beside the one before it and the draft as it is now."""

    version: DraftVersion
    team: str
    author: Participant | None
    before: DraftVersion | None
    draft: Draft
    may_restore: bool
    may_share: bool


def look_at_version(unit: UnitOfWork, actor: Actor, activity_id: str, version_id: str) -> VersionView:
    """A version of a draft: for its team, for staff, and where it was shared for the team's mentor."""
    row = unit.store.get(DRAFT_VERSIONS, version_id)
    work = unit.store.get(WORKS, row.work)
    if work.activity != activity_id:
        raise NotFound("version")
    activity = unit.store.get(ACTIVITIES, activity_id)
    here = standing(unit, actor, activity)
    if is_work_closed_to(unit, work, here.membership):
        raise NotAllowed(str(Action.READ_SUBMISSION))
    subject = mentor_subject(unit, actor, here, work.team)
    # A mentor reads what was shared, also where the team lets them read the draft as it stands now.
    closed = replace(subject, open_draft=False)
    as_mentor = row.shared and subject.mentor and not is_allowed(actor, Action.READ_DRAFT, closed)
    require(actor, Action.READ_AS_MENTOR if as_mentor else Action.READ_DRAFT, closed)
    only = {"shared": True} if as_mentor else {}
    earlier = unit.store.find(
        DRAFT_VERSIONS, work=row.work, kind=SHOWN_KINDS, order="newest", after=row, limit=2, **only
    )
    # A text that lost has the number of the draft it lost against; it is no state before another.
    before = next((one for one in earlier if one.kind != VersionKind.KEPT.value), None)
    people = participants_of(unit, activity.course, [row.author])
    writes = subject.member and work.state is WorkState.DRAFTING
    draft = draft_of(unit, work) if writes else Draft("", work.id)
    return VersionView(
        row, work.team, people.get(row.author), before, draft,
        may_restore=writes, may_share=subject.member and not row.shared,
    )  # fmt: skip


def restore_version(unit: UnitOfWork, actor: Actor, activity_id: str, version_id: str, *, seen: int) -> Draft:
    """Make an earlier version the draft again, as a new version; what stood there stays a version.

    `seen` is the number of the draft on the page where it was chosen: whoever saved meanwhile is not
    written over, and nothing is merged unasked.
    """
    look_at_version(unit, actor, activity_id, version_id)  # whoever may not read it learns nothing of it
    _activity, _view, work = drafting(unit, actor, activity_id, Action.WRITE_DRAFT)
    row = unit.store.get(DRAFT_VERSIONS, version_id)
    if row.work != work.id:
        raise NotFound("version")
    draft = draft_of(unit, work)
    if draft.number != seen:
        raise Stale(what="restore", seen=draft.number, clashes=[], by=work.edited_by, at=work.edited_at)
    texts = {**draft.texts, **row.texts}
    if texts == dict(draft.texts):
        return draft
    return put_in_force(unit, work, draft, texts, actor.person, VersionKind.RESTORED, source=row.number)


def share_version(unit: UnitOfWork, actor: Actor, activity_id: str, version_id: str) -> DraftVersion:
    """Show a version to the team's mentors, for good."""
    _activity, here, view = own_work(unit, actor, activity_id)
    require(actor, Action.WRITE_DRAFT, here.subject)
    row = unit.store.get(DRAFT_VERSIONS, version_id)
    if view.work is None or row.work != view.work.id:
        raise NotFound("version")
    return row if row.shared else unit.store.save(DRAFT_VERSIONS, replace(row, shared=True))
