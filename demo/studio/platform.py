"""What a platform's services give to blocks, here over the sample platform's few tables."""

import hashlib

from django.contrib.auth import get_user_model
from xblock.reference.user_service import UserService, XBlockUser

from demo.studio.models import Enrolment, Mark, Tick
from demo.studio.people import COURSE


def anonymous_id(username):
    """The course's own id of a person, in the form that the platform gives."""
    return hashlib.md5(f"{COURSE} {username}".encode()).hexdigest()


class SampleUsers(UserService):
    """The person named by `?student=`; nobody is signed in where that names no account."""

    def __init__(self):
        super().__init__()

    def get_current_user(self):
        account = get_user_model().objects.filter(username=self.runtime.user_id).first()
        if account is None:
            return XBlockUser(is_current_user=True)
        enrolment = Enrolment.objects.filter(user=account, course_id=COURSE, is_active=True).first()
        role = enrolment.team_role if enrolment else ""
        person = XBlockUser(is_current_user=True, full_name=account.get_full_name(), emails=[account.email])
        person.opt_attrs = {
            "edx-platform.anonymous_user_id": anonymous_id(account.username),
            "edx-platform.is_authenticated": True,
            "edx-platform.user_id": account.id,
            "edx-platform.user_is_global_staff": account.is_superuser,
            "edx-platform.user_is_staff": bool(role) or account.is_superuser,
            "edx-platform.user_preferences": {"time_zone": enrolment.zone if enrolment else None},
            "edx-platform.user_role": role or "student",
            "edx-platform.username": account.username,
        }
        return person

    def get_user_by_anonymous_id(self, uid=None):
        accounts = get_user_model().objects.all()
        return next((account for account in accounts if anonymous_id(account.username) == uid), None)


class SampleEnrolments:
    """The roster: a queryset, as the platform's own service gives one."""

    runtime = None

    def get_active_enrollments_by_course(self, course_id):
        return Enrolment.objects.filter(course_id=course_id, is_active=True)

    def get_active_enrollments_by_course_and_user(self, course_id, user_id):
        return Enrolment.objects.filter(course_id=course_id, user_id=user_id, is_active=True).first()

    def is_course_staff(self, account, course_id):
        return Enrolment.objects.filter(course_id=course_id, user=account).exclude(team_role="").exists()


class SamplePermissions:
    """Who may edit: the course team."""

    def can_write(self, course_key):
        return Enrolment.objects.filter(user__username=self.runtime.user_id).exclude(team_role="").exists()

    can_read = can_write


class SampleScores:
    """The gradebook, which keeps what it was told last."""

    def publish(self, place, account, *, earned, possible):
        self._keep(place, account, earned, possible)

    def withdraw(self, place, account):
        self._keep(place, account, None, None)

    def _keep(self, place, account, earned, possible):
        mark, _ = Mark.objects.get_or_create(user=account, place=place)
        mark.earned, mark.possible, mark.times = earned, possible, mark.times + 1
        mark.save()


class SampleCompletions:
    """The ticks of the course outline."""

    def complete(self, place, accounts):
        for account in accounts:
            Tick.objects.get_or_create(user=account, place=place)
