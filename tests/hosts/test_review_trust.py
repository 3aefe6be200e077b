"""What makes reviews to be trusted, told once for both hosts: answers, questions, practice, rounds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from coursecrew.app.records import ACTIVITIES
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.review_rules import PEER_REVIEW, Later
from coursecrew.domain.schedule import Step
from tests.hosts.conftest import NAMES, House, Screen
from tests.hosts.test_peer_review import TEXT, reviews_of, set_up
from tests.hosts.test_workspace_safety import name_mentor, ports_of

pytestmark = pytest.mark.django_db(transaction=True)
WELL = (
    "The night flow is told well and the egret is a good witness; could you say who reads the meter "
    "and what a night of it would cost the town?"
)
WHY = (
    "The second part names a source for every figure that the rubric asks for, and the reviewer says "
    "that there is none."
)


def two_teams(house: House, **fields: str) -> House:
    """Two teams have handed in, and review each other; returns the house of the peer review."""
    house.team("amara", "tomas")
    house.team("linh", "sofia", name="Red Kites")
    for who in ("amara", "linh"):
        house.write(who, TEXT)
        house.hand_in(who)
    reviews, of = reviews_of(house)
    set_up(reviews, of, **fields)
    return reviews


def levels_of(screen: Screen) -> list[str]:
    return sorted(set(re.findall(r'type="radio" name="(level-[^"]+)"', screen.page.source)))


def path_of(screen: Screen) -> str:
    return screen.page.source.partition('data-path="')[2].partition('"')[0]


def writes(reviews: House, who: str, text: str = WELL, marks: tuple[str, str] = ("2", "4")) -> str:
    """Take a work and hand its review in; returns the review's path."""
    home = reviews.show(who)
    if "Go on writing" in home.text:
        desk = reviews.show(who, home.link("Go on writing"))
    else:
        desk = reviews.press(who, "", "reviews/take", screen=home)
    path = path_of(desk)
    judged(reviews, who, desk, text, marks)
    return path


def judged(
    reviews: House, who: str, desk: Screen, text: str = WELL, marks: tuple[str, str] = ("2", "4")
) -> Screen:
    """Fill the rubric in and press until it is in: hints come once."""
    path = path_of(desk)
    form = {"text": text, **dict(zip(levels_of(desk), marks, strict=True))}
    done = reviews.press(who, "", f"{path}/save", form, screen=desk, button="Hand in the review")
    if "Before you hand it in" in done.text:
        done = reviews.press(who, "", f"{path}/save", form, screen=done, button="Hand in the review")
    return done


def test_a_passage_is_commented_on_and_the_thread_goes_on_by_alias(house: House) -> None:
    reviews = two_teams(house)
    desk = reviews.press("amara", "", "reviews/take")
    path = path_of(desk)
    form = next(form for form in desk.page.forms if form.action.endswith("/remark"))
    prompt = dict(form.values)["prompt"]
    at = {"prompt": prompt, "place": "0", "remark": "Whose egret?"}

    def says(words: str, status: int) -> Screen:
        body = [(name, value) for name, value in form.filled({**at, "words": words})]
        return reviews._screen(*reviews.host.post("amara", form.action, body), status)

    lost = says("flamingo", 422)
    assert "These words do not stand in that paragraph." in lost.text
    assert "Whose egret?" in lost.page.source
    assert "Whose egret?" in says("egret", 200).text
    judged(reviews, "amara", reviews.show("amara", path))
    reviews.press("ines", "room", "room/release")
    got = reviews.show("sofia", "feedback")
    assert "Whose egret?" in got.text
    reviews.press("sofia", "feedback", "feedback/reply/.*", {"remark": "The one at the inlet."})
    again = reviews.show("amara", path)
    assert "The one at the inlet." in again.text
    for hidden in (NAMES["sofia"], NAMES["linh"], "Red Kites"):
        assert hidden not in again.page.source


