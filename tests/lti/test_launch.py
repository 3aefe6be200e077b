"""Every launch case, as HTTP requests against the running tool; ids are those of the case list.

Rejected means: a 4xx (503 where the platform's keys cannot be had), a page with the reason code,
one log line with it, and no session, person, course or place in the database.
"""

from __future__ import annotations

import base64
import json
import threading
from datetime import timedelta
from typing import Any

import pytest

from coursecrew.app.records import PARTICIPANTS
from coursecrew.app.unit_of_work import run
from coursecrew_lti.app import wire
from tests.lti.conftest import PUBLIC, find, register, rows
from tests.lti.lms import (
    AGS_CLAIM,
    CLAIM,
    DL_CLAIM,
    INSTRUCTOR,
    LEARNER,
    MEMBERSHIP,
    Platform,
    as_json,
    hang,
    key,
    public,
    query,
    status,
)

STORED = ("SESSION", "USER", "COURSE", "PLACE")
RETURN = "https://lms.example/return"
DEEP_LINKING = {DL_CLAIM: {"deep_link_return_url": RETURN, "accept_types": ["ltiResourceLink"]}}


def is_refused(answer, code, tool, decisions, *, expected_status=None):
    """A page for people with the reason code, a log line, and nothing stored."""
    assert 400 <= answer.status_code <= 403 or (code, answer.status_code) == ("jwks_unavailable", 503)
    if expected_status:
        assert answer.status_code == expected_status
    assert answer.mimetype == "text/html"
    assert f"<code>{code}</code>" in answer.text
    assert "<h1>" in answer.text
    assert decisions() == [code]
    assert {name: rows(tool, name) for name in STORED} == dict.fromkeys(STORED, 0)


def is_accepted(answer, tool, decisions):
    assert answer.status_code == 303, answer.text
    assert answer.location.startswith("/open/")
    assert decisions()[-1] == "accepted"
    assert rows(tool, "SESSION") == 1


def refused(browser, tool, decisions, code, **claims):
    is_refused(browser.launch(**claims), code, tool, decisions)


# --- the certification suite's bad payloads ---


def sent(browser, change=None, **signing):
    """Log in, let `change` have the claims, and send what comes out of it."""
    asked = browser.login()
    claims = browser.platform.claims(asked["nonce"])
    claims = change(claims) if change else claims
    return browser.send(browser.platform.sign(claims, **signing), asked["state"])


def test_c01_a_token_whose_header_names_no_key_is_refused(browser, tool, decisions):
    is_refused(sent(browser, header={"alg": "RS256"}), "kid_missing", tool, decisions)


def test_c02_a_token_by_a_key_that_the_platform_does_not_publish_is_refused(browser, tool, decisions):
    header = {"alg": "RS256", "kid": "imstester_66067"}
    is_refused(sent(browser, header=header), "kid_unknown", tool, decisions)


def test_c03_a_wrong_version_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "version", version="11.3")


def test_c04_a_missing_version_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "version", version=None)


def test_c05_a_payload_that_is_no_launch_is_refused(browser, tool, decisions):
    is_refused(sent(browser, lambda _: {"name": "badltilaunch"}), "iss", tool, decisions)


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        (("aud", "iss", "sub", "deployment_id", "roles"), "iss"),
        (("aud",), "aud"),
        (("iss",), "iss"),
        (("sub",), "sub_missing"),
        (("deployment_id",), "deployment_unknown"),
        (("roles",), "roles"),
    ],
)
def test_c06_missing_claims_are_refused(browser, tool, decisions, missing, code):
    refused(browser, tool, decisions, code, **dict.fromkeys(missing))


def test_c07_times_of_long_ago_are_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "exp", iat=11111, exp=22222)


def test_c08_a_missing_message_type_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "message_type", message_type=None)


def test_c09_missing_roles_are_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "roles", roles=None)


def test_c10_a_missing_deployment_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "deployment_unknown", deployment_id=None)


@pytest.mark.parametrize("link", [None, {}, {"title": "no id"}, {"id": ""}, {"id": 7}, "link1"])
def test_c11_a_missing_resource_link_is_refused(browser, tool, decisions, link):
    refused(browser, tool, decisions, "claim_missing", resource_link=link)


def test_c12_a_missing_person_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "sub_missing", sub=None)


# --- good launches, each as a teacher and as a student ---

WHO: dict[str, dict[str, Any]] = {
    "plain": {},
    "several roles": {},
    "short role": {},
    "unknown role": {},
    "no role": {},
    "empty list": {},
    "only mail": {"name": None},
    "only names": {"email": None, "name": None, "given_name": "Amara", "family_name": "Okafor"},
    "no personal data": {"email": None, "name": None},
    "no context": {"context": None},
}
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"
SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person#"


