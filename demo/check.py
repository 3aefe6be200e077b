"""`make demo-check`: drives the main job over HTTP, and reads the marks back from the gradebook.

A teacher deep-links an assignment, sets it up and publishes it; two teams of three find each other,
write and hand in, one of them a day late; the teacher scores and releases. Then the two teams review
each other's work, hidden from one another, and marks are made of that, too. What each learner must
then find in the gradebook is worked out here from the rubric alone, by a sum of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests

from demo import course
from demo.processes import CannotStart, free_ports, must_be_free, running
from demo.visitor import Unexpected, Visitor

TITLE = course.PLAN.title
REVIEW = "Judge the other plan"
TEACHER = "ines.carvalho"
DELIVERY_TAKES = 60  # seconds at most
LATE_DAY = 10  # points that a started day costs


@dataclass(frozen=True)
class CheckedTeam:
    """A team of the check: who is in it, what it is given, and whether it is late."""

    name: str
    members: tuple[str, str, str]
    points: Mapping[str, int]  # by the beginning of the criterion's title
    reviewed: Mapping[str, int]  # the same, by the other team
    late_days: int = 0


TEAMS = (
    CheckedTeam(
        "Blue Ledger",
        ("amara.okafor", "tomas.rivera", "sofia.lindqvist"),
        {"The loss": 3, "The plan": 4, "The reasoning": 2},
        {"The loss": 4, "The plan": 2, "The reasoning": 3},
    ),
    CheckedTeam(
        "Acacia",
        ("nomsa.wanjiru", "diego.morales", "ravi.pillai"),
        {"The loss": 4, "The plan": 3, "The reasoning": 3},
        {"The loss": 1, "The plan": 4, "The reasoning": 1},
        late_days=1,
    ),
)
RUBRIC = (
    ("The loss is measured", 50, 4),
    ("The plan can be carried out", 30, 4),
    ("The reasoning is open", 20, 3),
)


def expected(team: CheckedTeam) -> str:
    """The mark of each member: the weighted share of points, less the late days, two places half up."""
    return _mark(team.points, team.late_days * LATE_DAY)


def expected_of_reviews(team: CheckedTeam) -> str:
    """The mark out of the one review by the other team."""
    return _mark(team.reviewed, 0)


def _mark(given_points: Mapping[str, int], less: int) -> str:
    share = Fraction(0)
    for title, weight, most in RUBRIC:
        given = next(points for begin, points in given_points.items() if title.startswith(begin))
        share += Fraction(given, most) * weight
    mark = share / sum(weight for _, weight, _ in RUBRIC) * 100 - less
    cents = int(mark * 100 + Fraction(1, 2))
    return f"{cents // 100}.{cents % 100:02d}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.check", description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("DEMO_PORT") or 0))
    parser.add_argument(
        "--fault", type=json.loads, default=None, help="a disorder for the sample LMS, as JSON"
    )
    options = parser.parse_args(arguments)
    try:
        port = options.port if options.port and _is_free(options.port) else free_ports()
        with tempfile.TemporaryDirectory(prefix="coursecrew-") as folder:
            with running(Path(folder), port, empty=True) as both:
                _play(both.lms, options.fault)
                return _judge(both.lms)
    except (CannotStart, Unexpected, requests.RequestException) as problem:
        print(f"The check could not go on: {problem}", file=sys.stderr)
        print(f"marks 0 wrong {2 * sum(len(team.members) for team in TEAMS)}", flush=True)
        return 1


def _is_free(port: int) -> bool:
    """Whether the demo's own ports can be used; beside a running demo the check takes others."""
    try:
        must_be_free(port)
        must_be_free(port + 1)
    except CannotStart:
        return False
    return True


# --- the story ---


