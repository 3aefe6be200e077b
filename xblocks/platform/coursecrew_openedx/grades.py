"""The gradebook of the platform, for any learner: `SCORE_PUBLISHED` behind one adapter.

`runtime.publish(block, "grade", …)` grades only the person who clicked, and edx-submissions win for
ever over every other road, so neither is used anywhere. What is sent is a row of desired state:
the same value again changes nothing but the time.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from django.db import OperationalError
from kombu.exceptions import OperationalError as BrokerUnreachable

from coursecrew.app.ports import Answer
from coursecrew.domain.errors import PlatformUnreachable
from coursecrew.domain.gradebook import Cell, Component
from coursecrew_openedx.activities import place_of
from coursecrew_openedx.people import account_of
from coursecrew_openedx.settings import stand_in


class NotTaken(Exception):  # noqa: N818 - an answer, told on to staff
    """The gradebook will not take a score; the code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Scores(Protocol):
    """Where scores of one block and one account go."""

    def publish(self, place: str, account: Any, *, earned: float, possible: float) -> None:
        """Write a score; `NotTaken` when it will never be taken as things stand."""
        ...

    def withdraw(self, place: str, account: Any) -> None:
        """Take a score back."""
        ...


class PlatformScores:
    """The LMS around us. All imports of the platform stand in these functions.

    The call is the one that the platform's own LTI consumer makes:
    https://github.com/openedx/xblock-lti-consumer/blob/master/lti_consumer/signals/signals.py
    """

    def publish(self, place: str, account: Any, *, earned: float, possible: float) -> None:
        """Write a score, lower ones too: an appeal may lower a grade."""
        block = self._block(place)
        course_key = block.scope_ids.usage_id.context_key
        if not self._is_enrolled(account, course_key):
            raise NotTaken("not_enrolled")
        if self._is_frozen(course_key):
            raise NotTaken("frozen")
        self._send(block, account, raw_earned=earned, raw_possible=possible)

    def withdraw(self, place: str, account: Any) -> None:
        """Take a score back: nothing of it counts any more."""
        block = self._block(place)
        if self._is_frozen(block.scope_ids.usage_id.context_key):
            raise NotTaken("frozen")
        self._send(block, account, raw_earned=None, raw_possible=None, score_deleted=True)

    def _send(self, block: Any, account: Any, **values: Any) -> None:
        from lms.djangoapps.grades.api import signals

        signals.SCORE_PUBLISHED.send(sender=None, block=block, user=account, only_if_higher=False, **values)

    def _block(self, place: str) -> Any:
        from opaque_keys.edx.keys import UsageKey
        from xmodule.modulestore.django import modulestore
        from xmodule.modulestore.exceptions import ItemNotFoundError

        try:
            return modulestore().get_item(UsageKey.from_string(place))
        except ItemNotFoundError:
            raise NotTaken("gone") from None

    def _is_enrolled(self, account: Any, course_key: Any) -> bool:
        from openedx.core.djangoapps.enrollments.services import EnrollmentsService

        enrolments = EnrollmentsService()
        return enrolments.get_active_enrollments_by_course_and_user(str(course_key), account.id) is not None

    def _is_frozen(self, course_key: Any) -> bool:
        from lms.djangoapps.grades.grade_utils import are_grades_frozen

        return bool(are_grades_frozen(course_key))


def scores() -> Scores:
    """The platform's scores, or the stand-in that the settings name."""
    found: Scores | None = stand_in("scores")
    if found is not None:
        return found
    try:
        import lms.djangoapps.grades.api  # noqa: F401 - only whether it is there
    except ImportError:
        raise PlatformUnreachable(service="gradebook") from None
    return PlatformScores()


class PlatformGradebook:
    """`Gradebook` of Open edX: one score for each learner and block."""

    def send(
        self, cell: Cell, *, value: Decimal | None, maximum: Decimal, stamp: datetime, title: str
    ) -> Answer:
        """Write (or, with `None`, withdraw) one learner's score."""
        if cell.component is not Component.TOTAL:
            return Answer("refused", "no_line_item")
        account = account_of(cell.person)
        if account is None:
            return Answer("refused", "gone")
        place = place_of(cell.activity)
        if place is None:
            return Answer("refused", "gone")
        try:
            if value is None:
                scores().withdraw(place, account)
            else:
                scores().publish(place, account, earned=float(value), possible=float(maximum))
        except NotTaken as no:
            return Answer("refused", no.code)
        except (PlatformUnreachable, OperationalError, BrokerUnreachable):
            return Answer("later", "platform_unreachable")
        return Answer("ok", stamp=stamp)
