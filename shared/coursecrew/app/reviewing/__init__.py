"""Peer review: works come into a pool, reviewers take and judge them, authors read and answer."""
