"""Our own addresses in the LMS: stopping mail, and uploads that are too large for a handler."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from coursecrew.app.people import stop_mail
from coursecrew.app.unit_of_work import run
from coursecrew.ui.mail import UNSUBSCRIBE, unsubscribe_page
from coursecrew_openedx.ports import ports
from coursecrew_openedx.settings import option


@csrf_exempt  # the token is the right: mail programs post here with no cookie (RFC 8058)
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Stop mail for one person in one course.

    Opening the page changes nothing, since mail scanners open every link; its button does, and so
    does the one click of a mail program.
    """
    bundle = ports()
    parts = bundle.links.read(UNSUBSCRIBE, token)
    if parts is None or len(parts) != 2:
        return _page(unsubscribe_page(get_language() or "en", state="unknown"), status=404)
    course, person = parts
    if request.method != "POST":
        return _page(unsubscribe_page(get_language() or "en", state="ask"))
    run(bundle, stop_mail, course, person)
    return _page(unsubscribe_page(get_language() or "en", state="done"))


def _page(body: str, status: int = 200) -> HttpResponse:
    response = HttpResponse(body, status=status)
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"  # the address is the right
    response["X-Robots-Tag"] = "noindex"
    return response


@login_required
@require_POST
def upload(request: HttpRequest, place: str, screen: str) -> HttpResponse:
    """The block's handler once more, for files above the platform's limit for handlers.

    The platform binds the block to the person (and to a masquerade) and checks their access, as it
    does for the handler itself; the rest is the handler's own check. The block's fields are not
    saved here: an upload changes none.
    """
    largest = int(option("largest_upload"))
    if any((file.size or 0) > largest for _, files in request.FILES.lists() for file in files):
        return JsonResponse({"success": f"larger than {largest} bytes"}, status=413)
    block = _bound_block(request, place)
    from xblock.django.request import django_to_webob_request, webob_to_django_response

    from coursecrew_openedx.handler import answer

    response: HttpResponse = webob_to_django_response(answer(block, django_to_webob_request(request), screen))
    return response


def _bound_block(request: HttpRequest, place: str) -> Any:
    """The block as this person may see it; 404 where there is none of ours, or no platform."""
    try:
        from lms.djangoapps.courseware.block_render import get_block_by_usage_id
        from opaque_keys import InvalidKeyError
        from opaque_keys.edx.keys import UsageKey
    except ImportError:
        raise Http404 from None
    try:
        course = str(UsageKey.from_string(place).context_key)
    except InvalidKeyError:
        raise Http404 from None
    block, _ = get_block_by_usage_id(request, course, place)
    from coursecrew_openedx.block import ActivityBlock

    if not isinstance(block, ActivityBlock):
        raise Http404
    return block
