"""The `coursecrew` command: the core's engines on plain files.

Each module of this package that stands in `COMMANDS` offers `add_parser(subparsers)` and
`run(arguments) -> int`; what reads and writes CSV for all of them is in `tables`.
"""
