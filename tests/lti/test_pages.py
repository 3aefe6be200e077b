"""What a browser gets: one-time codes, tokens, headers, files, and mail."""

from __future__ import annotations

import io
import re
import socket
import threading
from dataclasses import replace
from email import message_from_bytes
from email.policy import default as modern

import pytest
from sqlalchemy import update

from coursecrew.app.activities import publish, save_settings
from coursecrew.app.files import add_file
from coursecrew.app.ports import Mail
from coursecrew.app.records import ACTIVITIES, PARTICIPANTS
from coursecrew.app.unit_of_work import run
from coursecrew.domain.errors import NotFound, PlatformUnreachable
from coursecrew.domain.people import Actor, Role
from coursecrew_lti.app import wire
from coursecrew_lti.files import Folder
from coursecrew_lti.lti_tables import USER
from coursecrew_lti.tool import make_tool
from tests.builders import settings as an_assignment
from tests.lti.conftest import PUBLIC, Browser, find
from tests.lti.lms import INSTRUCTOR, query

# --- codes and tokens ---


def test_a_code_is_changed_for_a_token_once(browser, tool):
    answer = browser.launch()
    browser.enter(answer)
    first = browser.token
    given = {"session": browser.session, "code": query(answer.location)["code"]}
    again = browser.post("/lti/token", given)
    assert again.status_code == 403
    assert first
    assert browser.ui().status_code == 200


def test_a_code_is_good_for_five_minutes(browser, tool, clock):
    answer = browser.launch()
    clock.advance(minutes=5)
    assert browser.get(answer.location).status_code == 400
    given = {"session": answer.location.split("?")[0][6:], "code": query(answer.location)["code"]}
    assert browser.post("/lti/token", given).status_code == 403


def test_a_page_looked_at_twice_does_not_use_up_its_code(browser):
    answer = browser.launch()
    assert browser.get(answer.location).status_code == 200
    browser.enter(answer)
    assert browser.ui().status_code == 200


def test_codes_and_tokens_are_not_kept_in_the_database(browser, tool):
    answer = browser.launch()
    code = query(answer.location)["code"]
    assert code not in str(find(tool, "SESSION"))
    browser.enter(answer)
    assert browser.token not in str(find(tool, "SESSION"))


def test_a_token_lasts_while_it_is_used_and_a_day_at_most(browser, clock):
    browser.come_in()
    for _ in range(11):
        clock.advance(hours=2)
        assert browser.ui().status_code == 200
    clock.advance(hours=2, seconds=1)
    assert browser.ui().status_code == 401


def test_a_token_that_nobody_uses_ends_after_three_hours(browser, clock):
    browser.come_in()
    clock.advance(hours=3)
    assert browser.ui().status_code == 401


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer guess"}, {"Authorization": "Basic eDp5"}])
def test_without_its_token_a_request_is_nobodys(browser, header):
    browser.come_in()
    assert browser.get("/ui/team", headers=header).status_code == 401
    assert browser.post("/ui/team/found", {"name": "X"}, headers=header).status_code == 401


def test_no_cookie_gives_any_right(browser):
    browser.come_in()
    left = [cookie for cookie in browser.client._cookies.values() if cookie.value]
    assert left == []  # the one of the login is taken away by the launch


def test_the_browser_says_which_time_zone_it_is_in(browser, tool):
    browser.enter(browser.launch(), zone="Africa/Lagos")
    assert find(tool, "SESSION")[0].zone == "Africa/Lagos"
    browser.enter(browser.launch(sub="s2"), zone="Nowhere/Land")
    assert find(tool, "SESSION")[1].zone == ""


def test_the_platform_knows_the_time_zone_better(browser, tool):
    browser.enter(browser.launch(zoneinfo="Asia/Ho_Chi_Minh"), zone="Africa/Lagos")
    assert find(tool, "SESSION")[0].zone == "Asia/Ho_Chi_Minh"


def test_the_page_speaks_the_platforms_language(browser):
    page = browser.come_in(launch_presentation={"locale": "ar_EG"})
    assert '<html lang="ar-EG" dir="rtl">' in page


# --- platform storage ---


def storing_login(browser):
    """Begin a login whose platform offers storage; returns what the page in between is told."""
    asked = {
        "iss": browser.platform.issuer, "client_id": "client1", "login_hint": "h",
        "target_link_uri": f"{PUBLIC}/lti/launch", "lti_storage_target": "_parent",
    }  # fmt: skip
    answer = browser.get("/lti/login", query_string=asked)
    assert answer.status_code == 200
    return dict(re.findall(r'data-([a-z-]+)="([^"]*)"', answer.text))


