"""What Studio and visitors see: the activity in a few lines, from the author's fields alone.

These pages stand in the page's own style, without script, and ask no table.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jinja2
from django.utils import timezone
from django.utils.translation import get_language
from xblock.validation import ValidationMessage

from coursecrew.domain.activities import Settings, readiness
from coursecrew.domain.errors import Invalid
from coursecrew.ui.errors import say_check, say_problem
from coursecrew.ui.reader import Reader, translations, zone


@lru_cache(maxsize=32)
def _environment(language: str) -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("coursecrew_openedx", "templates/coursecrew_openedx"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return made


def reader() -> Reader:
    """Whoever looks: the language of the request; dates of authored settings in UTC."""
    return Reader(get_language() or "en", zone("UTC"), timezone.now())


def render(template: str, **values: Any) -> str:
    """One of the small pages."""
    who = reader()
    return _environment(who.language).get_template(template).render(reader=who, **values)


def shortcomings(
    settings: Settings | None, unreadable: Invalid | None, *, kind: str
) -> list[tuple[str, str]]:
    """What stands in the way of publishing, or deserves a look, as (type, sentence)."""
    who = reader()
    if unreadable is not None:
        return [(ValidationMessage.ERROR, say_problem(problem, who)) for problem in unreadable.problems]
    if settings is None:
        return []
    return [(ValidationMessage.WARNING, say_check(check, who)) for check in readiness(settings, kind=kind)]
