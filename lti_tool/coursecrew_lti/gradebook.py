"""The platform's gradebook by AGS: line items found, made or bound again, and one score at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from coursecrew.app.ports import Answer
from coursecrew.domain.gradebook import Cell, Component
from coursecrew_lti import registration as registrations
from coursecrew_lti.launch import same
from coursecrew_lti.lti_tables import PLACE, USER
from coursecrew_lti.messages import as_uuid
from coursecrew_lti.outgoing import Forbidden, Unreachable
from coursecrew_lti.platforms import CANVAS_SUBMISSION, Platform, platform
from coursecrew_lti.registration import Registration
from coursecrew_lti.services import (
    Connector,
    Grade,
    LineItem,
    ScopeMissing,
    ServiceError,
    below,
    next_link,
    pages,
    with_query,
)
from coursecrew_lti.tables import TABLES

if TYPE_CHECKING:
    from coursecrew_lti.tool import Tool

AGS = registrations.AGS
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
# What platforms write beside a 400 that means "I have a newer one": Canvas "before last updated",
# Open edX "older", others "timestamp".
OLD_STAMP = r"timestamp|last updated|older|newer|out.?dated"
# Moodle answers every validation failure with the same text, mostly because somebody has no gradable role.
NOT_GRADABLE = r"incorrect score received|not (a )?student|gradable|user"


class Refused(Exception):  # noqa: N818 - the answer of a gradebook, not a fault
    """The gradebook will not take this, or there is none; `code` is the word for staff."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class _Target:
    """Whose cell, in which link's gradebook."""

    registration: Registration
    place: str
    item: str
    resource_link: str
    sub: str
    endpoint: Mapping[str, Any]
    line_items: Mapping[str, str]
    differs: Platform = field(default_factory=Platform)

    @property
    def scopes(self) -> frozenset[str]:
        """What the last launch said we may do."""
        told = self.endpoint.get("scope")
        return frozenset(told) if isinstance(told, list) else frozenset()


