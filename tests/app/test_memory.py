"""What the ports in memory promise beyond the store's contract."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from coursecrew.app.memory import FIRST_DAY, MemoryPorts, memory_ports
from coursecrew.app.ports import Answer, Mail, Member
from coursecrew.app.records import VISITS, Visit
from coursecrew.domain.errors import NotFound, PlatformUnreachable
from coursecrew.domain.gradebook import Cell, Component
from coursecrew.domain.people import Role

COURSE = "urban-water"
AMARA, TOMAS = "a" * 32, "b" * 32


def visit(ports: MemoryPorts, **given: Any) -> Visit:
    now = ports.clock.now()
    return replace(Visit(ports.ids.new(), "c" * 32, AMARA, now, now), **given)


def test_the_clock_moves_only_when_told_to() -> None:
    ports = memory_ports()
    assert ports.clock.now() == ports.clock.now() == FIRST_DAY
    assert ports.clock.advance(hours=2, minutes=5) == FIRST_DAY + timedelta(hours=2, minutes=5)
    assert ports.clock.advance(timedelta(days=-1)) < FIRST_DAY
    assert ports.clock.move_to(datetime(2027, 1, 1, tzinfo=UTC)) == ports.clock.now()


def test_ids_follow_the_virtual_clock_and_rise() -> None:
    ports = memory_ports()
    first, second = ports.ids.new(), ports.ids.new()
    ports.clock.advance(days=1)
    third = ports.ids.new()
    assert first < second < third
    assert int(third[:12], 16) - int(first[:12], 16) == 86_400_000


def test_chance_comes_out_the_same_for_the_same_seed() -> None:
    assert memory_ports(seed=7).chance.random() == memory_ports(seed=7).chance.random()
    assert memory_ports(seed=7).chance.random() != memory_ports(seed=8).chance.random()


@pytest.mark.parametrize(
    "wrong",
    [{"person": "x" * 33}, {"person": None}],
)
def test_what_some_database_would_refuse_is_refused_here(wrong) -> None:
    ports = memory_ports()
    with ports.transaction() as store, pytest.raises(ValueError, match="coursecrew_visit"):
        store.add(VISITS, visit(ports, **wrong))


def test_a_second_thread_waits_for_the_first_and_a_second_transaction_of_one_thread_is_an_error() -> None:
    ports = memory_ports()
    seen: list[int] = []
    begun = threading.Event()

    def other() -> None:
        begun.set()
        seen.append(len(ports.rows(VISITS)))

    thread = threading.Thread(target=other)
    with ports.transaction() as store:
        thread.start()
        begun.wait()
        store.add(VISITS, visit(ports))
        with pytest.raises(RuntimeError, match="open in this thread"), ports.transaction():
            pass
    thread.join()
    assert seen == [1]


def test_a_store_ends_with_its_transaction() -> None:
    ports = memory_ports()
    with ports.transaction() as store:
        pass
    with pytest.raises(RuntimeError, match="over"):
        store.count(VISITS)


def test_two_tenants_may_share_a_database() -> None:
    one = memory_ports()
    two = memory_ports(tenant="2" * 32, database=one.database)
    with one.transaction() as store:
        store.add(VISITS, visit(one))
    with two.transaction() as store:
        store.add(VISITS, visit(two, person=TOMAS))
    assert [row.person for row in one.rows(VISITS)] == [AMARA]
    assert [row.person for row in two.rows(VISITS)] == [TOMAS]


def test_a_member_list_comes_in_pages_or_not_at_all() -> None:
    people = memory_ports().people
    people.put(COURSE, *(Member(f"{n:032x}", f"P {n}", Role.LEARNER) for n in range(120)), p7=f"{7:032x}")
    people.put(COURSE, Member(f"{7:032x}", "Renamed", Role.LEARNER))
    pages = list(people.members(COURSE))
    assert [len(page) for page in pages] == [50, 50, 20]
    assert pages[0][7].name == "Renamed"
    assert people.person_for(COURSE, "p7") == people.person_for(COURSE, f"{7:032x}") == f"{7:032x}"
    assert people.person_for(COURSE, "nobody") is None
    people.unreachable = True
    with pytest.raises(PlatformUnreachable):
        list(people.members(COURSE))


def test_a_gradebook_keeps_the_newest_stamp_and_takes_the_same_twice() -> None:
    gradebook = memory_ports().gradebook
    cell = Cell("1" * 32, "c" * 32, AMARA, Component.TOTAL, Decimal(80), 1)

    def send(value: str, stamp: datetime) -> Answer:
        return gradebook.send(cell, value=Decimal(value), maximum=Decimal(100), stamp=stamp, title="Plan")

    later = FIRST_DAY + timedelta(seconds=1)
    assert send("80", later).kind == send("80", later).kind == "ok"
    assert send("70", FIRST_DAY) == Answer("older", "older_stamp", stamp=later)
    assert send("70", later).kind == "older"
    assert gradebook.value(cell.activity, AMARA) == Decimal(80)
    gradebook.answer_next(Answer("later", "busy"), Answer("refused", "no_such_user"))
    kinds = [send("90", later + timedelta(seconds=n)).kind for n in range(1, 4)]
    assert kinds == ["later", "refused", "ok"]
    assert gradebook.value(cell.activity, AMARA) == Decimal(90)
    assert [sent.answer.kind for sent in gradebook.sends][-3:] == kinds


def test_mail_is_kept_unless_there_is_no_address_or_no_server() -> None:
    mailer = memory_ports().mailer
    mail = Mail("Subject", "Text", "<p>Text</p>")
    mailer.without_address.add(TOMAS)
    assert (mailer.send(AMARA, mail), mailer.send(TOMAS, mail)) == ("sent", "no_address")
    assert (mailer.to(AMARA), mailer.to(TOMAS)) == ([mail], [])
    mailer.unreachable = True
    with pytest.raises(PlatformUnreachable):
        mailer.send(AMARA, mail)


def test_files_come_back_until_they_are_removed() -> None:
    files = memory_ports().files
    files.put("name", io.BytesIO(b"bytes"))
    assert files.open("name").read() == b"bytes"
    files.remove("name")
    files.remove("name")
    with pytest.raises(NotFound):
        files.open("name")


def test_a_token_is_good_for_one_purpose_and_unchanged_only() -> None:
    links = memory_ports().links
    token = links.sign("unsubscribe", AMARA, "курс")
    assert links.read("unsubscribe", token) == (AMARA, "курс")
    assert links.read("download", token) is None
    assert links.read("unsubscribe", "x" + token) is None
    assert links.read("unsubscribe", "") is None
    assert links.read("unsubscribe", "ü.ü") is None
