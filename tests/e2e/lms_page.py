"""A stand-in for the page around a block in the LMS: the course player, and the unit in its frame.

The workbench has neither a frame nor a base target, the two things that break interfaces in a real
course. Here the player stands on another origin of the same site, as the learning MFE does; the
unit has the LMS's `<base target="_parent">` when it was reached from the player, no jQuery, the
LMS's own observers and click handler, and course style as loud as it gets.
"""

from __future__ import annotations

import json
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from workbench.runtime import WorkbenchRuntime
from workbench.scenarios import get_scenarios

from coursecrew.app.upkeep import upkeep
from coursecrew_openedx import ports as platform
from demo.clock import CourseClock
from demo.studio.models import Enrolment
from demo.studio.people import COURSE
from demo.studio.urls import urlpatterns as studio_urls

LMS, MFE = "lms.campus.localhost", "apps.campus.localhost"

# The machine's clock, until a story moves it on.
CLOCK = CourseClock(Path("var/clock.json").resolve())
_house: Any = platform
_house.SystemClock = lambda: CLOCK

# What the learning MFE does with the messages of a unit (useIFrameBehavior.ts), and a record of them.
PLAYER_SCRIPT = """
window.received = [];
addEventListener("message", (event) => {
  const frame = document.getElementById("unit-iframe");
  if (event.source !== frame.contentWindow) return;
  window.received.push(event.data);
  if (event.data.type === "plugin.resize") frame.style.height = event.data.payload.height + "px";
  else if (event.data.offset !== undefined) window.scrollTo(0, event.data.offset + frame.offsetTop);
});
"""

# courseware-chromeless.html of the LMS: the height of #content, and a look at every link of the page.
UNIT_SCRIPT = """
(() => {
  if (parent === window) return;
  let last = {};
  function tell() {
    const content = document.getElementById("content");
    const payload = { width: content.offsetWidth, height: content.offsetHeight };
    if (payload.width === last.width && payload.height === last.height) return;
    last = payload;
    parent.postMessage({ type: "plugin.resize", payload }, document.referrer);
    scrollTo(0, 0);
  }
  addEventListener("load", () => {
    tell();
    document.querySelectorAll("a").forEach((link) => link.addEventListener("click", () => {
      if (link.getAttribute("href")[0] === "#") parent.postMessage({ offset: 0 }, document.referrer);
    }));
  });
  new MutationObserver(tell).observe(document.body, { attributes: true, childList: true, subtree: true });
  new ResizeObserver(tell).observe(document.body);
})();
"""

LOUD = """
* { box-sizing: content-box; }
main label { display: none; }
button, .button { background: red !important; text-transform: uppercase !important; }
button, .button { letter-spacing: 4px !important; }
h2, h3 { font-size: 60px !important; font-family: fantasy !important; }
textarea { height: 90px !important; width: 90px !important; }
a { color: lime !important; }
ul { list-style: square inside; margin: 40px; }
"""


def player(request, scenario):
    """The course player: a frame as high as its unit says."""
    port = request.get_port()
    source = escape(f"http://{LMS}:{port}/xblock/{scenario}?{request.GET.urlencode()}")
    return HttpResponse(f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Week 9: losses</title><link rel="icon" href="data:,">
<style>body {{ margin: 0; }} iframe {{ border: 0; width: 100%; }}</style></head>
<body><h1>Week 9: losses</h1><p style="height: 300px">The player above the unit</p>
<iframe id="unit-iframe" title="Unit" src="{source}" height="100" scrolling="no" referrerpolicy="origin"
 allow="microphone *; camera *; midi *; geolocation *; encrypted-media *; clipboard-write *"></iframe>
<script>{PLAYER_SCRIPT}</script></body></html>""")


@xframe_options_exempt
@ensure_csrf_cookie
def unit(request, scenario):
    """The unit, framed or opened directly; each block named in `with` stands on the page, too."""
    who = request.GET.get("student", "")
    names = [scenario, *request.GET.getlist("with")]
    blocks = [WorkbenchRuntime(who).get_block(get_scenarios()[name].usage_id) for name in names]
    parts, scripts = [], []
    for block in blocks:
        fragment = block.student_view({"show_title": "0", "is_mobile_app": "false"})
        usage = escape(str(block.scope_ids.usage_id))
        parts.append(
            f'<div class="xblock xblock-student_view xblock-student_view-{block.scope_ids.block_type}" '
            f'data-usage-id="{usage}" data-block-type="{block.scope_ids.block_type}" data-graded="True" '
            f'data-has-score="True" data-runtime-class="LmsRuntime">{fragment.content}</div>'
        )
        scripts += [
            f'<script src="{escape(one.data)}"></script>' for one in fragment.resources if one.kind == "url"
        ]
    referrer = urlsplit(request.headers.get("Referer", "")).hostname
    base = '<base target="_parent">' if referrer == MFE else ""
    direction = "rtl" if request.GET.get("dir") == "rtl" else "ltr"
    # The same script is included once for each block, as some pages of the LMS do.
    return HttpResponse(f"""<!DOCTYPE html>
<html lang="en" dir="{direction}"><head><meta charset="utf-8">{base}<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{LOUD}</style></head>
<body class="view-in-course"><div id="content" class="content-wrapper"><main id="main" aria-label="Content">
<h1>Water that gets lost</h1>{"".join(parts)}<p><a href="#top">Back to top</a></p></main></div>
{"".join(scripts)}<script>{UNIT_SCRIPT}</script></body></html>""")


@csrf_exempt
def enrol(request):
    """Enrol these people, user name -> (full name, time zone); with `instead`, in place of all learners."""
    told, users = json.loads(request.body), get_user_model().objects
    if told["instead"]:
        Enrolment.objects.filter(course_id=COURSE, team_role="").update(is_active=False)
    for username, (name, zone) in told["people"].items():
        first, _, last = name.rpartition(" ")
        user = users.create(
            username=username, first_name=first, last_name=last, email=f"{username}@water.example"
        )
        Enrolment.objects.create(user=user, course_id=COURSE, zone=zone)
    return HttpResponse(status=204)


@csrf_exempt
def ahead(request):
    """Move the clock on by so many days, and do what the platform's schedule does meanwhile."""
    CLOCK.set(CLOCK.now() + timedelta(days=float(request.body)))
    upkeep(platform.ports())
    return HttpResponse(status=204)


urlpatterns = [
    path("story/enrol", enrol),
    path("story/ahead", ahead),
    path("player/<str:scenario>", player),
    path("xblock/<str:scenario>", unit),
    *studio_urls,
]
