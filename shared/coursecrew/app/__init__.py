"""Use cases: one function and one transaction each, over ports that a host provides."""
