"""The block in the page that an LMS puts around it: framed, loud, and strict about tokens."""

from __future__ import annotations

import pytest

from tests.e2e.hosts import ASSIGNMENT, STREET, OpenEdx, open_edx, unit_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory):
    with open_edx(tmp_path_factory.mktemp("open_edx")) as running:
        yield running


def found_team(part, name: str) -> None:
    part.get_by_role("link", name="Found a team").click()
    part.locator("#field-name").fill(name)
    part.get_by_role("button", name="Found the team").click()
    part.get_by_role("heading", name="Your team", exact=True).wait_for()


def test_a_form_sent_in_the_frame_leaves_the_player_where_it_is(host: OpenEdx, page) -> None:
    address = host.player("amara")
    page.goto(address)
    unit = unit_of(page)
    assert page.frames[1].evaluate("document.querySelector('base').target") == "_parent"
    found_team(unit, "Blue Ledger")
    assert page.url == address
    assert page.get_by_role("heading", name="Week 9: losses").is_visible()


def test_the_player_is_told_how_high_the_unit_is_and_where_to_scroll(host: OpenEdx, page) -> None:
    page.goto(host.player("sofia"))
    unit = unit_of(page)
    unit.get_by_role("heading", name="Cut water loss in one district").wait_for()
    page.wait_for_function("received.some((one) => one.type === 'plugin.resize' && one.payload.height > 400)")
    content = page.frames[1].evaluate("document.getElementById('content').offsetHeight")
    page.wait_for_function(
        "height => document.getElementById('unit-iframe').offsetHeight === height", arg=content
    )
    found_team(unit, "Copper Line")
    page.wait_for_function("received.some((one) => one.offset !== undefined)")


def test_the_pages_own_style_does_not_reach_the_block(host: OpenEdx, page) -> None:
    from playwright.sync_api import expect

    page.goto(host.player("layla"))
    unit = unit_of(page)
    unit.get_by_role("link", name="Found a team").click()
    button = unit.get_by_role("button", name="Found the team")
    page.mouse.move(1, 1)  # the pointer would rest on the new button, which then looks darker
    for name, value in (
        ("background-color", "rgb(36, 87, 181)"), ("text-transform", "none"), ("letter-spacing", "normal"),
    ):  # fmt: skip
        expect(button).to_have_css(name, value)
    assert unit.locator("label[for=field-name]").evaluate("one => getComputedStyle(one).display") != "none"


def test_opened_directly_the_block_works_the_same(host: OpenEdx, page) -> None:
    page.goto(host.unit("diego"))
    assert page.evaluate("document.querySelector('base')") is None
    found_team(page, "Night Shift")


def test_two_blocks_on_one_page_do_not_meet(host: OpenEdx, page) -> None:
    page.goto(host.unit("priya", ASSIGNMENT, **{"with": STREET}))
    first, second = page.locator("coursecrew-activity").nth(0), page.locator("coursecrew-activity").nth(1)
    first.get_by_role("heading", name="Cut water loss in one district").wait_for()
    second.get_by_role("heading", name="A street without floods").wait_for()
    found_team(second, "Corner House")
    assert first.get_by_role("heading", name="Cut water loss in one district").is_visible()
    assert first.get_by_text("Corner House").count() == 0


def test_at_320_pixels_nothing_scrolls_sideways(host: OpenEdx, open_page) -> None:
    page = open_page(width=320, height=700)
    page.goto(host.player("kofi"))
    unit_of(page).get_by_role("heading", name="Cut water loss in one district").wait_for()
    wide = page.frames[1].evaluate(
        "document.querySelector('coursecrew-activity').scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0


def test_another_name_of_the_csrf_cookie_is_passed_on(tmp_path, page) -> None:
    with open_edx(tmp_path, LMS_CSRF_COOKIE="campus_csrf") as other:
        page.goto(other.player("amara"))
        names = {cookie["name"] for cookie in page.context.cookies()}
        assert "campus_csrf" in names
        assert "csrftoken" not in names
        found_team(unit_of(page), "Blue Ledger")
        page.close()  # before the host goes: an open page asks again


def test_a_file_above_the_platforms_limit_goes_to_our_own_door(host: OpenEdx, open_page) -> None:
    page = open_page(complaints=[r"status of 404"])  # nobody can sign in to the stand-in
    page.goto(host.player("ines"))
    unit = unit_of(page)
    unit.get_by_role("link", name="Teams", exact=True).first.click()
    unit.get_by_role("link", name="Import from a file").or_(
        unit.get_by_role("link", name="From a file")
    ).first.click()
    rows = b"user,team_set,team,role\n" + b"amara,,Blue Ledger,\n" * 220_000
    unit.locator("input[type=file]").set_input_files(
        {"name": "teams.csv", "mimeType": "text/csv", "buffer": rows}
    )
    with page.expect_request(lambda request: request.method == "POST") as asked:
        unit.locator("form:has(input[type=file]) button").first.click()
    assert "/coursecrew/upload/" in asked.value.url
    assert asked.value.url.endswith("/teams/file")
