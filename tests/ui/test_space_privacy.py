"""Words planted in a team's workspace: who finds which of them, in any page, mail or file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import pytest

from coursecrew.app.outbox import deliver_all
from coursecrew.app.teams import leave_team
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.people import Actor
from coursecrew.ui.mail import compose
from coursecrew.ui.routes import ROUTES
from tests.builders import AMARA, INES, KWAME, LINH, MEHMET, TOMAS, come_in
from tests.ui.parts import ask
from tests.ui.spaces import (
    ADMIN,
    AS_AMARA,
    AUTHOR,
    BLOCKED_FOR,
    EZRA,
    FEMI,
    FEMIS,
    HELPS,
    JONAS,
    MONA,
    NOOR,
    OMAR,
    PARENT,
    POST,
    PRONOUNS,
    REMARK,
    REPLY,
    TAMAR,
    TASK,
    THREAD,
    TO_MENTOR,
    TO_STAFF,
    TO_TEAM,
    VISITOR,
    WORDS,
    Space,
    a_space,
    mail_to,
    words_in,
)

INSIDE = frozenset({TASK, BLOCKED_FOR, THREAD, POST, REPLY, REMARK, HELPS, TO_TEAM})
STAFFS = frozenset({TASK, BLOCKED_FOR, THREAD, POST, REPLY, REMARK, HELPS, TO_STAFF})
# Who reads which words: what is hidden on a card, its owner alone.
READS: Mapping[str, tuple[Actor, frozenset[str]]] = {
    "member": (AMARA, INSIDE),
    "writer of a hidden field and of a note to the mentor": (TOMAS, INSIDE | {PRONOUNS, TO_MENTOR}),
    "writer of a note to staff": (LINH, INSIDE | {TO_STAFF}),
    "mentor": (MONA, frozenset({TASK, BLOCKED_FOR, HELPS, TO_MENTOR})),
    "instructor": (INES, STAFFS),
    "TA": (KWAME, STAFFS),
    "other team": (MEHMET, frozenset()),
    "no team": (NOOR, frozenset()),
    "former member": (FEMI, frozenset()),
    "excluded": (EZRA, frozenset()),
    "member, now observer": (OMAR, frozenset()),
    "member, TA of another team": (TAMAR, frozenset()),
    "TA of another team": (JONAS, frozenset()),
    "parent": (PARENT, frozenset()),
    "author": (AUTHOR, frozenset()),
    "admin": (ADMIN, frozenset()),
    "looking on": (VISITOR, frozenset()),
    "viewing as a member": (AS_AMARA, frozenset()),
}


def everything(space: Space, who: Actor) -> str:
    """Whatever any address answers this person: with the ids of the team's own rows."""
    found = []
    for route in ROUTES:
        if route.method != "GET":
            continue
        path = (
            space.path(route.path).replace("<team>", space.blue.id).replace("<activity>", space.activity.id)
        )
        path = path.replace("<person>", TOMAS.person)
        if "<" not in path:
            answer = ask(space.ports, who, path)
            found.append(f"{answer.body!r} {answer.headers!r}")
    return " ".join(found)


@pytest.mark.parametrize("role", READS)
def test_each_planted_word_is_found_by_those_it_is_for_and_by_nobody_else(role: str) -> None:
    who, reads = READS[role]
    space = a_space()
    assert words_in(everything(space, who)) == set(reads)


@pytest.mark.parametrize("role", READS)
def test_no_mail_tells_a_word_to_somebody_who_may_not_read_it(role: str) -> None:
    who, reads = READS[role]
    space = a_space()
    for _day in range(6):
        space.ports.clock.advance(days=1)
        upkeep(space.ports)
        deliver_all(space.ports, compose=compose)
    assert words_in(mail_to(space, who)) <= (reads if who is not AS_AMARA else INSIDE)


def test_what_a_mail_says_of_a_team_is_a_task_and_nothing_of_a_discussion_or_a_check_in() -> None:
    space = a_space()
    told = words_in(" ".join(m.subject + m.text + m.html for _to, m in space.ports.mailer.outbox))
    assert told == {TASK, BLOCKED_FOR}


def test_no_word_stands_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    space = a_space()
    everything(space, INES)
    deliver_all(space.ports, compose=compose)
    assert not words_in(caplog.text)


def test_whoever_leaves_keeps_their_own_words_alone_in_every_page_and_notice() -> None:
    space = a_space()
    assert TASK in everything(space, AMARA)
    run(space.ports, leave_team, AMARA, space.activity.id)
    own = {POST, THREAD, TO_TEAM}  # her post, its title, and her note
    assert words_in(everything(space, AMARA)) == own
    assert FEMIS not in everything(space, AMARA)
    assert FEMIS in everything(space, FEMI)


def test_a_place_that_is_hidden_is_on_no_page_of_anybody_else() -> None:
    space = a_space()
    come_in(space.ports, replace(TOMAS, zone="America/Bogota"))
    for who in (AMARA, MONA, INES, MEHMET, NOOR):
        assert "Bogota" not in everything(space, who)
    shown = {"request_key": "k", "chosen_name": "Tom"}
    assert ask(space.ports, replace(TOMAS, zone="America/Bogota"), "card/me", shown).status == 200
    for who in (AMARA, MONA, INES):
        assert "Bogota" in everything(space, who)


def test_an_export_of_teams_has_none_of_the_words() -> None:
    space = a_space()
    assert not words_in(str(ask(space.ports, INES, "teams/export").body))


def test_every_word_is_planted() -> None:
    assert set().union(*(reads for _who, reads in READS.values())) == WORDS