def roles_of(kind, role):
    name = role.rpartition("#")[2]
    return {
        "several roles": [role, INSTITUTION + "Student", INSTITUTION + "Faculty", SYSTEM + "User"],
        "short role": [name],
        "unknown role": ["http://example.org/roles#Wizard"],
        "no role": [""],
        "empty list": [],
    }.get(kind, [role])  # fmt: skip


@pytest.mark.parametrize("kind", WHO)
@pytest.mark.parametrize("role", [INSTRUCTOR, LEARNER], ids=["teacher", "student"])
def test_t_s_good_launches_come_in_with_the_rights_of_their_role(browser, tool, decisions, kind, role):
    answer = browser.launch(roles=roles_of(kind, role), **WHO[kind])
    is_accepted(answer, tool, decisions)
    [session] = find(tool, "SESSION")
    least = kind in ("unknown role", "no role", "empty list")
    assert session.role == ("observer" if least else "instructor" if role == INSTRUCTOR else "learner")
    page = browser.enter(answer)
    if kind == "no context":
        assert "stands outside of any course" in page
        assert ("Add Coursecrew inside a course" in page) == (role == INSTRUCTOR)
        assert browser.ui().status_code == 401
        return
    assert browser.ui().status_code == 200
    may_set_up = browser.ui("settings").status_code == 200
    assert may_set_up == (role == INSTRUCTOR and not least)


def test_names_come_whole_or_from_their_parts(browser, tool):
    browser.come_in(name=None, given_name=" Amara ", family_name="Okafor")
    [user] = find(tool, "USER")
    assert (user.name, user.email, user.sub) == ("Amara Okafor", "amara@example.org", "s1")


# --- signature and token form ---


def unsigned(header, payload, signature=""):
    parts = [json.dumps(header).encode(), json.dumps(payload).encode()]
    coded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]
    return ".".join([*coded, signature])


def test_g01_a_token_without_a_signature_is_refused(browser, tool, decisions):
    asked = browser.login()
    token = unsigned({"alg": "none", "kid": "k1"}, browser.platform.claims(asked["nonce"]))
    is_refused(browser.send(token, asked["state"]), "alg", tool, decisions)


def test_g02_a_token_sealed_with_the_public_key_as_a_secret_is_refused(browser, tool, decisions):
    answer = sent(browser, header={"alg": "HS256", "kid": "k1"})
    is_refused(answer, "alg", tool, decisions)


def test_g03_another_algorithm_than_the_key_says_is_refused(browser, tool, decisions):
    is_refused(sent(browser, header={"alg": "RS512", "kid": "k1"}), "alg", tool, decisions)


def test_g04_a_token_signed_by_another_key_of_the_same_name_is_refused(browser, tool, decisions):
    answer = sent(browser, by=key("other"), header={"alg": "RS256", "kid": "k1"})
    is_refused(answer, "signature", tool, decisions)


@pytest.mark.parametrize("pointer", ["jku", "jwk"])
def test_g05_a_key_that_the_token_itself_points_to_is_not_asked_for(browser, tool, decisions, pointer):
    there = f"{browser.platform.url}/evil" if pointer == "jku" else public(key("other"))
    header = {"alg": "RS256", "kid": "k1", pointer: there}
    is_refused(sent(browser, by=key("other"), header=header), "signature", tool, decisions)
    assert browser.platform.asked_for("/evil") == 0


def test_g06_a_payload_changed_after_signing_is_refused(browser, tool, decisions):
    asked = browser.login()
    head, _, seal = browser.platform.sign(browser.platform.claims(asked["nonce"])).split(".")
    other = json.dumps(browser.platform.claims(asked["nonce"], sub="somebody else")).encode()
    token = ".".join([head, base64.urlsafe_b64encode(other).rstrip(b"=").decode(), seal])
    is_refused(browser.send(token, asked["state"]), "signature", tool, decisions)


def test_g07_a_payload_that_names_the_person_twice_is_refused(browser, tool, decisions):
    def twice(claims):
        return json.dumps(claims).replace('"sub": "s1"', '"sub": "s1", "sub": "s2"').encode()

    is_refused(sent(browser, twice), "payload", tool, decisions)


PAYLOADS = {
    "a list": b'["iss"]',
    "a text": b'"iss"',
    "not UTF-8": b'{"iss": "\xff\xfe"}',
    "no JSON": b"{",
    "deeply nested": b"[" * 20_000 + b"]" * 20_000,
}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_g08_a_payload_that_is_no_object_is_refused(browser, tool, decisions, payload):
    is_refused(sent(browser, lambda _: PAYLOADS[payload]), "payload", tool, decisions)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("abc.def", "token_malformed"),
        ("a.b.c.d", "token_malformed"),
        ("...", "token_malformed"),
        ("%%%.***.---", "token_malformed"),
        ("é.é.é", "token_malformed"),
        ("bm90IGpzb24.e30.c2ln", "token_malformed"),
        ("a" * 65537, "token_too_large"),
    ],
)
def test_g08_a_token_of_another_form_is_refused(browser, tool, decisions, token, code):
    is_refused(browser.send(token, browser.login()["state"]), code, tool, decisions)


