"""Access to a platform's own groups, through Moodle's web services or Canvas's interface.

LTI has no service that both platforms offer for groups, so an administrator gives a token of the
platform's own interface. It is tried before it is kept, and kept encrypted.
"""

from __future__ import annotations

import html
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import func, select, update

from coursecrew.app.ports import Grouping, PlatformGroup
from coursecrew.domain.errors import NotFound, PlatformUnreachable
from coursecrew_lti.config import WrongSettings
from coursecrew_lti.lti_tables import COURSE, REGISTRATION, USER
from coursecrew_lti.outgoing import Answered, Unreachable
from coursecrew_lti.registration import Registration
from coursecrew_lti.services import next_link, pages

if TYPE_CHECKING:
    from coursecrew_lti.tool import Tool

MOODLE, CANVAS = "moodle", "canvas"
KINDS = (MOODLE, CANVAS)
ALL = "all"
AT_ONCE = 200  # groups whose members Moodle is asked for in one call; people in one query of ours
MOST_GROUPS = 1_000  # Canvas is asked for each group's members one by one


def connect(this: Tool, registration: Registration, *, kind: str, url: str, token: str) -> str:
    """Try the access and keep it; returns as whom the platform knows us."""
    who = _ask_moodle(this, url, token) if kind == MOODLE else _ask_canvas(this, url, token)
    sealed = this.config.secrets.encrypt(json.dumps({"kind": kind, "url": url.rstrip("/"), "token": token}))
    with this.begin() as connection:
        connection.execute(
            update(REGISTRATION).where(REGISTRATION.c.id == registration.id).values(groups=sealed)
        )
    return who


def _ask_moodle(this: Tool, url: str, token: str) -> str:
    """Moodle answers 200 with an `exception` for everything it refuses; the token never goes into a URL."""
    answer = this.outgoing.post(
        f"{url.rstrip('/')}/webservice/rest/server.php",
        data={"wstoken": token, "wsfunction": "core_webservice_get_site_info", "moodlewsrestformat": "json"},
    )
    told = _object(answer.json() if answer.ok and answer.content else None)
    if "exception" in told:
        raise Unreachable(str(told.get("errorcode", "refused"))[:40])
    return f"{told.get('fullname', '')} ({told.get('sitename', '')})"


def _ask_canvas(this: Tool, url: str, token: str) -> str:
    answer = this.outgoing.get(
        f"{url.rstrip('/')}/api/v1/users/self", headers={"Authorization": f"Bearer {token}"}
    )
    if not answer.ok:
        raise Unreachable(f"status_{answer.status}")
    return str(_object(answer.json()).get("name", ""))