def test_a_login_with_platform_storage_puts_a_page_in_between(browser):
    found = storing_login(browser)
    assert found["storage-target"] == "_parent"
    assert found["storage-origin"] == browser.platform.url
    assert found["next"].startswith(f"{browser.platform.url}/auth?")


def test_what_platform_storage_gives_back_stands_in_for_the_cookie(browser, another, tool):
    found = storing_login(browser)
    asked = query(found["next"].replace("&amp;", "&"))
    assert found["storage-value"] == asked["state"]
    token = browser.platform.sign(browser.platform.claims(asked["nonce"]))
    somebody = another()  # no cookie came along
    answer = somebody.send(token, asked["state"])
    page = somebody.enter(answer)
    assert somebody.token == ""  # nothing has vouched for this browser yet
    assert f'data-storage-key="{found["storage-key"]}"' in page
    assert asked["state"] not in page
    somebody.enter(answer, proof="f" * 64)
    assert somebody.token == ""
    somebody.enter(answer, proof=asked["state"])
    assert somebody.ui().status_code == 200


# --- headers ---


def test_a_page_may_be_framed_by_its_platform_alone(browser):
    services = {"launch_presentation": {"return_url": "https://school.example/back"}}
    answer = browser.get(browser.launch(**services).location)
    policy = answer.headers["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {browser.platform.url} https://school.example" in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe-inline" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["Strict-Transport-Security"]


def test_no_page_holds_a_script_or_style_of_its_own(browser):
    for text in (browser.come_in(), browser.launch(sub=None).text, browser.get("/privacy").text):
        assert not re.search(r"<script(?![^>]*(src|nonce)=)", text)
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=", text)


def test_scripts_and_styles_may_be_kept_and_are_never_guessed(browser):
    page = browser.come_in()
    for address in re.findall(r'(?:src|href|stylesheet)="(/static/[^"]+)"', page):
        answer = browser.get(address.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        again = browser.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert "max-age=3600" in browser.get("/static/lti/lti.css").headers["Cache-Control"]
    for name in ("../tables.py", "..%2ftables.py", "nothing.js", "open.js/x"):
        assert browser.get(f"/static/lti/{name}").status_code == 404


def test_a_wrong_address_is_a_plain_page(browser):
    answer = browser.get("/nothing/here")
    assert answer.status_code == 404
    assert "There is no such page here." in answer.text


def test_over_plain_http_the_cookie_is_a_plain_one(settings, clock, platform):
    http = replace(settings, public_url="http://127.0.0.1:8400")
    tool = make_tool(http, clock=clock, wall=clock.now)
    client = wire(tool).test_client()
    answer = client.get(
        "/lti/login", base_url="http://127.0.0.1:8400",
        query_string={
            "iss": platform.issuer, "client_id": "client1", "login_hint": "h",
            "target_link_uri": "http://127.0.0.1:8400/lti/launch",
        },
    )  # fmt: skip
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("lti-")
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    tool.engine.dispose()


def test_a_fault_of_ours_is_a_page_with_a_reference_and_no_detail(browser, tool, caplog):
    browser.come_in()

    def broken(*_args):
        raise RuntimeError("the inside of the tool")

    tool.ports = broken
    answer = browser.ui("team")
    assert answer.status_code == 500
    assert "inside" not in answer.text
    reference = re.findall(r"reference ([A-Z0-9]{8})", answer.text)[0]
    assert reference in caplog.text


# --- files ---


class Assignment:
    """A published assignment with a file in its task."""

    def __init__(self, browser, another, tool, name="plan – Été.csv"):
        self.teacher, self.learner = another(), browser
        self.teacher.come_in(sub="t", roles=[INSTRUCTOR], name="Dr Carvalho")
        self.teacher.ui("settings")
        self.learner.come_in()
        self.course = find(tool, "COURSE")[0]
        self.ports = tool.ports(self.course.registration)
        self.staff = Actor(find(tool, "USER", sub="t")[0].id, self.course.id, Role.INSTRUCTOR)
        self.activity = run(self.ports, lambda unit: unit.store.find(ACTIVITIES, limit=1)[0])
        self.file = add_file(
            self.ports, self.staff, self.activity.id, name=name, content=io.BytesIO(b"a,b\n1,2\n")
        )
        wish = an_assignment(task=f"[The plan](file:{self.file.id})", steps={})
        run(self.ports, save_settings, self.staff, self.activity.id, wish, seen=1)

    def publish(self):
        run(self.ports, publish, self.staff, self.activity.id)

    def link(self, who):
        return re.findall(r'href="(/files/[^"]+)"', who.ui("team").text)[0]


@pytest.fixture
def assignment(browser, another, tool):
    made = Assignment(browser, another, tool)
    made.publish()
    return made


def test_a_file_leaves_as_an_attachment(assignment):
    answer = assignment.learner.get(assignment.link(assignment.learner))
    assert answer.status_code == 200
    assert answer.data == b"a,b\n1,2\n"
    said = answer.headers["Content-Disposition"]
    assert said.startswith('attachment; filename="plan _ _t_.csv";')
    assert "filename*=UTF-8''plan%20%E2%80%93%20%C3%89t%C3%A9.csv" in said
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_link_to_a_file_lasts_a_minute_and_can_be_renewed(assignment, tool, clock):
    learner = assignment.learner
    link = assignment.link(learner)
    clock.advance(seconds=61)
    late = learner.get(link)
    assert late.status_code == 410
    assert "Links to files last a minute" in late.text
    fresh = learner.post("/files/renew", {"link": link}, headers=learner.bearer)
    assert learner.get(fresh.get_json()["link"]).status_code == 200
    assert learner.post("/files/renew", {"link": link}).status_code == 401


def test_a_link_to_a_file_ends_with_its_session(assignment, tool, clock):
    clock.advance(hours=4)
    tool.work.clean()
    link = tool.config.secrets.sign_at(tool.wall(), "file", assignment.learner.session, assignment.file.id)
    assert assignment.learner.get(f"/files/{link}").status_code == 404


def test_a_file_of_an_assignment_that_is_not_published_is_for_its_authors(browser, another, tool):
    hidden = Assignment(browser, another, tool)
    for who, code in ((hidden.teacher, 200), (hidden.learner, 404)):
        link = tool.config.secrets.sign_at(tool.wall(), "file", who.session, hidden.file.id)
        assert who.get(f"/files/{link}").status_code == code


@pytest.mark.parametrize("link", ["guess", "a.b.c", "%00"])
def test_a_guessed_link_opens_nothing(browser, link):
    assert browser.get(f"/files/{link}").status_code == 404


def test_files_are_kept_whole_below_their_tenant(tmp_path):
    folder = Folder(f"file://{tmp_path}/kept")
    files, name = folder.of("a" * 32), "b" * 32
    files.put(name, io.BytesIO(b"content"))
    assert files.open(name).read() == b"content"
    with pytest.raises(NotFound):
        folder.of("c" * 32).open(name)
    files.remove(name)
    files.remove(name)
    with pytest.raises(NotFound):
        files.open(name)
    with pytest.raises(NotFound):
        files.open("../../etc/passwd")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_files_may_stand_in_any_store_that_fsspec_knows():
    files = Folder("memory://coursecrew-test").of("a" * 32)
    files.put("b" * 32, io.BytesIO(b"content"))
    assert files.open("b" * 32).read() == b"content"
    files.remove("b" * 32)


def test_an_upload_through_the_form_is_kept_and_offered(browser, another, tool):
    made = Assignment(browser, another, tool)
    content = (io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IEND" + bytes(4)), "map.png")
    answer = made.teacher.post("/ui/settings/files", {"file": content}, headers=made.teacher.bearer)
    assert answer.status_code == 200
    assert "map.png" in answer.text


# --- mail ---


class Postbox(threading.Thread):
    """An SMTP server that keeps what it is given."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.letters = []
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                self.talk(stream)

    def talk(self, stream):
        def say(line):
            stream.write(line + b"\r\n")
            stream.flush()

        say(b"220 here")
        while line := stream.readline():
            word = line[:4].upper().strip()
            if word == b"DATA":
                say(b"354 go on")
                lines = []
                while (part := stream.readline()) != b".\r\n":
                    lines.append(part.removeprefix(b".") if part.startswith(b"..") else part)
                self.letters.append(message_from_bytes(b"".join(lines), policy=modern))
                say(b"250 kept")
            elif word == b"QUIT":
                say(b"221 bye")
                return
            elif b"refused@" in line:
                say(b"550 no such person")
            else:
                say(b"250 fine")


@pytest.fixture
def postbox():
    made = Postbox()
    yield made
    made.socket.close()


@pytest.fixture
def with_mail(settings, clock, postbox):
    mailing = replace(settings, smtp_url=f"smtp://127.0.0.1:{postbox.port}")
    tool = make_tool(mailing, clock=clock, wall=clock.now)
    yield tool
    tool.engine.dispose()


def letter(**more):
    return Mail("Blue Ledger: Linh joined", "Linh joined your team.", "<p>Linh joined your team.</p>", **more)


def test_a_letter_goes_out_with_a_way_to_stop_them(with_mail, platform, postbox):
    browser = Browser(wire(with_mail), platform)
    browser.come_in()
    user = find(with_mail, "USER")[0]
    stop = f"{PUBLIC}/unsubscribe/token"
    said = with_mail.ports(user.registration).mailer.send(user.id, letter(unsubscribe=stop))
    assert said == "sent"
    [mail] = postbox.letters
    assert mail["To"] == "amara@example.org"
    assert mail["From"] == "Coursecrew <no-reply@tool.example>"
    assert mail["Subject"] == "Blue Ledger: Linh joined"
    assert mail["List-Unsubscribe"] == f"<{stop}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_body(("plain",)).get_content().strip() == "Linh joined your team."
    assert "<p>" in mail.get_body(("html",)).get_content()


NO_ADDRESSES = ["", "no address", "a@b.example\nBcc: c@d.example", "a@b.example,c@d.example"]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_an_address_that_is_none_gets_no_letter(with_mail, platform, postbox, address):
    browser = Browser(wire(with_mail), platform)
    browser.launch(email=None)
    user = find(with_mail, "USER")[0]
    with with_mail.begin() as connection:
        connection.execute(update(USER).values(email=address))
    assert with_mail.ports(user.registration).mailer.send(user.id, letter()) == "no_address"
    assert postbox.letters == []


def test_a_mail_server_that_is_away_is_tried_later(browser, tool):
    browser.launch()
    user = find(tool, "USER")[0]
    with pytest.raises(PlatformUnreachable):  # none is named
        tool.ports(user.registration).mailer.send(user.id, letter())
    object.__setattr__(tool.config, "smtp_url", "smtp://127.0.0.1:1")
    tool.__dict__.pop("post", None)
    with pytest.raises(PlatformUnreachable):
        tool.ports(user.registration).mailer.send(user.id, letter())


def test_without_a_mail_server_letters_wait(browser, another, tool, settings, clock, postbox):
    made = Assignment(browser, another, tool)
    made.publish()
    linh, tomas = another(), another()
    for who, sub in ((linh, "linh"), (tomas, "tomas")):
        who.come_in(sub=sub, name=sub, email=f"{sub}@example.org")
        who.ui("team")
    guest = find(tool, "USER", sub="tomas")[0].id
    assert linh.ui("team/found", {"name": "Blue Ledger"}).status_code == 200
    assert linh.ui("team/invite", {"person": guest}).status_code == 200
    tool.work.deliver(made.course.registration)
    clock.advance(days=3)
    tool.work.deliver(made.course.registration)
    url = f"smtp://127.0.0.1:{postbox.port}"
    mailing = make_tool(replace(settings, smtp_url=url), clock=clock, wall=clock.now)
    mailing.work.deliver(made.course.registration)
    mailing.engine.dispose()
    assert [letter["To"] for letter in postbox.letters] == ["tomas@example.org"]


def test_an_address_that_the_server_refuses_is_tried_later(with_mail, platform, postbox):
    browser = Browser(wire(with_mail), platform)
    browser.launch(email="refused@example.org")
    user = find(with_mail, "USER")[0]
    with pytest.raises(PlatformUnreachable) as refused:
        with_mail.ports(user.registration).mailer.send(user.id, letter())
    assert refused.value.values["reason"] == "address refused"


def test_one_press_stops_mail_and_looking_does_not(browser, tool):
    browser.come_in()
    browser.ui()
    course, user = find(tool, "COURSE")[0], find(tool, "USER")[0]
    ports = tool.ports(course.registration)
    link = ports.links.to_unsubscribe(ports.links.sign("unsubscribe", course.id, user.id))

    def wants_mail():
        return run(ports, lambda unit: unit.store.find(PARTICIPANTS, person=user.id)[0].mail)

    path = link.removeprefix(PUBLIC)
    assert browser.get(path).status_code == 200
    assert wants_mail()
    # The body is what mail programs send by themselves for "one click".
    assert browser.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not wants_mail()
    assert browser.post(path).status_code == 200
    assert browser.post(path + "x").status_code == 404
    assert not wants_mail()


def test_mail_leads_to_the_course_on_the_platform(browser, tool):
    browser.launch(tool_platform={"guid": "m", "product_family_code": "moodle"}, context={"id": "12&3"})
    course = find(tool, "COURSE")[0]
    address = tool.ports(course.registration).links.to_activity("place", course.id)
    assert address == f"{browser.platform.url}/course/view.php?id=12%263"
