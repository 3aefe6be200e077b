"""A learner's way into a team, and the team's home: what is next, who waits, who is who."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from coursecrew.app import teams as acts
from coursecrew.app.beside import Beside, read_beside
from coursecrew.app.changes import Changes, changes_of
from coursecrew.app.charters import CharterView, look_at_charter
from coursecrew.app.drafts import AroundDraft, around_draft
from coursecrew.app.history import is_closed_to, named_elsewhere
from coursecrew.app.notices import put_away, still_theirs, unread
from coursecrew.app.records import CARDS, GRADES, PARTICIPANTS, TEAMS, WAITING
from coursecrew.app.submissions import WorkView, look_at_work
from coursecrew.app.surveys import SurveyStanding, survey_standing
from coursecrew.app.teams import Standing, TeamRow, WhyNoTeam, standing
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.app.workspace import Workspace, read_workspace
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import NotAllowed, NotFound
from coursecrew.domain.grading import Grade
from coursecrew.domain.notices import Notice
from coursecrew.domain.nudges import About
from coursecrew.domain.people import STAFF, Actor, Participant, Role
from coursecrew.domain.permissions import Action, is_allowed
from coursecrew.domain.schedule import Step
from coursecrew.domain.submissions import WorkState, words
from coursecrew.domain.teams import (
    COLOURS,
    DECLINE_WITHIN,
    SIGNS,
    Asking,
    Card,
    Team,
    checked_sign,
    name_key,
    sign_of,
)
from coursecrew.ui.changes import MergerSaid, merger_said, seats_offered, welcome_lines, with_changes
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.next_steps import Outlook, mentors_panel, next_step, step_lines, without_team
from coursecrew.ui.notices import people_in, say
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.panels import Reminder, Wait
from coursecrew.ui.reminding import reminder
from coursecrew.ui.render import plain
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.charter import standing as charter_standing
from coursecrew.ui.screens.drafting import here_line
from coursecrew.ui.screens.workspace import home_part, plan_waits
from coursecrew.ui.signs import colours, shapes
from coursecrew.ui.survey_steps import with_survey

TEAMS_ON_A_PAGE = 20
FOUND_AT_ONCE = 20


@dataclass(frozen=True)
class Home:
    """Everything the first screen of a learner shows; read with a fixed number of queries."""

    here: Standing
    view: WorkView | None = None
    grade: Grade | None = None
    askings: tuple[Asking, ...] = ()
    notices: tuple[Notice, ...] = ()
    people: dict[str, Participant] = field(default_factory=dict)  # beyond the team's own
    rows: tuple[TeamRow, ...] = ()
    more: bool = False
    named: dict[str, Team] = field(default_factory=dict)  # teams of waiting lists and invitations
    queue: dict[str, int] = field(default_factory=dict)  # team -> how many wait
    cards: tuple[Card, ...] = ()
    asked: bool = False
    staff: tuple[Participant, ...] = ()
    charter: CharterView | None = None
    beside: Beside = field(default_factory=Beside)
    space: Workspace | None = None
    around: AroundDraft | None = None
    survey: SurveyStanding | None = None
    promoted: datetime | None = None  # moved up from a waiting list so lately that they may decline
    changes: Changes = field(default_factory=Changes)
    elsewhere: str = ""  # submission of an earlier team that names the reader
    closed: bool = False  # what is handed in is not for somebody who came by a merger


def home(scene: Scene, request: Request) -> Response:
    """The team's home, or the way into a team, or why neither is there yet."""
    if not scene.activity.is_visible:
        return _not_ready(scene, request)
    found = run(scene.ports, _read_home, scene.actor, scene.activity, request.query)
    if found.view is None:
        return _find_team(scene, request, found)
    return _team_home(scene, request, found, found.view)


