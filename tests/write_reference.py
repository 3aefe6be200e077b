"""Writes the tables of the documents from the code: `make reference`.

Between `<!-- table: NAME -->` and `<!-- end of table -->` stands what `TABLES[NAME]` makes; the rest
of a document is written by hand. `tests/test_docs.py` fails when a table no longer tells the truth.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from coursecrew.app.records import ALL
from coursecrew.domain import activities, errors, permissions
from coursecrew.domain.activities import Facts, JoinRule, Settings, SubmitRule, TeamRules
from coursecrew.domain.averages import Method
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.permissions import TABLE, Action, Subject
from coursecrew.domain.review_rules import Anonymity, Reviewers, ReviewRules
from coursecrew.domain.rubrics import Criterion, Level, Rubric
from coursecrew.domain.schedule import Basis, LatePolicy, Step, Window
from coursecrew.domain.survey import Ask, Question, Survey
from coursecrew.ui.errors import REFUSALS

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("docs/reference.md", "docs/data-protection.md", "docs/teaching.md")
SOURCES = ("shared", "lti_tool", "xblocks", "demo", "tests", "benchmarks")
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def row(*cells: object) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def table(*heads: str, rows: Iterator[tuple[object, ...]]) -> str:
    """A Markdown table."""
    return "\n".join([row(*heads), row(*["---"] * len(heads)), *(row(*cells) for cells in rows)])


# --- settings ---

# Where a setting stands in the document -> what it means to a teacher.
SETTINGS: Mapping[str, str] = {
    "title": "The name of the assignment, as learners and the gradebook read it.",
    "goal": "What the work is for, in a sentence or two. Asked for before publishing.",
    "done_when": "What counts as done, one line each. Asked for before publishing.",
    "task": "The task itself, in Markdown, with pictures and files.",
    "teams.name": "Name of the team set. Activities of a course that name the same set share its teams.",
    "teams.min": "Smallest size of a team. A smaller team is flagged to staff, and still works.",
    "teams.ideal": "Usual size; an even split aims at it.",
    "teams.max": "Largest size; nobody joins beyond it. At most 50.",
    "teams.lock_at": "From then on only staff change teams.",
    "teams.publish_at": "Until then learners see no teams.",
    "teams.public": "Whether learners see teams they are not in.",
    "teams.join": (
        "`self`: learners found and join teams; `staff`: staff place everybody; `formed`: a survey is "
        "answered, then teams are formed by wishes."
    ),
    "prompts": "The parts of the draft that a team writes: title, hint, required or not; at most 10.",
    "steps.draft.opens": "From when the team can write.",
    "steps.draft.due": "Until when work is on time; the due second itself counts.",
    "steps.draft.closes": "Until when work can be handed in late. Without it, at the due time.",
    "submit_rule": (
        "Who hands in: `any` member, the `leader`, or any member with `all` confirming. Silence for 24 "
        "hours, or the closing time, counts as a yes."
    ),
    "auto_seal": "At the closing time, hand in what stands in the draft, if it is not empty.",
    "late.grace_seconds": "Lateness up to this costs nothing; in seconds.",
    "late.unit_seconds": "Length of one unit of lateness; each unit begun counts.",
    "late.points": "Percent that each unit of lateness costs.",
    "late.cap": "The most that lateness costs, in percent.",
    "late.floor": "Lateness never takes a score below this; a score at or below it loses nothing.",
    "late.basis": "`max`: percent of the full score; `earned`: percent of what was earned.",
    "rubric.criteria": (
        "What the work is judged by: title, hint, weight, only for teams or not, and 2 or more levels with "
        "points and words; at most 20. Asked for before publishing."
    ),
    "survey.questions": (
        "What learners are asked before teams are formed: kind, title, hint, options, sensitive or not; "
        "at most 40. A skipped question means “no information”."
    ),
    "survey.closes_at": "Until when answers can be given and changed.",
    "survey.consent": "What learners agree to before their first answer is kept.",
    "forming.wishes": (
        "What teams should be like: about which question, which aim, a weight, values, an amount, and "
        "whether it comes before all weighted wishes."
    ),
    "forming.section": "A choice question; teams never cross its answers.",
    "forming.late": "Who comes late: `place` into the team that suits best, `offer` three, `staff` decide.",
    "charter.parts": "What teams agree on before they begin: title and hint of each part; at most 10.",
    "charter.blocks": "Whether nobody drafts before all active members have signed the version in force.",
    "team_roles": "Names of roles that members of a team take in turn; at most 12.",
    "listed_words": "A team's name or motto with one of these words waits for the course staff.",
    "milestones": "What every team should have reached by when: title and date; at most 12.",
    "check_in.on": "Whether members are asked, in five statements, how the work of their team is going.",
    "check_in.every_days": "How many days each check-in is open; then the next one begins. 1 to 60.",
    "review.of": "The short name of the team assignment, in the same course, whose works are judged.",
    "review.own_works": "Whether everybody hands in a work of their own here, instead.",
    "review.per_work": "Reviews that each work gets, and that each reviewer owes; 1 to 10.",
    "review.reviewers": "Who judges: each `person`, or each `team` together.",
    "review.anonymity": (
        "`named`; `single`: authors do not know the reviewer; `double`: nor reviewers the authors; "
        "`team_name`: both sides see team names alone."
    ),
    "review.allocation": "`pull`: just in time, the work in most need first; `deadline`: all at once.",
    "review.lease_hours": "How long a work is held for its reviewer; each save begins it anew. 1 to 336.",
    "review.method": "How several reviews become one value: `median`, `mean`, `trimmed`, `calibrated`.",
    "review.min_reviews": "Fewest reviews that make a mark once time is up; 0: half of them.",
    "review.staff_share": "What a staff score counts beside the peers', in percent.",
    "review.weight_product": "What the work counts in the grade, in percent.",
    "review.weight_review": "What the reviews that somebody owed count in the grade, in percent.",
    "review.feedback": (
        "When authors read their reviews: 72 hours after the due time (`deadline`), each work when it has "
        "them all (`complete`), or by a press (`hand`)."
    ),
    "review.rejoinder": "Whether authors answer each review once.",
    "review.without_work": "Whether those who handed in nothing judge others.",
    "review.overall": "Whether a comment on the whole work is asked for.",
    "review.appeals": "Whether a team may ask that a mark be looked at again.",
    "review.own_review": "Whether authors judge their own work: `off`, `before` others' or `after`.",
    "review.hold_days": "Days that each review waits for the staff's look; 0 to 7, 0: none waits.",
    "review.practice": "Whether samples are rated first: `off`, `offered` or `needed`.",
    "review.model_first": "Whether a sample with the staff's rating is read before the first try.",
    "review.weight_practice": "What practice counts in the grade, in percent.",
    "review.owing_days": "Days by which whoever owes reviews reads theirs later; 0: at once.",
    "review.later": "Further rounds, each with the moments `revise` and `review` until when.",
    "samples": "Up to 5 samples that staff rated, each with `id`, `title`, `text`, `sheet`, `model`.",
}
_LEVELS = (Level(Decimal(0), "no"), Level(Decimal(4), "yes"))
_PLAIN = Settings(
    title="T", goal="G", done_when=("D",), task="K", teams=TeamRules(min=2, ideal=3, max=4),
    steps={Step.DRAFT: Window(NOW, NOW + timedelta(days=7), NOW + timedelta(days=9))},
    rubric=Rubric((Criterion("c1", "Clear", Decimal(1), _LEVELS),)),
    survey=Survey((Question("q1", Ask.CHOICE, "Where?", options=("A", "B")),), NOW + timedelta(days=2)),
)  # fmt: skip
_EARLIER = NOW - timedelta(hours=1)
# One changed wish for each setting that can be locked.
_CHANGED: Mapping[str, Settings] = {
    "teams.max": replace(_PLAIN, teams=replace(_PLAIN.teams, max=3)),
    "teams.min": replace(_PLAIN, teams=replace(_PLAIN.teams, min=1)),
    "teams.join": replace(_PLAIN, teams=replace(_PLAIN.teams, join=JoinRule.STAFF)),
    "steps.draft.due": replace(_PLAIN, steps={Step.DRAFT: Window(None, _EARLIER, NOW + timedelta(days=9))}),
    "steps.draft.closes": replace(
        _PLAIN, steps={Step.DRAFT: Window(None, NOW + timedelta(days=7), _EARLIER)}
    ),
    "submit_rule": replace(_PLAIN, submit_rule=SubmitRule.ALL),
    "late.points": replace(_PLAIN, late=replace(LatePolicy(), points=Decimal(7))),
    "late.cap": replace(_PLAIN, late=replace(LatePolicy(), cap=Decimal(7))),
    "late.floor": replace(_PLAIN, late=replace(LatePolicy(), floor=Decimal(7))),
    "late.basis": replace(_PLAIN, late=replace(LatePolicy(), basis=Basis.EARNED)),
    "late.grace_seconds": replace(_PLAIN, late=replace(LatePolicy(), grace=timedelta(seconds=7))),
    "late.unit_seconds": replace(_PLAIN, late=replace(LatePolicy(), unit=timedelta(seconds=7))),
    "rubric.criteria": replace(_PLAIN, rubric=Rubric((Criterion("c2", "Other", Decimal(1), _LEVELS),))),
    "survey.questions": replace(
        _PLAIN, survey=replace(_PLAIN.survey, questions=(Question("q1", Ask.TEXT, "Where?"),))
    ),
    "survey.closes_at": replace(_PLAIN, survey=replace(_PLAIN.survey, closes_at=_EARLIER)),
    "review.of": replace(_PLAIN, review=ReviewRules(of="other")),
    "review.reviewers": replace(_PLAIN, review=ReviewRules(reviewers=Reviewers.TEAM)),
    "review.anonymity": replace(_PLAIN, review=ReviewRules(anonymity=Anonymity.NAMED)),
    "review.method": replace(_PLAIN, review=ReviewRules(method=Method.CALIBRATED)),
    "title": replace(_PLAIN, title="Other"),
    "goal": replace(_PLAIN, goal="Other"),
    "task": replace(_PLAIN, task="Other"),
}
_ALWAYS = "never moves into the past while it lies ahead"
_HAPPENED: Mapping[str, Facts] = {
    "the first work is handed in": Facts(work_begun=True, now=NOW),
    "a team is larger than that": Facts(largest_team=4, now=NOW),
    "grades are released": Facts(released=True, now=NOW),
    "somebody has a mark": Facts(marked_rubric=True, now=NOW),
    "somebody has answered: kinds, answers offered, what is sensitive": Facts(answered=True, now=NOW),
    "somebody has begun a review; anonymity may still become tighter": Facts(reviewed=True, now=NOW),
    _ALWAYS: Facts(now=NOW),
}


def settings_of_document(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every place of a settings document with its value, nested tables taken apart."""
    for name, value in document.items():
        if isinstance(value, Mapping) and value:
            yield from settings_of_document(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def all_settings() -> dict[str, object]:
    """Every setting with its default; the numbers that the document counts for itself are left out."""
    document = activities.to_document(replace(Settings(), steps={Step.DRAFT: Window()}))
    return {
        name: value
        for name, value in settings_of_document(document)
        if name not in {"schema", "rubric.number"}
    }


def lock_of(setting: str) -> str:
    """From when on a setting no longer changes, found by asking the rules themselves."""
    if (wish := _CHANGED.get(setting)) is None:
        return ""
    locked = [when for when, facts in _HAPPENED.items() if activities.allowed(_PLAIN, wish, facts)[1]]
    return _ALWAYS if _ALWAYS in locked else ", ".join(locked)


def shown_default(value: object) -> str:
    """A default as a table shows it."""
    if value in (None, "", [], ()):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one["title"]) if isinstance(one, dict) else str(one) for one in value)
    return str(value)


