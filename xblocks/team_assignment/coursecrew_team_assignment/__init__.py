"""The team assignment for Open edX."""
