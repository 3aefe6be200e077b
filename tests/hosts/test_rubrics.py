"""Rubrics of every kind, made, taken along and judged by, told once for both hosts."""

from __future__ import annotations

import re

import pytest

from tests.hosts.conftest import NAMES, House, LtiHost
from tests.hosts.test_peer_review import TEXT, reviews_of, set_up
from tests.hosts.test_review_trust import WELL, path_of

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = {
    "criterion_title-1": "Evidence", "criterion_weight-1": "2", "criterion_sort-1": "range",
    "criterion_step-1": "0.5", "criterion_levels-1": "0: none\n10: all",
    "criterion_title-2": "Costs", "criterion_weight-2": "1", "criterion_sort-2": "checklist",
    "criterion_levels-2": "1: a price\n3: a sum",
    "criterion_title-3": "In a sentence", "criterion_weight-3": "1", "criterion_sort-3": "text",
    "criterion_levels-3": "", "criterion_comments-3": "required", "criterion_words-3": "3",
}  # fmt: skip


def test_a_range_a_checklist_and_words_are_judged_by_up_to_the_gradebook(house: House) -> None:
    house.team("amara", "tomas")
    house.team("linh", "sofia", name="Red Kites")
    for who in ("amara", "linh"):
        house.write(who, TEXT)
        house.hand_in(who)
    reviews, of = reviews_of(house)
    set_up(reviews, of, **{**KINDS, "weight_product": "100"})
    desk = reviews.press("amara", "", "reviews/take")
    path = path_of(desk)
    evidence, costs = list(dict.fromkeys(re.findall(r'name="(level-[^"]+)"', desk.page.source)))
    words = re.findall(r'name="(comment-[^"]+)"', desk.page.source)[-1]
    form = {"text": WELL, evidence: "7.3", words: "Too short"}
    button, action = "Hand in the review", f"{path}/save"
    wrong = reviews.press(
        "amara", "", f"{path}/save", form, screen=desk, button="Hand in the review", status=422
    )
    assert "choose one of the levels there are now" in wrong.text
    assert "say why in at least 3 words; there are 2" in wrong.text
    assert "Too short" in wrong.page.source
    form = {"text": WELL, evidence: "7.5", costs: "1", words: "It can be redone."}
    for _ in range(2):
        shown = reviews.press("amara", "", action, form, screen=wrong, button=button)
        if "Before you hand it in" not in shown.text:
            break
        wrong = shown
    reviews.press("ines", "room", "room/release")
    got = reviews.show("sofia", "feedback")
    assert "a sum" in got.text
    assert "It can be redone." in got.text
    reviews.press("ines", "room", "room/mark")
    reviews.press("ines", "release", "release/now")
    # (7.5 / 10 x 2 + 3 / 4 x 1) / 3
    assert reviews.marks()[NAMES["linh"]] == "75"
    less = {"criterion_title-3": "", "criterion_levels-3": ""}
    if isinstance(reviews.host, LtiHost):
        refused = reviews.set(less, status=409)
        assert "“In a sentence” cannot be taken away" in refused.text
        assert 'value="In a sentence"' in reviews.show("ines", "settings").page.source
    else:  # Studio's editor asks no table: what is taken away there is held, and said to staff
        reviews.set(less)
        assert "The rubric’s criteria, weights and points stay" in reviews.show("ines", "settings").text


def test_a_rubric_is_previewed_and_taken_from_another_activity(house: House) -> None:
    reviews, of = reviews_of(house)
    set_up(reviews, of)
    path = f"{reviews.host.settings}settings"
    page = reviews.show("ines", f"{path}/rubric")
    assert "As whoever judges sees it" in page.text
    assert "every claim has a source" in page.text
    assert reviews.host.get("amara", "settings/rubric")[0] == 403
    status, csv = reviews.host.get("ines", f"{path}/rubric/file")
    assert status == 200
    assert "Evidence,2,levels,4,every claim has a source" in csv
    if "settings/rubric/take" not in {form.action for form in page.page.forms}:
        house.show("ines")  # the assignment is known once somebody has opened it
        page = reviews.show("ines", f"{path}/rubric")
    form = page.page.form("settings/rubric/take")
    status, body = reviews.host.post("ines", f"{path}/rubric/take", form.filled({}, "Take that one"))
    assert status == 200
    assert "every claim has a source" not in reviews.show("ines", f"{path}/rubric").text
    assert body