def test_a_body_far_too_large_is_not_read(browser, tool, decisions):
    answer = browser.send("a" * 200_000, browser.login()["state"])
    is_refused(answer, "token_too_large", tool, decisions)
    assert rows(tool, "LOGIN") == 1


@pytest.mark.parametrize("header", [{"crit": ["exp"], "exp": 1}, {"crit": ["b64"], "b64": False}])
def test_g09_a_header_that_calls_something_critical_is_refused(browser, tool, decisions, header):
    asked = browser.login()
    good = browser.platform.sign(browser.platform.claims(asked["nonce"])).split(".")
    head = {"alg": "RS256", "kid": "k1", **header}
    good[0] = base64.urlsafe_b64encode(json.dumps(head).encode()).rstrip(b"=").decode()
    is_refused(browser.send(".".join(good), asked["state"]), "alg", tool, decisions)


def test_g10_a_harmless_extra_header_does_not_matter(browser, tool, decisions):
    is_accepted(sent(browser, header={"alg": "RS256", "kid": "k1", "foo": "bar"}), tool, decisions)


# --- time ---


def moved(browser, **seconds):
    at = int(browser.platform.now().timestamp())
    return {name: at + offset for name, offset in seconds.items()}


HOUR, DAY = 3600, 86400
TIMES = [
    ("M03 expired half a minute ago", {"iat": -100, "exp": -30}, None),
    ("M04 expired a minute and a half ago", {"iat": -200, "exp": -90}, "exp"),
    ("M05 issued two seconds from now", {"iat": 2}, None),
    ("M05 issued 55 seconds from now", {"iat": 55}, None),
    ("M06 issued 90 seconds from now", {"iat": 90}, "iat"),
    ("M07 issued in an hour", {"iat": HOUR, "exp": 2 * HOUR}, "iat"),
    ("M08 issued ten days ago", {"iat": -10 * DAY}, "iat"),
    ("M09 good for ten years", {"exp": 3650 * DAY}, "lifetime"),
    ("M10 not before 55 seconds from now", {"nbf": 55}, None),
    ("M10 not before an hour from now", {"nbf": HOUR}, "nbf"),
]


@pytest.mark.parametrize(("seconds", "code"), [case[1:] for case in TIMES], ids=[case[0] for case in TIMES])
def test_m03_to_m10_clocks_may_differ_by_a_minute(browser, tool, decisions, seconds, code):
    answer = browser.launch(**moved(browser, **seconds))
    if code:
        is_refused(answer, code, tool, decisions)
    else:
        is_accepted(answer, tool, decisions)


def test_m01_a_token_that_never_expires_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "exp", exp=None)


def test_m02_a_token_of_no_date_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "iat", iat=None)


@pytest.mark.parametrize("value", ['"1799999999"', "true", "NaN", "1e999", "-Infinity", "null", "[1]"])
@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
def test_m11_a_time_that_is_no_finite_number_is_refused(browser, tool, decisions, name, value):
    def wrong(claims):
        whole = json.dumps({**claims, name: "HERE"})
        return whole.replace('"HERE"', value).encode()

    is_refused(sent(browser, wrong), name, tool, decisions)


# --- issuer, audience, tenant ---


def test_n01_another_issuer_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "iss", iss="https://lms.evil")


@pytest.mark.parametrize("audience", ["somebody", "client2", ["client2"], [], None, 7, {"client1": 1}])
def test_n02_another_audience_is_refused(browser, tool, decisions, audience):
    refused(browser, tool, decisions, "aud", aud=audience)


def test_n03_a_token_for_the_issuers_other_client_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "aud", aud="client2", deployment_id="dep2")


def test_n04_an_audience_in_a_list_is_as_good(browser, tool, decisions):
    is_accepted(browser.launch(aud=["client1"]), tool, decisions)


def test_n05_a_second_audience_without_an_authorized_party_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "azp", aud=["client1", "other"])


def test_n06_a_second_audience_that_nobody_trusts_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "aud", aud=["other", "client1"], azp="client1")


def test_n06_a_second_audience_that_the_operator_trusts_is_let_in(browser, tool, decisions):
    object.__setattr__(tool.config, "trusted_audiences", frozenset({"other"}))
    is_accepted(browser.launch(aud=["other", "client1"], azp="client1"), tool, decisions)


def test_n07_another_authorized_party_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "azp", azp="other")


def test_n08_an_unknown_deployment_is_refused_and_waits_for_an_operator(browser, tool, decisions):
    about = {"guid": "x", "name": "Riverside College"}
    refused(browser, tool, decisions, "deployment_unknown", deployment_id="dep9", tool_platform=about)
    [waiting] = find(tool, "DEPLOYMENT", deployment="dep9")
    assert (waiting.state, waiting.platform_name) == ("pending", "Riverside College")