def test_hints_come_once_and_never_stop_anybody(house: House) -> None:
    reviews = two_teams(house)
    desk = reviews.press("amara", "", "reviews/take")
    path = path_of(desk)
    form = {"text": "Great work!", **dict.fromkeys(levels_of(desk), "4")}
    first = reviews.press("amara", "", f"{path}/save", form, screen=desk, button="Hand in the review")
    for hint in (
        "It is short.",
        "It only praises.",
        "It suggests nothing.",
        "It names nothing of this work.",
    ):
        assert hint in first.text
    done = reviews.press("amara", "", f"{path}/save", form, screen=first, button="Hand in the review")
    assert "Your reviews are done" in done.text


def test_a_team_answers_says_what_it_takes_up_and_the_reviewer_reads_it(house: House) -> None:
    reviews = two_teams(house)
    path = writes(reviews, "amara")
    reviews.press("ines", "room", "room/release")
    screen = reviews.show("sofia", "feedback")
    answer = screen.link("Answer Reviewer")
    lacking = reviews.press(
        "sofia", answer, ".*/save", {"helpful": "2", "specific": "4", "text": "Thank you!"},
        button="Send the answer", status=422,
    )  # fmt: skip
    assert "Where you chose 1 or 2, say why" in lacking.text
    assert "Thank you!" in lacking.page.source
    kept = reviews.press(
        "sofia", answer, ".*/save", {"helpful": "5", "text": "Thank you!", "uptake-text": "partly"},
        button="Save, go on later",
    )  # fmt: skip
    assert "Everybody in your team can go on with it." in kept.page.source
    sent = reviews.press(
        "linh", answer, ".*/save",
        {"specific": "4", "kind": "5", "uptake_why-text": "The town pays."}, button="Send the answer",
    )  # fmt: skip
    assert "taken up in part" in sent.text
    reviews.host.deliver()
    home = reviews.show("amara")
    assert "The authors of a work that you reviewed have answered." in home.text
    read = reviews.show("amara", path)
    for words in ("Helpful 5 of 5, specific 4 of 5, kind 5 of 5.", "Thank you!", "The town pays."):
        assert words in read.text
    for hidden in (NAMES["sofia"], NAMES["linh"], "Red Kites"):
        assert hidden not in read.page.source + home.page.source
    assert reviews.host.get("mehmet", answer)[0] == 403


def test_a_mark_is_asked_about_and_decided_for_the_whole_team(house: House) -> None:
    reviews = two_teams(house, weight_product="100")
    writes(reviews, "amara")
    writes(reviews, "linh")
    reviews.press("ines", "room", "room/release")
    reviews.press("ines", "room", "room/mark")
    reviews.press("ines", "release", "release/now")
    assert "66.67" in reviews.show("sofia", "result").text
    short = reviews.press("sofia", "appeals", "appeals/make", {"reason": "It is wrong."}, status=422)
    assert "Say why in at least 20 words; there are 3." in short.text
    assert "It is wrong." in short.page.source
    asked = reviews.press("sofia", "appeals", "appeals/make", {"reason": WHY})
    assert "waits" in asked.text
    room = reviews.show("ines", "room")
    one = reviews.show("ines", room.link("1 question about a mark")).link("Red Kites: Evidence")
    assert WHY in reviews.show("ines", one).text
    lacking = reviews.press("ines", one, ".*/decide", {"outcome": "upheld", "answer": "Yes."}, status=422)
    assert "Points from 0 to 4." in lacking.text
    reviews.press("ines", one, ".*/decide", {"outcome": "upheld", "answer": "You are right.", "points": "4"})
    for who in ("sofia", "linh"):
        assert "You are right." in reviews.show(who, "appeals").text
        page = reviews.show(who, "result")
        assert "100" in page.text
        assert "decided after your team asked" in page.text
    reviews.host.deliver()
    assert reviews.marks()[NAMES["linh"]] == "100"
    assert "have answered a question about a mark" in reviews.show("linh").text


