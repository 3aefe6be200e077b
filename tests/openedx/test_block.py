"""The team assignment in the XBlock workbench: its views, its handler, and who gets in."""

from __future__ import annotations

import json
from types import ModuleType, SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from coursecrew.app.records import ALL
from tests.openedx.conftest import Course, field_of

COURSE_KEY = "course-v1:edX+Demo+2020"


def ours(queries) -> list[str]:
    """The statements that name a table of ours."""
    return [query["sql"] for query in queries.captured_queries if '"coursecrew_' in query["sql"]]


def stored() -> dict[str, int]:
    """How many rows each table of the core has."""
    from coursecrew_openedx.models import MODELS

    return {kind.table: MODELS[kind.table]._base_manager.count() for kind in ALL}


# --- views ---


def test_every_service_of_the_sample_platform_is_really_there(course: Course) -> None:
    """The workbench leaves out a service that does not load, without a word."""
    block = course.block("amara")
    for name in ("user", "enrollments", "studio_user_permissions", "i18n", "settings"):
        assert block.runtime.service(block, name) is not None, name


def test_the_student_view_names_handler_cookie_and_style(course: Course, settings) -> None:
    settings.CSRF_COOKIE_NAME = "campus_csrf"
    html = course.view("amara").content.decode()
    assert f'base="/handler/{course.place}/ui/?student=amara"' in html
    assert 'csrf-cookie="campus_csrf"' in html
    assert 'stylesheet="/static/coursecrew/coursecrew.css"' in html
    assert "/static/coursecrew/coursecrew.js" in html


def test_script_and_style_are_found_by_djangos_static_files() -> None:
    from django.contrib.staticfiles import finders

    for name in ("coursecrew/coursecrew.js", "coursecrew/coursecrew.css", "coursecrew_openedx/studio.js"):
        assert finders.find(name), name


def test_the_author_view_asks_none_of_our_tables(course: Course) -> None:
    course.get("amara")  # there are rows it could show
    with CaptureQueriesContext(connection) as queries:
        html = course.view("ines", "author_view").content.decode()
    assert ours(queries) == []
    assert "district engineer in Kisumu" in html
    assert "Amara" not in html


def test_the_author_view_tells_the_short_name_that_a_peer_review_is_given(course: Course) -> None:
    from coursecrew_openedx.activities import short_name

    html = course.view("ines", "author_view").content.decode()
    assert f"<code>{short_name(course.place)}</code>" in html


def test_the_author_view_of_a_new_block_says_what_is_missing(course: Course) -> None:
    course.scenario = "coursecrew_team_assignment.4"
    html = course.view("ines", "author_view").content.decode()
    assert "The goal is missing" in html
    assert "The rubric has no criterion" in html


def test_the_public_view_shows_the_goal_and_asks_no_table(course: Course) -> None:
    with CaptureQueriesContext(connection) as queries:
        html = course.view("nobody", "public_view").content.decode()
    assert ours(queries) == []
    assert "district engineer in Kisumu" in html
    assert "coursecrew-activity" not in html


# --- what the platform collects with nobody there ---


def test_collected_facts_need_no_person_and_no_table(course: Course) -> None:
    block = course.block(None)
    with CaptureQueriesContext(connection) as queries:
        facts = block.student_view_data()
        index = block.index_dictionary()
        highest = block.max_score()
    assert ours(queries) == []
    assert json.loads(json.dumps(facts))["team_size"] == {"min": 2, "max": 5}
    assert highest == 100
    assert index["content_type"] == "Team assignment"
    assert index["content"]["display_name"] == "Cut water loss in one district"
    assert "Where the water goes" in index["content"]["prompts"]
    assert "Manyatta" in index["content"]["task"]


def test_the_block_says_how_it_is_graded_and_completed() -> None:
    from coursecrew_team_assignment.block import TeamAssignmentBlock

    assert TeamAssignmentBlock.has_score
    assert TeamAssignmentBlock.has_custom_completion
    assert TeamAssignmentBlock.has_author_view
    assert TeamAssignmentBlock.completion_mode == "completable"
    assert TeamAssignmentBlock.block_settings_key == "coursecrew"
    assert TeamAssignmentBlock.student_view._supports == {"multi_device"}