def _play(lms: str, fault: Mapping[str, Any] | None) -> None:
    teacher = Visitor(lms, TEACHER)
    _say("The teacher adds the assignment, sets it up and publishes it.")
    teacher.add_activity(TITLE)
    link = _link(lms)
    _set_up(teacher, link)
    for team in TEAMS:
        _say(f"Three learners become the team {team.name}, and write.")
        people = [Visitor(lms, person) for person in team.members]
        _become_team(people, link, team)
        _write(people, team)
        if team.late_days:
            _say("Two steps of the clock later the due time has passed.")
            for _ in range(2):
                requests.post(f"{lms}/clock", timeout=300).raise_for_status()
        _say(f"{team.name} hands in, and everybody confirms.")
        _hand_in(people, link)
    _say("The teacher scores both teams and releases the grades.")
    for team in TEAMS:
        _score(teacher, link, team)
    if fault:
        requests.post(f"{lms}/faults", json=fault, timeout=30).raise_for_status()
    _release(teacher)
    _say("The teacher adds a peer review of these works.")
    teacher.add_activity(REVIEW, "peer_review")
    reviews = _link(lms)
    _set_up_reviews(teacher, reviews)
    for team, other in zip(TEAMS, reversed(TEAMS), strict=True):
        _say(f"{team.name} takes a work, reviews it and hands the review in.")
        _review(Visitor(lms, team.members[0]), reviews, other)
    _say("The teacher lets the authors read, works out the grades and releases them.")
    teacher.open(reviews)
    teacher.press(teacher.show("room"), "room/release")
    teacher.press(teacher.show("room"), "room/mark")
    _release(teacher)


def _set_up_reviews(teacher: Visitor, link: str) -> None:
    """Team reviews team, neither side knows the other, one review each."""
    teacher.open(link)
    page = teacher.show("settings")
    offered = re.search(rf'<option value="([^"]+)"[^>]*>{re.escape(TITLE)}', page.source)
    if offered is None:
        raise Unexpected("the assignment is not offered to be reviewed")
    fields = {
        "title": REVIEW, "of": offered[1], "per_work": "1", "reviewers": "team", "anonymity": "double",
        "feedback": "hand", "weight_product": "100", **_rubric(),
    }  # fmt: skip
    page = teacher.press(page, "settings/save", fields, "Save")
    teacher.press(page, "settings/publish")


def _review(person: Visitor, link: str, author: CheckedTeam) -> None:
    """Take the other team's work and judge it; hints come once and are passed by."""
    page = person.press(person.open(link), "reviews/take")
    fields = {"text": "Measured with care; could you say who reads the meter, and what one night costs?"}
    fields |= dict(_levels(page.source, author.reviewed))
    for _ in range(2):
        action = next(form.action for form in page.forms if form.action.endswith("/save"))
        page = person.press(page, action, fields, "Hand in the review")
        if not any(form.action.endswith("/save") for form in page.forms):
            return
    raise Unexpected(f"the review could not be handed in: {page.text[:300]}")


def _set_up(teacher: Visitor, link: str) -> None:
    teacher.open(link)
    page = teacher.press(teacher.show("settings"), "settings/starter")
    fields: dict[str, str] = {
        "title": TITLE,
        "goal": course.PLAN.goal,
        "done_when": "\n".join(course.PLAN.done_when),
        "task": course.PLAN.task,
        "team_lock": "",
        "draft_opens": "",
        "draft_due": _field(course.PLAN_DUE),
        "draft_closes": _field(course.PLAN_CLOSES),
        "submit_rule": "all",
        "late_points": str(LATE_DAY),
    }
    page = teacher.press(page, "settings/save", {**fields, **_rubric()}, "Save")
    teacher.press(page, "settings/publish")


def _rubric() -> dict[str, str]:
    """The fields of the rubric, as the teacher types them."""
    fields = {}
    for number, (title, weight, most) in enumerate(RUBRIC, start=1):
        fields[f"criterion_title-{number}"] = title
        fields[f"criterion_weight-{number}"] = str(weight)
        lines = [f"{points}: {points} of {most}: as far as it goes" for points in range(most + 1)]
        fields[f"criterion_levels-{number}"] = "\n".join(lines)
    return fields


def _field(moment: Any) -> str:
    """A moment as the teacher types it, on her own clock."""
    return str(moment.astimezone(ZoneInfo(course.BY_ID[TEACHER].zone)).strftime("%Y-%m-%dT%H:%M"))


def _become_team(people: Sequence[Visitor], link: str, team: CheckedTeam) -> None:
    founder, *others = people
    founder.open(link)
    founder.press(founder.show("team/found"), "team/found", {"name": team.name, "motto": "We check."})
    for person in others:
        page = person.open(link)
        person.press(page, _join_form(page.source, team.name, [form.action for form in page.forms]))


