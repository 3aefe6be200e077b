"""Looking at a part as a browser would: its words, forms, links and faults."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from coursecrew.app.ports import Ports
from coursecrew.domain.people import Actor
from coursecrew.ui.http import Request, Response
from coursecrew.ui.routes import ROUTES, serve
from coursecrew.ui.scene import Scene, Shell
from tests.builders import PLACED

SHELL = Shell()
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "path", "rect", "circle", "line"}


def ask(
    ports: Ports,
    who: Actor,
    path: str,
    form: Mapping[str, str | Sequence[str]] | None = None,
    *,
    shell: Shell = SHELL,
    placed: object = PLACED,
    query: Mapping[str, str] | None = None,
    known: str = "",
) -> Response:
    """One request of one person."""
    values = {k: [v] if isinstance(v, str) else list(v) for k, v in (form or {}).items()}
    request = Request("POST" if form is not None else "GET", path, query or {}, values, if_none_match=known)
    return serve(Scene(ports, who, placed, shell), request)  # type: ignore[arg-type]


def words_of(response: Response) -> str:
    """What a person reads."""
    part = Part.of(response)
    return re.sub(r"\s+", " ", " ".join(part.texts)).strip()


@dataclass
class Part(HTMLParser):
    """What a part is made of."""

    forms: list[dict[str, str]] = field(default_factory=list)  # action -> names inside
    links: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    inputs: list[dict[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    areas: dict[str, str] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _area: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, response: Response) -> Part:
        part = cls()
        part.feed(str(response.body))
        part.close()
        part.faults += [f"<{tag}> is never closed" for tag in part._open]
        return part

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if not self._open and not self.attributes:
            self.attributes = values
        if tag not in VOID:
            self._open.append(tag)
        if len(values) != len(attrs):
            self.faults.append(f"<{tag}> says an attribute twice: {attrs}")
        if "style" in values or any(name.startswith("on") for name in values):
            self.faults.append(f"<{tag}> carries style or script that a strict policy forbids: {attrs}")
        if "id" in values:
            self.ids.append(values["id"])
        self.described += values.get("aria-describedby", "").split()
        self.described += values.get("aria-labelledby", "").split()
        if tag == "form":
            self.forms.append(
                {"action": values.get("action", ""), "method": values.get("method", "get"), "names": ""}
            )
        elif tag in ("input", "select", "textarea") and "hidden" not in values:
            self.inputs.append({"tag": tag, **values})
            if self.forms:
                self.forms[-1]["names"] += f" {values.get('name', '')}"
        elif tag == "a":
            self.links.append(values.get("href", ""))
        elif tag == "label" and "for" in values:
            self.labels.append(values["for"])
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "textarea":
            self._area = values.get("name", "")
            self.areas[self._area] = ""
        if "aria-label" in values:
            self.texts.append(values["aria-label"])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.areas[self._area] += data.removeprefix("\n")
        self.texts.append(data)


def faults(response: Response) -> list[str]:
    """Everything wrong with a part that a person, a screen reader or a strict policy would meet."""
    part = Part.of(response)
    found = list(part.faults)
    if "data-coursecrew-part" not in part.attributes:
        found.append("this is no part")
    found += [f"two elements have the id {one}" for one in {i for i in part.ids if part.ids.count(i) > 1}]
    found += [f"a label for nothing: {one}" for one in part.labels if one not in part.ids]
    found += [f"described by nothing: {one}" for one in part.described if one not in part.ids]
    if part.headings[:1] != [1] or part.headings.count(1) != 1:
        found.append(f"the first heading is not the only one of its level: {part.headings}")
    found += [
        f"a heading level is left out: {part.headings}"
        for before, after in zip(part.headings, part.headings[1:], strict=False)
        if after > before + 1
    ]
    for link in part.links:
        if link.startswith("#/"):
            path = link[2:].partition("?")[0]
            if path and not leads_somewhere("GET", path):
                found.append(f"a link to nowhere: {link}")
        elif link.startswith("#") and link[1:] not in part.ids:
            found.append(f"a link to no place on the page: {link}")
    for form in part.forms:
        if not leads_somewhere(form["method"].upper(), form["action"]):
            found.append(f"a form to nowhere: {form}")
        if form["method"] == "post" and "request_key" not in form["names"].split():
            found.append(f"a form without a request key: {form}")
    for one in part.inputs:
        named = one.get("id") in part.labels or "aria-label" in one or one.get("type") in ("hidden", "radio")
        if not named:
            found.append(f"a field without a label: {one}")
    return found


def leads_somewhere(method: str, path: str) -> bool:
    """Whether a screen answers there."""
    for route in ROUTES:
        pattern = re.sub(r"<\w+>", "[^/]+", route.path)
        if route.method == method and re.fullmatch(pattern, path):
            return True
    return False
