"""Runs that form teams: asked for, worked on, stopped, taken up again, changed by hand, published, undone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursecrew.app import formation_teams
from coursecrew.app.formation_figures import millionths, parts_of, rules_said, score_of
from coursecrew.app.formation_input import hours_in_utc
from coursecrew.app.formation_work import CLAIM, TRIES, work_on_formations
from coursecrew.app.forming import (
    compare_runs,
    exchange,
    explanation,
    lock_team,
    publish_run,
    review,
    run_of,
    runs_of,
    start_run,
    stop_run,
    suggest_partners,
    take_back_run,
    team_detail,
    try_exchange,
)
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mergers import propose_merger
from coursecrew.app.people import exclude
from coursecrew.app.records import (
    ALL,
    DRAFTS,
    EVENTS,
    FORMATIONS,
    FORMED_TEAMS,
    MEMBERSHIP_EVENTS,
    MEMBERSHIPS,
    MERGERS,
    SENSITIVE_ANSWERS,
    SURVEY_ANSWERS,
    TEAMS,
)
from coursecrew.app.teams import make_team, place, take_out, without_team
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import TeamRules
from coursecrew.domain.errors import Conflict, Invalid, NotAllowed, Refusal, Stale
from coursecrew.domain.events import Kind
from coursecrew.domain.formations import Formation, FormedTeam, RunState
from coursecrew.domain.mergers import MergerState
from coursecrew.domain.survey import Ask, Question, SensitiveAnswer, Survey, SurveyAnswer
from coursecrew.domain.wishes import FORMER_TEAMS, Aim, Forming, Wish
from tests.builders import INES, KWAME, START, hand_in, world, write
from tests.surveyed import RULES, SURVEY, WISHES, Surveyed, a_surveyed_class, form_now

OPEN_WISHES = WISHES[:-1]  # none of them sensitive
FEW = (Wish("years", Aim.ALIKE, -2), Wish("hours", Aim.SHARED, 5, amount=3))


class Killed(BaseException):
    """What a worker's death looks like from inside: nothing catches it."""


def ask(here: Surveyed, **more: Any) -> Formation:
    more = {"wishes": FEW, "seed": 7, **more}
    return run(here.ports, start_run, INES, here.activity.id, **more)


def the_run(here: Surveyed, asked: Formation) -> Formation:
    return run(here.ports, run_of, INES, here.activity.id, asked.id)


def formed(here: Surveyed, learners_wish: Any = FEW, **more: Any) -> Formation:
    asked = ask(here, wishes=learners_wish, **more)
    form_now(here.ports)
    done = the_run(here, asked)
    assert done.state is RunState.DONE, done.problems
    return done


def teams_of(here: Surveyed, asked: Formation) -> list[FormedTeam]:
    return here.ports.rows(FORMED_TEAMS, formation=asked.id, order="number")


def members_of(here: Surveyed, asked: Formation) -> list[list[str]]:
    return [team.members for team in teams_of(here, asked)]


def published(here: Surveyed, asked: Formation) -> Formation:
    run(here.ports, publish_run, INES, here.activity.id, asked.id)
    form_now(here.ports)
    return the_run(here, asked)


