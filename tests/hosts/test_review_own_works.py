"""Everybody hands in a work of their own in the peer review itself, and reviews others."""

from __future__ import annotations

import pytest

from tests.hosts.conftest import NAMES, House
from tests.hosts.test_peer_review import TEXT, reviews_of, set_up
from tests.hosts.test_review_trust import WELL, writes

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_person_writes_hands_in_and_reviews_others_up_to_the_gradebook(house: House) -> None:
    reviews, _of = reviews_of(house)
    fields = {"whose": "own", "part_title-1": "Your street", "weight_product": "100"}
    set_up(reviews, "", **fields)
    people = ("amara", "linh", "sofia")
    for who in people:
        assert "Write your own work" in reviews.show(who).text
        reviews.show(who, "draft", status=403)
        reviews.press(who, "", "reviews/begin")
        reviews.write(who, f"{TEXT} Street number {people.index(who)}.")
        reviews.hand_in(who)
    reviews.press("amara", "", "reviews/take")
    reviews.show("tomas", "draft", status=403)
    for who in people:
        words = reviews.show(who, writes(reviews, who)).text
        for other in people:
            if other != who:
                assert NAMES[other] not in words
    room = reviews.show("ines", "room")
    assert NAMES["linh"] in room.text
    reviews.press("ines", "room", "room/release")
    got = reviews.show("linh", "feedback")
    assert WELL in got.text
    for other in ("amara", "sofia"):
        assert NAMES[other] not in got.page.source
    for guess in ("team", "teams", "grading", "sandbox", "charter"):
        assert reviews.host.get("amara", guess)[0] in (200, 404)
        assert NAMES["sofia"] not in reviews.host.get("amara", guess)[1]
    reviews.press("ines", "room", "room/mark")
    reviews.press("ines", "release", "release/now")
    assert set(reviews.marks()) >= {NAMES[who] for who in people}
