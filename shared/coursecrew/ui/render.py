"""Templates, Markdown made safe, and the page's one element.

One Jinja environment for each language, everything escaped unless it says otherwise. Templates
carry no inline style and no inline script, so that a strict content policy holds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import markdown as markdown_to_html
import nh3
from markupsafe import Markup

from coursecrew.domain.people import initials
from coursecrew.ui import charts, icons, signs
from coursecrew.ui.forms import local_value
from coursecrew.ui.reader import direction, translations
from coursecrew.ui.scene import Scene, Shell

HERE = Path(__file__).parent
STATIC = HERE / "static"
TAGS = {
    "p", "br", "strong", "em", "del", "a", "ul", "ol", "li", "blockquote", "code", "pre", "hr", "img",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
FILE_LINK = re.compile(r"file:([0-9a-f]{32})")


@lru_cache(maxsize=32)
def environment(language: str) -> jinja2.Environment:
    """The templates in one language."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        icon=icons.icon, team_sign=signs.team_sign, initials=initials, charts=charts, local_value=local_value
    )
    made.policies["ext.i18n.trimmed"] = True
    return made


def render(scene: Scene, template: str, **values: Any) -> str:
    """A template with what every template knows."""
    reader = scene.reader
    return environment(reader.language).get_template(template).render(
        scene=scene,
        actor=scene.actor,
        activity=scene.activity if scene.entered else None,
        settings=scene.settings if scene.entered else None,
        shell=scene.shell,
        reader=reader,
        new_key=scene.ports.ids.new,
        markdown=lambda text: markdown(text, scene.shell),
        **values,
    )  # fmt: skip


def markdown(text: str, shell: Shell) -> Markup:
    """Text that people wrote, as safe HTML: a subset of Markdown, pictures only from our own files.

    Links leave in a new tab. `file:<id>` in a link or picture is a file of this course, and so is
    what the platform keeps for its authors; pictures from elsewhere are dropped, since loading them
    would tell that somebody reads this.
    """
    html = markdown_to_html.markdown(text, extensions=["nl2br", "sane_lists", "tables"], output_format="html")
    html = re.sub(
        r"<(/?)h([1-6])>", lambda found: f"<{found[1]}h{min(6, int(found[2]) + shell.heading + 1)}>", html
    )

    def attribute(tag: str, name: str, value: str) -> str | None:
        file = FILE_LINK.fullmatch(value)
        if name in ("href", "src") and file:
            return shell.file_url(file[1]) or None
        if value.strip().casefold().startswith("file:"):
            return None  # on the reader's own disk, or in their network
        if name == "src" and not value.startswith(shell.own_files):
            return None
        return value

    return Markup(  # noqa: S704 - made safe by nh3
        nh3.clean(
            html,
            tags=TAGS,
            attributes={"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}},
            attribute_filter=attribute,
            url_schemes={"http", "https", "mailto", "file"},
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values={"a": {"target": "_blank"}},
        )
    )


def plain(text: str) -> str:
    """The words of a text in Markdown, in one line and without its marks; escaped where it is shown."""
    html = markdown_to_html.markdown(text, extensions=["nl2br", "sane_lists", "tables"], output_format="html")
    return " ".join(Markup(nh3.clean(html, tags=TAGS)).striptags().split())  # noqa: S704 - made safe by nh3


def page_element(
    *,
    base: str,
    stylesheet: str,
    language: str,
    path: str = "",
    csrf_cookie: str = "",
    csrf_header: str = "X-CSRFToken",
    token_key: str = "",
    frame: str = "",
    theme: str = "",
    who: str = "",
    large_base: str = "",
    large_from: int = 0,
) -> Markup:
    """The tag that a host puts into its page; the host also loads `static/coursecrew/coursecrew.js`.

    `base` is the host's address of the `ui` handler, a query included; `path` the screen to begin
    with. `csrf_cookie` names the cookie whose value goes into `csrf_header`; `token_key` names the
    entry of `sessionStorage` with a bearer token. `frame` is "lti" or "openedx" where the page
    around wants to be told the height or the place to scroll to. `who` is a short text that differs
    from person to person: unsent text kept on a shared machine is shown only to its writer.
    `large_base` is another address of the same handler, for forms with a file above `large_from`
    bytes, where the platform lets none of that size through to its handlers.
    The script holds no sentences: they all stand in attributes here.
    """
    return Markup(  # noqa: S704 - a template, escaped
        environment(language)
        .get_template("element.html")
        .render(
            base=base, stylesheet=stylesheet, language=language, direction=direction(language), path=path,
            csrf_cookie=csrf_cookie, csrf_header=csrf_header, token_key=token_key, frame=frame, theme=theme,
            who=who, large_base=large_base, large_from=large_from,
        )
    )  # fmt: skip


def full_page(*, title: str, language: str, element: Markup, script: str, robots: bool = False) -> str:
    """A whole page around the element, for a host that has none of its own."""
    values = {"title": title, "language": language, "direction": direction(language), "robots": robots}
    return environment(language).get_template("page.html").render(element=element, script=script, **values)