def refusal_of(*call: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        run(*call, **more)
    return caught.value


def problems(*call: Any, **more: Any) -> dict[str, dict[str, Any]]:
    refusal = refusal_of(*call, **more)
    assert isinstance(refusal, Invalid), refusal
    return {problem.code: dict(problem.values) for problem in refusal.problems}


# --- asking and forming ---


def test_a_run_waits_for_a_worker_and_then_everybody_is_in_one_team_of_the_planned_sizes() -> None:
    here = a_surveyed_class(world(), 22)
    asked = ask(here)
    assert (asked.state, asked.number, asked.learners, here.ports.queue.forms) == (RunState.WAITING, 1, 22, 1)
    assert form_now(here.ports) == 1
    done = the_run(here, asked)
    assert (done.state, done.stop, done.claimed_until) == (RunState.DONE, False, None)
    teams = members_of(here, asked)
    assert Counter(key for team in teams for key in team) == Counter(one.person for one in here.people)
    assert sorted(map(len, teams), reverse=True) == [5, 5, 4, 4, 4]
    assert form_now(here.ports) == 0


def test_the_same_answers_wishes_and_seed_give_the_same_teams_however_fast_the_machine() -> None:
    here = a_surveyed_class(world(), 16)
    first = formed(here, WISHES)
    second = ask(here, wishes=WISHES)
    ticks = iter(range(1_000_000))
    work_on_formations(here.ports, stopwatch=lambda: float(100 * next(ticks)), tell_every=0)
    assert members_of(here, first) == members_of(here, second)
    other = formed(here, WISHES, seed=8)
    assert the_run(here, second).result["parts"] == first.result["parts"]
    assert other.seed != first.seed


def test_one_run_at_a_time_is_worked_on_in_a_team_set() -> None:
    here = a_surveyed_class(world(), 8)
    ask(here)
    assert refusal_of(here.ports, start_run, INES, here.activity.id, wishes=FEW).code == "formation_running"


@pytest.mark.parametrize("who", [KWAME, "learner"])
def test_only_the_instructor_forms_teams(who: Any) -> None:
    here = a_surveyed_class(world(), 8)
    done = formed(here)
    someone = here.people[0] if who == "learner" else who
    for call in (
        lambda: run(here.ports, start_run, someone, here.activity.id, wishes=FEW),
        lambda: run(here.ports, review, someone, here.activity.id, done.id),
        lambda: run(here.ports, runs_of, someone, here.activity.id),
        lambda: run(here.ports, publish_run, someone, here.activity.id, done.id),
        lambda: run(here.ports, explanation, someone, here.activity.id, done.id),
        lambda: run(here.ports, team_detail, someone, here.activity.id, teams_of(here, done)[0].id),
    ):
        with pytest.raises(NotAllowed):
            call()


@pytest.mark.parametrize(
    ("learners", "code"), [(0, "nobody_to_form"), (1, "form_too_few"), (2, "form_too_few")]
)
def test_nobody_one_and_two_learners_have_a_defined_answer(learners: int, code: str) -> None:
    here = a_surveyed_class(world(), learners)
    refusal = refusal_of(here.ports, start_run, INES, here.activity.id, wishes=FEW)
    if isinstance(refusal, Invalid):
        assert [problem.code for problem in refusal.problems] == [code]
        assert dict(refusal.problems[0].values)["min"] == 3
    else:
        assert refusal.code == code
    assert here.ports.rows(FORMATIONS) == []


def test_two_learners_are_a_team_where_two_are_enough() -> None:
    here = a_surveyed_class(world(), 2, teams=replace(RULES, min=2, ideal=2, max=3))
    assert [len(team) for team in members_of(here, formed(here))] == [2]


def test_sizes_that_cannot_be_are_refused_with_those_that_would_do() -> None:
    here = a_surveyed_class(world(), 7, teams=replace(RULES, min=4, ideal=4, max=5))
    said = problems(here.ports, start_run, INES, here.activity.id, wishes=FEW)["form_sizes_impossible"]
    assert {name: said[name] for name in ("have", "fewer", "more", "least", "most")} == {
        "have": 7, "fewer": 5, "more": 8, "least": 3, "most": 7,
    }  # fmt: skip


def test_clashing_pairs_are_refused_by_name_before_anything_is_searched() -> None:
    here = a_surveyed_class(world(), 12)
    keys = [one.person for one in here.people]
    said = problems(
        here.ports, start_run, INES, here.activity.id, wishes=FEW,
        together=[keys[:2], keys[1:3], keys[3:9]], apart=[[keys[0], keys[2]]],
    )  # fmt: skip
    names = [one.name for one in here.people]
    assert said["form_apart_together"]["path"] == f"{names[0]} – {names[1]}, {names[1]} – {names[2]}"
    assert said["form_chain_too_long"]["have"] == 6
    assert names[8] in said["form_chain_too_long"]["pairs"]
    gone = problems(here.ports, start_run, INES, here.activity.id, wishes=FEW, together=[[keys[0], "f" * 32]])
    assert names[0] in gone["form_pair_unknown"]["people"]


def test_a_wish_about_a_question_that_is_gone_is_refused() -> None:
    here = a_surveyed_class(world(), 8)
    wishes = (Wish("shoes", Aim.ALIKE, 3), Wish("hours", Aim.ALIKE, 3), Wish("skills", Aim.COVER, 3))
    said = problems(here.ports, start_run, INES, here.activity.id, wishes=wishes)
    assert set(said) == {"wish_without_question", "wish_values"}


def test_pairs_of_the_instructor_hold_and_whoever_left_meanwhile_does_not_make_the_run_fail() -> None:
    here = a_surveyed_class(world(), 12)
    keys = [one.person for one in here.people]
    asked = ask(here, together=[keys[:2], keys[2:4]], apart=[[keys[4], keys[5]]])
    run(here.ports, exclude, INES, here.activity.id, keys[3], reason="asked to")
    form_now(here.ports)
    team = {key: at for at, members in enumerate(members_of(here, asked)) for key in members}
    assert team[keys[0]] == team[keys[1]]
    assert team[keys[4]] != team[keys[5]]
    assert set(team) == set(keys) - {keys[3]}


def test_what_only_the_whole_class_can_tell_makes_the_run_fail_with_the_reason() -> None:
    here = a_surveyed_class(world(), 8, teams=replace(RULES, min=4, ideal=4, max=4))
    asked = ask(here)
    run(here.ports, exclude, INES, here.activity.id, here.people[0].person, reason="asked to")
    form_now(here.ports)
    seen = run(here.ports, review, INES, here.activity.id, asked.id)
    assert seen.run.state is RunState.FAILED
    assert [problem.code for problem in seen.problems] == ["form_sizes_impossible"]
    assert seen.rows == ()
    assert not seen.may_publish


def test_whoever_has_a_team_stays_in_it_and_the_others_are_formed() -> None:
    here = a_surveyed_class(world(), 12)
    team = run(here.ports, make_team, INES, here.activity.id, name="Early")
    for one in here.people[:3]:
        run(here.ports, place, INES, here.activity.id, one.person, team.id)
    done = formed(here)
    assert done.learners == 9
    assert not {one.person for one in here.people[:3]} & {k for m in members_of(here, done) for k in m}


def test_locked_teams_of_an_earlier_run_stay_as_they_are() -> None:
    here = a_surveyed_class(world(), 16)
    first = formed(here)
    kept = teams_of(here, first)[2]
    run(here.ports, lock_team, INES, here.activity.id, kept.id, locked=True)
    second = formed(here, keep_locked_of=first.id, seed=99)
    again = [team for team in teams_of(here, second) if team.locked]
    assert [(team.name, sorted(team.members)) for team in again] == [(kept.name, sorted(kept.members))]
    assert again[0].score == kept.score
    everybody = Counter(key for team in members_of(here, second) for key in team)
    assert everybody == Counter(one.person for one in here.people)
    assert len({team.name for team in teams_of(here, second)}) == len(teams_of(here, second))


# --- what learners want of each other ---

LIKES = Survey((Question("with", Ask.WANTED, "With whom?"), Question("not", Ask.UNWANTED, "Not with whom?")))
LIKE = (Wish("with", Aim.TOGETHER, 3), Wish("not", Aim.APART, 5, must=True))


def say(here: Surveyed, number: int, **answers: list[int]) -> None:
    """Answer by numbers of people."""
    who = here.people[number].person
    named = {name: [here.people[n].person for n in some] for name, some in answers.items()}

    def answer(unit: UnitOfWork) -> None:
        for old in unit.store.find(SURVEY_ANSWERS, person=who):
            unit.store.remove(SURVEY_ANSWERS, old.id)
        for hidden_one in unit.store.find(SENSITIVE_ANSWERS, person=who):
            unit.store.remove(SENSITIVE_ANSWERS, hidden_one.id)
        open_ones = {"with": named.get("with_", [])}
        hidden = {"not": named.get("not_", [])}
        unit.store.add(SURVEY_ANSWERS, SurveyAnswer(unit.new_id(), here.activity.id, who, open_ones, START))
        unit.store.add(
            SENSITIVE_ANSWERS, SensitiveAnswer(unit.new_id(), here.activity.id, who, hidden, START)
        )

    run(here.ports, answer)


def test_who_want_each_other_are_together_where_it_fits_and_who_does_not_want_somebody_is_elsewhere() -> None:
    here = a_surveyed_class(world(), 12, survey=LIKES, forming=Forming(LIKE))
    say(here, 0, with_=[1])
    say(here, 1, with_=[0])
    say(here, 2, with_=[3])  # not answered in kind
    say(here, 4, not_=[5, 6])
    done = formed(here, LIKE)
    team = {key: at for at, members in enumerate(members_of(here, done)) for key in members}
    at = [team[one.person] for one in here.people]
    assert at[0] == at[1]
    assert at[4] not in (at[5], at[6])
    assert done.result["wanted"] == {"pairs": 1, "together": 1}
    assert done.pairs == {"together": [], "apart": []}
    only = done.result["rules"]
    assert [(rule["about"], rule["sensitive"], rule["some"]) for rule in only] == [("not", True, False)]


@pytest.mark.parametrize("learners", [30, 9])
def test_whoever_puts_two_people_together_does_not_read_whether_one_had_refused_the_other(
    learners: int,
) -> None:
    told = []
    for refused in ([5], []):
        here = a_surveyed_class(world(), learners, survey=LIKES, forming=Forming(LIKE))
        say(here, 4, not_=refused)
        keys = [one.person for one in here.people]
        done = formed(here, LIKE, together=[[keys[4], keys[5]]])
        assert any({keys[4], keys[5]} <= members for members in map(set, members_of(here, done)))
        told.append([(rule.missed, rule.some, rule.untold, rule.of) for rule in rules_said(done)])
    assert told[0] == told[1]


def test_a_ring_of_wants_too_long_for_a_team_does_not_make_the_run_fail() -> None:
    here = a_surveyed_class(world(), 9, survey=LIKES, forming=Forming(LIKE))
    for n in range(9):
        say(here, n, with_=[(n + 1) % 9, (n - 1) % 9])
    done = formed(here, LIKE)
    assert 0 < done.result["wanted"]["together"] < 9
    assert sum(map(len, members_of(here, done))) == 9


def test_former_team_mates_of_another_set_meet_nobody_again_where_that_is_wished() -> None:
    here = a_surveyed_class(world(), 9, teams=replace(RULES, min=3, ideal=3, max=3))
    old = formed(here)
    published(here, old)
    again = replace(here.activity.settings.teams, name="second round")

    def rename(unit: UnitOfWork) -> None:
        from coursecrew.app.records import ACTIVITIES

        activity = unit.store.get(ACTIVITIES, here.activity.id)
        unit.store.save(ACTIVITIES, replace(activity, settings=replace(activity.settings, teams=again)))

    run(here.ports, rename)
    new = formed(here, (Wish(FORMER_TEAMS, Aim.NEW_MATES, 5, must=True),))
    before = {key: at for at, members in enumerate(members_of(here, old)) for key in members}
    assert all(len({before[key] for key in team}) == 3 for team in members_of(here, new))


# --- answers into the engine's columns ---


def week(*free: int) -> str:
    return "".join("1" if hour in free else "0" for hour in range(168))


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("UTC", (0, 5), (0, 5)),
        ("Asia/Tashkent", (5, 6), (0, 1)),
        ("Asia/Tashkent", (0,), (163,)),  # Monday night is Sunday evening in UTC
        ("America/Bogota", (167,), (4,)),
        ("Asia/Kolkata", (10,), (4, 5)),  # half of both hours
        ("Asia/Kathmandu", (10,), (4,)),  # a quarter of hour 5 is not enough
        ("Nowhere/Never", (3,), (3,)),
    ],
)
def test_hours_are_shifted_to_utc_and_half_an_hour_counts(zone: str, local: tuple, utc: tuple) -> None:
    assert hours_in_utc({"zone": zone, "week": week(*local)}, START) == week(*utc)