def test_no_field_takes_a_name_of_the_platforms_own_fields() -> None:
    from coursecrew_team_assignment.block import TeamAssignmentBlock

    taken = {
        "start", "due", "graceperiod", "graded", "format", "group_access", "user_partitions", "self_paced",
        "visible_to_staff_only", "relative_weeks_due", "max_attempts", "show_correctness", "showanswer",
        "hide_from_toc", "chrome", "default_tab", "upstream",
    }  # fmt: skip
    assert not taken & set(TeamAssignmentBlock.fields)


def test_validation_lists_what_blocks_publishing(course: Course) -> None:
    assert course.block("ines").validate().empty
    course.scenario = "coursecrew_team_assignment.4"
    texts = [message.text for message in course.block("ines").validate().messages]
    assert any("goal" in text for text in texts)


@pytest.mark.parametrize("document", [{"prompts": 5}, {"teams": "four"}, {"rubric": {"criteria": [{}]}}])
def test_a_settings_document_of_another_shape_is_named_not_fatal(course: Course, document) -> None:
    block = course.block("ines")
    block.settings = document
    messages = block.validate().messages
    assert [message.type for message in messages] == ["error"]
    assert block.student_view_data()["goal"] == ""


# --- who gets in ---


def test_a_stranger_is_refused_and_leaves_no_row(course: Course) -> None:
    before = stored()
    for answer in (course.get("passerby"), course.post("passerby", "team/found", name="Us")):
        assert answer.status_code == 403
        assert "Only people enrolled in this course" in answer.content.decode()
    assert stored() == before


def test_a_visitor_without_an_account_is_asked_to_sign_in(course: Course) -> None:
    answer = course.get("nobody")
    assert answer.status_code == 403
    assert "You are not signed in" in answer.content.decode()


def test_somebody_unenrolled_meanwhile_is_refused(course: Course) -> None:
    from demo.studio.models import Enrolment

    assert course.get("amara").status_code == 200
    Enrolment.objects.filter(user__username="amara").update(is_active=False)
    assert course.get("amara").status_code == 403
    assert course.post("amara", "team/found", name="Us").status_code == 403


def test_course_staff_come_in_without_enrolment_of_their_own(course: Course) -> None:
    from demo.studio.platform import SampleEnrolments

    assert course.account("ines")
    assert "for the course staff" in course.get("ines").content.decode()
    assert SampleEnrolments().is_course_staff(course.account("ines"), COURSE_KEY)


def test_a_learner_does_not_reach_staff_screens(course: Course) -> None:
    course.get("amara")
    for path in ("people", "grading", "teams", "release"):
        assert course.get("amara", path).status_code == 403, path


def test_an_unknown_path_is_a_page_of_ours(course: Course) -> None:
    answer = course.get("amara", "nowhere/at/all")
    assert answer.status_code == 404
    assert "data-coursecrew-part" in answer.content.decode()


def test_a_learner_is_known_by_a_random_key_in_every_table(course: Course) -> None:
    from coursecrew_openedx.models import MODELS

    course.get("amara")
    row = MODELS["coursecrew_participant"]._base_manager.get()
    assert row.person == course.key("amara")
    assert len(row.person) == 32
    assert set(row.person) <= set("0123456789abcdef")
    assert row.name == "Amara Okafor"


def test_user_names_are_shown_where_full_names_are_not_allowed(course: Course, settings) -> None:
    from coursecrew_openedx.models import MODELS

    settings.XBLOCK_SETTINGS = {"coursecrew": {**settings.XBLOCK_SETTINGS["coursecrew"], "full_names": False}}
    course.get("amara")
    assert MODELS["coursecrew_participant"]._base_manager.get().name == "amara"


# --- staff who look on as a learner ---


