"""The same stories in each house: from an empty place to the mark in its gradebook."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from tests.e2e import stories
from tests.e2e.stories import NAMES, House

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOUSES = {
    "workbench": lambda folder: stories.workbench(folder),
    "lms": lambda folder: stories.lms(folder),
    "tool-framed": lambda folder: stories.tool(folder, framed=True),
    "tool-window": lambda folder: stories.tool(folder, framed=False),
}


@pytest.fixture(params=list(HOUSES))
def house(request, tmp_path) -> Iterator[House]:
    with HOUSES[request.param](tmp_path) as made:
        yield made


def test_a_team_of_three_writes_hands_in_is_scored_and_reads_its_marks(house: House, open_page) -> None:
    house.begin(open_page)

    amara = house.enter(open_page(), "amara")
    amara.get_by_text("What you write here, your team and the course staff can read.").wait_for()
    amara.get_by_role("link", name="Found a team").click()
    amara.locator("#field-name").fill("Blue Ledger")
    amara.get_by_role("button", name="Found the team").click()
    amara.get_by_role("heading", name="Your team", exact=True).wait_for()

    for person in ("tomas", "linh"):
        part = house.enter(open_page(), person)
        part.get_by_role("button", name="Join Blue Ledger").click()
        part.get_by_role("heading", name="Your team", exact=True).wait_for()

    amara = house.enter(open_page(), "amara")
    amara.get_by_role("link", name="Open the draft").first.click()
    amara.get_by_role("heading", name="Draft of Blue Ledger").wait_for()
    boxes = amara.locator("textarea")
    for number in range(boxes.count()):
        boxes.nth(number).fill(f"Part {number + 1}: the night flow was 40 litres a second.")
    amara.get_by_role("button", name="Save", exact=True).click()
    amara.get_by_text(re.compile("Saved")).first.wait_for()

    tomas = house.enter(open_page(), "tomas")
    tomas.get_by_role("link", name="Open the draft").first.click()
    tomas.get_by_role("button", name="Save and go to handing in").click()
    tomas.get_by_role("button", name=re.compile("Hand in version")).click()
    tomas.get_by_text(re.compile("Handed in for all of you")).first.wait_for()

    linh = house.enter(open_page(), "linh")
    linh.get_by_text(re.compile("Handed in for all of you")).first.wait_for()

    ines = house.enter(open_page(), "ines")
    ines.get_by_role("link", name="Begin scoring").click()
    ines.get_by_role("link", name="Open Blue Ledger").click()
    ines.get_by_role("button", name="Score this work").wait_for()
    groups = ines.locator("fieldset.cards")
    for number in range(groups.count()):
        radios = groups.nth(number).get_by_role("radio")
        radios.nth(radios.count() - (2 if number == 0 else 1)).check()
    ines.get_by_label("To the whole team").fill("Solid work; name the valve next time.")
    ines.get_by_role("button", name="Score this work").click()
    ines.get_by_text("Scored. Everybody in the team has a grade").wait_for()

    early = house.enter(open_page(), "amara")
    early.get_by_role("heading", name="Cut water loss in one district").wait_for()
    assert early.get_by_text("Solid work").count() == 0

    ines = house.enter(open_page(), "ines")
    ines.get_by_role("link", name="Look through, then release").click()
    ines.get_by_role("button", name="Release 3 grades").click()
    ines.get_by_text("Released 3 grades").first.wait_for()

    page = open_page()
    amara = house.enter(page, "amara")
    amara.get_by_role("link", name="See how it was made").first.click()
    amara.get_by_text("Solid work; name the valve next time.").first.wait_for()
    shown = amara.locator(".grade").first.inner_text().split()[0]
    assert 0 < float(shown) < 100

    marks = marks_of_three(house)
    assert set(marks) >= set(NAMES.values())
    for name in NAMES.values():
        assert float(re.findall(r"[0-9.]+", marks[name])[0]) == float(shown)


TEXT = "The night flow is 30 %. The pipe is old. Nobody looks."


def test_three_write_at_once_one_of_them_without_a_connection_and_nothing_is_lost(
    house: House, open_page
) -> None:
    house.begin(open_page)
    amara = house.enter(open_page(), "amara")
    amara.get_by_role("link", name="Found a team").click()
    amara.locator("#field-name").fill("Blue Ledger")
    amara.get_by_role("button", name="Found the team").click()
    amara.get_by_role("heading", name="Your team", exact=True).wait_for()
    for person in ("tomas", "linh"):
        part = house.enter(open_page(), person)
        part.get_by_role("button", name="Join Blue Ledger").click()
        part.get_by_role("heading", name="Your team", exact=True).wait_for()
    amara.get_by_role("link", name="Open the draft").first.click()
    amara.locator("textarea").first.fill(TEXT)
    amara.get_by_text(re.compile("Version 1, saved by you")).first.wait_for()

    away = open_page(complaints=["ERR_INTERNET_DISCONNECTED", "ERR_FAILED", r"status of 409"])
    tomas, linh = house.enter(open_page(complaints=[r"status of 409"]), "tomas"), house.enter(away, "linh")
    for part in (tomas, linh):
        part.get_by_role("link", name="Open the draft").first.click()
        part.get_by_text(TEXT).first.wait_for()
    away.context.set_offline(True)
    linh.locator("textarea").first.fill(f"{TEXT} Written on the train.")
    linh.get_by_text("Not sent yet. Your text is kept on this device.").first.wait_for()

    amara.locator("textarea").first.fill(TEXT.replace("30 %", "31 %"))
    amara.get_by_text(re.compile("Version [23], saved by you")).first.wait_for()
    tomas.locator("textarea").first.fill(TEXT.replace("Nobody looks.", "Ravi looks."))
    tomas.get_by_text(re.compile("Version [23], saved by you")).first.wait_for()
    away.context.set_offline(False)
    linh.get_by_text(re.compile("Version 4, saved by you")).first.wait_for()
    whole = "The night flow is 31 %. The pipe is old. Ravi looks. Written on the train."
    assert linh.locator("textarea").first.input_value() == whole

    # The same sentence: both texts, and a choice.
    amara.locator("textarea").first.fill(TEXT.replace("30 %", "33 %"))
    amara.get_by_text(re.compile("Version 5, saved by you")).first.wait_for()
    tomas.locator("textarea").first.fill("The night flow is 29 %. The pipe is old. Ravi looks.")
    tomas.get_by_role("button", name="Save", exact=True).click()
    tomas.get_by_role("heading", name=re.compile("Choose a text in 1 place")).wait_for()
    tomas.get_by_label("Your text").check()
    tomas.get_by_role("button", name="Save the draft").click()
    tomas.get_by_text("Saved as version 6.").first.wait_for()
    assert tomas.locator("textarea").first.input_value() == whole.replace("31 %", "29 %")

    # A file is added, and stands in what everybody of the team reads.
    tomas.get_by_role("link", name="Add a file or a link").click()
    chosen = {"name": "flows.csv", "mimeType": "text/csv", "buffer": b"hour,flow"}
    tomas.get_by_label("Files from your device").set_input_files(chosen)
    tomas.get_by_role("button", name="Add", exact=True).click()
    tomas.get_by_text("Added: flows.csv.").first.wait_for()


def marks_of_three(house: House) -> dict[str, str]:
    """The gradebook once three marks are there; delivery happens in the background."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        marks = house.marks()
        if len(marks) >= 3:
            return marks
        time.sleep(0.3)
    return house.marks()