def test_n09_a_deployment_of_the_other_client_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "deployment_unknown", deployment_id="dep2")


def test_n10_each_client_uses_an_access_token_of_its_own(browser, tool):
    platform = browser.platform
    platform.members = [{"user_id": "s1", "roles": [LEARNER], "status": "Active"}]
    browser.launch(client="client1", **platform.services("/c1"))
    browser.launch(client="client2", **platform.services("/c2"))
    tool.work.run_waiting()
    used = {path: headers["Authorization"] for path, headers in platform.headers_seen if "/members" in path}
    assert used["/c1/members"].endswith("of-client1")
    assert used["/c2/members"].endswith("of-client2")


# --- state, nonce, replay, browser ---


def test_r01_a_missing_nonce_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "nonce", nonce=None)


def test_r02_a_nonce_never_given_out_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "nonce", nonce="f" * 64)


def test_r03_a_nonce_of_another_browser_is_refused(browser, another, tool, decisions):
    refused(browser, tool, decisions, "nonce", nonce=another().login()["nonce"])


def test_r04_a_nonce_of_another_login_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "nonce", nonce=browser.login()["nonce"])


def launched(browser):
    """A launch that went well, and what was sent for it."""
    asked = browser.login()
    token = browser.platform.sign(browser.platform.claims(asked["nonce"]))
    assert browser.send(token, asked["state"]).status_code == 303
    return token, asked["state"]


def is_used_up(answer, tool, decisions, code):
    assert answer.status_code in (400, 401, 403)
    assert f"<code>{code}</code>" in answer.text
    assert "open it from there" in answer.text
    assert decisions()[-1] == code
    assert rows(tool, "SESSION") == 1


def test_r05_the_same_launch_again_says_to_open_it_again(browser, tool, decisions):
    token, state = launched(browser)
    is_used_up(browser.send(token, state), tool, decisions, "state_unknown")


def test_r05_the_same_launch_again_with_its_cookie_kept_is_refused(browser, tool, decisions):
    token, state = launched(browser)
    browser.client.set_cookie(f"__Host-lti-{state[:12]}", state, domain="tool.example", secure=True)
    is_used_up(browser.send(token, state), tool, decisions, "state_unknown")


def test_r06_the_same_launch_again_from_elsewhere_is_refused(browser, another, tool, decisions):
    token, state = launched(browser)
    is_used_up(another().send(token, state), tool, decisions, "state_unknown")


def test_r07_a_used_token_in_a_login_of_another_browser_is_refused(browser, another, tool, decisions):
    token, _ = launched(browser)
    attacker = another()
    is_used_up(attacker.send(token, attacker.login()["state"]), tool, decisions, "nonce")


def test_r08_a_used_token_in_a_new_login_of_the_same_browser_is_refused(browser, tool, decisions):
    token, _ = launched(browser)
    is_used_up(browser.send(token, browser.login()["state"]), tool, decisions, "nonce")


def test_r09_a_launch_without_a_state_is_refused(browser, tool, decisions):
    asked = browser.login()
    token = browser.platform.sign(browser.platform.claims(asked["nonce"]))
    is_refused(browser.send(token, None), "state_missing", tool, decisions)


def test_r10_a_state_that_was_never_given_out_is_refused(browser, tool, decisions):
    asked = browser.login()
    token = browser.platform.sign(browser.platform.claims(asked["nonce"]))
    is_refused(browser.send(token, "e" * 64), "state_unknown", tool, decisions)


def test_r11_a_launch_from_a_browser_that_did_not_begin_it_burns_nothing(browser, another, tool, decisions):
    asked = browser.login()
    token = browser.platform.sign(browser.platform.claims(asked["nonce"]))
    answer = another().send(token, asked["state"])
    is_refused(answer, "browser_mismatch", tool, decisions, expected_status=403)
    assert 'target="_blank"' in answer.text
    assert "Open in a new window" in answer.text
    assert rows(tool, "LOGIN") == 1
    is_accepted(browser.send(token, asked["state"]), tool, decisions)


def test_r12_a_launch_without_a_token_is_refused(browser, tool, decisions):
    is_refused(browser.send(None, browser.login()["state"]), "token_missing", tool, decisions)


def test_r13_a_login_is_good_for_ten_minutes(browser, tool, decisions, clock):
    asked = browser.login()
    clock.advance(minutes=10)
    token = browser.platform.sign(browser.platform.claims(asked["nonce"]))
    is_refused(browser.send(token, asked["state"]), "state_unknown", tool, decisions)


