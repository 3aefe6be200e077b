"""Icons: 16 px grid, 1.75 px stroke, the text's colour, always beside a word."""

from __future__ import annotations

from markupsafe import Markup

# Those that point somewhere are mirrored in right-to-left; ticks and clocks are not.
MIRRORED = frozenset({"arrow", "chevron", "undo"})
PATHS = {
    "tick": '<path d="m3 8.5 3.2 3.2L13 4.8"/>',
    "done": '<circle cx="8" cy="8" r="7" fill="currentColor" stroke="none"/>'
    '<path class="on" d="m4.8 8.2 2.2 2.2 4.2-4.6"/>',
    "now": '<circle cx="8" cy="8" r="6.2"/><circle cx="8" cy="8" r="3" fill="currentColor" stroke="none"/>',
    "not-yet": '<circle cx="8" cy="8" r="6.2"/>',
    "waiting": '<path d="M4 1.9h8M4 14.1h8M4.8 2v2.5L8 8l3.2-3.5V2M4.8 14v-2.5L8 8l3.2 3.5V14"/>',
    "clock": '<circle cx="8" cy="8" r="6.2"/><path d="M8 4.5V8l2.4 1.6"/>',
    "partly": '<circle cx="8" cy="8" r="6.2"/><path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor"/>',
    "bad": '<circle cx="8" cy="8" r="6.2"/><path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4"/>',
    "warn": '<path d="M8 2.2 14.6 13.6H1.4z"/><path d="M8 6.5v3.2m0 1.9v.1"/>',
    "info": '<circle cx="8" cy="8" r="6.2"/><path d="M8 7.4v3.8M8 4.9V5"/>',
    "off": '<path d="M3 8h10"/>',
    "pen": '<path d="m2.5 13.5.8-3.1 7.6-7.6 2.3 2.3-7.6 7.6z"/>',
    "lock": '<rect x="3" y="7" width="10" height="7" rx="1.5"/><path d="M5.2 7V4.8a2.8 2.8 0 0 1 5.6 0V7"/>',
    "file": '<path d="M4 1.8h5l3 3v9.4H4zM8.8 1.8v3.4H12"/>',
    "link": '<path d="M6.8 9.2a2.8 2.8 0 0 1 0-4l2-2a2.8 2.8 0 0 1 4 4l-1.2 1.2"/>'
    '<path d="M9.2 6.8a2.8 2.8 0 0 1 0 4l-2 2M7.2 12.8a2.8 2.8 0 0 1-4-4l1.2-1.2"/>',
    "people": '<circle cx="6" cy="5.4" r="2.6"/><path d="M1.6 13.6c.3-2.7 2-4.2 4.4-4.2s4.1 1.5 4.4 4.2"/>'
    '<path d="M10.6 3a2.5 2.5 0 0 1 0 4.8m1.6 1.9c1.4.6 2.1 1.9 2.3 3.9"/>',
    "hidden": '<path d="M2 2l12 12M6.6 3.3A8 8 0 0 1 8 3.2c3.4 0 5.7 2.6 6.5 4.8a8.4 8.4 0 0 1-2 3M4 5'
    'A8.4 8.4 0 0 0 1.5 8c.8 2.2 3.1 4.8 6.5 4.8a7 7 0 0 0 3-.7M6.6 6.6a2 2 0 0 0 2.8 2.8"/>',
    "eye": '<path d="M1.5 8C2.3 5.8 4.6 3.2 8 3.2s5.7 2.6 6.5 4.8c-.8 2.2-3.1 4.8-6.5 4.8'
    'S2.3 10.2 1.5 8z"/><circle cx="8" cy="8" r="2.1"/>',
    "swap": '<path d="M2 5.2h11M10 2.2l3 3-3 3M14 10.8H3m3-3-3 3 3 3"/>',
    "plug": '<path d="M5.5 1.8v3.4m5-3.4v3.4M3.8 5.2h8.4V8a4.2 4.2 0 0 1-8.4 0zM8 12.2v2.2"/>',
    "arrow": '<path d="M2.5 8h10.5M9.2 4.2 13 8l-3.8 3.8"/>',
    "up": '<path d="m3.5 10.5 4.5-5 4.5 5"/>',
    "down": '<path d="m3.5 5.5 4.5 5 4.5-5"/>',
    "chevron": '<path d="m6 3.5 4.5 4.5L6 12.5"/>',
    "undo": '<path d="M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M6 3.5l-3 3 3 3"/>',
    "bulb": '<path d="M6 12.2h4M6.6 14.2h2.8M5.8 10.3C4.4 9.4 3.8 8.2 3.8 6.7a4.2 4.2 0 0 1 8.4 0c0 1.5'
    '-.6 2.7-2 3.6v1.9H5.8z"/>',
    "calendar": '<rect x="2" y="3" width="12" height="11" rx="1.5"/>'
    '<path d="M2 6.5h12M5.2 1.6V4m5.6-2.4V4"/>',
}  # fmt: skip


def icon(name: str) -> Markup:
    """The icon of that name, hidden from screen readers."""
    kind = "icon mirrored" if name in MIRRORED else "icon"
    return Markup(  # noqa: S704 - our own paths
        f'<svg class="{kind}" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{PATHS[name]}</svg>'
    )