class LtiGradebook:
    """`Gradebook` over the assignment and grade services of one registration."""

    def __init__(self, tool: Tool, registration: str) -> None:
        self._tool = tool
        self._registration = registration

    def send(
        self, cell: Cell, *, value: Decimal | None, maximum: Decimal, stamp: datetime, title: str
    ) -> Answer:
        """Write or clear one person's score in the column of its component."""
        try:
            target = self._target(cell)
            self._need(target, AGS + "score")
        except Refused as refused:
            return Answer("refused", refused.code)
        item = ""
        try:
            item = self._line_item(target, cell.component, title)
            body = _score(cell, target, value, maximum, stamp)
            try:
                self._post(target, item, body)
            except ServiceError as error:
                if error.status != 404:
                    raise
                # The column was deleted, or the course is a copy: look for ours, by our own id.
                item = self._line_item(target, cell.component, title, known=item)
                self._post(target, item, body)
            return Answer("ok")
        except Refused as refused:
            return Answer("refused", refused.code)
        except ServiceError as error:
            return self._answer_to(error, target, item)
        except ScopeMissing:
            return Answer("refused", "scope_missing")
        except Forbidden as error:
            return Answer("refused", error.reason)
        except Unreachable as error:
            return Answer("later", error.reason)

    def _target(self, cell: Cell) -> _Target:
        activity = TABLES["coursecrew_activity"]
        with self._tool.begin() as connection:
            registration = registrations.get(connection, self._registration)
            place = connection.execute(
                select(PLACE)
                .join(activity, activity.c.place == PLACE.c.id)
                .where(
                    activity.c.id == cell.activity,
                    activity.c.tenant == self._registration,
                    PLACE.c.registration == self._registration,
                )
            ).first()
            sub = connection.execute(
                select(USER.c.sub).where(USER.c.id == cell.person, USER.c.registration == self._registration)
            ).scalar()
        if registration is None or not registration.active:
            raise Refused("registration_disabled")
        if not sub:
            raise Refused("person_unknown")
        if place is None or not place.gradebook:
            raise Refused("no_gradebook")
        return _Target(
            registration, place.id, place.item, place.resource_link or "", sub, place.gradebook,
            place.line_items, platform(registration.family),
        )  # fmt: skip

    def _need(self, target: _Target, *scopes: str) -> list[str]:
        """Those of the scopes that the launch gave; at least one has to be there."""
        given = [scope for scope in scopes if scope in target.scopes]
        if not given:
            raise Refused("scope_missing")
        return given

    def _connector(self, target: _Target) -> Connector:
        return self._tool.connector(target.registration)

    def _post(self, target: _Target, item: str, body: str) -> None:
        self._connector(target).request(
            "POST", below(item, "scores"), self._need(target, AGS + "score"), data=body,
            content_type=SCORE_TYPE, accept="application/json",
        )  # fmt: skip

    # --- line items ---

    def _line_item(self, target: _Target, component: Component, title: str, known: str = "") -> str:
        """The address of a component's column; `known` is one that is gone."""
        kept = target.line_items.get(component.value, "")
        if kept and kept != known:
            return kept
        found = self._find(target, component)
        if found == known:
            found = ""
        found = found or self._make(target, component, title)
        self._keep(target, component, found)
        return found

    def _find(self, target: _Target, component: Component) -> str:
        """Ours is known by our id and the component's tag, so that a copied course gets no second one."""
        wanted = {"resource_id": as_uuid(target.item), "tag": component.value}
        items = [
            item
            for item in self._items(target, **wanted)
            if _is(item, "resourceId", wanted["resource_id"]) and _is(item, "tag", component.value)
        ]
        here = [item for item in items if _is(item, "resourceLinkId", target.resource_link)]
        # A column that belongs to another link is a copy's or an original's: not ours to write into.
        free = [item for item in items if not item.get("resourceLinkId")]
        for item in [*here, *free]:
            return str(item["id"])
        if component is Component.TOTAL and target.resource_link:
            declared = [
                item
                for item in self._items(target, resource_link_id=target.resource_link)
                if _is(item, "resourceLinkId", target.resource_link) and not item.get("tag")
            ]
            if len(declared) == 1:
                return str(declared[0]["id"])
        return ""

    def _items(self, target: _Target, **filters: str) -> Iterator[dict[str, Any]]:
        first = target.endpoint.get("lineitems")
        if not isinstance(first, str):
            return
        scopes = self._need(target, AGS + "lineitem", AGS + "lineitem.readonly")
        connector = self._connector(target)

        def read(url: str) -> tuple[Any, str | None]:
            answer = connector.request("GET", url, scopes, accept=ITEMS_TYPE)
            return answer.json(), next_link(answer.headers.get("Link", ""), url)

        for page in pages(with_query(first, **filters), read):
            if not isinstance(page, list):
                raise Unreachable("malformed")
            yield from (item for item in page if isinstance(item, dict) and isinstance(item.get("id"), str))

    def _make(self, target: _Target, component: Component, title: str) -> str:
        first = target.endpoint.get("lineitems")
        if not isinstance(first, str):
            raise Refused("no_gradebook")
        if AGS + "lineitem" not in target.scopes:
            raise Refused("scope_missing")
        item = LineItem()
        item.set_label(_label(title, component)).set_score_maximum(100)
        item.set_resource_id(as_uuid(target.item)).set_tag(component.value)
        if target.resource_link:
            item.set_resource_link_id(target.resource_link)
        answer = self._connector(target).request(
            "POST", first, [AGS + "lineitem"], data=item.get_value(), content_type=ITEM_TYPE, accept=ITEM_TYPE
        )
        made = answer.json()
        if not isinstance(made, dict) or not isinstance(made.get("id"), str):
            raise Unreachable("malformed")
        return str(made["id"])

    def _keep(self, target: _Target, component: Component, address: str) -> None:
        with self._tool.begin() as connection:
            row = connection.execute(
                select(PLACE.c.line_items).where(PLACE.c.id == target.place).with_for_update()
            ).one()
            items = {**row.line_items, component.value: address}
            connection.execute(update(PLACE).where(PLACE.c.id == target.place).values(line_items=items))

    # --- answers ---

    def _answer_to(self, error: ServiceError, target: _Target, item: str) -> Answer:
        """What a platform's refusal means for the delivery."""
        status = error.status
        if status == 409 or (status == 400 and error.says(OLD_STAMP)):
            return Answer("older", "older_stamp", stamp=self._stamp_of(target, item))
        if status == 429 or (status == 403 and error.says("rate limit")):
            return Answer("later", "rate_limit", wait_seconds=error.retry_after)
        if status >= 500 or status == 401 or status == 408:
            return Answer("later", f"status_{status}", wait_seconds=error.retry_after)
        if status == 422 or (status == 400 and error.says(NOT_GRADABLE)):
            return Answer("refused", "not_gradable")
        if status == 404:
            return Answer("refused", "needs_rebind")
        if status == 403:
            return Answer("refused", "not_permitted")
        return Answer("refused", f"status_{status}")

    def _stamp_of(self, target: _Target, item: str) -> datetime | None:
        """The stamp that the gradebook has, where its results tell one (the specification has none)."""
        if AGS + "result.readonly" not in target.scopes:
            return None
        url = below(item, "results")
        url = (
            below(url, target.sub) if target.differs.results_by_path else with_query(url, user_id=target.sub)
        )
        try:
            answer = self._connector(target).request(
                "GET", url, [AGS + "result.readonly"], accept=RESULTS_TYPE
            )
            told = answer.json()
        except Unreachable:
            return None
        results = told if isinstance(told, list) else [told]
        for result in results:
            if isinstance(result, dict) and same(str(result.get("userId", "")), target.sub):
                return _moment(result.get("timestamp"))
        return None


