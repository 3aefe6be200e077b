"""What an operator may choose: one dictionary, `XBLOCK_SETTINGS["coursecrew"]`.

Everything has a default, so that an installation without a line of configuration works. Values are
read when they are needed: a platform's own settings files may still change them after this plug-in
was loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

KEY = "coursecrew"
DEFAULTS: Mapping[str, Any] = {
    # Show people's full names to each other; otherwise their user names.
    "full_names": False,
    # Level of a screen's first heading: a unit page has headings 1 and 2 of its own.
    "first_heading": 3,
    # Bytes in one uploaded file. Above what the platform lets through to handlers (its
    # STUDENT_FILEUPLOAD_MAX_SIZE), files go to an address of our own.
    "largest_upload": 20_000_000,
    "handler_limit": 4_000_000,
    # A program that looks through each upload on its input and ends with 0 (harmless) or 1 (not).
    "scan_command": "",
    # A page of the institution about privacy, linked where people read who sees what they write.
    "privacy_url": "",
    # "celery": deliveries go to the platform's workers; "inline": right after the request.
    "deliver": "celery",
    # Where teams are formed: "celery", "thread" (of the process that was asked, beside its requests) or
    # "inline". Empty: with the deliveries, except that "inline" ones become a thread.
    "form": "",
    # Dotted paths of stand-ins where there is no platform around, as in the workbench.
    "scores": "",
    "roster": "",
    "completions": "",
}


def option(name: str) -> Any:
    """What the operator chose, or the default."""
    chosen = getattr(settings, "XBLOCK_SETTINGS", {}).get(KEY, {})
    return chosen.get(name, DEFAULTS[name])


def stand_in(name: str) -> Any:
    """The object that a dotted path of the settings makes, or `None` where none is named."""
    path = option(name)
    return import_string(path)() if path else None


def plugin_settings(platform_settings: Any) -> None:
    """Called by the platform while it reads its settings: make sure that our dictionary is there."""
    if not hasattr(platform_settings, "XBLOCK_SETTINGS"):
        platform_settings.XBLOCK_SETTINGS = {}
    platform_settings.XBLOCK_SETTINGS.setdefault(KEY, {})
