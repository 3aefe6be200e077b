"""How the platform finds us, what an operator may set, files, and the admin."""

from __future__ import annotations

import io
from datetime import datetime
from importlib.metadata import entry_points
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.core.files.storage import InMemoryStorage
from django.test import Client

from coursecrew.app.records import ALL
from coursecrew.domain.errors import NotFound
from coursecrew_openedx import settings as ours
from coursecrew_openedx.apps import CoursecrewConfig, CoursecrewUiConfig
from coursecrew_openedx.files import PlatformFiles
from coursecrew_openedx.links import MOUNT, PlatformLinks
from tests.openedx.conftest import Course
from tests.openedx.platform_stand_in import put


@pytest.mark.parametrize("group", ["lms.djangoapp", "cms.djangoapp"])
def test_both_apps_are_found_in_lms_and_studio(group: str) -> None:
    found = {point.name: point.load() for point in entry_points(group=group)}
    assert found["coursecrew"] is CoursecrewConfig
    assert found["coursecrew_ui"] is CoursecrewUiConfig
    for config in found.values():
        assert config.plugin_app is not None


def test_the_block_is_found_by_its_name() -> None:
    from coursecrew_team_assignment.block import TeamAssignmentBlock

    (point,) = [p for p in entry_points(group="xblock.v1") if p.name == "coursecrew_team_assignment"]
    assert point.load() is TeamAssignmentBlock


def test_our_addresses_are_hung_where_the_links_say() -> None:
    config = CoursecrewConfig.plugin_app["url_config"]["lms.djangoapp"]
    assert config["regex"] == f"^{MOUNT}/"
    assert config["namespace"] == "coursecrew"
    assert "cms.djangoapp" not in CoursecrewConfig.plugin_app["url_config"]


def test_settings_work_without_a_line_of_configuration(settings) -> None:
    platform = SimpleNamespace()
    ours.plugin_settings(platform)
    assert platform.XBLOCK_SETTINGS == {"coursecrew": {}}
    settings.XBLOCK_SETTINGS = platform.XBLOCK_SETTINGS
    assert ours.option("first_heading") == 3
    assert ours.option("full_names") is False
    assert ours.stand_in("scores") is None


def test_what_an_operator_set_is_kept() -> None:
    platform = SimpleNamespace(XBLOCK_SETTINGS={"coursecrew": {"full_names": True}, "other": {}})
    ours.plugin_settings(platform)
    assert platform.XBLOCK_SETTINGS == {"coursecrew": {"full_names": True}, "other": {}}


def test_a_mails_link_is_the_platforms_jump_to_the_block() -> None:
    place = "block-v1:edX+Demo+2020+type@coursecrew_team_assignment+block@abc"
    assert (
        PlatformLinks().to_activity(place, "course-v1:edX+Demo+2020")
        == f"https://lms.example/courses/course-v1:edX+Demo+2020/jump_to/{place}"
    )


# --- files ---


