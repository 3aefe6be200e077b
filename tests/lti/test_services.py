"""Member lists and calls to a platform's services: paging, tokens, scopes, and what may be asked."""

from __future__ import annotations

import json
import threading

import pytest
from werkzeug.wrappers import Response

from coursecrew.app.people import sync_roster
from coursecrew.app.records import PARTICIPANTS
from coursecrew.app.unit_of_work import run
from coursecrew.domain.errors import PlatformUnreachable
from coursecrew.domain.people import Role
from coursecrew_lti import registration as registrations
from coursecrew_lti.outgoing import Forbidden, Outgoing, Unreachable, is_public
from coursecrew_lti.services import Breakers, ScopeMissing, ServiceError, below, next_link, with_query
from tests.lti.conftest import find, register
from tests.lti.lms import (
    AGS,
    DL_CLAIM,
    INSTRUCTOR,
    LEARNER,
    MEMBERSHIP,
    NRPS,
    NRPS_CLAIM,
    as_json,
    hang,
    status,
)


def member(number, *roles, **more):
    return {"user_id": f"s{number}", "roles": list(roles or [LEARNER]), "name": f"Person {number}", **more}


def people_of(tool, course):
    """Who is in our list, by name."""

    def read(unit):
        return {row.name: row for row in unit.store.find(PARTICIPANTS, course=course.id)}

    return run(tool.ports(course.registration), read)


@pytest.fixture
def course(browser, tool):
    """A course whose platform offers a member list; nobody has been read yet."""
    browser.launch(sub="teacher", name="Dr Carvalho", roles=[INSTRUCTOR], **browser.platform.services("/c1"))
    tool.work.huey.flush()
    [row] = find(tool, "COURSE")
    return row


# --- member lists ---


def test_a_member_list_of_several_pages_is_read_to_its_end(browser, tool, course):
    browser.platform.members = [member(n) for n in range(5)]
    tool.work.sync(course.registration, course.id)
    found = people_of(tool, course)
    assert {f"Person {n}" for n in range(5)} <= found.keys()
    assert all(row.role is Role.LEARNER and row.active for row in found.values())
    [row] = find(tool, "COURSE")
    assert row.synced_at == tool.wall()
    assert row.sync_problem == ""


