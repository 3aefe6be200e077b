"""Coursecrew: team assignments, peer feedback and mentorship, one core for every learning platform."""

__version__ = "0.1.0"
