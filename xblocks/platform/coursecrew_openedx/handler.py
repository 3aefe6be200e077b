"""One request of the block's `ui` handler: from WebOb to the core's screens and back.

The platform runs handlers outside any transaction and lets every account of the site call them, so
each request is checked here and the use cases open their own transactions. Every refusal is a
response of our own: the platform would turn an exception into a page of its own making.
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, BinaryIO
from urllib.parse import quote

import webob
from django.utils.translation import get_language

from coursecrew.app.files import open_file
from coursecrew.app.ports import Ports
from coursecrew.domain.errors import Refusal
from coursecrew.domain.people import Actor, Role
from coursecrew.ui.errors import fault
from coursecrew.ui.http import Request, Response, Upload
from coursecrew.ui.pages import refusal_page
from coursecrew.ui.routes import serve
from coursecrew.ui.scene import Scene, Shell
from coursecrew_openedx.activities import placed
from coursecrew_openedx.people import actor_of, author_of
from coursecrew_openedx.ports import ports
from coursecrew_openedx.settings import option

log = logging.getLogger(__name__)
STUDIO = "studio"  # what the path begins with when it is Studio's editor that asks
FILES = "files/"
CHUNK = 64 * 1024


def answer(block: Any, request: webob.Request, suffix: str) -> webob.Response:
    """Answer one request of one person; nothing but an answer leaves here."""
    bundle = ports()
    first, _, rest = suffix.strip("/").partition("/")
    in_studio = first == STUDIO
    path = rest if in_studio else suffix.strip("/")
    try:
        try:
            scene = _studio_scene(block, bundle) if in_studio else _scene(block, bundle)
        except Refusal as refusal:
            return to_webob(refusal_page(_outside(block, bundle), refusal))
        if request.method == "GET" and path.startswith(FILES):
            response = _file(scene, path.removeprefix(FILES))
        else:
            response = serve(scene, to_request(request, path))
    except Exception:
        reference = bundle.ids.new()[-8:].upper()
        log.exception("coursecrew: fault %s at %s in %s", reference, path, scene_name(block))
        return to_webob(fault(_outside(block, bundle), reference))
    if request.method == "POST" and _takes_part(scene):
        # Gives the platform a row of the learner's state, without which "Delete learner state"
        # ends in an error after it has called us.
        block.touched = True
    return to_webob(_with_real_urls(block, response))


def _file(scene: Scene, file_id: str) -> Response:
    """A file of the course, as an attachment: nothing that was uploaded runs in the LMS's origin."""
    try:
        row, content = open_file(scene.ports, scene.actor, scene.placed.course, file_id)
    except Refusal as refusal:
        return refusal_page(scene, refusal)
    plain = "".join(sign if " " <= sign < "\x7f" and sign not in '"\\' else "_" for sign in row.name)
    exact = quote(row.name, safe="")
    return Response(
        content,
        kind=row.kind,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}",
            "Content-Length": str(row.size),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


def scene_name(block: Any) -> str:
    """The block as it stands in the log."""
    return str(block.scope_ids.usage_id)


def _takes_part(scene: Scene) -> bool:
    return scene.actor.role is Role.LEARNER and not scene.actor.looks_on and not scene.shell.in_studio


def _scene(block: Any, bundle: Ports) -> Scene:
    here = placed(block, block.kind)
    return Scene(bundle, actor_of(block, here.course), here, _shell(block))


def _studio_scene(block: Any, bundle: Ports) -> Scene:
    here = placed(block, block.kind)
    actor = author_of(block, here.course)
    wish = dict(here.wish or {})

    def keep(document: Mapping[str, Any]) -> None:
        block.keep_settings(document)
        wish.clear()
        wish.update(document)  # what the form shows next

    shell = replace(
        _shell(block),
        in_studio=True,
        keep_settings=keep,
        points=lambda: Decimal(str(block.weight or 0)),
        heading=2,
    )
    return Scene(bundle, actor, replace(here, wish=wish), shell)


def _outside(block: Any, bundle: Ports) -> Scene:
    """What a refusal needs to be told to somebody who was not let in."""
    here = placed(block, block.kind)
    nobody = Actor("", here.course, Role.OBSERVER, language=get_language() or "en", looks_on=True)
    return Scene(bundle, nobody, here, _shell(block))


def _shell(block: Any) -> Shell:
    return Shell(
        heading=int(option("first_heading")),
        platform="Open edX",
        file_url=lambda file_id: handler_address(block, f"{FILES}{file_id}"),
        largest_upload=int(option("largest_upload")),
        own_files=("/static/",),
        privacy_url=str(option("privacy_url")),
    )


def handler_address(block: Any, path: str = "") -> str:
    """The address of a path of ours below the block's one handler, as this runtime makes it."""
    return str(block.runtime.handler_url(block, "ui", path))


def _with_real_urls(block: Any, response: Response) -> Response:
    """Let the platform turn `/static/…` and jump links of authored text into real addresses.

    It does so by itself for a view's fragment, not for a handler's reply.
    """
    service = block.runtime.service(block, "replace_urls")
    if service is None or not isinstance(response.body, str) or not response.kind.startswith("text/html"):
        return response
    return replace(response, body=service.replace_urls(response.body))


# --- WebOb and back ---


def to_request(request: webob.Request, path: str) -> Request:
    """WebOb's request as the screens take it."""
    form: dict[str, list[str]] = defaultdict(list)
    files: dict[str, list[Upload]] = defaultdict(list)
    if request.method == "POST":
        for name, value in request.POST.items():
            if hasattr(value, "filename"):
                files[name].append(_upload(value))
            else:
                form[name].append(value)
    return Request(
        method="POST" if request.method == "POST" else "GET",
        path=path,
        query=dict(request.GET.items()),
        form=dict(form),
        files=dict(files),
        if_none_match=request.headers.get("If-None-Match", ""),
    )


def _upload(value: Any) -> Upload:
    content: BinaryIO = value.file
    content.seek(0, os.SEEK_END)
    size = content.tell()
    content.seek(0)
    return Upload(str(value.filename or ""), content, size)


def to_webob(response: Response) -> webob.Response:
    """The screens' response as WebOb sends it."""
    made = webob.Response(status=response.status)
    made.headers["Content-Type"] = response.kind
    for name, value in response.headers.items():
        made.headers[name] = value
    if isinstance(response.body, str):
        made.body = response.body.encode()
    elif isinstance(response.body, bytes):
        made.body = response.body
    else:
        made.app_iter = _pieces(response.body)
    return made


def _pieces(content: BinaryIO) -> Iterator[bytes]:
    with content:
        while piece := content.read(CHUNK):
            yield piece