SPELLINGS = [
    '<{url}>; rel="next"',
    "<{url}>; rel=next",
    '<https://x.example/first>; rel="first", <{url}>; foo="a,b"; rel="last next"',
    "<{url}>;rel=“next”",
    '<{url}&a=1&amp;b=2>; title="rel=prev"; REL="NEXT"',
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_next_page_is_found_in_every_spelling(browser, tool, course, spelling):
    # Header bytes are Latin-1 on the wire; curly quotes arrive as their UTF-8 bytes.
    browser.platform.link_form = spelling.encode().decode("latin-1")
    browser.platform.members = [member(n) for n in range(4)]
    tool.work.sync(course.registration, course.id)
    assert "Person 3" in people_of(tool, course)


def test_links_are_read_as_the_standard_says():
    url = "https://lms.example/m?page=bookmark:WyJ"
    assert next_link(f'<{url}>; rel="prev", <{url}2>; rel="next"', url) == f"{url}2"
    assert next_link("</m?p=2>; rel=next", url) == "https://lms.example/m?p=2"
    assert next_link(f'<{url}>; rel="differences"', url) is None
    assert next_link(f'<{url}>; rel="differences"', url, "differences") == url
    assert next_link(f"<{url}>; title=next", url) is None
    assert next_link("", url) is None


def test_pages_that_lead_in_a_circle_end(browser, tool, course):
    def circle(request):
        answer = as_json({"members": []})
        answer.headers["Link"] = f'<{request.url}>; rel="next"'
        return answer

    browser.platform.fault("/members", *[circle] * 3)
    with pytest.raises(PlatformUnreachable) as refused:
        list(tool.ports(course.registration).people.members(course.id))
    assert refused.value.values["reason"] == "pages_never_end"
    assert browser.platform.asked_for("/members") <= 2


def test_when_a_later_page_fails_nobody_is_marked_as_gone(browser, tool, course):
    browser.platform.members = [member(n) for n in range(4)]
    tool.work.sync(course.registration, course.id)
    browser.platform.members = [member(0), member(1), member(5)]
    browser.platform.fault("/members", lambda _r: None, status(502))
    tool.work.sync(course.registration, course.id)
    found = people_of(tool, course)
    assert all(row.active for row in found.values())
    assert "Person 5" not in found
    [row] = find(tool, "COURSE")
    assert row.sync_problem == "status_502"


def test_whoever_is_no_longer_on_the_list_is_marked_and_kept(browser, tool, course):
    browser.platform.members = [member(0), member(1)]
    tool.work.sync(course.registration, course.id)
    browser.platform.members = [member(0)]
    tool.work.sync(course.registration, course.id)
    found = people_of(tool, course)
    assert found["Person 0"].active
    assert not found["Person 1"].active


def test_inactive_people_short_roles_and_missing_names_are_understood(browser, tool, course):
    browser.platform.page_size = 50
    browser.platform.members = [
        member(1, "Learner", status="Inactive"),
        member(2, "Instructor"),
        member(3, MEMBERSHIP + "Mentor"),
        {"user_id": "s4", "roles": ["Learner"]},
        {"user_id": 5, "roles": ["Learner"], "name": "A number"},
        {"roles": ["Learner"], "name": "Nobody"},
        "text",
    ]
    tool.work.sync(course.registration, course.id)
    found = people_of(tool, course)
    assert not found["Person 1"].active
    assert found["Person 2"].role is Role.INSTRUCTOR
    assert found["Person 3"].role is Role.OBSERVER
    assert "" in found
    assert not {"A number", "Nobody"} & found.keys()


def test_a_name_of_a_launch_is_not_replaced_by_the_lists_cleaned_one(browser, tool, course):
    browser.launch(sub="s1", name="O’Neil & Sons")
    browser.platform.members = [member(1, name="O’Neil &amp; Sons")]
    tool.work.sync(course.registration, course.id)
    assert find(tool, "USER", sub="s1")[0].name == "O’Neil & Sons"


def test_moodles_escaped_names_are_read_once(browser, tool, course):
    browser.launch(sub="t2", roles=[INSTRUCTOR], tool_platform={"guid": "m", "product_family_code": "moodle"})
    browser.platform.members = [member(7, name="Zoë &amp; Co &amp;lt;b&amp;gt;")]
    tool.work.sync(course.registration, course.id)
    assert find(tool, "USER", sub="s7")[0].name == "Zoë & Co &lt;b&gt;"


def test_a_test_student_of_the_platform_never_takes_part(browser, tool, course):
    test_user = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    browser.platform.members = [member(8, LEARNER, test_user)]
    tool.work.sync(course.registration, course.id)
    assert not people_of(tool, course)["Person 8"].takes_part


def test_a_course_without_a_member_list_says_so(browser, tool):
    browser.launch(sub="t", roles=[INSTRUCTOR])
    [row] = find(tool, "COURSE")
    tool.work.sync(row.registration, row.id)
    assert find(tool, "COURSE")[0].sync_problem == "no_member_list"


def test_a_launch_asks_for_the_list_in_the_background_and_not_each_time(browser, tool, clock):
    services = browser.platform.services("/c1")
    browser.launch(**services)
    assert browser.platform.asked_for("/members") == 0
    assert tool.work.run_waiting() == 1
    assert browser.platform.asked_for("/members") == 1
    browser.launch(sub="s2", **services)
    assert tool.work.run_waiting() == 0
    clock.advance(minutes=11)
    browser.launch(sub="s3", **services)
    assert tool.work.run_waiting() == 1


def test_choosing_an_activity_does_not_put_off_the_list_of_its_first_launch(browser, tool):
    picker = {"deep_link_return_url": "https://lms.example/return", "accept_types": ["ltiResourceLink"]}
    browser.launch(
        roles=[INSTRUCTOR],
        message_type="LtiDeepLinkingRequest",
        resource_link=None,
        **{DL_CLAIM: picker},
    )
    assert tool.work.run_waiting() == 0
    browser.launch(roles=[INSTRUCTOR], **browser.platform.services("/c1"))
    assert tool.work.run_waiting() == 1
    assert browser.platform.asked_for("/members") == 1
    assert find(tool, "COURSE")[0].sync_problem == ""


def test_a_queue_that_is_away_keeps_nobody_out(browser, tool):
    def away(*_args):
        raise ConnectionError("no queue")

    tool.work.huey.storage.enqueue = away
    assert browser.launch(**browser.platform.services("/c1")).status_code == 303


def test_people_are_found_by_id_user_name_address_or_name(browser, tool, course):
    browser.platform.members = [
        member(1, email="Amara@Example.org", lis_person_sourcedid="aokafor"),
        member(2, name="Same Name"),
        member(3, name="Same Name"),
    ]
    tool.work.sync(course.registration, course.id)
    people = tool.ports(course.registration).people
    keys = {row.sub: row.id for row in find(tool, "USER")}
    for handle in ("s1", "aokafor", "amara@example.org", " person  1 ", keys["s1"]):
        assert people.person_for(course.id, handle) == keys["s1"]
    assert people.person_for(course.id, "same name") is None  # two of them
    assert people.person_for(course.id, "nobody") is None
    assert people.person_for(course.id, "") is None
    assert people.person_for("f" * 32, "s1") is None  # another course
    handles = people.handles(course.id, [keys["s1"], keys["s2"]])
    assert {people.person_for(course.id, handle) for handle in handles.values()} == {keys["s1"], keys["s2"]}


# --- access tokens ---


def connector(tool, client="client1"):
    with tool.begin() as connection:
        found = next(one for one in registrations.find_all(connection) if one.client_id == client)
    return tool.connector(found)


def test_a_token_is_used_until_a_minute_before_its_end(browser, tool, course, clock):
    ask = connector(tool)
    url = f"{browser.platform.url}/c1/lineitems"
    accept = "application/vnd.ims.lis.v2.lineitemcontainer+json"

    def get():
        return ask.request("GET", url, [AGS + "lineitem"], accept=accept)

    get()
    get()
    assert browser.platform.asked_for("/token") == 1
    clock.advance(minutes=58, seconds=50)
    get()
    assert browser.platform.asked_for("/token") == 1
    clock.advance(seconds=20)
    get()
    assert browser.platform.asked_for("/token") == 2


def test_a_token_is_kept_encrypted_and_shared_between_processes(browser, tool, course, settings, clock):
    from coursecrew_lti.tool import make_tool

    connector(tool).request(
        "GET", f"{browser.platform.url}/c1/lineitems", [AGS + "lineitem"],
        accept="application/vnd.ims.lis.v2.lineitemcontainer+json",
    )  # fmt: skip
    [row] = find(tool, "ACCESS_TOKEN")
    assert "token-" not in row.token
    other = make_tool(settings, clock=clock, wall=clock.now)
    connector(other).request(
        "GET", f"{browser.platform.url}/c1/lineitems", [AGS + "lineitem"],
        accept="application/vnd.ims.lis.v2.lineitemcontainer+json",
    )  # fmt: skip
    other.engine.dispose()
    assert browser.platform.asked_for("/token") == 1


def test_a_token_that_is_no_longer_taken_is_changed_once(browser, tool, course):
    browser.platform.members = [member(n) for n in range(4)]
    tool.work.sync(course.registration, course.id)
    browser.platform.tokens.clear()  # the platform was restarted
    browser.platform.members.append(member(9))
    tool.work.sync(course.registration, course.id)
    assert "Person 9" in people_of(tool, course)
    assert browser.platform.asked_for("/token") == 2


def test_a_platform_that_takes_no_token_at_all_is_asked_twice_and_no_more(browser, tool, course):
    browser.platform.fault("/members", *[status(401)] * 9)
    tool.work.sync(course.registration, course.id)
    assert browser.platform.asked_for("/members") == 2
    assert find(tool, "COURSE")[0].sync_problem == "status_401"


def test_of_many_who_need_a_token_at_once_one_fetches_it(browser, tool, course):
    ask, errors = connector(tool), []

    def get():
        try:
            ask.request(
                "GET", f"{browser.platform.url}/c1/lineitems", [AGS + "lineitem"],
                accept="application/vnd.ims.lis.v2.lineitemcontainer+json",
            )  # fmt: skip
        except Unreachable as error:
            errors.append(error)

    threads = [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert browser.platform.asked_for("/token") == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(400, '{"error":"invalid_client"}'), "token_refused"),
        (status(503), "token_unavailable"),
        (lambda _r: as_json({"token": "x"}), "token_malformed"),
        (status(200, "<html>"), "not_json"),
    ],
)
def test_a_token_address_that_fails_is_named_without_its_words(browser, tool, course, answer, reason):
    browser.platform.fault("/token", answer)
    with pytest.raises(Unreachable) as refused:
        connector(tool).request("GET", f"{browser.platform.url}/c1/members", [NRPS])
    assert refused.value.reason == reason
    assert "invalid_client" not in str(refused.value)


