"""Periodic work for any scheduler: the platform brings none of its own."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from coursecrew.app.formation_work import work_on_formations
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import sync_roster
from coursecrew.app.ports import Ports
from coursecrew.app.records import ACTIVITIES
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import State
from coursecrew.domain.errors import PlatformUnreachable
from coursecrew.ui.mail import compose
from coursecrew_openedx.completion import complete
from coursecrew_openedx.ports import ports


class Command(BaseCommand):
    """Lets time pass, brings rosters in line, and delivers what is overdue. May run twice at once."""

    help = "Seal drafts that closed, expire invitations, read rosters again, form teams, deliver what waits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One option: reading every roster is work that once an hour is enough for."""
        parser.add_argument(
            "--no-rosters", action="store_true", help="leave out reading the member lists of all courses"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Do one round, and say in one line what it did."""
        bundle = ports()
        courses = [] if options["no_rosters"] else _courses(bundle)
        unread = sum(not _read_roster(bundle, course) for course in courses)
        kept = upkeep(bundle)
        formed = work_on_formations(bundle, stopwatch=time.monotonic)
        sent = deliver_all(bundle, compose=compose, hear=complete)
        self.stdout.write(
            f"rosters {len(courses) - unread} unread {unread} works {kept.works} invitations {kept.askings} "
            f"formations {formed} events {sent.events} grades {sent.cells} mails {sent.mails}"
        )


def _read_roster(bundle: Ports, course: str) -> bool:
    try:
        sync_roster(bundle, course)
    except PlatformUnreachable:
        return False  # nobody is marked as gone by half a list; the next round tries again
    return True


def _courses(bundle: Ports) -> list[str]:
    """Courses with an activity that learners see."""

    def read(unit: UnitOfWork) -> list[str]:
        return sorted(unit.store.tally(ACTIVITIES, "course", state=State.PUBLISHED.value))

    return run(bundle, read)
