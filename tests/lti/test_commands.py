"""The `coursecrew-lti` command, as an operator uses it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from coursecrew_lti import cli
from coursecrew_lti.config import from_environ
from coursecrew_lti.tool import make_tool
from tests.lti.conftest import NOON, SECRET, find
from tests.lti.lms import Platform, as_json, query, status

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environ(monkeypatch, tmp_path, empty_database):
    """An operator's environment: private networks allowed, everything in a folder of its own."""
    shutil.copy(empty_database, tmp_path / "tool.db")
    for name in [name for name in os.environ if name.startswith("COURSECREW_")]:
        monkeypatch.delenv(name)
    values = {
        "COURSECREW_SECRET_KEY": SECRET,
        "COURSECREW_PUBLIC_URL": "http://127.0.0.1:8400",
        "COURSECREW_DATABASE_URL": f"sqlite:///{tmp_path / 'tool.db'}",
        "COURSECREW_QUEUE_URL": f"sqlite:///{tmp_path / 'queue.db'}",
        "COURSECREW_FILES_URL": f"file://{tmp_path / 'files'}",
        "COURSECREW_ALLOW_PRIVATE_NETWORK": "1",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.fixture
def command(environ, capsys):
    """Runs a command; returns its exit code and what it printed."""

    def run(*arguments):
        code = cli.main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


ADD = (
    "platform", "add", "--issuer", "http://lms.test", "--client-id", "c1", "--auth-url", "http://lms.test/auth",
    "--token-url", "http://lms.test/token", "--jwks-url", "http://lms.test/jwks",
)  # fmt: skip
NAMED = ("--issuer", "http://lms.test", "--client-id", "c1")


def rows(name):
    made = make_tool(from_environ())
    found = find(made, name)
    made.engine.dispose()
    return found


def test_a_platform_is_added_shown_and_brought_up_to_date(command):
    code, out, _ = command(*ADD, "--deployment-id", "d1", "--deployment-id", "d2", "--name", "Riverside")
    assert code == 0
    assert "Riverside  (on" in out
    assert "login http://127.0.0.1:8400/lti/login" in out
    command(*ADD[:-1], "http://lms.test/keys", "--deployment-id", "d3", "--host", "services.lms.test")
    _, out, _ = command("platform", "show", *NAMED)
    assert "public keys: http://lms.test/keys" in out
    assert "services.lms.test" in out
    assert re.findall(r"deployment (\w+): (\w+)", out) == [
        ("d1", "active"),
        ("d2", "active"),
        ("d3", "active"),
    ]
    _, out, _ = command("platform", "list")
    assert len(out.splitlines()) == 1
    assert "3 deployments" in out


def test_people_without_an_id_are_let_in_only_where_the_operator_says_so(command):
    command(*ADD)
    assert [row.anonymous for row in rows("REGISTRATION")] == [False]
    command(*ADD, "--anonymous")
    assert [row.anonymous for row in rows("REGISTRATION")] == [True]


def test_a_platform_without_a_deployment_waits_and_is_approved(command):
    _, out, _ = command(*ADD)
    assert "platform approve" in out
    code, out, _ = command("platform", "approve", *NAMED, "--deployment-id", "d9")
    assert code == 0
    assert "deployment d9: active" in out


def test_a_platform_is_kept_out_and_let_in_again(command):
    command(*ADD)
    assert command("platform", "disable", *NAMED)[0] == 0
    assert [row.active for row in rows("REGISTRATION")] == [False]
    command(*ADD)
    assert [row.active for row in rows("REGISTRATION")] == [True]


@pytest.mark.parametrize("what", ["show", "disable"])
def test_a_platform_that_is_not_there_is_named(command, what):
    code, _, err = command("platform", what, *NAMED)
    assert code == 1
    assert "No platform of that issuer" in err


def test_an_address_inside_a_network_is_refused_in_one_sentence(command, environ):
    environ.setenv("COURSECREW_ALLOW_PRIVATE_NETWORK", "0")
    environ.setenv("COURSECREW_PUBLIC_URL", "https://tool.example")
    code, _, err = command(*ADD)
    assert code == 2
    assert err.strip().splitlines()[-1] == "--issuer: The address must begin with https://."
    inside = [one.replace("http://lms.test", "https://127.0.0.1") for one in ADD]
    code, _, err = command(*inside)
    assert code == 2
    assert "private network" in err
    assert rows("REGISTRATION") == []


def test_without_a_secret_every_command_says_one_sentence(command, environ):
    environ.delenv("COURSECREW_SECRET_KEY")
    for arguments in (("serve",), ("work",), ("platform", "list"), ("health",)):
        code, out, err = command(*arguments)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
        assert "COURSECREW_SECRET_KEY" in err


def test_keys_are_listed_and_rotated(command):
    _, out, _ = command("keys", "list")
    assert [line.split("  ")[2].split(" ")[0] for line in out.splitlines()] == ["in", "next"]
    _, rotated, _ = command("keys", "rotate")
    before = [line.split()[0] for line in out.splitlines()]
    after = [line.split()[0] for line in rotated.splitlines()]
    assert after[0] == before[1]
    assert after[2] == before[0]
    assert "former, published until" in rotated.splitlines()[2]


def test_links_are_printed_alone(command):
    _, out, _ = command("registration-link")
    assert out.startswith("http://127.0.0.1:8400/lti/register?invite=")
    assert len(query(out.strip())["invite"]) > 30
    _, out, _ = command("admin-link")
    assert re.fullmatch(r"http://127\.0\.0\.1:8400/admin/[\w-]{40,}\n", out)


def test_health_says_what_is_not_well(command, environ):
    assert command("health") == (0, "database: ok\ntables: ok\nqueue: ok\n", "")
    environ.setenv("COURSECREW_QUEUE_URL", "redis://127.0.0.1:1/0")
    code, out, _ = command("health")
    assert code == 1
    assert "queue: unreachable" in out


def test_migrate_makes_the_tables_of_an_empty_database(command, environ, tmp_path):
    environ.setenv("COURSECREW_DATABASE_URL", f"sqlite:///{tmp_path / 'fresh.db'}")
    assert command("health")[1].splitlines()[1] == "tables: not_migrated"
    assert command("migrate")[0] == 0
    assert command("health")[0] == 0


def token_file(folder, text):
    path = folder / "token"
    path.write_text(text)
    return str(path)


@pytest.fixture
def groups_platform():
    """Moodle's and Canvas's own interfaces, as far as a connection is tried."""
    made = Platform(lambda: NOON)
    made.start()
    yield made
    made.stop()


def test_access_to_groups_is_tried_and_kept_encrypted(command, tmp_path, groups_platform):
    command(*ADD)
    token = token_file(tmp_path, "geheim\n")
    seen = []

    def site(request):
        seen.append(request.form.to_dict())
        return as_json({"fullname": "Group Service", "sitename": "Riverside"})

    groups_platform.fault("/webservice/rest/server.php", site)
    connect = ("platform", "connect-groups", *NAMED, "--url", groups_platform.url, "--token-file", token)
    code, out, _ = command(*connect, "--kind", "moodle")
    assert (code, out) == (0, "Connected as Group Service (Riverside).\n")
    assert seen[0]["wstoken"] == "geheim"
    [row] = rows("REGISTRATION")
    assert row.groups
    assert "geheim" not in row.groups


def test_access_that_does_not_work_is_not_kept(command, tmp_path, groups_platform):
    command(*ADD)
    token = token_file(tmp_path, "wrong")
    connect = ("platform", "connect-groups", *NAMED, "--url", groups_platform.url, "--token-file", token)
    refused = as_json({"exception": "moodle_exception", "errorcode": "invalidtoken", "message": "…"})
    groups_platform.fault("/webservice/rest/server.php", lambda _r: refused)
    code, _, err = command(*connect, "--kind", "moodle")
    assert code == 2
    assert "invalidtoken" in err
    groups_platform.fault("/api/v1/users/self", status(401))
    assert command(*connect, "--kind", "canvas")[0] == 2
    assert rows("REGISTRATION")[0].groups == ""


# --- processes ---


@pytest.fixture
def process(environ):
    """Starts a command in a process of its own; it is stopped with the test."""
    started = []

    def start(*arguments):
        path = os.pathsep.join(str(ROOT / part) for part in ("shared", "lti_tool"))
        made = subprocess.Popen(
            [sys.executable, "-m", "coursecrew_lti.cli", *arguments],
            env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        started.append(made)
        return made

    yield start
    for one in started:
        if one.poll() is None:
            one.terminate()
        one.wait(20)
        if one.stderr:
            one.stderr.close()


def told(process, pattern):
    """Read what a process says until a line matches; a process that ends without it fails the test."""
    for line in process.stderr:
        if re.search(pattern, line):
            return line
    raise AssertionError(f"it ended without saying {pattern}")


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_answers_and_stops_when_it_is_told(process, workers):
    server = process("serve", "--port", "0", "--workers", workers, "--threads", "2")
    url = re.findall(r"http://\S+", told(server, "listens at"))[0]
    assert requests.get(f"{url}/healthz", timeout=30).json()["ok"]
    assert requests.get(f"{url}/readyz", timeout=30).json()["ok"]
    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/healthz", timeout=1)


@pytest.mark.slow
def test_a_process_that_dies_is_replaced(process):
    server = process("serve", "--port", "0", "--workers", "2", "--threads", "2")
    url = re.findall(r"http://\S+", told(server, "listens at"))[0]
    assert requests.get(f"{url}/healthz", timeout=30).json()["ok"]
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    assert len(children) == 2
    os.kill(int(children[0]), signal.SIGKILL)
    assert f"process={children[0]}" in told(server, "event=process result=replaced")
    assert requests.get(f"{url}/healthz", timeout=30).json()["ok"]


@pytest.mark.slow
def test_work_does_what_others_asked_for(process, environ):
    """Another process puts a task into the shared queue; the worker does it and stops when told."""
    this = make_tool(from_environ())
    this.work.ask_for_members("0" * 32, "1" * 32)
    worker = process("work")
    assert "reason=no_member_list" in told(worker, "event=members result=failed")
    this.engine.dispose()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0
