"""The course staff's screens, over ports in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest

from coursecrew.app.memory import MemoryPorts
from coursecrew.app.outbox import deliver_all
from coursecrew.app.ports import Member
from coursecrew.app.records import ACTIVITIES, GRADES, MEMBERSHIPS, PARTICIPANTS, STAFF_SCORES, WORKS
from coursecrew.domain.activities import State, to_document
from coursecrew.domain.people import Actor, Role
from coursecrew.ui.http import Request, Response, Upload
from coursecrew.ui.mail import compose
from coursecrew.ui.routes import serve
from coursecrew.ui.scene import Scene, Shell
from tests.builders import (
    AMARA,
    COURSE,
    INES,
    KWAME,
    LINH,
    PLACED,
    START,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    hand_in,
    settings,
    world,
)


def ask(
    ports: MemoryPorts,
    who: Actor,
    path: str,
    form: Mapping[str, str | Sequence[str]] | None = None,
    **more: object,
) -> Response:
    values = {k: [v] if isinstance(v, str) else list(v) for k, v in (form or {}).items()}
    shell = more.pop("shell", Shell())
    placed = more.pop("placed", PLACED)
    request = Request("POST" if form is not None else "GET", path, form=values, **more)  # type: ignore[arg-type]
    return serve(Scene(ports, who, placed, shell), request)  # type: ignore[arg-type]


def text(response: Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", str(response.body)))


def fields_of(response: Response) -> dict[str, list[str]]:
    """What a browser would send for the settings form as it stands."""
    body = str(response.body)
    form = body[body.index('action="settings/save"') :]
    form = form[: form.index("</form>")]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, kind = re.search(r'name="([^"]*)"', tag), re.search(r'type="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and kind and (kind[1] not in ("radio", "checkbox") or " checked" in tag):
            found.setdefault(name[1], []).append(value[1] if value else "")
    for name, value in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n?([^<]*)</textarea>', form):
        found.setdefault(name, []).append(value)
    return found


def test_a_new_place_becomes_a_working_activity_in_three_presses() -> None:
    ports = world()
    first = ask(ports, INES, "")
    assert "Make this a working assignment" in text(first)
    assert "Begin with a ready-made assignment" in text(ask(ports, INES, "settings"))
    assert ask(ports, INES, "settings/starter", {"request_key": "a"}).status == 200
    assert ask(ports, INES, "settings/publish", {"request_key": "b"}).status == 200
    assert ports.rows(ACTIVITIES)[0].state is State.PUBLISHED


def test_publishing_an_empty_assignment_names_what_is_missing() -> None:
    ports = world()
    refused = ask(ports, INES, "settings/publish", {"request_key": "a"})
    assert refused.status == 409
    assert "The goal is missing" in text(refused)


def test_the_settings_form_sent_as_it_stands_changes_nothing() -> None:
    ports = world()
    an_assignment(ports)
    before = to_document(ports.rows(ACTIVITIES)[0].settings)
    form = fields_of(ask(ports, INES, "settings"))
    assert ask(ports, INES, "settings/save", form).status == 200
    assert to_document(ports.rows(ACTIVITIES)[0].settings) == before


def test_a_wrong_value_is_named_beside_its_field_and_the_text_stays() -> None:
    ports = world()
    an_assignment(ports)
    form = fields_of(ask(ports, INES, "settings"))
    form |= {"team_min": ["9"], "goal": ["Typed and kept"], "criterion_levels-1": ["no points here"]}
    refused = ask(ports, INES, "settings/save", form)
    assert refused.status == 422
    assert "Typed and kept" in str(refused.body)
    assert 'href="#field-team_min"' in str(refused.body)
    assert "no points here" in str(refused.body)


def test_two_teachers_who_save_at_once_choose_only_where_both_changed() -> None:
    ports = world()
    an_assignment(ports)
    mine = fields_of(ask(ports, INES, "settings"))
    theirs = fields_of(ask(ports, INES, "settings"))
    ask(ports, INES, "settings/save", theirs | {"goal": ["Theirs"], "team_max": ["5"], "request_key": ["1"]})
    stale = ask(
        ports, INES, "settings/save", mine | {"goal": ["Mine"], "title": ["My title"], "request_key": ["2"]}
    )
    assert stale.status == 409
    again = fields_of(stale)
    assert again["keep-goal"] == ["yours"]
    assert again["team_max"] == ["5"]
    assert again["title"] == ["My title"]
    import html

    again = {name: [html.unescape(value) for value in values] for name, values in again.items()}
    saved = ask(ports, INES, "settings/save", again | {"keep-goal": ["theirs"], "request_key": ["3"]})
    assert saved.status == 200
    now = ports.rows(ACTIVITIES)[0].settings
    assert (now.goal, now.title, now.teams.max) == ("Theirs", "My title", 5)


def test_a_form_refused_for_a_field_still_knows_what_it_began_with() -> None:
    ports = world()
    an_assignment(ports)
    mine, theirs = (fields_of(ask(ports, INES, "settings")) for _ in range(2))
    ask(ports, INES, "settings/save", theirs | {"goal": ["Theirs"], "request_key": ["1"]})
    wrong = mine | {"goal": ["Mine"], "team_min": ["9"], "request_key": ["2"]}
    refused = ask(ports, INES, "settings/save", wrong)
    assert refused.status == 422
    again = fields_of(refused) | {"team_min": mine["team_min"], "request_key": ["3"]}
    assert ask(ports, INES, "settings/save", again).status == 409
    assert ports.rows(ACTIVITIES)[0].settings.goal == "Theirs"


def test_in_studio_the_form_saves_to_the_document_and_touches_no_table() -> None:
    ports = world()
    kept: list[Mapping[str, object]] = []
    shell = Shell(in_studio=True, keep_settings=kept.append)
    placed = replace(PLACED, wish=to_document(settings()))
    form = fields_of(ask(ports, INES, "settings", shell=shell, placed=placed))
    assert (
        ask(ports, INES, "settings/save", form | {"goal": ["New"]}, shell=shell, placed=placed).status == 200
    )
    assert kept[0]["goal"] == "New"
    assert ports.rows(ACTIVITIES) == []


def test_in_the_lms_of_studio_settings_are_read_only() -> None:
    ports = world()
    placed = replace(PLACED, wish=to_document(settings()))
    assert "changed in Studio" in text(ask(ports, INES, "settings", placed=placed))
    assert ask(ports, INES, "settings/save", {"goal": "x"}, placed=placed).status == 403
    assert ports.rows(ACTIVITIES)[0].state is State.PUBLISHED


@pytest.mark.parametrize("path", ["teaching", "teams", "grading", "grades", "release", "people", "settings"])
def test_a_learner_sees_no_staff_screen(path: str) -> None:
    ports = world()
    an_assignment(ports, AMARA)
    assert ask(ports, AMARA, path).status == 403


@pytest.mark.parametrize("path", ["teaching", "teams", "grading", "grades", "release", "people"])
def test_an_empty_class_has_a_sentence_on_every_staff_screen(path: str) -> None:
    ports = world()
    an_assignment(ports)
    answer = ask(ports, INES, path)
    assert answer.status == 200
    assert len(text(answer)) > 60


def scored(ports: MemoryPorts) -> str:
    activity = an_assignment(ports, AMARA, TOMAS, LINH)
    a_team(ports, activity, AMARA, TOMAS, draft="The **night flow** is 40 litres a second.")
    hand_in(ports, activity, AMARA)
    return ports.rows(WORKS)[0].id


def test_a_work_is_scored_beside_its_rubric_and_released() -> None:
    ports = world()
    work = scored(ports)
    page = ask(ports, INES, f"grading/{work}")
    assert "<strong>night flow</strong>" in str(page.body)
    gap = ask(
        ports,
        INES,
        f"grading/{work}/score",
        {"level-loss": "3", "comment": "Kept", "act": "score", "seen": "0"},
    )
    assert gap.status == 422
    assert "Kept" in str(gap.body)
    full = {"level-loss": "3", "level-plan": "3", "level-open": "4", "act": "score", "seen": "0"}
    assert ask(ports, INES, f"grading/{work}/score", full).status == 200
    assert {grade.total for grade in ports.rows(GRADES)} == {Decimal(80)}
    assert "Release 2 grades" in text(ask(ports, INES, "release"))
    assert "Released 2 grades" in str(ask(ports, INES, "release/now", {"request_key": "r"}).body)


def test_marks_kept_for_later_grade_nobody() -> None:
    ports = world()
    work = scored(ports)
    ask(ports, INES, f"grading/{work}/score", {"level-loss": "3", "act": "keep", "seen": "0"})
    assert ports.rows(STAFF_SCORES)[0].complete is False
    assert ports.rows(GRADES) == []


def test_people_are_listed_with_role_and_source_and_a_ta_is_named_for_some_teams() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    team = a_team(ports, activity, AMARA)
    assert "came in from the course" in text(ask(ports, INES, "people"))
    ask(ports, INES, f"people/{TOMAS.person}/name", {"scope": "some", "team": team.id})
    row = ports.rows(PARTICIPANTS, person=TOMAS.person)[0]
    assert (row.named_role, row.teams) == (Role.TA, (team.id,))
    assert "named here, for 1 team" in text(ask(ports, INES, "people"))
    assert ask(ports, TOMAS, "grading").status == 200


def test_excluding_needs_a_reason_and_takes_somebody_out_of_their_team() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    a_team(ports, activity, AMARA, TOMAS)
    assert ask(ports, INES, f"people/{TOMAS.person}/exclude", {"reason": ""}).status == 422
    assert ask(ports, INES, f"people/{TOMAS.person}/exclude", {"reason": "a colleague"}).status == 200
    assert [row.person for row in ports.rows(MEMBERSHIPS)] == [AMARA.person]


def csv(body: str) -> Mapping[str, Sequence[Upload]]:
    content = body.encode()
    return {"file": [Upload("teams.csv", BytesIO(content), len(content))]}


def test_a_csv_is_tried_first_and_one_wrong_row_changes_nothing() -> None:
    ports = world()
    an_assignment(ports, AMARA, TOMAS)
    ports.people.put(
        COURSE,
        *(Member(p.person, p.name, Role.LEARNER) for p in (AMARA, TOMAS)),
        amara=AMARA.person,
        tomas=TOMAS.person,
    )
    bad = "user,team_set,team,role\namara,,Blue Ledger,leader\nnobody,,Blue Ledger,\n"
    answer = ask(ports, INES, "teams/file", {"act": "try"}, files=csv(bad))
    assert "Row 3: Nobody in this course is called nobody." in text(answer)
    assert ask(ports, INES, "teams/file", {"act": "apply", "text": bad}).status == 409
    assert ports.rows(MEMBERSHIPS) == []
    good = bad.replace("nobody", "tomas")
    assert "Carry it out" in text(ask(ports, INES, "teams/file", {"act": "try"}, files=csv(good)))
    assert ask(ports, INES, "teams/file", {"act": "apply", "text": good}).status == 200
    assert len(ports.rows(MEMBERSHIPS)) == 2


def test_an_export_imported_again_changes_nothing() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    a_team(ports, activity, AMARA, TOMAS)
    ports.people.put(
        COURSE,
        *(Member(p.person, p.name, Role.LEARNER) for p in (AMARA, TOMAS)),
        amara=AMARA.person,
        tomas=TOMAS.person,
    )
    body = str(ask(ports, INES, "teams/export").body)
    assert body.splitlines()[1] == "amara,districts,Blue Ledger,leader"
    answer = text(ask(ports, INES, "teams/file", {"act": "try"}, files=csv(body)))
    assert "Rows that say what is already so 2" in answer


def test_splitting_what_cannot_be_split_says_so() -> None:
    ports = world()
    people = [actor(f"p{n}") for n in range(5)]
    from coursecrew.domain.activities import TeamRules

    an_assignment(ports, *people, teams=TeamRules(name="districts", min=3, ideal=3, max=4))
    refused = ask(ports, INES, "teams/split", {"request_key": "s"})
    assert refused.status == 422
    assert "5 people cannot be split into teams of 3 to 4" in text(refused)


def test_a_member_is_moved_given_time_and_the_team_excused() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS, LINH)
    blue = a_team(ports, activity, AMARA, TOMAS)
    night = a_team(ports, activity, LINH, name="Night Shift")
    assert ask(ports, INES, f"teams/{blue.id}/move", {"person": TOMAS.person, "to": night.id}).status == 200
    later = {"who": AMARA.person, "due": "2026-11-29T18:00", "reason": "ill"}
    assert "More time given" in str(ask(ports, INES, f"teams/{blue.id}/extend", later).body)
    assert ask(ports, INES, f"teams/{blue.id}/extend", later | {"due": "2026-11-01T18:00"}).status == 422
    assert ask(ports, INES, f"teams/{blue.id}/excuse", {"reason": "flood"}).status == 200


def test_a_ta_limited_to_a_team_sees_only_its_work() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, LINH)
    blue = a_team(ports, activity, AMARA, draft="a")
    a_team(ports, activity, LINH, name="Night Shift", draft="b")
    hand_in(ports, activity, AMARA)
    hand_in(ports, activity, LINH)
    come_in(ports, KWAME)
    limited = actor("Nia")
    come_in(ports, limited)
    ask(ports, INES, f"people/{limited.person}/name", {"scope": "some", "team": blue.id})
    listing = text(ask(ports, limited, "grading"))
    assert "Blue Ledger" in listing
    assert "Night Shift" not in listing
    other = next(work for work in ports.rows(WORKS) if work.team != blue.id)
    assert ask(ports, limited, f"grading/{other.id}").status == 403


def test_the_counts_of_works_and_silent_teams_make_up_all_teams() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS, LINH)
    a_team(ports, activity, AMARA, draft="Some words.")
    a_team(ports, activity, TOMAS, name="Night Shift")
    page = text(ask(ports, INES, "teaching"))
    assert "2 teams" in page
    assert "1 writing" in page
    assert "1 not begun" in page
    assert "Times are in" in page


def test_the_rubric_says_beside_the_work_what_each_criterion_counts() -> None:
    ports = world()
    work = scored(ports)
    weights = [criterion.weight for criterion in ports.rows(ACTIVITIES)[0].settings.rubric.criteria]
    page = text(ask(ports, INES, f"grading/{work}"))
    said = [Decimal(number) for number in re.findall(r"counts ([\d.]+) %", page)]
    assert said == [weight * 100 / sum(weights) for weight in weights]


def test_whoever_is_placed_reads_that_it_is_them_and_the_team_that_it_is_somebody() -> None:
    ports = world()
    activity = an_assignment(ports, AMARA, TOMAS)
    team = a_team(ports, activity, AMARA)
    come_in(ports, TOMAS)
    placed = ask(ports, INES, "teams/place", {"person": TOMAS.person, "team": team.id, "request_key": "p"})
    assert placed.status == 200
    deliver_all(ports, compose=compose)
    assert f"The course staff placed you in {team.name}." in text(ask(ports, TOMAS, "team"))
    assert f"The course staff placed somebody in {team.name}." in text(ask(ports, AMARA, "team"))


def test_while_learners_choose_their_teams_nothing_waits_for_the_teacher() -> None:
    ports = world()
    rules = replace(settings().teams, lock_at=START + timedelta(days=1))
    an_assignment(ports, AMARA, TOMAS, teams=rules)
    page = text(ask(ports, INES, "teaching"))
    assert "Nothing waits for you Learners choose their teams until" in page
    assert "2 people have no team yet." in page
    ports.clock.move_to(START + timedelta(days=2))
    assert "2 people are without a team" in text(ask(ports, INES, "teaching"))
