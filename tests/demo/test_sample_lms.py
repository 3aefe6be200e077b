"""The sample LMS keeps the rules that real platforms keep, so that passing here means something."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from demo import course
from demo.sample_lms import Lms, Tool, create_app
from demo.sample_lms.messages import AGS, DL, LTI, SCOPES, line_item_url
from tests.demo.conftest import NOW, serving, token_form

SCORE = "application/vnd.ims.lis.v1.score+json"
ITEM = "application/vnd.ims.lis.v2.lineitem+json"


def path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def column(lms: Lms, tail: str = "") -> str:
    return path(line_item_url(lms, next(iter(lms.line_items)), tail))


def a_score(**changes) -> dict:
    return {
        "userId": "amara.okafor", "scoreGiven": 85, "scoreMaximum": 100, "activityProgress": "Completed",
        "gradingProgress": "FullyGraded", "timestamp": "2026-12-15T09:02:11.000+00:00", "comment": "Ready.",
    } | changes  # fmt: skip


def link_of(lms: Lms) -> str:
    return next(iter(lms.links))


def begun(client, address: str) -> dict[str, str]:
    """The parameters with which the browser comes to the tool's login address."""
    answer = client.get(address)
    assert answer.status_code == 302
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}


def asking(lms: Lms, login: dict[str, str], **changes: str) -> dict[str, str]:
    return {
        "scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
        "client_id": login["client_id"], "redirect_uri": lms.tool.launch_url, "nonce": "n1", "state": "s1",
        "login_hint": login["login_hint"], "lti_message_hint": login["lti_message_hint"],
    } | changes  # fmt: skip


def posted(text: str) -> dict[str, str]:
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', text))


def launched(lms: Lms, client, address: str) -> dict:
    """The verified claims of a launch that begins at this address."""
    fields = posted(client.get("/auth", query_string=asking(lms, begun(client, address))).text)
    assert fields["state"] == "s1"
    keys = KeySet.import_key_set(client.get("/jwks").json)
    return jwt.decode(fields["id_token"], keys, algorithms=["RS256"]).claims


def test_a_learner_is_launched_with_who_and_where_they_are(lms, client):
    claims = launched(lms, client, f"/activity/{link_of(lms)}/launch?person=amara.okafor")
    assert (claims["iss"], claims["aud"], claims["sub"], claims["nonce"]) == (
        "http://lms.test", "coursecrew-demo", "amara.okafor", "n1",
    )  # fmt: skip
    assert claims[f"{LTI}message_type"] == "LtiResourceLinkRequest"
    assert claims[f"{LTI}resource_link"]["id"] == link_of(lms)
    assert claims[f"{LTI}roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]
    assert claims[f"{LTI}custom"] == {"coursecrew_item": "1234", "zone": "Africa/Lagos"}
    assert claims["zoneinfo"] == "Africa/Lagos"
    assert claims["exp"] - claims["iat"] == 300


def test_a_launch_names_its_column_only_while_there_is_exactly_one(lms, client):
    address = f"/activity/{link_of(lms)}/launch?person=amara.okafor"
    endpoint = launched(lms, client, address)[AGS]
    assert path(endpoint["lineitem"]) == column(lms)
    lms.add_line_item({"label": "Review", "scoreMaximum": 100, "resourceLinkId": link_of(lms)})
    assert "lineitem" not in launched(lms, client, address)[AGS]


@pytest.mark.parametrize(
    ("person", "role"),
    [
        ("ines.carvalho", "membership#Instructor"),
        ("kwame.boateng", "membership/Instructor#TeachingAssistant"),
        ("hana.kobayashi", "membership#Mentor"),
    ],
)
def test_each_kind_of_person_comes_with_their_role(lms, client, person, role):
    claims = launched(lms, client, f"/activity/{link_of(lms)}/launch?person={person}")
    assert [full.rpartition("/lis/v2/")[2] for full in claims[f"{LTI}roles"]] == [role]


def test_a_teacher_who_adds_an_activity_is_launched_for_deep_linking(lms, client):
    claims = launched(lms, client, "/add/launch?person=ines.carvalho")
    settings = claims[f"{DL}deep_linking_settings"]
    assert claims[f"{LTI}message_type"] == "LtiDeepLinkingRequest"
    assert settings["deep_link_return_url"] == "http://lms.test/deep-linking"
    assert settings["accept_types"] == ["ltiResourceLink"]


def test_a_learner_never_adds_an_activity(lms, client):
    assert launched(lms, client, "/add/launch?person=amara.okafor")["sub"] == "ines.carvalho"


def test_a_login_nobody_began_is_answered_with_an_error_to_the_tool(lms, client):
    login = begun(client, f"/activity/{link_of(lms)}/launch?person=amara.okafor")
    answer = client.get("/auth", query_string=asking(lms, login, login_hint="made-up"))
    assert posted(answer.text)["error"] == "login_required"


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "other"},
        {"nonce": ""},
        {"response_mode": "query"},
    ],
)
def test_a_request_that_breaks_the_protocol_gets_no_token(lms, client, change):
    login = begun(client, f"/activity/{link_of(lms)}/launch?person=amara.okafor")
    answer = client.get("/auth", query_string=asking(lms, login, **change))
    assert answer.status_code == 400
    assert "id_token" not in posted(answer.text)


