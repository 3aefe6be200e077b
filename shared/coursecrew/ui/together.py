"""The part of the settings about working together: charter, roles, and words that are looked at first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from coursecrew.domain.activities import MOST_CHARTER_PARTS, Settings
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Request
from coursecrew.ui.reader import Reader


@dataclass(frozen=True)
class CharterRow:
    """A row of the form for a part of the charter; a blank one adds."""

    number: int
    id: str = ""
    title: str = ""
    hint: str = ""


def charter_rows(stored: Settings) -> list[CharterRow]:
    """The parts of the charter, and one row to add another."""
    parts = stored.charter.parts
    rows = [CharterRow(number, p.id, p.title, p.hint) for number, p in enumerate(parts, start=1)]
    if len(parts) < MOST_CHARTER_PARTS:
        rows.append(CharterRow(len(parts) + 1))
    return rows


def together(request: Request, reading: Reading, old: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """What the form says about working together, as places of the settings document.

    `old` is the document so far. One press puts the ready-made charter or roles in. A form without
    this part leaves it as it was.
    """
    if "charter_shown" not in request.form:
        return {}
    parts = list(_parts(reading))
    roles = _lines(reading, "team_roles")
    ready = request.field("ready")
    if ready == "charter":
        have = {part["id"] for part in parts}
        parts += [part for part in ready_charter(reader) if part["id"] not in have]
    if ready == "roles":
        known = {role.casefold() for role in roles}
        roles += [role for role in ready_roles(reader) if role.casefold() not in known]
    return {
        "charter": {**old["charter"], "parts": parts, "blocks": reading.flag("charter_blocks")},
        "team_roles": roles,
        "listed_words": _lines(reading, "listed_words"),
    }


def _parts(reading: Reading) -> Iterator[dict[str, str]]:
    """The parts in the form's order; a row without a title is left out, a new one gets a free id."""
    numbers = range(1, MOST_CHARTER_PARTS + 2)
    used = {reading.text(f"charter_id-{number}") for number in numbers}
    for number in numbers:
        title = reading.text(f"charter_title-{number}", most=200)
        if not title:
            continue
        id = reading.text(f"charter_id-{number}")
        if not id:
            id = next(free for n in range(number, 100) if (free := f"agree{n}") not in used)
            used.add(id)
        yield {"id": id, "title": title, "hint": reading.text(f"charter_hint-{number}", most=500)}


def _lines(reading: Reading, name: str) -> list[str]:
    """The lines of a box, each once."""
    lines = (" ".join(line.split()) for line in reading.text(name, most=2_000).splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def ready_charter(reader: Reader) -> list[dict[str, str]]:
    """The ready-made parts of a charter."""
    _ = reader.gettext
    rows = (
        ("goal", _("Our goal"), _("What do we want to have at the end, and what grade are we after?")),
        ("meeting", _("When we meet"), _("Day, hour and time zone; how long, and how often.")),
        ("channels", _("Where we talk"), _("Which channel for what, and how soon an answer is due.")),
        ("deciding", _("How we decide"), _("By agreement, by vote, or whoever does the work?")),
        (
            "vanishing",
            _("If somebody vanishes"),
            _("After how many silent days do we write, and what happens to their part?"),
        ),
        ("mentor", _("What a mentor may see"), _("The draft, our questions, this charter: what of it?")),
    )
    return [{"id": id, "title": title, "hint": hint} for id, title, hint in rows]


def ready_roles(reader: Reader) -> list[str]:
    """The ready-made roles."""
    _ = reader.gettext
    return [_("Facilitator"), _("Recorder"), _("Checker"), _("Time keeper")]