def _read_home(unit: UnitOfWork, actor: Actor, activity: Activity, query: Mapping[str, str]) -> Home:
    here = standing(unit, actor, activity)
    if here.team and not is_allowed(actor, Action.READ_DRAFT, here.subject):
        # In the team by its list, but no longer somebody who takes part: the draft is closed to them.
        here = replace(here, membership=None, team=None, why_none=WhyNoTeam.LOOKS_ON)
    askings = tuple(acts.open_askings(unit, here))
    notices = tuple(unread(unit, activity.id, actor.person)) if here.participant else ()
    notices = tuple(still_theirs(notices, here.team.id if here.team else ""))
    wanted = people_in(notices) | {asking.person for asking in askings} | {asking.by for asking in askings}
    if here.team:
        view = look_at_work(unit, activity, here.team)
        grades = unit.store.find(GRADES, activity=activity.id, person=actor.person, limit=1)
        grade = grades[0] if grades and grades[0].released_at else None
        people = acts.participants_of(unit, activity.course, wanted - set(view.people))
        may_wait = [view.work.id, view.work.submission] if view.work else []
        may_wait += [here.team.charter, *(asking.id for asking in askings)]
        space = read_workspace(unit, actor, activity, view)
        changes = changes_of(unit, activity, here, view.members, askings)
        may_wait += [task.id for task in space.state.tasks if task.is_blocked and task.owner == actor.person]
        return Home(
            here, view, grade, askings, notices, {**view.people, **people},
            charter=look_at_charter(unit, activity, here.team, view.active),
            survey=survey_standing(unit, activity, here),
            promoted=acts.promoted_at(unit, here),
            beside=read_beside(unit, actor, here, activity, may_wait, view.members),
            space=space,
            around=around_draft(unit, actor, activity, view),
            changes=changes,
            closed=is_closed_to(unit, view.submission, here.membership),
            elsewhere=named_elsewhere(unit, activity.id, here.team.id, actor.person)
            if changes.left or view.state is not WorkState.DRAFTING else "",
        )  # fmt: skip
    may_look = _may_look(unit, actor, here)
    rows, more = _page_of_teams(unit, activity, here, query) if may_look else ([], False)
    ids = {row.team for row in here.waits} | {asking.team for asking in askings}
    named = {team.id: team for team in unit.store.find(TEAMS, id=sorted(ids), limit=50)} if ids else {}
    cards = tuple(acts.cards_of(unit, here.team_set, limit=FOUND_AT_ONCE)) if may_look else ()
    people = acts.participants_of(unit, activity.course, wanted | {card.person for card in cards})
    full = [row.team.id for row in rows if not row.team.has_room(here.team_set)]
    queue = unit.store.tally(WAITING, "team", team=full) if full else {}
    return Home(
        here, None, None, askings, notices, people, tuple(rows), more, named, queue, cards,
        survey=survey_standing(unit, activity, here),
        asked=acts.place_wanted(unit, here),
        beside=read_beside(unit, actor, here, activity, [asking.id for asking in askings]),
        changes=changes_of(unit, activity, here, (), askings),
    )  # fmt: skip


def _may_look(unit: UnitOfWork, actor: Actor, here: Standing) -> bool:
    """Whether teams and cards are shown: to learners, and to staff who look at what learners see.

    Authors, administrators and observers (often parents) learn nobody's name by that role alone.
    """
    in_class = actor.role is Role.LEARNER or actor.role in STAFF
    return in_class and here.team_set.is_published(unit.now) and here.team_set.public


def _page_of_teams(
    unit: UnitOfWork, activity: Activity, here: Standing, query: Mapping[str, str]
) -> tuple[list[TeamRow], bool]:
    """Teams by the number of seats taken, or the one that was looked for by name."""
    wanted = query.get("q", "").strip()
    if wanted:
        found = unit.store.find(
            TEAMS, team_set=here.team_set.id, state="active", name_key=name_key(wanted), limit=1
        )
        return acts.rows_of(unit, activity.course, found), False
    after = query.get("after", "")
    last = unit.store.get(TEAMS, after) if after else None
    rows = acts.team_rows(
        unit, activity.course, here.team_set, order="size", after=last, limit=TEAMS_ON_A_PAGE + 1
    )
    return rows[:TEAMS_ON_A_PAGE], len(rows) > TEAMS_ON_A_PAGE


def _not_ready(scene: Scene, request: Request) -> Response:
    """For learners before publishing: not ready yet, and whom to ask."""
    _ = scene.reader.gettext
    staff = run(scene.ports, _instructors, scene.placed.course)
    names = [person.name for person in staff if person.name]
    return page(
        scene,
        request,
        "not_ready.html",
        title=scene.settings.title or scene.placed.title or _("Team assignment"),
        eyebrow=_("Team assignment"),
        names=scene.reader.listed(names),
    )


def _instructors(unit: UnitOfWork, course: str) -> list[Participant]:
    return unit.store.find(PARTICIPANTS, course=course, role=Role.INSTRUCTOR.value, active=True, limit=3)


