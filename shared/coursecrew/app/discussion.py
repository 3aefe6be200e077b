"""A team's discussion: threads, replies, mentions, decisions; each page with a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from coursecrew.app.bonds import mentors_of
from coursecrew.app.circle import Circle, circle_of, own_circle
from coursecrew.app.draft_versions import SHOWN_KINDS
from coursecrew.app.records import (
    CHECK_INS,
    DRAFT_VERSIONS,
    IDENTITY_CARDS,
    MEMBERSHIPS,
    MENTORSHIPS,
    POSTS,
    READ_MARKS,
    TEAMS,
    WORKS,
)
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.check_ins import CheckIn
from coursecrew.domain.discussion import Post, ReadMark, checked_post, checked_title, mentions_in
from coursecrew.domain.errors import Conflict, NotAllowed, NotFound
from coursecrew.domain.events import Kind
from coursecrew.domain.mentoring import Mentorship
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, require
from coursecrew.domain.submissions import DraftVersion, VersionKind
from coursecrew.domain.teams import Team

THREADS_ON_A_PAGE = 20
POSTS_ON_A_PAGE = 50
VERSIONS_OFFERED = 10
NEW_COUNTED = 20
DECISIONS_ON_HOME = 3


@dataclass(frozen=True)
class Threads:
    """A page of threads, the one written in last first."""

    circle: Circle
    threads: tuple[Post, ...]
    replies: dict[str, int]  # first post -> how many answers
    more: str  # where the next page goes on
    read_at: datetime | None
    people: dict[str, Participant]
    decisions: int
    versions: tuple[DraftVersion, ...] = ()
    mentors: tuple[Mentorship, ...] = ()


@dataclass(frozen=True)
class Thread:
    """A page of one thread's posts, in the order they were written; its first post is always there."""

    circle: Circle
    first: Post
    posts: tuple[Post, ...]
    earlier: str  # where the page before goes on
    replies: int
    people: dict[str, Participant]
    versions: tuple[DraftVersion, ...] = ()
    mentors: tuple[Mentorship, ...] = ()


@dataclass(frozen=True)
class News:
    """What a team's home says of its discussion."""

    new: int  # posts of others not read yet; `NEW_COUNTED` means that many or more
    decisions: tuple[Post, ...]
    more_decisions: bool

    @property
    def is_many(self) -> bool:
        """Whether there may be more new posts than were counted."""
        return self.new >= NEW_COUNTED


# --- reading ---


def own_threads(unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "") -> Threads:
    """The threads of the actor's own team."""
    circle = own_circle(unit, actor, activity_id, Action.READ_DISCUSSION)
    return _threads(unit, circle, actor, after)


def threads_of(unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, *, after: str = "") -> Threads:
    """A team's threads, for the course staff."""
    circle = circle_of(unit, actor, activity_id, team_id, Action.READ_DISCUSSION)
    return _threads(unit, circle, actor, after)


def _threads(unit: UnitOfWork, circle: Circle, actor: Actor, after: str) -> Threads:
    about = _about(circle)
    last = _post(unit, circle, after) if after else None
    found = unit.store.find(
        POSTS, **about, thread="", order="latest", after=last, limit=THREADS_ON_A_PAGE + 1
    )
    threads = found[:THREADS_ON_A_PAGE]
    replies = unit.store.tally(POSTS, "thread", thread=[one.id for one in threads]) if threads else {}
    mark = _mark(unit, circle, actor.person)
    mentors = tuple(mentors_of(unit, circle.team.id))
    keys = {one.author for one in threads} | {*circle.people} | {row.person for row in mentors}
    return Threads(
        circle,
        tuple(threads),
        replies,
        threads[-1].id if len(found) > THREADS_ON_A_PAGE else "",
        mark.at if mark else None,
        participants_of(unit, circle.activity.course, keys),
        unit.store.count(POSTS, **about, pinned=True),
        _versions(unit, circle),
        mentors,
    )


def own_thread(unit: UnitOfWork, actor: Actor, activity_id: str, post_id: str, *, before: str = "") -> Thread:
    """A thread of the actor's own team: the newest posts, or those before a given one."""
    circle = own_circle(unit, actor, activity_id, Action.READ_DISCUSSION)
    return _thread(unit, circle, post_id, before)


def thread_of(
    unit: UnitOfWork, actor: Actor, activity_id: str, team_id: str, post_id: str, *, before: str = ""
) -> Thread:
    """A thread of a team, for the course staff."""
    circle = circle_of(unit, actor, activity_id, team_id, Action.READ_DISCUSSION)
    return _thread(unit, circle, post_id, before)