def test_hours_that_cannot_be_read_are_no_answer() -> None:
    for answer in ({}, {"week": "1"}, {"week": "2" * 168}, {"week": week()}):
        assert hours_in_utc(answer, START) == ""


def test_teams_never_cross_sections_and_who_skipped_that_question_goes_where_teams_come_out_even() -> None:
    place_of = Question("campus", Ask.CHOICE, "Where?", options=("North", "South"))
    survey = Survey((*SURVEY.questions, place_of))
    here = a_surveyed_class(world(), 12, survey=survey, forming=Forming(FEW, "campus"))
    where = {one.person: ("North" if n < 5 else "South") for n, one in enumerate(here.people) if n != 11}

    def answer(unit: UnitOfWork) -> None:
        for row in unit.store.find(SURVEY_ANSWERS, limit=100):
            chosen = {"campus": where[row.person]} if row.person in where else {}
            unit.store.save(SURVEY_ANSWERS, replace(row, answers={**row.answers, **chosen}))

    run(here.ports, answer)
    done = formed(here)
    for team in members_of(here, done):
        assert len({where[key] for key in team if key in where}) == 1
    one, other = (
        next(t for t in teams_of(here, done) if where.get(t.members[0]) == s) for s in ("North", "South")
    )
    tried = run(
        here.ports, try_exchange, INES, here.activity.id, done.id,
        one=one.id, other=other.id, person=one.members[0], partner=other.members[0],
    )  # fmt: skip
    assert tried.refused is not None
    assert tried.refused.code == "formed_section"


