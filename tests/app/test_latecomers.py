"""People who come after teams are made: seats where they cost least, three to choose from, or a pool."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from coursecrew.app.fitting import fit_of, room
from coursecrew.app.forming import publish_run, start_run
from coursecrew.app.latecomers import (
    LatePage,
    look_at_latecomers,
    make_pool_team,
    offer_three,
    place_all,
)
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.outbox import deliver_all
from coursecrew.app.records import (
    ASKINGS,
    FORMATIONS,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    NOTICES,
    SENSITIVE_ANSWERS,
    SURVEY_ANSWERS,
    TEAM_SETS,
    TEAMS,
)
from coursecrew.app.submissions import save_draft, submit
from coursecrew.app.teams import answer_asking, join_team, leave_team, place, take_out
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity, TeamRules
from coursecrew.domain.errors import Conflict, NotAllowed, NotFound, Refusal, TeamFull
from coursecrew.domain.events import Kind
from coursecrew.domain.people import Actor
from coursecrew.domain.survey import SensitiveAnswer, SurveyAnswer
from coursecrew.domain.teams import Happened, Team
from coursecrew.domain.wishes import Aim, Forming, Late, Wish
from coursecrew.ui.mail import compose
from tests.builders import (
    AMARA,
    DUE,
    INES,
    KWAME,
    LINH,
    MEHMET,
    SOFIA,
    START,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    hand_in,
    world,
)
from tests.surveyed import RULES as FORMED_RULES
from tests.surveyed import Surveyed, a_surveyed_class, form_now
from tests.ui.class_of import Counted, course_of

RULES = TeamRules(name="districts", min=2, ideal=3, max=3, lock_at=START + timedelta(days=2))
AFTER = START + timedelta(days=3)
NOOR, OMAR, PIA, RAJ = (actor(name) for name in ("Noor", "Omar", "Pia", "Raj"))
YEARS = (Wish("years", Aim.ALIKE, 5),)


def refused(code: str, *call: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        run(*call, **more)
    assert caught.value.code == code
    return caught.value


def locked(ports: MemoryPorts, late: Late = Late.PLACE, **changes: Any) -> tuple[Activity, Team, Team]:
    """A pair and a full team, fixed since yesterday; no survey was asked."""
    wish: dict[str, Any] = {"teams": RULES, "forming": Forming(late=late), **changes}
    activity = an_assignment(ports, **wish)
    pair = a_team(ports, activity, AMARA, TOMAS)
    full = a_team(ports, activity, LINH, SOFIA, MEHMET, name="Red Kites")
    ports.clock.move_to(AFTER)
    return activity, pair, full


def team_of(ports: MemoryPorts, who: Actor | str) -> str:
    rows = ports.rows(MEMBERSHIPS, person=who if isinstance(who, str) else who.person)
    return rows[0].team if rows else ""


def page(ports: MemoryPorts, activity: Activity) -> LatePage:
    return run(ports, look_at_latecomers, INES, activity.id)


def published_class(ports: MemoryPorts, learners: int = 15, wishes: Any = YEARS) -> Surveyed:
    """Teams of three to five, formed by years of work alone and published."""
    here = a_surveyed_class(ports, learners)
    asked = run(ports, start_run, INES, here.activity.id, wishes=wishes, seed=7)
    form_now(ports)
    ports.clock.advance(hours=1)
    run(ports, publish_run, INES, here.activity.id, asked.id)
    form_now(ports)
    ports.clock.advance(hours=1)
    return here


def answers(ports: MemoryPorts, activity: Activity, who: Actor, **given: Any) -> None:
    with ports.transaction() as store:
        store.add(
            SURVEY_ANSWERS,
            SurveyAnswer(ports.ids.new(), activity.id, who.person, given, ports.clock.now()),
        )


def years_of(ports: MemoryPorts) -> dict[str, float]:
    return {row.person: float(row.answers["years"]) for row in ports.rows(SURVEY_ANSWERS)}


# --- by itself ---


def test_somebody_who_comes_after_teams_are_fixed_is_placed_where_there_is_room_and_told() -> None:
    ports = world()
    _activity, pair, _full = locked(ports)
    come_in(ports, NOOR)
    upkeep(ports)
    upkeep(ports)
    assert team_of(ports, NOOR) == pair.id
    (row,) = ports.rows(MEMBERSHIP_EVENTS, person=NOOR.person)
    assert (row.event, row.actor, row.reason) == (Happened.JOINED, "", "came late")
    deliver_all(ports, compose=compose)
    told = {row.person: row.mail for row in ports.rows(NOTICES) if row.kind is Kind.TEAM_MOVED}
    assert told == dict.fromkeys((NOOR.person, AMARA.person, TOMAS.person), "sent")


def test_nobody_is_placed_while_learners_still_choose_or_before_anybody_formed_teams() -> None:
    ports = world()
    locked(ports)
    ports.clock.move_to(START + timedelta(days=1))
    come_in(ports, NOOR)
    upkeep(ports)
    assert team_of(ports, NOOR) == ""

    ports = world()
    a_surveyed_class(ports, 8)
    come_in(ports, NOOR)
    upkeep(ports)
    assert team_of(ports, NOOR) == ""


def test_who_was_there_before_teams_were_fixed_and_chose_none_is_left_to_the_staff() -> None:
    ports = world()
    activity = an_assignment(ports, NOOR, teams=RULES, forming=Forming(late=Late.PLACE))
    a_team(ports, activity, AMARA, TOMAS)
    ports.clock.move_to(AFTER)
    upkeep(ports)
    assert team_of(ports, NOOR) == ""
    assert [row.person.person for row in page(ports, activity).rows] == [NOOR.person]


def test_several_at_once_never_fill_a_team_above_its_size_and_the_rest_stays_in_the_pool() -> None:
    ports = world()
    activity, pair, full = locked(ports)
    come_in(ports, NOOR, OMAR, PIA)
    upkeep(ports)
    sizes = {team.name: team.size for team in ports.rows(TEAMS)}
    assert sizes == {"Blue Ledger": 3, "Red Kites": 3}
    assert {pair.id, full.id} >= {team_of(ports, NOOR), team_of(ports, OMAR), team_of(ports, PIA)} - {""}
    assert len(page(ports, activity).rows) == 2


def test_a_team_that_has_handed_in_takes_nobody() -> None:
    ports = world()
    activity, pair, _full = locked(ports)
    run(ports, save_draft, AMARA, activity.id, {"where": "A plan."}, seen=0)
    hand_in(ports, activity, AMARA)
    come_in(ports, NOOR)
    upkeep(ports)
    assert team_of(ports, NOOR) == ""
    refused("no_seat_free", ports, offer_three, INES, activity.id, NOOR.person)
    assert team_of(ports, AMARA) == pair.id


def test_nobody_is_placed_once_the_work_is_over() -> None:
    ports = world()
    locked(ports)
    ports.clock.move_to(DUE + timedelta(days=20))
    come_in(ports, NOOR)
    upkeep(ports)
    assert team_of(ports, NOOR) == ""


def test_who_went_again_is_not_placed_a_second_time() -> None:
    ports = world()
    activity, _pair, _full = locked(ports)
    come_in(ports, NOOR)
    upkeep(ports)
    run(ports, take_out, INES, activity.id, NOOR.person, reason="Wants to work alone.")
    upkeep(ports)
    assert team_of(ports, NOOR) == ""


def test_staff_may_keep_it_to_themselves() -> None:
    ports = world()
    locked(ports, Late.STAFF)
    come_in(ports, NOOR)
    upkeep(ports)
    assert team_of(ports, NOOR) == ""
    assert ports.rows(ASKINGS) == []


# --- a choice of three ---


def several(ports: MemoryPorts) -> tuple[Activity, list[Team]]:
    activity = an_assignment(ports, teams=RULES, forming=Forming(late=Late.OFFER))
    teams = []
    for number in range(4):
        one, other = actor(f"A{number}"), actor(f"B{number}")
        teams.append(a_team(ports, activity, one, other, name=f"Team {number}"))
    ports.clock.move_to(AFTER)
    return activity, teams


def test_three_seats_are_offered_and_the_one_that_is_taken_ends_the_others_also_after_the_lock() -> None:
    ports = world()
    activity, teams = several(ports)
    come_in(ports, NOOR)
    upkeep(ports)
    upkeep(ports)
    offers = ports.rows(ASKINGS, person=NOOR.person)
    assert [row.kind for row in offers] == ["offered"] * 3
    assert {row.expires for row in offers} == {AFTER + timedelta(days=7)}
    assert {row.team for row in offers} == {team.id for team in teams[:3]}
    deliver_all(ports, compose=compose)
    assert [r.person for r in ports.rows(NOTICES) if r.kind is Kind.SEATS_OFFERED] == [NOOR.person]
    run(ports, answer_asking, NOOR, activity.id, offers[0].id, accept=False)
    run(ports, answer_asking, NOOR, activity.id, offers[1].id, accept=True)
    assert team_of(ports, NOOR) == offers[1].team
    assert [row.state for row in ports.rows(ASKINGS)] == ["declined", "accepted", "withdrawn"]


def test_an_offer_is_the_persons_own_to_answer() -> None:
    ports = world()
    activity, _teams = several(ports)
    come_in(ports, NOOR, OMAR)
    upkeep(ports)
    offer = ports.rows(ASKINGS, person=NOOR.person)[0]
    inside = actor("A0")
    for who in (OMAR, inside, INES):
        with pytest.raises(NotAllowed):
            run(ports, answer_asking, who, activity.id, offer.id, accept=True)
    ports.clock.advance(days=7, seconds=1)
    refused("asking_over", ports, answer_asking, NOOR, activity.id, offer.id, accept=True)


def test_a_seat_that_was_offered_is_not_held() -> None:
    ports = world()
    activity, _teams = several(ports)
    come_in(ports, NOOR)
    upkeep(ports)
    first, second, _third = ports.rows(ASKINGS, person=NOOR.person)
    come_in(ports, OMAR)
    run(ports, place, INES, activity.id, OMAR.person, first.team)
    with pytest.raises(TeamFull):
        run(ports, answer_asking, NOOR, activity.id, first.id, accept=True)
    inside = next(row.person for row in ports.rows(MEMBERSHIPS, team=second.team))
    member = next(actor(n) for n in ("A0", "A1", "A2", "A3") if actor(n).person == inside)
    run(ports, save_draft, member, activity.id, {"where": "A plan."}, seen=0)
    run(ports, submit, member, activity.id, seen=1)
    refused("team_handed_in", ports, answer_asking, NOOR, activity.id, second.id, accept=True)


def test_who_declines_all_three_is_left_to_the_staff_who_may_offer_again() -> None:
    ports = world()
    activity, _teams = several(ports)
    come_in(ports, NOOR)
    upkeep(ports)
    for row in ports.rows(ASKINGS):
        run(ports, answer_asking, NOOR, activity.id, row.id, accept=False)
    upkeep(ports)
    assert not [row for row in ports.rows(ASKINGS) if row.state == "open"]
    assert run(ports, offer_three, INES, activity.id, NOOR.person) == 3
    assert run(ports, offer_three, INES, activity.id, NOOR.person) == 3
    assert len([row for row in ports.rows(ASKINGS) if row.state == "open"]) == 3
    (shown,) = page(ports, activity).rows
    assert shown.offered == AFTER + timedelta(days=7)


# --- staff ---


def test_only_instructors_look_and_act() -> None:
    ports = world()
    activity, _pair, _full = locked(ports, Late.STAFF)
    come_in(ports, NOOR)
    for who in (KWAME, AMARA, NOOR):
        for act, more in (
            (look_at_latecomers, ()),
            (place_all, ()),
            (offer_three, (NOOR.person,)),
            (make_pool_team, ([NOOR.person],)),
        ):
            with pytest.raises(NotAllowed):
                run(ports, act, who, activity.id, *more)
    with pytest.raises(NotFound):
        run(ports, offer_three, INES, activity.id, INES.person)
    refused("already_in_team", ports, offer_three, INES, activity.id, AMARA.person)


def test_without_a_survey_the_smallest_team_comes_first_and_the_page_says_that_nothing_is_known() -> None:
    ports = world()
    activity, pair, _full = locked(ports, Late.STAFF, teams=replace(RULES, max=4))
    come_in(ports, NOOR)
    found = page(ports, activity)
    assert not found.known
    assert [(seat.team.name, seat.before, seat.after) for seat in found.rows[0].seats] == [
        ("Blue Ledger", None, None),
        ("Red Kites", None, None),
    ]
    assert run(ports, place_all, INES, activity.id) == 1
    assert team_of(ports, NOOR) == pair.id
    assert page(ports, activity).rows == ()


def test_a_pool_that_is_large_enough_can_be_a_team_of_its_own() -> None:
    ports = world()
    activity, _pair, _full = locked(ports, Late.STAFF)
    come_in(ports, NOOR)
    assert page(ports, activity).pool is None
    for who in (OMAR, PIA, RAJ):
        ports.clock.advance(minutes=1)
        come_in(ports, who)
    pool = page(ports, activity).pool
    assert pool is not None
    assert [person.person for person in pool.people] == [who.person for who in (NOOR, OMAR, PIA)]
    assert (pool.seated, pool.score, pool.alternative) == (1, None, None)
    keys = [person.person for person in pool.people]
    refused("pool_changed", ports, make_pool_team, INES, activity.id, keys[:1])
    refused("pool_changed", ports, make_pool_team, INES, activity.id, [*keys, RAJ.person])
    refused("pool_changed", ports, make_pool_team, INES, activity.id, [*keys[:2], AMARA.person])
    team = run(ports, make_pool_team, INES, activity.id, keys)
    assert (team.size, team.name) == (3, "Team 3")
    refused("pool_changed", ports, make_pool_team, INES, activity.id, keys)


# --- with answers ---


def test_the_team_whose_score_falls_least_takes_the_late_learner_on_the_scale_of_the_class() -> None:
    ports = world()
    here = published_class(ports)
    come_in(ports, NOOR)
    known = years_of(ports)
    answers(ports, here.activity, NOOR, years="29")
    found = page(ports, here.activity)
    assert found.known
    (row,) = found.rows
    assert len(row.seats) == 3
    losses = [(seat.after or 0) - (seat.before or 0) for seat in row.seats]
    assert losses == sorted(losses, reverse=True)

    # By hand: one rule, "alike": 1 − (max − min) / range of the class as it was when teams were formed.
    spread = max(known.values()) - min(known.values())
    teams = {t.id: [m.person for m in ports.rows(MEMBERSHIPS, team=t.id)] for t in ports.rows(TEAMS)}

    def score(people: list[str], more: float | None = None) -> float:
        values = [known[p] for p in people if p in known] + ([] if more is None else [more])
        return 1 - min(1.0, (max(values) - min(values)) / spread)

    for seat in row.seats:
        assert seat.before == pytest.approx(score(teams[seat.team.id]) * 1e6, abs=1)
        assert seat.after == pytest.approx(score(teams[seat.team.id], 29) * 1e6, abs=1)
    free = [id for id, people in teams.items() if len(people) < FORMED_RULES.max]
    best = max(free, key=lambda id: score(teams[id], 29) - score(teams[id]))
    upkeep(ports)
    assert team_of(ports, NOOR) in {best, row.seats[0].team.id}
    assert row.seats[0].team.id == best


def test_late_learners_who_came_while_the_run_was_worked_on_are_late_too() -> None:
    ports = world()
    here = a_surveyed_class(ports, 12)
    asked = run(ports, start_run, INES, here.activity.id, wishes=YEARS, seed=7)
    form_now(ports)
    ports.clock.advance(minutes=5)
    come_in(ports, NOOR)
    ports.clock.advance(minutes=5)
    run(ports, publish_run, INES, here.activity.id, asked.id)
    form_now(ports)
    upkeep(ports)
    assert team_of(ports, NOOR)


def test_people_kept_apart_are_not_placed_together() -> None:
    ports = world()
    here = a_surveyed_class(ports, 8)
    keys = [who.person for who in here.people]
    ports.clock.advance(minutes=1)
    come_in(ports, NOOR)
    asked = run(
        ports, start_run, INES, here.activity.id, wishes=YEARS, seed=7, apart=[[NOOR.person, keys[0]]]
    )
    form_now(ports)
    run(ports, publish_run, INES, here.activity.id, asked.id)
    form_now(ports)
    run(ports, take_out, INES, here.activity.id, NOOR.person)
    found = page(ports, here.activity)
    own = team_of(ports, keys[0])
    assert found.rows[0].seats
    assert own not in {seat.team.id for seat in found.rows[0].seats}


def test_sections_are_never_crossed_and_who_named_none_may_be_anywhere() -> None:
    from coursecrew.domain.survey import Ask, Question, Survey

    survey = Survey(
        (
            Question("city", Ask.CHOICE, "Where?", options=("Lagos", "Oslo")),
            Question("years", Ask.NUMBER, "How long?"),
        )
    )
    ports = world()
    wish = Forming(YEARS, section="city", late=Late.PLACE)
    activity = an_assignment(ports, teams=FORMED_RULES, survey=survey, forming=wish)
    people = [actor(f"P{number}") for number in range(7)]
    come_in(ports, *people)
    for number, who in enumerate(people):
        answers(ports, activity, who, city=("Lagos", "Oslo")[number < 3], years=str(number))
    asked = run(ports, start_run, INES, activity.id, wishes=YEARS, seed=7)
    form_now(ports)
    ports.clock.advance(hours=1)
    run(ports, publish_run, INES, activity.id, asked.id)
    form_now(ports)
    ports.clock.advance(hours=1)
    come_in(ports, NOOR, OMAR)
    answers(ports, activity, NOOR, city="Oslo", years="6")
    seats = {row.person.person: [s.team.id for s in row.seats] for row in page(ports, activity).rows}
    assert seats[NOOR.person] == [team_of(ports, people[0])]
    assert len(seats[OMAR.person]) == 2


def test_what_is_shown_leaves_sensitive_rules_out_and_once_deleted_they_take_no_part() -> None:
    wishes = (*YEARS, Wish("gender", Aim.NOT_ALONE, 5, ("woman",)))
    ports = world()
    here = published_class(ports, 15, wishes)
    come_in(ports, NOOR)
    answers(ports, here.activity, NOOR, years="12")
    shown = page(ports, here.activity).rows[0].seats
    with ports.transaction() as store:
        store.add(
            SENSITIVE_ANSWERS,
            SensitiveAnswer(
                ports.ids.new(), here.activity.id, NOOR.person, {"gender": "woman"}, ports.clock.now()
            ),
        )
    assert page(ports, here.activity).rows[0].seats == shown
    with ports.transaction() as store:
        unit = UnitOfWork(store, ports.clock.now(), ports.ids.new, ports.chance)
        (team_set,) = store.find(TEAM_SETS)
        keys = room(unit, team_set).keys
        assert len(fit_of(unit, team_set, keys, [NOOR.person], sensitive=True).scale.criteria) == 2
        (done,) = store.find(FORMATIONS)
        store.save(FORMATIONS, replace(done, sensitive_gone=True))
        assert len(fit_of(unit, team_set, keys, [NOOR.person], sensitive=True).scale.criteria) == 1
    upkeep(ports)
    assert team_of(ports, NOOR)


def test_a_survey_that_was_changed_since_leaves_size_to_decide() -> None:
    from coursecrew.domain.survey import Survey

    ports = world()
    here = published_class(ports)
    with ports.transaction() as store:
        from coursecrew.app.records import ACTIVITIES

        activity = store.get(ACTIVITIES, here.activity.id)
        store.save(ACTIVITIES, replace(activity, settings=replace(activity.settings, survey=Survey())))
    come_in(ports, NOOR)
    found = page(ports, here.activity)
    assert not found.known
    assert found.rows[0].seats


def test_the_page_costs_the_same_for_any_class() -> None:
    calls = []
    for learners in (50, 650):
        made = course_of(world(), learners)
        counted = Counted(made.ports)
        run(counted.ports, look_at_latecomers, INES, made.activity.id)
        calls.append(counted.calls)
    assert calls[0] == calls[1]


def test_learners_who_find_a_team_by_themselves_need_no_seat() -> None:
    ports = world()
    activity, teams = several(ports)
    come_in(ports, NOOR)
    upkeep(ports)
    run(ports, place, INES, activity.id, NOOR.person, teams[3].id)
    assert {row.state for row in ports.rows(ASKINGS)} == {"withdrawn"}
    with pytest.raises(Conflict):
        run(ports, join_team, NOOR, activity.id, teams[0].id)
    with pytest.raises(Conflict):
        run(ports, leave_team, NOOR, activity.id)