def test_r14_of_the_same_launch_posted_twice_at_once_one_is_let_in(browser, another, tool):
    asked = browser.login()
    token = browser.platform.sign(browser.platform.claims(asked["nonce"]))
    answers, start = [], threading.Barrier(2)
    others = [another(), another()]
    for one in others:
        one.client.set_cookie(
            f"__Host-lti-{asked['state'][:12]}", asked["state"], domain="tool.example", secure=True
        )

    def post(one):
        start.wait()
        answers.append(one.send(token, asked["state"]).status_code)

    threads = [threading.Thread(target=post, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 400]
    assert rows(tool, "SESSION") == 1


def test_r15_two_tabs_may_come_back_in_the_other_order(browser, tool):
    first, second = browser.login(), browser.login()
    for asked in (second, first):
        token = browser.platform.sign(browser.platform.claims(asked["nonce"]))
        assert browser.send(token, asked["state"]).status_code == 303
    assert rows(tool, "SESSION") == 2


def test_r16_a_nonce_of_one_client_is_no_good_for_the_other(browser, tool, decisions):
    nonce = browser.login(client="client1")["nonce"]
    refused(browser, tool, decisions, "nonce", client="client2", nonce=nonce)


def test_r17_an_error_of_the_platform_becomes_a_page_and_ends_the_login(browser, tool, decisions):
    asked = browser.login()
    evil = "<script>alert(1)</script>"
    answer = browser.send(None, asked["state"], error="login_required", error_description=evil)
    is_refused(answer, "oidc_error", tool, decisions)
    assert "alert" not in answer.text
    assert rows(tool, "LOGIN") == 0


def test_r17_an_error_with_an_unknown_state_becomes_a_page_too(browser, tool, decisions):
    answer = browser.send(None, "e" * 64, error="login_required")
    is_refused(answer, "state_unknown", tool, decisions)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_r18_a_login_may_come_by_get_or_by_post(browser, tool, method):
    asked = {
        "iss": browser.platform.issuer, "client_id": "client1", "login_hint": "h é&",
        "lti_message_hint": "{}",
        "target_link_uri": f"{PUBLIC}/lti/launch",
    }  # fmt: skip
    where = {"query_string": asked} if method == "GET" else {"data": asked}
    answer = browser.client.open("/lti/login", method=method, base_url=PUBLIC, **where)
    assert answer.status_code == 302
    told = query(answer.location)
    assert answer.location.startswith(f"{browser.platform.url}/auth?from=registered&")
    assert told["scope"] == "openid"
    assert told["response_type"] == "id_token"
    assert told["response_mode"] == "form_post"
    assert told["prompt"] == "none"
    assert told["login_hint"] == "h é&"
    assert told["lti_message_hint"] == "{}"
    assert told["redirect_uri"] == f"{PUBLIC}/lti/launch"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"__Host-lti-{told['state'][:12]}={told['state']};")
    for flag in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/", "Max-Age=600"):
        assert flag in cookie


WRONG_LOGINS = [
    ({"iss": ""}, "iss_missing"),
    ({"login_hint": ""}, "login_hint_missing"),
    ({"client_id": "nobody"}, "registration_unknown"),
    ({"iss": "https://lms.evil"}, "registration_unknown"),
    ({"client_id": ""}, "registration_unknown"),  # two clients of that issuer
    ({"target_link_uri": "https://tool.evil/lti/launch"}, "target"),
    ({"target_link_uri": ""}, "target"),
]


@pytest.mark.parametrize(("change", "code"), WRONG_LOGINS)
def test_r19_a_login_that_leads_nowhere_is_refused(browser, tool, decisions, change, code):
    asked = {
        "iss": browser.platform.issuer, "client_id": "client1", "login_hint": "h",
        "target_link_uri": f"{PUBLIC}/lti/launch", **change,
    }  # fmt: skip
    answer = browser.get("/lti/login", query_string={n: v for n, v in asked.items() if v})
    assert answer.status_code == 400
    assert f"<code>{code}</code>" in answer.text
    assert decisions("login") == [code]
    assert rows(tool, "LOGIN") == 0


def test_an_issuer_with_a_single_client_needs_no_client_id(app, tool, clock, platform, browser):
    single = Platform(platform.now, issuer="https://single.example")
    single.url = platform.url
    register(tool, single, "client1")
    answer = browser.get(
        "/lti/login",
        query_string={
            "iss": single.issuer, "login_hint": "h", "target_link_uri": f"{PUBLIC}/lti/launch",
        },
    )  # fmt: skip
    assert answer.status_code == 302


# --- target, ids, roles, message types ---


def test_y01_a_missing_target_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "target", target_link_uri=None)


@pytest.mark.parametrize(
    "target",
    [
        "https://tool.evil/lti/launch", "//tool.example/lti/launch", "javascript:alert(1)", "", 7,
        "http://tool.example/lti/launch", "https://tool.example:8443/lti/launch",
        "https://tool.example@tool.evil/", "https://tool.evil\\@tool.example/", "https://tool.example.evil/",
    ],
)  # fmt: skip
def test_y02_a_target_on_another_host_is_refused(browser, tool, decisions, target):
    refused(browser, tool, decisions, "target", target_link_uri=target)