# --- progress, stop, death of a worker ---


@dataclass
class Pressing:
    """A stopwatch that does something at its n-th look, as somebody else would meanwhile."""

    act: Callable[[], Any]
    at: int
    looks: int = 0

    def __call__(self) -> float:
        self.looks += 1
        if self.looks == self.at:
            self.act()
        return float(self.looks)


def test_how_far_it_is_stands_in_the_run_and_prolongs_the_claim() -> None:
    here = a_surveyed_class(world(), 30)
    asked = ask(here)
    seen: list[Formation] = []

    def look() -> float:
        here.ports.clock.advance(seconds=10)
        seen.append(the_run(here, asked))
        return float(len(seen))

    work_on_formations(here.ports, stopwatch=look, tell_every=0)
    running = [row for row in seen if row.state is RunState.RUNNING]
    assert all(row.claimed_until and row.claimed_until > row.at for row in running)
    done = [row.passes for row in running]
    assert done == sorted(done)
    assert len(set(done)) > 10
    best = [row.best["score"] for row in running if row.best]
    assert 0 < best[0] <= best[-1] <= 1_000_000
    assert the_run(here, asked).state is RunState.DONE


def test_stopping_gives_the_best_so_far() -> None:
    here = a_surveyed_class(world(), 30)
    asked = ask(here)
    stop = Pressing(lambda: run(here.ports, stop_run, INES, here.activity.id, asked.id), at=40)
    work_on_formations(here.ports, stopwatch=stop, tell_every=0)
    done = the_run(here, asked)
    assert (done.state, done.result["stopped_by"]) == (RunState.DONE, "cancelled")
    assert 0 < done.passes < done.of
    assert sum(map(len, members_of(here, asked))) == 30


def test_a_run_stopped_before_anything_was_read_is_cancelled() -> None:
    here = a_surveyed_class(world(), 8)
    waiting = ask(here)
    run(here.ports, stop_run, INES, here.activity.id, waiting.id)
    assert form_now(here.ports) == 0
    reading = ask(here)
    stop = Pressing(lambda: run(here.ports, stop_run, INES, here.activity.id, reading.id), at=1)
    work_on_formations(here.ports, stopwatch=stop, tell_every=0)
    for row in (waiting, reading):
        assert the_run(here, row).state is RunState.CANCELLED
        assert run(here.ports, stop_run, INES, here.activity.id, row.id).state is RunState.CANCELLED
    assert members_of(here, reading) == []


@dataclass
class Dying:
    """A clock that takes its worker down at the n-th transaction."""

    clock: Any
    at: int
    asked: int = 0

    def now(self) -> Any:
        self.asked += 1
        if self.asked == self.at:
            raise Killed
        return self.clock.now()


def under(ports: MemoryPorts, clock: Any) -> MemoryPorts:
    """The same world under another clock."""
    return replace(ports, clock=clock)


def test_a_run_whose_worker_died_anywhere_is_taken_up_again_and_gives_the_same_teams() -> None:
    reference = a_surveyed_class(world(), 8)
    wanted = members_of(reference, formed(reference))
    deaths = 0
    for at in range(2, 40):
        here = a_surveyed_class(world(), 8)
        asked = ask(here)
        dying = under(here.ports, Dying(here.ports.clock, at))
        try:
            work_on_formations(dying, stopwatch=Pressing(lambda: None, 0), tell_every=3)
        except Killed:
            deaths += 1
        else:
            break
        assert form_now(here.ports) == 0, "the claim still holds"
        was_done = the_run(here, asked).state is RunState.DONE
        here.ports.clock.advance(CLAIM + timedelta(seconds=1))
        assert form_now(here.ports) == (0 if was_done else 1)
        assert the_run(here, asked).state is RunState.DONE
        assert members_of(here, asked) == wanted
    assert deaths > 5


def test_a_run_that_takes_every_worker_down_fails_in_the_end() -> None:
    here = a_surveyed_class(world(), 8)
    asked = ask(here)
    for _ in range(TRIES):
        dying = under(here.ports, Dying(here.ports.clock, 3))
        with pytest.raises(Killed):
            work_on_formations(dying, stopwatch=lambda: 0.0)
        here.ports.clock.advance(CLAIM + timedelta(seconds=1))
    assert form_now(here.ports) == 0
    seen = run(here.ports, review, INES, here.activity.id, asked.id)
    assert (seen.run.state, [problem.code for problem in seen.problems]) == (
        RunState.FAILED,
        ["form_gave_up"],
    )


def test_a_worker_that_comes_back_from_the_dead_leaves_the_run_to_the_one_that_took_it_up() -> None:
    here = a_surveyed_class(world(), 24)
    asked = ask(here)

    def sleep_and_let_another() -> None:
        here.ports.clock.advance(CLAIM + timedelta(seconds=1))
        form_now(here.ports)

    slow = Pressing(sleep_and_let_another, at=20)
    assert work_on_formations(here.ports, stopwatch=slow, tell_every=0) == 1
    assert the_run(here, asked).state is RunState.DONE
    assert sum(map(len, members_of(here, asked))) == 24


