"""A peer review on its screens: taken, written, read by the authors, counted, and worked out by hand."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mentoring import name_mentor
from coursecrew.app.outbox import deliver_all
from coursecrew.app.records import ACTIVITIES, GRADES, PARTICIPANTS, REVIEWS
from coursecrew.app.records import TEAMS as TEAM_ROWS
from coursecrew.app.reviewing.appealing import make_appeal
from coursecrew.app.reviewing.feedback import keep_reviewing
from coursecrew.app.reviewing.fill_ins import name_fill_in
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.review_rules import Anonymity, Practice, ReviewRules
from coursecrew.domain.samples import Sample
from coursecrew.ui.mail import compose
from coursecrew.ui.routes import FOR_REVIEWS, ROUTES
from tests.app.test_reviewing import TEAMS, a_class
from tests.builders import INES, REVIEW_PLACED, REVIEWS_DUE, actor, come_in, marks, world
from tests.ui.class_of import Counted
from tests.ui.parts import Part, ask, faults, words_of

P, Q, R = (TEAMS[name] for name in "PQR")
WELL = {"level-loss": "4", "level-plan": "3", "level-open": "2", "text": "Clear; costs are missing."}
SO_SO = {"level-loss": "3", "level-plan": "3", "level-open": "4", "text": "Good plan."}


def do(ports: MemoryPorts, who: Actor, path: str, **form: str):
    return ask(
        ports,
        who,
        path,
        {"request_key": f"{path}{len(ports.rows(REVIEWS))}{form}", **form},
        placed=REVIEW_PLACED,
    )


def show(ports: MemoryPorts, who: Actor, path: str = ""):
    return ask(ports, who, path, placed=REVIEW_PLACED)


def takes(ports: MemoryPorts, who: Actor) -> str:
    answer = do(ports, who, "reviews/take")
    assert answer.status == 200, words_of(answer)
    return str(re.search(r'action="reviews/([0-9a-f]+)/save"', str(answer.body))[1])


def hands_in(ports: MemoryPorts, who: Actor, id: str, form: dict[str, str], seen: str = "0"):
    """Press until it is in: hints come once and stop nobody."""
    done = do(ports, who, f"reviews/{id}/save", act="submit", seen=seen, **form)
    if "Look at the hints once more." in str(done.body):
        done = do(ports, who, f"reviews/{id}/save", act="submit", seen=str(int(seen) + 1), **form)
    return done


def reviewed(rules: ReviewRules | None = None) -> tuple[MemoryPorts, Activity]:
    """P has two reviews, Q and R one; reviewing is over, feedback is out, grades are released."""
    ports, _of, activity = a_class("PQR", rules or ReviewRules(owing_days=0, per_work=2))
    hands_in(ports, Q[0], takes(ports, Q[0]), WELL)
    hands_in(ports, R[0], takes(ports, R[0]), WELL)
    hands_in(ports, R[0], takes(ports, R[0]), SO_SO)
    hands_in(ports, P[0], takes(ports, P[0]), WELL)
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=73))
    run(ports, keep_reviewing, activity.id)
    deliver_all(ports, compose=compose)
    return ports, activity


def test_a_learner_is_led_from_the_first_work_to_the_last() -> None:
    ports, _of, _activity = a_class("PQR")
    assert "Review 2 works" in words_of(show(ports, P[0]))
    id = takes(ports, P[0])
    page = show(ports, P[0], f"reviews/{id}")
    assert faults(page) == []
    assert "Review of Work 1" in words_of(page)
    wrong = hands_in(ports, P[0], id, {"level-loss": "4", "comment-plan": "By when?"})
    assert wrong.status == 422
    assert "By when?" in str(wrong.body)
    assert "choose a level" in words_of(wrong)
    kept = do(
        ports,
        P[0],
        f"reviews/{id}/save",
        act="keep",
        seen="0",
        **{"level-loss": "4", "comment-plan": "By when?"},
    )
    assert "By when?" in str(kept.body)
    assert "Go on with your review" in words_of(show(ports, P[0]))
    assert hands_in(ports, P[0], id, WELL, seen="1").status == 200
    assert "Review 1 work" in words_of(show(ports, P[0]))


def test_authors_read_their_reviews_by_alias_and_only_when_it_is_time() -> None:
    ports, _activity = reviewed()
    page = show(ports, P[1], "feedback")
    assert faults(page) == []
    assert "Clear; costs are missing." in words_of(page)
    assert re.search(r"Reviewer \d", words_of(page))
    assert "can be read now" in words_of(show(ports, P[1]))
    early, _of, _a = a_class("PQR")
    takes(early, Q[0])
    assert show(early, P[0], "feedback").status == 409


@pytest.mark.parametrize("mode", Anonymity)
def test_no_side_finds_whom_it_may_not_know_on_any_page_or_letter(mode: Anonymity) -> None:
    ports, activity = reviewed(ReviewRules(owing_days=0, per_work=2, anonymity=mode))
    people = {row.name: row for row in ports.rows(PARTICIPANTS)}
    pages = ["", "feedback", "result", *(f"reviews/{row.id}" for row in ports.rows(REVIEWS))]
    reviewers = {name: people[name] for name in ("Q1", "R1")}
    authors = {name: people[name] for name in ("Q1", "Q2", "R1", "R2")}
    seen = "".join(
        str(show(ports, P[1], path).body) + repr(show(ports, P[1], path).headers) for path in pages
    )
    seen += "".join(f"{mail.subject} {mail.text} {mail.html}" for mail in ports.mailer.to(P[1].person))
    for name, row in reviewers.items():
        known = mode is Anonymity.NAMED
        assert (f">{name}<" in seen or f" {name} " in seen) is known, (mode, name)
        assert row.person not in seen
    written = "".join(str(show(ports, P[0], path).body) for path in pages if path.startswith("reviews/"))
    for name, row in authors.items():
        assert row.person not in written
        if mode in (Anonymity.DOUBLE, Anonymity.TEAM_NAME):
            assert not re.search(rf"\b{name}\b", written), (mode, name)
    assert ("Team " in written) is (mode is not Anonymity.DOUBLE)
    del activity


def test_staff_see_that_every_work_has_its_reviews_and_release_the_grades() -> None:
    ports, activity = reviewed(ReviewRules(owing_days=0, per_work=2, weight_product=80, weight_review=20))
    room = show(ports, INES)
    assert faults(room) == []
    assert "2 works lack reviews" in words_of(room)
    assert "Grades of 3 teams are worked out" in str(do(ports, INES, "room/mark").body)
    assert do(ports, INES, "release/now").status == 200
    page = words_of(show(ports, P[0], "result"))
    total = next(row.total for row in ports.rows(GRADES, activity=activity.id, person=P[0].person))
    assert total == recomputed(page) == Decimal("81.25") * 80 / 100 + Decimal(50) * 20 / 100


def recomputed(page: str) -> Decimal:
    """The grade out of the words of its page alone, by arithmetic of our own."""
    work = Decimal(0)
    sums = re.search(r"most points × weight: (.+?) \d", page)
    assert sums
    for value, most, weight in re.findall(r"([\d.]+) ÷ ([\d.]+) × ([\d.]+)", page):
        work += Decimal(value) / Decimal(most) * Decimal(weight)
    written = re.search(r"written (\d+), let go (\d+), owed (\d+)", page)
    shares = re.search(r"× (\d+) % \+ reviews [\d.]+ × (\d+) %", page)
    assert written
    assert shares
    done, waived, duty = (int(one) for one in written.groups())
    review = Decimal(min(100, 100 * (done + waived) / duty))
    return work * int(shares[1]) / 100 + review * int(shares[2]) / 100


def test_a_review_left_out_changes_the_grade_and_says_why() -> None:
    ports, activity = reviewed()
    do(ports, INES, "room/mark")
    team = next(row.team for row in ports.rows(REVIEWS) if row.reviewer == Q[0].person)
    page = show(ports, INES, f"feedback/{team}")
    assert faults(page) == []
    assert "Q1" in words_of(page)
    id = next(row.id for row in ports.rows(REVIEWS) if row.reviewer == Q[0].person)
    assert do(ports, INES, f"feedback/{team}/exclude", review=id).status == 422
    gone = do(ports, INES, f"feedback/{team}/exclude", review=id, reason="It is about another work.")
    assert "Left out of the score: It is about another work." in words_of(gone)
    assert next(r.total for r in ports.rows(GRADES, activity=activity.id, person=P[0].person)) == Decimal(80)


def test_screens_of_the_other_kind_lead_nowhere() -> None:
    ports, of, _activity = a_class("PQ")
    for path in ("team", "draft", "hand-in", "sandbox", "teams", "grading"):
        assert show(ports, P[0], path).status == 404
    for path in ("reviews", "feedback", "room"):
        assert ask(ports, P[0], path).status == 404
    del of


MENTORS = {name: actor(f"M{name}", Role.OBSERVER) for name in "PQRST"}  # of each team, and named to fill in
PAGES = [
    ("reviews", P[0]), ("reviews/<review>", Q[0]), ("feedback", P[1]), ("feedback/<team>", INES),
    ("room", INES), ("settings", INES), ("grades", INES), ("release", INES), ("result", P[0]),
    ("feedback/answer/<received>", P[1]), ("appeals", P[0]), ("room/appeals", INES),
    ("room/appeals/<appeal>", INES), ("room/held", INES), ("room/held/<review>", INES), ("practice", P[0]),
    ("practice/<sample>", P[0]), ("room/habits", INES), ("room/mentors", INES), ("reviews", MENTORS["P"]),
]  # fmt: skip


def test_each_screen_of_a_peer_review_is_named_here() -> None:
    shown = {
        route.path for route in ROUTES if route.method == "GET" and route.path.split("/")[0] in FOR_REVIEWS
    }
    assert {re.sub("<[a-z]+>", "<>", path) for path in shown} <= {
        re.sub("<[a-z]+>", "<>", path) for path, _ in PAGES
    }


def asked(teams: str, path: str, who: Actor) -> tuple[Counter[str], int]:
    """How often a page asks the store in a class of so many teams, and what a second look writes."""
    rules = ReviewRules(owing_days=0, per_work=1, practice=Practice.OFFERED)
    ports, of, activity = a_class(
        teams, rules, samples=(Sample("one", "A sample", "Text.", marks("3", "3", "3")),)
    )
    come_in(ports, *(MENTORS[name] for name in teams))
    for mentor, team in zip(MENTORS.values(), ports.rows(TEAM_ROWS), strict=False):
        run(ports, name_mentor, INES, of.id, team.id, mentor.person)
        run(ports, name_fill_in, INES, activity.id, mentor.person)
    for name in teams:
        hands_in(ports, TEAMS[name][0], takes(ports, TEAMS[name][0]), WELL)
    ports.clock.move_to(REVIEWS_DUE + timedelta(hours=73))
    run(ports, keep_reviewing, activity.id)
    do(ports, INES, "room/mark")
    do(ports, INES, "release/now")
    review = next(row for row in ports.rows(REVIEWS) if row.reviewer == Q[0].person)
    received = next(
        row for row in ports.rows(REVIEWS) if row.team == ports.rows(GRADES, person=P[1].person)[0].team
    )
    appeal = run(ports, make_appeal, P[0], activity.id, "loss", reason="because " * 20)
    for name, id in (
        ("review", review.id), ("team", review.team), ("received", received.id), ("appeal", appeal.id),
        ("sample", "one"),
    ):  # fmt: skip
        path = path.replace(f"<{name}>", id)
    show(ports, who, path)
    counted = Counted(ports)
    answer = ask(counted.ports, who, path, placed=REVIEW_PLACED)
    assert answer.status == 200
    assert faults(answer) == []
    return counted.calls, counted.writes()


@pytest.mark.parametrize(("path", "who"), PAGES, ids=[path for path, _ in PAGES])
def test_a_screen_asks_as_often_for_five_teams_as_for_three_and_looking_writes_nothing(
    path: str, who: Actor
) -> None:
    few, written = asked("PQR", path, who)
    many, _ = asked("PQRST", path, who)
    assert few == many
    assert written == 0


def test_the_author_chooses_and_what_would_break_a_promise_stays() -> None:
    ports, _of, activity = a_class("PQ")
    page = show(ports, INES, "settings")
    assert "settings/save" in {form["action"] for form in Part.of(page).forms}
    wish = {
        "title": "Judge", "of": "plan", "per_work": "3", "reviewers": "person", "anonymity": "single",
        "method": "mean", "feedback": "hand", "weight_product": "70", "lease_hours": "400", "seen": "2",
        "criterion_id-1": "loss", "criterion_title-1": "Loss", "criterion_weight-1": "1",
        "criterion_levels-1": "0: no\n4: yes",
    }  # fmt: skip
    wrong = do(ports, INES, "settings/save", **wish)
    assert wrong.status == 422
    assert "From 1 to 336 hours." in words_of(wrong)
    seen = str(next(row.settings_number for row in ports.rows(ACTIVITIES, id=activity.id)))
    saved = do(ports, INES, "settings/save", **{**wish, "lease_hours": "48", "seen": seen})
    assert saved.status == 200
    rules = next(row.settings.review for row in ports.rows(ACTIVITIES, id=activity.id))
    assert (rules.per_work, rules.anonymity, rules.weight_review) == (3, Anonymity.SINGLE, 30)
    takes(ports, P[0])
    seen = str(int(seen) + 1)
    held = do(
        ports, INES, "settings/save", **{**wish, "lease_hours": "48", "anonymity": "named", "seen": seen}
    )
    assert "under that promise" in words_of(held)
    assert (
        next(r.settings.review.anonymity for r in ports.rows(ACTIVITIES, id=activity.id)) is Anonymity.SINGLE
    )


def test_a_peer_review_that_names_no_assignment_begins_with_its_settings() -> None:
    ports = world()
    come_in(ports, INES, placed=REVIEW_PLACED)
    page = show(ports, INES)
    assert page.status == 200
    assert "No team assignment is named" in words_of(page)
    assert "not ready yet" in words_of(show(ports, P[0]))


def test_a_work_that_nobody_took_yet_is_said_to_wait() -> None:
    ports, _of, _activity = a_class("PQ")
    assert "waits for its first reviewer" in words_of(show(ports, P[0]))