def settings_table() -> str:
    """Every setting: default, meaning, lock."""
    return table(
        "setting", "default", "what it does", "fixed once",
        rows=(
            (f"`{name}`", shown_default(default), SETTINGS[name], lock_of(name) or "–")
            for name, default in all_settings().items()
        ),
    )  # fmt: skip


def teaching_table() -> str:
    """The settings that are fixed at some moment, for teachers."""
    return table(
        "setting", "what it does", "fixed once",
        rows=((f"`{name}`", SETTINGS[name], lock_of(name)) for name in all_settings() if lock_of(name)),
    )  # fmt: skip


# --- permissions ---

_TEAM = "0" * 31 + "1"
_SUBJECTS: Mapping[str, tuple[Actor, Subject]] = {
    "learner": (Actor("p", "c", Role.LEARNER), Subject(team=_TEAM, takes_part=True)),
    "member": (
        Actor("p", "c", Role.LEARNER),
        Subject(team=_TEAM, member=True, in_byline=True, graded_by_self=True, takes_part=True),
    ),
    "former member": (Actor("p", "c", Role.LEARNER), Subject(team=_TEAM, in_byline=True, takes_part=True)),
    "the team’s mentor": (Actor("p", "c", Role.OBSERVER), Subject(team=_TEAM, mentor=True, open_draft=True)),
    "named on a sandbox item": (
        Actor("p", "c", Role.LEARNER),
        Subject(team=_TEAM, named=True, takes_part=True),
    ),
    "TA": (Actor("p", "c", Role.TA), Subject(team=_TEAM)),
    "TA of other teams": (Actor("p", "c", Role.TA, teams=("0" * 31 + "2",)), Subject(team=_TEAM)),
    "instructor": (Actor("p", "c", Role.INSTRUCTOR), Subject(team=_TEAM)),
    "author": (Actor("p", "c", Role.AUTHOR, may_author=True), Subject(team=_TEAM)),
    "admin": (Actor("p", "c", Role.ADMIN), Subject(team=_TEAM)),
    "looking on": (Actor("p", "c", Role.LEARNER, looks_on=True), Subject(team=_TEAM)),
}