def _find_team(scene: Scene, request: Request, found: Home) -> Response:
    reader, here = scene.reader, found.here
    _ = reader.gettext
    waiting = [found.named[row.team].name for row in here.waits if row.team in found.named]
    choosing = here.why_none in (WhyNoTeam.MAY_CHOOSE, WhyNoTeam.WAITS)
    first = here.team_set.public and not (found.rows or request.query.get("q") or request.query.get("after"))
    return page(
        scene,
        request,
        "find_team.html",
        title=scene.settings.title,
        eyebrow=_("Team assignment"),
        panel=(
            mentors_panel(reader, found.beside.mentored)
            if found.beside.mentored and here.why_none is WhyNoTeam.LOOKS_ON
            else seats_offered(reader, found.changes.offers)
            if found.changes.offers
            else without_team(
                reader, here, asked=found.asked, waiting=waiting, first=first, survey=found.survey
            )
        ),
        steps=step_lines(
            reader,
            scene.activity,
            here,
            scene.activity.window(Step.DRAFT),
            WorkState.DRAFTING,
            graded=False,
            survey=found.survey,
        ),
        survey=found.survey,
        here=here,
        choosing=choosing,
        looks_on=here.why_none is WhyNoTeam.LOOKS_ON,
        beside=found.beside,
        takes_part=here.subject.takes_part,
        rows=found.rows,
        more=f"team?after={found.rows[-1].team.id}" if found.more else "",
        queue=found.queue,
        waits={row.team for row in here.waits},
        waited=[(row.team, found.named[row.team].name) for row in here.waits if row.team in found.named],
        invitations=[
            (asking, found.named[asking.team], found.people.get(asking.by))
            for asking in found.askings
            if asking.kind == "invited" and asking.team in found.named
        ],
        offers=found.changes.offers,
        requested={asking.team: asking for asking in found.askings if asking.kind == "requested"},
        reminders={
            asking.team: [
                reminder(reader, found.beside.sent, About.SEAT, asking.id, "", found.named[asking.team].name)
            ]
            for asking in found.askings
            if asking.kind == "requested" and asking.team in found.named
        },
        cards=[
            (card, found.people[card.person])
            for card in found.cards
            if card.person in found.people and found.people[card.person].takes_part
        ],
        first_visit=_first_visit(scene),
        notices=_notices(scene, found),
    )


def _team_home(scene: Scene, request: Request, found: Home, view: WorkView) -> Response:
    reader, activity = scene.reader, scene.activity
    _ = reader.gettext
    look = Outlook(
        reader, scene.actor, activity, found.here, view, found.grade, found.askings, found.people,
        found.charter, sent=found.beside.sent, elsewhere=found.elsewhere,
        first=[
            *_alone_waits(scene, found.beside),
            *(plan_waits(scene, view, found.space, found.beside.sent) if found.space else ()),
        ],
    )  # fmt: skip
    return page(
        scene,
        request,
        "team.html",
        title=scene.settings.title,
        eyebrow=_("Team assignment · %(name)s", name=view.team.name),
        panel=with_changes(with_survey(next_step(look), reader, found.survey), look, found.changes),
        changes=found.changes,
        merger=_merger_said(scene, found),
        welcome=welcome_lines(look, _decisions(found)) if found.changes.new and not found.closed else [],
        steps=step_lines(
            reader,
            activity,
            found.here,
            look.window,
            view.state,
            graded=found.grade is not None,
            survey=found.survey,
        ),
        survey=found.survey,
        here=found.here,
        view=view,
        around=found.around,
        present=here_line(
            scene, found.around.others, {prompt.id: prompt.title for prompt in scene.settings.prompts}
        )
        if found.around
        else "",
        parts=[] if found.closed else parts_of(scene, view),
        closed=found.closed,
        beside=found.beside,
        space=home_part(scene, view, found.space) if found.space else None,
        cards=found.space.cards if found.space else {},
        takes_part=True,
        members=[
            (row, view.people[row.person], row.person == scene.actor.person)
            for row in view.members
            if row.person in view.people
        ],
        requests=[
            (asking, found.people[asking.person])
            for asking in found.askings
            if asking.kind == "requested" and asking.person in found.people
        ],
        invited=[
            (asking, found.people[asking.person])
            for asking in found.askings
            if asking.kind == "invited" and asking.person in found.people
        ],
        locked=found.here.team_set.is_locked(reader.now),
        charter=found.charter,
        charter_now=charter_standing(found.charter, reader) if found.charter else ("", ""),
        unsigned=reader.listed(
            [
                view.people[key].name
                for key in (found.charter.missing if found.charter else ())
                if key in view.people
            ]
        ),
        unsigned_reminders=_unsigned_reminders(look),
        invited_reminders={
            asking.id: look.remind(About.INVITATION, asking.id, [asking.person]) for asking in found.askings
        },
        may_decline=reader.moment(found.promoted + DECLINE_WITHIN) if found.promoted else "",
        first_visit=_first_visit(scene),
        notices=_notices(scene, found),
    )


