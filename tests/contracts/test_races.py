"""Many at once: seats, deadlocks, and writers that wait, where the database lets several in."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from coursecrew.app.activities import publish, save_settings
from coursecrew.app.mergers import decide_merger, propose_merger, settle_merger
from coursecrew.app.ports import Ports
from coursecrew.app.records import (
    ACTIVITIES,
    CARDS,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    MERGERS,
    POOL,
    REVIEWS,
    SUBMISSIONS,
    TEAM_SETS,
    TEAMS,
)
from coursecrew.app.reviewing.feedback import keep_reviewing
from coursecrew.app.reviewing.pool import take
from coursecrew.app.submissions import save_draft, submit
from coursecrew.app.teams import join_team, make_team, seat_late
from coursecrew.app.teams import place as put_into_team
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import TeamRules
from coursecrew.domain.errors import AlreadyExists, Refusal, StaleWrite
from coursecrew.domain.mergers import Merger, MergerState
from coursecrew.domain.people import Actor
from coursecrew.domain.review_rules import ReviewRules
from coursecrew.domain.teams import Happened
from tests.builders import (
    INES,
    PLACED,
    START,
    a_peer_review,
    a_team_that_handed_in,
    actor,
    an_assignment,
    come_in,
    settings,
    world,
)
from tests.contracts.places import CROWDED, HAS_SQLALCHEMY, SQL, Place, opened
from tests.contracts.samples import fresh_key, sample

CROWD = 50
WORKERS = 20  # requests that a server works on at once; the others wait for one of its connections
PATIENCE = 60  # seconds until a stuck thread fails the test


@pytest.fixture(scope="module", params=CROWDED)
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, blocker):
    """A place with row locks, where transactions really run beside each other."""
    with opened(request.param, tmp_path_factory.mktemp(request.param), blocker) as made:
        yield made


def at_once(place: Place, *works: Callable[[], Any]) -> list[Any]:
    """Start all works at the same moment; what each returned, or the refusal it met."""
    start = threading.Barrier(len(works))
    worker = threading.BoundedSemaphore(WORKERS)
    results: list[Any] = [None] * len(works)

    def go(number: int, work: Callable[[], Any]) -> None:
        start.wait(PATIENCE)
        with worker:
            try:
                results[number] = work()
            except Refusal as refusal:
                results[number] = refusal
            finally:
                place.done()

    threads = [threading.Thread(target=go, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    return results


# SQLite lets one in after the other, and still all fifty must get an answer.
@pytest.mark.parametrize("crowded", [*SQL[:HAS_SQLALCHEMY], *CROWDED], indirect=True)
@pytest.mark.parametrize("inside", [0, 4])
def test_of_fifty_people_after_the_last_seats_each_seat_goes_to_one(crowded: Place, inside: int) -> None:
    ports = replace(world(START), transaction=crowded.transaction, pause=time.sleep)
    placed = replace(PLACED, course=f"seats-{fresh_key()}")
    ines = replace(INES, course=placed.course)
    people = [replace(actor(f"p{number}"), course=placed.course) for number in range(CROWD + inside)]
    rules = settings(teams=TeamRules(name="seats", min=1, ideal=5, max=5))
    activity = come_in(ports, ines, placed=placed)
    run(ports, save_settings, ines, activity.id, rules, seen=activity.settings_number)
    run(ports, publish, ines, activity.id)
    come_in(ports, *people, placed=placed)
    team = run(ports, make_team, ines, activity.id, name="Blue Ledger")
    early, crowd = people[:inside], people[inside:]
    for person in early:
        run(ports, put_into_team, ines, activity.id, person.person, team.id)
    before = _joined(ports, team.id)

    works = [lambda person=person: run(ports, join_team, person, activity.id, team.id) for person in crowd]
    results = at_once(crowded, *works)

    outcome = Counter(result.code if isinstance(result, Refusal) else "in" for result in results)
    seats = 5 - inside
    assert outcome == {"in": seats, "team_full": CROWD - seats}
    with ports.transaction() as store:
        assert store.get(TEAMS, team.id).size == store.count(MEMBERSHIPS, team=team.id) == 5
    assert _joined(ports, team.id) - before == seats


def _joined(ports, team: str) -> int:
    with ports.transaction() as store:
        return store.count(MEMBERSHIP_EVENTS, team=team, event=Happened.JOINED)


def test_a_row_that_somebody_holds_is_skipped_at_once(crowded: Place) -> None:
    card = sample(CARDS)
    with crowded.transaction() as store:
        store.add(CARDS, card)
    held, tried = threading.Event(), threading.Event()

    def hold() -> None:
        with crowded.transaction() as store:
            store.get(CARDS, card.id, lock=True)
            held.set()
            assert tried.wait(PATIENCE)

    def try_it() -> bool:
        assert held.wait(PATIENCE)
        try:
            with crowded.transaction() as store:
                return store.try_lock(CARDS, card.id) is None
        finally:
            tried.set()

    assert at_once(crowded, hold, try_it)[1] is True


def test_of_two_hundred_who_take_a_work_at_the_same_second_everybody_gets_one(crowded: Place) -> None:
    ports = replace(world(START), transaction=crowded.transaction, pause=time.sleep)
    of = an_assignment(ports)
    teams = [tuple(actor(f"r{number}x{side}") for side in range(4)) for number in range(50)]
    for number, members in enumerate(teams):
        a_team_that_handed_in(ports, of, *members, name=f"Crowd {number}", text=f"Plan {number}")
    activity = a_peer_review(ports, of, ReviewRules(per_work=3))
    run(ports, keep_reviewing, activity.id)
    people = [who for members in teams for who in members]

    works = [lambda who=who: run(ports, take, who, activity.id) for who in people]
    results = at_once(crowded, *works)

    assert [result for result in results if isinstance(result, Refusal)] == []
    with ports.transaction() as store:
        pool = store.find(POOL, activity=activity.id, limit=200)
        reviews = store.find(REVIEWS, activity=activity.id, limit=500)
    assert len({(row.reviewer, row.pool) for row in reviews}) == len(reviews) == len(people)
    counted = Counter(row.pool for row in reviews)
    assert {row.id: row.taken for row in pool} == dict(counted)
    assert 3 <= min(counted.values()) <= max(counted.values()) <= 5  # never beyond k + 2
    of_team = {who.person: number for number, members in enumerate(teams) for who in members}
    names = {row.id: row.name for row in _teams(ports, [row.team for row in pool])}
    assert all(names[row.team] != f"Crowd {of_team[row.reviewer]}" for row in reviews)


def _teams(ports: Ports, ids: list[str]) -> list[Any]:
    with ports.transaction() as store:
        return store.find(TEAMS, id=ids, limit=len(ids))


def test_of_two_who_lock_crosswise_one_meets_a_stale_write_and_the_other_goes_on(crowded: Place) -> None:
    one, two = sample(CARDS), sample(CARDS)
    with crowded.transaction() as store:
        store.add(CARDS, one)
        store.add(CARDS, two)
    both_hold_one = threading.Barrier(2)

    def lock(first: str, second: str) -> str:
        with crowded.transaction() as store:
            store.get(CARDS, first, lock=True)
            both_hold_one.wait(PATIENCE)
            card = store.get(CARDS, second, lock=True)
            store.save(CARDS, replace(card, pitch="got both"))
        return "in"

    results = at_once(crowded, lambda: lock(one.id, two.id), lambda: lock(two.id, one.id))
    assert {type(result) for result in results} == {str, StaleWrite}
    with crowded.transaction() as store:
        assert sorted(store.get(CARDS, card.id).version for card in (one, two)) == [1, 2]


def test_of_two_who_add_the_same_at_once_one_meets_the_unique_rule_and_goes_on(crowded: Place) -> None:
    rule: dict[str, Any] = {"team_set": fresh_key(), "person": fresh_key()}
    first_is_in, go_on = threading.Event(), threading.Event()

    def first() -> str:
        with crowded.transaction() as store:
            store.add(CARDS, sample(CARDS, **rule))
            first_is_in.set()
            assert go_on.wait(PATIENCE)
        return "first"

    def second() -> str:
        assert first_is_in.wait(PATIENCE)
        other = sample(CARDS)
        with crowded.transaction() as store:
            store.add(CARDS, other)
            go_on.set()  # what is added next waits for the other's commit, or comes after it
            with pytest.raises(AlreadyExists):
                store.add(CARDS, sample(CARDS, **rule))
        with crowded.transaction() as store:
            assert store.count(CARDS, **rule) == store.count(CARDS, id=other.id) == 1
        return "second"

    assert at_once(crowded, first, second) == ["first", "second"]


def test_a_row_that_was_read_with_a_lock_waits_for_its_holder(crowded: Place) -> None:
    card = sample(CARDS)
    with crowded.transaction() as store:
        store.add(CARDS, card)
    locked = threading.Event()

    def holder() -> int:
        with crowded.transaction() as store:
            mine = store.get(CARDS, card.id, lock=True)
            locked.set()
            return store.save(CARDS, replace(mine, pitch="holder")).version

    def waiter() -> int:
        assert locked.wait(PATIENCE)
        with crowded.transaction() as store:
            return store.save(CARDS, replace(store.get(CARDS, card.id, lock=True), pitch="waiter")).version

    assert at_once(crowded, holder, waiter) == [2, 3]


def two_to_merge(crowded: Place) -> tuple[Any, Any, Any, list[Any], list[Any]]:
    """Two pairs with a proposal to become one: ports, activity, merger, and the members of both."""
    ports = replace(world(START), transaction=crowded.transaction, pause=time.sleep)
    placed = replace(PLACED, course=f"merge-{fresh_key()}")
    ines = replace(INES, course=placed.course)
    sides = [
        [replace(actor(f"{side}{n}"), course=placed.course) for n in range(2)] for side in ("blue", "red")
    ]
    rules = settings(teams=TeamRules(name="merge", min=2, ideal=4, max=5))
    activity = come_in(ports, ines, placed=placed)
    run(ports, save_settings, ines, activity.id, rules, seen=activity.settings_number)
    run(ports, publish, ines, activity.id)
    teams = []
    for number, side in enumerate(sides):
        come_in(ports, *side, placed=placed)
        team = run(ports, make_team, ines, activity.id, name=f"Team {number}")
        for who in side:
            run(ports, put_into_team, ines, activity.id, who.person, team.id)
        teams.append(team)
    merger = run(ports, propose_merger, ines, activity.id, teams[0].id, teams[1].id, why="Few.")
    return ports, activity, merger, sides[0], sides[1]


def test_of_two_last_votes_at_once_the_second_sees_the_first_and_the_teams_are_joined_once(
    crowded: Place,
) -> None:
    ports, activity, merger, blue, red = two_to_merge(crowded)
    for who in (blue[0], red[0]):
        run(ports, decide_merger, who, activity.id, merger.id, agrees=True)
    votes = [
        lambda who=who: run(ports, decide_merger, who, activity.id, merger.id, agrees=True)
        for who in (blue[1], red[1])
    ]
    results = at_once(crowded, *votes)
    assert not [result for result in results if isinstance(result, Refusal)]
    with ports.transaction() as store:
        assert store.get(MERGERS, merger.id).state is MergerState.DONE
        assert store.count(MEMBERSHIPS, team=merger.into) == store.get(TEAMS, merger.into).size == 4
        assert store.count(MEMBERSHIP_EVENTS, team=merger.into, event=Happened.MERGED) == 2


def test_who_joins_while_two_teams_become_one_is_in_the_joined_team_or_refused_and_never_lost(
    crowded: Place,
) -> None:
    ports, activity, merger, blue, red = two_to_merge(crowded)
    for who in (blue[0], blue[1], red[0]):
        run(ports, decide_merger, who, activity.id, merger.id, agrees=True)
    course = blue[0].course
    newcomers = [replace(actor(f"new{n}"), course=course) for n in range(4)]
    come_in(ports, *newcomers, placed=replace(PLACED, course=course))
    joins = [
        lambda who=who, team=team: run(ports, join_team, who, activity.id, team)
        for who, team in zip(newcomers, [merger.team, merger.into] * 2, strict=True)
    ]
    last = partial(run, ports, decide_merger, red[1], activity.id, merger.id, agrees=True)
    at_once(crowded, last, *joins)
    with ports.transaction() as store:
        for id in (merger.team, merger.into):
            team = store.get(TEAMS, id)
            assert store.count(MEMBERSHIPS, team=id) == team.size <= 5
        if store.get(MERGERS, merger.id).state is MergerState.DONE:
            assert store.count(MEMBERSHIPS, team=merger.team) == 0, "nobody is left in a team that is gone"


# --- two teams become one while others act ---


@dataclass
class Two:
    """Two small teams that are proposed to each other, in a course of their own."""

    ports: Ports
    activity: str
    ines: Actor
    people: list[Actor]  # two of the team that goes, two of the one that stays, and somebody without a team
    merger: Merger


def two_small(place: Place, *, most: int = 5) -> Two:
    ports = replace(world(START), transaction=place.transaction, pause=time.sleep)
    placed = replace(PLACED, course=f"mergers-{fresh_key()}")
    ines = replace(INES, course=placed.course)
    people = [replace(actor(f"p{number}"), course=placed.course) for number in range(5)]
    rules = settings(teams=TeamRules(name="mergers", min=3, ideal=3, max=most))
    activity = come_in(ports, ines, placed=placed)
    run(ports, save_settings, ines, activity.id, rules, seen=activity.settings_number)
    run(ports, publish, ines, activity.id)
    come_in(ports, *people, placed=placed)
    teams = [run(ports, make_team, ines, activity.id, name=name) for name in ("Red Kites", "Blue Ledger")]
    for number, person in enumerate(people[:4]):
        run(ports, put_into_team, ines, activity.id, person.person, teams[number // 2].id)
    run(ports, save_draft, people[2], activity.id, {"where": "Blue Ledger has written more."}, seen=0)
    run(ports, save_draft, people[0], activity.id, {"where": "Little."}, seen=0)
    merger = run(ports, propose_merger, ines, activity.id, teams[0].id, teams[1].id, why="Two are few.")
    assert (merger.team, merger.into) == (teams[0].id, teams[1].id)
    return Two(ports, activity.id, ines, people, merger)


def says_yes(two: Two, who: Actor) -> Callable[[], Any]:
    return lambda: run(two.ports, decide_merger, who, two.activity, two.merger.id, agrees=True)


def stands(two: Two) -> tuple[MergerState, int, int]:
    """How the proposal stands, and how many are in each team; rows and figures must agree."""
    with two.ports.transaction() as store:
        sizes = []
        for id in (two.merger.team, two.merger.into):
            team = store.get(TEAMS, id)
            assert team.size == store.count(MEMBERSHIPS, team=id)
            sizes.append(team.size)
        members = store.find(MEMBERSHIPS, team_set=two.merger.team_set, limit=100)
        assert len({row.person for row in members}) == len(members), "nobody is in two teams"
        return store.get(MERGERS, two.merger.id).state, sizes[0], sizes[1]


def test_yes_and_no_at_once_never_join_and_refuse_both(crowded: Place) -> None:
    two = two_small(crowded)
    for who in two.people[:3]:
        says_yes(two, who)()

    def settles() -> Any:
        return run(
            two.ports, settle_merger, two.ines, two.activity, two.merger.id, join=False, reason="Not now."
        )

    results = at_once(crowded, says_yes(two, two.people[3]), settles)
    refused = [result for result in results if isinstance(result, Refusal)]
    state, gone, kept = stands(two)
    assert [refusal.code for refusal in refused] == ["merger_over"]
    assert (state, gone, kept) in {(MergerState.DONE, 0, 4), (MergerState.REFUSED, 2, 2)}


def test_somebody_who_is_placed_while_teams_become_one_is_not_lost_and_nothing_grows_too_large(
    crowded: Place,
) -> None:
    for target in ("team", "into"):
        two = two_small(crowded, most=4)
        for who in two.people[:3]:
            says_yes(two, who)()
        goal = getattr(two.merger, target)

        def places(two: Two = two, goal: str = goal) -> Any:
            return run(two.ports, put_into_team, two.ines, two.activity, two.people[4].person, goal)

        results = at_once(crowded, says_yes(two, two.people[3]), places)
        refused = {result.code for result in results if isinstance(result, Refusal)}
        state, gone, kept = stands(two)
        assert gone <= 4
        assert kept <= 4
        if state is MergerState.DONE:
            assert (gone, kept) == (0, 4)
            assert refused <= {"team_full", "not_found"}
        else:
            assert gone + kept == 5
            assert refused == {"merger_too_large"}


def test_handing_in_and_the_last_yes_at_once_end_with_one_of_them(crowded: Place) -> None:
    two = two_small(crowded)
    for who in two.people[:3]:
        says_yes(two, who)()

    def hands_in() -> Any:
        return run(two.ports, submit, two.people[0], two.activity, seen=1)

    results = at_once(crowded, says_yes(two, two.people[3]), hands_in)
    refused = [result for result in results if isinstance(result, Refusal)]
    state, gone, kept = stands(two)
    with two.ports.transaction() as store:
        by_team = {row.team for row in store.find(SUBMISSIONS, activity=two.activity, limit=10)}
    if state is MergerState.DONE:
        assert (gone, kept) == (0, 4)
        assert two.merger.team not in by_team, "nothing is handed in by a team that is gone"
    else:
        assert (gone, kept) == (2, 2)
        assert by_team == {two.merger.team}
        assert [refusal.code for refusal in refused] == ["merger_handed_in"]


def test_of_two_who_propose_for_one_team_at_once_one_is_told_of_the_other(crowded: Place) -> None:
    two = two_small(crowded)
    run(two.ports, settle_merger, two.ines, two.activity, two.merger.id, join=False, reason="Again.")
    third = run(two.ports, make_team, two.ines, two.activity, name="Green Line")
    run(two.ports, put_into_team, two.ines, two.activity, two.people[4].person, third.id)

    def proposes(other: str) -> Callable[[], Any]:
        return lambda: run(
            two.ports, propose_merger, two.ines, two.activity, third.id, other, why="One is few."
        )

    results = at_once(crowded, proposes(two.merger.team), proposes(two.merger.into))
    refused = [result.code for result in results if isinstance(result, Refusal)]
    assert refused == ["merger_open"]
    with two.ports.transaction() as store:
        assert store.count(MERGERS, team_set=third.team_set, state=MergerState.OPEN.value) == 1


def test_of_two_who_place_one_latecomer_at_once_one_gives_the_seat(crowded: Place) -> None:
    two = two_small(crowded)
    late = two.people[4].person
    with two.ports.transaction() as store:
        team_set = store.get(TEAM_SETS, two.merger.team_set)
        activity = store.get(ACTIVITIES, two.activity)

    def seats(team: str) -> Callable[[], Any]:
        return lambda: run(two.ports, seat_late, activity, team_set, team, late, by=two.ines.person)

    results = at_once(crowded, seats(two.merger.team), seats(two.merger.into))
    refused = [result.code for result in results if isinstance(result, Refusal)]
    assert refused == ["already_in_team"]
    state, gone, kept = stands(two)
    assert (state, gone + kept) == (MergerState.OPEN, 5)
