"""The sandbox on its screens; and a planted word that nobody but its audience finds anywhere."""

from __future__ import annotations

import io
import itertools
import logging
import re
from collections.abc import Iterator

import pytest

from coursecrew.app.mentoring import name_mentor
from coursecrew.app.outbox import deliver_all
from coursecrew.app.records import ALL, SANDBOX_FILES, SANDBOX_ITEMS, SANDBOX_REMARKS, TEAMS
from coursecrew.app.sandbox_files import add_sandbox_files
from coursecrew.app.teams import describe_team
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.people import Actor
from coursecrew.ui.http import Response
from coursecrew.ui.mail import compose
from coursecrew.ui.routes import ROUTES
from tests.builders import (
    AMARA,
    INES,
    KWAME,
    LINH,
    MEHMET,
    SOFIA,
    TOMAS,
    a_team,
    an_assignment,
    come_in,
    world,
)
from tests.ui.parts import ask, faults, words_of
from tests.ui.test_privacy import a_class as whole_class
from tests.ui.test_privacy import everything_typed
from tests.ui.test_who_sees_what import ADA, AULIS, FEMI, IDS, MILO, MONA, NOOR, Class, a_class

WORD = "phalarope"
TITLE, TEXT = f"About {WORD}", f"I try {WORD} here."
REASON = "A threat was reported to us today."


def form(audience: str = "me", **more: str) -> dict[str, str]:
    return {"title": TITLE, "text": TEXT, "audience": audience, "request_key": f"k-{audience}", **more}


def planted(audience: str = "team_mentor") -> Class:
    """The class of the table, with one more item: typed into the form, remarked on, and changed."""
    here = a_class()
    assert ask(here.ports, AMARA, "sandbox/new", form(audience)).status == 200
    item = the_item(here)
    said = {"saying": "try", "text": f"More {WORD}.", "request_key": "s"}
    reader = MONA if audience.endswith("mentor") else AMARA
    assert ask(here.ports, reader, f"sandbox/{item}/say", said).status == 200
    file = (f"{WORD}.txt", io.BytesIO(f"More of the {WORD}.".encode()))
    add_sandbox_files(here.ports, AMARA, here.activity.id, item, [file], limit=100)
    changed = form(audience, seen="2", request_key="e", text=f"{TEXT} And {WORD} again.")
    assert ask(here.ports, AMARA, f"sandbox/{item}/edit", changed).status == 200
    return here


def the_item(here: Class) -> str:
    return next(row.id for row in here.ports.rows(SANDBOX_ITEMS) if row.title == TITLE)


def everywhere(here: Class, method: str) -> Iterator[str]:
    """Every path of that method, with the item's own id and others in each place."""
    item = the_item(here)
    ids = [item, *(row.id for kind in IDS for row in here.ports.rows(kind)[:2])]
    for route in ROUTES:
        if route.method != method:
            continue
        places = re.findall(r"<(\w+)>", route.path)
        people = [AMARA.person, TOMAS.person]
        for values in itertools.product(*(people if place == "person" else ids for place in places)):
            path = route.path
            for place, value in zip(places, values, strict=True):
                path = path.replace(f"<{place}>", value, 1)
            yield path


def found(answer: Response) -> bool:
    body = answer.body if isinstance(answer.body, str | bytes) else ""
    return WORD in str(body) or WORD in repr(answer.headers)


OUTSIDE: dict[str, Actor] = {
    "instructor": INES, "TA of other teams": NOOR, "TA": KWAME, "another team": MEHMET,
    "former member": FEMI, "administrator": ADA, "author": AULIS, "mentor before": MILO,
}  # fmt: skip


@pytest.mark.parametrize("audience", ["me", "team_mentor"])
@pytest.mark.parametrize("who", OUTSIDE)
def test_the_word_is_on_no_page_export_or_search_of_anybody_outside(who: str, audience: str) -> None:
    here = planted(audience)
    for path in everywhere(here, "GET"):
        assert not found(ask(here.ports, OUTSIDE[who], path)), path
    for path in (
        "team",
        "team/invite",
        "people",
        *(f"teams/{row.id}/mentors" for row in here.ports.rows(TEAMS)),
    ):
        answer = ask(here.ports, OUTSIDE[who], path, query={"q": WORD, "search": WORD})
        # A search shows again what was searched for; nothing else may stand there.
        assert str(answer.body).count(WORD) <= 2, path