def _merger_said(scene: Scene, found: Home) -> MergerSaid | None:
    """The proposal to join the reader's team with another, in words."""
    view = found.changes.merger
    if view is None:
        return None
    by = view.people.get(view.merger.by) or found.people.get(view.merger.by)
    return merger_said(view, scene.reader, smallest=found.here.team_set.min, by=by.name if by else "")


def _decisions(found: Home) -> list[str]:
    """What the team has decided, for somebody new."""
    return [plain(post.text) for post in found.space.news.decisions] if found.space else []


def _alone_waits(scene: Scene, beside: Beside) -> list[Wait]:
    """Somebody alone for long enough reads first that they can say how to go on."""
    if beside.alone is None or not beside.alone.may_ask:
        return []
    said = scene.reader.markup(
        '<b>You are alone in your team.</b> <a href="#/team/alone">Say how you want to go on</a>'
    )
    return [Wait(said, sign="people")]


def _unsigned_reminders(look: Outlook) -> list[Reminder]:
    """Presses beside “not signed yet”, for those who have signed; the panel has them where it waits."""
    charter = look.charter
    if charter is None or charter.version is None or charter.is_in_the_way:
        return []
    if look.actor.person in charter.missing:
        return []
    return look.remind(About.SIGN, charter.version.id, charter.missing)


@dataclass(frozen=True)
class Part:
    """One part of the draft in the team's home."""

    id: str
    title: str
    opening: str
    words: int
    chip: str
    word: str


def parts_of(scene: Scene, view: WorkView) -> list[Part]:
    """The draft's parts with their first words and where they stand."""
    _ = scene.reader.gettext
    texts = view.submission.texts if view.submission else view.draft.texts
    result = []
    for prompt in scene.settings.prompts:
        text = texts.get(prompt.id, "")
        count = words(text)
        if view.submission and not count:
            chip = ("off", _("Left empty"))
        elif view.submission:
            chip = ("done", _("Handed in"))
        elif count:
            chip = ("now", _("Started"))
        else:
            chip = ("not-yet", _("Not yet")) if prompt.required else ("off", _("Not needed"))
        seen = plain(text).split()
        opening = " ".join(seen[:30]) + (" …" if len(seen) > 30 else "")
        result.append(Part(prompt.id, prompt.title, opening, count, *chip))
    return result


def _first_visit(scene: Scene) -> bool:
    visit = scene.entered.visit if scene.entered else None
    person = scene.entered.participant if scene.entered else None
    takes_part = person is not None and person.takes_part
    return takes_part and visit is not None and not visit.told_privacy


def _notices(scene: Scene, found: Home) -> list[tuple[Notice, str]]:
    names = {key: person.name for key, person in found.people.items()}
    return [(notice, say(notice, scene.reader, names)) for notice in found.notices]


def notices_read(scene: Scene, request: Request) -> Next:
    """Put the notices on the page away."""
    do(scene, request, put_away, request.field("until"))
    return Next("team")


# --- coming into a team ---


def found_form(scene: Scene, request: Request) -> Response:
    """The form to found a team."""
    _ = scene.reader.gettext
    here = _standing(scene)
    return page(
        scene,
        request,
        "found_team.html",
        title=_("Found a team"),
        crumbs=[Crumb(_("Found a team"))],
        here=here,
    )


def found(scene: Scene, request: Request) -> Next:
    """Found a team."""
    reading = Reading(request, scene.reader)
    name, motto = reading.text("name"), reading.text("motto", most=140)
    is_open = reading.text("open") != "no"
    reading.check()
    team = do(scene, request, acts.found_team, name=name, is_open=is_open, motto=motto)
    return Next(
        "team",
        scene.reader.gettext("%(name)s is founded, and you are its first member.", name=team.name),
    )


def join(scene: Scene, request: Request, team: str) -> Next:
    """Take a free seat."""
    joined = do(scene, request, acts.join_team, team)
    return Next("team", scene.reader.gettext("You are in %(name)s now.", name=joined.name))


