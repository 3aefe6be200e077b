"""The `coursecrew-lti` command: run the tool, and look after platforms and keys."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from coursecrew_lti import groups
from coursecrew_lti import registration as registrations
from coursecrew_lti.admin import admin_address, registration_address
from coursecrew_lti.app import create_app, prepare
from coursecrew_lti.config import WrongSettings, from_environ
from coursecrew_lti.migrations import migrate
from coursecrew_lti.operations import checks
from coursecrew_lti.outgoing import Forbidden, Unreachable
from coursecrew_lti.registration import Endpoints, Registration
from coursecrew_lti.tool import Tool, make_tool

LOG = logging.getLogger("coursecrew.serve")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 when something was not well, 2 for wrong use."""
    asked = parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    try:
        this = make_tool(from_environ())
        act: Callable[[Tool, argparse.Namespace], int] = asked.act
        return act(this, asked)
    except WrongSettings as wrong:
        print(wrong, file=sys.stderr)
        return 2
    except Unreachable as wrong:
        print(_reason(wrong), file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser("coursecrew-lti", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="command")

    serve_ = _command(commands, "serve", serve, "answer requests")
    serve_.add_argument("--host", default="127.0.0.1")
    serve_.add_argument("--port", type=int, default=8400)
    serve_.add_argument("--workers", type=int, default=1, help="processes that share the port")
    serve_.add_argument("--threads", type=int, default=8, help="of each process")
    work_ = _command(commands, "work", work, "deliver grades and mail, read member lists, let time pass")
    work_.add_argument("--threads", type=int, default=2)
    _command(commands, "migrate", bring_up_to_date, "bring the database's tables to this version")
    _command(commands, "registration-link", registration_link, "a one-time address for dynamic registration")
    _command(commands, "admin-link", admin_link, "a one-time address of the admin page")
    _command(commands, "health", health, "check database, tables and queue")

    keys = commands.add_parser("keys", help="the tool's own keys").add_subparsers(required=True)
    _command(keys, "list", list_keys, "the published keys")
    _command(keys, "rotate", rotate_keys, "use the next key; the former stays published for 14 days")

    platform = commands.add_parser("platform", help="learning platforms").add_subparsers(required=True)
    add = _command(platform, "add", add_platform, "write a platform, or bring it up to date")
    _names(add)
    for name, what in (("auth", "authentication"), ("token", "access tokens"), ("jwks", "public keys")):
        add.add_argument(f"--{name}-url", required=True, metavar="URL", help=f"its address for {what}")
    add.add_argument("--deployment-id", action="append", default=[], metavar="ID")
    add.add_argument("--auth-audience", default="", help="where it differs from the token address")
    add.add_argument("--name", default="", help="what people call it")
    add.add_argument("--host", action="append", default=[], help="another host its services stand on")
    add.add_argument("--anonymous", action="store_true", help="let people without an id look on")
    _command(platform, "list", list_platforms, "every platform")
    _names(_command(platform, "show", show_platform, "one platform and the places in it"))
    _names(_command(platform, "disable", disable_platform, "keep a platform out; nothing is deleted"))
    approve = _command(platform, "approve", approve_platform, "let a place of a platform in")
    _names(approve)
    approve.add_argument("--deployment-id", action="append", default=[], required=True, metavar="ID")
    connect = _command(platform, "connect-groups", connect_groups, "use the platform's own groups")
    _names(connect)
    connect.add_argument("--kind", choices=groups.KINDS, required=True)
    connect.add_argument("--url", required=True, help="the platform's own address")
    connect.add_argument("--token-file", required=True, help="a file that holds the access token")
    return top


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    act: Callable[[Tool, argparse.Namespace], int],
    what: str,
) -> argparse.ArgumentParser:
    made = commands.add_parser(name, help=what, description=what)
    made.set_defaults(act=act)
    return made


def _names(command: argparse.ArgumentParser) -> None:
    command.add_argument("--issuer", required=True, metavar="URL")
    command.add_argument("--client-id", required=True, metavar="ID")


# --- running ---