@pytest.mark.parametrize("who", ["instructor", "another team", "administrator", "author"])
def test_no_press_of_anybody_outside_answers_with_the_word_or_touches_the_item(who: str) -> None:
    whole = whole_class()
    here = planted()
    run(here.ports, describe_team, AMARA, here.activity.id, motto="", is_open=False, leader="")
    before = here.ports.rows(SANDBOX_ITEMS, id=the_item(here)), here.ports.rows(SANDBOX_REMARKS)
    typed = everything_typed(whole, whole.blue, TOMAS)
    for path in everywhere(here, "POST"):
        answer = ask(here.ports, OUTSIDE[who], path, {**typed, "request_key": path})
        assert not found(answer), path
    assert (here.ports.rows(SANDBOX_ITEMS, id=the_item(here)), here.ports.rows(SANDBOX_REMARKS)) == before


def test_the_word_is_in_no_other_table_no_letter_and_no_log(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        here = planted()
        item = the_item(here)
        for path in ("sandbox", f"sandbox/{item}", f"sandbox/{item}/edit"):
            assert found(ask(here.ports, AMARA, path))
        # Refusals on the way: nothing typed is told anywhere but in the answer to its writer.
        assert ask(here.ports, AMARA, f"sandbox/{item}/edit", form(seen="1", request_key="x")).status == 409
        assert ask(here.ports, AMARA, "sandbox/new", form(title="", request_key="y")).status == 422
        assert ask(here.ports, AMARA, "sandbox/glass", {"name": WORD, "reason": WORD}).status == 403
        glass = {"name": "Amara", "reason": REASON, "request_key": "g"}
        assert ask(here.ports, ADA, "sandbox/glass", glass).status == 200
        deliver_all(here.ports, compose=compose)
        upkeep(here.ports)
        deliver_all(here.ports, compose=compose)
    tables = {kind.table for kind in ALL for row in here.ports.rows(kind) if WORD in repr(row)}
    assert tables == {SANDBOX_FILES.table, SANDBOX_ITEMS.table, SANDBOX_REMARKS.table}
    letters = [f"{mail.subject} {mail.text} {mail.html}" for _to, mail in here.ports.mailer.outbox]
    assert letters
    assert not [letter for letter in letters if WORD in letter]
    assert WORD not in caplog.text
    assert WORD not in "".join(capsys.readouterr())


def test_deleting_takes_the_word_out_of_everything() -> None:
    here = planted()
    assert ask(here.ports, AMARA, f"sandbox/{the_item(here)}/delete", {"request_key": "d"}).status == 200
    assert not [row for kind in ALL for row in here.ports.rows(kind) if WORD in repr(row)]


def test_the_audience_finds_it() -> None:
    """Without this the tests above could pass because nothing was planted."""
    here = planted()
    item = the_item(here)
    for who in (AMARA, TOMAS, MONA):
        assert found(ask(here.ports, who, f"sandbox/{item}"))
        assert found(ask(here.ports, who, "sandbox"))


# --- the screens ---


def a_stage() -> Class:
    ports = world()
    activity = an_assignment(ports, SOFIA, MEHMET)
    come_in(ports, MONA, ADA)
    team = a_team(ports, activity, AMARA, TOMAS, LINH, draft="The draft.")
    run(ports, name_mentor, INES, activity.id, team.id, MONA.person)
    return Class(ports, activity)


def test_without_a_choice_only_the_writer_sees_it_and_the_page_says_so() -> None:
    here = a_stage()
    answer = ask(here.ports, AMARA, "sandbox/new", {"title": TITLE, "text": TEXT, "request_key": "a"})
    assert "Only you see this." in words_of(answer)
    assert "An administrator" not in words_of(answer).partition("What was said")[0]
    assert "For safety or the law an administrator of the site can open" in words_of(answer)
    assert ask(here.ports, TOMAS, f"sandbox/{the_item(here)}").status == 403


@pytest.mark.parametrize(
    ("audience", "line"),
    [
        ("me", "Only you see this."),
        ("me_mentor", "You and the mentor you chose see this."),
        ("team", "Your team sees this."),
        ("team_mentor", "Your team and the mentor you chose see this."),
    ],
)
def test_the_line_on_an_item_says_who_sees_it(audience: str, line: str) -> None:
    here = a_stage()
    answer = ask(here.ports, AMARA, "sandbox/new", form(audience))
    assert line in words_of(answer)
    assert not faults(answer)
    assert line in words_of(ask(here.ports, AMARA, "sandbox"))


def test_the_form_offers_the_audiences_there_are_with_names() -> None:
    here = a_stage()
    words = words_of(ask(here.ports, AMARA, "sandbox/new"))
    assert "Mona" in words
    assert "Tomás and Linh" in words
    alone = words_of(ask(here.ports, SOFIA, "sandbox/new"))
    assert "Only me" in alone
    assert "My team" not in alone


def test_a_refused_form_keeps_what_was_typed() -> None:
    here = a_stage()
    answer = ask(here.ports, AMARA, "sandbox/new", form(title=""))
    assert answer.status == 422
    assert TEXT in str(answer.body)
    refused = ask(here.ports, SOFIA, "sandbox/new", form("team"))
    assert refused.status == 409
    assert TEXT in str(refused.body)


def test_somebody_elses_save_between_shows_both_texts() -> None:
    here = a_stage()
    ask(here.ports, AMARA, "sandbox/new", form("team"))
    item = the_item(here)
    ask(here.ports, TOMAS, f"sandbox/{item}/edit", form(seen="1", text="Tomás was here.", request_key="t"))
    mine = form("team", seen="1", text="Amara, too.", request_key="u")
    answer = ask(here.ports, AMARA, f"sandbox/{item}/edit", mine)
    assert answer.status == 409
    assert "Tomás saved this item after you opened it." in words_of(answer)
    assert "Amara, too." in str(answer.body)
    assert "Tomás was here." in str(answer.body)


def test_while_judgement_is_held_three_kinds_of_remark_are_offered() -> None:
    here = a_stage()
    ask(here.ports, AMARA, "sandbox/new", form("team", holds="yes"))
    item = the_item(here)
    page = ask(here.ports, TOMAS, f"sandbox/{item}")
    offered = re.findall(r'name="saying" value="(\w+)"', str(page.body))
    assert offered == ["works", "wonder", "try"]
    free = {"saying": "free", "text": "Not good.", "request_key": "f"}
    assert ask(here.ports, TOMAS, f"sandbox/{item}/say", free).status == 422
    wonder = {"saying": "wonder", "text": "What of the valves?", "request_key": "w"}
    assert "What of the valves?" in words_of(ask(here.ports, TOMAS, f"sandbox/{item}/say", wonder))


def test_what_two_wrote_goes_into_the_draft_once_both_have_said_yes() -> None:
    here = a_stage()
    ask(here.ports, AMARA, "sandbox/new", form("team"))
    item = the_item(here)
    ask(here.ports, TOMAS, f"sandbox/{item}/edit", form(seen="1", text="Of both.", request_key="t"))
    push = {"part": "where", "seen": "2"}
    waits = ask(here.ports, TOMAS, f"sandbox/{item}/promote", {**push, "request_key": "p"})
    assert "Amara wrote in this, too, and are asked for a yes." in str(waits.body)
    assert "Still asked: Amara." in words_of(waits)
    ask(here.ports, AMARA, f"sandbox/{item}/yes", {"seen": "2", "request_key": "y"})
    done = ask(here.ports, TOMAS, f"sandbox/{item}/promote", {**push, "request_key": "q"})
    assert "Of both." in str(done.body)
    assert "version by you" in str(done.body)


def test_the_owner_reads_in_the_sandbox_that_it_was_opened_and_staff_read_nothing_of_it() -> None:
    here = a_stage()
    ask(here.ports, AMARA, "sandbox/new", form())
    opened = ask(here.ports, ADA, "sandbox/glass", {"name": "Amara", "reason": REASON, "request_key": "g"})
    assert opened.status == 200
    assert WORD in str(opened.body)
    assert REASON in words_of(opened)
    told = words_of(ask(here.ports, AMARA, "sandbox"))
    assert "An administrator opened your sandbox." in told
    assert REASON not in told
    for path in ("teaching", "people", f"people/{AMARA.person}", "teams"):
        page = str(ask(here.ports, INES, path).body)
        assert "andbox" not in page
        assert REASON not in page


def test_an_administrator_without_a_sentence_opens_nothing() -> None:
    here = a_stage()
    ask(here.ports, AMARA, "sandbox/new", form())
    for wrong in ({"name": "Amara", "reason": "because"}, {"name": "Ama", "reason": REASON}):
        answer = ask(here.ports, ADA, "sandbox/glass", {**wrong, "request_key": "g"})
        assert answer.status == 422
        assert WORD not in str(answer.body)
        assert not faults(answer)


def test_the_home_leads_to_the_sandbox_and_says_nothing_of_what_is_in_it() -> None:
    here = a_stage()
    ask(here.ports, AMARA, "sandbox/new", form("team"))
    home = str(ask(here.ports, AMARA, "team").body)
    assert 'href="#/sandbox"' in home
    assert WORD not in home