# --- deep linking comes back ---


def an_item(**changes) -> dict:
    return {
        "type": "ltiResourceLink", "title": "A new one", "custom": {"coursecrew_item": "77"},
        "lineItem": {"label": "A new one", "scoreMaximum": 100, "resourceId": "77", "tag": "total"},
    } | changes  # fmt: skip


def test_what_the_teacher_chose_comes_into_course_and_gradebook(lms, client, tool):
    data = lms.begin("ines.carvalho", "return")
    answer = client.post("/deep-linking", data={"JWT": tool.answer(lms, data, [an_item()])})
    assert answer.status_code == 200
    added = list(lms.links.values())[-1]
    assert (added.title, added.custom) == ("A new one", {"coursecrew_item": "77"})
    (item,) = lms.columns_of(added.id)
    assert (item.document["resourceId"], item.document["tag"], item.maximum) == ("77", "total", 100)
    assert "A new one" in client.get("/").text


def test_an_answer_counts_once(lms, client, tool):
    data = lms.begin("ines.carvalho", "return")
    for expected in (200, 400):
        answer = client.post("/deep-linking", data={"JWT": tool.answer(lms, data, [an_item()])})
        assert answer.status_code == expected
    assert len(lms.links) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "somebody"}, {"aud": "http://elsewhere"}, {f"{LTI}deployment_id": "2"},
        {f"{LTI}message_type": "LtiResourceLinkRequest"}, {"exp": 1}, {f"{DL}data": "guessed"},
        {f"{DL}content_items": [{"type": "html"}]},
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit_adds_nothing(lms, client, tool, change):
    token = tool.answer(lms, lms.begin("ines.carvalho", "return"), [an_item()], **change)
    assert client.post("/deep-linking", data={"JWT": token}).status_code == 400
    assert len(lms.links) == 1


# --- tokens ---


def test_a_token_is_given_for_what_was_asked_and_exists(lms, client, tool):
    form = token_form(tool.assertion(lms), SCOPES[3], "https://example.org/everything")
    answer = client.post("/token", data=form).json
    assert answer["scope"] == SCOPES[3]
    assert answer["expires_in"] == 3600


@pytest.mark.parametrize(
    "change",
    [{"iss": "other"}, {"sub": "other"}, {"aud": "http://elsewhere/token"}, {"exp": 1}, {"jti": ""}],
)
def test_an_assertion_that_is_wrong_gets_no_token(lms, client, tool, change):
    answer = client.post("/token", data=token_form(tool.assertion(lms, **change)))
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


