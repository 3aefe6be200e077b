"""The documents tell the truth: what exists is documented, what is documented exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.run import benchmarks
from coursecrew.app.records import ALL
from coursecrew.domain.permissions import TABLE, Action
from coursecrew.ui.errors import REFUSALS
from tests import write_reference
from tests.write_reference import DOCUMENTS, ROOT, SOURCES

REFERENCE = "docs/reference.md"
# Columns that hold the key of a person.
PERSON_COLUMNS = {
    "person", "by", "author", "actor", "leader", "named_by", "created_by", "edited_by", "pressed_by",
    "settings_by", "override_by",
}  # fmt: skip


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def documents() -> list[Path]:
    folders = ("docs", "lti_tool", "xblocks", "benchmarks", "demo")
    found = [*ROOT.glob("*.md"), *(path for name in folders for path in (ROOT / name).rglob("*.md"))]
    return sorted(found)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_generated_tables_are_up_to_date(name: str) -> None:
    assert write_reference.written(read(name)) == read(name), "make reference writes them again"


def test_every_kind_of_table_stands_in_a_document() -> None:
    everything = "".join(read(name) for name in DOCUMENTS)
    assert set(re.findall(r"<!-- table: (.+?) -->", everything)) == set(write_reference.TABLES)


def test_every_setting_has_a_meaning_and_every_meaning_a_setting() -> None:
    assert set(write_reference.SETTINGS) == set(write_reference.all_settings())


def test_settings_that_are_promised_to_be_fixed_are_fixed() -> None:
    locked = {name for name in write_reference.all_settings() if write_reference.lock_of(name)}
    assert {"submit_rule", "steps.draft.due", "rubric.criteria", "late.points", "teams.max"} <= locked
    assert "title" not in locked


def test_every_action_has_a_rule() -> None:
    assert set(TABLE) == set(Action)


def test_every_refusal_that_can_be_raised_has_its_sentence() -> None:
    said = {code.partition(":")[0] for code in REFUSALS}
    assert write_reference.refusal_codes() <= said


def test_every_sentence_belongs_to_a_refusal_that_can_be_raised() -> None:
    said = {code.partition(":")[0] for code in REFUSALS}
    assert said <= write_reference.refusal_codes()


def test_every_variable_is_documented_and_every_documented_one_is_read() -> None:
    assert write_reference.variables_used(*SOURCES) == set(write_reference.VARIABLES)


def test_every_management_command_says_what_it_does() -> None:
    assert write_reference.management_commands()
    assert all(write_reference.management_commands().values())


def test_every_record_with_a_person_says_what_of_them_it_holds() -> None:
    silent = [kind.table for kind in ALL if PERSON_COLUMNS & set(kind.columns) and not kind.personal]
    assert silent == []


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)
    lost = [target for target in targets if not (path.parent / target).exists()]
    assert lost == []


def test_every_word_of_make_that_a_document_names_exists() -> None:
    words = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = {word for path in documents() for word in re.findall(r"`make ([a-z-]+)", path.read_text("utf-8"))}
    assert named <= words


def test_every_benchmark_says_what_it_claims() -> None:
    text = read("benchmarks/README.md")
    assert [name for name in benchmarks() if f"| `{name}` |" not in text] == []


def test_decisions_are_numbered_without_gaps_and_have_their_four_parts() -> None:
    records = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        heads = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert heads == ["Context", "Decision", "Consequences", "Rejected"], path.name
