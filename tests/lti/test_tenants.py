"""No route shows another tenant's row, nor one of another course of the same platform."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select

from coursecrew.app.activities import publish, save_settings
from coursecrew.app.files import add_file
from coursecrew.app.records import ACTIVITIES, ALL
from coursecrew.app.submissions import save_draft, submit
from coursecrew.app.teams import found_team
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import TeamRules
from coursecrew.domain.people import Actor, Role
from coursecrew.ui.routes import ROUTES
from coursecrew_lti import registration as registrations
from coursecrew_lti.tables import TABLES
from tests.builders import settings
from tests.lti.conftest import Browser, find
from tests.lti.lms import INSTRUCTOR

HERE = "Blue Ledger"
SECRET = "Copper Line knows where the water goes"


class Course:
    """A course with a team that has handed in, seen by its teacher and a learner."""

    def __init__(self, app, tool, platform, *, client, context, text, team):
        self.tool, self.client, self.context = tool, client, context
        self.teacher = Browser(app, platform)
        self.learner = Browser(app, platform)
        place = {"context": {"id": context, "title": context}, "resource_link": {"id": f"link of {context}"}}
        come_in = {"client": client, **place}
        self.teacher.enter(self.teacher.launch(sub="t", name="Dr Carvalho", roles=[INSTRUCTOR], **come_in))
        self.learner.enter(self.learner.launch(sub="l", name=f"Learner of {context}", **come_in))
        assert self.teacher.ui("settings").status_code == 200
        assert self.learner.ui("team").status_code == 200
        self.row = find(tool, "COURSE", context=context)[0]
        self.ports = tool.ports(self.row.registration)
        users = {row.sub: row.id for row in find(tool, "USER", registration=self.row.registration)}
        self.staff = Actor(users["t"], self.row.id, Role.INSTRUCTOR, "Dr Carvalho")
        self.member = Actor(users["l"], self.row.id, Role.LEARNER, "Learner")
        with self.ports.transaction() as store:
            self.activity = store.find(ACTIVITIES, course=self.row.id)[0]
        wish = settings(teams=TeamRules(name="teams", min=1, ideal=2, max=3), steps={})
        run(self.ports, save_settings, self.staff, self.activity.id, wish, seen=1)
        run(self.ports, publish, self.staff, self.activity.id)
        self.team = run(self.ports, found_team, self.member, self.activity.id, name=team)
        run(self.ports, save_draft, self.member, self.activity.id, {"where": text}, seen=0)
        run(self.ports, submit, self.member, self.activity.id, seen=1)
        content = io.BytesIO(b"a,b\n1,2\n")
        self.file = add_file(self.ports, self.staff, self.activity.id, name=f"{context}.csv", content=content)

    def ids(self):
        """Every id in the rows of this course's tenant that belong to it."""
        found = set()
        with self.tool.begin() as connection:
            for kind in ALL:
                table = TABLES[kind.table]
                for row in connection.execute(select(table).where(table.c.tenant == self.row.registration)):
                    values = row._mapping
                    if values.get("course", self.row.id) == self.row.id:
                        found |= {v for n, v in values.items() if n in ("id", "person", "team", "work")}
        return sorted(found - {"", None})

    def rows(self, ids):
        """All rows that mention one of these ids, to see that nothing changed."""
        wanted, found = set(ids), {}
        with self.tool.begin() as connection:
            for kind in ALL:
                table = TABLES[kind.table]
                rows = connection.execute(select(table).order_by(table.c.id)).all()
                found[kind.table] = [row for row in rows if wanted & {v for v in row if isinstance(v, str)}]
        return found


WITH_ID = [route for route in ROUTES if "<" in route.path]


@pytest.fixture(params=["another platform", "another course of the platform"])
def two(request, app, tool, platform):
    """A course somebody is in, and one that is none of their business."""
    mine = Course(app, tool, platform, client="client1", context="mine", text="Ours", team=HERE)
    client = "client2" if request.param == "another platform" else "client1"
    theirs = Course(app, tool, platform, client=client, context="theirs", text=SECRET, team="Copper Line")
    return mine, theirs