UNKNOWN_MESSAGES = [
    "LtiFooRequest", "LtiAssetProcessorSettingsRequest", "LtiReportReviewRequest", "LtiContextLaunchRequest",
    "LtiStartProctoring", "LtiEndAssessment", 7,
]  # fmt: skip


@pytest.mark.parametrize("message", UNKNOWN_MESSAGES)
def test_y03_a_message_that_we_do_not_offer_gets_a_friendly_page(browser, tool, decisions, message):
    answer = browser.launch(message_type=message)
    is_refused(answer, "message_type", tool, decisions)
    assert "does not offer" in answer.text


def test_y04_a_teacher_who_adds_an_activity_sees_the_picker(browser, tool, decisions):
    claims = {**DEEP_LINKING, "message_type": "LtiDeepLinkingRequest", "resource_link": None}
    answer = browser.launch(roles=[INSTRUCTOR], **claims)
    is_accepted(answer, tool, decisions)
    assert "Name of the activity" in browser.enter(answer)


def test_y05_deep_linking_without_settings_is_refused(browser, tool, decisions):
    refused(
        browser, tool, decisions, "claim_missing", message_type="LtiDeepLinkingRequest", resource_link=None
    )


@pytest.mark.parametrize("address", [None, "", 7, "javascript:alert(1)"])
def test_y06_deep_linking_without_a_way_back_is_refused(browser, tool, decisions, address):
    settings = {"deep_link_return_url": address, "accept_types": ["ltiResourceLink"]}
    claims = {DL_CLAIM: {n: v for n, v in settings.items() if v is not None}}
    refused(browser, tool, decisions, "claim_missing", message_type="LtiDeepLinkingRequest", **claims)


def test_y07_a_submission_review_leads_staff_to_the_activity(browser, tool, decisions):
    ags = {AGS_CLAIM: {"scope": [], "lineitem": f"{browser.platform.url}/c1/lineitems/1"}}
    answer = browser.launch(
        message_type="LtiSubmissionReviewRequest", for_user={"user_id": "s2"}, roles=[INSTRUCTOR], **ags
    )
    is_accepted(answer, tool, decisions)


@pytest.mark.parametrize("message", ["LtiDataPrivacyLaunchRequest", "DataPrivacyLaunchRequest"])
def test_y08_y09_a_privacy_launch_says_what_is_kept(browser, tool, decisions, message):
    answer = browser.launch(
        message_type=message, for_user={"user_id": "s1"}, context=None, resource_link=None,
        target_link_uri=None,
    )  # fmt: skip
    is_accepted(answer, tool, decisions)
    assert "What Coursecrew keeps about you" in browser.enter(answer)


def test_y10_a_launch_for_terms_says_that_there_are_none(browser, tool, decisions):
    answer = browser.launch(message_type="LtiEulaRequest", resource_link=None)
    is_accepted(answer, tool, decisions)
    assert "no terms" in browser.enter(answer)


def test_y11_deep_linking_with_a_resource_link_is_as_good(browser, tool, decisions):
    answer = browser.launch(roles=[INSTRUCTOR], message_type="LtiDeepLinkingRequest", **DEEP_LINKING)
    is_accepted(answer, tool, decisions)


@pytest.mark.parametrize("roles", ["Instructor", [LEARNER, 7], {"a": 1}, 7])
def test_y12_roles_that_are_no_list_of_texts_are_refused(browser, tool, decisions, roles):
    refused(browser, tool, decisions, "roles", roles=roles)


def test_y12_roles_that_are_null_are_refused(browser, tool, decisions):
    answer = sent(browser, lambda claims: {**claims, CLAIM + "roles": None})
    is_refused(answer, "roles", tool, decisions)


def test_y13_ids_are_compared_letter_by_letter(browser, tool):
    for sub, context in (("A", "kurs-ä"), ("a", "KURS-Ä"), ("ａ", "kurs-ä ")):
        assert browser.launch(sub=sub, context={"id": context}).status_code == 303
    assert rows(tool, "USER") == rows(tool, "COURSE") == 3


@pytest.mark.parametrize("name", ["sub", "context", "resource_link"])
def test_y14_an_id_may_have_255_characters_and_no_more(browser, tool, decisions, name):
    def claim(length):
        return {name: "i" * length if name == "sub" else {"id": "i" * length}}

    refused(browser, tool, decisions, "id_length", **claim(256))
    is_accepted(browser.launch(**claim(255)), tool, decisions)


def test_y15_a_person_that_is_a_number_is_refused(browser, tool, decisions):
    refused(browser, tool, decisions, "sub_missing", sub=7)


def test_y16_custom_values_of_any_kind_do_no_harm(browser, tool, decisions):
    custom = {"a": None, "b": "", "c": "$Foo.bar", "coursecrew_item": "$Foo.bar", "person_zone": "$x", "d": 7}
    is_accepted(browser.launch(custom=custom), tool, decisions)


