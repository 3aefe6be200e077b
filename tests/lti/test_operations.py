"""Registering a platform, our own keys, notices, health, and the operator's page."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import create_engine, text

from coursecrew_lti import registration as registrations
from coursecrew_lti.admin import admin_address, registration_address
from coursecrew_lti.config import Config, Secrets, WrongSettings, from_environ
from coursecrew_lti.registration import TOOL_CONFIGURATION
from tests.lti.conftest import NOON, PUBLIC, SECRET, find, rows
from tests.lti.lms import CLAIM, as_json, key, query, status

# --- our keys ---


def test_only_the_public_parts_of_our_keys_are_published(browser):
    answer = browser.get("/lti/jwks")
    keys = answer.get_json()["keys"]
    assert len(keys) == 2
    for one in keys:
        assert set(one) == {"kty", "n", "e", "kid", "alg", "use"}
    assert "max-age" in answer.headers["Cache-Control"]


def test_private_keys_stand_encrypted_in_the_database(tool, settings, empty_database):
    with tool.begin() as connection:
        registrations.ensure_keys(connection, tool.config.secrets, ids=["a", "b"], now=tool.wall())
    raw = create_engine(settings.database_url)
    with raw.connect() as connection:
        stored = connection.execute(text("SELECT private FROM coursecrew_lti_tool_key")).scalars().all()
    raw.dispose()
    assert len(stored) == 2
    assert all("PRIVATE KEY" not in one for one in stored)
    assert "PRIVATE KEY" in tool.config.secrets.decrypt(stored[0])


def test_a_rotation_uses_a_key_that_was_published_before_and_keeps_the_former(tool, browser, clock):
    def kids():
        return [one["kid"] for one in browser.get("/lti/jwks").get_json()["keys"]]

    def rotate():
        with tool.begin() as connection:
            registrations.rotate(connection, tool.config.secrets, new_id=tool.ids.new(), now=clock.now())

    first = kids()
    assert tool.signing_key().kid == first[0]
    rotate()
    clock.advance(minutes=6)  # a process looks again within minutes
    second = kids()
    assert tool.signing_key().kid == first[1]
    assert set(first) < set(second)
    assert len(second) == 3
    clock.advance(days=13)
    assert first[0] in kids()
    clock.advance(days=1)
    assert first[0] not in kids()


def test_keys_are_changed_by_themselves_after_a_season(tool, clock):
    before = tool.signing_key().kid
    clock.advance(days=89)
    tool.work.clean()
    assert tool.signing_key().kid == before
    clock.advance(days=2)
    tool.work.clean()
    assert tool.signing_key().kid != before


def test_while_the_secret_is_changed_the_old_one_is_still_read():
    old = Secrets("the former secret text")
    new = Secrets("the present secret text", "the former secret text")
    assert new.decrypt(old.encrypt("pem")) == "pem"
    assert new.read("mail", old.sign("mail", "a", "b")) == ("a", "b")
    assert new.read_fresh(NOON, "file", old.sign_at(NOON, "file", "x"), seconds=60) == ("x",)
    with pytest.raises(WrongSettings):
        old.decrypt(new.encrypt("pem"))
    assert old.read("mail", new.sign("mail", "a")) is None


def test_what_is_signed_for_one_purpose_is_good_for_no_other():
    made = Secrets(SECRET)
    token = made.sign("mail", "a")
    assert made.read("file", token) is None
    assert made.read("mail", token + "x") is None
    assert made.read_fresh(NOON, "mail", token, seconds=60) is None


# --- settings ---


def test_without_a_secret_the_tool_does_not_start():
    with pytest.raises(WrongSettings, match="COURSECREW_SECRET_KEY"):
        from_environ({"COURSECREW_PUBLIC_URL": PUBLIC})
    with pytest.raises(WrongSettings, match="COURSECREW_SECRET_KEY"):
        from_environ({"COURSECREW_PUBLIC_URL": PUBLIC, "COURSECREW_SECRET_KEY": "short"})


@pytest.mark.parametrize(
    "url", ["", "tool.example", "http://tool.example", "https://tool.example/path", "ftp://x"]
)
def test_the_public_address_must_be_an_origin_over_https(url):
    with pytest.raises(WrongSettings, match="COURSECREW_PUBLIC_URL"):
        from_environ({"COURSECREW_PUBLIC_URL": url, "COURSECREW_SECRET_KEY": SECRET})


def test_a_private_network_may_do_without_https():
    made = from_environ(
        {
            "COURSECREW_PUBLIC_URL": "http://127.0.0.1:8400/",
            "COURSECREW_SECRET_KEY": SECRET,
            "COURSECREW_ALLOW_PRIVATE_NETWORK": "1",
        }
    )
    assert made.public_url == "http://127.0.0.1:8400"
    assert not made.is_https


def test_secrets_never_appear_where_settings_are_printed():
    made = Config(
        secret_key=SECRET,
        public_url=PUBLIC,
        database_url="postgresql://u:word@h/d",
        smtp_url="smtp://u:word@h",
    )
    assert SECRET not in repr(made)
    assert "word" not in repr(made)


# --- dynamic registration ---


@pytest.fixture
def offered(platform):
    platform.configuration = {
        "issuer": platform.issuer,
        "authorization_endpoint": f"{platform.url}/auth",
        "token_endpoint": f"{platform.url}/token",
        "jwks_uri": f"{platform.url}/jwks",
        "registration_endpoint": f"{platform.url}/registration",
        "https://purl.imsglobal.org/spec/lti-platform-configuration": {"product_family_code": "moodle"},
    }
    return platform


def register(browser, tool, platform, **more):
    asked = {
        **query(registration_address(tool)),
        "openid_configuration": f"{platform.url}/.well-known/openid-configuration",
        "registration_token": "from the platform",
        **more,
    }
    return browser.get("/lti/register", query_string={n: v for n, v in asked.items() if v})


def test_a_platform_registers_itself_with_an_invitation(browser, tool, offered):
    offered.fault(
        "/registration",
        lambda r: as_json(
            {**json.loads(r.data), "client_id": "dynamic1", TOOL_CONFIGURATION: {"deployment_id": "d7"}}
        ),
    )
    answer = register(browser, tool, offered)
    assert answer.status_code == 200, answer.text
    assert "org.imsglobal.lti.close" in answer.text
    [row] = find(tool, "REGISTRATION", client_id="dynamic1")
    assert (row.issuer, row.family, row.token_url) == (offered.issuer, "moodle", f"{offered.url}/token")
    [deployment] = find(tool, "DEPLOYMENT", registration=row.id)
    assert (deployment.deployment, deployment.state) == ("d7", "active")
    sent = [
        headers for path, headers in offered.headers_seen if "well-known" in path or path == "/registration"
    ]
    assert {headers["Authorization"] for headers in sent} == {"Bearer from the platform"}


def test_we_tell_a_platform_where_we_are_and_what_we_need(browser, tool, offered):
    register(browser, tool, offered)
    [told] = offered.registered
    assert told["initiate_login_uri"] == f"{PUBLIC}/lti/login"
    assert told["redirect_uris"] == [f"{PUBLIC}/lti/launch"]
    assert told["jwks_uri"] == f"{PUBLIC}/lti/jwks"
    assert told["token_endpoint_auth_method"] == "private_key_jwt"
    assert "contextmembership.readonly" in told["scope"]
    assert told[TOOL_CONFIGURATION]["domain"] == "tool.example"
    assert {m["type"] for m in told[TOOL_CONFIGURATION]["messages"]} == {
        "LtiResourceLinkRequest", "LtiDeepLinkingRequest",
    }  # fmt: skip


def test_the_same_registration_again_is_brought_up_to_date(browser, tool, offered):
    register(browser, tool, offered)
    offered.configuration["token_endpoint"] = f"{offered.url}/token2"
    register(browser, tool, offered)
    [row] = find(tool, "REGISTRATION", client_id="dynamic1")
    assert row.token_url.endswith("/token2")


@pytest.mark.parametrize("invite", ["", "guess"])
def test_without_an_invitation_nothing_is_asked_of_anybody(browser, tool, offered, invite):
    answer = register(browser, tool, offered, invite=invite)
    assert answer.status_code == 400
    assert "<code>invite</code>" in answer.text
    assert offered.asked == []


def test_an_invitation_is_good_once(browser, tool, offered):
    address = registration_address(tool)
    asked = {**query(address), "openid_configuration": f"{offered.url}/.well-known/openid-configuration"}
    assert browser.get("/lti/register", query_string=asked).status_code == 200
    assert browser.get("/lti/register", query_string=asked).status_code == 400


def test_an_invitation_ends_after_three_days(browser, tool, offered, clock):
    asked = {**query(registration_address(tool)), "openid_configuration": f"{offered.url}/.well-known/x"}
    clock.advance(days=3, seconds=1)
    assert browser.get("/lti/register", query_string=asked).status_code == 400
    assert offered.asked == []


def test_an_invitation_stays_good_when_the_platform_fails(browser, tool, offered):
    address = query(registration_address(tool))
    asked = {**address, "openid_configuration": f"{offered.url}/.well-known/openid-configuration"}
    offered.fault("/registration", status(500, "secret inside page"))
    answer = browser.get("/lti/register", query_string=asked)
    assert answer.status_code == 400
    assert "secret" not in answer.text
    assert browser.get("/lti/register", query_string=asked).status_code == 200


WRONG = [
    {"issuer": "https://lms.evil"},
    {"token_endpoint": "https://lms.evil/token"},
    {"registration_endpoint": "https://inside.example/register"},
    {"jwks_uri": None},
    {"registration_endpoint": 7},
    {"authorization_endpoint": "javascript:alert(1)"},
]


@pytest.mark.parametrize("change", WRONG)
def test_a_configuration_whose_addresses_do_not_belong_together_registers_nothing(
    browser, tool, offered, change
):
    before = rows(tool, "REGISTRATION")
    offered.configuration.update(change)
    assert register(browser, tool, offered).status_code == 400
    assert rows(tool, "REGISTRATION") == before
    assert offered.registered == []


def test_a_registration_never_leads_inside_a_network(browser, tool, offered):
    tool.outgoing.allow_private = False
    assert register(browser, tool, offered).status_code == 400
    assert offered.asked == []


def test_canvas_finds_a_configuration_to_paste(browser):
    told = browser.get("/lti/canvas.json").get_json()
    assert told["oidc_initiation_url"] == f"{PUBLIC}/lti/login"
    assert told["public_jwk_url"] == f"{PUBLIC}/lti/jwks"
    [extension] = told["extensions"]
    assert extension["domain"] == "tool.example"
    assert {p["placement"] for p in extension["settings"]["placements"]} == {
        "assignment_selection",
        "link_selection",
    }


# --- notices ---


def notice(platform, **more):
    claims = platform.claims("unused")
    for name in ("nonce", CLAIM + "message_type", CLAIM + "resource_link", CLAIM + "roles"):
        claims.pop(name)
    claims |= {
        CLAIM + "notice": {"id": "n1", "timestamp": "2026-11-09T12:00:00Z", "type": "LtiContextCopyNotice"},
        CLAIM + "origin_contexts": ["old"],
        **more,
    }
    return {name: value for name, value in claims.items() if value is not None}


def send(browser, *tokens):
    return browser.client.post(
        "/lti/notices", base_url=PUBLIC, json={"notices": [{"jwt": one} for one in tokens]}
    )


def test_a_notice_is_kept_once(browser, tool):
    token = browser.platform.sign(notice(browser.platform))
    assert send(browser, token).status_code == 200
    assert send(browser, token).status_code == 200
    [row] = find(tool, "NOTICE")
    assert (row.notice, row.kind, row.detail["origin_contexts"]) == ("n1", "LtiContextCopyNotice", ["old"])


WRONG_NOTICES = [
    ({"exp": 1}, "exp"),
    ({"iss": "https://lms.evil"}, "registration_unknown"),
    ({"aud": "client9"}, "registration_unknown"),
    ({CLAIM + "deployment_id": "dep2"}, "deployment_unknown"),
    ({CLAIM + "notice": None}, "claim_missing"),
    ({CLAIM + "version": "1.2"}, "version"),
]


@pytest.mark.parametrize(("change", "code"), WRONG_NOTICES)
def test_a_notice_that_does_not_hold_together_is_refused(browser, tool, change, code):
    answer = send(browser, browser.platform.sign(notice(browser.platform, **change)))
    assert answer.status_code in (400, 403)
    assert answer.get_json()["error"] == code
    assert rows(tool, "NOTICE") == 0


def test_a_notice_signed_by_somebody_else_is_refused(browser, tool):
    token = browser.platform.sign(
        notice(browser.platform), by=key("other"), header={"alg": "RS256", "kid": "k1"}
    )
    assert send(browser, token).get_json()["error"] == "signature"


@pytest.mark.parametrize("body", [{}, {"notices": 1}, {"notices": [{}] * 51}, []])
def test_a_body_that_holds_no_notices_is_refused(browser, body):
    assert browser.client.post("/lti/notices", base_url=PUBLIC, json=body).status_code == 400


@pytest.mark.parametrize("token", [None, "", "a.b.c", 7])
def test_a_notice_that_is_no_token_is_refused(browser, token):
    assert send(browser, token).status_code == 400


# --- health ---


def test_a_running_tool_says_so(browser):
    assert browser.get("/healthz").get_json()["ok"]
    ready = browser.get("/readyz")
    assert ready.status_code == 200
    assert ready.get_json() == {"ok": True, "database": "ok", "tables": "ok", "queue": "ok"}


def test_a_tool_whose_database_or_queue_is_away_is_not_ready(browser, tool):
    def away():
        raise ConnectionError("no queue")

    tool.work.huey.storage.queue_size = away
    answer = browser.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["queue"] == "unreachable"


def test_metrics_count_decisions_and_name_nobody(browser):
    browser.launch()
    browser.launch(sub=None)
    lines = browser.get("/metrics").text.splitlines()
    assert 'coursecrew_decisions_total{event="launch",result="accepted",reason=""} 1' in lines
    assert 'coursecrew_decisions_total{event="launch",result="refused",reason="sub_missing"} 1' in lines
    assert 'coursecrew_waiting{what="gradebook_cell"} 0' in lines
    assert "coursecrew_platforms 2" in lines
    assert not any("Amara" in line or "client1" in line for line in lines)


def test_what_is_over_is_cleaned_away(browser, tool, clock):
    browser.login()
    browser.launch()
    registration_address(tool)
    clock.advance(days=4)
    tool.work.clean()
    assert rows(tool, "LOGIN") == rows(tool, "SESSION") == rows(tool, "INVITE") == 0
    assert rows(tool, "USER") == 1


# --- the operator's page ---


def enter_admin(browser, tool):
    secret = admin_address(tool).rsplit("/", 1)[1]
    page = browser.get(f"/admin/{secret}")
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    answer = browser.post("/admin", {"secret": secret})
    return answer, secret


def token_of(answer):
    return re.findall(r'name="token" value="([^"]+)"', answer.text)[0]


def test_an_operator_lets_a_waiting_place_in(browser, tool):
    browser.launch(deployment_id="dep9", tool_platform={"guid": "x", "name": "Riverside <College>"})
    answer, _ = enter_admin(browser, tool)
    assert "Riverside &lt;College&gt;" in answer.text
    assert "waits to be let in" in answer.text
    [waiting] = find(tool, "DEPLOYMENT", deployment="dep9")
    form = {
        "token": token_of(answer),
        "act": "let_in",
        "registration": waiting.registration,
        "deployment": "dep9",
    }
    assert browser.post("/admin", form).status_code == 200
    assert browser.launch(deployment_id="dep9").status_code == 303


def test_an_operator_switches_a_platform_off_and_on(browser, tool, decisions):
    answer, _ = enter_admin(browser, tool)
    [row] = find(tool, "REGISTRATION", client_id="client1")
    form = {"token": token_of(answer), "registration": row.id}
    browser.post("/admin", {**form, "act": "switch_off"})
    refused = browser.get(
        "/lti/login",
        query_string={
            "iss": browser.platform.issuer, "client_id": "client1", "login_hint": "h",
            "target_link_uri": f"{PUBLIC}/lti/launch",
        },
    )  # fmt: skip
    assert refused.status_code == 403
    assert "<code>registration_disabled</code>" in refused.text
    browser.post("/admin", {**form, "act": "switch_on"})
    assert browser.launch().status_code == 303


def test_an_operator_makes_a_registration_address(browser, tool, offered):
    answer, _ = enter_admin(browser, tool)
    answer = browser.post("/admin", {"token": token_of(answer), "act": "link"})
    address = re.findall(r"<code>(https://tool.example/lti/register\?invite=[^<]+)</code>", answer.text)[0]
    asked = {**query(address), "openid_configuration": f"{offered.url}/.well-known/openid-configuration"}
    assert browser.get("/lti/register", query_string=asked).status_code == 200


def test_an_admin_address_is_good_once_and_for_half_an_hour(browser, tool, clock):
    _, secret = enter_admin(browser, tool)
    assert browser.post("/admin", {"secret": secret}).status_code == 400
    late = admin_address(tool).rsplit("/", 1)[1]
    clock.advance(minutes=31)
    assert browser.post("/admin", {"secret": late}).status_code == 400


@pytest.mark.parametrize("form", [{}, {"secret": "guess"}, {"token": "guess"}])
def test_nobody_else_sees_the_operators_page(browser, tool, form):
    assert browser.post("/admin", {**form, "act": "link"}).status_code == 400
    assert rows(tool, "INVITE") == 0


def test_a_registration_invitation_opens_no_admin_page(browser, tool):
    secret = query(registration_address(tool))["invite"]
    assert browser.post("/admin", {"secret": secret}).status_code == 400
