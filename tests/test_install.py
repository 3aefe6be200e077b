"""What somebody gets who installs the product: the wheel, its extras, its entry points."""

from __future__ import annotations

import ast
import configparser
import importlib.metadata
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.services import ROOT

SOURCE_ROOTS = ("shared", "lti_tool", "xblocks")
CHECKED_IN_ALONG = {"__pycache__"}
FOR_TRANSLATORS = ".pot"  # the sentences without any translation; nothing reads it at run time


def packaged_files() -> Iterator[Path]:
    """Every file of our packages, as it should lie in the wheel."""
    for root in SOURCE_ROOTS:
        for package in sorted((ROOT / root).rglob("coursecrew*")):
            inside = package.relative_to(ROOT / root).parent
            if not package.is_dir() or any(part.startswith("coursecrew") for part in inside.parts):
                continue
            for path in sorted(package.rglob("*")):
                if (
                    path.is_file()
                    and path.suffix != FOR_TRANSLATORS
                    and not CHECKED_IN_ALONG & set(path.parts)
                ):
                    yield path.relative_to(package.parent)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, without network, by the setuptools that is installed."""
    home = tmp_path_factory.mktemp("build")
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, home / name)
    for root in SOURCE_ROOTS:
        shutil.copytree(
            ROOT / root, home / root, ignore=shutil.ignore_patterns(*CHECKED_IN_ALONG, "*.egg-info")
        )
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            "-w",
            "dist",
            ".",
        ],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next((home / "dist").glob("coursecrew-*.whl"))


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it lies in somebody's site-packages."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def metadata_file(unpacked: Path, name: str) -> str:
    return next(unpacked.glob(f"coursecrew-*.dist-info/{name}")).read_text(encoding="utf-8")


def entry_points(unpacked: Path) -> list[tuple[str, str, str]]:
    """Group, name and target of each."""
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(metadata_file(unpacked, "entry_points.txt"))
    return [(group, name, target) for group in parser.sections() for name, target in parser.items(group)]


def test_the_wheel_is_built_by_a_setuptools_that_images_of_open_edx_use() -> None:
    assert importlib.metadata.version("setuptools") == "80.9.0"


def test_everything_in_our_packages_travels(unpacked: Path) -> None:
    lost = [str(path) for path in packaged_files() if not (unpacked / path).is_file()]
    assert lost == []


@pytest.mark.parametrize(
    "pattern",
    [
        "coursecrew/ui/templates/*.html",
        "coursecrew/ui/static/coursecrew/coursecrew.js",
        "coursecrew/ui/static/coursecrew/coursecrew.css",
        "coursecrew/locale/*/LC_MESSAGES/coursecrew.po",
        "coursecrew/locale/*/LC_MESSAGES/coursecrew.mo",
        "coursecrew/py.typed",
        "coursecrew_openedx/migrations/0001_initial.py",
        "coursecrew_openedx/management/commands/coursecrew_upkeep.py",
        "coursecrew_lti/migrations/env.py",
        "coursecrew_lti/migrations/versions/0001_*.py",
    ],
)
def test_the_wheel_carries_what_is_not_code_alone(unpacked: Path, pattern: str) -> None:
    assert list(unpacked.glob(pattern))


def test_nothing_but_our_packages_lies_in_the_wheel(unpacked: Path) -> None:
    top = {path.name for path in unpacked.iterdir() if not path.name.endswith(".dist-info")}
    assert top == {
        "coursecrew",
        "coursecrew_lti",
        "coursecrew_openedx",
        "coursecrew_team_assignment",
        "coursecrew_peer_review",
    }


def source_of(unpacked: Path, module: str) -> str:
    """The source of a module or package in the wheel."""
    place = unpacked / module.replace(".", "/")
    return (place / "__init__.py" if place.is_dir() else place.with_suffix(".py")).read_text(encoding="utf-8")


def test_every_entry_point_leads_to_something(unpacked: Path) -> None:
    found = entry_points(unpacked)
    groups = {group for group, _, _ in found}
    assert groups == {"console_scripts", "xblock.v1", "lms.djangoapp", "cms.djangoapp"}
    for _, name, target in found:
        module, _, attribute = target.partition(":")
        tree = ast.parse(source_of(unpacked, module))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert attribute in names, f"{name} = {target}"


def test_block_types_keep_the_names_that_courses_hold(unpacked: Path) -> None:
    blocks = {name for group, name, _ in entry_points(unpacked) if group == "xblock.v1"}
    assert "coursecrew_team_assignment" in blocks


@pytest.mark.parametrize(
    "module",
    [
        "coursecrew.cli",
        "coursecrew_lti.cli",
        "coursecrew_team_assignment.block",
        "coursecrew_peer_review.block",
    ],
)
def test_what_is_named_can_be_imported_from_the_wheel_alone(unpacked: Path, module: str) -> None:
    code = f"import sys; sys.path.insert(0, {str(unpacked)!r}); import {module}; print({module}.__file__)"
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", code],
        capture_output=True, text=True, check=False, cwd=unpacked,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith(str(unpacked))


def requirements(unpacked: Path, extra: str) -> list[Requirement]:
    """What the wheel asks for with that extra."""
    found = [
        Requirement(text)
        for text in re.findall(r"^Requires-Dist: (.+)$", metadata_file(unpacked, "METADATA"), re.M)
    ]
    return [one for one in found if one.marker is None or one.marker.evaluate({"extra": extra})]


def brought(unpacked: Path, extra: str) -> set[str]:
    """The names of everything that comes along, read from what is installed here."""
    waiting, seen = requirements(unpacked, extra), set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        for inner_extra in {"", *wanted.extras}:
            if (name, inner_extra) in seen:
                continue
            seen.add((name, inner_extra))
            for text in importlib.metadata.requires(name) or ():
                inner = Requirement(text)
                if inner.marker is None or inner.marker.evaluate({"extra": inner_extra}):
                    waiting.append(inner)
    return {str(name) for name, _ in seen}


def test_the_core_brings_no_framework(unpacked: Path) -> None:
    came = brought(unpacked, "")
    assert "jinja2" in came
    assert (
        came & {"django", "celery", "xblock", "webob", "flask", "werkzeug", "sqlalchemy", "requests"} == set()
    )


def test_the_lti_extra_brings_no_django(unpacked: Path) -> None:
    came = brought(unpacked, "lti")
    assert {"flask", "sqlalchemy", "alembic", "huey"} <= came
    assert came & {"django", "xblock", "webob", "celery"} == set()


def test_the_openedx_extra_brings_no_flask_and_no_sqlalchemy(unpacked: Path) -> None:
    came = brought(unpacked, "openedx")
    assert {"django", "xblock", "celery"} <= came
    assert came & {"flask", "werkzeug", "sqlalchemy", "alembic", "huey", "pylti1p3next"} == set()


def test_the_oldest_versions_that_are_tested_are_the_oldest_that_are_allowed(unpacked: Path) -> None:
    lines = (ROOT / "tests/oldest.txt").read_text(encoding="utf-8").splitlines()
    pinned = {
        canonicalize_name(one.name): one
        for one in (Requirement(line.partition("#")[0]) for line in lines if line.partition("#")[0].strip())
    }
    for wanted in {
        r.name: r for extra in ("", "lti", "openedx") for r in requirements(unpacked, extra)
    }.values():
        floor = next(s.version for s in wanted.specifier if s.operator == ">=")
        pins = [s.version for s in pinned[canonicalize_name(wanted.name)].specifier]
        assert [pin.removesuffix(".*") for pin in pins] == [floor], wanted.name