def test_an_assertion_is_good_once(lms, client, tool):
    assertion = tool.assertion(lms)
    assert client.post("/token", data=token_form(assertion)).status_code == 200
    assert client.post("/token", data=token_form(assertion)).status_code == 401


def test_an_assertion_with_a_foreign_key_gets_no_token(lms, client, tool):
    forged = type(tool)()
    forged.rotate()
    assert client.post("/token", data=token_form(forged.assertion(lms))).status_code == 401


# --- the member list ---


def test_the_member_list_comes_in_pages_with_everybody_once(lms, client, bearer):
    headers, address, seen, pages = bearer(), f"/services/courses/{course.ID}/members", [], 0
    while address:
        answer = client.get(address, headers=headers)
        assert answer.mimetype == "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
        seen += [member["user_id"] for member in answer.json["members"]]
        found = re.search(r'<([^>]+)>; rel="next"', answer.headers.get("Link", ""))
        address, pages = path(found[1]) if found else "", pages + 1
    assert pages == 3
    assert sorted(seen) == sorted(course.BY_ID)


def test_a_bookmark_in_small_letters_is_another_bookmark(lms, client, bearer):
    headers = bearer()
    link = client.get(f"/services/courses/{course.ID}/members", headers=headers).headers["Link"]
    address = path(link.partition("<")[2].partition(">")[0])
    assert client.get(address.lower(), headers=headers).status_code == 404


def test_without_token_or_scope_no_service_answers(lms, client, bearer):
    address = f"/services/courses/{course.ID}/members"
    assert client.get(address).status_code == 401
    assert client.get(address, headers=bearer(SCOPES[3])).status_code == 403


# --- the gradebook ---


def test_a_score_lands_in_the_cell_with_its_comment(lms, client, bearer):
    answer = client.post(column(lms, "/scores"), json=a_score(), headers=bearer(), content_type=SCORE)
    assert answer.status_code == 200
    (mark,) = lms.marks.values()
    assert (mark.given, mark.comment, mark.received) == ("85", "Ready.", NOW.isoformat())
    results = client.get(column(lms, "/results"), headers=bearer()).json
    assert [(r["userId"], r["resultScore"], r["comment"]) for r in results] == [
        ("amara.okafor", 85.0, "Ready.")
    ]


def test_a_score_out_of_ten_fills_a_column_out_of_a_hundred(lms, client, bearer):
    client.post(
        column(lms, "/scores"), json=a_score(scoreGiven=8.25, scoreMaximum=10), headers=bearer(),
        content_type=SCORE,
    )  # fmt: skip
    assert client.get("/gradebook.json").json["marks"][0]["score"] == "82.5"


@pytest.mark.parametrize("later", ["2026-12-15T09:02:11.000+00:00", "2026-12-15T10:02:11+01:00"])
def test_a_score_that_is_not_later_is_a_conflict(lms, client, bearer, later):
    headers = bearer()
    client.post(column(lms, "/scores"), json=a_score(), headers=headers, content_type=SCORE)
    again = a_score(scoreGiven=90, timestamp=later)
    assert (
        client.post(column(lms, "/scores"), json=again, headers=headers, content_type=SCORE).status_code
        == 409
    )
    newer = a_score(scoreGiven=90, timestamp="2026-12-15T09:02:12+00:00")
    assert (
        client.post(column(lms, "/scores"), json=newer, headers=headers, content_type=SCORE).status_code
        == 200
    )
    assert [mark.given for mark in lms.marks.values()] == ["90"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"userId": "ines.carvalho"}, 422), ({"userId": "nobody"}, 422),
        ({"timestamp": "2026-12-15T09:02:11"}, 400), ({"timestamp": None}, 400),
        ({"gradingProgress": "Maybe"}, 400), ({"scoreGiven": -1}, 400), ({"scoreMaximum": 0}, 400),
        ({"scoreGiven": "many"}, 400),
    ],
)  # fmt: skip
def test_a_score_that_breaks_a_rule_is_refused(lms, client, bearer, change, status):
    answer = client.post(column(lms, "/scores"), json=a_score(**change), headers=bearer(), content_type=SCORE)
    assert answer.status_code == status
    assert not lms.marks


