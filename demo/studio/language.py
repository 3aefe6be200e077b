"""The workbench speaks the language of the browser, as the platform does for its people."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")


def language(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Activate the first language that the browser asks for, ours and Django's own or not."""

    def answer(request: HttpRequest) -> HttpResponse:
        asked = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
        wanted = next((tag for tag, _ in asked if TAG.fullmatch(tag)), "en")
        with translation.override(wanted):
            return get_response(request)

    return answer