def test_whoever_asked_is_told_of_a_run_that_took_its_time_and_not_of_a_short_one() -> None:
    here = a_surveyed_class(world(), 8)
    formed(here)
    assert here.ports.rows(EVENTS, kind=Kind.FORMATION_DONE.value) == []
    ask(here, seed=9)
    here.ports.clock.advance(minutes=5)
    form_now(here.ports)
    assert [event.detail["people"] for event in here.ports.rows(EVENTS, kind=Kind.FORMATION_DONE.value)] == [
        [INES.person]
    ]


# --- looking ---


def test_the_review_shows_the_weakest_teams_first_page_by_page() -> None:
    here = a_surveyed_class(world(), 40)
    done = formed(here, OPEN_WISHES)
    seen, after = [], ""
    while True:
        page = run(here.ports, review, INES, here.activity.id, done.id, after=after, limit=3)
        seen += [row.team.score for row in page.rows]
        assert all(len(row.people) == row.team.size for row in page.rows)
        after = page.after
        if not after:
            break
    assert seen == sorted(seen)
    assert [bar.score for bar in page.bars] == seen
    assert page.weakest == seen[0]
    assert page.score == score_of(parts_of(seen))
    assert page.unmet == sum(team.unmet for team in teams_of(here, done))
    assert page.may_publish


def test_reasons_hold_a_code_with_its_counts_beside_the_english_sentence() -> None:
    here = a_surveyed_class(world(), 12)
    done = formed(here, OPEN_WISHES)
    for team in teams_of(here, done):
        assert [reason["rule"] for reason in team.reasons] == [1, 2, 3, 4, 5]
        by_rule = {reason["rule"]: reason["said"] for reason in team.reasons}
        assert by_rule[1]["code"] == "hours"
        assert by_rule[1]["wanted"] == 3
        assert by_rule[4]["code"] == "values"
        assert all(reason["why"] for reason in team.reasons)
        weight = sum(reason["weight"] for reason in team.reasons)
        value = sum(reason["weight"] * reason["value"] for reason in team.reasons) / weight
        assert millionths(value) == team.score


def test_a_teams_page_counts_who_is_free_when() -> None:
    here = a_surveyed_class(world(), 8)
    done = formed(here)
    team = teams_of(here, done)[0]
    detail = run(here.ports, team_detail, INES, here.activity.id, team.id)
    assert (len(detail.free), detail.answered) == (168, 4)
    assert max(detail.free) <= 4
    shared = next(r for r in team.reasons if r["said"]["code"] == "hours")["said"]["shared"]
    assert sum(count == 4 for count in detail.free) == shared


def test_the_explanation_is_one_json_text_from_which_a_score_can_be_computed_again() -> None:
    here = a_surveyed_class(world(), 12)
    done = formed(here, WISHES)
    text = run(here.ports, lambda unit: "".join(explanation(unit, INES, here.activity.id, done.id)))
    told = json.loads(text)
    assert len(told["teams"]) == 3
    for team in told["teams"]:
        weights = {rule["number"]: rule["weight"] for rule in told["rules"] if not rule["sensitive"]}
        value = sum(weights[rule["rule"]] * rule["value"] for rule in team["rules"]) / sum(weights.values())
        assert value == pytest.approx(team["score"], abs=1e-6)
    assert told["sensitive"] == [{"rule": 6, "teams_not_meeting": told["sensitive"][0]["teams_not_meeting"]}]
    assert told["sensitive"][0]["teams_not_meeting"] in ("some", "none")


def test_two_runs_are_compared_with_what_was_wished_differently() -> None:
    here = a_surveyed_class(world(), 16)
    first = formed(here, FEW)
    second = formed(here, (replace(FEW[0], weight=4), WISHES[2]), seed=3)
    both = run(here.ports, compare_runs, INES, here.activity.id, first.id, second.id)
    assert [(change.what, change.about, change.before, change.after) for change in both.changes] == [
        ("weight", "years", -2, 4),
        ("new", "topic", None, None),
        ("gone", "hours", None, None),
    ]
    mates = [{key: set(team) for team in members_of(here, one) for key in team} for one in (first, second)]
    assert both.regrouped == sum(mates[0][key] != mates[1][key] for key in mates[0])
    same = run(here.ports, compare_runs, INES, here.activity.id, first.id, first.id)
    assert (same.regrouped, same.changes) == (0, ())
    assert [row.number for row in run(here.ports, runs_of, INES, here.activity.id)] == [2, 1]


# --- by hand ---


def figures(here: Surveyed, asked: Formation) -> Any:
    """The run's figures of all teams, made anew from its stored teams."""
    teams = teams_of(here, asked)
    rules: dict[int, list[float]] = {}
    for team in teams:
        for reason in team.reasons:
            sums = rules.setdefault(reason["rule"], [0, 0.0])
            sums[0] += not reason["met"]
            sums[1] += reason["value"]
    return score_of(parts_of(team.score for team in teams)), rules


def test_a_swap_moves_both_and_all_figures_are_those_of_the_teams_as_they_are_now() -> None:
    here = a_surveyed_class(world(), 20)
    done = formed(here, WISHES)
    one, other = teams_of(here, done)[:2]
    person, partner = one.members[0], other.members[1]
    tried = run(
        here.ports, try_exchange, INES, here.activity.id, done.id,
        one=one.id, other=other.id, person=person, partner=partner,
    )  # fmt: skip
    assert tried.refused is None
    assert teams_of(here, done)[:2] == [one, other]
    run(
        here.ports, exchange, INES, here.activity.id, done.id, one=one.id, other=other.id,
        person=person, partner=partner, seen_one=one.version, seen_other=other.version,
    )  # fmt: skip
    first, second = teams_of(here, done)[:2]
    assert partner in first.members
    assert person in second.members
    assert (first.score, second.score) == tried.after
    now = the_run(here, done)
    score, rules = figures(here, done)
    assert tried.all_after == score == score_of(now.result["parts"])
    for rule in now.result["rules"]:
        if not rule["sensitive"]:
            assert [rule["missed"], rule["sum"]] == pytest.approx(rules[rule["rule"]])