def _thread(unit: UnitOfWork, circle: Circle, post_id: str, before: str) -> Thread:
    first = _post(unit, circle, post_id)
    if first.thread:
        raise NotFound("post")
    last = _post(unit, circle, before) if before else None
    found = unit.store.find(
        POSTS, **_about(circle), thread=first.id, order="newest", after=last, limit=POSTS_ON_A_PAGE + 1
    )
    posts = found[:POSTS_ON_A_PAGE]
    mentors = tuple(mentors_of(unit, circle.team.id))
    keys = {first.author, first.pinned_by, *circle.people, *(row.person for row in mentors)}
    keys |= {key for one in posts for key in (one.author, one.pinned_by)}
    return Thread(
        circle,
        first,
        tuple(reversed(posts)),
        posts[-1].id if len(found) > POSTS_ON_A_PAGE else "",
        unit.store.count(POSTS, thread=first.id),
        participants_of(unit, circle.activity.course, keys - {""}),
        _versions(unit, circle),
        mentors,
    )


@dataclass(frozen=True)
class Decisions:
    """A page of what the team decided, the latest first."""

    circle: Circle
    posts: tuple[Post, ...]
    more: str
    people: dict[str, Participant]
    mentors: tuple[Mentorship, ...] = ()


def own_decisions(unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "") -> Decisions:
    """The decisions of the actor's own team."""
    circle = own_circle(unit, actor, activity_id, Action.READ_DISCUSSION)
    last = _post(unit, circle, after) if after else None
    found = unit.store.find(
        POSTS, **_about(circle), pinned=True, order="decided", after=last, limit=THREADS_ON_A_PAGE + 1
    )
    posts = found[:THREADS_ON_A_PAGE]
    mentors = tuple(mentors_of(unit, circle.team.id))
    keys = {key for one in posts for key in (one.author, one.pinned_by)} - {""}
    keys |= {row.person for row in mentors}
    return Decisions(
        circle,
        tuple(posts),
        posts[-1].id if len(found) > THREADS_ON_A_PAGE else "",
        participants_of(unit, circle.activity.course, keys),
        mentors,
    )


def news(unit: UnitOfWork, activity_id: str, team_id: str, person: str) -> News:
    """What a team's home says of its discussion: three queries. Rights are the caller's to check."""
    about: dict[str, Any] = {"activity": activity_id, "team": team_id}
    marks = unit.store.find(READ_MARKS, **about, person=person, limit=1)
    newest = unit.store.find(POSTS, **about, order="newest", limit=NEW_COUNTED)
    pinned = unit.store.find(POSTS, **about, pinned=True, order="decided", limit=DECISIONS_ON_HOME + 1)
    new = [
        post
        for post in newest
        if post.author != person and not post.is_deleted and (not marks or post.at > marks[0].at)
    ]
    return News(len(new), tuple(pinned[:DECISIONS_ON_HOME]), len(pinned) > DECISIONS_ON_HOME)


def own_post(unit: UnitOfWork, actor: Actor, activity_id: str, post_id: str) -> tuple[Circle, Post]:
    """A post of one's own, to change it."""
    circle = own_circle(unit, actor, activity_id, Action.WRITE_POST)
    post = _post(unit, circle, post_id)
    _must_be_own(post, actor)
    _must_be_fresh(unit, post)
    return circle, post


@dataclass(frozen=True)
class Past:
    """What somebody wrote in teams of this activity, also those they have left."""

    posts: tuple[Post, ...]
    more: str
    check_ins: tuple[CheckIn, ...]
    teams: dict[str, Team]
    now_in: frozenset[str]  # ids of the teams they are in now


def own_past(unit: UnitOfWork, actor: Actor, activity_id: str, *, after: str = "") -> Past:
    """The actor's own posts and check-ins, whatever team they are in now."""
    require(actor, Action.READ_OWN_PAST)
    last = None
    if after:
        last = unit.store.get(POSTS, after)
        if last.activity != activity_id or last.author != actor.person:
            raise NotFound("post")
    mine: dict[str, Any] = {"activity": activity_id, "author": actor.person, "state": "posted"}
    found = unit.store.find(POSTS, **mine, order="newest", after=last, limit=POSTS_ON_A_PAGE + 1)
    posts = found[:POSTS_ON_A_PAGE]
    rows = unit.store.find(
        CHECK_INS, activity=activity_id, person=actor.person, order="newest", limit=POSTS_ON_A_PAGE
    )
    ids = sorted({post.team for post in posts} | {row.team for row in rows})
    teams = unit.store.find(TEAMS, id=ids, limit=len(ids)) if ids else []
    open_ = unit.store.find(MEMBERSHIPS, person=actor.person, team=ids, limit=len(ids)) if ids else []
    return Past(
        tuple(posts),
        posts[-1].id if len(found) > POSTS_ON_A_PAGE else "",
        tuple(rows),
        {team.id: team for team in teams},
        frozenset(row.team for row in open_),
    )


