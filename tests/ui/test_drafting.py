"""Writing together in real browsers: formatting, pasting, who is here, a lost connection, places, files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from coursecrew.app.presence import who_is_here
from coursecrew.app.records import ACTIVITIES, DRAFT_VERSIONS, DRAFTS, PRESENCES, TEAM_FILES, TEAMS
from coursecrew.app.teams import leave_team
from coursecrew.app.unit_of_work import run
from coursecrew.domain.presence import ASK_EVERY
from coursecrew.ui.screens import drafting
from tests.builders import AMARA, LINH, MEHMET, TOMAS, a_team, an_assignment, world
from tests.ui.class_of import Counted
from tests.ui.house import House, open_house
from tests.ui.parts import ask, words_of

pytestmark = pytest.mark.browser
REFUSED = [r"status of 4\d\d"]
BOX = "1 Where the water goes"
START_TEXT = "The night flow is 30 %. The pipe is old. Nobody looks."
SHADOW = "document.querySelector('coursecrew-activity').shadowRoot"


@pytest.fixture
def house() -> Iterator[House]:
    """Blue Ledger of three has written three sentences; Mehmet is in another team."""
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS, LINH, MEHMET)
    a_team(ports, activity, AMARA, TOMAS, LINH, draft=START_TEXT)
    a_team(ports, activity, MEHMET, name="Copper Line")
    people = {"amara": AMARA, "tomas": TOMAS, "linh": LINH, "mehmet": MEHMET}
    with open_house(House(ports, people)) as opened:
        yield opened


def draft_of(house: House, open_page, who: str, **options):
    page = open_page(complaints=[*REFUSED, "ERR_INTERNET_DISCONNECTED"], **options)
    page.goto(house.page(who, "draft"))
    page.get_by_label(BOX).wait_for()
    return page


def text(house: House) -> str:
    return str(house.ports.rows(DRAFTS)[0].texts["where"])


def paste(page, *, html: str = "", plain: str = "") -> None:
    """What a browser does when somebody pastes: the event, and the plain text where nobody objects."""
    page.get_by_label(BOX).evaluate(
        """(box, [html, plain]) => {
             const data = new DataTransfer();
             if (html) data.setData("text/html", html);
             data.setData("text/plain", plain);
             const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true,
                                                         composed: true });
             if (box.dispatchEvent(event)) document.execCommand("insertText", false, plain);
           }""",
        [html, plain],
    )


# --- several at once ---


def test_two_write_different_sentences_at_once_and_a_third_who_was_offline_loses_nothing(
    house: House, open_page
) -> None:
    amara, tomas, linh = (draft_of(house, open_page, who) for who in ("amara", "tomas", "linh"))
    linh.context.set_offline(True)
    linh.get_by_label(BOX).fill(f"{START_TEXT} Written on the train.")
    linh.get_by_role("status").filter(has_text="Not sent yet. Your text is kept on this device.").wait_for()

    amara.get_by_label(BOX).fill(START_TEXT.replace("30 %", "31 %"))
    tomas.get_by_label(BOX).fill(START_TEXT.replace("Nobody looks.", "Ravi looks."))
    amara.get_by_text("saved by you").wait_for()
    tomas.get_by_text("saved by you").wait_for()
    assert text(house) == "The night flow is 31 %. The pipe is old. Ravi looks."

    house.ports.clock.advance(minutes=5)
    linh.context.set_offline(False)
    linh.get_by_text("saved by you").wait_for()
    assert text(house) == "The night flow is 31 %. The pipe is old. Ravi looks. Written on the train."
    assert linh.get_by_label(BOX).input_value() == text(house)
    assert linh.evaluate("localStorage.length") == 0


def test_the_same_sentence_shows_both_texts_and_the_one_not_chosen_stays_a_version(
    house: House, open_page
) -> None:
    amara, tomas = (draft_of(house, open_page, who) for who in ("amara", "tomas"))
    amara.get_by_label(BOX).fill(START_TEXT.replace("30 %", "31 %").replace("old", "new"))
    amara.get_by_text("Version 2, saved by you").wait_for()
    tomas.get_by_label(BOX).fill(START_TEXT.replace("30 %", "29 %").replace("Nobody", "Ravi"))
    tomas.get_by_role("button", name="Save", exact=True).click()
    tomas.get_by_role("heading", name="Choose a text in 1 place").wait_for()
    assert tomas.get_by_text("The pipe is new.").first.is_visible()  # what stands behind the place
    tomas.get_by_label("Text of Amara").check()
    tomas.get_by_role("button", name="Save the draft").click()
    tomas.get_by_role("status").filter(has_text="Saved as version 3.").wait_for()
    assert text(house) == "The night flow is 31 %. The pipe is new. Ravi looks."
    (kept,) = (row for row in house.ports.rows(DRAFT_VERSIONS) if row.kind == "kept")
    assert (kept.author, kept.texts["where"]) == (
        TOMAS.person,
        "The night flow is 29 %. The pipe is old. Ravi looks.",
    )


def test_a_save_follows_within_two_seconds_of_the_last_key(house: House, open_page) -> None:
    page = draft_of(house, open_page, "amara")
    page.get_by_label(BOX).press("End")
    page.get_by_label(BOX).type(" More.")
    page.get_by_text("Version 2, saved by you").wait_for(timeout=2000)


# --- who is here ---


def test_somebody_who_opens_the_draft_is_seen_and_asking_ends_with_the_membership(
    house: House, open_page, monkeypatch
) -> None:
    monkeypatch.setattr(drafting, "ASK_EVERY", timedelta(seconds=1))
    amara = draft_of(house, open_page, "amara")
    draft_of(house, open_page, "tomas")
    amara.get_by_text("Tomás is here now.").wait_for()
    asked = len(house.asked)
    amara.wait_for_timeout(2500)
    polls = [line for line in house.asked[asked:] if "here/" in line]
    assert 2 <= len(polls) <= 6

    run(house.ports, leave_team, AMARA, house.ports.rows(ACTIVITIES)[0].id)
    amara.get_by_text("Tomás is here now.").wait_for(state="hidden")
    amara.wait_for_timeout(1500)
    asked = len(house.asked)
    amara.wait_for_timeout(2500)
    assert not [line for line in house.asked[asked:] if "here/" in line and "amara" in line]


# --- formatting and pasting ---


def test_marks_are_set_by_button_and_by_key_and_undone_like_typing(house: House, open_page) -> None:
    page = draft_of(house, open_page, "amara")
    box = page.get_by_label(BOX)
    box.fill("water")
    box.press("Control+a")
    box.press("Control+b")
    assert box.input_value() == "**water**"
    box.press("Control+z")
    assert box.input_value() == "water"
    box.press("Control+a")
    box.press("Control+k")
    assert box.input_value() == "[water](https://)"
    box.type("a.example")
    assert box.input_value() == "[water](a.example)"
    box.fill("one\ntwo")
    box.press("Control+a")
    page.get_by_role("button", name="List").first.click()
    assert box.input_value() == "- one\n- two"
    box.fill("")
    page.get_by_role("button", name="Table").first.click()
    assert box.input_value() == "|  |  |\n| --- | --- |\n|  |  |\n"


def test_the_toolbar_is_one_stop_of_the_keyboard_and_arrows_move_within(house: House, open_page) -> None:
    page = draft_of(house, open_page, "amara")
    page.get_by_role("button", name="Bold").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(f"{SHADOW}.activeElement.dataset.mark") == "list"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(f"{SHADOW}.activeElement.dataset.mark") == "table"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{SHADOW}.activeElement.id") == "field-text-where"


@pytest.mark.parametrize(
    ("html", "plain", "made"),
    [
        (
            "<p>The <b>night</b> flow is <em>30 %</em>.</p>"
            "<ul><li>one<ul><li>deeper</li></ul></li><li>two</li></ul>",
            "x",
            "The **night** flow is *30 %*.\n\n- one\n    - deeper\n- two",
        ),
        (
            '<a href="https://a.example/x">here</a> and <a href="javascript:alert(1)">there</a>',
            "here and there",
            "[here](https://a.example/x) and there",
        ),
        (
            "<table><tr><td>Pipe</td><td>Cost | year</td></tr><tr><td>4.2 km</td><td>9</td></tr></table>",
            "x",
            "| Pipe | Cost \\| year |\n| --- | --- |\n| 4.2 km | 9 |",
        ),
        ("", "Pipe\tCost\n4.2 km\t9", "\n| Pipe | Cost |\n| --- | --- |\n| 4.2 km | 9 |\n"),
        (
            '<b style="font-weight:normal"><p>Just <span style="font-weight:700">text</span></p></b>',
            "x",
            "Just **text**",
        ),
        ("<h2>Cost</h2><ol><li>one</li><li>two</li></ol>", "x", "### Cost\n\n1. one\n2. two"),
        ("<span>plain</span>", "plain", "plain"),
        ("<p>plain</p><script>alert(1)</script><b></b>", "plain", "plain"),
    ],
)
def test_pasted_formatting_and_cells_become_markdown(
    house: House, open_page, html: str, plain: str, made: str
) -> None:
    page = draft_of(house, open_page, "amara")
    page.get_by_label(BOX).fill("")
    paste(page, html=html, plain=plain)
    assert page.get_by_label(BOX).input_value() == made


# --- versions, files ---


def test_a_version_shows_what_changed_in_signs_and_words_and_can_be_restored(house: House, open_page) -> None:
    page = draft_of(house, open_page, "amara")
    page.get_by_label(BOX).fill(START_TEXT.replace("old", "new"))
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="Versions (2)").click()
    page.get_by_role("link", name="Version 2").click()
    assert page.locator("del").text_content() == "Taken out: old"
    assert page.locator("ins").text_content() == "Put in: new"
    page.go_back()
    page.get_by_role("link", name="Version 1").click()
    page.get_by_role("button", name="Restore version 1").click()
    page.get_by_role("status").filter(has_text="Restored as version 3.").wait_for()
    assert text(house) == START_TEXT


def test_files_are_added_refused_with_their_name_and_taken_out(house: House, open_page, tmp_path) -> None:
    good, bad = tmp_path / "flows.csv", tmp_path / "plan.pdf"
    good.write_text("hour,flow\n")
    bad.write_bytes(b"MZ\x90\x00 a program")
    page = draft_of(house, open_page, "amara")
    page.get_by_role("link", name="Add a file or a link").click()
    page.get_by_label("Files from your device").set_input_files(good)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("status").filter(has_text="Added: flows.csv.").wait_for()
    page.get_by_label("Files from your device").set_input_files(bad)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("not added").wait_for()
    assert page.get_by_text("plan.pdf is of a kind that cannot be added.").first.is_visible()
    page.get_by_label("Address of a document elsewhere").fill("https://docs.example/plan")
    page.get_by_role("button", name="Add the link").click()
    page.get_by_text("may change after handing in", exact=True).wait_for()
    page.get_by_role("button", name="Take out flows.csv").click()
    page.get_by_role("status").filter(has_text="flows.csv is no longer in the draft.").wait_for()
    assert [row.name for row in house.ports.rows(TEAM_FILES)] == ["docs.example/plan"]


@pytest.mark.parametrize("path", ["draft", "draft/read", "files", "versions"])
def test_no_screen_of_the_draft_scrolls_sideways_on_a_small_phone(house: House, open_page, path: str) -> None:
    page = open_page(width=320, height=600)
    page.goto(house.page("amara", path))
    page.locator(".part").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


# --- without a browser: what asking costs ---


@pytest.mark.parametrize("who", [AMARA, TOMAS])
def test_asking_who_is_here_costs_one_query_and_is_answered_304_while_nothing_changes(who) -> None:
    ports = world()
    activity = an_assignment(ports, MEHMET)
    team = a_team(ports, activity, AMARA, TOMAS, draft=START_TEXT)
    for member in (AMARA, TOMAS):
        ask(ports, member, "draft")
    path = f"here/{activity.id}/{team.id}"
    first = ask(ports, who, path)
    counted = Counted(ports)
    again = ask(counted.ports, who, path, known=first.headers["ETag"])
    assert (again.status, again.body) == (304, "")
    assert counted.calls == {"find coursecrew_presence": 1}
    ports.clock.advance(ASK_EVERY * 6)  # nobody has asked for two minutes: all pages are closed
    assert "is here now" not in words_of(ask(ports, who, path))
    assert ask(ports, MEHMET, path).status == 403
    assert len(ports.rows(PRESENCES)) == 2


def test_whoever_left_is_refused_at_once_though_their_page_is_still_open() -> None:
    ports = world()
    activity = an_assignment(ports)
    team = a_team(ports, activity, AMARA, TOMAS, draft=START_TEXT)
    for member in (AMARA, TOMAS):
        ask(ports, member, "draft")
    run(ports, leave_team, TOMAS, activity.id)
    assert ask(ports, TOMAS, f"here/{activity.id}/{team.id}").status == 403
    assert [row.person for row in ports.rows(PRESENCES)] == [AMARA.person]
    assert [row.name for row in run(ports, who_is_here, AMARA, activity.id, team.id)] == []
    assert ports.rows(TEAMS)[0].id == team.id