def serve(this: Tool, asked: argparse.Namespace) -> int:
    """Answer requests until stopped; several processes share one listening socket."""
    prepare(this)
    listening = socket.create_server((asked.host, asked.port), backlog=1024, reuse_port=False)
    address = f"http://{asked.host}:{listening.getsockname()[1]}"
    print(f"Coursecrew listens at {address} and is reached at {this.config.public_url}", file=sys.stderr)
    if asked.workers <= 1:
        _answer(listening, asked.threads)
        return 0
    this.engine.dispose()  # children make their own connections
    return _watch(listening, asked.workers, asked.threads)


def _answer(listening: socket.socket, threads: int) -> None:
    import waitress

    app = create_app(tool=make_tool(from_environ()))
    server = waitress.create_server(
        app, sockets=[listening], threads=threads, ident="Coursecrew", clear_untrusted_proxy_headers=False,
        connection_limit=2000, channel_timeout=60, max_request_body_size=64 * 1024 * 1024,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, _stop)
    try:
        server.run()
    except SystemExit:
        server.close()


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _watch(listening: socket.socket, workers: int, threads: int) -> int:
    """Keep so many processes running; one that dies is replaced."""
    children: set[int] = set()

    def start() -> None:
        child = os.fork()
        if child == 0:
            _answer(listening, threads)
            os._exit(0)
        children.add(child)

    for _ in range(workers):
        start()
    signal.signal(signal.SIGTERM, _stop)
    try:
        while True:
            child, status = os.wait()
            children.discard(child)
            start()
            LOG.warning("event=process result=replaced process=%d status=%d", child, status)
    except (KeyboardInterrupt, SystemExit):
        for child in children:
            os.kill(child, signal.SIGTERM)
        for child in children:
            os.waitpid(child, 0)
    return 0


def work(this: Tool, asked: argparse.Namespace) -> int:
    """Do background work until stopped."""
    prepare(this)
    this.work.look_soon()
    this.work.consumer(asked.threads).run()
    return 0


def bring_up_to_date(this: Tool, asked: argparse.Namespace) -> int:
    """Migrate the database."""
    migrate(this.engine)
    print("The tables are those of this version.")
    return 0


def health(this: Tool, asked: argparse.Namespace) -> int:
    """Print what the tool stands on; 1 where something is not well."""
    found = checks(this)
    for name, state in found.items():
        print(f"{name}: {state}")
    return 0 if all(state == "ok" for state in found.values()) else 1


def registration_link(this: Tool, asked: argparse.Namespace) -> int:
    """Print a one-time address for dynamic registration."""
    prepare(this)
    print(registration_address(this))
    return 0


def admin_link(this: Tool, asked: argparse.Namespace) -> int:
    """Print a one-time address of the admin page."""
    prepare(this)
    print(admin_address(this))
    return 0


# --- keys ---


def list_keys(this: Tool, asked: argparse.Namespace) -> int:
    """Print the published keys."""
    prepare(this)
    with this.begin() as connection:
        for key in registrations.tool_keys(connection, this.wall()):
            if key.gone_at is not None:
                state = f"former, published until {key.gone_at:%Y-%m-%d}"
            else:
                state = f"in use since {key.used_from:%Y-%m-%d}" if key.used_from else "next in turn"
            print(f"{key.kid}  made {key.created_at:%Y-%m-%d}  {state}")
    return 0


def rotate_keys(this: Tool, asked: argparse.Namespace) -> int:
    """Use the next key."""
    prepare(this)
    with this.begin() as connection:
        registrations.rotate(connection, this.config.secrets, new_id=this.ids.new(), now=this.wall())
    return list_keys(this, asked)


# --- platforms ---


def add_platform(this: Tool, asked: argparse.Namespace) -> int:
    """Write a platform; addresses that we would not talk to are refused here already."""
    prepare(this)
    for name in ("issuer", "auth_url", "token_url", "jwks_url"):
        url = getattr(asked, name)
        try:
            this.outgoing.check(url)
        except Forbidden as wrong:
            print(f"--{name.replace('_', '-')}: {_reason(wrong)}", file=sys.stderr)
            return 2
        except Unreachable:
            print(
                f"--{name.replace('_', '-')}: no such host is known from here at the moment.", file=sys.stderr
            )
    now = this.wall()
    with this.begin() as connection:
        registration = registrations.register(
            connection,
            Endpoints(
                issuer=asked.issuer, client_id=asked.client_id, auth_url=asked.auth_url,
                token_url=asked.token_url, jwks_url=asked.jwks_url, auth_audience=asked.auth_audience,
                name=asked.name, hosts=tuple(asked.host), anonymous=asked.anonymous,
            ),
            new_id=this.ids.new(),
            now=now,
            deployments=[(this.ids.new(), deployment) for deployment in asked.deployment_id],
        )  # fmt: skip
    _print_platform(this, registration)
    return 0