@pytest.fixture
def looking_on(monkeypatch: pytest.MonkeyPatch, course: Course):
    """The platform's masquerade: the request's real user is ines, the block is given somebody else."""
    from opaque_keys.edx.keys import CourseKey

    real = SimpleNamespace(username="ines", masquerade_settings={})
    crum, masquerade = ModuleType("crum"), ModuleType("lms.djangoapps.courseware.masquerade")
    crum.get_current_user = lambda: real
    masquerade.get_course_masquerade = lambda user, key: user.masquerade_settings.get(key)
    for name in ("lms", "lms.djangoapps", "lms.djangoapps.courseware"):
        monkeypatch.setitem(sys_modules(), name, ModuleType(name))
    monkeypatch.setitem(sys_modules(), "lms.djangoapps.courseware.masquerade", masquerade)
    monkeypatch.setitem(sys_modules(), "crum", crum)

    def view_as(role: str, user_name: str | None = None) -> None:
        real.masquerade_settings[CourseKey.from_string(COURSE_KEY)] = SimpleNamespace(
            role=role, user_name=user_name
        )

    return view_as


def sys_modules():
    import sys

    return sys.modules


def test_staff_looking_on_as_a_learner_leave_no_trace(course: Course, looking_on) -> None:
    course.get("amara")
    before = stored()
    looking_on("student", "amara")
    assert course.get("amara").status_code == 200
    refused = course.post("amara", "team/found", name="Made by nobody")
    assert refused.status_code == 403
    assert stored() == before
    assert course.block("amara").touched is False


def test_staff_in_the_general_learners_view_take_no_part(course: Course, looking_on) -> None:
    looking_on("student")
    assert "for the course staff" not in course.get("ines").content.decode()
    assert course.post("ines", "team/found", name="Made by staff").status_code == 403
    assert stored()["coursecrew_participant"] == 0


def test_going_back_to_the_staff_view_is_no_masquerade(course: Course, looking_on) -> None:
    looking_on("staff")
    assert "for the course staff" in course.get("ines").content.decode()


# --- requests and answers ---


def test_a_post_needs_the_token_in_the_header(course: Course) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get(f"/scenario/{course.scenario}/", {"student": "amara"})
    address = f"/handler/{course.place}/ui/team/found?student=amara"
    assert client.post(address, {"name": "Blue Ledger"}).status_code == 403
    token = client.cookies["csrftoken"].value
    answer = client.post(address, {"name": "Blue Ledger"}, headers={"X-CSRFToken": token})
    assert answer.status_code == 200
    assert "Blue Ledger" in answer.content.decode()


def test_a_refusal_keeps_status_and_typed_text(course: Course) -> None:
    answer = course.post("amara", "team/found", name=" ", motto="Measure first")
    assert answer.status_code == 422
    assert "Measure first" in answer.content.decode()


def test_the_same_request_key_founds_one_team(course: Course) -> None:
    key = field_of(course.get("amara", "team/found"), "request_key")
    for _ in range(2):
        assert course.post("amara", "team/found", name="Blue Ledger", request_key=key).status_code == 200
    assert stored()["coursecrew_team"] == 1


def test_a_learners_first_act_marks_the_platforms_state_and_looking_does_not(course: Course) -> None:
    course.get("amara")
    assert course.block("amara").touched is False
    course.post("amara", "team/found", name="Blue Ledger")
    assert course.block("amara").touched is True
    course.post("ines", "teams/make", name="Made by staff")
    assert course.block("ines").touched is False


class BrokenEnrolments:
    runtime = None

    def get_active_enrollments_by_course_and_user(self, course_id, user_id):
        raise RuntimeError("the enrolment tables are gone")


def test_a_fault_is_told_with_a_number_that_stands_in_the_log(course: Course, settings, caplog) -> None:
    services = {**settings.WORKBENCH["services"], "enrollments": f"{__name__}.BrokenEnrolments"}
    settings.WORKBENCH = {**settings.WORKBENCH, "services": services}
    answer = course.get("amara")
    assert answer.status_code == 500
    reference = next(record.args[0] for record in caplog.records if record.name.startswith("coursecrew"))
    assert reference in answer.content.decode()
    assert "the enrolment tables are gone" in caplog.text