def test_held_reviews_are_passed_redacted_and_rejected(house: House) -> None:
    reviews = two_teams(house, hold_days="3", listed_words="rubbish")
    writes(reviews, "amara", "Rubbish: " + WELL)
    writes(reviews, "linh")
    writes(reviews, "tomas", "Not our plan at all. " + WELL)
    reviews.press("ines", "room", "room/release")
    assert "No review is in." in reviews.show("sofia", "feedback").text
    queue = reviews.show("ines", reviews.show("ines", "room").link("3 reviews wait for your look"))
    assert "a listed word" in queue.text
    held = queue.link(f"Review of Red Kites by {NAMES['amara']}")
    words = WELL + " (toned down)"
    reviews.press("ines", held, ".*/redact", {"text": words})
    got = reviews.show("sofia", "feedback")
    assert words in got.text
    assert "Rubbish" not in got.page.source
    reviews.press("ines", queue.link(f"Review of Blue Ledger by {NAMES['linh']}"), ".*/pass")
    bad = queue.link(f"Review of Red Kites by {NAMES['tomas']}")
    refused = reviews.press("ines", bad, ".*/reject", {"reason": ""}, status=422)
    assert "reason" in refused.text.casefold()
    reviews.press("ines", bad, ".*/reject", {"reason": "It judges the people."})
    assert "Not our plan at all" not in reviews.show("sofia", "feedback").page.source
    assert "It judges the people." in reviews.show("tomas").text
    assert WELL in reviews.show("tomas", "feedback").text


def test_the_own_work_comes_first_and_the_gap_is_said_in_words(house: House) -> None:
    reviews = two_teams(house, own_review="before")
    assert "Review your own work first" in reviews.show("linh").text
    own = reviews.press("linh", "", "reviews/own")
    assert "Review of your own work" in own.text
    judged(reviews, "linh", own, marks=("4", "4"))
    own = reviews.press("amara", "", "reviews/own")
    judged(reviews, "amara", own, marks=("0", "4"))
    writes(reviews, "amara")
    writes(reviews, "linh")
    reviews.press("ines", "room", "room/release")
    got = reviews.show("linh", "feedback")
    assert "You see it 2 points better than others do." in got.text
    assert "You see it as others do." in got.text
    assert "Others see it 2 points better than you do." in reviews.show("amara", "feedback").text


def test_samples_are_tried_before_the_works_of_others(house: House) -> None:
    reviews = two_teams(house)
    settings = f"{reviews.host.settings}settings"
    shown = reviews.show("ines", settings)
    one, two = sorted(set(re.findall(r'name="sample_level-1-([^"]+)"', shown.page.source)))
    reviews.set(
        {
            "practice": "needed", "sample_title-1": "A plan of last year", "sample_text-1": "Close it.",
            f"sample_level-1-{one}": "0", f"sample_level-1-{two}": "4",
            f"sample_comment-1-{one}": "No source at all.",
        }
    )  # fmt: skip
    assert "Practise on the samples first" in reviews.show("amara").text
    sample = reviews.show("amara", "practice").link("A plan of last year")
    desk = reviews.show("amara", sample)
    assert "No source at all." not in desk.page.source
    levels = levels_of(desk)
    missed = reviews.press("amara", sample, ".*/try", dict(zip(levels, ("4", "4"), strict=True)))
    assert "No source at all." in missed.text
    assert "more than one level away" in missed.text
    passed = reviews.press("amara", sample, ".*/try", dict(zip(levels, ("2", "4"), strict=True)))
    assert "Passed" in passed.page.source
    assert "Review of Work" in reviews.press("amara", "", "reviews/take").text


