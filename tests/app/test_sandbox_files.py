"""Files of the sandbox: for the item's audience alone, and gone with the item, bytes and all."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from coursecrew.app.files import open_file
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.people import retire
from coursecrew.app.records import SANDBOX_FILES, SANDBOX_ITEMS, TEAM_FILES
from coursecrew.app.sandbox import add_item, break_glass, delete_item, look_at_item, say_yes
from coursecrew.app.sandbox_files import (
    add_sandbox_files,
    promote_with_files,
    remove_sandbox_file,
    sweep_sandbox_files,
)
from coursecrew.app.submissions import own_work
from coursecrew.app.team_files import add_team_files
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import NotAllowed, NotFound, Refusal, TooLarge, WrongFileType
from coursecrew.domain.people import Actor
from coursecrew.domain.sandbox import Audience
from tests.app.test_sandbox import ADA, MONA, REASON, TEAM, a_class, put
from tests.builders import AMARA, COURSE, INES, KWAME, LINH, MEHMET, SOFIA, TOMAS, hand_in

LIMIT = 1_000
EVERYBODY = (AMARA, TOMAS, LINH, MONA, MEHMET, SOFIA, KWAME, INES, ADA)


def adds(
    ports: MemoryPorts, activity: Activity, who: Actor, item: str, *names: str, key: str = ""
) -> list[str]:
    uploads = [(name, io.BytesIO(f"phalarope in {name}".encode())) for name in names]
    return add_sandbox_files(ports, who, activity.id, item, uploads, limit=LIMIT, request_key=key)


def openers(ports: MemoryPorts, file: str) -> set[str]:
    found = set()
    for who in EVERYBODY:
        try:
            _row, content = open_file(ports, who, COURSE, file)
        except NotAllowed:
            continue
        assert b"phalarope" in content.read()
        found.add(who.name)
    return found


def stored(ports: MemoryPorts) -> int:
    return len(ports.files.contents)


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        (Audience.ME, {"Amara"}),
        (Audience.ME_MENTOR, {"Amara", "Mona"}),
        (Audience.TEAM, TEAM),
        (Audience.TEAM_MENTOR, TEAM | {"Mona"}),
    ],
)
def test_a_file_opens_for_the_audience_of_its_item_alone(audience: Audience, expected: set[str]) -> None:
    ports, activity, _blue = a_class()
    (file,) = adds(ports, activity, AMARA, put(ports, activity, audience), "tried.txt")
    assert openers(ports, file) == expected


def test_only_who_may_write_the_item_adds_or_takes_out() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity, Audience.TEAM_MENTOR)
    (file,) = adds(ports, activity, TOMAS, item, "ours.txt")
    for who in (MONA, MEHMET, INES, ADA):
        with pytest.raises(NotAllowed):
            adds(ports, activity, who, item, "x.txt")
        with pytest.raises(NotAllowed):
            remove_sandbox_file(ports, who, activity.id, item, file)
    remove_sandbox_file(ports, LINH, activity.id, item, file)
    assert (ports.rows(SANDBOX_FILES), stored(ports)) == ([], 0)
    assert set(ports.rows(SANDBOX_ITEMS, id=item)[0].authors) == {AMARA.person, TOMAS.person, LINH.person}


def test_a_refused_file_leaves_nothing_behind_of_all_that_came_with_it() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity)
    wrong = [
        (WrongFileType, [("good.txt", b"good"), ("bad.pdf", b"MZ program")]),
        (TooLarge, [("good.txt", b"good"), ("long.txt", b"a" * (LIMIT + 1))]),
        (TooLarge, [(f"{n}.txt", str(n).encode()) for n in range(21)]),
    ]
    for kind, files in wrong:
        with pytest.raises(kind):
            add_sandbox_files(
                ports, AMARA, activity.id, item, [(n, io.BytesIO(c)) for n, c in files], limit=LIMIT
            )
        assert (ports.rows(SANDBOX_FILES), stored(ports)) == ([], 0)


def test_the_same_request_twice_and_the_same_file_twice_are_one() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity)
    assert adds(ports, activity, AMARA, item, "a.txt", key="k") == adds(
        ports, activity, AMARA, item, "a.txt", key="k"
    )
    adds(ports, activity, AMARA, item, "a.txt", "b.txt")
    assert (len(ports.rows(SANDBOX_FILES)), stored(ports)) == (2, 2)


@pytest.mark.parametrize("goes", ["deleted", "retired"])
def test_files_go_with_their_item_bytes_and_name(goes: str) -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity)
    (file,) = adds(ports, activity, AMARA, item, "phalarope.txt")
    if goes == "deleted":
        run(ports, delete_item, AMARA, activity.id, item)
    else:
        run(ports, retire, AMARA.person)
    assert all((row.item, row.name) == ("", "") for row in ports.rows(SANDBOX_FILES))
    with pytest.raises(NotFound):
        open_file(ports, AMARA, COURSE, file)
    upkeep(ports)
    assert (ports.rows(SANDBOX_FILES), stored(ports)) == ([], 0)
    assert sweep_sandbox_files(ports) == 0


def test_promoting_copies_the_files_as_the_teams_own_and_the_item_keeps_its() -> None:
    ports, activity, blue = a_class()
    item = put(ports, activity)
    adds(ports, activity, AMARA, item, "a.txt", "b.txt")
    assert promote_with_files(ports, AMARA, activity.id, item, part="where", seen=2) == []
    assert [(row.name, row.by) for row in ports.rows(TEAM_FILES, team=blue.id)] == [
        ("a.txt", AMARA.person), ("b.txt", AMARA.person),
    ]  # fmt: skip
    assert stored(ports) == 4
    run(ports, delete_item, AMARA, activity.id, item)
    sweep_sandbox_files(ports)
    assert stored(ports) == 2
    for row in ports.rows(TEAM_FILES):
        assert open_file(ports, TOMAS, COURSE, row.id)[1].read() == f"phalarope in {row.name}".encode()


def test_a_file_asks_for_a_new_yes_and_without_it_nothing_is_copied() -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity, Audience.TEAM)
    adds(ports, activity, TOMAS, item, "a.txt")
    run(ports, say_yes, TOMAS, activity.id, item, seen=2)
    adds(ports, activity, TOMAS, item, "b.txt")
    assert promote_with_files(ports, AMARA, activity.id, item, part="where", seen=3) == [TOMAS.person]
    assert (ports.rows(TEAM_FILES), stored(ports)) == ([], 2)
    run(ports, say_yes, TOMAS, activity.id, item, seen=3)
    assert promote_with_files(ports, AMARA, activity.id, item, part="where", seen=3) == []
    assert len(ports.rows(TEAM_FILES)) == 2


@pytest.mark.parametrize("why", ["full", "closed"])
def test_what_does_not_fit_into_the_draft_changes_nothing_of_it(why: str) -> None:
    ports, activity, _blue = a_class()
    item = put(ports, activity)
    adds(ports, activity, AMARA, item, "a.txt")
    if why == "full":
        uploads = [(f"{n}.txt", io.BytesIO(str(n).encode())) for n in range(20)]
        add_team_files(ports, AMARA, activity.id, uploads, limit=LIMIT)
    else:
        hand_in(ports, activity, AMARA)
    before = stored(ports)
    with pytest.raises(Refusal):
        promote_with_files(ports, AMARA, activity.id, item, part="where", seen=2)
    assert stored(ports) == before
    if why == "full":

        def text(unit):
            return own_work(unit, AMARA, activity.id)[2].draft.texts["where"]

        assert run(ports, text) == "The draft."


def test_an_administrator_opens_a_file_only_while_the_glass_is_broken() -> None:
    ports, activity, _blue = a_class()
    (file,) = adds(ports, activity, AMARA, put(ports, activity), "a.txt")
    with pytest.raises(NotAllowed):
        open_file(ports, ADA, COURSE, file)
    run(ports, break_glass, ADA, activity.id, name="Amara", reason=REASON)
    assert open_file(ports, ADA, COURSE, file)[0].name == "a.txt"
    ports.clock.move_to(ports.clock.now() + timedelta(minutes=61))
    with pytest.raises(NotAllowed):
        open_file(ports, ADA, COURSE, file)


def test_an_item_of_files_alone_is_shown_and_promoted() -> None:
    ports, activity, blue = a_class()
    item = run(ports, add_item, AMARA, activity.id, title="A sketch", text="")
    adds(ports, activity, AMARA, item, "sketch.txt")
    assert [row.name for row in run(ports, look_at_item, AMARA, activity.id, item).files] == ["sketch.txt"]
    promote_with_files(ports, AMARA, activity.id, item, part="where", seen=2)
    assert [row.name for row in ports.rows(TEAM_FILES, team=blue.id)] == ["sketch.txt"]