def test_scopes_that_the_administrator_did_not_grant_are_not_asked_for(tool, platform):
    registered = register(tool, platform, "client1", scopes=(AGS + "score",))
    with pytest.raises(ScopeMissing):
        tool.connector(registered).request("GET", f"{platform.url}/c1/members", [NRPS])
    assert not platform.asked


def test_a_platform_that_is_away_is_left_alone_for_a_minute(browser, tool, course, clock):
    browser.platform.stop()
    for _ in range(5):
        tool.work.sync(course.registration, course.id)
    tool.work.sync(course.registration, course.id)
    assert find(tool, "COURSE")[0].sync_problem == "resting"
    clock.advance(seconds=61)
    browser.platform.start()
    tool.work.sync(course.registration, course.id)
    assert find(tool, "COURSE")[0].sync_problem == "no_connection"  # it came back at another port


def test_breakers_close_again_after_one_good_answer():
    breakers = Breakers(lambda: 0.0)
    for _ in range(4):
        breakers.note("a", answered=False)
    breakers.note("a", answered=True)
    breakers.note("a", answered=False)
    breakers.check("a")
    breakers.check("b")


# --- addresses ---


def test_parts_are_added_to_a_path_before_its_query():
    assert (
        below("https://x/items/1/lineitem?type_id=7", "scores")
        == "https://x/items/1/lineitem/scores?type_id=7"
    )
    assert below("https://x/items/1/", "results", "s1") == "https://x/items/1/results/s1"


