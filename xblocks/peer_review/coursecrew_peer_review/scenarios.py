"""The block as authors and learners meet it, for the XBlock workbench."""

from __future__ import annotations


def scenarios() -> list[tuple[str, str]]:
    """Descriptions and OLX."""
    return [("Peer review: new, nothing set yet", "<coursecrew_peer_review/>")]
