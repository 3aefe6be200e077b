"""Groups out of Moodle's web services and Canvas's interface, by the token that an operator connected."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from coursecrew.app.ports import Grouping, PlatformGroup
from coursecrew.domain.errors import NotFound, PlatformUnreachable
from coursecrew_lti.groups import CANVAS, MOODLE, connect
from coursecrew_lti.lti_tables import COURSE, REGISTRATION
from coursecrew_lti.people import LtiPeople
from tests.lti.conftest import find
from tests.lti.group_platforms import TOKEN, Canvas, Moodle, serve
from tests.lti.lms import CLAIM, INSTRUCTOR, LEARNER, as_json, status

PEOPLE = {"3": "Amara Okafor", "4": "Tomás Rivera", "5": "Vũ Thùy Linh"}


class Course:
    """A course whose people were launched once, and the keys by which we know them."""

    service: Moodle | Canvas

    def __init__(self, tool, platform, another, *, context: str) -> None:
        claims = {CLAIM + "context": {"id": context, "title": "Urban Water"}}
        for sub, name in PEOPLE.items():
            mail = f"{sub}@water.example"
            another().come_in(sub=sub, name=name, email=mail, roles=[LEARNER], **claims)
        another().come_in(sub="2", name="Dr Carvalho", roles=[INSTRUCTOR], **claims)
        (self.row,) = find(tool, "COURSE")
        self.registration = next(one for one in find(tool, "REGISTRATION") if one.id == self.row.registration)
        self.keys = {user.sub: user.id for user in find(tool, "USER")}
        self.people = LtiPeople(tool, self.row.registration)
        self.platform = platform
        self.tool = tool

    def connect(self, kind: str) -> None:
        connect(self.tool, self.registration, kind=kind, url=self.platform.url, token=TOKEN)

    def groupings(self):
        return self.people.groupings(self.row.id)

    def groups(self, grouping: str):
        return self.people.groups(self.row.id, grouping)


@pytest.fixture
def moodle(tool, platform, another):
    course = Course(tool, platform, another, context="2")
    course.service = Moodle(
        groups={
            11: ("Pipes &amp; Valves", [3, 4]),
            12: ("Meters", [5, 99]),
            13: ("Old section", [3]),
        },
        groupings={7: ("Project &quot;A&quot;", [11, 12])},
    )
    serve(platform, "/webservice/rest/server.php", course.service)
    course.connect(MOODLE)
    return course


@pytest.fixture
def canvas(tool, platform, another):
    course = Course(tool, platform, another, context="3f2a-ctx")
    course.service = Canvas(
        "3f2a-ctx",
        platform.url,
        users={
            301: {"email": "3@Water.example"},
            302: {"login_id": "4@water.example"},
            303: {"email": "somebody@else.example"},
        },
        categories={70: "Projects", 71: "Labs", 72: "Fieldwork"},
        groups={
            701: (70, "Pipes & Valves", [301, 302, 303]),
            702: (70, "Meters", []),
            711: (71, "Lab 1", [301]),
        },
    )
    serve(platform, "/api/v1/", course.service)
    course.connect(CANVAS)
    return course


def test_without_a_connection_a_platform_gives_no_groups(tool, platform, another):
    course = Course(tool, platform, another, context="2")
    assert course.groupings() is None
    with pytest.raises(NotFound):
        course.groups("7")


def test_groups_of_a_moodle_grouping_name_people_by_the_id_of_their_launch(moodle):
    assert moodle.groupings() == [Grouping("7", "grouping", 'Project "A"'), Grouping("all", "all")]
    assert moodle.groups("7") == [
        PlatformGroup("Pipes & Valves", (moodle.keys["3"], moodle.keys["4"])),
        PlatformGroup("Meters", (moodle.keys["5"],), unknown=1),
    ]
    assert [group.name for group in moodle.groups("all")] == ["Pipes & Valves", "Meters", "Old section"]


def test_a_token_goes_into_no_address(moodle, platform):
    moodle.groups("7")
    assert all(call["wstoken"] == TOKEN for call in moodle.service.calls)
    assert not any(TOKEN in path for _method, path in platform.asked)


@pytest.mark.parametrize("kind", ["moodle", "canvas"])
def test_a_grouping_of_another_course_is_not_found(request, kind):
    course = request.getfixturevalue(kind)
    with pytest.raises(NotFound):
        course.groups("999")


def test_groups_of_a_canvas_set_name_people_by_mail_or_login(canvas):
    assert canvas.groupings() == [
        Grouping("70", "grouping", "Projects"),
        Grouping("71", "grouping", "Labs"),
        Grouping("72", "grouping", "Fieldwork"),
    ]
    assert canvas.groups("70") == [
        PlatformGroup("Pipes & Valves", (canvas.keys["3"], canvas.keys["4"]), unknown=1),
        PlatformGroup("Meters", ()),
    ]


def test_a_mail_address_of_two_people_names_nobody(canvas, another):
    claims = {CLAIM + "context": {"id": "3f2a-ctx", "title": "Urban Water"}}
    another().come_in(sub="6", name="Twin", email="3@water.example", roles=[LEARNER], **claims)
    (pipes, _) = canvas.groups("70")
    assert (pipes.members, pipes.unknown) == ((canvas.keys["4"],), 2)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (as_json({"exception": "x", "errorcode": "accessexception"}), "accessexception"),
        (as_json({"not": "a list"}), "malformed"),
        (as_json([{"name": "no id"}]), "malformed"),
        (as_json(["no object"]), "malformed"),
    ],
)
def test_what_moodle_refuses_or_garbles_gives_no_half_of_the_groups(moodle, platform, answer, reason):
    serve(platform, "/webservice/rest/server.php", lambda _request: answer)
    for ask in (moodle.groupings, lambda: moodle.groups("all")):
        with pytest.raises(PlatformUnreachable) as caught:
            ask()
        assert (caught.value.values["what"], caught.value.values["reason"]) == ("groups", reason)


def test_a_canvas_that_does_not_answer_gives_no_half_of_the_groups(canvas, platform):
    serve(platform, "/groups/702", status(500))
    platform.faults = {part: platform.faults[part] for part in ("/groups/702", "/api/v1/")}
    with pytest.raises(PlatformUnreachable):
        canvas.groups("70")


def test_a_next_page_on_another_host_is_not_followed_with_our_token(canvas, platform):
    lured = as_json([{"id": 70, "name": "Projects"}])
    lured.headers["Link"] = '<https://elsewhere.example/api/v1/x>; rel="next"'
    serve(platform, "/api/v1/", lambda _request: lured)
    with pytest.raises(PlatformUnreachable) as caught:
        canvas.groupings()
    assert caught.value.values["reason"] == "page_elsewhere"


def test_a_private_address_is_not_asked_where_that_is_not_allowed(moodle, tool):
    tool.outgoing.allow_private = False
    with pytest.raises(PlatformUnreachable) as caught:
        moodle.groupings()
    assert caught.value.values["reason"] in ("not_https", "private_address")


def test_a_connection_sealed_with_another_secret_is_told_and_not_used(moodle, tool):
    with tool.begin() as connection:
        connection.execute(update(REGISTRATION).values(groups="gAAAAABnot-ours"))
    with pytest.raises(PlatformUnreachable) as caught:
        moodle.groupings()
    assert caught.value.values["reason"] == "secret_changed"


def test_one_platforms_connection_is_not_used_for_another(moodle, tool):
    other = next(one for one in find(tool, "REGISTRATION") if one.id != moodle.row.registration)
    assert LtiPeople(tool, other.id).groupings(moodle.row.id) is None


def test_a_member_list_read_as_a_whole_is_complete(moodle, tool):
    def knows_all(**values) -> bool:
        with tool.begin() as connection:
            connection.execute(update(COURSE).values(**values))
        return moodle.people.knows_all(moodle.row.id)

    assert not knows_all(synced_at=None, sync_problem="")
    assert knows_all(synced_at=tool.wall(), sync_problem="")
    assert not knows_all(synced_at=tool.wall(), sync_problem="timeout")
    assert not moodle.people.knows_all("no-such-course")