def test_parameters_are_added_beside_repeated_and_blank_ones():
    assert with_query("https://x/?a=1&a=2&b=", rlid="é&") == "https://x/?a=1&a=2&b=&rlid=%C3%A9%26"
    assert with_query("https://x/m", limit="50") == "https://x/m?limit=50"


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::",
    "::", "not an address",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_k07_addresses_of_private_networks_are_not_public(address):
    assert not is_public(address)


def test_k07_public_addresses_are_public():
    assert is_public("93.184.215.14")
    assert is_public("2606:2800:220:1::1")


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.7", "::1"])
def test_k07_a_host_that_leads_inside_is_not_asked(address):
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["93.184.215.14", address]  # one good address does not make it good

    client = Outgoing(allow_private=False, resolve=resolve)
    with pytest.raises(Forbidden) as refused:
        client.get("https://lms.example/jwks")
    assert refused.value.reason == "private_address"
    assert asked == ["lms.example"]


def test_k07_a_launch_whose_platform_keeps_its_keys_inside_is_refused(browser, tool, decisions):
    tool.outgoing.allow_private = False
    answer = browser.launch()
    assert answer.status_code == 503
    assert decisions() == ["jwks_unavailable"]
    assert browser.platform.asked == []


def test_k07_a_token_address_inside_is_not_asked(browser, tool, course):
    before = len(browser.platform.asked)
    tool.outgoing.allow_private = False
    with pytest.raises(Forbidden):
        connector(tool).request("GET", f"{browser.platform.url}/c1/members", [NRPS])
    assert len(browser.platform.asked) == before


WRONG = {
    "http://lms.example/": "not_https",
    "ftp://lms.example/": "not_https",
    "https://user:word@lms.example/": "malformed_address",
    "https://": "malformed_address",
    "https://lms.example:port/": "malformed_address",
    "text": "malformed_address",
}


@pytest.mark.parametrize("url", WRONG)
def test_addresses_of_another_form_are_not_asked(url):
    with pytest.raises(Forbidden) as refused:
        Outgoing(allow_private=False, resolve=lambda _h, _p: ["93.184.215.14"]).get(url)
    assert refused.value.reason == WRONG[url]


