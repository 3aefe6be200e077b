"""Forming teams on screen: wishes, progress, review, a swap, two runs, publishing; over ports in memory."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

import pytest

from coursecrew.app.activities import Placed
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.records import FORMATIONS, FORMED_TEAMS, MEMBERSHIPS, PARTICIPANTS, TEAMS
from coursecrew.app.submissions import save_draft, submit
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.activities import JoinRule, TeamRules
from coursecrew.domain.formations import Formation, FormedTeam, RunState
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.survey import Survey
from coursecrew.domain.wishes import Aim, Forming, Wish
from coursecrew.ui import charts
from coursecrew.ui.formed import effect
from coursecrew.ui.http import Response
from coursecrew.ui.reader import Reader, zone
from tests.builders import INES, KWAME, START, actor, come_in, world
from tests.surveyed import RULES, SURVEY, WISHES, Surveyed, a_surveyed_class, form_now
from tests.ui.class_of import Counted
from tests.ui.house import House, open_house
from tests.ui.parts import Part, ask, faults, words_of

READER = Reader("en", zone("UTC"), START)


def filled(response: Response, action: str) -> dict[str, list[str]]:
    """What a browser would send for a form of a part as it stands."""
    body = str(response.body)
    form = body[body.index(f'action="{action}"') :]
    form = form[: form.index("</form>")]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found.setdefault(name[1], []).append(value[1] if value else "")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found[name] = [chosen[1] if chosen else ""]
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?([^<]*)</textarea>', form):
        found[name] = [text]
    return found


def begin(here: Surveyed, **changes: str) -> Response:
    """Send the form of wishes, prefilled as it is."""
    form = filled(ask(here.ports, INES, "teams/forming"), "teams/forming/start")
    changed = {name.replace("__", "-"): [value] for name, value in changes.items()}
    return ask(here.ports, INES, "teams/forming/start", {**form, **changed})


def formed(learners: int = 12, **changes: Any) -> tuple[Surveyed, Formation]:
    """A class whose first run is done."""
    here = a_surveyed_class(world(), learners, **changes)
    assert begin(here).status == 200
    form_now(here.ports)
    return here, newest(here.ports)


def newest(ports: MemoryPorts) -> Formation:
    return max(ports.rows(FORMATIONS), key=lambda one: one.number)


def teams_of(ports: MemoryPorts, one: Formation) -> list[FormedTeam]:
    """The proposed teams, the weakest first."""
    return sorted(ports.rows(FORMED_TEAMS, formation=one.id), key=lambda team: (team.score, team.number))


def path(one: Formation, rest: str = "") -> str:
    return f"teams/forming/{one.id}{rest}"


def swap_query(one: FormedTeam, other: FormedTeam | None = None, **more: str) -> dict[str, str]:
    asked = {"one": one.id, "person": one.members[0]}
    if other:
        asked |= {"other": other.id, "partner": other.members[0]}
    return {**asked, **more}


# --- asking for teams ---


def test_the_page_says_who_answered_and_that_one_may_form_before_the_survey_closes() -> None:
    closes = START + timedelta(days=5)
    here = a_surveyed_class(world(), 41, survey=replace(SURVEY, closes_at=closes))
    shown = ask(here.ports, INES, "teams/forming")
    assert "40 of 41 learners answered the survey. The other one counts as “no information”." in words_of(
        shown
    )
    assert "The survey is open until Sat 14 Nov, 09:00. You may form teams before that" in words_of(shown)
    assert "Form teams of 41 learners" in words_of(shown)
    assert faults(shown) == []


def test_the_form_is_prefilled_with_the_settings_wishes_and_then_with_those_of_the_newest_run() -> None:
    here = a_surveyed_class(world())
    first = filled(ask(here.ports, INES, "teams/forming"), "teams/forming/start")
    assert first["wish-hours-shared"] == ["5"]
    assert first["wish-gender-not_alone"] == ["must"]
    assert first["wish-gender-not_alone-values"] == ["woman"]
    one, two = here.people[:2]
    begin(here, **{"wish-hours-shared": "2"}, together=f"{one.name}, {two.name}")
    form_now(here.ports)
    again = filled(ask(here.ports, INES, "teams/forming"), "teams/forming/start")
    assert again["wish-hours-shared"] == ["2"]
    assert again["together"] == [f"{one.name}, {two.name}"]
    team = next(team for team in here.ports.rows(FORMED_TEAMS) if one.person in team.members)
    assert two.person in team.members


def test_people_are_named_without_letter_case_or_by_their_user_name() -> None:
    here = a_surveyed_class(world())
    from coursecrew.app.ports import Member

    one, two = here.people[:2]
    here.ports.people.put(here.activity.course, Member(two.person, two.name, Role.LEARNER), kivela=two.person)
    assert begin(here, apart=f"{one.name.upper()},kivela").status == 200
    assert newest(here.ports).pairs["apart"] == [[one.person, two.person]]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("Nobody Atall, Ravi Pillai", "Nobody who takes part is called “Nobody Atall”."),
        ("Ravi Pillai", "“Ravi Pillai” stands alone in a line."),
        ("Twin, Ravi Pillai", "Several people are called “Twin”."),
        ("Dr Carvalho, Ravi Pillai", "Nobody who takes part is called “Dr Carvalho”."),
    ],
)
def test_a_name_that_is_not_clear_is_refused_beside_the_field_and_the_text_stays(
    typed: str, sentence: str
) -> None:
    here = a_surveyed_class(world())
    come_in(here.ports, actor("Twin"), replace(actor("Twin"), person="a" * 32))
    refused = begin(here, together=typed)
    assert refused.status == 422
    assert sentence in words_of(refused)
    assert Part.of(refused).areas["together"] == typed
    assert 'href="#field-together"' in str(refused.body)
    assert faults(refused) == []
    assert here.ports.rows(FORMATIONS) == []


def test_impossible_sizes_say_which_sizes_or_class_sizes_would_do() -> None:
    here = a_surveyed_class(world(), 7, teams=replace(RULES, min=4, ideal=5, max=5))
    refused = begin(here)
    assert refused.status == 422
    assert "7 people cannot be split into teams of 4 to 5; 5 or 8 could." in words_of(refused)
    assert "A smallest size of 3 or a largest of 7 would do." in words_of(refused)
    assert faults(refused) == []


def test_pairs_that_clash_are_shown_as_the_chain() -> None:
    here = a_surveyed_class(world())
    one, two, three = (who.name for who in here.people[:3])
    refused = begin(here, together=f"{one}, {two}\n{two}, {three}", apart=f"{one}, {three}")
    assert refused.status == 422
    assert f"Apart are {one} – {three}, but they are together through" in words_of(refused)


def test_a_wish_without_a_value_keeps_the_form_as_it_was_typed() -> None:
    here = a_surveyed_class(world())
    form = filled(ask(here.ports, INES, "teams/forming"), "teams/forming/start")
    del form["wish-skills-cover-values"]
    refused = ask(here.ports, INES, "teams/forming/start", {**form, "wish-topic-topic": ["5"]})
    assert refused.status == 422
    assert "Tick at least one answer" in words_of(refused)
    assert filled(refused, "teams/forming/start")["wish-topic-topic"] == ["5"]


def test_without_a_survey_teams_are_formed_by_size_alone() -> None:
    here = a_surveyed_class(
        world(), survey=Survey(), forming=Forming(), teams=replace(RULES, join=JoinRule.STAFF)
    )
    assert "Nothing was asked" in words_of(ask(here.ports, INES, "teams/forming"))
    begin(here)
    form_now(here.ports)
    shown = ask(here.ports, INES, path(newest(here.ports)))
    assert "Publish 3 teams" in words_of(shown)
    assert faults(shown) == []


def test_nobody_to_form_is_said_and_offers_no_form() -> None:
    here = a_surveyed_class(world(), 0)
    shown = ask(here.ports, INES, "teams/forming")
    assert "Everybody has a team" in words_of(shown)
    assert "teams/forming/start" not in str(shown.body)


# --- while it is worked on ---


def test_a_waiting_run_asks_to_be_looked_at_again_and_can_be_stopped() -> None:
    here = a_surveyed_class(world())
    shown = begin(here)
    assert Part.of(shown).attributes["data-again"] == "2"
    assert "It begins as soon as a worker is free" in words_of(shown)
    assert faults(shown) == []
    one = newest(here.ports)
    stopped = ask(here.ports, INES, path(one, "/stop"), {})
    assert "Stopped before there were teams" in words_of(stopped)
    assert "data-again" not in str(stopped.body)
    assert faults(stopped) == []


def running(ports: MemoryPorts, **changes: object) -> Formation:
    """The newest run as a worker left it in the middle."""

    row = newest(ports)

    def save(unit: UnitOfWork) -> Formation:
        claim = ports.clock.now() + timedelta(minutes=1)
        wanted = {"state": RunState.RUNNING, "passes": 60, "of": 240, "claimed_until": claim, **changes}
        return unit.store.save(FORMATIONS, replace(row, **wanted))  # type: ignore[arg-type]

    return run(ports, save)


def test_progress_is_told_in_words_and_as_a_bar() -> None:
    here = a_surveyed_class(world(), forming=Forming(WISHES[:5]))
    begin(here)
    one = running(here.ports, best={"score": 640_000, "weakest": 310_000, "broken": 2})
    shown = ask(here.ports, INES, path(one))
    assert "Pass 60 of 240." in words_of(shown)
    assert "Best so far: 0.64 for all teams, 0.31 for the weakest; “must” not met: 2." in words_of(shown)
    assert 'role="progressbar"' in str(shown.body)
    assert 'aria-valuenow="60"' in str(shown.body)
    asked = ask(here.ports, INES, path(one, "/stop"), {})
    assert "You asked to stop: the best so far is being written down." in words_of(asked)


def test_progress_of_a_run_with_sensitive_wishes_tells_no_figure_that_they_count_in() -> None:
    here = a_surveyed_class(world())
    begin(here)
    shown = ask(here.ports, INES, path(running(here.ports)))
    assert "stays hidden, since sensitive answers count in it" in words_of(shown)


def test_a_failed_run_says_in_words_what_stood_in_the_way_and_where_to_go_on() -> None:
    here = a_surveyed_class(world())
    begin(here)
    one, two = here.people[:2]
    values = {"pairs": [[one.person, two.person]], "path": [[one.person, two.person]]}
    problems = [{"field": "apart", "code": "form_apart_together", "values": values}]
    failed = running(here.ports, state=RunState.FAILED, problems=problems, claimed_until=None)
    shown = ask(here.ports, INES, path(failed))
    assert "No teams could be formed" in words_of(shown)
    assert f"Apart are {one.name} – {two.name}" in words_of(shown)
    assert "Back to the wishes" in words_of(shown)
    assert faults(shown) == []


def test_a_second_run_waits_until_the_first_is_done() -> None:
    here = a_surveyed_class(world())
    form = filled(ask(here.ports, INES, "teams/forming"), "teams/forming/start")
    begin(here)
    refused = ask(here.ports, INES, "teams/forming/start", {**form, "request_key": ["another"]})
    assert refused.status == 409
    assert "at this moment" in words_of(refused)


# --- the review ---


def test_the_review_shows_the_weakest_team_first_with_its_wishes_in_words_and_its_sum() -> None:
    here, one = formed(40)
    shown = ask(here.ports, INES, path(one))
    words, weakest = words_of(shown), teams_of(here.ports, one)[0]
    assert "Publish 10 teams" in words
    assert f"{weakest.name} score {weakest.score / 1e6:.2f}" in words
    assert "39 of 40 learners answered the survey." in words
    for reason in weakest.reasons:
        assert f"{reason['value']:.2f}" in words
    assert f"÷ {sum(reason['weight'] for reason in weakest.reasons):g}" in words
    assert "Which teams a sensitive wish misses stays hidden" not in words or "“Nobody alone” in" in words
    assert faults(shown) == []


def test_a_teams_score_is_the_sum_that_stands_under_its_wishes() -> None:
    here, one = formed(40)
    for team in teams_of(here.ports, one):
        words = words_of(ask(here.ports, INES, path(one, f"/teams/{team.id}")))
        sums = re.findall(r"\(([^()]*)\) ÷ (\d+) = ([\d.]+)", words)
        assert sums, words
        terms, weights, result = sums[-1]
        total = sum(float(w) * float(v) for w, v in re.findall(r"(\d+) × ([\d.]+)", terms))
        assert total / float(weights) == pytest.approx(float(result), abs=0.011)
        assert float(result) == pytest.approx(team.score / 1e6, abs=0.006)


def test_free_hours_are_a_table_in_the_readers_zone_and_a_list() -> None:
    here, one = formed(40)
    team = teams_of(here.ports, one)[0]
    lisbon = words_of(ask(here.ports, replace(INES, zone="Europe/Lisbon"), path(one, f"/teams/{team.id}")))
    kolkata = ask(here.ports, replace(INES, zone="Asia/Kolkata"), path(one, f"/teams/{team.id}"))
    assert "Lisbon time" in lisbon
    assert "Hours begin at 30 minutes past." in words_of(kolkata)
    assert re.search(r"All \d: ", lisbon)
    assert str(kolkata.body).count('<th scope="row">') >= 7
    assert faults(kolkata) == []


def test_of_a_sensitive_wish_nothing_but_the_number_of_teams_is_on_any_page() -> None:
    here, one = formed(40)
    team = teams_of(here.ports, one)[0]
    pages = [
        ask(here.ports, INES, path(one)),
        ask(here.ports, INES, path(one, f"/teams/{team.id}")),
        ask(here.ports, INES, path(one, "/swap"), query=swap_query(*teams_of(here.ports, one)[:2])),
    ]
    for shown in pages:
        body = re.sub(r"What was wished for in this run.*", "", words_of(shown))
        assert "gender" not in body
        assert "woman" not in body
    file = ask(here.ports, INES, path(one, "/explanation"))
    assert "woman" not in str(file.body)
    assert "gender" not in str(file.body)


def test_every_team_is_reached_page_by_page() -> None:
    here, one = formed(100)
    seen: set[str] = set()
    query: Mapping[str, str] = {}
    while True:
        shown = ask(here.ports, INES, path(one), query=query)
        seen |= set(re.findall(rf"teams/forming/{one.id}/teams/([0-9a-f]+)\"", str(shown.body)))
        more = re.search(r"\?after=([0-9a-f]+)", str(shown.body))
        if not more:
            break
        query = {"after": more[1]}
        assert faults(shown) == []
    assert seen == {team.id for team in here.ports.rows(FORMED_TEAMS)}


def test_a_locked_team_takes_part_in_no_swap_and_can_be_unlocked() -> None:
    here, one = formed(16)
    first, other, *_ = teams_of(here.ports, one)
    locked = ask(here.ports, INES, path(one, f"/teams/{first.id}/lock"), {"locked": "yes"})
    assert f"{first.name} is locked" in str(locked.body)
    tried = ask(here.ports, INES, path(one, "/swap"), query=swap_query(other, first))
    assert f"{first.name} is locked. Unlock it first." in words_of(tried)
    assert "Make this swap" not in words_of(tried)
    back = {"locked": "", "back": "yes"}
    opened = ask(here.ports, INES, path(one, f"/teams/{first.id}/lock"), back)
    assert f"Lock {first.name} as it is" in words_of(opened)


# --- a swap ---


def test_a_swap_shows_the_scores_before_and_after_and_changes_nothing_by_looking() -> None:
    here, one = formed(40)
    first, other = teams_of(here.ports, one)[0], teams_of(here.ports, one)[-1]
    shown = ask(here.ports, INES, path(one, "/swap"), query=swap_query(first, other))
    words = words_of(shown)
    assert f"{first.name} : {first.score / 1e6:.2f}" in words
    assert f"{other.name} : {other.score / 1e6:.2f}" in words
    assert "All teams :" in words
    assert any(word in words for word in ("better", "worse", "the same"))
    assert faults(shown) == []
    assert teams_of(here.ports, one)[0] == first


def test_making_the_swap_exchanges_the_two() -> None:
    here, one = formed(40)
    first, other = teams_of(here.ports, one)[0], teams_of(here.ports, one)[-1]
    shown = ask(here.ports, INES, path(one, "/swap"), query=swap_query(first, other))
    done = ask(here.ports, INES, path(one, "/exchange"), filled(shown, path(one, "/exchange")))
    assert done.status == 200
    assert "The two have changed places." in str(done.body)
    now = {team.id: team for team in teams_of(here.ports, one)}
    assert other.members[0] in now[first.id].members
    assert first.members[0] in now[other.id].members


def test_somebody_else_who_moved_people_meanwhile_is_told_and_nothing_is_moved() -> None:
    here, one = formed(40)
    first, other = teams_of(here.ports, one)[0], teams_of(here.ports, one)[-1]
    shown = ask(here.ports, INES, path(one, "/swap"), query=swap_query(first, other))
    form = filled(shown, path(one, "/exchange"))
    ask(here.ports, INES, path(one, "/exchange"), form)
    before = teams_of(here.ports, one)
    form |= {"request_key": ["second"], "person": [first.members[1]], "partner": [other.members[1]]}
    refused = ask(here.ports, INES, path(one, "/exchange"), form)
    assert refused.status == 409
    assert "Somebody moved people in one of these teams" in words_of(refused)
    assert teams_of(here.ports, one) == before
    assert faults(refused) == []


def test_a_move_that_breaks_a_size_is_refused_with_the_teams_name() -> None:
    here, one = formed(12, teams=replace(RULES, min=4, ideal=4, max=4))
    first, other, *_ = teams_of(here.ports, one)
    shown = ask(here.ports, INES, path(one, "/swap"), query=swap_query(first, other, partner=""))
    assert "This cannot be done." in words_of(shown)
    assert "would have 3 members" in words_of(shown) or "would have 5 members" in words_of(shown)
    assert "Make this move" not in words_of(shown)


def test_people_kept_apart_are_refused_by_name() -> None:
    here = a_surveyed_class(world(), 12)
    one, two = here.people[:2]
    begin(here, apart=f"{one.name}, {two.name}")
    form_now(here.ports)
    made = newest(here.ports)
    of = {key: team for team in teams_of(here.ports, made) for key in team.members}
    mate = next(key for key in of[two.person].members if key != two.person)
    query = {"one": of[one.person].id, "person": one.person, "other": of[two.person].id, "partner": mate}
    shown = words_of(ask(here.ports, INES, path(made, "/swap"), query=query))
    assert "are to be in different teams" in shown
    assert one.name in shown


def test_best_partners_are_offered_and_their_effect_is_what_was_said() -> None:
    here, one = formed(40)
    for team in teams_of(here.ports, one):
        shown = ask(here.ports, INES, path(one, "/swap"), query={"one": team.id, "person": team.members[0]})
        offers = re.findall(r'href="#/([^"]*/swap)\?([^"]*)"', str(shown.body).replace("&amp;", "&"))
        said = re.findall(r"all teams then ([\d.]+)", words_of(shown))
        for (target, query), score in zip(offers, said, strict=True):
            pairs = dict(part.split("=") for part in query.split("&"))
            assert f"All teams : {one_score(here, one):.2f} becomes {score}" in words_of(
                ask(here.ports, INES, target, query=pairs)
            )
        assert len(offers) <= 3


def one_score(here: Surveyed, one: Formation) -> float:
    scores = [team.score / 1e6 for team in teams_of(here.ports, one)]
    return len(scores) / sum(1 / score for score in scores)


def test_move_begins_without_a_team_chosen() -> None:
    here, one = formed(40)
    team = teams_of(here.ports, one)[0]
    shown = ask(here.ports, INES, path(one, "/swap"), query={**swap_query(team), "move": "yes"})
    assert "Choose a team, and perhaps somebody in exchange." in words_of(shown)
    assert faults(shown) == []


def test_in_a_large_class_the_other_team_is_named_by_its_number() -> None:
    here, one = formed(260)
    first, other = teams_of(here.ports, one)[:2]
    query = {"one": first.id, "person": first.members[0], "number": str(other.number), "partner": ""}
    shown = ask(here.ports, INES, path(one, "/swap"), query=query)
    assert f"In exchange for, from {other.name}" in words_of(shown)
    assert 'type="number"' in str(shown.body)
    nowhere = ask(here.ports, INES, path(one, "/swap"), query={**query, "number": "999"})
    assert "Choose a team" in words_of(nowhere)


def test_a_team_of_another_run_is_not_found() -> None:
    here, one = formed(12)
    team = teams_of(here.ports, one)[0]
    begin(here)
    form_now(here.ports)
    other = newest(here.ports)
    assert ask(here.ports, INES, path(other, f"/teams/{team.id}")).status == 404
    assert ask(here.ports, INES, path(other, "/swap"), query=swap_query(team)).status == 404
    locking = ask(here.ports, INES, path(other, f"/teams/{team.id}/lock"), {"locked": "yes"})
    assert locking.status == 404
    assert not here.ports.rows(FORMED_TEAMS, locked=True)


@pytest.mark.parametrize(
    ("before", "after", "look", "word"),
    [
        (310_000, 580_000, "better", "better"),
        (640_000, 660_000, "better", "a little better"),
        (710_000, 660_000, "worse", "worse"),
        (710_000, 690_000, "worse", "a little worse"),
        (710_000, 711_000, "", "the same"),
    ],
)
def test_an_effect_is_said_in_words(before: int, after: int, look: str, word: str) -> None:
    assert effect(before, after, READER) == (look, word)


# --- two runs ---


def two_runs() -> tuple[Surveyed, Formation, Formation]:
    here, one = formed(40)
    begin(here, **{"wish-topic-topic": "5", "wish-hours-shared-amount": "6"})
    form_now(here.ports)
    return here, one, newest(here.ports)


def test_the_list_of_runs_says_what_each_changed_and_how_it_came_out() -> None:
    here, one, two = two_runs()
    shown = ask(here.ports, INES, "teams/forming")
    words = words_of(shown)
    assert "“A topic that many ranked high” counts 5, not 2" in words
    assert "“Hours in common”: 6, not 3" in words
    assert "Run 2 is ready: look at it, then publish" in words
    assert f"teams/forming/{one.id}" in str(shown.body)
    weakest = teams_of(here.ports, two)[0].score / 1e6
    assert f"{weakest:.2f}" in words
    assert faults(shown) == []


@pytest.mark.parametrize("named", [True, False])
def test_two_runs_stand_side_by_side(named: bool) -> None:
    here, one, two = two_runs()
    query = {"one": one.id, "other": two.id} if named else {}
    shown = ask(here.ports, INES, "teams/forming/compare", query=query)
    words = words_of(shown)
    assert "Run 1 and run 2" in words
    assert "have other team-mates." in words
    assert "“Must” wishes not met, by team" in words
    assert "Hours in common (When do you usually have time?)" in words
    for found in (one, two):
        for team in teams_of(here.ports, found)[:5]:
            assert f"teams/forming/{found.id}/teams/{team.id}" in str(shown.body)
    assert faults(shown) == []


def test_one_run_alone_cannot_be_compared() -> None:
    here, _ = formed(12)
    refused = ask(here.ports, INES, "teams/forming/compare")
    assert refused.status == 409
    assert "Two runs with teams are needed" in words_of(refused)


def test_locked_teams_stay_in_the_next_run() -> None:
    here, one = formed(16)
    team = teams_of(here.ports, one)[0]
    ask(here.ports, INES, path(one, f"/teams/{team.id}/lock"), {"locked": "yes"})
    begin(here, **{"wish-topic-topic": "5"})
    form_now(here.ports)
    kept = [other for other in teams_of(here.ports, newest(here.ports)) if other.locked]
    assert [sorted(other.members) for other in kept] == [sorted(team.members)]


# --- publishing ---


def test_publishing_says_first_what_happens_and_then_makes_the_teams() -> None:
    here, one = formed(12)
    asked = ask(here.ports, INES, path(one, "/publish"))
    assert "Each learner is told" in words_of(asked)
    assert "deleted 14 days after" in words_of(asked)
    assert "until the first of them hands in" in words_of(asked)
    assert faults(asked) == []
    assert here.ports.rows(TEAMS) == []
    done = ask(here.ports, INES, path(one, "/publish"), filled(asked, path(one, "/publish")))
    assert "3 teams are published" in words_of(done)
    assert faults(done) == []
    assert len(here.ports.rows(MEMBERSHIPS)) == 12


def test_who_got_a_team_meanwhile_is_left_out_and_named() -> None:
    here, one = formed(12)
    ask(here.ports, INES, "teams/make", {"name": "By hand"})
    team = here.ports.rows(TEAMS)[0]
    ask(here.ports, INES, "teams/place", {"person": here.people[0].person, "team": team.id})
    ask(here.ports, INES, path(one, "/publish"), {})
    shown = words_of(ask(here.ports, INES, path(one)))
    assert "1 person was left out." in shown
    assert here.people[0].name in shown


def test_a_large_class_is_published_in_chunks_and_the_page_follows() -> None:
    here, one = formed(260)
    shown = ask(here.ports, INES, path(one, "/publish"), {})
    assert "Teams are being published" in words_of(shown)
    assert "50 of 65 teams so far." in words_of(shown)
    assert Part.of(shown).attributes["data-again"] == "2"
    form_now(here.ports)
    assert "65 teams are published" in words_of(ask(here.ports, INES, path(one)))


def test_teams_are_taken_back_until_the_first_hands_in() -> None:
    here, one = formed(12)
    ask(here.ports, INES, path(one, "/publish"), {})
    assert "Take them back" in words_of(ask(here.ports, INES, path(one)))
    asked = ask(here.ports, INES, path(one, "/take-back"))
    assert "3 teams are dissolved." in words_of(asked)
    assert faults(asked) == []
    back = ask(here.ports, INES, path(one, "/take-back"), filled(asked, path(one, "/take-back")))
    assert "Publish 3 teams" in words_of(back)
    assert here.ports.rows(MEMBERSHIPS) == []
    ask(here.ports, INES, path(one, "/publish"), {"request_key": "again"})
    first = here.people[0]
    run(here.ports, save_draft, first, here.activity.id, {"where": "Ours."}, seen=0)
    run(here.ports, submit, first, here.activity.id, seen=1)
    assert "Take them back" not in words_of(ask(here.ports, INES, path(one)))
    refused = ask(here.ports, INES, path(one, "/take-back"), {"request_key": "late"})
    assert refused.status == 409
    assert "has handed in its work" in words_of(refused)
    assert len(here.ports.rows(MEMBERSHIPS)) == 12


def test_the_explanation_is_a_file_of_json() -> None:
    here, one = formed(12)
    file = ask(here.ports, INES, path(one, "/explanation"))
    assert file.headers["Content-Disposition"] == 'attachment; filename="teams-run-1.json"'
    told = json.loads(str(file.body))
    assert len(told["teams"]) == 3
    assert told["seed"] == one.seed


# --- for those who were placed ---


def test_who_was_placed_reads_why_and_nothing_of_what_others_answered() -> None:
    here, one = formed(16)
    ask(here.ports, INES, path(one, "/publish"), {})
    (team, *_) = teams_of(here.ports, one)
    me = next(actor for actor in here.people if actor.person == team.members[0])
    home = ask(here.ports, me, "team")
    assert "#/team/why" in Part.of(home).links
    shown = ask(here.ports, me, "team/why")
    words = words_of(shown)
    assert f"{team.name} was formed on" in words
    assert "At least 3 hours a week in common." in words
    assert re.search(r"Your topic: (Leaks|Tariffs|Floods|Reuse)", words)
    assert "Answers under a lock counted, too." in words
    assert "gender" not in words
    assert not re.search(r"mean |gave no answer|named none|alone: |%|different of", words)
    assert faults(shown) == []


def test_whoever_is_in_a_team_that_no_run_made_reads_that_people_did() -> None:
    here, one = formed(16)
    ask(here.ports, INES, path(one, "/publish"), {})
    (team, *_) = teams_of(here.ports, one)
    with here.ports.transaction() as store:
        store.save(FORMED_TEAMS, replace(team, team=""))
    me = next(actor for actor in here.people if actor.person == team.members[0])
    assert "The course staff put this team together" in words_of(ask(here.ports, me, "team/why"))


# --- where it is found ---


def test_the_first_page_and_the_teams_lead_to_forming_while_people_wait() -> None:
    here = a_surveyed_class(world())
    first, teams = ask(here.ports, INES, "teaching"), ask(here.ports, INES, "teams")
    assert "Form teams of 12 people" in words_of(first)
    for shown in (first, teams):
        assert "#/teams/forming" in Part.of(shown).links
        assert str(shown.body).count("button primary") == 1
        assert faults(shown) == []


def test_while_the_survey_is_open_the_first_page_says_until_when() -> None:
    closes = START + timedelta(days=5)
    here = a_surveyed_class(world(), survey=replace(SURVEY, closes_at=closes))
    words = words_of(ask(here.ports, INES, "teaching"))
    assert "The survey is being answered" in words
    assert "It closes on Sat 14 Nov, 09:00" in words


def test_the_first_page_leads_to_the_run_that_is_under_way_done_or_failed() -> None:
    here = a_surveyed_class(world())
    begin(here)
    one = newest(here.ports)
    for state, words in (
        (RunState.RUNNING, "Teams are being formed"),
        (RunState.FAILED, "No teams could be formed"),
        (RunState.WAITING, "Teams are being formed"),
    ):
        running(here.ports, state=state, claimed_until=None)
        shown = ask(here.ports, INES, "teaching")
        assert words in words_of(shown)
        assert f"#/{path(one)}" in Part.of(shown).links
    form_now(here.ports)
    shown = ask(here.ports, INES, "teaching")
    assert "Look at the teams, then publish them" in words_of(shown)
    assert f"#/{path(one)}" in Part.of(shown).links
    assert faults(shown) == []


def test_where_learners_choose_their_teams_nothing_leads_to_forming() -> None:
    here = a_surveyed_class(world(), teams=TeamRules(name="own"))
    for where in ("teaching", "teams"):
        assert "teams/forming" not in str(ask(here.ports, INES, where).body)


@pytest.mark.parametrize(
    "who",
    [
        actor("Ravi Pillai"),
        KWAME,
        actor("Aulis", Role.AUTHOR, may_author=True),
        actor("Ada", Role.ADMIN),
        actor("Olga", Role.OBSERVER),
        replace(INES, looks_on=True),
    ],
    ids=["learner", "TA", "author", "admin", "observer", "looking on"],
)
def test_nobody_but_an_instructor_comes_near(who: Actor) -> None:
    here, one = formed(12)
    first, other = teams_of(here.ports, one)[:2]
    if who.name == "Ravi Pillai":
        who = here.people[0]
    before = {kind.table: here.ports.rows(kind) for kind in (FORMATIONS, FORMED_TEAMS, MEMBERSHIPS)}
    queries = {path(one, "/swap"): swap_query(first, other), "teams/forming/compare": {"one": one.id}}
    for where in (
        "teams/forming", "teams/forming/compare", path(one), path(one, f"/teams/{first.id}"),
        path(one, "/swap"), path(one, "/publish"), path(one, "/take-back"), path(one, "/explanation"),
    ):  # fmt: skip
        answer = ask(here.ports, who, where, query=queries.get(where))
        assert answer.status == 403, where
        assert first.name not in str(answer.body)
    swapped = {**swap_query(first, other), "seen_one": "1", "seen_other": "1"}
    for where, form in {
        "teams/forming/start": {"together": "Somebody Unheardof, Ravi Pillai"},
        path(one, "/stop"): {},
        path(one, f"/teams/{first.id}/lock"): {"locked": "yes"},
        path(one, "/exchange"): swapped,
        path(one, "/publish"): {},
        path(one, "/take-back"): {},
    }.items():
        answer = ask(here.ports, who, where, form)
        assert answer.status == 403, where
        assert "Unheardof" not in str(answer.body)
    assert {kind.table: here.ports.rows(kind) for kind in (FORMATIONS, FORMED_TEAMS, MEMBERSHIPS)} == before


def test_runs_and_teams_of_another_course_are_not_found() -> None:
    here, one = formed(12)
    first, other = teams_of(here.ports, one)[:2]
    placed = Placed("soil", "Soil", "place-9", "plan", title="Soil")
    teacher = replace(actor("Rui", Role.INSTRUCTOR, may_author=True), course="soil")
    come_in(here.ports, teacher, placed=placed)
    before = {kind.table: here.ports.rows(kind) for kind in (FORMATIONS, FORMED_TEAMS, MEMBERSHIPS)}
    queries = {path(one, "/swap"): swap_query(first, other)}
    for where in (
        path(one), path(one, f"/teams/{first.id}"), path(one, "/swap"), path(one, "/publish"),
        path(one, "/take-back"), path(one, "/explanation"),
    ):  # fmt: skip
        assert ask(here.ports, teacher, where, placed=placed, query=queries.get(where)).status == 404, where
    swapped = {**swap_query(first, other), "seen_one": "1", "seen_other": "1"}
    for where in ("/stop", f"/teams/{first.id}/lock", "/exchange", "/publish", "/take-back"):
        assert ask(here.ports, teacher, path(one, where), swapped, placed=placed).status == 404, where
    compared = {"one": one.id, "other": one.id}
    assert ask(here.ports, teacher, "teams/forming/compare", placed=placed, query=compared).status == 404
    kept = {"keep_locked_of": one.id}
    assert ask(here.ports, teacher, "teams/forming/start", kept, placed=placed).status in (404, 409)
    assert {kind.table: here.ports.rows(kind) for kind in (FORMATIONS, FORMED_TEAMS, MEMBERSHIPS)} == before


# --- what it costs ---


@lru_cache(maxsize=2)
def two_formed(learners: int) -> tuple[Surveyed, Formation, Formation]:
    """A class of any size with two runs, formed by one cheap wish."""
    here, one = formed(learners, forming=Forming((Wish("years", Aim.ALIKE, 3),)))
    begin(here)
    form_now(here.ports)
    return here, one, newest(here.ports)


def screens(here: Surveyed, one: Formation, two: Formation) -> dict[str, tuple[str, dict[str, str]]]:
    """Every screen that only shows, with what is asked of it."""
    first, other = teams_of(here.ports, two)[:2]
    return {
        "start": ("teams/forming", {}),
        "compare": ("teams/forming/compare", {"one": one.id, "other": two.id}),
        "run": (path(two), {}),
        "team": (path(two, f"/teams/{first.id}"), {}),
        "swap": (path(two, "/swap"), swap_query(first, other)),
        "publish": (path(two, "/publish"), {}),
        "take back": (path(two, "/take-back"), {}),
    }


def calls(learners: int, name: str) -> Counter[str]:
    made = two_formed(learners)
    where, query = screens(*made)[name]
    ask(made[0].ports, INES, where, query=query)  # the first visit is written down
    counted = Counted(made[0].ports)
    assert ask(counted.ports, INES, where, query=query).status == 200
    assert counted.writes() == 0
    return counted.calls


@pytest.mark.parametrize("name", ["start", "compare", "run", "team", "swap", "publish", "take back"])
def test_a_screen_asks_the_store_as_often_for_a_thousand_learners_as_for_ten(name: str) -> None:
    assert calls(1000, name) == calls(10, name)


# --- the picture of scores ---


def test_bars_are_mirrored_where_reading_is_and_never_leave_the_drawing() -> None:
    rows = [charts.Column(str(n), n / 10 - 0.1, "below" if n < 3 else "part") for n in range(14)]
    drawn, mirrored = charts.columns(rows), charts.columns(rows, rtl=True)
    for drawing in (drawn, mirrored):
        places = [float(x) for x in re.findall(r'<rect[^>]* x="([\d.-]+)%"', drawing)]
        assert all(0 <= place <= 100 for place in places)
        assert len(places) == 14
    assert float(re.findall(r'<rect[^>]* x="([\d.]+)%"', mirrored)[0]) > 80
    assert charts.columns([]) != ""


# --- in a real browser ---


@pytest.mark.browser
class TestBrowser:
    """What the script does: asking again, effects at once, dragging."""

    @pytest.fixture
    def here(self):
        here, _one = formed(24)
        with open_house(House(here.ports, {"ines": INES})) as house:
            yield here, house

    def test_the_page_of_a_run_follows_by_itself_and_keeps_the_focus(self, page) -> None:
        here = a_surveyed_class(world(), forming=Forming(WISHES[:5]))
        begin(here)
        one = running(here.ports)
        with open_house(House(here.ports, {"ines": INES})) as house:
            page.goto(house.page("ines", path(one)))
            stop = page.get_by_role("button", name="Stop and take the best so far")
            stop.focus()
            running(here.ports, passes=120)
            page.get_by_text("Pass 120 of 240.").wait_for()
            assert page.evaluate(f"{SHADOW}.activeElement.textContent") == "Stop and take the best so far"
            assert page.inner_text("[role=status]") == ""
            running(here.ports, state=RunState.WAITING, claimed_until=None)
            worker = threading.Thread(target=form_now, args=(here.ports,))
            worker.start()
            page.get_by_role("heading", name="Publish 3 teams").wait_for()
            worker.join()
            assert page.inner_text("[role=status]") == "Look at the teams before you publish them"
            assert page.evaluate(f"{SHADOW}.activeElement.id") == "title"
            asked = len(house.asked)
            page.wait_for_timeout(2500)
            assert len(house.asked) == asked

    def test_a_page_that_nobody_sees_asks_nothing_until_it_is_seen_again(self, page) -> None:
        here = a_surveyed_class(world())
        begin(here)
        with open_house(House(here.ports, {"ines": INES})) as house:
            page.goto(house.page("ines", path(newest(here.ports))))
            page.get_by_role("progressbar").wait_for()
            hide = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s});"
            page.evaluate(hide % "true" + "document.dispatchEvent(new Event('visibilitychange'))")
            page.wait_for_timeout(2300)  # one that was on its way may still be asked
            asked = len(house.asked)
            page.wait_for_timeout(2500)
            assert len(house.asked) == asked
            page.evaluate(hide % "false" + "document.dispatchEvent(new Event('visibilitychange'))")
            page.wait_for_timeout(2500)
            assert len(house.asked) > asked

    def test_two_people_are_swapped_by_keyboard_and_the_effect_follows_each_choice(self, here, page) -> None:
        here, house = here
        one = newest(here.ports)
        first, *_, last = teams_of(here.ports, one)
        page.goto(house.page("ines", path(one)))
        names = {row.person: row.name for row in here.ports.rows(PARTICIPANTS)}
        page.get_by_role("link", name=f"Move {names[first.members[0]]}").focus()
        page.keyboard.press("Enter")
        to = page.get_by_label("To", exact=True)
        to.wait_for()
        to.focus()
        to.select_option(last.id)
        page.get_by_role("button", name="Make this move").wait_for()
        assert page.evaluate(f"{SHADOW}.activeElement.id") == "field-other"
        page.keyboard.press("Tab")
        assert page.evaluate(f"{SHADOW}.activeElement.id") == "field-partner"
        page.keyboard.press("ArrowDown")
        make = page.get_by_role("button", name="Make this swap")
        make.wait_for()
        assert page.evaluate(f"{SHADOW}.activeElement.id") == "field-partner"
        live = page.locator("[aria-live]").inner_text()
        assert f"{first.name}:" in live
        assert "All teams:" in live
        page.reload()
        make.wait_for()
        assert page.get_by_label(f"In exchange for, from {last.name}").input_value() == last.members[0]
        make.focus()
        page.keyboard.press("Enter")
        page.get_by_role("status").filter(has_text="The two have changed places.").wait_for()
        now = {team.id: team for team in teams_of(here.ports, one)}
        assert first.members[0] in now[last.id].members

    def test_whoever_is_faster_than_the_answer_chooses_among_the_right_people(self, here, page) -> None:
        here, house = here
        one = newest(here.ports)
        first, second, third, *_ = teams_of(here.ports, one)
        names = {row.person: row.name for row in here.ports.rows(PARTICIPANTS)}
        page.goto(house.page("ines", path(one)))
        page.get_by_role("link", name=f"Move {names[first.members[0]]}").click()
        to = page.get_by_label("To", exact=True)
        to.select_option(third.id)
        page.get_by_label(f"In exchange for, from {third.name}").wait_for()
        waiting = []
        page.route("**/swap?**", lambda request: waiting.append(request))
        with page.expect_request("**/swap?**"):
            to.select_option(second.id)
        page.get_by_label("In exchange for, from").focus()
        for request in waiting:
            request.continue_()
        mine = page.get_by_label(f"In exchange for, from {second.name}")
        mine.wait_for()
        assert page.evaluate(f"{SHADOW}.activeElement.id") == "field-partner"
        assert {names[who] for who in second.members} <= set(mine.locator("option").all_inner_texts())

    def test_dragging_leads_to_the_same_page_and_changes_nothing_by_itself(self, here, open_page) -> None:
        here, house = here
        page = open_page(width=1100, height=2400)  # both ends in sight
        one = newest(here.ports)
        before = teams_of(here.ports, one)
        first, other = before[0], before[3]
        page.goto(house.page("ines", path(one)))
        source = page.locator(f'li[data-drag*="person={first.members[0]}"]')
        source.wait_for()
        source.drag_to(page.locator(f'.member[data-drop*="{other.members[1]}"]'))
        page.get_by_role("button", name="Make this swap").wait_for()
        assert page.get_by_label(f"From {first.name}").input_value() == first.members[0]
        assert page.get_by_label(f"In exchange for, from {other.name}").input_value() == other.members[1]
        assert teams_of(here.ports, one) == before
        page.go_back()
        source.wait_for()
        source.drag_to(page.locator(f'tr[data-group="{other.id}"] th'))
        page.get_by_role("button", name="Make this move").wait_for()
        assert teams_of(here.ports, one) == before

    def test_a_person_dropped_on_their_own_team_stays_where_they_are(self, here, open_page) -> None:
        here, house = here
        page = open_page(width=1100, height=2400)
        one = newest(here.ports)
        first = teams_of(here.ports, one)[0]
        page.goto(house.page("ines", path(one)))
        source = page.locator(f'li[data-drag*="person={first.members[0]}"]')
        source.wait_for()
        source.drag_to(page.locator(f'li[data-drag*="person={first.members[1]}"]'))
        page.wait_for_timeout(300)
        assert page.get_by_role("heading", name="Look at the teams before you publish them").is_visible()

    @pytest.mark.slow
    @pytest.mark.parametrize("width", [320, 900])
    def test_axe_finds_nothing(self, here, open_page, width: int) -> None:
        from axe_playwright_python.sync_playwright import Axe

        here, house = here
        one = newest(here.ports)
        first, *_, last = teams_of(here.ports, one)
        ask(here.ports, INES, path(one, f"/teams/{last.id}/lock"), {"locked": "yes"})
        begin(here)
        form_now(here.ports)
        begin(here)
        swap = f"{path(one, '/swap')}?one={first.id}&person={first.members[0]}&other="
        # axe puts styles of its own into the page, which the strict policy of this house forbids.
        page = open_page(width=width, height=900, complaints=["Applying inline style"])
        page.goto(house.page("ines", "teams/forming"))
        found = []
        for where in (
            "teams/forming", path(newest(here.ports)), path(one), path(one, f"/teams/{first.id}"),
            swap + teams_of(here.ports, one)[1].id, swap + last.id, "teams/forming/compare",
            path(one, "/publish"), path(one, "/take-back"),
        ):  # fmt: skip
            page.locator("[data-coursecrew-part]").wait_for()
            page.evaluate("p => document.querySelector('coursecrew-activity').show(p)", where)
            page.locator(f'[data-path="{where.partition("?")[0]}"]').wait_for()
            result = Axe().run(page, context="coursecrew-activity")
            found += [
                f"{where}: {one['id']} {[node['html'][:160] for node in one['nodes']]}"
                for one in result.response["violations"]
            ]
        assert not found, "\n".join(found)

    @pytest.mark.parametrize("width", [320, 900])
    def test_nothing_scrolls_sideways(self, here, open_page, width: int) -> None:
        here, house = here
        one = newest(here.ports)
        first, *_, last = teams_of(here.ports, one)
        begin(here)
        form_now(here.ports)
        page = open_page(width=width, height=800)
        page.goto(house.page("ines", "teams/forming"))
        page.locator("[data-coursecrew-part]").wait_for()
        swap = f"{path(one, '/swap')}?one={first.id}&other={last.id}&person={first.members[0]}"
        for where in (
            path(one), path(one, f"/teams/{first.id}"), swap, "teams/forming/compare", path(one, "/publish"),
            "teams/forming",
        ):  # fmt: skip
            page.evaluate("p => document.querySelector('coursecrew-activity').show(p)", where)
            page.locator(f'[data-path="{where.partition("?")[0]}"]').wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, where


SHADOW = "document.querySelector('coursecrew-activity').shadowRoot"