def first_line(thing: object) -> str:
    """The first sentence of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def permissions_table() -> str:
    """Every action, tried by everybody."""
    return table(
        "action", *_SUBJECTS, "rule",
        rows=(
            (
                f"`{action.value}`",
                *(
                    "yes" if permissions.is_allowed(who, action, about) else "–"
                    for who, about in _SUBJECTS.values()
                ),
                f"`{TABLE[action].__name__}`" if action in TABLE else "none: nobody",
            )
            for action in Action
        ),
    )  # fmt: skip


def rules_table() -> str:
    """What each rule of the table says."""
    rules = {rule.__name__: rule for rule in TABLE.values()}
    return table("rule", "who", rows=((f"`{name}`", first_line(rule)) for name, rule in rules.items()))


# --- refusals ---


def sources(*roots: str) -> Iterator[Path]:
    """Every Python file below these folders of the repository."""
    for root in roots:
        yield from sorted((ROOT / root).rglob("*.py"))


def refusal_codes() -> set[str]:
    """Every code that a refusal can have: those of the family, and those named where one is raised."""
    codes = set()
    for refusal in vars(errors).values():
        if isinstance(refusal, type) and issubclass(refusal, errors.Refusal):
            codes |= set(re.findall(r'super\(\).__init__\(\s*"(\w+)"', inspect.getsource(refusal)))
    named = {"Conflict", "Refusal"}
    for path in sources("shared", "lti_tool", "xblocks"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in named:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    codes.add(first.value)
    return codes


def refusals_table() -> str:
    """Every code with its status and sentences; a place like %(name)s is filled in when it is said."""
    return table(
        "code", "status", "what the person reads",
        rows=(
            (f"`{code}`", said.status, f"{said.happened} {said.next}".strip())
            for code, said in sorted(REFUSALS.items())
        ),
    )  # fmt: skip


# --- what is stored ---


def records_table() -> str:
    """Every table with what of a person stands in it."""
    return table(
        "table", "of a person", "columns",
        rows=(
            (f"`{kind.table}`", kind.personal or "nothing", ", ".join(f"`{name}`" for name in kind.columns))
            for kind in ALL
        ),
    )  # fmt: skip


# --- commands ---


def subcommands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    """Every command of a parser that stands at the end of a line: name, parser, help."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, inner in action.choices.items():
                deeper = list(subcommands(inner))
                if deeper:
                    yield from ((f"{name} {more}", p, h) for more, p, h in deeper)
                else:
                    yield name, inner, helps.get(name, "") or (inner.description or "")


