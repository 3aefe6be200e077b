"""Somebody with a browser, without the browser: opens activities, follows links, fills in forms.

What a browser's script does is done here by hand and nothing more: the one-time code of a launch is
changed for a token, and every request carries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urljoin, urlsplit

import requests

TIMEOUT = 60


class Unexpected(Exception):  # noqa: N818 - what a visitor did not expect to read
    """An answer that is not the page it should be."""


@dataclass
class Form:
    """A form of a page, with what it would send as it stands."""

    action: str = ""
    method: str = "get"
    values: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # text, name, value

    def filled(self, fields: Mapping[str, str], button: str = "") -> list[tuple[str, str]]:
        """What it sends with these fields changed, by the button of that text (or the first)."""
        names = {name for name, _ in self.values}
        values = [(name, fields.get(name, value)) for name, value in self.values]
        values += [(name, value) for name, value in fields.items() if name not in names]
        pressed = next((b for b in self.buttons if button in b[0]), None)
        if pressed is None and button:
            raise Unexpected(f"no button “{button}” in the form {self.action}")
        return values + ([(pressed[1], pressed[2])] if pressed and pressed[1] else [])


class Page(HTMLParser):
    """The parts of a page that a visitor acts on: forms, links, text, and some attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []  # text, address
        self.marks: dict[str, dict[str, str]] = {}  # attributes by id or tag
        self._form: Form | None = None
        self._select: tuple[str, str | None] | None = None
        self._box: tuple[str, str] | None = None
        self._link: list[str] | None = None
        self._button: list[str] | None = None
        self._words: list[str] = []
        self.feed(text)

    @property
    def text(self) -> str:
        """What there is to read, in one line."""
        return " ".join(" ".join(self._words).split())

    def form(self, action: str) -> Form:
        """The form that goes to this address."""
        found = [form for form in self.forms if form.action == action]
        if not found:
            raise Unexpected(f"no form goes to {action}; there are {[form.action for form in self.forms]}")
        return found[0]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        for key in filter(None, (a.get("id"), tag if tag in ("coursecrew-activity", "iframe") else "")):
            self.marks[key] = a
        if "data-coursecrew-part" in a:
            self.marks["part"] = a
        if tag == "form":
            self._form = Form(a.get("action", ""), a.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "a" and "href" in a:
            self._link = [a["href"]]
        elif tag == "button":
            self._button = [a.get("name", ""), a.get("value", "")]
        if self._form is None:
            return
        if tag == "input":
            self._take_input(a)
        elif tag == "textarea":
            self._box = (a.get("name", ""), "")
        elif tag == "select":
            self._select = (a.get("name", ""), None)
        elif tag == "option" and self._select and (self._select[1] is None or "selected" in a):
            self._select = (self._select[0], a.get("value", ""))

    def _take_input(self, a: Mapping[str, str]) -> None:
        assert self._form is not None
        kind = a.get("type", "text")
        if kind in ("radio", "checkbox"):
            if "checked" in a:
                self._form.values.append((a.get("name", ""), a.get("value", "on")))
        elif kind not in ("submit", "file") and a.get("name"):
            self._form.values.append((a["name"], a.get("value", "")))

    def handle_data(self, data: str) -> None:
        self._words.append(data)
        if self._box is not None:
            self._box = (self._box[0], self._box[1] + data)
        if self._link is not None:
            self._link.append(data)
        if self._button is not None:
            self._button.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._box is not None and self._form is not None:
            self._form.values.append((self._box[0], self._box[1].removeprefix("\n")))
            self._box = None
        elif tag == "select" and self._select is not None and self._form is not None:
            self._form.values.append((self._select[0], self._select[1] or ""))
            self._select = None
        elif tag == "a" and self._link is not None:
            self.links.append((" ".join("".join(self._link[1:]).split()), self._link[0]))
            self._link = None
        elif tag == "button" and self._button is not None:
            if self._form is not None:
                name, value, *words = self._button
                self._form.buttons.append((" ".join("".join(words).split()), name, value))
            self._button = None


class Visitor:
    """One person at one browser."""

    def __init__(self, lms: str, person: str) -> None:
        self.lms, self.person = lms.rstrip("/"), person
        self._web = requests.Session()
        self._token = ""
        self._base = ""

    # --- the LMS's side ---

    def open(self, link: str) -> Page:
        """Open an activity of the course; returns the first screen."""
        page = self._launched(f"{self.lms}/activity/{link}/launch?person={self.person}")
        element = page.marks.get("coursecrew-activity")
        if element is None:
            raise Unexpected(f"{self.person} was not let in: {page.text[:300]}")
        self._base = urljoin(self._here, element["base"])
        return self.show(element.get("path", ""))

    def add_activity(self, title: str, kind: str = "team_assignment") -> None:
        """Choose a new activity in the tool, as a teacher does from the course page."""
        page = self._launched(f"{self.lms}/add/launch?person={self.person}&frame=1")
        form = page.form("/lti/pick")
        fields = form.filled({"title": title, "kind": kind, "token": self._token}, "Add to the course")
        back = self._read(self._web.post(urljoin(self._here, form.action), fields, timeout=TIMEOUT))
        last = self._submit_by_itself(back)
        if title not in last.text:
            raise Unexpected(f"the course did not take the activity: {last.text[:300]}")

    def _launched(self, address: str) -> Page:
        """The page behind a launch, with its token."""
        page = self._submit_by_itself(self._read(self._web.get(address, timeout=TIMEOUT)))
        mark = page.marks.get("open")
        if mark is None:
            raise Unexpected(f"no activity opened: {page.text[:300]}")
        code = parse_qs(urlsplit(self._here).query)["code"][0]
        told = {"session": mark["data-session"], "code": code, "zone": ""}
        answer = self._web.post(urljoin(self._here, mark["data-exchange"]), told, timeout=TIMEOUT)
        answer.raise_for_status()
        self._token = answer.json()["token"]
        return page

    def _submit_by_itself(self, page: Page) -> Page:
        """Send the one form of a page that a script would send at once."""
        form = page.forms[0] if page.forms else None
        if form is None:
            raise Unexpected(f"nothing to go on with: {page.text[:300]}")
        return self._read(self._web.post(urljoin(self._here, form.action), form.filled({}), timeout=TIMEOUT))

    def _read(self, answer: requests.Response) -> Page:
        if not answer.ok:
            raise Unexpected(f"{answer.status_code} from {answer.url}: {Page(answer.text).text[:300]}")
        self._here = answer.url
        return Page(answer.text)

    # --- the tool's side ---

    def show(self, path: str) -> Page:
        """A screen of the activity."""
        return self._part(self._web.get(self._address(path), headers=self._headers(), timeout=TIMEOUT))

    def press(
        self, page: Page, action: str, fields: Mapping[str, str] | None = None, button: str = ""
    ) -> Page:
        """Fill in a form of a screen and send it; returns the screen that follows."""
        form = page.form(action)
        if form.method != "post":
            return self.show(f"{action}?{urlencode(form.filled(fields or {}, button))}")
        values = form.filled(fields or {}, button)
        # A browser's script sends several parts, as forms with files do.
        parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in values]
        answer = self._web.post(self._address(action), files=parts, headers=self._headers(), timeout=TIMEOUT)
        return self._part(answer)

    def _part(self, answer: requests.Response) -> Page:
        page = Page(answer.text)
        if not answer.ok or "part" not in page.marks:
            raise Unexpected(f"{answer.status_code} for {self.person} at {answer.url}: {page.text[:400]}")
        return page

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "Accept": "text/html"}

    def _address(self, path: str) -> str:
        parts = urlsplit(self._base)
        route, _, query = path.partition("?")
        asked = [*parse_qsl(parts.query), *parse_qsl(query)]
        where = f"{parts.path.rstrip('/')}/{route.partition('#')[0]}"
        return parts._replace(path=where, query=urlencode(asked)).geturl()


def fields_of(page: Page, action: str) -> dict[str, str]:
    """What a form holds as it stands, by name."""
    return dict(page.form(action).values)
