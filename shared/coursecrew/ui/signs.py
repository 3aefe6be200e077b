"""A team's sign: one of a fixed set of simple drawings on a coloured ground, always beside the name.

Nothing is ever uploaded for it, so that it can show nobody's face and costs no request.
"""

from __future__ import annotations

from markupsafe import Markup

from coursecrew.domain.teams import COLOURS, SIGNS, Team, sign_of
from coursecrew.ui.reader import N_, Reader

PATHS = {
    "drop": '<path d="M8 2c2.8 3.3 4.2 5.6 4.2 7.6a4.2 4.2 0 0 1-8.4 0C3.8 7.6 5.2 5.3 8 2z"/>',
    "leaf": '<path d="M13.4 2.6c.4 6.4-2 10.2-6.2 10.2A3.9 3.9 0 0 1 3.3 9c0-4 3.9-6.5 10.1-6.4z"/>'
    '<path class="line" d="M2.6 13.6 8.6 7.4"/>',
    "kite": '<path d="M8 1.6 13 7l-5 7.4L3 7z"/><path class="cut" d="M8 1.8v12.4M3.2 7h9.6"/>',
    "star": '<path d="m8 1.8 1.9 4 4.3.6-3.1 3.1.7 4.4L8 11.8l-3.8 2.1.7-4.4L1.8 6.4l4.3-.6z"/>',
    "wave": '<path class="line" d="M1.8 6c2-2.4 4.2-2.4 6.2 0s4.2 2.4 6.2 0M1.8 10.8c2-2.4 4.2-2.4 6.2 0'
    's4.2 2.4 6.2 0"/>',
    "hill": '<path d="M1.4 13 6 4.6l2.6 4.2L10.4 6 14.6 13z"/>',
    "sun": '<circle cx="8" cy="8" r="3.2"/><path class="line" d="M8 1.6v1.6m0 9.6v1.6M1.6 8h1.6m9.6 0h1.6'
    'M3.5 3.5l1.1 1.1m6.8 6.8 1.1 1.1m0-9-1.1 1.1m-6.8 6.8-1.1 1.1"/>',
    "bridge": '<path d="M1.5 4.6h13v8h-3a3.5 3.5 0 0 0-7 0h-3z"/>',
}  # fmt: skip
SHAPE_WORDS = {
    "drop": N_("Drop"),
    "leaf": N_("Leaf"),
    "kite": N_("Kite"),
    "star": N_("Star"),
    "wave": N_("Wave"),
    "hill": N_("Hill"),
    "sun": N_("Sun"),
    "bridge": N_("Bridge"),
}
COLOUR_WORDS = {
    "blue": N_("Blue"),
    "green": N_("Green"),
    "amber": N_("Amber"),
    "red": N_("Red"),
    "violet": N_("Violet"),
    "grey": N_("Grey"),
}


def drawn(shape: str, colour: str) -> Markup:
    """A sign, hidden from screen readers: the name or the word stands beside it."""
    return Markup(  # noqa: S704 - our own paths
        f'<svg class="sign {colour}" viewBox="0 0 16 16" aria-hidden="true" focusable="false">'
        f"{PATHS[shape]}</svg>"
    )


def team_sign(team: Team) -> Markup:
    """The sign of a team."""
    return drawn(*sign_of(team))


def shapes(reader: Reader, colour: str) -> list[tuple[str, str, Markup]]:
    """Every shape to choose from: value, word, drawing."""
    return [(shape, reader.translated(SHAPE_WORDS[shape]), drawn(shape, colour)) for shape in SIGNS]


def colours(reader: Reader, shape: str) -> list[tuple[str, str, Markup]]:
    """Every colour to choose from: value, word, drawing."""
    return [(colour, reader.translated(COLOUR_WORDS[colour]), drawn(shape, colour)) for colour in COLOURS]
