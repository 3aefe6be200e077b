"""Peer review, as a block of Open edX."""
