"""Works of a team assignment are reviewed by others, told once for both hosts."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from coursecrew.domain.review_rules import PEER_REVIEW
from coursecrew_lti import places
from coursecrew_lti.lti_tables import COURSE, PLACE
from coursecrew_lti.messages import as_uuid
from tests.hosts.conftest import NAMES, ZONES, BlockHost, House, LtiHost
from tests.lti.conftest import Browser
from tests.lti.lms import INSTRUCTOR, LEARNER

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "The night flow is 30 %, says the egret."
BLOCK = "coursecrew_peer_review"


class ReviewLink(LtiHost):
    """The same people, launched from the link of the peer review."""

    item: str = ""

    def browser(self, who: str) -> Browser:
        if who not in self.browsers:
            made = Browser(self.app, self.platform)
            launch = made.launch(
                sub=who, name=NAMES[who], email=f"{who}@water.example",
                roles=[INSTRUCTOR if who == "ines" else LEARNER],
                resource_link={"id": "link-reviews", "title": "Judge two plans"},
                custom={"coursecrew_item": as_uuid(self.item)}, **self.platform.services(),
            )  # fmt: skip
            made.enter(launch, zone=ZONES.get(who, "UTC"))
            self.browsers[who] = made
        return self.browsers[who]


def reviews_of(house: House) -> tuple[House, str]:
    """A peer review beside the assignment, and the assignment's short name."""
    if isinstance(house.host, LtiHost):
        tool = house.host.tool
        with tool.begin() as connection:
            course = connection.execute(COURSE.select()).one()
            name = connection.execute(PLACE.select()).one().name
            picked = places.pick_place(
                connection, registration=course.registration, course=course.id, title="Judge two plans",
                kind=PEER_REVIEW, ids=tool.ids, now=tool.wall(),
            )  # fmt: skip
        host = ReviewLink(house.host.app, tool, house.host.platform)
        host.item = picked.item
        return House(host, "lti"), name
    assert isinstance(house.host, BlockHost)
    from workbench import scenarios

    from coursecrew_openedx.activities import short_name
    from coursecrew_peer_review.block import PeerReviewBlock

    scenarios.add_class_scenarios(BLOCK, PeerReviewBlock, fail_silently=False)
    other = replace(house.host.course, scenario=f"{BLOCK}.0")
    return House(BlockHost(other), "openedx"), short_name(house.host.course.place)


RUBRIC = {
    "criterion_title-1": "Evidence", "criterion_weight-1": "2",
    "criterion_levels-1": "0: none\n2: some\n4: every claim has a source",
    "criterion_title-2": "Costs", "criterion_weight-2": "1",
    "criterion_levels-2": "0: none\n4: can be redone",
}  # fmt: skip


def set_up(reviews: House, of: str, **fields: str) -> None:
    """The instructor says whose works, how many, and by what."""
    reviews.set(
        {
            "title": "Judge two plans", "goal": "See how others went about it.", "of": of, "per_work": "1",
            "feedback": "hand", "weight_product": "80", "anonymity": "double",
            "owing_days": "0", **RUBRIC, **fields,
        }
    )  # fmt: skip
    if isinstance(reviews.host, LtiHost):
        reviews.press("ines", "settings", r"settings/publish")


def takes_and_writes(reviews: House, who: str, text: str) -> str:
    """Take a work, read it, judge it; returns the words of the page beside the rubric."""
    desk = reviews.press(who, "", "reviews/take")
    words = desk.text
    path = desk.page.source.partition('data-path="')[2].partition('"')[0]
    level = sorted(set(re.findall(r'type="radio" name="(level-[^"]+)"', desk.page.source)))
    lacking = reviews.press(
        who, "", f"{path}/save", {"text": text}, screen=desk, button="Hand in the review", status=422
    )
    assert "choose a level" in lacking.text
    assert text in lacking.page.source
    marks = dict(zip(level, ("2", "4"), strict=True))
    for _ in range(2):  # hints come once
        done = reviews.press(
            who, "", f"{path}/save", {"text": text, **marks}, screen=desk, button="Hand in the review"
        )
        desk = done
    assert "Your reviews are done" in done.text
    return words


def test_two_teams_review_each_other_hidden_up_to_the_gradebook(house: House) -> None:
    house.team("amara", "tomas")
    house.team("linh", "sofia", name="Red Kites")
    for who in ("amara", "linh"):
        house.write(who, TEXT)
        house.hand_in(who)
    reviews, of = reviews_of(house)
    set_up(reviews, of)

    first = takes_and_writes(reviews, "amara", "Clear; but who pays?")
    assert "egret" in first
    assert "Work 1" in first
    for hidden in ("Red Kites", NAMES["linh"], NAMES["sofia"]):
        assert hidden not in first
    takes_and_writes(reviews, "linh", "A good plan.")
    reviews.show("sofia", "feedback", status=409)
    reviews.show("mehmet")
    for closed in ("feedback", "room"):
        assert reviews.host.get("mehmet", closed)[0] in (403, 404)

    room = reviews.show("ines")
    assert "Every work has" in room.text or "2 of 2 works" in room.text
    reviews.press("ines", "room", "room/release")
    got = reviews.show("sofia", "feedback")
    assert "Clear; but who pays?" in got.text
    for hidden in (NAMES["amara"], NAMES["tomas"], "Blue Ledger"):
        assert hidden not in got.page.source
    looked = reviews.show("ines", room.link("Red Kites"))
    assert NAMES["amara"] in looked.text

    reviews.press("ines", "room", "room/mark")
    reviews.press("ines", "release", "release/now")
    result = reviews.show("sofia", "result")
    # (2 ÷ 4 × 66.67 + 4 ÷ 4 × 33.33) × 80 % + 0 of 1 review × 20 %, and 20 more for who wrote one.
    assert "53.33" in result.text
    assert "73.33" in reviews.show("linh", "result").text
    marks = reviews.marks()
    assert {marks[NAMES["sofia"]], marks[NAMES["linh"]]} == {"53.33", "73.33"}


def test_screens_of_an_assignment_are_none_of_a_peer_review(house: House) -> None:
    reviews, of = reviews_of(house)
    set_up(reviews, of)
    for path in ("team", "draft", "sandbox"):
        reviews.show("amara", path, status=404)
    house.show("amara", "reviews", status=404)
