"""Choosing an activity from the platform, and what goes back."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.lti.conftest import Browser, find, rows
from tests.lti.lms import CLAIM, DL_CLAIM, INSTRUCTOR, LEARNER, MEMBERSHIP

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
RETURN = "https://lms.example/return?a=1&b=\"'>"
AUTHOR = MEMBERSHIP + "ContentDeveloper"


def settings(**more):
    return {
        "deep_link_return_url": RETURN,
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe"],
        "accept_multiple": "true",
        "auto_create": False,
        **more,
    }


def choose(browser, role=INSTRUCTOR, **more):
    return browser.come_in(
        roles=[role], message_type="LtiDeepLinkingRequest", resource_link=None, **{DL_CLAIM: settings(**more)}
    )


def pick(browser, **form):
    return browser.post(
        "/lti/pick", {"token": browser.token, "title": "Cut water loss", "act": "add", **form}
    )


def told(browser, answer):
    """The claims that the platform reads in the answer, its signature checked with our published keys."""
    assert answer.status_code == 200, answer.text
    token = re.findall(r'name="JWT" value="([^"]+)"', answer.text)[0]
    keys = KeySet.import_key_set(browser.get("/lti/jwks").get_json())
    return jwt.decode(unescape(token), keys, algorithms=["RS256"]).claims


def test_a_teacher_names_an_assignment_and_the_platform_gets_its_link(browser, tool):
    choose(browser, data="opaque &é")
    claims = told(browser, pick(browser))
    assert claims["iss"] == "client1"
    assert claims["aud"] == browser.platform.issuer
    assert claims["exp"] - claims["iat"] == 300
    assert len(claims["nonce"]) >= 32
    assert claims[CLAIM + "message_type"] == "LtiDeepLinkingResponse"
    assert claims[CLAIM + "version"] == "1.3.0"
    assert claims[CLAIM + "deployment_id"] == "dep1"
    assert claims[DL + "data"] == "opaque &é"
    [item] = claims[DL + "content_items"]
    assert item["type"] == "ltiResourceLink"
    assert item["title"] == "Cut water loss"
    assert "url" not in item
    assert item["lineItem"] == {
        "label": "Cut water loss",
        "scoreMaximum": 100,
        "resourceId": item["custom"]["coursecrew_item"],
        "tag": "total",
    }
    assert str(uuid.UUID(item["custom"]["coursecrew_item"])) == item["custom"]["coursecrew_item"]
    assert all(isinstance(value, str) for value in item["custom"].values())


@pytest.mark.parametrize(
    ("kind", "made"),
    [("peer_review", "peer_review"), ("team_assignment", "team_assignment"), ("x", "team_assignment")],
)
def test_a_teacher_chooses_what_sort_of_activity_it_is(browser, tool, kind, made):
    page = choose(browser)
    assert 'value="peer_review"' in page
    [item] = told(browser, pick(browser, kind=kind))[DL + "content_items"]
    assert item["custom"]["coursecrew_kind"] == made
    [place] = find(tool, "PLACE")
    assert place.kind == made


def test_data_that_was_not_sent_is_not_sent_back(browser):
    choose(browser)
    assert DL + "data" not in told(browser, pick(browser))


def test_whoever_changes_their_mind_sends_back_nothing(browser, tool):
    choose(browser)
    claims = told(browser, pick(browser, act="cancel"))
    assert claims[DL + "content_items"] == []
    assert rows(tool, "PLACE") == 0


def test_an_assignment_without_a_name_is_not_made(browser, tool):
    choose(browser)
    assert told(browser, pick(browser, title="  "))[DL + "content_items"] == []
    assert rows(tool, "PLACE") == 0


def test_the_way_back_cannot_break_out_of_its_page(browser):
    choose(browser)
    page = pick(browser).text
    assert RETURN in unescape(page)
    assert RETURN not in page
    assert 'action="https://lms.example/return?a=1&amp;b=&#34;&#39;&gt;"' in page


def test_the_page_that_goes_back_has_one_script_of_its_own(browser):
    choose(browser)
    answer = pick(browser)
    policy = answer.headers["Content-Security-Policy"]
    nonce = re.findall(r"'nonce-([^']+)'", policy)[0]
    assert f'<script nonce="{nonce}">' in answer.text
    # The platform may lead on to other addresses of its own, and browsers hold each against this.
    assert "form-action" not in policy
    assert "form-action 'self'" in browser.get("/privacy").headers["Content-Security-Policy"]


def test_a_learner_is_told_whom_to_ask(browser, tool):
    page = choose(browser, LEARNER)
    assert "Only teachers can add an assignment" in page
    answer = pick(browser)
    assert answer.status_code == 400
    assert "<code>not_a_teacher</code>" in answer.text
    assert rows(tool, "PLACE") == 0


def test_an_author_of_content_may_choose(browser, tool):
    choose(browser, AUTHOR)
    assert told(browser, pick(browser))[DL + "content_items"]


@pytest.mark.parametrize("token", ["", "guess"])
def test_nobody_chooses_without_a_token(browser, tool, token):
    choose(browser)
    answer = pick(browser, token=token)
    assert answer.status_code == 400
    assert rows(tool, "PLACE") == 0


def test_a_token_of_an_activity_opens_no_picker(browser, tool):
    browser.come_in(roles=[INSTRUCTOR])
    assert pick(browser).status_code == 400
    assert rows(tool, "PLACE") == 1  # that of the launch


def test_the_first_launch_of_a_picked_link_finds_what_was_picked(browser, app, tool):
    choose(browser)
    [item] = told(browser, pick(browser))[DL + "content_items"]
    learner = Browser(app, browser.platform)
    learner.come_in(sub="s2", custom=item["custom"], resource_link={"id": "made", "title": "Cut water loss"})
    [place] = find(tool, "PLACE")
    assert place.resource_link == "made"
    assert place.id == place.item == uuid.UUID(item["custom"]["coursecrew_item"]).hex
    assert place.name.startswith("cut-water-loss-")
    assert "Cut water loss" in learner.ui("team").text


def test_two_links_to_the_same_item_are_two_places(browser, app, tool):
    choose(browser)
    [item] = told(browser, pick(browser))[DL + "content_items"]
    for link in ("one", "two"):
        Browser(app, browser.platform).launch(custom=item["custom"], resource_link={"id": link})
    first, second = find(tool, "PLACE")
    assert (first.item, first.origin) == (second.item, "")
    assert second.origin == first.id


def test_a_link_made_by_hand_works_without_an_item(browser, tool):
    browser.come_in(roles=[INSTRUCTOR])
    [place] = find(tool, "PLACE")
    assert place.item == place.id
    assert browser.ui("settings").status_code == 200


@pytest.mark.parametrize(
    ("said", "made"),
    [("peer_review", "peer_review"), ("team_assignment", "team_assignment"), ("$x", "team_assignment")],
)
def test_a_link_made_by_hand_or_restored_elsewhere_is_of_the_sort_it_says(browser, tool, said, made):
    browser.come_in(roles=[INSTRUCTOR], custom={"coursecrew_kind": said})
    [place] = find(tool, "PLACE")
    assert place.kind == made
    assert browser.ui("settings").status_code == 200


def test_an_item_that_nobody_picked_here_is_kept_as_it_is(browser, tool):
    """A course restored from another site brings ids that we never gave out."""
    foreign = str(uuid.uuid4())
    browser.come_in(custom={"coursecrew_item": foreign})
    [place] = find(tool, "PLACE")
    assert place.item == uuid.UUID(foreign).hex
    assert place.id != place.item


def test_a_picker_can_be_used_more_than_once(browser, tool):
    choose(browser)
    pick(browser, title="One")
    pick(browser, title="Two")
    assert {place.title for place in find(tool, "PLACE")} == {"One", "Two"}


@pytest.mark.parametrize(("title", "offered"), [("Week 9", "Week 9"), ("Coursecrew", ""), (None, "")])
def test_the_tools_own_name_is_not_offered_as_an_assignments(browser, title, offered):
    """Moodle 4.5 sends the tool's name as the title of the new activity."""
    page = choose(browser, **({"title": title} if title else {}))
    found = re.search(r'<input id="title"[^>]*value="([^"]*)"', page)
    assert found
    assert found[1] == offered