# --- writing ---


def begin_thread(
    unit: UnitOfWork, actor: Actor, activity_id: str, *, title: str, text: str, linked: str = ""
) -> Post:
    """Begin a thread with its first post."""
    circle = own_circle(unit, actor, activity_id, Action.WRITE_POST, writes=True)
    return _write(unit, actor, circle, title=checked_title(title), text=text, linked=linked, thread=None)


def reply(
    unit: UnitOfWork, actor: Actor, activity_id: str, post_id: str, *, text: str, linked: str = ""
) -> Post:
    """Answer in a thread."""
    circle = own_circle(unit, actor, activity_id, Action.WRITE_POST, writes=True)
    first = _post(unit, circle, post_id, lock=True)
    if first.thread:
        raise NotFound("post")
    post = _write(unit, actor, circle, title="", text=text, linked=linked, thread=first)
    unit.store.save(POSTS, replace(first, last_at=unit.now))
    return post


def _write(
    unit: UnitOfWork, actor: Actor, circle: Circle, *, title: str, text: str, linked: str, thread: Post | None
) -> Post:
    clean = checked_post(text)
    version = _linked(unit, circle, linked) if linked else None
    named = _mentioned(unit, actor, circle, clean)
    post = unit.store.add(
        POSTS,
        Post(
            unit.new_id(), circle.activity.id, circle.team.id, actor.person, clean, unit.now, unit.now,
            thread=thread.id if thread else "", title=title, mentions=named,
            linked=version.id if version else "", linked_number=version.number if version else 0,
        ),
    )  # fmt: skip
    _tell(unit, actor, circle, post, thread or post, named)
    _read(unit, circle, actor.person, unit.now)
    return post


def _tell(
    unit: UnitOfWork, actor: Actor, circle: Circle, post: Post, first: Post, named: tuple[str, ...]
) -> None:
    """Those who are named are told so; the others that there is something new in this thread."""
    about: dict[str, Any] = {
        "activity": circle.activity.id, "course": circle.activity.course, "by": actor.person,
        "team": circle.team.id,
    }  # fmt: skip
    if named:
        unit.record(
            Kind.PERSON_MENTIONED, **about, people=list(named), thread=first.id,
            item=first.id,
        )  # fmt: skip
    others = [person for person in circle.people if person not in (*named, actor.person)]
    if others and post.edited_at is None:
        unit.record(Kind.POST_WRITTEN, **about, people=others, thread=first.id, item=first.id)


def _mentioned(unit: UnitOfWork, actor: Actor, circle: Circle, text: str) -> tuple[str, ...]:
    if "@" not in text:
        return ()
    people = participants_of(unit, circle.activity.course, circle.people)
    cards = unit.store.find(
        IDENTITY_CARDS, course=circle.activity.course, person=list(circle.people), limit=len(circle.people)
    )
    chosen = {card.person: card.chosen_name for card in cards}
    names = {key: (person.name, chosen.get(key, "")) for key, person in people.items()}
    return tuple(key for key in mentions_in(text, names) if key != actor.person)


def edit_post(
    unit: UnitOfWork, actor: Actor, activity_id: str, post_id: str, *, text: str, title: str = ""
) -> Post:
    """Change one's own post within fifteen minutes; people named anew are told."""
    circle = own_circle(unit, actor, activity_id, Action.WRITE_POST, writes=True)
    post = _post(unit, circle, post_id, lock=True)
    _must_be_own(post, actor)
    _must_be_fresh(unit, post)
    clean = checked_post(text)
    named = _mentioned(unit, actor, circle, clean)
    fresh = replace(
        post, text=clean, mentions=named, edited_at=unit.now,
        title=post.title if post.thread else checked_title(title),
    )  # fmt: skip
    first = fresh if not post.thread else _post(unit, circle, post.thread)
    _tell(unit, actor, circle, fresh, first, tuple(key for key in named if key not in post.mentions))
    return unit.store.save(POSTS, fresh)


def delete_post(unit: UnitOfWork, actor: Actor, activity_id: str, post_id: str) -> Post:
    """Delete one's own post: its text is gone, and a stub says that there was one."""
    circle = own_circle(unit, actor, activity_id, Action.WRITE_POST, writes=True)
    post = _post(unit, circle, post_id, lock=True)
    _must_be_own(post, actor)
    if post.is_deleted:
        return post
    return unit.store.save(
        POSTS,
        replace(
            post, text="", title="", mentions=(), linked="", linked_number=0, state="deleted", pinned=False,
            pinned_at=None, pinned_by="", edited_at=unit.now,
        ),
    )  # fmt: skip