def test_a_score_of_another_type_is_refused(lms, client, bearer):
    assert client.post(column(lms, "/scores"), json=a_score(), headers=bearer()).status_code == 415


def test_a_score_without_points_clears_the_cell(lms, client, bearer):
    headers = bearer()
    client.post(column(lms, "/scores"), json=a_score(), headers=headers, content_type=SCORE)
    empty = a_score(timestamp="2026-12-16T09:00:00+00:00", comment="")
    del empty["scoreGiven"]
    client.post(column(lms, "/scores"), json=empty, headers=headers, content_type=SCORE)
    (mark,) = lms.marks.values()
    assert (mark.given, mark.comment) == ("", "")


def test_columns_are_made_found_changed_and_removed(lms, client, bearer):
    headers, all_items = bearer(), f"/services/courses/{course.ID}/lineitems"
    document = {
        "label": "Review",
        "scoreMaximum": 20,
        "tag": "review",
        "resourceId": "1234",
        "their": {"own": 1},
    }
    made = client.post(all_items, json=document, headers=headers, content_type=ITEM)
    assert made.status_code == 201
    found = client.get(f"{all_items}?resource_id=1234&tag=review", headers=headers).json
    assert [item["their"] for item in found] == [{"own": 1}]
    address = path(made.json["id"])
    changed = {**made.json, "label": "Reviews"}
    assert client.put(address, json=changed, headers=headers, content_type=ITEM).json["label"] == "Reviews"
    assert client.delete(address, headers=headers).status_code == 204
    assert client.get(address, headers=headers).status_code == 404


@pytest.mark.parametrize(
    "change", [{"label": " "}, {"scoreMaximum": 0}, {"scoreMaximum": "10"}, {"resourceLinkId": "elsewhere"}]
)
def test_a_column_that_breaks_a_rule_is_refused(lms, client, bearer, change):
    document = {"label": "Review", "scoreMaximum": 20} | change
    answer = client.post(
        f"/services/courses/{course.ID}/lineitems", json=document, headers=bearer(), content_type=ITEM
    )
    assert answer.status_code == 400
    assert len(lms.line_items) == 1


# --- disorder on purpose ---


def test_faults_come_as_ordered_and_end(lms, client, bearer):
    headers = bearer()
    client.post("/faults", json={"at": "score", "status": 503, "headers": {"Retry-After": "1"}})
    send = {"json": a_score(), "headers": headers, "content_type": SCORE}
    first = client.post(column(lms, "/scores"), **send)
    assert (first.status_code, first.headers["Retry-After"]) == (503, "1")
    assert client.post(column(lms, "/scores"), **send).status_code == 200


def test_a_wrong_mark_and_a_lost_mark_can_be_ordered(lms, client, bearer):
    headers = bearer()
    client.post("/faults", json={"at": "score", "add": 1})
    client.post(column(lms, "/scores"), json=a_score(), headers=headers, content_type=SCORE)
    client.post("/faults", json={"at": "score", "lose": True})
    lost = a_score(userId="tomas.rivera")
    assert (
        client.post(column(lms, "/scores"), json=lost, headers=headers, content_type=SCORE).status_code == 200
    )
    assert [(person, mark.given) for (_, person), mark in lms.marks.items()] == [("amara.okafor", "86")]


def test_tokens_can_be_forgotten(lms, client, bearer):
    headers = bearer()
    client.post("/faults", json={"forget_tokens": True})
    assert client.get(f"/services/courses/{course.ID}/members", headers=headers).status_code == 401


