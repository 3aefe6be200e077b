"""Names, keys and addresses of a hidden side are searched in all that the other side gets, in four modes."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from coursecrew.app.records import NOTICES, PARTICIPANTS, POOL
from coursecrew.domain.review_rules import Anonymity
from tests.hosts.conftest import NAMES, House
from tests.hosts.test_review_trust import WHY, judged, path_of, two_teams, writes
from tests.hosts.test_workspace_safety import rows

pytestmark = pytest.mark.django_db(transaction=True)
MOST_PAGES = 80
ONE, OTHER = ("amara", "tomas"), ("linh", "sofia")
TEAM = {"amara": "Blue Ledger", "linh": "Red Kites"}


def everything_happens(house: House, mode: Anonymity) -> House:
    """Both sides review, comment at passages, reply, answer, ask about a mark; staff exclude and decide."""
    reviews = two_teams(house, anonymity=mode.value, weight_product="100", own_review="after")
    for who in ("amara", "linh"):
        desk = reviews.press(who, "", "reviews/take")
        form = next(form for form in desk.page.forms if form.action.endswith("/remark"))
        body = form.filled({"remark": "Where from?"})
        reviews._screen(*reviews.host.post(who, form.action, body), 200)
        judged(reviews, who, reviews.show(who, path_of(desk)))
    for who in ("tomas", "sofia"):
        writes(reviews, who)
    reviews.press("ines", "room", "room/release")
    for who in ("tomas", "sofia"):
        page = reviews.show(who, "feedback")
        action = next(form.action for form in page.page.forms if "reply" in form.action)
        reviews.press(who, "", re.escape(action), {"remark": "From the inlet."}, screen=page)
        answer = page.link("Answer ")
        scales = {
            "helpful": "5",
            "specific": "4",
            "kind": "5",
            "text": "Thank you!",
            "uptake-text": "accepted",
        }
        reviews.press(who, answer, ".*/save", scales, button="Send the answer")
    for team in TEAM.values():
        page = reviews.show("ines", reviews.show("ines", "room").link(team))
        chosen = re.findall(r'<option value="([0-9a-f]{32})"', page.page.source)
        reviews.press(
            "ines", "", ".*/exclude", {"review": chosen[-1], "reason": "Of another work."}, screen=page
        )
    reviews.press("ines", "room", "room/mark")
    reviews.press("ines", "release", "release/now")
    for who in ("tomas", "sofia"):
        reviews.press(who, "appeals", "appeals/make", {"reason": WHY})
    queue = reviews.show("ines", "room/appeals")
    for team in TEAM.values():
        one = queue.link(f"{team}: ")
        reviews.press("ines", one, ".*/decide", {"outcome": "denied", "answer": "It stays."})
    reviews.host.deliver()
    return reviews


def all_pages(reviews: House, who: str) -> dict[str, str]:
    """Every page of the peer review that somebody comes to by its links, with its whole source."""
    found: dict[str, str] = {}
    waiting = [""]
    while waiting and len(found) < MOST_PAGES:
        path = waiting.pop()
        if path in found:
            continue
        _status, body = reviews.host.get(who, path)
        found[path] = body
        for address in re.findall(r'href="#/([^"#]+)', body):
            waiting.append(urlsplit(address).path)
    return found


@pytest.mark.parametrize("mode", Anonymity)
def test_no_page_or_notice_tells_a_side_what_it_may_not_know(house: House, mode: Anonymity) -> None:
    reviews = everything_happens(house, mode)
    people = {row.name: row.person for row in rows(house, PARTICIPANTS)}
    pools = {row.id for row in rows(house, POOL)}
    for mine, others in ((ONE, OTHER), (OTHER, ONE)):
        keys = [people[NAMES[who]] for who in others] + [f"{who}@water.example" for who in others]
        names = [NAMES[who] for who in others]
        team = TEAM[others[0]]
        for who in mine:
            pages = all_pages(reviews, who)
            assert any(path.startswith("reviews/") for path in pages)
            assert {"feedback", "result", "appeals"} <= set(pages)
            for path, source in pages.items():
                for key in keys:
                    assert key not in source, (mode, who, path, "key")
                if path == "people" or not source:
                    continue
                as_reviewer = path.startswith("reviews/")
                hidden_names = mode in (Anonymity.DOUBLE, Anonymity.TEAM_NAME) or (
                    mode is Anonymity.SINGLE and not as_reviewer
                )
                if hidden_names:
                    assert not [name for name in names if name in source], (mode, who, path)
                hidden_team = mode is Anonymity.DOUBLE or (
                    mode is Anonymity.SINGLE and not as_reviewer and path not in ("", "reviews")
                )
                if hidden_team:
                    assert team not in source, (mode, who, path)
        told = [row for row in rows(house, NOTICES) if row.person in {people[NAMES[who]] for who in mine}]
        assert told
        for notice in told:
            if notice.activity in {row.activity for row in rows(house, POOL)}:
                assert not [key for key in keys if key in str(notice.detail)], (mode, notice.kind)
    assert len(pools) == 2


@pytest.mark.parametrize("mode", Anonymity)
def test_a_guessed_id_opens_nothing_of_the_other_side(house: House, mode: Anonymity) -> None:
    reviews = everything_happens(house, mode)
    theirs = all_pages(reviews, "sofia")
    own = set(all_pages(reviews, "tomas"))
    for path in theirs:
        if re.search(r"[0-9a-f]{32}", path) and path not in own:
            status, body = reviews.host.get("tomas", path)
            assert status in (403, 404, 409), (path, status)
            assert NAMES["linh"] not in body
    for path in ("room", "room/held", "room/appeals", "grades"):
        assert reviews.host.get("tomas", path)[0] == 403
