"""Scores on their way to the platform: columns, answers, order, and what a copy must never touch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from coursecrew.app.records import ACTIVITIES, CELLS
from coursecrew.app.unit_of_work import run
from coursecrew.domain.gradebook import Cell, Component, Delivery
from coursecrew_lti.messages import as_uuid
from tests.lti.conftest import Browser, find
from tests.lti.lms import AGS, AGS_CLAIM, INSTRUCTOR, as_json, stamp, status

TITLE = "Urban Water"


class Class:
    """A course with an activity, some learners, and cells that wait to be sent."""

    def __init__(self, app, tool, platform, *, course="/c1", context="ctx", link="link1", **claims):
        self.tool, self.platform, self.path = tool, platform, course
        teacher = Browser(app, platform)
        told = {
            **platform.services(course), "context": {"id": context},
            "resource_link": {"id": link, "title": TITLE}, **claims,
        }  # fmt: skip
        teacher.come_in(sub="teacher", roles=[INSTRUCTOR], **told)
        assert teacher.ui().status_code == 200
        tool.work.huey.flush()
        self.come_in = lambda sub: Browser(app, platform).launch(sub=sub, **told)
        self.course = find(tool, "COURSE", context=context)[0]
        self.place = find(tool, "PLACE", course=self.course.id, resource_link=link)[0]
        self.ports = tool.ports(self.course.registration)
        self.activity = run(
            self.ports, lambda unit: unit.store.find(ACTIVITIES, place=self.place.id, limit=1)[0]
        )

    def person(self, sub):
        """The key of a learner, who comes in at first mention."""
        if not find(self.tool, "USER", sub=sub):
            self.come_in(sub)
        return find(self.tool, "USER", sub=sub)[0].id

    def cell(self, sub="s1", value="87.5", component=Component.TOTAL, **more):
        return Cell(
            self.tool.ids.new(), self.activity.id, self.person(sub), component,
            None if value is None else Decimal(value), 1, next_try=self.tool.wall(), **more,
        )  # fmt: skip

    def send(self, cell=None, *, seconds=0):
        cell = cell or self.cell()
        return self.ports.gradebook.send(
            cell, value=cell.wanted, maximum=Decimal(100),
            stamp=self.tool.wall() + timedelta(seconds=seconds), title=TITLE,
        )  # fmt: skip

    def wait(self, *cells):
        """Put cells into the outbox."""
        run(self.ports, lambda unit: [unit.store.add(CELLS, cell) for cell in cells])

    def deliver(self):
        self.tool.work.deliver(self.course.registration)
        return run(self.ports, lambda unit: {row.person: row for row in unit.store.find(CELLS)})


@pytest.fixture
def make_class(app, tool, platform):
    return lambda **more: Class(app, tool, platform, **more)


@pytest.fixture
def one(make_class):
    return make_class()


# --- what a score says ---


def test_a_score_says_who_what_when_and_why(one):
    handed_in = one.tool.wall() - timedelta(days=2)
    cell = one.cell(comment="Late by 1 day = 10 points.", handed_in_at=handed_in)
    assert one.send(cell).kind == "ok"
    [score] = one.platform.scores
    assert score.body == {
        "userId": "s1",
        "scoreGiven": 87.5,
        "scoreMaximum": 100,
        "comment": "Late by 1 day = 10 points.",
        "timestamp": stamp(one.tool.wall()),
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "submission": {"submittedAt": stamp(handed_in)},
    }


def test_a_grade_taken_back_is_cleared(one):
    one.send(one.cell(value=None))
    [score] = one.platform.scores
    assert "scoreGiven" not in score.body
    assert "comment" not in score.body
    assert score.body["gradingProgress"] == "PendingManual"


def test_a_grade_of_nothing_is_a_grade(one):
    one.send(one.cell(value="0"))
    assert one.platform.scores[0].body["scoreGiven"] == 0


def test_canvas_is_told_not_to_use_up_an_attempt(make_class):
    canvas = make_class(tool_platform={"guid": "c", "product_family_code": "canvas"})
    handed_in = canvas.tool.wall() - timedelta(hours=1)
    canvas.send(canvas.cell(handed_in_at=handed_in))
    told = canvas.platform.scores[0].body["https://canvas.instructure.com/lti/submission"]
    assert told == {"new_submission": False, "submitted_at": stamp(handed_in)}


# --- columns ---


def test_a_column_is_made_once_and_its_address_may_have_a_query(one):
    assert one.send().kind == "ok"
    assert one.send(one.cell("s2")).kind == "ok"
    [item] = one.platform.items.values()
    assert item["label"] == TITLE
    assert item["tag"] == "total"
    assert item["scoreMaximum"] == 100
    assert item["resourceId"] == as_uuid(one.place.item)
    assert item["resourceLinkId"] == "link1"
    assert item["id"].endswith("?type_id=7")
    assert len(one.platform.scores) == 2


def test_the_column_that_came_with_the_launch_is_used(make_class, platform):
    own = platform.add_item("/c1", {"label": "By the platform", "scoreMaximum": 100})
    one = make_class(**{AGS_CLAIM: platform.services("/c1", item=own["id"])[AGS_CLAIM]})
    assert one.send().kind == "ok"
    assert [score.item for score in platform.scores] == ["/c1/lineitems/1"]
    assert len(platform.items) == 1


def test_a_second_column_on_the_link_does_not_lose_the_first(make_class, app, platform):
    own = platform.add_item("/c1", {"label": "By the platform", "scoreMaximum": 100})
    one = make_class(**{AGS_CLAIM: platform.services("/c1", item=own["id"])[AGS_CLAIM]})
    # From now on the platform names no column any more, as Moodle does with two of them.
    Browser(app, platform).launch(sub="s1", **platform.services("/c1"))
    one.send(one.cell(component=Component.REVIEW, value="4"))
    one.send()
    assert [score.item for score in platform.scores] == ["/c1/lineitems/2", "/c1/lineitems/1"]
    assert platform.items["/c1/lineitems/2"]["label"] == "Urban Water: review"


def test_a_column_declared_without_our_names_is_found_by_its_link(one):
    one.platform.add_item("/c1", {"label": "Declared", "scoreMaximum": 50, "resourceLinkId": "link1"})
    one.platform.add_item("/c1", {"label": "Another", "scoreMaximum": 50, "resourceLinkId": "link2"})
    one.send()
    assert one.platform.scores[0].item == "/c1/lineitems/1"
    assert len(one.platform.items) == 2


def picked(app, platform, tool):
    """An assignment that a teacher picked, and what its item says of itself."""
    from coursecrew_lti import places

    one = find(tool, "COURSE")[0]
    with tool.begin() as connection:
        return places.pick_place(
            connection, registration=one.registration, course=one.id, title=TITLE, kind="team_assignment",
            ids=tool.ids, now=tool.wall(),
        )  # fmt: skip


def test_a_copied_course_uses_its_own_column_and_makes_no_second_one(make_class, app, tool, platform):
    make_class(link="other")
    item = as_uuid(picked(app, platform, tool).item)
    custom = {"custom": {"coursecrew_item": item}}
    original = make_class(**custom)
    assert original.place.item == original.place.id
    original.send()
    # The platform copies the course: new context, new link, the same custom value and resource id.
    copied = {"label": TITLE, "resourceId": item, "tag": "total", "resourceLinkId": "copied"}
    platform.add_item("/copy", copied)
    copy = make_class(course="/copy", context="ctx2", link="copied", **custom)
    assert copy.place.item == original.place.item
    assert copy.place.id != original.place.id
    assert copy.place.origin == original.place.id
    assert copy.activity.id != original.activity.id
    copy.send()
    assert [score.item for score in platform.scores] == ["/c1/lineitems/1", "/copy/lineitems/2"]
    assert len(platform.items) == 2


def test_a_duplicate_in_the_course_never_writes_into_the_originals_column(make_class, app, tool, platform):
    make_class(link="other")
    item = as_uuid(picked(app, platform, tool).item)
    original = make_class(custom={"coursecrew_item": item})
    original.send()
    duplicate = make_class(link="duplicate", custom={"coursecrew_item": item})
    duplicate.send()
    assert [score.item for score in platform.scores] == ["/c1/lineitems/1", "/c1/lineitems/2"]
    assert platform.items["/c1/lineitems/2"]["resourceLinkId"] == "duplicate"


def test_a_column_that_was_deleted_is_looked_for_and_made_again(one):
    one.send()
    one.platform.items.clear()
    assert one.send(seconds=1).kind == "ok"
    assert len(one.platform.items) == 1
    one.send(seconds=2)
    assert len(one.platform.items) == 1


def test_a_column_that_moved_is_bound_again(one):
    one.send()
    moved = one.platform.items.pop("/c1/lineitems/1")
    one.platform.items["/c1/lineitems/9"] = {**moved, "id": f"{one.platform.url}/c1/lineitems/9?type_id=7"}
    assert one.send(seconds=1).kind == "ok"
    assert one.platform.scores[-1].item == "/c1/lineitems/9"
    assert len(one.platform.items) == 1


def test_a_column_far_down_a_long_list_is_found(one):
    mine = {"label": TITLE, "resourceId": as_uuid(one.place.item), "tag": "total", "resourceLinkId": "link1"}
    found = one.platform.add_item("/c1", mine)

    def first_page(request):
        answer = as_json([{"id": "https://elsewhere", "tag": "total"}])
        answer.headers["Link"] = f'<{one.platform.url}/c1/lineitems?p=2>; rel="next"'
        return answer

    one.platform.fault("/lineitems", first_page)
    one.send()
    assert one.platform.scores[0].item in found["id"]


# --- what gradebooks answer ---


REFUSALS = [
    (409, "", "older", "older_stamp"),
    (400, "Provided timestamp is before last updated timestamp", "older", "older_stamp"),
    (400, "Incorrect score received", "refused", "not_gradable"),
    (422, "User not found in course or is not a student", "refused", "not_gradable"),
    (400, "", "refused", "status_400"),
    (403, "403 Forbidden (Rate Limit Exceeded)", "later", "rate_limit"),
    (403, "", "refused", "not_permitted"),
    (401, "", "later", "status_401"),
    (412, "", "refused", "status_412"),
    (429, "", "later", "rate_limit"),
    (500, "timestamp", "later", "status_500"),
    (503, "", "later", "status_503"),
]


@pytest.mark.parametrize(("code", "text", "kind", "word"), REFUSALS)
def test_what_each_answer_means_for_the_delivery(one, code, text, kind, word):
    one.platform.fault("/scores", *[status(code, text)] * 2)
    answer = one.send()
    assert (answer.kind, answer.code) == (kind, word)


def test_a_platform_may_say_how_long_to_wait(one):
    one.platform.fault("/scores", status(429, Retry_After="120"))
    assert one.send().wait_seconds == 120


def test_a_platform_that_does_not_answer_is_asked_later(one):
    one.platform.stop()
    answer = one.send()
    assert (answer.kind, answer.code) == ("later", "no_connection")
    one.platform.start()


def test_an_older_stamp_brings_the_gradebooks_own(one):
    one.send()
    later = one.tool.wall() + timedelta(minutes=5)
    one.platform.stamps["/c1/lineitems/1", "s1"] = stamp(later)
    answer = one.send()
    assert answer.kind == "older"
    assert answer.stamp == later


def test_a_column_that_stays_away_needs_to_be_bound_again(one):
    one.platform.fault("/scores", *[status(404)] * 2)
    answer = one.send()
    assert (answer.kind, answer.code) == ("refused", "needs_rebind")


def test_scopes_that_an_administrator_cut_are_named(make_class, platform):
    few = make_class(**{AGS_CLAIM: platform.services(scopes=(AGS + "lineitem.readonly",))[AGS_CLAIM]})
    assert few.send().code == "scope_missing"
    assert platform.asked_for("/c1/lineitems") == 0


def test_without_the_right_to_make_columns_none_is_made(make_class, platform):
    scopes = (AGS + "score", AGS + "lineitem.readonly")
    few = make_class(**{AGS_CLAIM: platform.services(scopes=scopes)[AGS_CLAIM]})
    answer = few.send()
    assert (answer.kind, answer.code) == ("refused", "scope_missing")
    assert not platform.items


def test_a_link_without_a_gradebook_says_so(make_class):
    none = make_class(**{AGS_CLAIM: None})
    answer = none.send()
    assert (answer.kind, answer.code) == ("refused", "no_gradebook")


def test_somebody_whom_the_platform_never_named_is_refused(one):
    stranger = replace(one.cell(), person="e" * 32)
    assert one.send(stranger).code == "person_unknown"


def test_endpoints_are_those_of_the_newest_launch(one, app):
    Browser(app, one.platform).launch(sub="s1", **one.platform.services("/moved"))
    one.send()
    assert list(one.platform.items) == ["/moved/lineitems/1"]


def test_a_gradebook_on_a_foreign_host_gets_nothing(make_class):
    claim = {AGS_CLAIM: {"scope": [AGS + "score", AGS + "lineitem"], "lineitems": "http://localhost:1/items"}}
    answer = make_class(**claim).send()
    assert (answer.kind, answer.code) == ("refused", "host_not_allowed")


# --- through the outbox ---


def test_one_learner_without_a_gradable_role_does_not_stop_the_team(one):
    one.platform.not_gradable.add("s3")
    one.wait(*(one.cell(f"s{number}") for number in range(1, 6)))
    cells = one.deliver()
    assert {score.body["userId"] for score in one.platform.scores} == {"s1", "s2", "s4", "s5"}
    refused = cells[one.person("s3")]
    assert (refused.state, refused.answer) == (Delivery.REFUSED, "not_gradable")
    assert all(cell.state is Delivery.SENT for who, cell in cells.items() if who != one.person("s3"))


def test_after_a_newer_stamp_the_next_try_is_later_still(one, clock):
    theirs = clock.now() + timedelta(seconds=90)
    one.send(one.cell("s2"))  # makes the column
    one.platform.stamps["/c1/lineitems/1", "s1"] = stamp(theirs)
    one.wait(one.cell())
    [cell] = one.deliver().values()
    assert (cell.state, cell.answer) == (Delivery.WAITING, "older_stamp")
    clock.advance(seconds=5)
    [cell] = one.deliver().values()
    assert cell.state is Delivery.SENT
    assert cell.stamp == theirs + timedelta(seconds=1)


def test_a_newer_grade_wins_and_stamps_rise(one, clock):
    one.wait(one.cell())
    [cell] = one.deliver().values()

    def ask(unit):
        return unit.store.save(
            CELLS,
            unit.store.get(CELLS, cell.id).asked(Decimal(90), 2, comment="", handed_in_at=None, now=unit.now),
        )

    run(one.ports, ask)
    one.deliver()
    first, second = (score.body for score in one.platform.scores)
    assert second["scoreGiven"] == 90
    assert second["timestamp"] == stamp(clock.now() + timedelta(seconds=1)) > first["timestamp"]


def test_a_failing_platform_is_asked_ever_more_rarely(one, clock):
    one.platform.fault("/scores", *[status(500)] * 9)
    one.wait(one.cell())
    waits = []
    for _ in range(4):
        [cell] = one.deliver().values()
        waits.append(cell.next_try - clock.now())
        clock.move_to(cell.next_try)
    assert waits == sorted(waits)
    assert timedelta(minutes=1) <= waits[0] < timedelta(minutes=2)
    assert waits[-1] >= timedelta(minutes=8)


def test_an_access_token_that_ends_in_the_middle_is_changed(one):
    one.wait(*(one.cell(f"s{number}") for number in range(1, 6)))

    def forget(_request):
        one.platform.tokens.clear()

    one.platform.fault("/scores", lambda _r: None, forget)
    assert all(cell.state is Delivery.SENT for cell in one.deliver().values())
    assert len(one.platform.scores) == 5


def test_two_workers_send_each_score_once(one):
    import threading

    one.wait(*(one.cell(f"s{number}") for number in range(1, 6)))
    workers = [threading.Thread(target=one.deliver) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(score.body["userId"] for score in one.platform.scores) == ["s1", "s2", "s3", "s4", "s5"]


def test_the_address_of_a_column_is_kept_with_its_place(one):
    one.send()
    [row] = find(one.tool, "PLACE")
    assert row.line_items == {"total": f"{one.platform.url}/c1/lineitems/1?type_id=7"}
