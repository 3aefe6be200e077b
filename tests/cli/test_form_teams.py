"""`coursecrew form-teams` as a registrar runs it."""

from __future__ import annotations

import argparse
import csv
import json
import re
from pathlib import Path

import pytest

from benchmarks.formation_class import a_class
from coursecrew.cli import form_teams
from coursecrew.cli.tables import WrongInput

RULES = """
size = { min = 3, ideal = 4, max = 5 }

[[rule]]
attribute = "skill"
kind = "diverse"
weight = 3

[[rule]]
attribute = "availability"
kind = "overlap"
min_hours = 3
weight = 5

[[rule]]
attribute = "gender"
kind = "no_isolation"
value = "woman"
weight = 5
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    form_teams.add_parser(parser.add_subparsers())
    return form_teams.run(parser.parse_args(["form-teams", *argv]))


def put_class(count: int, name: str = "class.csv") -> str:
    roster, _ = a_class(count, 1)
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["learner", *roster.cells])
        writer.writerows(
            [key, *(cells[at] for cells in roster.cells.values())] for at, key in enumerate(roster.keys)
        )
    return name


def put_rules(text: str = RULES) -> str:
    Path("rules.toml").write_text(text, encoding="utf-8")
    return "rules.toml"


def put(name: str, *lines: str) -> str:
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return name


def teams_of(name: str) -> dict[str, str]:
    with Path(name).open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == ["learner", "team"]
        return {row["learner"]: row["team"] for row in reader}


def refused(*argv: str) -> list[str]:
    with pytest.raises(WrongInput) as caught:
        run(*argv)
    assert not Path("teams.csv").exists()
    return list(caught.value.lines)


@pytest.mark.parametrize("count", [7, 37, 120])
def test_everybody_gets_one_team_within_the_sizes(
    folder: Path, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    learners = put_class(count)
    assert run(learners, "--rules", put_rules(), "--out", "teams.csv", "--seconds", "5") == 0
    teams = teams_of("teams.csv")
    assert list(teams) == sorted(a_class(count, 1)[0].keys)
    sizes = [list(teams.values()).count(name) for name in set(teams.values())]
    assert min(sizes) >= 3
    assert max(sizes) <= 5
    last = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r"score [01]\.\d{4} unmet \d+ seconds \d+(\.\d+)?", last)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_very_small_classes_have_a_defined_answer(
    folder: Path, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    rules = put_rules(RULES.replace("min = 3, ideal = 4", f"min = {max(1, count)}, ideal = 4"))
    assert run(put_class(count), "--rules", rules, "--out", "teams.csv") == 0
    assert len(teams_of("teams.csv")) == count
    assert len(set(teams_of("teams.csv").values())) == min(count, 1)
    if not count:
        assert capsys.readouterr().out.startswith("score 1.0000 unmet 0 seconds ")


def test_the_same_seed_writes_the_same_bytes_and_explains_the_same(folder: Path) -> None:
    learners, rules = put_class(24), put_rules()
    for name in ("a", "b"):
        run(learners, "--rules", rules, "--out", f"{name}.csv", "--seed", "7", "--explain", f"{name}.json")
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    assert Path("a.json").read_bytes() == Path("b.json").read_bytes()
    told = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert told["stopped_by"] == "converged"
    assert told["proven"]
    assert set(told["versions"]) == {"coursecrew", "numpy", "scipy"}
    for team in told["teams"]:
        total = sum(reason["weight"] * reason["value"] for reason in team["rules"])
        assert team["score"] == pytest.approx(total / 13)
        assert {"value", "weight", "bound", "met", "why"} <= set(team["rules"][0])


def test_kept_teams_stay_and_who_is_gone_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learners, rules = put_class(24), put_rules()
    kept = put("kept.csv", "learner,team", *(f"p{at:06},North" for at in (1, 5, 9)), "zoe,North", "p000002,")
    assert run(learners, "--rules", rules, "--out", "teams.csv", "--keep", kept) == 0
    teams = teams_of("teams.csv")
    assert {key for key, name in teams.items() if name == "North"} == {"p000001", "p000005", "p000009"}
    assert "zoe of a kept team is not in class.csv" in capsys.readouterr().out


def test_pairs_hold(folder: Path) -> None:
    pairs = '[together]\npairs = [["p000000", "p000001"]]\n[apart]\npairs = [["p000000", "p000002"]]\n'
    run(put_class(24), "--rules", put_rules(RULES + pairs), "--out", "teams.csv")
    teams = teams_of("teams.csv")
    assert teams["p000000"] == teams["p000001"] != teams["p000002"]


def test_names_that_look_like_formulas_are_escaped(folder: Path) -> None:
    learners = put("class.csv", "learner", "=1+1", "bo", "cy")
    run(learners, "--rules", put_rules("size = { min = 3, max = 3 }"), "--out", "teams.csv")
    assert "'=1+1" in teams_of("teams.csv")


def test_every_fault_of_a_table_is_named_by_row_and_column(folder: Path) -> None:
    learners = put(
        "class.csv",
        "learner,skill,availability,gender",
        f"ann,a,{'1' * 168},woman",
        f"bo,b,{'1' * 167},man",
        f"ann,a,{'0' * 167}x,woman",
        ",a,,man",
    )
    assert refused(learners, "--rules", put_rules(), "--out", "teams.csv") == [
        "class.csv row 4, column learner: “ann” stands already in row 2",
        "class.csv row 5, column learner: this cell is empty",
    ]
    lines = put(
        "class.csv",
        *Path("class.csv").read_text(encoding="utf-8").replace("\nann,a,0", "\ncy,a,0").splitlines()[:-1],
    )
    assert refused(lines, "--rules", put_rules(), "--out", "teams.csv") == [
        "class.csv row 3, column availability: needs 168 characters 0 or 1 (Monday 00:00 UTC first), has 167",
        "class.csv row 4, column availability: needs 168 characters 0 or 1 (Monday 00:00 UTC first), has 168"
        " with others among them",
    ]


def test_every_fault_of_the_rules_is_named_by_rule_and_key(folder: Path) -> None:
    text = """