def ask(scene: Scene, request: Request, team: str) -> Next:
    """Ask a team for a seat."""
    do(scene, request, acts.ask_to_join, team)
    return Next("team", scene.reader.gettext("The team is asked. Any member can answer within 7 days."))


def wait(scene: Scene, request: Request, team: str) -> Next:
    """Get onto a waiting list."""
    do(scene, request, acts.wait_for_seat, team)
    return Next("team", scene.reader.gettext("You are on the waiting list. First come, first served."))


def stop_waiting(scene: Scene, request: Request, team: str) -> Next:
    """Leave a waiting list."""
    do(scene, request, acts.stop_waiting, team)
    return Next("team", scene.reader.gettext("You wait there no longer."))


def accept(scene: Scene, request: Request, asking: str) -> Next:
    """Say yes to an invitation, or to somebody who asks."""
    do(scene, request, acts.answer_asking, asking, accept=True)
    return Next("team", scene.reader.gettext("Said yes. The seat is taken."))


def decline(scene: Scene, request: Request, asking: str) -> Next:
    """Say no."""
    do(scene, request, acts.answer_asking, asking, accept=False)
    return Next("team", scene.reader.gettext("Said no. The other side is told."))


def place_me(scene: Scene, request: Request) -> Next:
    """Tell the course staff that one needs a place."""
    do(scene, request, acts.ask_for_place)
    return Next("team", scene.reader.gettext("The course staff are told. You hear from them here."))


def card_form(scene: Scene, request: Request) -> Response:
    """The form of one's own card on the seeking board."""
    _ = scene.reader.gettext
    here = _standing(scene)
    own = run(scene.ports, _own_card, here.team_set.id, scene.actor.person)
    title = _("Let a team find you")
    return page(scene, request, "card.html", title=title, crumbs=[Crumb(title)], own=own, here=here)


def _own_card(unit: UnitOfWork, team_set: str, person: str) -> Card | None:
    found = unit.store.find(CARDS, team_set=team_set, person=person, limit=1)
    return found[0] if found else None


def card(scene: Scene, request: Request) -> Next:
    """Put one's card on the board."""
    reading = Reading(request, scene.reader)
    pitch, skills, hours = (
        reading.text("pitch"),
        reading.text("skills", most=200),
        reading.text("hours", most=200),
    )
    reading.check()
    do(scene, request, acts.post_card, pitch=pitch, skills=skills, hours=hours)
    return Next("team", scene.reader.gettext("Your card is on the board until you are in a team."))


def card_removed(scene: Scene, request: Request) -> Next:
    """Take one's card off the board."""
    do(scene, request, acts.remove_card)
    return Next("team", scene.reader.gettext("Your card is off the board."))


# --- being in one ---


def invite_form(scene: Scene, request: Request) -> Response:
    """Whom to invite: people on the seeking board, or somebody by name."""
    _ = scene.reader.gettext
    here = _own(scene)
    wanted = request.query.get("q", "").strip()
    people, cards = run(scene.ports, _who_is_free, scene.actor, here, wanted)
    title = _("Invite somebody")
    return page(
        scene, request, "invite.html", title=title, crumbs=[Crumb(title)],
        here=here, people=people, cards=cards, wanted=wanted,
    )  # fmt: skip


def _who_is_free(
    unit: UnitOfWork, actor: Actor, here: Standing, wanted: str
) -> tuple[list[Participant], list[tuple[Card, Participant]]]:
    cards = acts.cards_of(unit, here.team_set, limit=FOUND_AT_ONCE)
    on_board = acts.participants_of(unit, actor.course, (card.person for card in cards))
    pairs = [
        (card, on_board[card.person])
        for card in cards
        if card.person in on_board and on_board[card.person].takes_part
    ]
    if not wanted:
        return [], pairs
    first = unit.store.find(PARTICIPANTS, course=actor.course, active=True, order="name", limit=200)
    exact = unit.store.find(PARTICIPANTS, course=actor.course, name=wanted, limit=FOUND_AT_ONCE)
    fitting = {
        p.person: p for p in (*exact, *first) if p.takes_part and wanted.casefold() in p.name.casefold()
    }
    keys = list(fitting)[:FOUND_AT_ONCE]
    placed = acts.placed_among(unit, here.team_set.id, keys)
    return [fitting[key] for key in keys if key not in placed], pairs


