"""The block as authors and learners meet it, for the XBlock workbench."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

DAY = timedelta(days=1)
# The block beside it in the workbench whose works can be reviewed, by its short name.
PLAN = "team-assignment-teams-form-and-write.coursecrew_team_assignment.d0.u0"


def scenarios() -> list[tuple[str, str]]:
    """Descriptions and OLX; dates are counted from today, so that each phase is there on any day."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    return [
        ("Peer review: new, nothing set yet", "<coursecrew_peer_review/>"),
        ("Peer review: everybody hands in here", _olx("A street you know", _street(now))),
        ("Peer review: works of the team assignment", _olx("Judge two plans", _plans(now))),
    ]


def _olx(title: str, document: dict[str, Any]) -> str:
    settings = escape(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))
    return (
        f'<coursecrew_peer_review display_name="{title}" xmlns:option="http://code.edx.org/xblock/option">'
        f"<option:settings>{settings}</option:settings></coursecrew_peer_review>"
    )


def _street(now: datetime) -> dict[str, Any]:
    return {
        "schema": 1,
        "goal": "Half a page about a street and its water, and what two others think of it.",
        "done_when": ["Half a page is handed in", "Two reviews are written"],
        "prompts": [
            {"id": "p1", "title": "The street after an hour of rain", "hint": "What you saw yourself."}
        ],
        "teams": {"name": "own works of a street", "min": 1, "ideal": 1, "max": 1, "public": False},
        "steps": {
            "draft": _window(now - 2 * DAY, now + 5 * DAY),
            "review": _window(now - DAY, now + 9 * DAY),
        },
        "review": {"own_works": True, "per_work": 2, "anonymity": "double", "feedback": "complete"},
        "rubric": _rubric(),
    }


def _plans(now: datetime) -> dict[str, Any]:
    return {
        "schema": 1,
        "goal": "See how other teams went about it, and tell them what you would change next.",
        "done_when": ["Each team has written two reviews", "Each names one thing to change next"],
        "steps": {"review": _window(now - DAY, now + 9 * DAY)},
        "review": {"of": PLAN, "per_work": 2, "reviewers": "team", "feedback": "complete"},
        "rubric": _rubric(),
    }


def _window(opens: datetime, due: datetime) -> dict[str, Any]:
    return {"opens": opens.isoformat(), "due": due.isoformat(), "closes": None}


def _rubric() -> dict[str, Any]:
    return {
        "criteria": [
            {
                "id": "seen",
                "title": "Somebody else can see it",
                "weight": "2",
                "levels": [
                    {"points": "0", "text": "No place, no hour"},
                    {"points": "2", "text": "A place or an hour"},
                    {"points": "4", "text": "A place, an hour, and what the water did"},
                ],
            },
            {
                "id": "next",
                "title": "It says what to do next",
                "weight": "1",
                "levels": [
                    {"points": "0", "text": "Nothing is proposed"},
                    {"points": "4", "text": "One step, with who and when"},
                ],
            },
        ]
    }