def pin(unit: UnitOfWork, actor: Actor, activity_id: str, post_id: str, *, decided: bool) -> Post:
    """Pin a post as a decision of the team, or unpin it; any member may."""
    circle = own_circle(unit, actor, activity_id, Action.WRITE_POST, writes=True)
    post = _post(unit, circle, post_id, lock=True)
    if post.is_deleted:
        raise NotFound("post")
    if post.pinned is decided:
        return post
    post = unit.store.save(
        POSTS,
        replace(
            post,
            pinned=decided,
            pinned_at=unit.now if decided else None,
            pinned_by=actor.person if decided else "",
        ),
    )
    if decided:
        unit.record(
            Kind.DECISION_PINNED, activity=circle.activity.id, course=circle.activity.course,
            by=actor.person, team=circle.team.id, thread=post.first,
        )  # fmt: skip
    return post


def add_mentor(unit: UnitOfWork, actor: Actor, activity_id: str, person: str, *, reads: bool) -> Mentorship:
    """Add one of the team's mentors to its discussion, or take them out again; any member may."""
    circle = own_circle(unit, actor, activity_id, Action.ADD_TO_DISCUSSION)
    found = [row for row in mentors_of(unit, circle.team.id) if row.person == person]
    if not found:
        raise NotFound("person")
    bond = unit.store.get(MENTORSHIPS, found[0].id, lock=True)
    return bond if bond.reads_talk is reads else unit.store.save(MENTORSHIPS, replace(bond, reads_talk=reads))


def mark_read(unit: UnitOfWork, actor: Actor, activity_id: str, until: datetime) -> datetime:
    """Note that the actor has read the discussion up to a moment; it never goes back."""
    circle = own_circle(unit, actor, activity_id, Action.READ_DISCUSSION)
    return _read(unit, circle, actor.person, min(until, unit.now)).at


def _read(unit: UnitOfWork, circle: Circle, person: str, until: datetime) -> ReadMark:
    mark = _mark(unit, circle, person)
    if mark is None:
        fresh = ReadMark(unit.new_id(), circle.activity.id, circle.team.id, person, until)
        return unit.store.add(READ_MARKS, fresh)
    return mark if mark.at >= until else unit.store.save(READ_MARKS, replace(mark, at=until))


def _mark(unit: UnitOfWork, circle: Circle, person: str) -> ReadMark | None:
    found = unit.store.find(READ_MARKS, **_about(circle), person=person, limit=1)
    return found[0] if found else None


# --- within ---


def _about(circle: Circle) -> dict[str, Any]:
    return {"activity": circle.activity.id, "team": circle.team.id}


def _post(unit: UnitOfWork, circle: Circle, post_id: str, *, lock: bool = False) -> Post:
    post = unit.store.get(POSTS, post_id, lock=lock)
    if post.activity != circle.activity.id or post.team != circle.team.id:
        raise NotFound("post")
    return post


def _must_be_own(post: Post, actor: Actor) -> None:
    if post.author != actor.person:
        raise NotAllowed("change_post")


def _must_be_fresh(unit: UnitOfWork, post: Post) -> None:
    if post.is_deleted:
        raise NotFound("post")
    if unit.now > post.edit_until():
        raise Conflict("post_settled", until=post.edit_until())


def _versions(unit: UnitOfWork, circle: Circle) -> tuple[DraftVersion, ...]:
    """The latest versions of the team's draft, to be linked."""
    work = unit.store.find(WORKS, **_about(circle), order="latest", limit=1)
    if not work:
        return ()
    shown: dict[str, Any] = {"work": work[0].id, "kind": SHOWN_KINDS}
    return tuple(unit.store.find(DRAFT_VERSIONS, **shown, order="newest", limit=VERSIONS_OFFERED))


def _linked(unit: UnitOfWork, circle: Circle, version_id: str) -> DraftVersion:
    """A version of the team's own draft; one that saved itself stays a version from now on."""
    version = unit.store.get(DRAFT_VERSIONS, version_id)
    if version.kind not in SHOWN_KINDS or not unit.store.count(WORKS, id=version.work, **_about(circle)):
        raise NotFound("version")
    if version.kind == VersionKind.AUTO.value:
        version = unit.store.save(DRAFT_VERSIONS, replace(version, kind=VersionKind.SAVED.value))
    return version