def _join_form(source: str, team: str, actions: Sequence[str]) -> str:
    """Where the button "Join" of that team leads."""
    for action in actions:
        if action.endswith("/join") and f'action="{action}"' in source:
            after = source.split(f'action="{action}"', 1)[1].split("</form>", 1)[0]
            if team in after:
                return action
    raise Unexpected(f"there is no button to join {team}")


def _write(people: Sequence[Visitor], team: CheckedTeam) -> None:
    """Each member writes a part; each reads the page before, as people do."""
    for number, person in enumerate(people):
        page = person.show("draft")
        boxes = [name for name, _ in page.form("draft").values if name.startswith("text-")]
        text = f"{team.name}, part {number + 1}: what we measured, and what follows from it."
        person.press(page, "draft", {boxes[number % len(boxes)]: text}, "Save")


def _hand_in(people: Sequence[Visitor], link: str) -> None:
    presser, *others = people
    presser.open(link)
    presser.press(presser.show("hand-in"), "hand-in", button="Hand in")
    for person in others:
        person.open(link)
        person.press(person.show("confirm"), "confirm", button="Confirm")


def _score(teacher: Visitor, link: str, team: CheckedTeam) -> None:
    teacher.open(link)
    queue = teacher.show("grading")
    address = next((address for text, address in queue.links if team.name in text), None)
    if address is None:
        raise Unexpected(f"the work of {team.name} is not in the list")
    work = address.removeprefix("#/")
    page = teacher.show(work)
    fields = {"comment": f"Read with care, {team.name}."}
    for name, value in _levels(page.source, team.points):
        fields[name] = value
    teacher.press(page, f"{work}/score", fields, "Score this work")


def _levels(source: str, points: Mapping[str, int]) -> list[tuple[str, str]]:
    """The radio buttons to choose, found by the criterion's title above them."""
    chosen = []
    for group in source.split("<fieldset")[1:]:
        body = group.split("</fieldset>", 1)[0]
        title = next((begin for begin in points if begin in body.split("</legend>", 1)[0]), None)
        if title is not None:
            name = body.split('name="', 1)[1].split('"', 1)[0]
            chosen.append((name, str(points[title])))
    if len(chosen) != len(points):
        raise Unexpected("the rubric on the page is not the one that was set up")
    return chosen


def _release(teacher: Visitor) -> None:
    teacher.press(teacher.show("release"), "release/now")


# --- the gradebook ---


def _judge(lms: str) -> int:
    """Print every mark that came, and whether each is the one it must be."""
    wanted = {(person, TITLE): expected(team) for team in TEAMS for person in team.members}
    wanted |= {(person, REVIEW): expected_of_reviews(team) for team in TEAMS for person in team.members}
    until = time.monotonic() + DELIVERY_TAKES
    while len(marks := _marks(lms)) < len(wanted) and time.monotonic() < until:
        time.sleep(0.5)
    wrong = 0
    for person, title, mark, maximum in marks:
        print(f"MARK {person} {title} {mark}/{maximum}")
        if wanted.get((person, title)) != mark or maximum != "100":
            wrong += 1
            print(f"  {person} must have {wanted.get((person, title), 'no mark')}", file=sys.stderr)
    missing = sorted(set(wanted) - {(person, title) for person, title, _, _ in marks})
    for person, title in missing:
        print(f"  the mark of {person} in {title} is missing", file=sys.stderr)
    print(f"marks {len(marks)} wrong {wrong + len(missing)}", flush=True)
    return 1 if wrong or missing else 0


def _marks(lms: str) -> list[tuple[str, str, str, str]]:
    answer = requests.get(f"{lms}/gradebook.json", timeout=30).json()
    titles = {column["id"]: str(column["label"]) for column in answer["columns"]}
    found = [mark for mark in answer["marks"] if mark["score"]]
    return [(m["person"], titles[m["column"]], f"{float(m['score']):.2f}", str(m["maximum"])) for m in found]


def _link(lms: str) -> str:
    columns = requests.get(f"{lms}/gradebook.json", timeout=30).json()["columns"]
    return str(columns[-1]["link"])


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