def _object(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise Unreachable("malformed")
    return told


# --- reading ---


def access(tool: Tool, registration: str, course: str) -> Access | None:
    """The way to the groups of one course; `None` where nobody has connected it."""
    with tool.begin() as connection:
        sealed = connection.execute(
            select(REGISTRATION.c.groups).where(REGISTRATION.c.id == registration)
        ).scalar()
        context = connection.execute(
            select(COURSE.c.context).where(COURSE.c.id == course, COURSE.c.registration == registration)
        ).scalar()
    if not sealed or not context:
        return None
    try:
        kept = json.loads(tool.config.secrets.decrypt(sealed))
    except WrongSettings:
        # The secret was changed since: `connect-groups` has to be run again.
        raise PlatformUnreachable(what="groups", reason="secret_changed") from None
    kind = {MOODLE: MoodleGroups, CANVAS: CanvasGroups}[kept["kind"]]
    return kind(tool, registration, str(kept["url"]), str(kept["token"]), str(context))


class Access(ABC):
    """Groups of one course on one platform."""

    def __init__(self, tool: Tool, registration: str, url: str, token: str, context: str) -> None:
        self._tool = tool
        self._registration = registration
        self._url = url
        self._token = token
        self._context = context

    def groupings(self) -> list[Grouping]:
        """What the platform keeps groups in; `PlatformUnreachable` where it does not answer."""
        try:
            return self._groupings()
        except Unreachable as error:
            raise PlatformUnreachable(what="groups", reason=error.reason) from error

    def groups(self, grouping: str) -> list[PlatformGroup]:
        """The groups of one of them, with the people whom we know; all of them, or none."""
        try:
            return self._groups(grouping)
        except Unreachable as error:
            raise PlatformUnreachable(what="groups", reason=error.reason) from error

    @abstractmethod
    def _groupings(self) -> list[Grouping]: ...

    @abstractmethod
    def _groups(self, grouping: str) -> list[PlatformGroup]: ...

    def _known(self, column: Any, values: Iterable[str]) -> dict[str, str]:
        """Keys of the one person whom each of these values names, by value; ambiguous ones are left out."""
        wanted = sorted(set(values) - {""})
        found: dict[str, set[str]] = {}
        with self._tool.begin() as connection:
            for start in range(0, len(wanted), AT_ONCE):
                rows = connection.execute(
                    select(column.label("named"), USER.c.id).where(
                        USER.c.registration == self._registration, column.in_(wanted[start : start + AT_ONCE])
                    )
                )
                for row in rows:
                    found.setdefault(row.named, set()).add(row.id)
        return {value: min(ids) for value, ids in found.items() if len(ids) == 1}


class MoodleGroups(Access):
    """Moodle: `sub` is the user's id there, and the context is the course's, so nobody is guessed.

    Names come ready for HTML.
    """

    def _groupings(self) -> list[Grouping]:
        told = _objects(self._call("core_group_get_course_groupings", courseid=self._context))
        found = [Grouping(_id(one), "grouping", html.unescape(_name(one))) for one in told]
        return [*found, Grouping(ALL, "all")]

    def _groups(self, grouping: str) -> list[PlatformGroup]:
        if grouping == ALL:
            told = _objects(self._call("core_group_get_course_groups", courseid=self._context))
        else:
            told = self._groups_in(grouping)
        names = {_id(one): html.unescape(_name(one)) for one in told}
        members = self._members(list(names))
        known = self._known(USER.c.sub, (sub for subs in members.values() for sub in subs))
        return [_group(name, members.get(id, ()), known) for id, name in names.items()]

    def _groups_in(self, grouping: str) -> list[dict[str, Any]]:
        own = {
            _id(one)
            for one in _objects(self._call("core_group_get_course_groupings", courseid=self._context))
        }
        if grouping not in own:
            raise NotFound("grouping")  # of another course, or gone
        told = _objects(self._call("core_group_get_groupings", groupingids=[grouping], returngroups=1))
        return _objects(told[0].get("groups") or []) if told else []

    def _members(self, groups: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for start in range(0, len(groups), AT_ONCE):
            told = self._call("core_group_get_group_members", groupids=groups[start : start + AT_ONCE])
            for one in _objects(told):
                found[_id(one, "groupid")] = [str(user) for user in one.get("userids") or []]
        return found

    def _call(self, function: str, **arguments: Any) -> Any:
        data = [("wstoken", self._token), ("wsfunction", function), ("moodlewsrestformat", "json")]
        for name, value in arguments.items():
            if isinstance(value, list):
                data += [(f"{name}[{number}]", str(one)) for number, one in enumerate(value)]
            else:
                data.append((name, str(value)))
        answer = self._tool.outgoing.post(f"{self._url}/webservice/rest/server.php", data=data)
        if not answer.ok or not answer.content:
            raise Unreachable(f"status_{answer.status}")
        told = answer.json()
        if isinstance(told, dict) and "exception" in told:
            raise Unreachable(str(told.get("errorcode", "refused"))[:40])
        return told


class CanvasGroups(Access):
    """Canvas: the launch names people by ids that this interface does not give, so they are found by
    SIS id, else by mail address, else by login; whoever is not found is counted as unknown."""

    def _groupings(self) -> list[Grouping]:
        path = f"/api/v1/courses/{self._course}/group_categories?per_page=100"
        return [Grouping(_id(one), "grouping", _name(one)) for one in self._all(path)]

    def _groups(self, grouping: str) -> list[PlatformGroup]:
        if grouping not in {one.id for one in self._groupings()}:
            raise NotFound("grouping")
        told = list(self._all(f"/api/v1/group_categories/{quote(grouping, safe='')}/groups?per_page=100"))
        if len(told) > MOST_GROUPS:
            raise Unreachable("too_many_groups")
        people = {
            _id(one): one
            for one in self._all(f"/api/v1/courses/{self._course}/users?include[]=email&per_page=100")
        }
        named = [(_name(one), self._users_of(_id(one))) for one in told]
        known = self._keys(people)
        return [_group(name, users, known) for name, users in named]

    def _users_of(self, group: str) -> list[str]:
        return [_id(one) for one in self._all(f"/api/v1/groups/{quote(group, safe='')}/users?per_page=100")]

    def _keys(self, people: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Keys by Canvas's ids: by SIS id, then mail address, then login name."""
        ways = (
            (USER.c.username, "sis_user_id", str),
            (func.lower(USER.c.email), "email", str.lower),
            (func.lower(USER.c.email), "login_id", str.lower),
            (USER.c.username, "login_id", str),
        )
        keys: dict[str, str] = {}
        for column, field, form in ways:
            told = {
                id: form(str(one[field])) for id, one in people.items() if one.get(field) and id not in keys
            }
            known = self._known(column, told.values())
            keys |= {id: known[value] for id, value in told.items() if value in known}
        return keys

    @property
    def _course(self) -> str:
        return quote(f"lti_context_id:{self._context}", safe=":")

    def _all(self, path: str) -> Iterator[dict[str, Any]]:
        """Everything of a paged list; the next page must be on the same host as the first."""
        for page in pages(self._url + path, self._page):
            yield from _objects(page)

    def _page(self, url: str) -> tuple[Any, str | None]:
        if not url.startswith(f"{self._url}/"):
            raise Unreachable("page_elsewhere")  # our token goes to the connected address alone
        answer = self._tool.outgoing.get(url, headers={"Authorization": f"Bearer {self._token}"})
        if not answer.ok:
            raise Unreachable(f"status_{answer.status}")
        return answer.json(), next_link(_header(answer, "Link"), url)


def _header(answer: Answered, name: str) -> str:
    return next((value for key, value in answer.headers.items() if key.casefold() == name.casefold()), "")


def _group(name: str, users: Sequence[str], known: Mapping[str, str]) -> PlatformGroup:
    keys = tuple(dict.fromkeys(known[user] for user in users if user in known))
    return PlatformGroup(name, keys, unknown=sum(user not in known for user in users))


def _objects(told: Any) -> list[dict[str, Any]]:
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise Unreachable("malformed")
    return told


def _id(one: Mapping[str, Any], name: str = "id") -> str:
    value = one.get(name)
    if not isinstance(value, int | str) or not str(value):
        raise Unreachable("malformed")
    return str(value)


def _name(one: Mapping[str, Any]) -> str:
    return " ".join(str(one.get("name") or "").split())
