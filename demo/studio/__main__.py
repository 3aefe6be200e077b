"""`make studio`: the XBlock workbench with every block and sample people, in one process.

Scenarios live in the memory of the process that built them, so there is no reloading here.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    port = int(os.environ.get("STUDIO_PORT", "8600"))
    folder = Path(os.environ.get("STUDIO_FOLDER", ROOT / ".demo" / "studio"))
    folder.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(ROOT))
    os.chdir(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demo.studio.settings")

    import django
    from django.core.management import call_command

    django.setup()
    print("Making the tables and the people of the sample course ...", flush=True)
    prepare()
    print(f"Open http://127.0.0.1:{port}/ in a browser. Ctrl-C stops it.", flush=True)
    call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, skip_checks=True)


def prepare() -> None:
    """Tables, people and scenarios; a second start takes seconds."""
    from django.core.management import call_command
    from workbench.scenarios import get_scenarios

    from demo.studio.people import seed

    call_command("migrate", run_syncdb=True, verbosity=0)
    seed()
    get_scenarios()


if __name__ == "__main__":
    main()