def test_two_rounds_up_to_the_gradebook(house: House) -> None:
    now = ports_of(house).clock.now()
    when = {
        "review_due": f"{now + timedelta(days=5):%Y-%m-%dT%H:%M}",
        "revise-2": f"{now + timedelta(days=8):%Y-%m-%dT%H:%M}",
        "review-2": f"{now + timedelta(days=12):%Y-%m-%dT%H:%M}",
    }
    reviews = two_teams(house, weight_product="100", **when)
    writes(reviews, "amara")
    writes(reviews, "linh")
    reviews.press("ines", "room", "room/release")
    home = reviews.show("linh")
    assert "Round 1 of 2." in home.text
    assert "Your work is open again" in home.text
    house.show("linh", "draft")
    house.write("linh", TEXT + " It costs two people and a van.")
    house.hand_in("linh")
    house.hand_in("amara")
    desk = reviews.press("amara", "", "reviews/take")
    assert "What you said last time" in desk.text
    assert WELL in desk.text
    assert "It costs two people and a van." in desk.text
    assert "What changed since the round before" in desk.text
    judged(reviews, "amara", desk, "Now the costs are there. " + WELL, ("4", "4"))
    writes(reviews, "linh", "As before. " + WELL)
    reviews.press("ines", "room", "room/release")
    got = reviews.show("sofia", "feedback")
    assert "Now the costs are there." in got.text
    first = reviews.show("sofia", got.link("Round 1"))
    assert "Now the costs are there." not in first.text
    dates_pass(house, timedelta(days=14))
    reviews.press("ines", "room", "room/mark")
    reviews.press("ines", "release", "release/now")
    assert reviews.marks()[NAMES["sofia"]] == "100"
    assert reviews.marks()[NAMES["amara"]] == "66.67"


def test_the_staffs_score_stands_beside_the_peers_and_counts_by_its_share(house: House) -> None:
    reviews = two_teams(house, weight_product="100", staff_share="60")
    writes(reviews, "amara")
    page = reviews.show("ines", reviews.show("ines", "room").link("Red Kites"))
    desk = reviews.press("ines", "", "room/score/.*", screen=page)
    judged(reviews, "ines", desk, marks=("4", "4"))
    reviews.press("ines", "room", "room/release")
    reviews.press("ines", "room", "room/mark")
    reviews.press("ines", "release", "release/now")
    result = reviews.show("sofia", "result")
    # 100 x 60 % + 66.67 x 40 %
    assert "86.67" in result.text
    assert "the course staff gave" in result.text
    assert "The course staff" in reviews.show("sofia", "feedback").text
    assert reviews.marks()[NAMES["linh"]] == "86.67"


def test_who_owes_reviews_reads_theirs_later_and_the_grade_at_once(house: House) -> None:
    reviews = two_teams(house, owing_days="7")
    writes(reviews, "amara")
    reviews.press("ines", "room", "room/release")
    late = reviews.show("sofia", "feedback", status=409)
    assert "You still owe reviews" in late.text
    writes(reviews, "sofia")
    assert WELL in reviews.show("sofia", "feedback").text


def test_works_are_dealt_out_when_reviewing_opens_and_given_by_hand(house: House) -> None:
    opened = ports_of(house).clock.now() - timedelta(hours=2)
    house.team("mehmet", name="Green Herons")
    house.write("mehmet", TEXT)
    house.hand_in("mehmet")
    reviews = two_teams(
        house, allocation="deadline", reviewers="team", review_opens=f"{opened:%Y-%m-%dT%H:%M}"
    )
    desk = reviews.press("amara", "", "reviews/take")
    for who in ("tomas", "sofia", "mehmet"):  # all were dealt at the same moment
        assert "Go on with your review" in reviews.show(who).text
    judged(reviews, "amara", desk)
    room = reviews.show("ines", "room")
    waits = next(
        team
        for team in ("Red Kites", "Green Herons", "Blue Ledger")
        if "In hand" in reviews.show("ines", room.link(team)).text
    )
    page = reviews.show("ines", room.link(waits))
    back = reviews.press("ines", "", "room/back/.*", screen=page)
    assert "Taken back." in back.page.source
    given = reviews.press("ines", "", "room/give/.*", screen=back)
    assert "Given." in given.page.source
    assert "In hand" in given.text


def test_a_work_is_given_back_or_reported_and_another_comes_in_the_same_answer(house: House) -> None:
    house.team("mehmet", name="Green Herons")
    house.write("mehmet", TEXT)
    house.hand_in("mehmet")
    reviews = two_teams(house, per_work="2")
    first = reviews.press("amara", "", "reviews/take")
    second = reviews.press("amara", "", ".*/drop", screen=first)
    assert "Here is another work in its place." in second.page.source
    assert path_of(second) != path_of(first)
    refused = reviews.press("amara", "", ".*/report", {"reason": ""}, screen=second, status=422)
    assert "Say why, in a sentence." in refused.text
    last = reviews.press("amara", "", ".*/report", {"reason": "It is copied from a book."}, screen=second)
    assert "you owe none in its place" in last.page.source
    room = reviews.show("ines", "room")
    assert "It is copied from a book." in room.text
    third = reviews.press("linh", "", "reviews/take")
    again = reviews.press("linh", "", ".*/conflict", screen=third)
    assert path_of(again) != path_of(third)


