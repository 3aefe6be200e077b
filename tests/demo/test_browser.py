"""The landing page and the tool behind it in a real browser: in the frame, and in a window of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from demo.processes import Running, free_ports, running
from demo.visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.browser]
TITLE = "Who pays for the night flow?"


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> Iterator[Running]:
    """The demo without a past, and one activity that the teacher has added."""
    with running(tmp_path_factory.mktemp("empty"), free_ports(), empty=True) as started:
        Visitor(started.lms, "ines.carvalho").add_activity(TITLE)
        yield started


def choose(page, url: str, person: str) -> None:
    """Pick somebody by the search, and the activity."""
    page.goto(url)
    page.get_by_role("searchbox").fill(person)
    page.get_by_role("radio", name=re.compile(person)).check()
    page.get_by_role("radio", name=re.compile(re.escape(TITLE))).check()


@pytest.mark.parametrize("width", [1280, 320])
def test_the_frame_is_as_high_as_what_it_holds_and_nothing_scrolls_sideways(both, open_page, width):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(width=width)
    choose(page, both.lms, "Dr Inês Carvalho")
    page.get_by_role("button", name="Open as Dr Inês Carvalho").click()
    page.frame_locator("iframe").locator("[data-coursecrew-part]").wait_for()
    inside = page.frames[-1]
    page.wait_for_function("""() => document.querySelector('iframe').style.blockSize !== ''""")
    asked = inside.evaluate("document.documentElement.getBoundingClientRect().height")
    assert page.evaluate("document.querySelector('iframe').getBoundingClientRect().height") >= asked - 2
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert inside.evaluate("document.documentElement.scrollWidth") <= width
    result = Axe().run(page)
    assert not result.violations_count, result.generate_report()


def test_a_window_of_its_own_keeps_the_visit_through_a_reload(both, open_page):
    page = open_page()
    choose(page, both.lms, "Dr Inês Carvalho")
    page.get_by_label("in a window of its own").check()
    with page.expect_popup() as popup:
        page.get_by_role("button", name="Open as Dr Inês Carvalho").click()
    window = popup.value
    window.get_by_role("heading", name=TITLE).wait_for()
    assert window.url.startswith(both.tool)
    assert "code=" not in window.url
    window.reload()
    window.get_by_role("heading", name=TITLE).wait_for()
    assert page.url.startswith(both.lms)


def test_an_activity_that_was_added_leads_back_to_the_course_page(both, open_page):
    page = open_page()
    page.goto(both.lms)
    page.get_by_role("link", name="add an activity").click()
    picker = page.frame_locator("iframe")
    picker.get_by_label("Name of the activity").fill("A second one")
    picker.get_by_role("button", name="Add to the course").click()
    page.get_by_role("radio", name=re.compile("A second one")).wait_for()
    assert page.get_by_role("radio", name=re.compile("A second one")).is_checked()
    assert page.get_by_role("columnheader", name="A second one").count() == 1
