"""For developers: writes a migration from what tables.py has and the migrations have not.

`python -m coursecrew_lti.migrations "What changes."`; read what it wrote before you commit it.
"""

import sys
from contextlib import redirect_stdout

from alembic import command
from alembic.script import ScriptDirectory

from coursecrew_lti.migrations import HERE, config
from coursecrew_lti.store import make_engine


def draft(message: str) -> str:
    """Write the migration, and return its path."""
    number = len(list(ScriptDirectory(HERE).walk_revisions())) + 1
    with make_engine("sqlite://").begin() as connection, redirect_stdout(sys.stderr):
        command.upgrade(config(connection), "head")
        written = command.revision(config(connection), message, autogenerate=True, rev_id=f"{number:04}")
    return str(getattr(written, "path", ""))


if __name__ == "__main__":
    print(draft(sys.argv[1]))