def invite(scene: Scene, request: Request) -> Next:
    """Invite somebody."""
    do(scene, request, acts.invite, request.field("person"))
    return Next("team", scene.reader.gettext("Invited. The invitation lasts 7 days."))


def about_form(scene: Scene, request: Request) -> Response:
    """The team's name, sign and motto, whether anybody may join, and who leads."""
    _ = scene.reader.gettext
    here = _own(scene)
    shape, colour = sign_of(here.team) if here.team else (SIGNS[0], COLOURS[0])
    people = run(scene.ports, _members, scene.actor, here)
    title = _("About the team")
    return page(
        scene, request, "about_team.html", title=title, crumbs=[Crumb(title)], here=here, people=people,
        shape=shape, colour=colour, shapes=shapes(scene.reader, colour), colours=colours(scene.reader, shape),
    )  # fmt: skip


def _members(unit: UnitOfWork, actor: Actor, here: Standing) -> list[Participant]:
    rows = acts.members_of(unit, here.team.id if here.team else "")
    known = acts.participants_of(unit, actor.course, (row.person for row in rows))
    return [known[row.person] for row in rows if row.person in known]


def about(scene: Scene, request: Request) -> Next:
    """Change what others read about the team."""
    reading = Reading(request, scene.reader)
    motto, leader = reading.text("motto"), reading.text("leader")
    is_open = reading.text("open") != "no"
    name = reading.text("name") if "name" in request.form else None
    sign = checked_sign(reading.text("sign"), reading.text("colour")) if "sign" in request.form else ""
    saved = do(
        scene, request, acts.describe_team,
        motto=motto, is_open=is_open, leader=leader, name=name, sign=sign,
    )  # fmt: skip
    _ = scene.reader.gettext
    if saved.held:
        return Next("team", _("Saved. The new name or motto waits for the course staff."))
    return Next("team", _("Saved."))


def decline_seat(scene: Scene, request: Request) -> Next:
    """Give back a seat that one moved up into."""
    team = do(scene, request, acts.decline_seat)
    _ = scene.reader.gettext
    return Next("team", _("Declined. The seat in %(name)s goes to whoever waits next.", name=team.name))


def leave_form(scene: Scene, request: Request) -> Response:
    """What leaving means, before it is done."""
    _ = scene.reader.gettext
    here = _own(scene)
    view = run(scene.ports, _work, scene.activity, here)
    return page(
        scene,
        request,
        "leave_team.html",
        title=_("Leave %(name)s?", name=here.team.name if here.team else ""),
        crumbs=[Crumb(_("Leave the team"))],
        here=here,
        view=view,
        named=scene.actor.person in {row.person for row in view.byline},
        others=len(view.members) - 1,
    )


def leave(scene: Scene, request: Request) -> Next:
    """Leave the team."""
    team = do(scene, request, acts.leave_team, reason=request.field("reason").strip())
    return Next("team", scene.reader.gettext("You have left %(name)s.", name=team.name))


def _standing(scene: Scene) -> Standing:
    return run(scene.ports, standing, scene.actor, scene.activity)


def _own(scene: Scene) -> Standing:
    """The standing of somebody in a team; anybody else is told so."""
    here = _standing(scene)
    if scene.actor.looks_on or not here.subject.takes_part:
        raise NotAllowed("invite")
    if here.team is None:
        raise NotFound("own_team")
    return here


def _work(unit: UnitOfWork, activity: Activity, here: Standing) -> WorkView:
    if here.team is None:
        raise NotFound("own_team")
    return look_at_work(unit, activity, here.team)


ROUTES = (
    get("team", home),
    get("team/found", found_form),
    post("team/found", found, form="team/found"),
    get("team/card", card_form),
    post("team/card", card, form="team/card"),
    post("team/card/remove", card_removed, form="team/card"),
    post("team/place-me", place_me, form="team"),
    get("team/invite", invite_form),
    post("team/invite", invite, form="team/invite"),
    get("team/about", about_form),
    post("team/about", about, form="team/about"),
    post("team/decline", decline_seat, form="team"),
    get("team/leave", leave_form),
    post("team/leave", leave, form="team/leave"),
    post("team/<team>/join", join, form="team"),
    post("team/<team>/ask", ask, form="team"),
    post("team/<team>/wait", wait, form="team"),
    post("team/<team>/stop-waiting", stop_waiting, form="team"),
    post("asking/<asking>/accept", accept, form="team"),
    post("asking/<asking>/decline", decline, form="team"),
    post("notices/read", notices_read, form="team"),
)
