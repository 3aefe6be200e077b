"""Screens: a request in, a rendered part out, the same in every host."""