def test_y17_claims_that_we_do_not_know_do_no_harm(browser, tool, decisions):
    custom = {f"parameter{n}": "value" * 20 for n in range(200)}
    extra = {"ext": {"lms": "x"}, "https://example.org/claim": [1, {"a": 2}], "custom": custom}
    is_accepted(browser.launch(**extra), tool, decisions)


# --- keys and network ---


def test_k01_a_new_key_of_the_platform_is_fetched_once(browser, tool, decisions, clock):
    assert browser.launch().status_code == 303
    browser.platform.published = [public(key("k2"))]
    browser.platform.signer = key("k2")
    clock.advance(minutes=2)
    assert browser.launch(sub="s2").status_code == 303
    assert browser.launch(sub="s3").status_code == 303
    assert browser.platform.asked_for("/jwks") == 2


def test_k02_unknown_keys_make_us_ask_once_a_minute_at_most(browser, tool, decisions, clock):
    assert browser.launch().status_code == 303
    clock.advance(minutes=2)
    for number in range(100):
        answer = sent(browser, header={"alg": "RS256", "kid": f"unknown{number}"})
        assert answer.status_code == 401
    assert browser.platform.asked_for("/jwks") == 2


def test_k03_keys_that_we_know_serve_while_the_platform_is_away(browser, tool, decisions, clock):
    assert browser.launch().status_code == 303
    clock.advance(days=2)  # longer than they are kept otherwise
    browser.platform.fault("/jwks", *[status(500)] * 10)
    assert browser.launch(sub="s2").status_code == 303
    assert browser.platform.asked_for("/jwks") == 2


def test_k03_without_any_key_the_launch_waits_for_the_platform(browser, tool, decisions, clock):
    browser.platform.fault("/jwks", status(500))
    answer = browser.launch()
    is_refused(answer, "jwks_unavailable", tool, decisions, expected_status=503)
    clock.advance(seconds=10)
    is_accepted(browser.launch(), tool, decisions)


@pytest.mark.slow
def test_k04_a_platform_that_hangs_ends_in_time_and_holds_up_nobody_else(
    browser, another, tool, decisions, platform
):
    good = Platform(platform.now)
    good.start()
    try:
        register(tool, good, "client1")
        other = another()
        other.platform = good
        platform.fault("/jwks", hang(6.5))
        slow = []
        asked = browser.login()
        token = platform.sign(platform.claims(asked["nonce"]))
        waiting = threading.Thread(target=lambda: slow.append(browser.send(token, asked["state"])))
        waiting.start()
        assert other.launch().status_code == 303
        assert not slow  # the other one was let in while the first still waits
        waiting.join(7)
        assert slow[0].status_code == 503
    finally:
        good.stop()


KEY_SETS = {
    "5 MB": lambda _r: as_json({"keys": ["x" * 1024] * 5 * 1024}),
    "a redirect": status(302, Location="http://127.0.0.1:1/jwks"),
    "status 500 with JSON": lambda _r: as_json({"keys": [public(key("k1"))]}, 500),
    "HTML": status(200, "<html>keys</html>"),
    "no keys": lambda _r: as_json({"error": "none"}),
    "a list": lambda _r: as_json([public(key("k1"))]),
}


@pytest.mark.parametrize("kind", KEY_SETS)
def test_k05_an_answer_that_is_no_key_set_is_not_kept(browser, tool, decisions, clock, kind):
    browser.platform.fault("/jwks", KEY_SETS[kind])
    is_refused(browser.launch(), "jwks_unavailable", tool, decisions)
    clock.advance(seconds=10)
    is_accepted(browser.launch(), tool, decisions)


def test_k06_odd_keys_in_a_set_do_not_spoil_it(browser, tool, decisions):
    broken = {**public(key("k1")), "kid": "broken", "n": "!!"}
    foreign = {"kty": "LMS", "kid": "foreign"}
    browser.platform.published = [
        foreign, broken, "text", {"kty": "RSA"}, public(key("small", 1024)), public(key("k1")),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
    ]  # fmt: skip
    is_accepted(browser.launch(), tool, decisions)
    small = sent(browser, by=key("small", 1024), header={"alg": "RS256", "kid": "small"})
    assert small.status_code == 401
    assert decisions()[-1] == "kid_unknown"


