"""The block in each of its phases, for authors who try it in the XBlock workbench."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

DAY = timedelta(days=1)


def scenarios() -> list[tuple[str, str]]:
    """Descriptions and OLX; dates are counted from today, so that each phase is there on any day."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return [
        ("Team assignment: teams form and write", _olx("Cut water loss in one district", _plan(now))),
        (
            "Team assignment: everybody confirms before it is handed in",
            _olx("A street without floods", _street(now)),
        ),
        ("Team assignment: handing in is over", _olx("First sketch", _sketch(now))),
        ("Team assignment: opens next week", _olx("Water for a new quarter", _quarter(now))),
        ("Team assignment: new, nothing set yet", "<coursecrew_team_assignment/>"),
    ]


def _olx(title: str, document: dict[str, Any]) -> str:
    settings = escape(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))
    return (
        f'<coursecrew_team_assignment display_name="{title}" xmlns:option="http://code.edx.org/xblock/option">'
        f"<option:settings>{settings}</option:settings></coursecrew_team_assignment>"
    )


def _plan(now: datetime) -> dict[str, Any]:
    return {
        "schema": 1,
        "goal": (
            "A plan that a district engineer in Kisumu could start on Monday, with the cost of every step."
        ),
        "done_when": [
            "The loss is measured at three points or more",
            "Every step has a person, a date and a price",
            "An outsider can redo the sums",
        ],
        "task": (
            "Manyatta loses a third of its water between the reservoir and the tap. Read the meter "
            "readings of the last two years, choose **one** district, and plan what to repair first.\n\n"
            "- Say where the water goes, and how you know.\n"
            "- Compare at least two repairs by litres saved for each shilling.\n"
            "- Name what you could not find out."
        ),
        "teams": {"name": "district teams", "min": 2, "ideal": 4, "max": 5},
        "prompts": [
            {
                "id": "p1",
                "title": "Where the water goes",
                "hint": "Three measured points or more, with dates.",
            },
            {"id": "p2", "title": "Three things to repair first", "hint": "Each with litres saved a day."},
            {"id": "p3", "title": "What it would cost", "hint": "A sum that an outsider can redo."},
            {"id": "p4", "title": "What we could not find out", "hint": "", "required": False},
        ],
        "steps": _steps(
            form=(now - 14 * DAY, None, None), draft=(now - 10 * DAY, now + 3 * DAY, now + 5 * DAY)
        ),
        "rubric": _rubric(),
    }


def _street(now: datetime) -> dict[str, Any]:
    return {
        "schema": 1,
        "goal": "A drawing and a page of text that the street’s council can vote on.",
        "done_when": ["The drawing shows where the rain of one hour goes", "Both costs are in the text"],
        "task": (
            "Choose a street that floods. Draw where the rain of one heavy hour goes today, "
            "and where it should go."
        ),
        "teams": {"name": "street teams", "min": 2, "ideal": 3, "max": 4},
        "prompts": [
            {"id": "p1", "title": "The street today", "hint": ""},
            {"id": "p2", "title": "The street after our change", "hint": ""},
        ],
        "steps": _steps(
            form=(now - 4 * DAY, None, None), draft=(now - 4 * DAY, now + 6 * DAY, now + 8 * DAY)
        ),
        "submit_rule": "all",
        "rubric": _rubric(),
    }


def _sketch(now: datetime) -> dict[str, Any]:
    return {
        "schema": 1,
        "goal": "One page about a place you know and its water.",
        "done_when": ["One page, one map, one number with its source"],
        "task": "Write about the water of a place you know: where it comes from, and who goes without.",
        "teams": {"name": "sketch teams", "min": 1, "ideal": 2, "max": 3},
        "prompts": [{"id": "p1", "title": "Our page", "hint": ""}],
        "steps": _steps(
            form=(now - 30 * DAY, None, None), draft=(now - 30 * DAY, now - 9 * DAY, now - 7 * DAY)
        ),
        "rubric": _rubric(),
    }


def _quarter(now: datetime) -> dict[str, Any]:
    document = _plan(now)
    document["goal"] = "A supply plan for 4,000 people who move in next year."
    document["teams"] = {"name": "quarter teams", "min": 3, "ideal": 4, "max": 5}
    document["steps"] = _steps(
        form=(now - DAY, None, None), draft=(now + 7 * DAY, now + 21 * DAY, now + 23 * DAY)
    )
    return document


def _steps(**windows: tuple[datetime | None, datetime | None, datetime | None]) -> dict[str, Any]:
    return {
        name: {
            key: moment.isoformat()
            for key, moment in zip(("opens", "due", "closes"), window, strict=True)
            if moment
        }
        for name, window in windows.items()
    }


def _rubric() -> dict[str, Any]:
    def criterion(id: str, title: str, hint: str, weight: int, *levels: str) -> dict[str, Any]:
        return {
            "id": id, "title": title, "hint": hint, "weight": str(weight),
            "levels": [{"points": str(points), "text": text} for points, text in enumerate(levels)],
        }  # fmt: skip

    return {
        "number": 1,
        "criteria": [
            criterion(
                "c1", "Evidence", "Can the reader check what is claimed?", 2,
                "Claims without a source.", "Some claims have a source.",
                "Every claim has a source.", "Every claim has a source, and doubts are named.",
            ),
            criterion(
                "c2", "Costs", "Could somebody redo the sums?", 2,
                "No costs.", "Costs without their making.", "Costs that can be redone.",
            ),
            criterion(
                "c3", "Usable on Monday", "Does every step have a person, a date and a price?", 1,
                "Ideas only.", "Steps without people or dates.", "Every step can begin.",
            ),
        ],
    }  # fmt: skip
