"""Everything that Open edX provides to the core, in one bundle."""

from __future__ import annotations

from coursecrew.app.ports import Ports
from coursecrew.app.system import SystemClock, SystemIds, chance, pause, scanner
from coursecrew_openedx.files import PlatformFiles
from coursecrew_openedx.grades import PlatformGradebook
from coursecrew_openedx.links import PlatformLinks
from coursecrew_openedx.notices import PlatformMailer
from coursecrew_openedx.people import Roster
from coursecrew_openedx.settings import option
from coursecrew_openedx.store import transaction
from coursecrew_openedx.tasks import PlatformQueue

IDS = SystemIds()  # one for the process, so that ids rise


def ports() -> Ports:
    """The bundle; one platform is one tenant here."""
    return Ports(
        transaction=transaction,
        clock=SystemClock(),
        ids=IDS,
        chance=chance(),
        people=Roster(),
        gradebook=PlatformGradebook(),
        mailer=PlatformMailer(),
        files=PlatformFiles(),
        links=PlatformLinks(),
        queue=PlatformQueue(),
        pause=pause,
        scan=scanner(str(option("scan_command"))),
    )
