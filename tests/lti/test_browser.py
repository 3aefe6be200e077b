"""The page of a launch in a real browser: its token, a reload, and the platform's storage in a frame."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from coursecrew_lti import registration as registrations
from coursecrew_lti.app import wire
from coursecrew_lti.registration import Endpoints
from coursecrew_lti.tool import make_tool
from tests.conftest import browser  # noqa: F401 - the real one; here that name is somebody's test client
from tests.lti.conftest import find
from tests.lti.lms import INSTRUCTOR, Platform

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# An LMS page that answers for its storage, each time as `how` says.
PAGE = """<!doctype html><title>LMS</title><iframe width="900" height="700" src="%(src)s"></iframe>
<script>
const how = %(how)s, kept = {};
window.asked = [];
addEventListener("message", (event) => {
  const { subject, message_id, key, value } = event.data || {};
  if (!subject || !subject.startsWith("lti.") || !message_id) return;
  window.asked.push([subject, event.origin]);
  if (how === "silent") return;
  if (subject === "lti.put_data") kept[key] = value;
  const answer = { subject: subject + ".response", message_id, key };
  if (how === "wrong") answer.value = "f".repeat(64);
  else if (how === "refuses") answer.error = { code: "no", message: "no" };
  else if (key in kept) answer.value = kept[key];
  event.source.postMessage(answer, event.origin);
});
</script>"""


class Lms(Platform):
    """The platform with pages: one that holds the tool in a frame, and its login."""

    how = "keeps"
    asks_storage = True
    tool_url = page_url = ""

    def login_address(self) -> str:
        launch = f"{self.tool_url}/lti/launch"
        client = "client1" if self.asks_storage else "client2"
        query = f"iss={self.issuer}&client_id={client}&login_hint=t&target_link_uri={launch}"
        return f"{self.tool_url}/lti/login?{query}"

    def _served(self, request: Request) -> Response:
        if request.path == "/page":
            login = self.login_address()
            login += "&lti_storage_target=_parent" if self.asks_storage else ""
            return Response(PAGE % {"src": login, "how": json.dumps(self.how)}, mimetype="text/html")
        if request.path == "/auth":
            target = f"{self.tool_url}/lti/launch"
            more = {"sub": "t", "roles": [INSTRUCTOR], "target_link_uri": target}
            claims = self.claims(request.args["nonce"], client=request.args["client_id"], **more)
            form = (
                f'<form method="post" action="{self.tool_url}/lti/launch">'
                f'<input name="state" value="{request.args["state"]}">'
                f'<input name="id_token" value="{self.sign(claims)}"></form>'
                "<script>document.forms[0].submit()</script>"
            )
            return Response(form, mimetype="text/html")
        return super()._served(request)


@pytest.fixture
def tool(settings) -> Iterator:
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    made = make_tool(replace(settings, public_url=f"http://127.0.0.1:{server.server_port}"))
    server.app = wire(made)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()
    made.engine.dispose()


@pytest.fixture
def lms(tool) -> Iterator[Lms]:
    """Its pages stand at `localhost` and the tool at 127.0.0.1: another site, so no cookie in its frames."""
    made = Lms(tool.wall)
    made.tool_url = tool.config.public_url
    made.start()
    made.page_url = made.url.replace("127.0.0.1", "localhost")
    made.issuer = made.page_url
    # The first client's login stands on the site of the page, the second one's on that of the tool:
    # over plain http a cookie comes back only within a site.
    for client, login in (("client1", made.page_url), ("client2", made.url)):
        told = Endpoints(made.issuer, client, f"{login}/auth", f"{made.url}/token", f"{made.url}/jwks")
        deployment = client.replace("client", "dep")
        with tool.begin() as connection:
            registrations.register(
                connection, told, new_id=tool.ids.new(), now=tool.wall(),
                deployments=[(tool.ids.new(), deployment)],
            )  # fmt: skip
    yield made
    made.stop()


def frame_of(page):
    return page.frame_locator("iframe")


def test_in_a_frame_without_cookies_the_platforms_storage_vouches(page, lms, tool):
    page.goto(f"{lms.page_url}/page")
    frame_of(page).get_by_role("heading", name="Urban Water").wait_for()
    asked = page.evaluate("window.asked")
    assert [subject for subject, _ in asked if subject.endswith("_data")] == ["lti.put_data", "lti.get_data"]
    assert {origin for _, origin in asked} == {tool.config.public_url}
    inner = next(frame for frame in page.frames if "/open/" in frame.url)
    assert "code=" not in inner.url
    # Chromium refuses storage here, too: the token lives in the page.
    session = inner.url.rpartition("/")[2]
    assert inner.evaluate(f"sessionStorage.getItem('coursecrew {session}')")


@pytest.mark.parametrize("how", ["wrong", "refuses", "silent"])
def test_storage_that_does_not_vouch_lets_nobody_in(open_page, lms, tool, how):
    lms.how = how
    page = open_page(complaints=[r"status of 403"])
    page.goto(f"{lms.page_url}/page")
    frame_of(page).get_by_text("was used before, or waited too long").wait_for()
    [session] = find(tool, "SESSION")
    assert session.token is None


def test_without_storage_and_cookies_a_new_window_is_offered(open_page, lms, tool):
    lms.asks_storage = False
    page = open_page(complaints=[r"status of 403"])
    page.goto(f"{lms.page_url}/page")
    link = frame_of(page).get_by_role("link", name="Open in a new window")
    link.wait_for()
    with page.context.expect_page() as opened:
        link.click()
    window = opened.value
    window.get_by_role("heading", name="Urban Water").wait_for()
    assert re.fullmatch(rf"{tool.config.public_url}/open/\w+", window.url)


def test_a_reload_goes_on_and_another_tab_does_not(page, open_page, lms, tool):
    lms.asks_storage = False
    page.goto(lms.login_address())
    page.get_by_role("heading", name="Urban Water").wait_for()
    page.reload()
    page.get_by_role("heading", name="Urban Water").wait_for()
    other = open_page()
    other.goto(page.url)
    other.get_by_text("was used before, or waited too long").wait_for()