def list_platforms(this: Tool, asked: argparse.Namespace) -> int:
    """Print every platform on a line."""
    prepare(this)
    with this.begin() as connection:
        found = [
            (one, registrations.deployments(connection, one.id)) for one in registrations.find_all(connection)
        ]
    for one, deployments in found:
        waiting = sum(row.state == registrations.PENDING for row in deployments)
        state = "on" if one.active else "off"
        wait = f", {waiting} waiting to be let in" if waiting else ""
        count = f"{len(deployments)} deployments{wait}"
        print(f"{one.id}  {state}  {one.title}  {one.issuer}  {one.client_id}  {count}")
    if not found:
        print("No platform is registered. See: coursecrew-lti registration-link, coursecrew-lti platform add")
    return 0


def show_platform(this: Tool, asked: argparse.Namespace) -> int:
    """Print one platform."""
    registration = _named(this, asked)
    if registration is None:
        return 1
    _print_platform(this, registration)
    return 0


def disable_platform(this: Tool, asked: argparse.Namespace) -> int:
    """Keep a platform out."""
    registration = _named(this, asked)
    if registration is None:
        return 1
    with this.begin() as connection:
        registrations.switch(connection, registration.id, active=False)
    print(
        f"{registration.title} is off. To let it in again: coursecrew-lti platform add, with the same names."
    )
    return 0


def approve_platform(this: Tool, asked: argparse.Namespace) -> int:
    """Let places of a platform in."""
    registration = _named(this, asked)
    if registration is None:
        return 1
    with this.begin() as connection:
        for deployment in asked.deployment_id:
            registrations.set_deployment(
                connection, registration.id, deployment, registrations.ACTIVE,
                new_id=this.ids.new(), now=this.wall(),
            )  # fmt: skip
    _print_platform(this, registration)
    return 0


def connect_groups(this: Tool, asked: argparse.Namespace) -> int:
    """Keep the access to a platform's own groups, once it has been tried."""
    registration = _named(this, asked)
    if registration is None:
        return 1
    with open(asked.token_file, encoding="utf-8") as file:
        token = file.read().strip()
    who = groups.connect(this, registration, kind=asked.kind, url=asked.url, token=token)
    print(f"Connected as {who}.")
    return 0


def _named(this: Tool, asked: argparse.Namespace) -> Registration | None:
    prepare(this)
    with this.begin() as connection:
        found = registrations.find(connection, asked.issuer, asked.client_id)
    if found is None:
        print("No platform of that issuer and client id is registered.", file=sys.stderr)
    return found


def _print_platform(this: Tool, registration: Registration) -> None:
    with this.begin() as connection:
        deployments = registrations.deployments(connection, registration.id)
    print(f"{registration.title}  ({'on' if registration.active else 'off'}, id {registration.id})")
    for name, value in (
        ("issuer", registration.issuer),
        ("client id", registration.client_id),
        ("authentication", registration.auth_url),
        ("access tokens", registration.token_url),
        ("public keys", registration.jwks_url),
        ("hosts of services", " ".join(sorted(registration.allowed_hosts))),
        ("granted", " ".join(registration.scopes) or "as each launch says"),
    ):
        print(f"  {name}: {value}")
    for row in deployments:
        print(f"  deployment {row.deployment}: {row.state}")
    if not deployments:
        print(
            "  no deployment yet: the first launch is noted and waits; then: coursecrew-lti platform approve"
        )
    print("To enter on the platform's side:")
    url = this.config.public_url
    print(f"  login {url}/lti/login  launch {url}/lti/launch  keys {url}/lti/jwks")


_REASONS = {
    "not_https": "The address must begin with https://.",
    "private_address": "The address is in a private network, and COURSECREW_ALLOW_PRIVATE_NETWORK is not 1.",
    "malformed_address": "This is not an address.",
    "host_not_allowed": "The address stands on another host than the platform.",
}


def _reason(wrong: Unreachable) -> str:
    return _REASONS.get(wrong.reason, f"The platform gave no usable answer ({wrong.reason}).")


if __name__ == "__main__":
    sys.exit(main())