def test_swapping_back_gives_the_scores_there_were() -> None:
    here = a_surveyed_class(world(), 20)
    done = formed(here, OPEN_WISHES)
    one, other = teams_of(here, done)[:2]
    person, partner = one.members[0], other.members[1]
    for who, back in ((person, partner), (partner, person)):
        now = {team.id: team for team in teams_of(here, done)}
        run(
            here.ports, exchange, INES, here.activity.id, done.id, one=one.id, other=other.id, person=who,
            partner=back, seen_one=now[one.id].version, seen_other=now[other.id].version,
        )  # fmt: skip
    now = {team.id: team for team in teams_of(here, done)}
    assert [now[team.id].score for team in (one, other)] == [one.score, other.score]
    assert score_of(the_run(here, done).result["parts"]) == score_of(done.result["parts"])


def test_a_move_over_teams_that_somebody_changed_meanwhile_is_stale() -> None:
    here = a_surveyed_class(world(), 20)
    done = formed(here)
    one, other = teams_of(here, done)[:2]
    move: dict[str, Any] = {"one": one.id, "other": other.id}
    move |= {"person": one.members[0], "partner": other.members[0]}
    move |= {"seen_one": one.version, "seen_other": other.version}
    run(here.ports, exchange, INES, here.activity.id, done.id, **move)
    with pytest.raises(Stale):
        run(here.ports, exchange, INES, here.activity.id, done.id, **move)


@pytest.mark.parametrize("case", ["size", "apart", "together", "locked", "nowhere"])
def test_a_move_against_what_never_breaks_is_refused_with_names(case: str) -> None:
    here = a_surveyed_class(world(), 12, teams=replace(RULES, min=4, ideal=4, max=4))
    keys = [one.person for one in here.people]
    done = formed(here, together=[keys[:2]], apart=[[keys[2], keys[3]]])
    home = {key: team for team in teams_of(here, done) for key in team.members}
    person = keys[2] if case == "apart" else keys[0]
    other = next(team for team in teams_of(here, done) if team.id != home[person].id)
    partner = other.members[0]
    if case == "apart":
        other = home[keys[3]]
        partner = next(key for key in other.members if key != keys[3])
    if case == "size":
        partner = ""
    if case == "locked":
        other = run(here.ports, lock_team, INES, here.activity.id, other.id, locked=True)
    move = {"one": home[person].id, "other": other.id, "person": person, "partner": partner}
    if case == "nowhere":
        move["other"] = ""
    seen = {"seen_one": home[person].version, "seen_other": other.version}
    said = problems(here.ports, exchange, INES, here.activity.id, done.id, **move, **seen)
    code = {"nowhere": "other_team_missing"}.get(case, f"formed_{case}")
    assert set(said) == {code}
    names = {one.person: one.name for one in here.people}
    if case in ("apart", "together"):
        pair = keys[2:4] if case == "apart" else keys[:2]
        assert {said[code]["one"], said[code]["two"]} == {names[key] for key in pair}


def test_suggested_partners_help_and_are_what_trying_says() -> None:
    here = a_surveyed_class(world(), 40)
    asked = ask(here, wishes=OPEN_WISHES)
    stop = Pressing(lambda: run(here.ports, stop_run, INES, here.activity.id, asked.id), at=6)
    work_on_formations(here.ports, stopwatch=stop, tell_every=0)
    weakest = run(here.ports, review, INES, here.activity.id, asked.id).rows[0].team
    before = score_of(the_run(here, asked).result["parts"])
    for person in weakest.members:
        found = run(
            here.ports, suggest_partners, INES, here.activity.id, asked.id, team=weakest.id, person=person
        )
        assert len(found) <= 3
        for one in found:
            tried = run(
                here.ports, try_exchange, INES, here.activity.id, asked.id, one=weakest.id,
                other=one.team.id, person=person, partner=one.partner.person,
            )  # fmt: skip
            assert (tried.after, tried.all_after, tried.refused) == (one.after, one.all_after, None)
            assert one.all_after > before


# --- publishing and taking back ---


def test_publishing_makes_real_teams_some_in_the_press_and_the_others_by_the_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formation_teams, "CHUNK", 5)
    here = a_surveyed_class(world(), 28)
    done = formed(here)
    pressed = run(here.ports, publish_run, INES, here.activity.id, done.id)
    assert pressed.state is RunState.PUBLISHING
    assert len(here.ports.rows(TEAMS)) == 5
    assert run(here.ports, publish_run, INES, here.activity.id, done.id) == pressed
    assert here.ports.queue.forms == 2
    form_now(here.ports)
    assert the_run(here, done).state is RunState.PUBLISHED
    members = here.ports.rows(MEMBERSHIPS)
    assert Counter(row.person for row in members) == Counter(one.person for one in here.people)
    teams = {team.id: team for team in here.ports.rows(TEAMS)}
    for row in teams_of(here, done):
        assert {m.person for m in members if m.team == row.team} == set(row.members)
        team = teams[row.team]
        assert (team.name, team.size, team.leader) == (row.name, row.size, row.members[0])
    told = here.ports.rows(EVENTS, kind=Kind.TEAMS_PLACED.value)
    assert Counter(key for event in told for key in event.detail["people"]) == Counter(
        m.person for m in members
    )
    assert {row.reason for row in here.ports.rows(MEMBERSHIP_EVENTS)} == {"formed"}