def test_a_file_is_kept_read_and_removed(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    files, name = PlatformFiles(), "f" * 32
    files.put(name, io.BytesIO(b"one"))
    files.put(name, io.BytesIO(b"one again"))  # a retry
    with files.open(name) as content:
        assert content.read() == b"one again"
    files.remove(name)
    files.remove(name)
    with pytest.raises(NotFound):
        files.open(name)


def test_a_name_that_is_none_of_ours_opens_nothing(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    for name in ("../settings", "a/b", ""):
        with pytest.raises(NotFound):
            PlatformFiles().open(name)


def test_a_bucket_of_its_own_is_used_where_the_operator_names_one(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    settings.STORAGES = {
        **settings.STORAGES,
        "coursecrew": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    files = PlatformFiles()
    files.put("e" * 32, io.BytesIO(b"elsewhere"))
    assert isinstance(files._storage, InMemoryStorage)
    assert list(tmp_path.iterdir()) == []


# --- large uploads ---

PLACE = "block-v1:edX+Demo+2020+type@coursecrew_team_assignment+block@abc"


@pytest.fixture
def platform(course: Course, monkeypatch: pytest.MonkeyPatch):
    """The platform's own loading of a block for a request."""
    asked = []

    def get_block_by_usage_id(request, course_id, usage_id):
        asked.append((request.user.username, course_id, usage_id))
        return course.block(request.user.username), None

    put(monkeypatch, "lms.djangoapps.courseware.block_render", get_block_by_usage_id=get_block_by_usage_id)
    return asked


def signed_in(course: Course, who: str) -> Client:
    client = Client()
    client.force_login(course.account(who))
    return client


def test_a_large_upload_is_the_handler_by_another_door(course: Course, platform) -> None:
    answer = signed_in(course, "ines").post(
        f"/coursecrew/upload/{PLACE}/teams/file", {"file": io.BytesIO(b"user,team_set,team,role\n")}
    )
    assert platform == [("ines", "course-v1:edX+Demo+2020", PLACE)]
    assert "data-coursecrew-part" in answer.content.decode()
    refused = signed_in(course, "passerby").post(f"/coursecrew/upload/{PLACE}/teams/file", {})
    assert refused.status_code == 403


def test_the_element_knows_the_door_for_large_files(course: Course) -> None:
    html = course.view("amara").content.decode()
    assert f'large-base="/coursecrew/upload/{course.place}" large-from="4000000"' in html
    assert "large-base" not in course.view("ines", "studio_view").content.decode()


def test_a_large_upload_needs_a_session_and_a_post(course: Course, platform) -> None:
    assert Client().post(f"/coursecrew/upload/{PLACE}/teams/file").status_code == 302
    assert signed_in(course, "ines").get(f"/coursecrew/upload/{PLACE}/teams/file").status_code == 405
    assert platform == []


def test_there_is_a_limit_here_too(course: Course, platform, settings) -> None:
    settings.XBLOCK_SETTINGS = {
        "coursecrew": {**settings.XBLOCK_SETTINGS["coursecrew"], "largest_upload": 10}
    }
    answer = signed_in(course, "ines").post(
        f"/coursecrew/upload/{PLACE}/teams/file", {"file": io.BytesIO(b"more than ten bytes")}
    )
    assert answer.status_code == 413
    assert platform == []


@pytest.mark.parametrize("place", ["not-a-key", PLACE])
def test_without_a_platform_or_a_key_there_is_no_such_page(course: Course, place: str) -> None:
    assert signed_in(course, "ines").post(f"/coursecrew/upload/{place}/teams/file").status_code == 404


# --- admin ---


def _in_admin(table: str) -> str:
    return table.removeprefix("coursecrew_").replace("_", "")


def test_operators_may_look_at_tables_and_change_none_and_closed_ones_are_not_there(course: Course) -> None:
    course.released("amara", "tomas")
    get_user_model().objects.create_superuser("operator", "operator@water.example", "long enough")
    client = signed_in(course, "operator")
    closed = [_in_admin(kind.table) for kind in ALL if kind.closed]
    assert "sandboxitem" in closed
    assert [table for table in closed if client.get(f"/admin/coursecrew/{table}/").status_code != 404] == []
    for table in ["person", *(_in_admin(kind.table) for kind in ALL if not kind.closed)]:
        page = client.get(f"/admin/coursecrew/{table}/")
        assert page.status_code == 200, table
        assert client.get(f"/admin/coursecrew/{table}/add/").status_code == 403, table
    key = course.key("amara")
    assert client.get("/admin/coursecrew/participant/", {"q": key}).content.decode().count(key) >= 1


# --- what the operators' guide promises ---


def test_the_export_of_the_guide_brings_everything_back(course: Course, tmp_path) -> None:
    from django.core.management import call_command

    from coursecrew_openedx.models import MODELS, Person

    course.released("amara", "tomas")

    def plain(value):
        """Django's JSON has milliseconds, the database microseconds."""
        if isinstance(value, datetime):
            return value.replace(microsecond=value.microsecond // 1000 * 1000)
        return value

    def everything() -> dict[str, list]:
        return {
            name: [{key: plain(value) for key, value in row.items()} for row in rows.values()]
            for name, model in {"person": Person, **MODELS}.items()
            for rows in [model._base_manager.order_by("pk")]
        }

    before = everything()
    call_command("dumpdata", "coursecrew", output=str(tmp_path / "coursecrew.json"))
    for model in (Person, *MODELS.values()):
        model._base_manager.all().delete()
    call_command("loaddata", str(tmp_path / "coursecrew.json"), verbosity=0)
    assert everything() == before
    assert before["person"]


def test_every_option_of_an_operator_is_in_the_guide() -> None:
    from pathlib import Path

    guide = Path(__file__).parents[2].joinpath("docs/operating-openedx.md").read_text(encoding="utf-8")
    for name in ours.DEFAULTS:
        assert f"`{name}`" in guide, name
