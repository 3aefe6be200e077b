"""What we hear from the platform: people who retire, and people who come into a course or leave it.

Connected in `CoursecrewConfig.ready`. The signals' places differ by release, so each import is
guarded: without one of them the roster sync of upkeep does the same work later.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import pre_delete

from coursecrew.app.people import note_enrolment, retire
from coursecrew.app.ports import Member, Ports
from coursecrew.app.unit_of_work import run
from coursecrew.domain.people import Role


def _ports() -> Ports:
    from coursecrew_openedx.ports import ports

    return ports()


def connect() -> None:
    """Listen to every signal that this release of the platform has."""
    pre_delete.connect(forget_deleted, sender=get_user_model(), dispatch_uid="coursecrew.deleted")
    try:
        from openedx.core.djangoapps.user_api.accounts.signals import USER_RETIRE_LMS_MISC
    except ImportError:
        pass
    else:
        USER_RETIRE_LMS_MISC.connect(forget_retired, dispatch_uid="coursecrew.retired")
    try:
        from openedx_events.learning.signals import (
            COURSE_ENROLLMENT_CHANGED,
            COURSE_ENROLLMENT_CREATED,
            COURSE_UNENROLLMENT_COMPLETED,
        )
    except ImportError:
        return
    COURSE_ENROLLMENT_CREATED.connect(enrolment_changed, dispatch_uid="coursecrew.enrolled")
    COURSE_ENROLLMENT_CHANGED.connect(enrolment_changed, dispatch_uid="coursecrew.changed")
    COURSE_UNENROLLMENT_COMPLETED.connect(enrolment_changed, dispatch_uid="coursecrew.unenrolled")


def forget_retired(user: Any, **_: Any) -> None:
    """The platform retires an account: forget who it was. A failure is repeated by the platform."""
    forget(user.id)


def forget_deleted(instance: Any, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """An account is deleted outright, from the database that our rows are in."""
    if using == DEFAULT_DB_ALIAS:
        forget(instance.id)


def forget(account_id: int) -> bool:
    """Forget a person's name everywhere and cut the tie to the account; again is no harm."""
    from coursecrew_openedx.models import Person

    row = Person.objects.filter(user_id=account_id).first()
    if row is None:
        return False
    run(_ports(), retire, row.key)
    row.delete()  # last, so that a failure before it leaves the way to try again
    return True


def enrolment_changed(enrollment: Any, **_: Any) -> None:
    """Somebody came into a course or left it; what they had in a team waits for them."""
    from coursecrew_openedx.people import is_course_staff, key_of, name_of

    account: Any = get_user_model()._default_manager.filter(pk=enrollment.user.id).first()
    if account is None:
        return
    course = str(enrollment.course.course_key)
    member = Member(
        person=key_of(account.id),
        name=name_of(account),
        role=Role.INSTRUCTOR if is_course_staff(account, course) else Role.LEARNER,
        active=bool(enrollment.is_active),
    )
    run(_ports(), note_enrolment, course, member)
