"""What every activity block is: views, the one handler, Studio, mobile, and instructors' tools.

A block holds what authors write, in fields; what learners do is in tables, keyed by the usage key.
Models are imported inside functions: tools without Django load block classes, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from web_fragments.fragment import Fragment
from xblock.completable import XBlockCompletionMode
from xblock.core import XBlock
from xblock.fields import Boolean, Dict, Float, Scope, String
from xblock.validation import ValidationMessage

from coursecrew.domain.activities import Settings, from_document
from coursecrew.domain.errors import Invalid
from coursecrew.domain.schedule import Step

SCRIPT = "coursecrew/coursecrew.js"
STYLESHEET = "coursecrew/coursecrew.css"
MAXIMUM = 100  # what a score is out of; `weight` scales it in the gradebook


def _(text: str) -> str:
    """Mark a text that Studio translates itself."""
    return text


@XBlock.needs("i18n")
@XBlock.wants("completion", "enrollments", "replace_urls", "settings", "studio_user_permissions", "user")
class ActivityBlock(XBlock):
    """A block whose screens are the core's. Subclasses say which kind of activity they are."""

    kind = ""
    has_score = True
    has_author_view = True  # without it Studio shows learners' rows, since the tables are shared
    icon_class = "problem"
    completion_mode = XBlockCompletionMode.COMPLETABLE
    has_custom_completion = True
    block_settings_key = "coursecrew"

    display_name = String(
        display_name=_("Title"),
        help=_("The name of the activity, as learners see it above the unit."),
        default=_("Activity"),
        scope=Scope.settings,
    )
    weight = Float(
        display_name=_("Points"),
        help=_("How many points of the gradebook the activity counts for."),
        default=10,
        values={"min": 0},
        scope=Scope.settings,
    )
    settings = Dict(
        display_name=_("Settings"),
        help=_("Everything the author decides, as one document."),
        default={},
        scope=Scope.settings,
        xml_node=True,  # readable and comparable in a course export
    )
    touched = Boolean(help=_("Whether the learner has acted here."), default=False, scope=Scope.user_state)

    # --- views ---

    @XBlock.supports("multi_device")
    def student_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """The element, which fetches its first screen through the handler."""
        from coursecrew_openedx.handler import handler_address
        from coursecrew_openedx.links import to_upload
        from coursecrew_openedx.settings import option

        return self._element(
            handler_address(self),
            large_base=to_upload(str(self.scope_ids.usage_id)),
            large_from=int(option("handler_limit")),
        )

    def public_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """What visitors without an account see: what it is about, and nothing of any learner."""
        return Fragment(self._summary("public.html"))

    def author_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """The preview in Studio: from the fields alone, no table is asked."""
        from coursecrew_openedx.activities import short_name

        return Fragment(
            self._summary(
                "author.html",
                checks=self._sentences(),
                due=self._due(),
                kind=self.kind,
                name=short_name(self.scope_ids.usage_id),
                review_due=self.document.step(Step.REVIEW).due,
            )
        )

    def studio_view(self, context: Mapping[str, Any] | None = None) -> Fragment:
        """The editor in Studio: the core's own settings form, with its own buttons."""
        from django.templatetags.static import static

        from coursecrew_openedx.handler import STUDIO, handler_address

        fragment = self._element(handler_address(self, STUDIO), path="settings")
        fragment.content = self._summary("studio.html", element=fragment.content)
        fragment.add_javascript_url(static("coursecrew_openedx/studio.js"))
        fragment.initialize_js("CoursecrewStudio")
        return fragment

    def _element(self, base: str, **options: Any) -> Fragment:
        from django.conf import settings
        from django.templatetags.static import static
        from django.utils.translation import get_language

        from coursecrew.ui.render import page_element

        fragment = Fragment(
            page_element(
                base=base,
                stylesheet=static(STYLESHEET),
                language=get_language() or "en",
                csrf_cookie=settings.CSRF_COOKIE_NAME,
                frame="openedx",
                who=self._who(),
                **options,
            )
        )
        fragment.add_javascript_url(static(SCRIPT))
        return fragment

    def _who(self) -> str:
        """Differs from person to person, and says nothing about any of them."""
        about = f"{self.scope_ids.usage_id}\n{self.scope_ids.user_id}"
        return hashlib.sha256(about.encode()).hexdigest()[:16]

    def _summary(self, template: str, **values: Any) -> str:
        from coursecrew_openedx.summary import render

        return render(template, title=self.display_name, settings=self.document, weight=self.weight, **values)

    def _due(self) -> datetime | None:
        return self.document.step(Step.DRAFT).due

    # --- the one handler ---

    @XBlock.handler
    def ui(self, request: Any, suffix: str = "") -> Any:
        """Every screen of ours, and everything people do in them."""
        from coursecrew_openedx.handler import answer

        return answer(self, request, suffix)

    # --- what the author wrote ---

    @property
    def document(self) -> Settings:
        """The settings as they are written here; the defaults where an import left them unreadable."""
        try:
            return from_document(self.settings)
        except Invalid:
            return Settings(title=self.display_name or "")

    def keep_settings(self, document: Mapping[str, Any]) -> None:
        """Keep a settings document that the core has checked; Studio saves the fields afterwards."""
        document = dict(document)
        title = str(document.pop("title", "")).strip()
        if title:
            self.display_name = title
        points = document.pop("points", None)
        if points is not None:
            self.weight = float(points)
        self.settings = document

    def _sentences(self) -> list[tuple[str, str]]:
        """What stands in the way of publishing, or deserves a look: (type, sentence)."""
        from coursecrew_openedx.summary import shortcomings

        try:
            settings = from_document(self.settings)
        except Invalid as unreadable:
            return shortcomings(None, unreadable, kind=self.kind)
        return shortcomings(settings, None, kind=self.kind)

    def validate(self) -> Any:
        """What Studio shows on the unit page: the same checks as before publishing."""
        validation = super().validate()
        for kind, sentence in self._sentences():
            validation.add(ValidationMessage(kind, sentence))
        return validation

    # --- what the platform collects without a learner ---

    def max_score(self) -> int:
        """The highest score; asked for at publish time, with nobody logged in."""
        return MAXIMUM

    def student_view_data(self, context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Authored facts for the Blocks API and mobile apps; no learner's."""
        settings = self.document
        return {
            "kind": self.kind,
            "goal": settings.goal,
            "done_when": list(settings.done_when),
            "parts": [prompt.title for prompt in settings.prompts],
            "team_size": {"min": settings.teams.min, "max": settings.teams.max},
        }

    def index_dictionary(self) -> dict[str, Any]:
        """Words for the search index of course and Studio."""
        settings = self.document
        index: dict[str, Any] = super().index_dictionary()
        content = {
            "display_name": self.display_name or "",
            "goal": settings.goal,
            "task": settings.task,
            "prompts": " ".join(f"{prompt.title} {prompt.hint}".strip() for prompt in settings.prompts),
        }
        index["content"] = {**index.get("content", {}), **content}
        index["content_type"] = self.index_name
        return index

    index_name = "Activity"

    # --- instructors' tools ---

    def clear_student_state(self, *, user_id: str, course_id: str, item_id: str, **_: Any) -> None:
        """Called when staff delete a learner's state: take back that learner's own grade.

        The team's work stays: it belongs to the others, too. This must withdraw the score itself:
        having such a method switches the platform's own reset off.
        """
        from coursecrew_openedx.clearing import clear

        clear(self, anonymous_id=user_id, course=course_id, place=item_id)
