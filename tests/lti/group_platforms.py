"""Moodle's and Canvas's own interfaces as far as groups are read, on the platform of the tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from tests.lti.lms import Answer, Platform, as_json

TOKEN = "geheim"


class Always(list[Answer]):
    """Answers of one kind that never run out."""

    def __bool__(self) -> bool:
        return True

    def pop(self, _index: Any = -1) -> Answer:
        return self[0]


def serve(platform: Platform, part: str, answer: Answer) -> None:
    """Let everything whose path has `part` be answered so."""
    platform.faults[part] = Always([answer])


@dataclass
class Moodle:
    """Web services: always 200, and an `exception` for everything that is refused."""

    course: str = "2"
    groups: dict[int, tuple[str, list[int]]] = field(default_factory=dict)
    groupings: dict[int, tuple[str, list[int]]] = field(default_factory=dict)
    calls: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        form = request.form.to_dict()
        self.calls.append(form)
        if form.get("wstoken") != TOKEN:
            return self._refused("invalidtoken")
        if form["wsfunction"] == "core_webservice_get_site_info":
            return as_json({"fullname": "Group Service", "sitename": "Riverside"})
        if form.get("courseid", self.course) != self.course:
            return self._refused("errorcoursecontextnotvalid")
        answer = getattr(self, form["wsfunction"].removeprefix("core_group_"), None)
        return as_json(answer(form)) if answer else self._refused("accessexception")

    def _refused(self, code: str) -> Response:
        return as_json({"exception": "moodle_exception", "errorcode": code, "message": "…"})

    def get_course_groups(self, _form: dict[str, str]) -> Any:
        return [{"id": id, "courseid": 2, "name": name} for id, (name, _) in self.groups.items()]

    def get_course_groupings(self, _form: dict[str, str]) -> Any:
        return [{"id": id, "courseid": 2, "name": name} for id, (name, _) in self.groupings.items()]

    def get_groupings(self, form: dict[str, str]) -> Any:
        name, groups = self.groupings[int(form["groupingids[0]"])]
        assert form["returngroups"] == "1"
        inside = [{"id": id, "name": self.groups[id][0]} for id in groups]
        return [{"id": 1, "name": name, "groups": inside}]

    def get_group_members(self, form: dict[str, str]) -> Any:
        ids = [int(value) for key, value in form.items() if key.startswith("groupids[")]
        return [{"groupid": id, "userids": self.groups[id][1]} for id in ids]


@dataclass
class Canvas:
    """REST with a bearer token and pages of two."""

    course: str
    url: str
    users: dict[int, dict[str, str]] = field(default_factory=dict)
    categories: dict[int, str] = field(default_factory=dict)
    groups: dict[int, tuple[int, str, list[int]]] = field(default_factory=dict)

    def __call__(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Response(status=401)
        *_, kind, id, what = unquote(request.path).split("/")
        if request.path == "/api/v1/users/self":
            return as_json({"name": "Group Service"})
        if kind == "courses" and id != f"lti_context_id:{self.course}":
            return Response(status=404)
        found: dict[tuple[str, str], Any] = {
            ("courses", "group_categories"): lambda: [
                {"id": one, "name": name} for one, name in self.categories.items()
            ],
            ("courses", "users"): lambda: [{"id": one, **told} for one, told in self.users.items()],
            ("group_categories", "groups"): lambda: [
                {"id": one, "name": name}
                for one, (category, name, _) in self.groups.items()
                if category == int(id)
            ],
            ("groups", "users"): lambda: [{"id": one, "name": "?"} for one in self.groups[int(id)][2]],
        }
        return self._page(request, found[kind, what]())

    def _page(self, request: Request, rows: list[Any]) -> Response:
        number = int(request.args.get("page", "1"))
        answer = as_json(rows[2 * number - 2 : 2 * number])
        if len(rows) > 2 * number:
            more = f"{self.url}{request.path}?page={number + 1}&per_page=100"
            answer.headers["Link"] = f'<{more}>; rel="next"'
        return answer
