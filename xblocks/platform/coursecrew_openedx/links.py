"""Absolute addresses for mail, and tokens that only this installation can have made."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.urls import reverse

MOUNT = "coursecrew"  # where the platform hangs our addresses: see apps.py


class PlatformLinks:
    """`Links` of Open edX."""

    def to_activity(self, activity_place: str, course: str) -> str:
        """The platform's own jump to a block: it opens the course player at the right unit."""
        return _absolute(f"/courses/{quote(course, safe=':+@')}/jump_to/{quote(activity_place, safe=':+@')}")

    def to_unsubscribe(self, token: str) -> str:
        """The page that stops mail for one person in one course."""
        path = reverse("unsubscribe", urlconf="coursecrew_openedx.urls", kwargs={"token": token})
        return _absolute(f"/{MOUNT}{path}")

    def sign(self, purpose: str, *parts: str) -> str:
        """A token for one purpose, good until the platform changes its secret key."""
        return signing.dumps(list(parts), salt=_salt(purpose), compress=True)

    def read(self, purpose: str, token: str) -> tuple[str, ...] | None:
        """The parts of a token, or `None` if it was not made here for this purpose."""
        try:
            parts = signing.loads(token, salt=_salt(purpose))
        except signing.BadSignature:
            return None
        return tuple(str(part) for part in parts)


def to_upload(place: str) -> str:
    """Our own door to a block's handler, for files that the platform stops before it."""
    path = reverse("upload", urlconf="coursecrew_openedx.urls", kwargs={"place": place, "screen": "x"})
    return f"/{MOUNT}{path.removesuffix('/x')}"


def _salt(purpose: str) -> str:
    return f"coursecrew.{purpose}"


def _absolute(path: str) -> str:
    root = getattr(settings, "LMS_ROOT_URL", "") or ""
    return f"{root.rstrip('/')}{path}"