def is_silent(answer):
    for word in ("Copper Line", SECRET, "Learner of theirs", "theirs.csv"):
        assert word not in answer.text


def test_no_address_with_an_id_shows_or_changes_a_row_of_others(two):
    mine, theirs = two
    foreign = [id for id in theirs.ids() if id not in mine.ids()]
    assert len(foreign) > 5
    before = theirs.rows(foreign)
    for route in WITH_ID:
        for id in foreign:
            path = re.sub(r"<\w+>", id, route.path)
            if route.method == "GET":
                answer = mine.teacher.ui(path)
                assert answer.status_code in (403, 404), path
            else:
                answer = mine.teacher.ui(path, {"reason": "curiosity", "to": id, "team": id, "person": id})
            is_silent(answer)
    assert theirs.rows(foreign) == before


def test_no_form_field_takes_an_id_of_others(two):
    mine, theirs = two
    foreign = theirs.member.person
    for path in ("teams/place", "teams/make", "teams/split", "team/invite"):
        answer = mine.teacher.ui(path, {"person": foreign, "people": foreign, "team": theirs.team.id})
        assert "Copper Line" not in answer.text
        assert "Learner of theirs" not in answer.text


def test_pages_of_lists_show_only_what_is_here(two):
    mine, theirs = two
    for route in ROUTES:
        if route.method == "GET" and "<" not in route.path:
            answer = mine.teacher.ui(route.path)
            assert "Copper Line" not in answer.text
            assert "Learner of theirs" not in answer.text
    assert "Copper Line" in theirs.teacher.ui("teams").text


def test_a_link_to_a_file_is_for_the_session_it_was_made_for(two, tool):
    mine, theirs = two
    link = tool.config.secrets.sign_at(tool.wall(), "file", mine.teacher.session, theirs.file.id)
    assert mine.teacher.get(f"/files/{link}").status_code == 404
    good = tool.config.secrets.sign_at(tool.wall(), "file", theirs.teacher.session, theirs.file.id)
    assert theirs.teacher.get(f"/files/{good}").data == b"a,b\n1,2\n"
    renewed = mine.teacher.post("/files/renew", {"link": f"/files/{good}"}, headers=mine.teacher.bearer)
    assert renewed.status_code == 404


def test_a_token_opens_only_what_its_own_launch_opened(two):
    mine, theirs = two
    page = theirs.teacher.get(f"/open/{theirs.teacher.session}")
    assert "theirs" not in page.text.replace("link of theirs", "")
    refused = mine.teacher.post("/lti/token", {"session": theirs.teacher.session, "code": "guess"})
    assert refused.status_code == 403
    # The address names an activity for the browser's own memory; the token alone decides.
    place = find(theirs.tool, "PLACE", course=theirs.row.id)[0].id
    answer = mine.teacher.get(f"/ui/teams?activity={place}", headers=mine.teacher.bearer)
    assert HERE in answer.text
    assert "Copper Line" not in answer.text


def test_mail_links_of_one_platform_open_nothing_of_another(two, tool):
    mine, theirs = two
    token = mine.ports.links.sign("unsubscribe", theirs.row.id, theirs.member.person)
    answer = mine.teacher.post(f"/unsubscribe/{token}")
    if mine.row.registration == theirs.row.registration:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 404
        assert theirs.ports.links.read("unsubscribe", token) is None


def test_ports_of_one_platform_find_nobody_of_another(two, tool):
    mine, theirs = two
    same = mine.row.registration == theirs.row.registration
    assert (mine.ports.people.person_for(theirs.row.id, "l") is not None) == same
    assert bool(mine.ports.people.handles(theirs.row.id, [theirs.member.person])) == same
    assert (mine.ports.links.to_activity("", theirs.row.id) != "") == same


def test_a_platform_that_was_switched_off_lets_nobody_go_on(two, tool):
    mine, theirs = two
    with tool.begin() as connection:
        registrations.switch(connection, theirs.row.registration, active=False)
    assert theirs.learner.ui("team").status_code == 401
    if mine.row.registration != theirs.row.registration:
        assert mine.learner.ui("team").status_code == 200