def test_a_late_work_joins_the_pool_at_once(house: House) -> None:
    reviews = two_teams(house)
    writes(reviews, "amara")
    writes(reviews, "linh")
    house.team("mehmet", name="Green Herons")
    assert "Hand in your own work first" in reviews.show("mehmet").text
    house.write("mehmet", TEXT)
    house.hand_in("mehmet")
    desk = reviews.press("tomas", "", "reviews/take")  # the newest: it has none
    assert "Work 1" in desk.text
    judged(reviews, "tomas", desk)
    room = reviews.show("ines", "room")
    assert "3 of 3 works have all their reviews" in room.text
    assert "Green Herons" in room.text


def dates_pass(house: House, by: timedelta) -> None:
    """Everything the peer review has promised lies that much earlier."""
    with ports_of(house).transaction() as store:
        for activity in store.find(ACTIVITIES, kind=PEER_REVIEW, limit=10):
            window, rules = activity.window(Step.REVIEW), activity.settings.review
            later = tuple(Later(one.revise - by, one.review - by) for one in rules.later)
            due = window.due - by if window.due else None
            steps = {**activity.settings.steps, Step.REVIEW: replace(window, due=due)}
            settings = replace(activity.settings, steps=steps, review=replace(rules, later=later))
            store.save(ACTIVITIES, replace(activity, settings=settings))


def test_a_mentor_whom_staff_name_writes_what_is_missing(house: House) -> None:
    house.team("mehmet", name="Green Herons")
    house.write("mehmet", TEXT)
    house.hand_in("mehmet")
    reviews = two_teams(house, review_due=f"{ports_of(house).clock.now() + timedelta(days=1):%Y-%m-%dT%H:%M}")
    reviews.show("mehmet")
    assert "No team here has a mentor." in reviews.show("ines", "room/mentors").text
    name_mentor(house, "mehmet")
    named = reviews.press("ines", "room/mentors", "room/mentors/name")
    assert "Named. They are told" in named.page.source
    assert NAMES["mehmet"] in named.text
    assert reviews.host.get("mehmet", "room/mentors")[0] == 403
    assert "missing review" not in reviews.show("mehmet").text  # learners come first
    assert reviews.host.post("mehmet", "reviews/fill-in", [])[0] == 409
    dates_pass(house, timedelta(hours=50))
    upkeep(ports_of(house))
    reviews.host.deliver()
    assert "3 works lack reviews" in reviews.show("ines", "room").text
    home = reviews.show("mehmet")
    assert "Works lack reviews. You were asked" in home.text
    assert "1 work lacks reviews" in home.text  # neither their own nor that of the team they mentor
    desk = reviews.press("mehmet", "", "reviews/fill-in", screen=home)
    assert "It counts as one review, by you." in desk.page.source
    for hidden in ("Red Kites", "Blue Ledger", *(NAMES[who] for who in ("amara", "tomas", "linh", "sofia"))):
        assert hidden not in desk.page.source
    judged(reviews, "mehmet", desk)
    assert "No work lacks a review that you could write" in reviews.show("mehmet").text
    reviews.press("ines", "room", "room/release")
    read = [reviews.show(who, "feedback").page.source for who in ("amara", "linh")]
    assert sum(WELL in page for page in read) == 1
    assert all(NAMES["mehmet"] not in page for page in read)
    reviews.press("ines", "room/mentors", "room/mentors/end")
    assert reviews.host.post("mehmet", f"{path_of(desk)}/save", [])[0] == 403
    assert reviews.host.post("mehmet", "reviews/fill-in", [])[0] == 403
