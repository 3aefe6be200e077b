"""Coursecrew as an LTI 1.3 Advantage tool for Moodle, Canvas and others."""
