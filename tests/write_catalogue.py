"""Collects every sentence of the product and writes the catalogues: `python -m tests.write_catalogue`.

The English catalogue says what the source says. Other languages keep the translations they have;
a new sentence is empty there, and English is shown until somebody translates it.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
LOCALE = ROOT / "shared/coursecrew/locale"
LANGUAGES = ("en",)
SOURCES = {
    "shared/coursecrew": [("**.py", "python"), ("ui/templates/**", "jinja2")],
    "xblocks": [("**.py", "python"), ("**/templates/coursecrew_openedx/**.html", "jinja2")],
    "lti_tool": [("**.py", "python"), ("**/templates/**.html", "jinja2")],
}
KEYWORDS = {**DEFAULT_KEYWORDS, "markup": None, "nmarkup": (1, 2)}
# Jinja's options must be those of `ui/render.py`, or templates would be read differently.
OPTIONS = {
    "ui/templates/**": {
        "extensions": "jinja2.ext.do",
        "trimmed": "true",
        "newstyle_gettext": "true",
        "silent": "false",
    },
    **{
        pattern: {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}
        for pattern in ("**/templates/coursecrew_openedx/**.html", "**/templates/**.html")
    },
}
# The catalogues change when a sentence does, not when somebody runs this.
HEADER = "# Coursecrew: every sentence that people read. Written by `python -m tests.write_catalogue`."
BORN = datetime(2026, 11, 1, tzinfo=UTC)


def template() -> Catalog:
    """Every sentence that stands in the source."""
    catalogue = Catalog(
        header_comment=HEADER,
        project="coursecrew",
        charset="utf-8",
        creation_date=BORN,
        revision_date=BORN,
        fuzzy=False,
    )
    for folder, methods in SOURCES.items():
        if not (ROOT / folder).is_dir():
            continue
        found = extract_from_dir(
            str(ROOT / folder), methods, OPTIONS, keywords=KEYWORDS, strip_comment_tags=True
        )
        for _file, _line, message, _comments, context in sorted(found, key=lambda row: str(row[2])):
            catalogue.add(message, context=context)
    return catalogue


def in_language(language: str, source: Catalog) -> Catalog:
    """The catalogue of a language, brought in line with the source."""
    path = po(language)
    known = (
        read_po(io.BytesIO(path.read_bytes()), locale=language) if path.exists() else Catalog(locale=language)
    )
    result = Catalog(
        header_comment=HEADER,
        locale=language,
        project="coursecrew",
        charset="utf-8",
        creation_date=BORN,
        revision_date=BORN,
        fuzzy=False,
    )
    for message in source:
        if not message.id:
            continue
        before = known.get(message.id, message.context)
        text = message.id if language == "en" else (before.string if before is not None else None)
        result.add(message.id, text, context=message.context)
    return result


def po(language: str) -> Path:
    """Where translators work."""
    return LOCALE / language / "LC_MESSAGES/coursecrew.po"


def as_po(catalogue: Catalog) -> bytes:
    """A catalogue as text."""
    out = io.BytesIO()
    write_po(out, catalogue, width=100, no_location=True, sort_output=True)
    return out.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """A catalogue as gettext reads it."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def main() -> None:
    """Write the template, and each language as text and compiled."""
    source = template()
    (LOCALE / "coursecrew.pot").write_bytes(as_po(source))
    for language in LANGUAGES:
        catalogue = in_language(language, source)
        po(language).parent.mkdir(parents=True, exist_ok=True)
        po(language).write_bytes(as_po(catalogue))
        po(language).with_suffix(".mo").write_bytes(as_mo(catalogue))
        print(f"{language}: {len(catalogue)} sentences")


if __name__ == "__main__":
    main()
