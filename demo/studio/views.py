"""Pick a person and a scenario; look into the gradebook."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import Http404
from django.shortcuts import redirect, render
from workbench.scenarios import get_scenarios

from demo.studio.models import Mark, Tick
from demo.studio.people import COURSE_TITLE, PEOPLE


def shown():
    """Scenarios of our blocks: (name, scenario)."""
    return [
        (name, scenario)
        for name, scenario in sorted(get_scenarios().items())
        if name.rpartition(".")[0] not in settings.EXCLUDED_XBLOCKS and name.startswith("coursecrew_")
    ]


def landing(request):
    return render(
        request,
        "sample_platform/landing.html",
        {
            "title": COURSE_TITLE,
            "scenarios": shown(),
            "learners": [person for person in PEOPLE if person.enrolled and not person.team_role],
            "team": [person for person in PEOPLE if person.team_role],
            "strangers": [person for person in PEOPLE if not person.enrolled],
        },
    )


def gradebook(request):
    places = {str(scenario.usage_id): scenario.description for _, scenario in shown()}
    marks = Mark.objects.select_related("user").order_by("user__username")
    ticks = set(Tick.objects.values_list("user_id", "place"))
    rows = [
        {
            "name": mark.user.get_full_name(),
            "place": places.get(mark.place, mark.place),
            "earned": mark.earned,
            "possible": mark.possible,
            "received": mark.received,
            "done": (mark.user_id, mark.place) in ticks,
        }
        for mark in marks
    ]
    return render(request, "sample_platform/gradebook.html", {"title": COURSE_TITLE, "rows": rows})


def jump_to(request, course, place):
    """Where a mail's link leads: the scenario with that block, as the person it was written to."""
    username = (
        request.GET.get("student") or get_user_model().objects.values_list("username", flat=True).first()
    )
    for name, scenario in shown():
        if str(scenario.usage_id) == place:
            return redirect(f"/scenario/{name}/?student={username}")
    raise Http404
