"""Forming teams from traits and wishes.

`rules` and `traits` read, `judging` values teams in plain Python, `planning` fixes sizes and names
clashes, `pricing` values many teams at once, `improving` and `proving` search, `forming` joins
them, `explaining` says why, `repairing` looks after teams once people come late or vanish.

numpy and scipy are imported by `pricing`, `improving`, `proving`, `forming` and `repairing` alone;
import from the module that is needed, so that a process which never forms teams pays nothing.
"""