size = { min = 5, ideal = 4, max = 3 }
sections = "x"
[[rule]]
attribute = "skill"
kind = "divers"
[[rule]]
attribute = "skill"
kind = "diverse"
weight = -2
hard = true
[[rule]]
attribute = "gender"
kind = "no_isolation"
[apart]
pairs = [["ann"]]
"""
    lines = refused(put_class(7), "--rules", put_rules(text), "--out", "teams.csv")
    assert [line.partition(":")[0] for line in lines] == [
        "rules.toml key sections",
        "rules.toml size",
        "rules.toml rule 1, kind",
        "rules.toml rule 2, weight",
        "rules.toml rule 2, hard",
        "rules.toml rule 3, value",
        "rules.toml apart, pair 1",
    ]
    assert refused("class.csv", "--rules", put_rules("size = {"), "--out", "teams.csv")[0].startswith(
        "rules.toml: not TOML ("
    )


def test_a_rule_that_does_not_fit_its_column_names_both(folder: Path) -> None:
    text = (
        RULES
        + '[[rule]]\nattribute = "gpa"\nkind = "topic"\n[[rule]]\nattribute = "gone"\nkind = "similar"\n'
    )
    lines = refused(put_class(7), "--rules", put_rules(text), "--out", "teams.csv")
    assert lines[0] == "rules.toml rule 4, kind: topic needs list, column “gpa” is number"
    assert lines[1].startswith(
        "rules.toml rule 5, attribute: no column “gone” in the learners; columns: availability, "
    )


def test_impossible_sizes_and_contradictions_are_refused_in_words(folder: Path) -> None:
    learners = put_class(7)
    rules = put_rules(RULES.replace("min = 3", "min = 4"))
    assert refused(learners, "--rules", rules, "--out", "teams.csv") == [
        "rules.toml size 4..5: 7 learners cannot be split; 5 or 8 could; min 3 or max 7 would do"
    ]
    assert refused(put_class(2), "--rules", put_rules(), "--out", "teams.csv") == [
        "class.csv: 2 learners cannot make a team of 3 to 5; at least 3 are needed"
    ]
    pairs = (
        '[together]\npairs = [["p000000", "p000001"], ["p000001", "p000002"]]\n'
        '[apart]\npairs = [["p000000", "p000002"]]\n'
    )
    assert refused(put_class(9), "--rules", put_rules(RULES + pairs), "--out", "teams.csv") == [
        "rules.toml apart p000000–p000002: but together p000000–p000001, p000001–p000002"
    ]


def test_codes_can_be_read_as_choices(folder: Path) -> None:
    learners = put("class.csv", "learner,code", "a,1", "b,2", "c,3", "d,1")
    text = 'size = { min = 2, max = 2 }\n[[rule]]\nattribute = "code"\nkind = "no_isolation"\nvalue = "1"\n'
    assert refused(learners, "--rules", put_rules(text), "--out", "teams.csv") == [
        "rules.toml rule 1, kind: no_isolation needs choice or list, column “code” is number"
    ]
    assert run(learners, "--rules", put_rules(text + 'type = "choice"\n'), "--out", "teams.csv") == 0
    teams = teams_of("teams.csv")
    assert teams["a"] == teams["d"]


@pytest.mark.parametrize(
    ("argument", "text"), [("--seed", "-1"), ("--seed", "x"), ("--seconds", "0"), ("--seconds", "nan")]
)
def test_arguments_that_make_no_sense_are_refused(folder: Path, argument: str, text: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(put_class(7), "--rules", put_rules(), "--out", "teams.csv", argument, text)
    assert stopped.value.code == 2