def usage(parser: argparse.ArgumentParser) -> str:
    """How a command is called, on one line."""
    width = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "10000"  # argparse breaks lines by the width of the terminal
    try:
        text = parser.format_usage()
    finally:
        del os.environ["COLUMNS"]
        if width is not None:
            os.environ["COLUMNS"] = width
    return " ".join(text.removeprefix("usage: ").replace("[-h] ", "").replace("[-h]", "").split())


def commands_table(module: str, maker: str) -> Callable[[], str]:
    """The table of a command whose module makes its parser in that function."""

    def made() -> str:
        parser: argparse.ArgumentParser = getattr(importlib.import_module(module), maker)()
        rows = ((f"`{usage(inner)}`", help) for _, inner, help in subcommands(parser))
        return table("command", "what it does", rows=rows)

    return made


def make_table() -> str:
    """The words of the Makefile."""
    found = re.findall(
        r"^([a-z-]+):.*?## (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    return table("command", "what it does", rows=((f"`make {name}`", text) for name, text in found))


def management_commands() -> dict[str, str]:
    """Django's management commands of ours, with their help."""
    folder = ROOT / "xblocks/platform/coursecrew_openedx/management/commands"
    found = {}
    for path in sorted(folder.glob("[a-z]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[path.stem] = (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")
    return found


def management_table() -> str:
    """Django's management commands of ours."""
    rows = ((f"`manage.py lms {name}`", text) for name, text in management_commands().items())
    return table("command", "what it does", rows=rows)


# --- variables ---

TOOL, TESTS, DEMO = "LTI tool", "tests", "demo"
# Name -> who reads it, default, meaning.
VARIABLES: Mapping[str, tuple[str, str, str]] = {
    "COURSECREW_DATABASE_URL": (
        TOOL, "`sqlite:///coursecrew.db`", "Where the rows are: an SQLAlchemy URL, PostgreSQL in production.",
    ),
    "COURSECREW_SECRET_KEY": (
        TOOL, "none: it does not start",
        "Signs sessions and links, and encrypts private keys and tokens at rest; at least 16 characters.",
    ),
    "COURSECREW_SECRET_KEY_OLD": (TOOL, "none", "The former secret, still accepted during a change."),
    "COURSECREW_PUBLIC_URL": (TOOL, "none: it does not start", "The tool's origin, as browsers reach it."),
    "COURSECREW_FILES_URL": (TOOL, "`file://./files`", "Where uploads are kept, as an fsspec URL."),
    "COURSECREW_QUEUE_URL": (
        TOOL, "`sqlite:///coursecrew-queue.db`",
        "Where background work waits; `redis://…` when several machines share it.",
    ),
    "COURSECREW_SMTP_URL": (
        TOOL, "none: mail waits", "Outgoing mail, `smtp://user:password@host:port` or `smtps://…`.",
    ),
    "COURSECREW_MAIL_FROM": (TOOL, "none", "The address that mail comes from."),
    "COURSECREW_ALLOW_PRIVATE_NETWORK": (
        TOOL, "`0`",
        "`1` for development or a campus: http, loopback and private hosts are allowed where otherwise only "
        "https and public ones are.",
    ),
    "COURSECREW_TRUSTED_AUDIENCES": (
        TOOL, "none", "Further audiences, separated by blanks, that a launch may name beside the client.",
    ),
    "COURSECREW_SCAN_COMMAND": (
        TOOL, "none: uploads are not looked through",
        "A program that gets each upload on its input and ends with 0 if it is harmless, 1 if it is not.",
    ),
    "COURSECREW_LAUNCHES_PER_MINUTE": (
        TOOL, "`1200`", "Logins and launches taken from one address in a minute; a campus is one address.",
    ),
    "COURSECREW_PROXIES": (TOOL, "`0`", "How many reverse proxies of yours stand before the tool."),
    "COURSECREW_DEMO_WORD": (
        DEMO, "made anew at each start", "Known to sample LMS and tool; nobody else moves the clock.",
    ),
    "COURSECREW_REQUIRE": (
        TESTS, "none",
        "What must be there: `postgres,mariadb,redis,browser,peer_platform`; its absence is then a failure.",
    ),
    "COURSECREW_TEST_POSTGRES_URL": (
        TESTS, "the usual local address", "A PostgreSQL server where the tests may make databases.",
    ),
    "COURSECREW_TEST_MARIADB_URL": (
        TESTS, "the usual local address", "A MariaDB server where the tests may make databases.",
    ),
    "COURSECREW_TEST_REDIS_URL": (TESTS, "`redis://127.0.0.1:6379/15`", "A Redis server for the tests."),
    "COURSECREW_TEST_CHROMIUM": (TESTS, "the first found on the path", "The Chromium that the tests start."),
    "COURSECREW_BENCH": (TESTS, "none", "`small`: benchmarks run as with `--small`."),
    "COURSECREW_TEST_PEER_PYTHON": (
        TESTS, "`.venv-peer/bin/python`", "Python of an environment with an LTI platform that others wrote.",
    ),
}  # fmt: skip


def variables_used(*roots: str) -> set[str]:
    """Every COURSECREW_ variable that the code reads: written out, or by its end in the tool's settings."""
    found = set()
    for path in sources(*roots):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(re.findall(r"^COURSECREW_[A-Z_]+$", node.value))
            elif (
                path.name == "config.py"
                and isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"text", "whole"}
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(f"COURSECREW_{node.args[0].value!s}")
    return found


def variables_table() -> str:
    """Every variable with default and meaning."""
    rows = ((f"`{name}`", *cells) for name, cells in VARIABLES.items())
    return table("variable", "read by", "default", "meaning", rows=rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "settings": settings_table,
    "settings that are fixed": teaching_table,
    "permissions": permissions_table,
    "rules": rules_table,
    "refusals": refusals_table,
    "records": records_table,
    "make": make_table,
    "coursecrew": commands_table("coursecrew.cli", "make_parser"),
    "coursecrew-lti": commands_table("coursecrew_lti.cli", "parser"),
    "manage.py": management_table,
    "variables": variables_table,
}
_PLACE = re.compile(r"(<!-- table: (?P<name>[^>]+?) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def written(document: str) -> str:
    """The document with every table made anew."""
    return _PLACE.sub(lambda place: f"{place[1]}{TABLES[place['name']]()}\n{place[3]}", document)


def main() -> None:
    """Write the tables into the documents."""
    for name in DOCUMENTS:
        path = ROOT / name
        before = path.read_text(encoding="utf-8")
        after = written(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
        print(f"{name}: {'written' if after != before else 'as it was'}")


if __name__ == "__main__":
    main()