def test_authored_addresses_become_the_platforms_own(course: Course, settings) -> None:
    services = {**settings.WORKBENCH["services"], "replace_urls": f"{__name__}.Addresses"}
    settings.WORKBENCH = {**settings.WORKBENCH, "services": services}
    block = course.block("ines")
    block.settings = {**block.settings, "task": "Look at the map: ![Manyatta](/static/map.png)"}
    block.save()
    html = course.get("amara").content.decode()
    assert 'src="/assets/course/map.png"' in html


class Addresses:
    runtime = None

    def replace_urls(self, html):
        return html.replace("/static/map.png", "/assets/course/map.png")


# --- Studio ---


def test_the_editor_lets_the_course_team_in_and_nobody_else(course: Course) -> None:
    assert course.get("ines", "studio/settings").status_code == 200
    refused = course.get("amara", "studio/settings")
    assert refused.status_code == 403
    assert "Only instructors and authors" in refused.content.decode()
    assert course.post("amara", "studio/settings/save", goal="Mine").status_code == 403


def test_the_editor_is_the_cores_form_and_brings_its_own_button(course: Course) -> None:
    html = course.view("ines", "studio_view").content.decode()
    assert "editor-with-buttons" in html
    assert f'base="/handler/{course.place}/ui/studio?student=ines"' in html
    assert 'path="settings"' in html
    assert "coursecrew-close" in html


def test_saving_in_studio_changes_the_fields_and_no_table_of_learners(course: Course) -> None:
    before = stored()
    filled = course.post("ines", "studio/settings/starter")
    assert filled.status_code == 200
    assert stored() == before

    form = _form_values(course.get("ines", "studio/settings").content.decode())
    form |= {"title": "A plan for Kisumu", "goal": 'A "plan"\nfor <Monday> & later'}
    saved = course.post("ines", "studio/settings/save", **form)

    assert saved.status_code == 200
    assert "A plan for Kisumu" in saved.content.decode()  # the same answer shows what is stored
    block = course.block("ines")
    assert block.display_name == "A plan for Kisumu"
    assert block.settings["goal"].startswith('A "plan"')
    assert "title" not in block.settings
    assert stored() == before


def test_settings_that_cannot_be_are_refused_and_leave_the_fields_alone(course: Course) -> None:
    before = course.block("ines").settings
    form = _form_values(course.get("ines", "studio/settings").content.decode())
    refused = course.post("ines", "studio/settings/save", **{**form, "team_min": "9", "team_max": "2"})
    assert refused.status_code == 422
    assert course.block("ines").settings == before


def test_what_an_author_saved_is_in_force_once_somebody_comes_in(course: Course) -> None:
    form = _form_values(course.get("ines", "studio/settings").content.decode())
    course.post("ines", "studio/settings/save", **{**form, "goal": "A plan for one street."})
    assert "A plan for one street." in course.get("amara").content.decode()


def test_two_authors_in_studio_keep_what_both_changed_and_choose_where_they_clash(course: Course) -> None:
    first = _form_values(course.get("ines", "studio/settings").content.decode())
    second = dict(first)
    course.post("ines", "studio/settings/save", **{**first, "goal": "A plan for one street."})

    other = course.post("ines", "studio/settings/save", **{**second, "done_when": "A neighbour agrees"})
    assert other.status_code == 200
    assert course.block("ines").settings["goal"] == "A plan for one street."
    assert course.block("ines").settings["done_when"] == ["A neighbour agrees"]

    clash = course.post("ines", "studio/settings/save", **{**second, "goal": "A plan for a whole city."})
    assert clash.status_code == 409
    assert "A plan for one street." in clash.content.decode()
    assert "A plan for a whole city." in clash.content.decode()
    assert course.block("ines").settings["goal"] == "A plan for one street."
    again = _form_values(clash.content.decode())
    chosen = course.post("ines", "studio/settings/save", **{**again, "keep-goal": "yours"})
    assert chosen.status_code == 200
    assert course.block("ines").settings["goal"] == "A plan for a whole city."