def test_services_stand_only_on_hosts_of_their_platform(browser, tool, course):
    with pytest.raises(Forbidden) as refused:
        connector(tool).request("GET", "http://127.0.0.1:1/c1/members", [NRPS])
    assert refused.value.reason == "host_not_allowed"


def test_a_member_list_on_a_foreign_host_is_not_read(browser, tool):
    claim = {NRPS_CLAIM: {"context_memberships_url": "http://localhost:1/members"}}
    browser.launch(roles=[INSTRUCTOR], **claim)
    [row] = find(tool, "COURSE")
    tool.work.sync(row.registration, row.id)
    assert find(tool, "COURSE")[0].sync_problem == "host_not_allowed"


def test_hosts_may_be_named_with_their_port_or_as_a_family():
    client = Outgoing(allow_private=True)
    client.check("https://lms.example/x", ["lms.example"])
    client.check("https://lms.example:8443/x", ["lms.example:8443"])
    client.check("https://school.instructure.com/x", [".instructure.com"])
    for url in ("https://lms.example:8443/", "https://evil-lms.example/", "https://instructure.com.evil/"):
        with pytest.raises(Forbidden):
            client.check(url, ["lms.example:80", ".instructure.com"])


def test_redirects_are_not_followed(platform, tool):
    platform.fault("/jwks", status(302, Location=f"{platform.url}/token"))
    assert tool.outgoing.get(f"{platform.url}/jwks").status == 302
    assert platform.asked_for("/token") == 0


def test_an_answer_without_end_is_cut_off(platform, tool):
    platform.fault("/jwks", lambda _r: Response(b"x" * 70_000))
    with pytest.raises(Unreachable) as refused:
        tool.outgoing.get(f"{platform.url}/jwks", most=65_536)
    assert refused.value.reason == "too_large"


@pytest.mark.slow
def test_an_answer_that_does_not_come_ends_in_time(platform, tool):
    platform.fault("/jwks", hang(6.5))
    with pytest.raises(Unreachable) as refused:
        tool.outgoing.get(f"{platform.url}/jwks")
    assert refused.value.reason == "timeout"


def test_every_request_says_who_asks(browser, tool, course):
    browser.platform.members = [member(1)]
    tool.work.sync(course.registration, course.id)
    assert all("Coursecrew" in headers["User-Agent"] for _path, headers in browser.platform.headers_seen)


def test_the_librarys_classes_still_need_what_stands_before_them():
    """Each fault that we work around; a test that fails here says that a work-around may go."""
    from pylti1p3.service_connector import ServiceConnector
    from pylti1p3.utils import add_param_to_url

    # P2: repeated and blank parameters are lost.
    assert add_param_to_url("https://x/?a=1&a=2&b=", "rlid", "1") == "https://x/?a=2&rlid=1"

    # D1: the key of a cached token names neither client nor address.
    def of(client):
        told = {"get_issuer": lambda _: "https://canvas.instructure.com", "get_client_id": lambda _: client}
        return ServiceConnector(type("Registration", (), told)())

    assert of("school1")._scope_key(["s"]) == of("school2")._scope_key(["s"])
    # V1: a time without zone stays without one, and sub-seconds are lost.
    from datetime import datetime

    from pylti1p3.grade import Grade

    told = json.loads(Grade().set_timestamp(datetime(2026, 11, 9, 12, 0, 0, 500_000)).get_value())  # noqa: DTZ001
    assert told["timestamp"] == "2026-11-09T12:00:00"


def test_a_service_error_tells_how_long_to_wait():
    from coursecrew_lti.outgoing import Answered

    assert ServiceError(Answered(429, {"Retry-After": "30"})).retry_after == 30
    assert ServiceError(Answered(429, {"Retry-After": "Mon, 09 Nov 2026 12:00:00 GMT"})).retry_after is None
    assert ServiceError(Answered(400, {}, b"Before LAST updated")).says("last updated")


def test_two_syncs_of_a_course_add_nobody_twice(browser, tool, course):
    browser.platform.members = [member(n) for n in range(5)]
    change = sync_roster(tool.ports(course.registration), course.id)
    again = sync_roster(tool.ports(course.registration), course.id)
    assert (change.added, again.added) == (5, 0)
