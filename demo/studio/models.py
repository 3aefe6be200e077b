"""What the platform around the blocks keeps: who is in the course, and the gradebook."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class Enrolment(models.Model):
    """Somebody in a course; `team_role` is "staff" or "instructor" for the course team."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    course_id = models.CharField(max_length=255)
    mode = models.CharField(max_length=40, default="audit")
    team_role = models.CharField(max_length=20, blank=True)
    zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "course_id"], name="one_enrolment")]


class Mark(models.Model):
    """One cell of the gradebook; `earned` is empty once a score was withdrawn."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=255)
    earned = models.FloatField(null=True)
    possible = models.FloatField(null=True)
    received = models.DateTimeField(auto_now=True)
    times = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "place"], name="one_mark")]


class Tick(models.Model):
    """A block that somebody has completed."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=255)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "place"], name="one_tick")]