def test_k08_many_launches_at_once_fetch_the_keys_once(app, another, tool):
    prepared = []
    for number in range(20):
        one = another()
        asked = one.login()
        token = one.platform.sign(one.platform.claims(asked["nonce"], sub=f"s{number}"))
        prepared.append((one, token, asked["state"]))
    answers = []
    threads = [
        threading.Thread(
            target=lambda one=one, token=token, state=state: answers.append(one.send(token, state))
        )
        for one, token, state in prepared
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [303] * 20
    assert prepared[0][0].platform.asked_for("/jwks") == 1


# --- roles ---


SUB = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#"
ROLES = [
    ([MEMBERSHIP + "Instructor", SUB + "TeachingAssistant"], "ta"),
    ([SUB + "TeachingAssistant"], "ta"),
    ([SUB + "TeachingAssistantSection"], "ta"),
    ([SUB + "Grader"], "ta"),
    (["TeachingAssistant", LEARNER], "ta"),
    ([MEMBERSHIP + "TeachingAssistant", "Learner"], "ta"),
    (["urn:lti:role:ims/lis/Instructor"], "instructor"),
    (["urn:lti:role:ims/lis/TeachingAssistant/TeachingAssistant"], "ta"),
    ([LEARNER, "Instructor"], "instructor"),
    ([MEMBERSHIP + "Administrator"], "instructor"),
    ([MEMBERSHIP + "ContentDeveloper"], "author"),
    ([MEMBERSHIP + "Mentor"], "observer"),
    ([MEMBERSHIP + "Mentor", LEARNER], "learner"),
    ([INSTITUTION + "Administrator"], "admin"),
    ([SYSTEM + "Administrator"], "admin"),
    ([INSTITUTION + "Administrator", LEARNER], "learner"),
    ([INSTITUTION + "Instructor", LEARNER], "learner"),
    ([INSTITUTION + "Instructor"], "observer"),
]  # fmt: skip


@pytest.mark.parametrize(("roles", "role"), ROLES)
def test_the_most_specific_course_role_decides(browser, tool, roles, role):
    assert browser.launch(roles=roles).status_code == 303
    [session] = find(tool, "SESSION")
    assert session.role == role


def test_lost_rights_end_with_the_next_launch(browser, another, tool):
    browser.come_in(roles=[INSTRUCTOR])
    assert browser.ui("settings").status_code == 200
    another().come_in(roles=[LEARNER])
    assert browser.ui("settings").status_code == 401


def test_a_log_line_tells_the_platform_and_the_reason_and_nothing_of_the_token(browser, caplog):
    caplog.set_level("INFO", logger="coursecrew.launch")
    browser.launch(sub=None, iss=browser.platform.issuer)
    [line] = [r.getMessage() for r in caplog.records if "event=launch" in r.getMessage()]
    assert line.startswith("event=launch result=refused reason=sub_missing status=400 registration=")
    assert "amara" not in line.casefold()


def test_the_logins_of_one_address_in_a_minute_are_limited(app, platform, another, tool):
    object.__setattr__(tool.config, "launches_per_minute", 3)
    client = wire(tool).test_client()
    asked = {
        "iss": platform.issuer, "client_id": "client1", "login_hint": "h",
        "target_link_uri": f"{PUBLIC}/lti/launch",
    }  # fmt: skip
    answers = [client.get("/lti/login", base_url=PUBLIC, query_string=asked) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert answers[-1].headers["Retry-After"] == "60"
    tool.wall = lambda: platform.now() + timedelta(minutes=1)
    again = client.get("/lti/login", base_url=PUBLIC, query_string=asked)
    assert again.status_code == 302


# --- people who only look ---

TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


def people_here(tool):
    [course] = find(tool, "COURSE")
    return run(tool.ports(course.registration), lambda unit: unit.store.find(PARTICIPANTS))


def test_a_test_student_of_the_platform_looks_on_and_leaves_no_trace(browser, tool):
    browser.come_in(roles=[LEARNER, TEST_USER])
    assert browser.ui("team").status_code == 200
    assert browser.ui("team/found", {"name": "Blue Ledger"}).status_code in (403, 409)
    assert people_here(tool) == []


def test_a_teacher_who_views_as_a_learner_takes_no_part(browser, another, tool):
    browser.come_in(roles=[INSTRUCTOR])
    assert browser.ui("teaching").status_code == 200
    as_learner = another()
    as_learner.come_in(roles=[LEARNER])  # Moodle sends the same person with the other role
    assert as_learner.ui("team").status_code == 200
    [person] = people_here(tool)
    assert person.once_staff
    assert not person.takes_part
    assert as_learner.ui("team/found", {"name": "Blue Ledger"}).status_code in (403, 409)


def test_an_observer_takes_no_part(browser, tool):
    browser.come_in(roles=[MEMBERSHIP + "Mentor"])
    assert browser.ui("team").status_code == 200
    assert not any(person.takes_part for person in people_here(tool))
    assert browser.ui("teams").status_code == 409  # nothing but "not ready yet" before publishing


def test_whoever_has_no_id_looks_on_where_the_operator_allows_it(browser, tool, platform, decisions):
    register(tool, platform, "client1", anonymous=True)
    answer = browser.launch(sub=None)
    is_accepted(answer, tool, decisions)
    browser.enter(answer)
    assert browser.ui("team").status_code == 200
    assert people_here(tool) == []
    assert rows(tool, "USER") == 0
