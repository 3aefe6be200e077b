"""The grid of hours in a real browser: by keyboard, mouse and finger, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from coursecrew.app.records import SURVEY_ANSWERS
from coursecrew.domain.survey import Ask, Question, Survey
from tests.builders import AMARA, an_assignment, world
from tests.ui.house import House, open_house
from tests.ui.test_element import SHADOW, said

pytestmark = pytest.mark.browser
SURVEY = Survey((Question("hours", Ask.HOURS, "When?"), Question("why", Ask.TEXT, "Anything else?")))


@pytest.fixture
def house() -> Iterator[House]:
    """Amara is asked for her hours."""
    ports = world()
    an_assignment(ports, AMARA, survey=SURVEY)
    with open_house(House(ports, {"amara": AMARA})) as opened:
        yield opened


def focused(page) -> str:
    return page.evaluate(f"{SHADOW}.activeElement?.getAttribute('aria-label') ?? ''")


def ticked(page) -> list[int]:
    boxes = f"[...{SHADOW}.querySelectorAll('[data-hour]')]"
    return page.evaluate(f"{boxes}.filter((box) => box.checked).map((box) => Number(box.dataset.hour))")


def hour(page, name: str):
    return page.get_by_role("checkbox", name=name, exact=True)


def total(page) -> str:
    return page.locator("[data-weekly] [role=status]").inner_text()


def test_hours_are_ticked_with_the_keyboard_alone_and_saved(house: House, page) -> None:
    page.goto(house.page("amara", "survey"))
    page.get_by_label("Your time zone").focus()
    page.keyboard.press("Tab")
    assert focused(page) == "Monday 6 to 7"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Tuesday 7 to 8"
    page.keyboard.press("Space")
    assert ticked(page) == [31]
    for _ in range(2):
        page.keyboard.press("Shift+ArrowRight")
    assert ticked(page) == [31, 32, 33]
    page.keyboard.press("Shift+ArrowDown")
    assert ticked(page) == [31, 32, 33, 57]
    assert "Hours a week: 4." in total(page)
    assert "Tue 7–10; Wed 9–10" in total(page)
    page.keyboard.press("Tab")
    assert page.evaluate(f"{SHADOW}.activeElement.textContent") == "Also 0 to 6 o’clock"
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "Wednesday 9 to 10"
    page.keyboard.press("Space")
    page.get_by_label("I agree that my answers are kept").check()
    page.get_by_role("button", name="Save answers").click()
    said(page, "Saved. You can change your answers at any time.")
    week = house.ports.rows(SURVEY_ANSWERS)[0].answers["hours"]["week"]
    assert [at for at in range(168) if week[at] == "1"] == [31, 32, 33]


def test_arrows_stay_inside_the_grid_and_reach_the_early_hours_only_once_they_are_shown(
    house: House, page
) -> None:
    page.goto(house.page("amara", "survey"))
    hour(page, "Monday 6 to 7").focus()
    for key in ("ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
        assert focused(page) == "Monday 6 to 7"
    page.get_by_role("button", name="Also 0 to 6 o’clock").click()
    hour(page, "Monday 6 to 7").focus()
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "Monday 5 to 6"
    hour(page, "Sunday 23 to 24").focus()
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        assert focused(page) == "Sunday 23 to 24"


def test_a_stretch_is_drawn_with_the_mouse_and_rubbed_out_again(house: House, page) -> None:
    page.goto(house.page("amara", "survey"))
    start, end = hour(page, "Thursday 18 to 19"), hour(page, "Thursday 21 to 22")
    for drawn in ([90, 91, 92, 93], []):
        start.hover()
        page.mouse.down()
        end.hover()
        page.mouse.up()
        assert ticked(page) == drawn
    start.click()
    assert ticked(page) == [90]
    page.get_by_role("button", name="Clear all").click()
    assert ticked(page) == []
    assert "Hours a week: 0." in total(page)


def test_leaving_ticked_hours_unsaved_is_said_first(house: House, page) -> None:
    page.goto(house.page("amara", "survey"))
    hour(page, "Monday 6 to 7").check()
    page.get_by_role("link", name="Cut water loss in one district").click()
    said(page, "You have changes here that are not saved.")


def test_on_a_small_phone_one_day_is_open_at_a_time_of_choosing(house: House, open_page) -> None:
    page = open_page(width=320, height=700)
    page.goto(house.page("amara", "survey"))
    hour(page, "Monday 18 to 19").wait_for()
    assert not hour(page, "Wednesday 18 to 19").is_visible()
    wednesday = page.get_by_role("button", name="Wednesday")
    assert wednesday.get_attribute("aria-expanded") == "false"
    wednesday.click()
    assert wednesday.get_attribute("aria-expanded") == "true"
    hour(page, "Wednesday 18 to 19").check()
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Wednesday 18 to 19"
    page.keyboard.press("ArrowUp")
    assert focused(page) == "Wednesday 12 to 13"
    page.keyboard.press("Shift+ArrowRight")
    assert wednesday.inner_text().split() == ["Wednesday", "12–14,", "18–19"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_in_a_right_to_left_page_the_arrows_follow_the_eye(house: House, page) -> None:
    house.people = {"amara": replace(AMARA, language="ar")}
    page.goto(house.page("amara", "survey"))
    box = page.locator("[data-hour='8']")
    box.focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(f"{SHADOW}.activeElement.dataset.hour") == "9"


def test_typed_hours_that_cannot_be_read_open_the_box_again(house: House, open_page) -> None:
    page = open_page(complaints=[r"status of 4\d\d"])
    page.goto(house.page("amara", "survey"))
    page.get_by_text("Type the hours instead").click()
    page.get_by_label("Hours in words").fill("Mon in the evening")
    page.get_by_label("I agree that my answers are kept").check()
    page.get_by_role("button", name="Save answers").click()
    page.locator(".summary").wait_for()
    page.get_by_role("link", name="cannot be read").click()
    assert page.get_by_label("Hours in words").input_value() == "Mon in the evening"
    assert page.evaluate(f"{SHADOW}.activeElement.id") == "field-q-hours-text"