def test_a_worker_that_dies_while_it_publishes_leaves_nobody_out_and_nobody_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formation_teams, "CHUNK", 2)
    here = a_surveyed_class(world(), 24)
    done = formed(here)
    run(here.ports, publish_run, INES, here.activity.id, done.id)
    for at in range(2, 6):
        dying = under(here.ports, Dying(here.ports.clock, at))
        try:
            work_on_formations(dying, stopwatch=lambda: 0.0)
        except Killed:
            here.ports.clock.advance(CLAIM + timedelta(seconds=1))
    form_now(here.ports)
    assert the_run(here, done).state is RunState.PUBLISHED
    placed = Counter(row.person for row in here.ports.rows(MEMBERSHIPS))
    assert placed == Counter(one.person for one in here.people)


@pytest.mark.parametrize("case", ["has a team meanwhile", "takes no part any more", "all of a team are gone"])
def test_late_changes_between_forming_and_publishing_are_respected(case: str) -> None:
    here = a_surveyed_class(world(), 12)
    done = formed(here)
    first = teams_of(here, done)[0]
    out = first.members if case.startswith("all") else first.members[:1]
    if case.startswith("has"):
        team = run(here.ports, make_team, INES, here.activity.id, name="Team 2")
        run(here.ports, place, INES, here.activity.id, out[0], team.id)
    else:
        for key in out:
            run(here.ports, exclude, INES, here.activity.id, key, reason="asked to")
    told = published(here, done)
    assert told.state is RunState.PUBLISHED
    seen = run(here.ports, review, INES, here.activity.id, done.id)
    assert [one.person for one in seen.left_out] == out
    rows = {row.person: row.team for row in here.ports.rows(MEMBERSHIPS)}
    made = teams_of(here, done)
    for row in made:
        staying = [key for key in row.members if key not in out]
        assert bool(row.team) == bool(staying)
        assert all(rows[key] == row.team for key in staying)
    names = [team.name for team in here.ports.rows(TEAMS)]
    assert len(names) == len(set(names))
    if case.startswith("has"):
        assert rows[out[0]] == team.id
    else:
        assert not set(out) & set(rows)


def test_teams_are_taken_back_until_the_first_submission_and_drafts_stay() -> None:
    here = a_surveyed_class(world(), 12)
    done = formed(here)
    published(here, done)
    who = next(one for one in here.people if one.person == teams_of(here, done)[0].members[0])
    write(here.ports, here.activity, who, "Night flow is forty litres.")
    drafts = here.ports.rows(DRAFTS)
    back = run(here.ports, take_back_run, INES, here.activity.id, done.id)
    assert back.state is RunState.DONE
    assert here.ports.rows(MEMBERSHIPS) == []
    assert here.ports.rows(DRAFTS) == drafts
    assert {team.state for team in here.ports.rows(TEAMS)} == {"dissolved"}
    told = here.ports.rows(EVENTS, kind=Kind.TEAMS_TAKEN_BACK.value)
    assert {key for event in told for key in event.detail["people"]} == {one.person for one in here.people}
    assert run(here.ports, take_back_run, INES, here.activity.id, done.id) == back
    log = Counter(row.event.value for row in here.ports.rows(MEMBERSHIP_EVENTS))
    assert log == {"joined": 12, "removed": 12}
    again = published(here, done)
    assert again.state is RunState.PUBLISHED
    active = here.ports.rows(TEAMS, state="active")
    assert sorted(team.name for team in active) == ["Team 1", "Team 2", "Team 3"]
    assert again.published_at == back.published_at
    write(here.ports, here.activity, who, "Night flow is forty litres.")
    hand_in(here.ports, here.activity, who)
    seen = run(here.ports, review, INES, here.activity.id, done.id)
    assert not seen.may_take_back
    assert refusal_of(here.ports, take_back_run, INES, here.activity.id, done.id).code == "work_handed_in"


def test_a_proposal_about_a_team_that_is_taken_back_no_longer_stands() -> None:
    here = a_surveyed_class(world(), 9)
    done = formed(here)
    published(here, done)
    one, other = here.ports.rows(TEAMS)[:2]
    for key in teams_of(here, done)[0].members[1:] + teams_of(here, done)[1].members[1:]:
        run(here.ports, take_out, INES, here.activity.id, key)
    merger = run(here.ports, propose_merger, INES, here.activity.id, one.id, other.id, why="Too few.")
    run(here.ports, take_back_run, INES, here.activity.id, done.id)
    (row,) = here.ports.rows(MERGERS)
    assert (row.id, row.state) == (merger.id, MergerState.MOOT)


def test_a_team_that_hands_in_while_the_others_are_taken_back_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formation_teams, "CHUNK", 1)
    here = a_surveyed_class(world(), 12)
    done = formed(here)
    published(here, done)
    run(here.ports, take_back_run, INES, here.activity.id, done.id)
    who = next(one for one in here.people if one.person == teams_of(here, done)[2].members[0])
    write(here.ports, here.activity, who, "Night flow is forty litres.")
    hand_in(here.ports, here.activity, who)
    form_now(here.ports)
    told = the_run(here, done)
    assert (told.state, told.result["taken_back"]["stayed"]) == (RunState.DONE, 1)
    assert {row.person for row in here.ports.rows(MEMBERSHIPS)} == set(teams_of(here, done)[2].members)


def test_a_run_is_not_published_twice_over_smaller_sizes() -> None:
    here = a_surveyed_class(world(), 10)
    done = formed(here)

    def shrink(unit: UnitOfWork) -> None:
        from coursecrew.app.activities import team_set_of
        from coursecrew.app.records import TEAM_SETS

        unit.store.save(TEAM_SETS, replace(team_set_of(unit, here.activity), max=4))

    run(here.ports, shrink)
    assert refusal_of(here.ports, publish_run, INES, here.activity.id, done.id).code == "formed_too_large"