def test_faults_are_ordered_from_this_machine_only(lms, client):
    order = client.post("/faults", json={"at": "score"}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert order.status_code == 403
    assert not lms.faults


# --- what people see ---


def test_the_landing_page_offers_people_by_what_they_see_next(client):
    text = client.get("/").text
    for seen in (
        "Amara Okafor",
        "has a part to finish",
        "Hana Kobayashi",
        "Dr Inês Carvalho",
        "teaching assistant",
    ):
        assert seen in text
    assert "Find one of 126 people" in text
    assert "Tue 24 Nov, 16:40" in text
    assert "3 of 120 shown" in text


@pytest.mark.parametrize("words", ["tomas", "Rivera", "TOMÁS r"])
def test_people_are_found_without_marks_and_by_any_name(client, words):
    text = client.get("/people", query_string={"q": words}).text
    assert "Tomás Rivera" in text
    assert "Amara Okafor" not in text


def test_a_search_without_result_says_what_to_do(client):
    assert "Try the first letters of a name" in client.get("/", query_string={"q": "xyz"}).text


def test_the_gradebook_shows_everybody_when_asked(client):
    text = client.get("/?all=1").text
    assert "all 120 shown" in text
    assert text.count('role="rowheader"') == 120


def test_the_button_opens_the_activity_in_its_frame_or_in_a_window(lms, client):
    chosen = {"person": "amara.okafor", "activity": link_of(lms)}
    framed = client.get("/open", query_string=chosen)
    assert framed.location == f"/activity/{link_of(lms)}?person=amara.okafor"
    assert (
        f'src="/activity/{link_of(lms)}/launch?person=amara.okafor&amp;frame=1"'
        in client.get(framed.location).text
    )
    window = client.get("/open", query_string=chosen | {"window": "on"})
    assert window.location == f"/activity/{link_of(lms)}/launch?person=amara.okafor"


def test_what_is_not_in_the_course_is_a_plain_page(client):
    assert client.get("/activity/none?person=amara.okafor").status_code == 404
    assert "Go back to the course" in client.get("/activity/none?person=amara.okafor").text


def test_the_clock_moves_to_the_next_step_and_says_when_there_is_none(lms):
    moved = []

    def move_on(stop: course.Stop) -> None:
        moved.append(stop)
        lms.now = lambda: stop.at

    client = create_app(lms, move_on=move_on).test_client()
    assert "the last hour before the plan is due" in client.get("/").text
    while "Move it to the next step" in client.get("/").text:
        client.post("/clock", data={"person": "amara.okafor"})
    assert moved == list(course.STOPS[1:])
    assert "The course is over" in client.get("/").text


def test_what_was_kept_is_there_after_a_restart(tmp_path, tool):
    first = Lms("http://lms.test", Tool(tool.url), path=tmp_path / "lms.json")
    link = first.add_link({"title": "Kept", "lineItem": {"scoreMaximum": 10}})
    again = Lms("http://lms.test", Tool(tool.url), path=tmp_path / "lms.json")
    assert again.links[link.id].title == "Kept"
    assert [item.maximum for item in again.columns_of(link.id)] == [10]
    assert again.key.kid == first.key.kid
    assert (tmp_path / "lms.json").stat().st_mode & 0o077 == 0


@pytest.mark.browser
@pytest.mark.parametrize("width", [1100, 320])
def test_the_landing_page_is_accessible_and_fits(lms, open_page, width):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(width=width)
    with serving(create_app(lms, move_on=lambda stop: None)) as url:
        page.goto(url)
        result = Axe().run(page)
        assert not result.violations_count, result.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.get_by_role("searchbox").fill("linh")
        page.get_by_role("radio", name="Vũ Thùy Linh").check()
        assert page.get_by_role("button", name="Open as Vũ Thùy Linh").is_visible()
        page.close()
