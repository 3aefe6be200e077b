"""Identity cards: one's own to write, and those of the people on a page to show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from coursecrew.app.records import ACTIVITIES, IDENTITY_CARDS, PARTICIPANTS
from coursecrew.app.teams import participant_of
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.activities import Activity
from coursecrew.domain.errors import NotFound
from coursecrew.domain.identity import IdentityCard, checked_card
from coursecrew.domain.people import Actor, Participant
from coursecrew.domain.permissions import Action, Subject, require


@dataclass(frozen=True)
class OwnCard:
    """One's own card, with everything on it, and the record it belongs to."""

    participant: Participant
    card: IdentityCard | None


def own_card(unit: UnitOfWork, actor: Actor, activity_id: str) -> OwnCard:
    """The actor's own card, to change it."""
    _activity, participant = _own(unit, actor, activity_id)
    return OwnCard(participant, _card(unit, participant))


def write_card(
    unit: UnitOfWork,
    actor: Actor,
    activity_id: str,
    *,
    chosen_name: str = "",
    pronouns: str = "",
    helps: str = "",
    link: str = "",
    hidden: Iterable[str] = (),
    shows_zone: bool = True,
) -> IdentityCard:
    """Write one's own card; it holds in all activities of the course."""
    _activity, participant = _own(unit, actor, activity_id)
    wanted = checked_card(chosen_name=chosen_name, pronouns=pronouns, helps=helps, link=link, hidden=hidden)
    if participant.shows_zone != shows_zone:
        unit.store.save(PARTICIPANTS, replace(participant, shows_zone=shows_zone))
    old = _card(unit, participant)
    card = IdentityCard(
        unit.new_id(), participant.course, participant.person, wanted.chosen_name, wanted.pronouns,
        wanted.helps, wanted.link, wanted.hidden, unit.now,
    )  # fmt: skip
    if old:
        return unit.store.save(IDENTITY_CARDS, replace(card, id=old.id, version=old.version))
    return unit.store.add(IDENTITY_CARDS, card)


def cards_of(unit: UnitOfWork, course: str, people: Iterable[str]) -> dict[str, IdentityCard]:
    """The cards of these people, by key: one query. Rights are the caller's to check.

    What is hidden on them stays in the row: show fields by `IdentityCard.shown` only.
    """
    keys = sorted(set(people))
    if not keys:
        return {}
    found = unit.store.find(IDENTITY_CARDS, course=course, person=keys, limit=len(keys))
    return {card.person: card for card in found}


def _own(unit: UnitOfWork, actor: Actor, activity_id: str) -> tuple[Activity, Participant]:
    activity = unit.store.get(ACTIVITIES, activity_id)
    participant = participant_of(unit, actor.course, actor.person)
    require(actor, Action.WRITE_CARD, Subject(takes_part=bool(participant and participant.takes_part)))
    if participant is None:
        raise NotFound("person")
    return activity, participant


def _card(unit: UnitOfWork, participant: Participant) -> IdentityCard | None:
    found = unit.store.find(IDENTITY_CARDS, course=participant.course, person=participant.person, limit=1)
    return found[0] if found else None
