"""The review, rating, mentor and draft commands on plain files, as registrars run them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from coursecrew.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(name: str, *rows: str) -> str:
    Path(name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return name


def got(name: str) -> list[dict[str, str]]:
    with Path(name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def run(*words: str) -> int:
    try:
        return main(list(words))
    except SystemExit as end:  # argparse refuses arguments this way
        return int(end.code or 0)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """Run a command that must end with 2 and write nothing; return its lines."""
    before = sorted(path.name for path in Path().iterdir())
    assert run(*words) == 2
    assert sorted(path.name for path in Path().iterdir()) == before
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


pytestmark = pytest.mark.usefixtures("folder")

# --- allocate-reviews ---


def test_allocate_gives_each_work_k_reviewers() -> None:
    put("W.csv", "work,author,team", *(f"w{i},p{i},t{i // 2}" for i in range(20)))
    assert run("allocate-reviews", "W.csv", "--per-work", "3", "--out", "P.csv", "--seed", "7") == 0
    rows = got("P.csv")
    assert list(rows[0]) == ["reviewer", "work", "order"]
    assert set(Counter(row["work"] for row in rows).values()) == {3}
    assert set(Counter(row["reviewer"] for row in rows).values()) == {3}
    assert all(int(row["work"][1:]) // 2 != int(row["reviewer"][1:]) // 2 for row in rows)
    again = Path("P.csv").read_bytes()
    assert run("allocate-reviews", "W.csv", "--per-work", "3", "--out", "Q.csv", "--seed", "7") == 0
    assert Path("Q.csv").read_bytes() == again


def test_allocate_joins_the_rows_of_a_work_and_heeds_conflicts_of_all_of_them() -> None:
    put(
        "W.csv",
        "work,author,team,conflicts",
        "w1,ann,,cy",
        "w1,bo,,dee;nobody",
        "w2,cy,,",
        "w3,dee,,",
        "w4,eve,,",
        "w5,=fay,,",
    )
    assert run("allocate-reviews", "W.csv", "--per-work", "2", "--out", "P.csv") == 0
    rows = got("P.csv")
    assert {row["reviewer"] for row in rows if row["work"] == "w1"} == {"eve", "'=fay"}
    assert set(Counter(row["work"] for row in rows).values()) == {2}


def test_allocate_refuses_what_cannot_be_with_the_largest_that_can(capsys) -> None:
    put("W.csv", "work,author,team", "w1,a,x", "w2,b,x", "w3,c,y", "w4,d,y")
    assert refused(capsys, "allocate-reviews", "W.csv", "--per-work", "3", "--out", "P.csv") == [
        "W.csv: 3 reviews per work are not possible; the largest possible number is 2",
        *(
            f"work w{i}: 2 of 3 reviewers possible (4 people, 2 barred: 1 own team, 1 own work)"
            for i in range(1, 5)
        ),
        "ways out: fewer reviews per work, lift a bar, or let staff take the rest",
    ]


def test_allocate_proves_that_works_starve_together(capsys) -> None:
    others = ";".join(f"p{i}" for i in range(8))
    put("W.csv", "work,author,team,conflicts", *(f"w{i},p{i},,{others if i < 6 else ''}" for i in range(10)))
    lines = refused(capsys, "allocate-reviews", "W.csv", "--per-work", "1", "--out", "P.csv")
    assert lines[0].endswith("the largest possible number is 0")
    assert lines[1] == (
        "5 works (w0, w1, w2, w3, w4) need 5 reviews; who may give them, 2 reviewers (p8, p9), can take 4"
    )


def test_allocate_names_each_wrong_row(capsys) -> None:
    put("W.csv", "work,author,team", "w1,a,x", "w1,a,x", "w2,,y", ",b,y", "w1,c,z")
    assert refused(
        capsys, "allocate-reviews", "W.csv", "--per-work", "0", "--out", "P.csv", "--seed", "-1"
    ) == [
        "--per-work: must be at least 1",
        "--seed: must not be negative",
        "W.csv row 3, column author: a stands at work w1 twice",
        "W.csv row 4, column author: this cell is empty",
        "W.csv row 5, column work: this cell is empty",
        "W.csv row 6, column team: work w1 has another team, x, in a row above",
    ]


# --- grade-reviews ---

REVIEWS = (
    "work,reviewer,criterion,points",
    *(
        f"w,{who},{c},{p}"
        for who, row in {"a": "432", "b": "334", "c": "124"}.items()
        for c, p in zip("xyz", row, strict=True)
    ),
)


@pytest.mark.parametrize(
    ("method", "grade"), [("median", "10.000000"), ("trimmed", "10.000000"), ("mean", "8.666666")]
)
def test_grade_adds_the_criteria_up(method: str, grade: str) -> None:
    put("R.csv", *REVIEWS)
    assert run("grade-reviews", "R.csv", "--method", method, "--out", "G.csv") == 0
    (row,) = got("G.csv")
    assert list(row) == ["work", "grade", "low", "high", "reviews"]
    assert row["grade"].startswith(grade)
    assert (row["work"], row["reviews"]) == ("w", "3")
    assert float(row["low"]) <= float(row["grade"]) <= float(row["high"])
    assert not Path("G.reviewers.csv").exists()


def test_grade_calibrated_writes_the_reviewers_beside() -> None:
    rows = [
        f"w{i},p{(i * 7 + j * j + 1) % 40},,{60 + (i * 13 + j * 29) % 31}"
        for i in range(40)
        for j in range(4)
    ]
    put("R.csv", REVIEWS[0], *rows)
    assert run("grade-reviews", "R.csv", "--method", "calibrated", "--out", "G.csv") == 0
    assert len(got("G.csv")) == 40
    reviewers = got("G.reviewers.csv")
    assert list(reviewers[0]) == ["reviewer", "bias", "reliability", "reviews"]
    assert len(reviewers) == 40
    assert sum(int(row["reviews"]) for row in reviewers) == 160


def test_grade_keeps_empty_cells_apart_from_zeros() -> None:
    put("R.csv", REVIEWS[0], "w,a,x,4", "w,b,x,", "v,a,x,")
    assert run("grade-reviews", "R.csv", "--method", "mean", "--out", "G.csv") == 0
    assert [list(row.values()) for row in got("G.csv")] == [
        ["v", "", "", "", "0"],
        ["w", "4.000000", "", "", "1"],
    ]


def test_grade_takes_what_staff_gave() -> None:
    put("R.csv", *REVIEWS)
    put("S.csv", "work,points,criterion", "w,1,x", "w,2,y", "w,3.5,z", "u,9,")
    assert run("grade-reviews", "R.csv", "--method", "median", "--known", "S.csv", "--out", "G.csv") == 0
    assert [(row["work"], row["grade"]) for row in got("G.csv")] == [("u", "9.000000"), ("w", "6.500000")]


def test_grade_names_each_wrong_row(capsys) -> None:
    put("R.csv", REVIEWS[0], "w,a,x,4", "w,a,x,5", "w,,x,3", "w,b,x,four")
    put("S.csv", "work,points,criterion", "w,1,nix", "w,2,nix")
    assert refused(
        capsys, "grade-reviews", "R.csv", "--method", "mean", "--known", "S.csv", "--out", "G.csv"
    ) == [
        "R.csv row 3, column reviewer: a stands twice at work w and this criterion",
        "R.csv row 4, column reviewer: these points have no reviewer",
        "R.csv row 5, column points: “four” is not a number",
        "S.csv row 2, column criterion: no review has the criterion nix",
        "S.csv row 3, column work: work w stands here twice",
    ]


def test_a_method_that_does_not_exist_is_refused_in_one_line(capsys) -> None:
    put("R.csv", *REVIEWS)
    (line,) = refused(capsys, "grade-reviews", "R.csv", "--method", "best", "--out", "G.csv")
    assert "best" in line


# --- rate-teammates ---

SAMPLE = {"Alice": "44321", "Bob": "35320", "Claire": "44444", "David": "35431"}
PEOPLE = [*SAMPLE, "Elaine"]
RATINGS = (
    "team,rater,ratee,criterion,points",
    *(
        f"t,{rater},{ratee},all,{p}"
        for rater, row in SAMPLE.items()
        for ratee, p in zip(PEOPLE, row, strict=True)
    ),
)


def test_rate_writes_the_factors_of_webpa() -> None:
    put("R.csv", *RATINGS)
    assert run("rate-teammates", "R.csv", "--formula", "webpa", "--out", "F.csv") == 0
    rows = got("F.csv")
    assert list(rows[0]) == ["team", "member", "factor", "flags"]
    assert [row["member"] for row in rows] == PEOPLE
    exact = [6581 / 5824, 8611 / 5824, 1629 / 1456, 4981 / 5824, 187 / 448]
    assert [float(row["factor"]) for row in rows] == pytest.approx(exact, abs=1e-15)
    assert rows[4]["flags"].split(";")[0] == "did_not_rate"


def test_rate_applies_floor_cap_and_weight_in_this_order() -> None:
    put("R.csv", *RATINGS)
    words = ("--formula", "webpa", "--weight", "50%", "--cap", "1.10", "--floor", "0.5")
    assert run("rate-teammates", "R.csv", *words, "--out", "F.csv") == 0
    rows = {row["member"]: row for row in got("F.csv")}
    assert (rows["Bob"]["factor"], rows["Elaine"]["factor"]) == ("1.050000", "0.750000")
    assert "capped" in rows["Bob"]["flags"].split(";")
    assert "floored" in rows["Elaine"]["flags"].split(";")


def test_rate_names_each_wrong_row_and_argument(capsys) -> None:
    put("R.csv", RATINGS[0], "t,a,b,x,1", "t,a,b,x,2", "t,a,c,x,-1", "t,,c,x,1", ",a,b,y,1")
    words = ("--formula", "skill", "--weight", "2", "--cap", "0.9", "--floor", "1.1", "--min-raters", "0")
    assert refused(capsys, "rate-teammates", "R.csv", *words, "--out", "F.csv") == [
        "--weight: must lie between 0 and 1",
        "--cap: must be at least 1",
        "--floor: must lie between 0 and 1",
        "--max-points: must be given for skill",
        "--min-raters: must be at least 1",
        "R.csv row 3, column ratee: a rates b twice here",
        "R.csv row 4, column points: points must not be negative",
        "R.csv row 5, column rater: these points have nobody who gave or got them",
        "R.csv row 6, column team: this cell is empty",
    ]


def test_rate_leaves_a_team_in_which_nobody_could_judge_at_1() -> None:
    put("R.csv", RATINGS[0], "t,a,b,x,", "t,b,,,")
    assert run("rate-teammates", "R.csv", "--formula", "root", "--out", "F.csv") == 0
    assert [list(row.values()) for row in got("F.csv")] == [
        ["t", "a", "1.000000", "did_not_rate;unrated"],
        ["t", "b", "1.000000", "did_not_rate;unrated"],
    ]


# --- match-mentors ---


def week(*hours: int) -> str:
    return "".join("1" if hour in hours else "0" for hour in range(168))


MENTORS = "mentor,capacity,tags,languages,availability,conflicts"
TEAMS = "team,tags,languages,availability"


def test_match_says_why() -> None:
    put("M.csv", MENTORS, f"maria,3,law;finance;art,Spanish;English,{week(42, 88, 89)},")
    put("T.csv", TEAMS, f"t1,law;finance;code,Spanish,{week(42, 88, 89, 100)}", "t2,,,")
    assert run("match-mentors", "M.csv", "T.csv", "--out", "P.csv") == 0
    first, second = got("P.csv")
    assert list(first) == ["team", "mentor", "score", "why"]
    assert first["mentor"] == "maria"
    assert float(first["score"]) == pytest.approx(1 / 3 + 1 / 2, abs=1e-15)
    assert first["why"].split("; ") == [
        "2 of 3 wanted topics (law, finance)",
        "3 shared hours (Tue 18:00, Thu 16:00 UTC)",
        "speaks Spanish",
        "2 of 3 teams",
    ]
    assert second["why"] == "no topics wanted; hours not known; any language; 2 of 3 teams"


@pytest.mark.parametrize(
    ("mentors", "limit"),
    [
        ([], "there are no mentors"),
        (["a,0,,Arabic,,", "b,0,,Arabic,,"], "all 2 mentors are on leave"),
        (["a,1,,Greek,,"], "no mentor with capacity speaks Arabic"),
        (["a,1,,Arabic,,t2"], "1 mentor speaks Arabic, in conflict with this team"),
        (["a,1,,Arabic,,"], "1 mentor speaks Arabic, full"),
        (
            ["a,1,,Arabic,,t1;t2;t3", "b,1,,Arabic,,"],
            "2 mentors speak Arabic, 1 in conflict with this team, the rest full",
        ),
    ],
)
def test_match_names_the_limit_of_who_stays_alone(mentors: list[str], limit: str) -> None:
    put("M.csv", MENTORS, *mentors)
    put("T.csv", TEAMS, "t1,,Arabic,", "t2,,Arabic,", "t3,,Arabic,")
    assert run("match-mentors", "M.csv", "T.csv", "--out", "P.csv") == 0
    rows = {row["team"]: row for row in got("P.csv")}
    assert len(rows) == 3
    alone = rows["t2"] if not rows["t2"]["mentor"] else rows["t3"]
    assert (alone["mentor"], alone["score"], alone["why"]) == ("", "", limit)
    assert all(row["why"] for row in rows.values())


def test_match_names_each_wrong_row(capsys) -> None:
    put("M.csv", MENTORS, "a,-1,,,,", "a,x,,,01,", ",1,,,,")
    put("T.csv", TEAMS, "t,,,", "t,,,2")
    lines = refused(capsys, "match-mentors", "M.csv", "T.csv", "--out", "P.csv")
    assert [line.split(": ")[0] for line in lines] == [
        "M.csv row 2, column capacity",
        "M.csv row 3, column capacity",
        "M.csv row 3, column availability",
        "M.csv row 3, column mentor",
        "M.csv row 4, column mentor",
        "T.csv row 3, column availability",
        "T.csv row 3, column team",
    ]


# --- merge-drafts ---


def test_merge_ends_with_0_where_nothing_overlaps() -> None:
    put("B.txt", "One.", "Two.", "Three.")
    put("M.txt", "One!", "Two.", "Three.")
    put("T.txt", "One.", "Two.", "Three?")
    assert run("merge-drafts", "B.txt", "M.txt", "T.txt", "--out", "O.txt", "--overlaps", "L.json") == 0
    assert Path("O.txt").read_text() == "One!\nTwo.\nThree?\n"
    assert json.loads(Path("L.json").read_text()) == []


def test_merge_ends_with_1_and_lists_each_place_with_both_texts() -> None:
    Path("B.txt").write_bytes("Größe.\r\nTwo.".encode())
    Path("M.txt").write_bytes("Größe.\r\nTwo or three.".encode())
    Path("T.txt").write_bytes("Größe!\r\nTwo or four.".encode())
    assert run("merge-drafts", "B.txt", "M.txt", "T.txt", "--out", "O.txt", "--overlaps", "L.json") == 1
    merged = Path("O.txt").read_bytes().decode()
    assert merged == "Größe!\r\nTwo or four."
    (place,) = json.loads(Path("L.json").read_text())
    assert merged[place["start"] : place["end"]] == place["theirs"] == "Two or four."
    assert (place["line"], place["base"], place["mine"]) == (2, "Two.", "Two or three.")
    assert run("merge-drafts", "B.txt", "M.txt", "T.txt", "--out", "O.txt") == 1


def test_merge_refuses_what_is_no_text(capsys) -> None:
    put("B.txt", "One.")
    Path("M.txt").write_bytes(b"\xff")
    assert refused(capsys, "merge-drafts", "B.txt", "M.txt", "none.txt", "--out", "O.txt") == [
        "M.txt: is not UTF-8 text (byte 1)",
        "none.txt: cannot be read (No such file or directory)",
    ]


# --- all of them ---


def test_the_commands_are_those_of_the_contract(capsys) -> None:
    assert run("--help") == 0
    out = capsys.readouterr().out
    for command in (
        "form-teams",
        "allocate-reviews",
        "grade-reviews",
        "rate-teammates",
        "match-mentors",
        "merge-drafts",
    ):
        assert command in out
        assert run(command, "--help") == 0
    assert run() == 2
    assert run("dance") == 2


@pytest.mark.parametrize(
    "of",
    [
        lambda out: (
            "allocate-reviews",
            put("W.csv", "work,author", "w,a", "v,b"),
            "--per-work",
            "1",
            "--out",
            out,
        ),
        lambda out: ("grade-reviews", put("R.csv", *REVIEWS), "--method", "calibrated", "--out", out),
        lambda out: ("rate-teammates", put("R.csv", *RATINGS), "--formula", "none", "--out", out),
        lambda out: ("match-mentors", put("M.csv", MENTORS), put("T.csv", TEAMS), "--out", out),
        lambda out: ("merge-drafts", *(put(name, "x") for name in ("a", "b", "c")), "--out", out),
    ],
)
def test_a_place_that_cannot_be_written_is_named(of: Callable[[str], tuple[str, ...]], capsys) -> None:
    words = of("nowhere/out.csv")
    lines = refused(capsys, *words)
    assert len(lines) == 1
    assert lines[0].endswith(": cannot be written (No such file or directory)")
