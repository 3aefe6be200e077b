"""What every store promises, checked on each of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from coursecrew.app.memory import ONE_TENANT
from coursecrew.app.records import (
    ALL,
    CARDS,
    CELLS,
    DRAFT_VERSIONS,
    EXTENSIONS,
    FILLED,
    GRADES,
    MEMBERSHIPS,
    PARTICIPANTS,
    REQUEST_KEYS,
    TEAMS,
    RecordType,
)
from coursecrew.domain.errors import AlreadyExists, NotFound, StaleWrite
from coursecrew.domain.gradebook import Delivery
from coursecrew.domain.people import Role
from tests.contracts.places import Place
from tests.contracts.samples import MOMENT, fresh_key, sample

OTHER_TENANT = "e" * 32
RULES = [
    pytest.param(kind, rule, id=f"{kind.table}-{'-'.join(rule)}") for kind in ALL for rule in kind.unique
]
every_kind = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.table)


def a_team(team_set: str, name: str = "blue", **given: Any) -> Any:
    return sample(TEAMS, team_set=team_set, name=name, name_key=name, **given)


def put(place: Place, kind: RecordType, *records: Any, tenant: str = ONE_TENANT) -> list:
    with place.transaction(tenant) as store:
        return [store.add(kind, record) for record in records]


# --- what is written is what is read ---


@every_kind
@pytest.mark.parametrize("empty", [False, True], ids=["filled", "empty"])
def test_a_record_comes_back_as_it_was_written(place: Place, kind: RecordType, empty: bool) -> None:
    record = sample(kind, empty=empty)
    put(place, kind, record)
    with place.transaction() as store:
        assert store.get(kind, record.id) == record
        assert store.find(kind, id=record.id) == [record]


def test_times_come_back_aware_in_utc_to_the_microsecond(place: Place) -> None:
    card = sample(CARDS)
    put(place, CARDS, card)
    with place.transaction() as store:
        read = store.get(CARDS, card.id)
    assert read.at == MOMENT
    assert read.at.tzinfo is UTC
    assert read.at.microsecond == 123456


def test_a_time_without_a_zone_is_refused_before_it_is_stored(place: Place) -> None:
    with place.transaction() as store:
        with pytest.raises(ValueError, match="without a zone"):
            store.add(CARDS, sample(CARDS, at=MOMENT.replace(tzinfo=None)))
        with pytest.raises(ValueError, match="without a zone"):
            store.count(CARDS, at=MOMENT.replace(tzinfo=None))


def test_a_character_that_postgresql_cannot_keep_is_left_out_everywhere(place: Place) -> None:
    card = sample(CARDS, pitch="a\0b\0")
    with place.transaction() as store:
        store.add(CARDS, card)
        assert store.get(CARDS, card.id).pitch == "ab"
        assert store.count(CARDS, id=card.id, pitch="a\0b") == 1
        assert store.find(CARDS, id=["\0", card.id]) == [replace(card, pitch="ab")]
        with pytest.raises(NotFound):
            store.get(CARDS, "\0")
        store.remove(CARDS, "\0")


def test_a_written_row_is_read_in_the_same_transaction(place: Place) -> None:
    card = sample(CARDS)
    with place.transaction() as store:
        store.add(CARDS, card)
        saved = store.save(CARDS, replace(card, pitch="new"))
        assert store.get(CARDS, card.id) == saved
        store.remove(CARDS, card.id)
        assert store.count(CARDS, id=card.id) == 0


def test_an_absent_row_is_not_found_and_may_be_removed(place: Place) -> None:
    with place.transaction() as store:
        with pytest.raises(NotFound):
            store.get(TEAMS, fresh_key())
        with pytest.raises(NotFound):
            store.get(TEAMS, fresh_key(), lock=True)
        store.remove(TEAMS, fresh_key())


def test_a_row_is_locked_without_waiting_or_not_at_all(place: Place) -> None:
    card = sample(CARDS)
    put(place, CARDS, card)
    with place.transaction() as store:
        assert store.try_lock(CARDS, card.id) == card
        assert store.try_lock(CARDS, fresh_key()) is None
    if place.has_tenants:
        with place.transaction(OTHER_TENANT) as store:
            assert store.try_lock(CARDS, card.id) is None


def test_an_exception_undoes_everything(place: Place) -> None:
    kept, changed, removed, added = (sample(CARDS) for _ in range(4))
    put(place, CARDS, kept, changed, removed)

    def work() -> None:
        with place.transaction() as store:
            store.add(CARDS, added)
            store.save(CARDS, replace(store.save(CARDS, replace(changed, pitch="once")), pitch="twice"))
            store.remove(CARDS, removed.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    with place.transaction() as store:
        ids = [kept.id, changed.id, removed.id, added.id]
        assert store.find(CARDS, id=ids) == [kept, changed, removed]


# --- unique rules and versions ---


@pytest.mark.parametrize(("kind", "rule"), RULES)
def test_a_unique_rule_is_kept_and_the_transaction_goes_on(
    place: Place, kind: RecordType, rule: tuple[str, ...]
) -> None:
    first, third = sample(kind), sample(kind)
    second = sample(kind, **{name: getattr(first, name) for name in rule})
    with place.transaction() as store:
        store.add(kind, first)
        with pytest.raises(AlreadyExists):
            store.add(kind, second)
        store.add(kind, third)
    with place.transaction() as store:
        assert store.find(kind, id=[first.id, second.id, third.id]) == [first, third]


@every_kind
def test_an_id_is_given_once(place: Place, kind: RecordType) -> None:
    first = sample(kind)
    put(place, kind, first)
    with place.transaction() as store:
        with pytest.raises(AlreadyExists):
            store.add(kind, sample(kind, id=first.id))
        assert store.get(kind, first.id) == first


def test_a_save_onto_a_unique_rule_is_refused_and_the_transaction_goes_on(place: Place) -> None:
    team_set = fresh_key()
    blue, red = put(place, TEAMS, a_team(team_set, "blue"), a_team(team_set, "red"))
    with place.transaction() as store:
        with pytest.raises(AlreadyExists):
            store.save(TEAMS, replace(red, name_key="blue"))
        store.save(TEAMS, replace(red, name_key="green"))
    with place.transaction() as store:
        found = store.find(TEAMS, team_set=team_set, order="name")
        assert [(team.name_key, team.version) for team in found] == [("blue", blue.version), ("green", 2)]


def test_unique_rules_tell_upper_from_lower_case_and_accents(place: Place) -> None:
    team_set = fresh_key()
    put(place, TEAMS, *(a_team(team_set, name) for name in ("ann", "ANN", "änn", "Änn")))
    with place.transaction() as store:
        assert [team.name for team in store.find(TEAMS, team_set=team_set, name="ann")] == ["ann"]


def test_a_save_raises_the_version_by_one_each_time(place: Place) -> None:
    (card,) = put(place, CARDS, sample(CARDS))
    with place.transaction() as store:
        once = store.save(CARDS, replace(card, pitch="once"))
        twice = store.save(CARDS, replace(once, pitch="twice"))
    assert (once.version, twice.version) == (2, 3)
    with place.transaction() as store:
        assert store.get(CARDS, card.id) == twice


def test_a_save_of_what_others_changed_is_stale_and_changes_nothing(place: Place) -> None:
    (card,) = put(place, CARDS, sample(CARDS))
    with place.transaction() as store:
        changed = store.save(CARDS, replace(card, pitch="first"))
    with place.transaction() as store:
        with pytest.raises(StaleWrite):
            store.save(CARDS, replace(card, pitch="second"))
        assert store.get(CARDS, card.id) == changed


def test_a_save_of_a_removed_row_is_stale(place: Place) -> None:
    (card,) = put(place, CARDS, sample(CARDS))
    with place.transaction() as store:
        store.remove(CARDS, card.id)
        with pytest.raises(StaleWrite):
            store.save(CARDS, card)


def test_a_save_with_the_same_values_is_a_save(place: Place) -> None:
    key = sample(REQUEST_KEYS)  # has no version: not even a counter changes
    put(place, REQUEST_KEYS, key)
    with place.transaction() as store:
        assert store.save(REQUEST_KEYS, key) == key


# --- finding ---


def test_equalities_take_one_value_several_or_none(place: Place) -> None:
    activity = fresh_key()
    waiting = sample(CELLS, activity=activity, state=Delivery.WAITING)
    never = sample(CELLS, activity=activity, state=Delivery.WAITING, next_try=None)
    sent = sample(CELLS, activity=activity, state=Delivery.SENT, next_try=None)
    put(place, CELLS, waiting, never, sent)
    with place.transaction() as store:

        def found(**equal: Any) -> list:
            rows = store.find(CELLS, activity=activity, **equal)
            assert store.count(CELLS, activity=activity, **equal) == len(rows)
            return rows

        assert found() == [waiting, never, sent]
        assert found(state=Delivery.WAITING) == found(state="waiting") == [waiting, never]
        assert found(state=[Delivery.SENT, "refused"]) == [sent]
        assert found(next_try=None) == [never, sent]
        assert found(next_try=None, state="sent") == [sent]
        assert found(next_try=[None, MOMENT]) == [waiting, never, sent]
        assert found(next_try=MOMENT.astimezone(UTC)) == [waiting]
        assert found(next_try=[None]) == [never, sent]
        assert found(next_try=FILLED) == [waiting]
        assert store.find(CELLS, activity=activity, next_try=FILLED, order="next") == [waiting]
        assert found(next_try=FILLED, state="sent") == []
        for number in range(1, 5):
            assert store.reaches(CELLS, number, activity=activity) == (number <= 3)
        assert store.reaches(CELLS, 1, activity=activity, next_try=FILLED)
        assert not store.reaches(CELLS, 2, activity=activity, next_try=FILLED)
        assert found(state=()) == found(state=set()) == []
        assert found(id=(waiting.id, sent.id)) == [waiting, sent]


def test_flags_numbers_and_whole_numbers_are_equalities_too(place: Place) -> None:
    course = fresh_key()
    here = sample(PARTICIPANTS, course=course, active=True, named_role=None)
    gone = sample(PARTICIPANTS, course=course, active=False, role=Role.LEARNER)
    grade = sample(GRADES, number=7)
    put(place, PARTICIPANTS, here, gone)
    put(place, GRADES, grade)
    with place.transaction() as store:
        assert store.find(PARTICIPANTS, course=course, active=True, named_role=None) == [here]
        assert store.find(PARTICIPANTS, course=course, active=False, role=Role.LEARNER) == [gone]
        assert store.count(GRADES, activity=grade.activity, total=grade.total, number=7) == 1


def test_an_unknown_column_or_order_is_an_error(place: Place) -> None:
    with place.transaction() as store:
        with pytest.raises(KeyError):
            store.find(TEAMS, colour="blue")
        with pytest.raises(KeyError):
            store.find(TEAMS, order="colour")


def test_a_find_gives_at_most_two_hundred_rows_unless_told_otherwise(place: Place) -> None:
    team = fresh_key()
    put(place, MEMBERSHIPS, *(sample(MEMBERSHIPS, team=team) for _ in range(203)))
    with place.transaction() as store:
        assert len(store.find(MEMBERSHIPS, team=team)) == 200
        assert len(store.find(MEMBERSHIPS, team=team, limit=3)) == 3
        assert (
            len(store.find(MEMBERSHIPS, team=team, limit=1000)) == store.count(MEMBERSHIPS, team=team) == 203
        )


def test_names_are_sorted_by_code_point_everywhere(place: Place) -> None:
    team_set = fresh_key()
    names = ["zoe", "ärzte", "Zoe", "ann", "日本", "🎈", "a b", "a-b", "ab", "_x", "9"]
    put(place, TEAMS, *(a_team(team_set, name) for name in names))
    with place.transaction() as store:
        assert [team.name for team in store.find(TEAMS, team_set=team_set, order="name")] == sorted(names)


def in_pages(place: Place, kind: RecordType, order: str, size: int, **equal: Any) -> list:
    rows: list = []
    with place.transaction() as store:
        while page := store.find(kind, order=order, after=rows[-1] if rows else None, limit=size, **equal):
            rows += page
    return rows


@pytest.mark.parametrize("order", ["id", "name", "size", "largest"])
def test_pages_show_each_row_once_and_in_order(place: Place, order: str) -> None:
    team_set = fresh_key()
    teams = [a_team(team_set, f"{number % 4} {number}", size=number % 3) for number in range(11)]
    put(place, TEAMS, *reversed(teams))
    by = {
        "id": lambda team: team.id,
        "name": lambda team: (team.name_key, team.id),
        "size": lambda team: (team.size, team.name_key, team.id),
        "largest": lambda team: (-team.size, team.id),
    }[order]
    assert in_pages(place, TEAMS, order, 3, team_set=team_set) == sorted(teams, key=by)


def test_nothing_stands_before_everything_in_an_order(place: Place) -> None:
    activity = fresh_key()
    waits = [None, 3, 1, None, 2, 2, None]
    cells = [
        sample(CELLS, activity=activity, next_try=None if wait is None else MOMENT + timedelta(hours=wait))
        for wait in waits
    ]
    put(place, CELLS, *cells)
    wanted = [cells[number] for number in (0, 3, 6, 2, 4, 5, 1)]
    with place.transaction() as store:
        assert store.find(CELLS, order="next", activity=activity) == wanted
    assert in_pages(place, CELLS, "next", 2, activity=activity) == wanted


def test_an_order_may_be_turned_round_with_nothing_at_its_end(place: Place) -> None:
    kind = replace(EXTENSIONS, orders={"last": ("-closes",)})
    activity = fresh_key()
    closes = [MOMENT, None, MOMENT + timedelta(hours=1), None]
    rows = [sample(EXTENSIONS, activity=activity, closes=moment) for moment in closes]
    put(place, EXTENSIONS, *rows)
    assert in_pages(place, kind, "last", 1, activity=activity) == [rows[n] for n in (2, 0, 1, 3)]


def test_the_newest_versions_come_first(place: Place) -> None:
    work = fresh_key()
    versions = [sample(DRAFT_VERSIONS, work=work, number=number) for number in (2, 1, 3)]
    put(place, DRAFT_VERSIONS, *versions)
    with place.transaction() as store:
        found = store.find(DRAFT_VERSIONS, order="newest", work=work, limit=2)
    assert [version.number for version in found] == [3, 2]


def test_a_tally_counts_by_a_column(place: Place) -> None:
    activity = fresh_key()
    states = [Delivery.WAITING, Delivery.SENT, Delivery.WAITING]
    put(place, CELLS, *(sample(CELLS, activity=activity, state=state) for state in states))
    with place.transaction() as store:
        assert store.tally(CELLS, "state", activity=activity) == {Delivery.WAITING: 2, Delivery.SENT: 1}
        assert store.tally(CELLS, "state", activity=activity, state="sent") == {"sent": 1}
        assert store.tally(CELLS, "state", activity=fresh_key()) == {}


def test_a_tally_counts_what_is_empty_too(place: Place) -> None:
    course = fresh_key()
    roles = [None, Role.TA, None]
    put(place, PARTICIPANTS, *(sample(PARTICIPANTS, course=course, named_role=role) for role in roles))
    with place.transaction() as store:
        assert store.tally(PARTICIPANTS, "named_role", course=course) == {None: 2, Role.TA: 1}


# --- tenants ---


def test_no_tenant_sees_or_touches_rows_of_another(place: Place) -> None:
    if not place.has_tenants:
        with place.transaction(OTHER_TENANT) as store:  # an LMS has one tenant: the LMS
            assert store.count(CARDS, id=fresh_key()) == 0
        return
    card = sample(CARDS)
    put(place, CARDS, card)
    same_rule = sample(CARDS, team_set=card.team_set, person=card.person)
    with place.transaction(OTHER_TENANT) as store:
        with pytest.raises(NotFound):
            store.get(CARDS, card.id)
        with pytest.raises(NotFound):
            store.get(CARDS, card.id, lock=True)
        assert store.find(CARDS, id=card.id) == store.find(CARDS, team_set=card.team_set) == []
        assert store.count(CARDS, id=card.id) == 0
        assert store.tally(CARDS, "team_set", id=card.id) == {}
        with pytest.raises(StaleWrite):
            store.save(CARDS, replace(card, pitch="mine now"))
        store.remove(CARDS, card.id)
        store.add(CARDS, same_rule)
        with pytest.raises(AlreadyExists):
            store.add(CARDS, sample(CARDS, id=card.id))
    with place.transaction() as store:
        assert store.find(CARDS, team_set=card.team_set) == [card]
