"""The element in a real browser: in a house with loud style, a strict policy and its own answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from coursecrew.app.records import ACTIVITIES, DRAFTS, TEAMS
from coursecrew.domain.activities import JoinRule, TeamRules
from tests.builders import AMARA, INES, LINH, MEHMET, SOFIA, TOMAS, a_team, an_assignment, world, write
from tests.ui.house import House, open_house

pytestmark = pytest.mark.browser
REFUSED = [r"status of 4\d\d"]
SHADOW = "document.querySelector('coursecrew-activity').shadowRoot"


@pytest.fixture
def house() -> Iterator[House]:
    """Blue Ledger writes; Copper Line is full; Sofia has no team."""
    ports = world()
    activity = an_assignment(
        ports, AMARA, TOMAS, LINH, MEHMET, SOFIA, teams=TeamRules(name="t", min=2, ideal=2, max=2)
    )
    a_team(ports, activity, AMARA, TOMAS, draft="The night flow is 30 %.")
    a_team(ports, activity, LINH, MEHMET, name="Copper Line")
    people = {"amara": AMARA, "tomas": TOMAS, "sofia": SOFIA, "ines": INES}
    with open_house(House(ports, people)) as opened:
        yield opened


def focused(page) -> str:
    return page.evaluate(f"{SHADOW}.activeElement?.textContent.trim() ?? ''")


def status(page) -> str:
    return page.inner_text("[role=status]")


def said(page, sentence: str) -> None:
    page.get_by_role("status").filter(has_text=sentence).first.wait_for()


def test_a_learner_founds_a_team_with_the_keyboard_alone(house: House, open_page) -> None:
    page = open_page(complaints=REFUSED)
    page.goto(house.page("sofia", "team/found"))
    page.get_by_label("Name of the team").focus()
    page.keyboard.press("Enter")
    page.locator(".summary").wait_for()
    assert "1 thing is missing" in focused(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate(f"{SHADOW}.activeElement.id") == "field-name"
    page.keyboard.type("Night Shift")
    page.keyboard.press("Enter")
    said(page, "Night Shift is founded, and you are its first member.")
    assert focused(page) == "Cut water loss in one district"


def test_the_house_changes_nothing_of_our_look(house: House, page) -> None:
    page.goto(house.page("amara", "draft"))
    button = page.get_by_role("button", name="Save", exact=True)
    button.wait_for()
    assert button.evaluate("e => getComputedStyle(e).textTransform") == "none"
    assert button.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(36, 87, 181)"
    assert page.get_by_text("1 Where the water goes").is_visible()
    assert page.get_by_label("1 Where the water goes").bounding_box()["height"] > 100


@pytest.mark.parametrize("path", ["", "draft", "hand-in", "versions", "privacy", "team/about"])
def test_no_screen_scrolls_sideways_on_a_small_phone(house: House, open_page, path: str) -> None:
    page = open_page(width=320, height=600)
    page.goto(house.page("amara", path))
    page.locator(".part").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_refused_press_keeps_what_was_typed_and_offers_the_next_best_thing(house: House, open_page) -> None:
    page = open_page(complaints=REFUSED)
    page.goto(house.page("sofia", "team/found"))
    page.get_by_label("Name of the team").fill("copper line")
    page.get_by_label("Motto").fill("Ours")
    page.get_by_role("button", name="Found the team").click()
    page.locator(".notice.wait").wait_for()
    assert "Another team is called copper line." in focused(page)
    assert page.get_by_label("Motto").input_value() == "Ours"


def test_pressing_twice_sends_once(house: House, page) -> None:
    page.goto(house.page("sofia", "team/found"))
    page.get_by_label("Name of the team").fill("Night Shift")
    house.slow = threading.Event()
    button = page.get_by_role("button", name="Found the team")
    button.click()
    busy = page.get_by_role("button", name="Founding…")
    busy.wait_for()
    busy.click(force=True)
    busy.press("Enter")
    house.slow.set()
    said(page, "Night Shift is founded")
    assert house.asked.count("POST team/found") == 1
    assert len([team for team in house.ports.rows(TEAMS) if team.name == "Night Shift"]) == 1


def test_the_browsers_back_goes_back_within_the_activity(house: House, page) -> None:
    page.goto(house.page("amara"))
    page.get_by_role("link", name="Open the draft").first.click()
    page.get_by_role("heading", name="Draft of Blue Ledger").wait_for()
    page.go_back()
    page.get_by_role("heading", name="Your team", exact=True).wait_for()
    page.go_forward()
    page.get_by_role("heading", name="Draft of Blue Ledger").wait_for()
    page.reload()
    page.get_by_role("heading", name="Draft of Blue Ledger").wait_for()


def test_leaving_unsaved_text_is_said_before_it_is_done(house: House, page) -> None:
    page.goto(house.page("sofia", "team/card"))
    page.get_by_label("What you look for").fill("People who like numbers.")
    back = page.get_by_role("link", name="Back to the teams")
    back.click()
    said(page, "You have changes here that are not saved.")
    assert page.get_by_label("What you look for").input_value() == "People who like numbers."
    back.click()
    page.get_by_role("heading", name="Teams", exact=True).wait_for()


def test_a_choice_in_a_long_form_is_not_left_behind_unsaid_and_the_sentence_stands_at_the_press(
    house: House, page
) -> None:
    page.goto(house.page("ines", "settings"))
    page.get_by_label("A survey, then teams by your wishes").check()
    survey = page.get_by_role("link", name="Survey:")
    survey.click()
    said(page, "You have changes here that are not saved.")
    assert survey.evaluate("link => link.nextElementSibling.textContent").startswith("You have changes here")
    page.get_by_role("button", name="Save", exact=True).last.click()
    said(page, "Saved as version")
    assert house.ports.rows(ACTIVITIES)[0].settings.teams.join is JoinRule.FORMED


def test_a_press_in_another_form_does_not_drop_what_was_typed_here(house: House, page) -> None:
    page.goto(house.page("ines", "settings"))
    page.get_by_label("Goal, in one sentence").fill("Half the losses by spring.")
    page.get_by_role("button", name="Add", exact=True).click()
    said(page, "You have changes here that are not saved.")
    assert not [asked for asked in house.asked if asked.startswith("POST")]
    assert page.get_by_label("Goal, in one sentence").input_value() == "Half the losses by spring."


def test_the_browsers_back_leaves_unsaved_text_at_the_second_press_only(house: House, page) -> None:
    page.goto(house.page("sofia"))
    page.get_by_role("link", name="Found a team").click()
    page.get_by_label("Name of the team").fill("Night Shift")
    page.go_back()
    said(page, "You have changes here that are not saved.")
    assert page.get_by_label("Name of the team").input_value() == "Night Shift"
    page.go_back()
    page.get_by_role("heading", name="Teams", exact=True).wait_for()


def test_a_draft_is_saved_by_itself_while_one_writes_and_the_cursor_stays(house: House, page) -> None:
    page.goto(house.page("amara", "draft"))
    box = page.get_by_label("1 Where the water goes")
    box.click()
    box.press("End")
    box.type(" At night.")
    page.get_by_text("Version 2, saved by you").wait_for()
    box.type(" Every night.")
    page.get_by_text("Version 3, saved by you").wait_for()
    assert box.input_value() == "The night flow is 30 %. At night. Every night."
    assert page.evaluate(f"{SHADOW}.activeElement.id") == "field-text-where"
    assert page.evaluate("localStorage.length") == 0


def test_what_somebody_else_wrote_meanwhile_comes_into_the_box_and_is_never_written_over(
    house: House, page
) -> None:
    page.goto(house.page("amara", "draft"))
    page.get_by_label("1 Where the water goes").wait_for()
    activity = house.ports.rows(ACTIVITIES)[0]
    write(house.ports, activity, TOMAS, "The night flow is 30 %. Tomás measured it.", seen=1)
    cost = page.get_by_label("2 What it would cost")
    cost.click()
    cost.type("Nine thousand.")
    page.get_by_text("Version 3, saved by you").wait_for()
    assert (
        page.get_by_label("1 Where the water goes").input_value()
        == "The night flow is 30 %. Tomás measured it."
    )
    cost.type(" Ten at most.")
    page.get_by_text("Version 4, saved by you").wait_for()
    texts = house.ports.rows(DRAFTS)[0].texts
    assert texts == {
        "where": "The night flow is 30 %. Tomás measured it.",
        "cost": "Nine thousand. Ten at most.",
    }


def test_two_who_changed_the_same_part_choose_and_go_on(house: House, open_page) -> None:
    page = open_page(complaints=REFUSED)
    page.goto(house.page("amara", "draft"))
    page.get_by_label("1 Where the water goes").wait_for()
    activity = house.ports.rows(ACTIVITIES)[0]
    write(house.ports, activity, TOMAS, "Thirty per cent.", seen=1)
    page.get_by_label("1 Where the water goes").fill("It is 31 %.")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="Choose a text in 1 place").wait_for()
    assert page.get_by_text("Not chosen yet").is_visible()
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_text("Place 1 is still open: choose a text.").first.wait_for()
    page.get_by_label("Keep both, mine first").check()
    assert page.get_by_text("Chosen", exact=True).is_visible()
    page.get_by_role("button", name="Save the draft").click()
    said(page, "Saved as version 3.")
    assert page.get_by_label("1 Where the water goes").input_value() == "It is 31 %. Thirty per cent."


def test_without_a_connection_the_text_is_kept_and_sent_later(house: House, open_page) -> None:
    page = open_page(complaints=[r"ERR_INTERNET_DISCONNECTED"])
    page.goto(house.page("amara", "draft"))
    page.get_by_label("1 Where the water goes").wait_for()
    page.context.set_offline(True)
    page.get_by_label("1 Where the water goes").fill("Written on the train.")
    page.get_by_role("button", name="Save", exact=True).click()
    said(page, "Not sent yet. Your text is kept on this device.")
    page.context.set_offline(False)
    page.get_by_text("Version 2, saved by you").wait_for()
    assert status(page) == ""
    assert page.evaluate("localStorage.length") == 0


def test_text_that_was_never_sent_is_there_again_for_its_writer_alone(house: House, open_page) -> None:
    page = open_page(complaints=[r"ERR_FAILED"])
    page.goto(house.page("amara", "draft"))
    page.get_by_label("1 Where the water goes").wait_for()
    page.context.route("**/ui/**", lambda route: route.abort())
    page.get_by_label("1 Where the water goes").fill("Never sent.")
    page.close(run_before_unload=False)
    context = page.context
    context.unroute("**/ui/**")
    other = context.new_page()
    other.goto(house.page("tomas", "draft"))
    other.get_by_label("1 Where the water goes").wait_for()
    assert other.get_by_label("1 Where the water goes").input_value() == "The night flow is 30 %."
    again = context.new_page()
    again.goto(house.page("amara", "draft"))
    again.get_by_text("This text was kept on this device.").wait_for()
    assert again.get_by_label("1 Where the water goes").input_value() == "Never sent."


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((413, '{"success": "too large"}', "application/json"), "takes no file of this size here"),
        ((500, "<h1>Server error</h1>", "text/html"), "Something went wrong on our side."),
        ((401, "<h1>Log in</h1>", "text/html"), "You are no longer signed in."),
        ((403, "<h1>Forbidden</h1>", "text/html"), "You are no longer signed in."),
    ],
)
def test_answers_of_the_platform_itself_are_told_in_our_words(
    house: House, open_page, answer: tuple[int, str, str], sentence: str
) -> None:
    page = open_page(complaints=[r"status of \d\d\d"])
    page.goto(house.page("sofia", "team/card"))
    page.get_by_label("What you look for").fill("Numbers")
    house.answers.append(answer)
    page.get_by_role("button", name="Put it on the board").click()
    said(page, sentence)
    assert page.get_by_label("What you look for").input_value() == "Numbers"


def test_two_activities_on_a_page_do_not_disturb_each_other(house: House, page) -> None:
    page.goto(house.page("amara", twice=True))
    page.locator("coursecrew-activity").nth(1).get_by_role("link", name="Open the draft").first.click()
    page.locator("coursecrew-activity").nth(1).get_by_role("heading", name="Draft of Blue Ledger").wait_for()
    assert (
        page.locator("coursecrew-activity")
        .nth(0)
        .get_by_role("heading", name="Your team", exact=True)
        .is_visible()
    )
    page.go_back()
    page.locator("coursecrew-activity").nth(1).get_by_role("heading", name="Your team", exact=True).wait_for()


def test_without_script_a_sentence_says_what_to_switch_on(house: House, open_page) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(house.page("amara"))
    assert "This part needs JavaScript." in page.content()
