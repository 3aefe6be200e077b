"""A small house around the element: pages, the handler, and the platform's own ways to answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from urllib.parse import parse_qsl, urlsplit

from coursecrew.app.memory import MemoryPorts
from coursecrew.domain.people import Actor
from coursecrew.ui.http import Request, Upload
from coursecrew.ui.render import STATIC, full_page, page_element
from coursecrew.ui.routes import serve
from coursecrew.ui.scene import Scene
from tests.builders import PLACED

COOKIE = "house_token"
# What a page of somebody else does to everything it can reach.
LOUD = """* { box-sizing: content-box !important } label { display: none !important }
button, a { background: red !important; text-transform: uppercase !important }
h1, h2 { font-size: 90px !important }
textarea { height: 12px !important }"""
POLICY = "default-src 'self'; style-src 'self' 'nonce-loud'"


@dataclass
class House:
    """Serves one course; `answers` are given instead of the handler's own, one each."""

    ports: MemoryPorts
    people: Mapping[str, Actor]
    answers: list[tuple[int, str, str]] = field(default_factory=list)
    slow: threading.Event | None = None
    asked: list[str] = field(default_factory=list)
    address: str = ""

    def page(self, who: str, path: str = "", *, twice: bool = False) -> str:
        return f"{self.address}/page/{who}/{path}{'?twice=yes' if twice else ''}"

    def _page(self, who: str, path: str, twice: bool) -> str:
        elements = [
            page_element(
                base=f"/ui/{place}/?who={who}", stylesheet="/static/coursecrew.css", language="en", path=path,
                csrf_cookie=COOKIE, csrf_header="X-House", who=who,
            )
            for place in (("one", "two") if twice else ("one",))
        ]  # fmt: skip
        whole = full_page(title="House", language="en", element=elements[0], script="/static/coursecrew.js")
        more = f'{elements[1]}<script src="/static/coursecrew.js"></script>' if twice else ""
        whole = whole.replace("</main>", f"{more}</main>")
        return whole.replace("</head>", f'<style nonce="loud">{LOUD}</style></head>')


@contextmanager
def open_house(house: House) -> Iterator[House]:
    """The house behind a free port of this machine."""

    class Door(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            url = urlsplit(self.path)
            first, _, rest = url.path.strip("/").partition("/")
            query = dict(parse_qsl(url.query))
            if first == "static":
                kind = "text/css" if rest.endswith("css") else "text/javascript"
                return self._send(200, (STATIC / "coursecrew" / rest).read_text(), kind)
            if first == "page":
                who, _, path = rest.partition("/")
                return self._send(200, house._page(who, path, "twice" in query), "text/html; charset=utf-8")
            if first != "ui":
                return self._send(204, "", "text/plain")
            house.asked.append(f"{self.command} {rest.partition('/')[2]}")
            if house.slow:
                house.slow.wait(10)
            if self.command == "POST" and self.headers.get("X-House") != "let-me-in":
                return self._send(403, "<h1>CSRF</h1>", "text/html")
            if house.answers and rest.partition("/")[2] != "":
                return self._send(*house.answers.pop(0))
            form, files = self._form(body)
            known = self.headers.get("If-None-Match", "")
            request = Request(self.command, rest.partition("/")[2], query, form, files, known)
            response = serve(Scene(house.ports, house.people[query["who"]], PLACED), request)
            return self._send(
                response.status, str(response.body), response.kind, tag=response.headers.get("ETag", "")
            )

        def _form(self, body: bytes) -> tuple[dict[str, list[str]], dict[str, list[Upload]]]:
            form: dict[str, list[str]] = {}
            files: dict[str, list[Upload]] = {}
            if body:
                head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
                for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
                    name = str(part.get_param("name", header="content-disposition"))
                    content = bytes(part.get_payload(decode=True) or b"")
                    if (file := part.get_filename()) is not None:
                        files.setdefault(name, []).append(Upload(file, BytesIO(content), len(content)))
                    else:
                        form.setdefault(name, []).append(content.decode())
            return form, files

        def _send(self, status: int, body: str, kind: str, tag: str = "") -> None:
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            if tag:
                self.send_header("ETag", tag)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Set-Cookie", f"{COOKIE}=let-me-in; Path=/")
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    house.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield house
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