def _form_values(html: str) -> dict[str, str]:
    """What a browser would send of the settings form, untouched."""
    from html.parser import HTMLParser

    values: dict[str, str] = {}

    class Reader(HTMLParser):
        area = option = None

        def handle_starttag(self, tag, attrs):
            have = dict(attrs)
            if tag == "form":
                self.inside = "settings" in (have.get("class") or "")
            if not getattr(self, "inside", False) or ("name" not in have and tag != "option"):
                return
            if tag == "input" and (have.get("type") not in ("radio", "checkbox") or "checked" in have):
                values[have["name"]] = have.get("value") or ("on" if have.get("type") == "checkbox" else "")
            elif tag == "textarea":
                self.area, values[have["name"]] = have["name"], ""
            elif tag == "select":
                self.option = have["name"]
            elif tag == "option" and self.option and "selected" in have:
                values[self.option] = have.get("value") or ""

        def handle_data(self, data):
            if self.area:
                values[self.area] += data

        def handle_endtag(self, tag):
            if tag == "textarea":
                self.area = None
            if tag == "form":
                self.inside = False

    Reader().feed(html)
    return values


# --- export and import ---


def test_settings_survive_an_export_and_an_import(course: Course) -> None:
    from lxml import etree
    from workbench.runtime import WorkbenchRuntime

    block = course.block("ines")
    document = {
        **block.settings,
        "goal": "Quotes \" and ', signs < > &, a new\nline, and العربية",
        "task": "| a | b |\n|---|---|\n| 1 | 2 |",
    }
    block.keep_settings({**document, "title": 'The "first" <plan>'})
    node = etree.Element("unknown")
    block.add_xml_to_node(node)
    text = etree.tostring(node, encoding="unicode")

    runtime = WorkbenchRuntime("ines")
    again = runtime.get_block(runtime.parse_xml_string(text))

    assert again.settings == document
    assert again.display_name == 'The "first" <plan>'
    assert again.weight == block.weight
    assert "option:settings" in text or "settings" in [etree.QName(child).localname for child in node]


def test_each_scenario_can_be_opened_by_learner_author_and_visitor(course: Course) -> None:
    from workbench.scenarios import get_scenarios

    for name in [name for name in get_scenarios() if name.startswith("coursecrew_")]:
        course.scenario = name
        for view, who in (("student_view", "amara"), ("author_view", "ines"), ("public_view", "nobody")):
            assert course.view(who, view).status_code == 200, (name, view)
        assert course.get("amara").status_code == 200, name
        assert course.get("ines").status_code == 200, name


# --- files ---


@pytest.fixture
def picture(course: Course, ports, settings, tmp_path):
    """A picture that belongs to the task."""
    import io

    from coursecrew.app.files import add_file
    from coursecrew.domain.people import Actor, Role

    settings.MEDIA_ROOT = str(tmp_path)
    course.get("ines")
    ines = Actor(course.key("ines"), COURSE_KEY, Role.INSTRUCTOR, may_author=True)
    content = io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IEND" + bytes(4))
    return add_file(ports, ines, course.row("activity").id, name="Karte für “Kisumu”.png", content=content)


def test_a_file_leaves_as_an_attachment_for_people_of_the_course(course: Course, picture) -> None:
    answer = course.get("amara", f"files/{picture.id}")
    assert answer.status_code == 200
    assert b"".join(answer).startswith(b"\x89PNG")
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith('attachment; filename="Karte f_r _Kisumu_.png"')
    assert "filename*=UTF-8''Karte%20f%C3%BCr" in answer["Content-Disposition"]


def test_a_file_is_refused_to_strangers_and_a_guessed_one_is_not_there(course: Course, picture) -> None:
    assert course.get("passerby", f"files/{picture.id}").status_code == 403
    assert course.get("amara", f"files/{'0' * 32}").status_code == 404


def test_a_task_links_its_file_by_the_handlers_address(course: Course, picture) -> None:
    block = course.block("ines")
    block.settings = {**block.settings, "task": f"![The map](file:{picture.id})"}
    block.save()
    html = course.get("amara").content.decode()
    assert f'src="/handler/{course.place}/ui/files/{picture.id}?student=amara"' in html
