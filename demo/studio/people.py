"""The people of the sample course "Urban Water", as this platform knows them."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model

from demo.studio.models import Enrolment

COURSE = "course-v1:edX+Demo+2020"  # the one course of every block in the workbench
COURSE_TITLE = "Urban Water: from source to tap"


@dataclass(frozen=True)
class Sample:
    username: str
    name: str
    zone: str
    team_role: str = ""
    enrolled: bool = True


PEOPLE = (
    Sample("amara", "Amara Okafor", "Africa/Lagos"),
    Sample("tomas", "Tomás Rivera", "America/Bogota"),
    Sample("linh", "Vũ Thùy Linh", "Asia/Ho_Chi_Minh"),
    Sample("sofia", "Sofia Lindqvist", "Europe/Stockholm"),
    Sample("mehmet", "Mehmet Yılmaz", "Europe/Istanbul"),
    Sample("ioana", "Ioana Neagu", "Europe/Bucharest"),
    Sample("layla", "Layla Haddad", "Asia/Amman"),
    Sample("kofi", "Kofi Asante", "Africa/Accra"),
    Sample("priya", "Priya Nair", "Asia/Kolkata"),
    Sample("diego", "Diego Fuentes", "America/Santiago"),
    Sample("ines", "Dr Inês Carvalho", "Europe/Lisbon", team_role="instructor"),
    Sample("kwame", "Kwame Boateng", "Africa/Accra", team_role="staff"),
    Sample("passerby", "A passer-by", "UTC", enrolled=False),
)


def seed() -> None:
    """Make the accounts and enrolments; again changes nothing."""
    users = get_user_model().objects
    for person in PEOPLE:
        first, _, last = person.name.rpartition(" ")
        user, _ = users.get_or_create(
            username=person.username,
            defaults={"first_name": first, "last_name": last, "email": f"{person.username}@water.example"},
        )
        if person.enrolled:
            Enrolment.objects.get_or_create(
                user=user, course_id=COURSE, defaults={"team_role": person.team_role, "zone": person.zone}
            )