def _is(item: Mapping[str, Any], name: str, value: str) -> bool:
    return bool(value) and item.get(name) == value


def _label(title: str, component: Component) -> str:
    title = title or "Coursecrew"
    return title if component is Component.TOTAL else f"{title}: {component.value}"


def _score(cell: Cell, target: _Target, value: Decimal | None, maximum: Decimal, stamp: datetime) -> str:
    """The score as JSON.

    Only a finished grade is "FullyGraded"; anything else makes Moodle erase what stands there, and
    that is what clearing wants. The comment goes along each time, since a score without one clears
    the old comment.
    """
    grade = Grade()
    grade.set_user_id(target.sub).set_timestamp(_written(stamp)).set_activity_progress("Completed")
    if value is None:
        grade.set_grading_progress("PendingManual")
    else:
        grade.set_grading_progress("FullyGraded").set_score_given(_plain(value))
        grade.set_score_maximum(_plain(maximum))
        if cell.comment:
            grade.set_comment(cell.comment)
    if cell.handed_in_at is not None:
        grade.set_submitted_at(_written(cell.handed_in_at))
    extension = {name: dict(members) for name, members in target.differs.score_extension}
    if CANVAS_SUBMISSION in extension and cell.handed_in_at is not None:
        extension[CANVAS_SUBMISSION]["submitted_at"] = _written(cell.handed_in_at)
    if extension:
        grade.set_extra_claims(extension)
    body = json.loads(grade.get_value())
    # The library writes `startedAt: null` away already; whole numbers stay whole for strict readers.
    return json.dumps(body)


def _written(moment: datetime) -> str:
    """With milliseconds and an offset; the library's own way has neither for some moments."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def _plain(number: Decimal) -> float:
    return int(number) if number == number.to_integral_value() else float(number)


def _moment(told: object) -> datetime | None:
    if not isinstance(told, str):
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