@settings(max_examples=25)
@given(
    learners=st.integers(3, 21).filter(lambda n: n not in (7,)),
    early=st.sets(st.integers(0, 20), max_size=4),
    gone=st.sets(st.integers(0, 20), max_size=4),
    chunk=st.integers(1, 6),
)
def test_after_publishing_everybody_who_takes_part_is_in_exactly_one_team(
    learners: int, early: set[int], gone: set[int], chunk: int
) -> None:
    here = a_surveyed_class(world(), learners, teams=TeamRules(name="districts", min=1, ideal=3, max=5))
    done = formed(here, FEW[:1])
    team = run(here.ports, make_team, INES, here.activity.id, name="Early")
    for n in sorted(early):
        if n < learners:
            run(here.ports, place, INES, here.activity.id, here.people[n].person, team.id)
    for n in sorted(gone):
        if n < learners:
            run(here.ports, exclude, INES, here.activity.id, here.people[n].person, reason="asked to")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formation_teams, "CHUNK", chunk)
        published(here, done)
    part = {one.person for n, one in enumerate(here.people) if n not in gone}
    assert Counter(row.person for row in here.ports.rows(MEMBERSHIPS)) == Counter(part)
    sizes = Counter(row.team for row in here.ports.rows(MEMBERSHIPS))
    assert {team.id: team.size for team in here.ports.rows(TEAMS) if team.size} == sizes

    def nobody(unit: UnitOfWork) -> list[str]:
        from coursecrew.app.activities import team_set_of

        return without_team(unit, here.activity, team_set_of(unit, here.activity))

    assert run(here.ports, nobody) == []


# --- what nobody may find ---

PLANTED = "Xylographer"


def all_rows(ports: MemoryPorts, *, but: tuple[str, ...] = ()) -> str:
    """Every stored row as text."""
    return "\n".join(repr(row) for kind in ALL if kind.table not in but for row in ports.rows(kind))


def test_nothing_of_a_sensitive_answer_is_in_any_row_but_its_own() -> None:
    secret = replace(SURVEY.questions[-1], own_words=True)
    survey = Survey((*SURVEY.questions[:-1], secret, Question("not", Ask.UNWANTED, "Not with whom?")))
    here = a_surveyed_class(world(), 24, survey=survey)
    unwanted = here.people[9].person

    def plant(unit: UnitOfWork) -> None:
        for number, row in enumerate(unit.store.find(SENSITIVE_ANSWERS, limit=100)):
            answers = {"gender": PLANTED if number % 3 else "woman", "not": [unwanted] if number == 2 else []}
            unit.store.save(SENSITIVE_ANSWERS, replace(row, answers=answers))

    run(here.ports, plant)
    seen: list[Formation] = []

    def look() -> float:
        seen.extend(here.ports.rows(FORMATIONS))
        return float(len(seen))

    wishes = (*WISHES, Wish("not", Aim.APART, 5, must=True), Wish("gender", Aim.BALANCED, 4))
    asked = ask(here, wishes=wishes)
    work_on_formations(here.ports, stopwatch=look, tell_every=0)
    assert all(not row.best for row in seen)
    done = the_run(here, asked)
    hidden = {n for n, rule in enumerate(done.rules["rule"], start=1) if rule.get("sensitive")}
    assert hidden == {6, 7, 8}
    for team in teams_of(here, done):
        assert not hidden & {reason["rule"] for reason in team.reasons}
        weight = sum(reason["weight"] for reason in team.reasons)
        value = sum(reason["weight"] * reason["value"] for reason in team.reasons) / weight
        assert team.score == millionths(value)
    for rule in done.result["rules"]:
        if rule["rule"] in hidden:
            assert set(rule) == {
                "rule",
                "wish",
                "about",
                "kind",
                "weight",
                "must",
                "sensitive",
                "missed",
                "some",
            }
            assert done.result["figures"][rule["rule"] - 1] is None
    published(here, done)
    stored = all_rows(here.ports, but=(SENSITIVE_ANSWERS.table,))
    assert PLANTED not in stored
    text = run(here.ports, lambda unit: "".join(explanation(unit, INES, here.activity.id, done.id)))
    assert PLANTED not in text
    assert PLANTED in all_rows(here.ports)


def test_a_fault_in_the_middle_is_logged_by_its_place_and_never_by_what_it_says(caplog: Any) -> None:
    here = a_surveyed_class(world(), 8)
    ask(here, wishes=WISHES)

    def broken() -> float:
        raise ValueError(f"could not convert {PLANTED}")

    stopwatch = Pressing(broken, at=3)
    assert work_on_formations(here.ports, stopwatch=stopwatch, tell_every=0) == 1
    assert "event=formation result=broken" in caplog.text
    assert "error=ValueError" in caplog.text
    assert PLANTED not in caplog.text


def test_in_a_class_of_few_teams_a_sensitive_rule_is_missed_by_some_or_by_none() -> None:
    here = a_surveyed_class(world(), 12)
    done = formed(here, WISHES)
    seen = run(here.ports, review, INES, here.activity.id, done.id)
    rule = seen.rules[-1]
    assert (rule.sensitive, rule.missed, rule.mean, rule.shared) == (True, None, None, None)
    larger = a_surveyed_class(world(), 24)
    rule = run(larger.ports, review, INES, larger.activity.id, formed(larger, WISHES).id).rules[-1]
    assert rule.missed in range(7)


def test_once_sensitive_answers_are_over_no_run_uses_them() -> None:
    here = a_surveyed_class(world(), 12)
    published(here, formed(here, WISHES))
    here.ports.clock.advance(days=15)
    for one in here.people:
        assert one.person
    assert "wish_without_question" in problems(here.ports, start_run, INES, here.activity.id, wishes=WISHES)


def test_nobody_is_left_to_form_once_everybody_has_a_team() -> None:
    here = a_surveyed_class(world(), 12)
    published(here, formed(here))
    with pytest.raises(Conflict) as caught:
        ask(here)
    assert caught.value.code == "nobody_to_form"
