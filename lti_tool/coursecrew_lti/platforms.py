"""What Moodle, Canvas and others do differently: one value for each family, nothing elsewhere asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"


@dataclass(frozen=True)
class Platform:
    """A family of platforms; the defaults are what the specifications say."""

    family: str = ""
    name: str = ""  # what people call it
    hosts: tuple[str, ...] = ()  # of services, beside those named at registration
    escapes_names: bool = False  # member lists carry HTML-escaped names
    results_by_path: bool = False  # one person's result is at `/results/<sub>`
    page_size: int | None = None  # asked of member lists; `None`: what the platform likes
    score_extension: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    course_path: str = ""  # of a course below the issuer, for mail

    def course_address(self, issuer: str, context: str) -> str:
        """Where a course is found on the platform; its front page where we do not know."""
        if self.course_path:
            return issuer.rstrip("/") + self.course_path.format(context=context)
        return issuer if issuer.startswith("http") else ""


# A score with a new attempt would use one up for every grade change; see "Submission extension" in
# https://canvas.instructure.com/doc/api/score.html
_KEEP_ATTEMPT = (CANVAS_SUBMISSION, {"new_submission": False})

FAMILIES: Mapping[str, Platform] = {
    platform.family: platform
    for platform in (
        # https://github.com/moodle/moodle/blob/main/mod/lti/service/memberships cleans names with s();
        # without `limit` it sends everybody in one answer.
        Platform(
            "moodle", "Moodle", escapes_names=True, page_size=500, course_path="/course/view.php?id={context}"
        ),
        Platform(
            "canvas", "Canvas", hosts=(".instructure.com", ".canvaslms.com"), page_size=50,
            score_extension=(_KEEP_ATTEMPT,),
        ),
        Platform("openedx", "Open edX", results_by_path=True),
        Platform("blackboard", "Blackboard", hosts=(".blackboard.com",)),
        Platform("desire2learn", "Brightspace"),
        Platform("sakai", "Sakai"),
    )
}  # fmt: skip
UNKNOWN = Platform()

_CODES = {"moodle": "moodle", "canvas": "canvas", "blackboardlearn": "blackboard", "sakai": "sakai",
          "desire2learn": "desire2learn", "openedx": "openedx"}  # fmt: skip
_ISSUERS = (
    (re.compile(r"^https://canvas(\.beta|\.test)?\.instructure\.com$"), "canvas"),
    (re.compile(r"^https://blackboard\.com$"), "blackboard"),
    (re.compile(r"\.brightspace\.com$"), "desire2learn"),
)


def platform(family: str) -> Platform:
    """The differences of a family; the specifications' way for a family we do not know."""
    return FAMILIES.get(family, UNKNOWN)


def family_of(issuer: str, told: str = "") -> str:
    """The family, by what the platform tells about itself, else by its issuer."""
    plain = re.sub(r"[^a-z0-9]", "", told.casefold())
    for code, family in _CODES.items():
        if plain.startswith(code):
            return family
    for pattern, family in _ISSUERS:
        if pattern.search(issuer):
            return family
    return ""


def origin_of(url: str) -> str:
    """Scheme, host and port of an address; empty for anything else."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return ""
