"""The versions of a draft as rows: kept at each save, folded, sealed, and found as the base of a merge.

Somebody who writes for an hour makes hundreds of autosaves. Those of one author within ten minutes
count as one version; the earlier of them stay for two days as "folded", so that whoever wrote upon
one of them (offline, perhaps) still merges against what they saw. Rights are the caller's to check.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from coursecrew.app.records import DRAFT_VERSIONS
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.submissions import FOLD_WITHIN, SHOWN, Draft, DraftVersion, VersionKind, Work

FOLDED_LAST = timedelta(days=2)
AT_ONCE = 100
# What is a state of the draft itself, and so can be what somebody began from.
STATES = [kind.value for kind in VersionKind if kind is not VersionKind.KEPT]
SHOWN_KINDS = [kind.value for kind in SHOWN]


def keep_version(
    unit: UnitOfWork,
    work: Work,
    draft: Draft,
    author: str,
    kind: VersionKind = VersionKind.SAVED,
    *,
    source: int = 0,
) -> DraftVersion:
    """Write down the draft as it is now; the author's own autosaves before it are folded into it."""
    since = unit.now
    if kind in (VersionKind.AUTO, VersionKind.SAVED):
        found = unit.store.find(DRAFT_VERSIONS, work=work.id, kind=STATES, order="newest", limit=1)
        last = found[0] if found else None
        if last and _folds(last, author, unit):
            since = last.since or last.at
            unit.store.save(DRAFT_VERSIONS, replace(last, kind=VersionKind.FOLDED.value))
    version = DraftVersion(
        unit.new_id(), work.id, draft.number, draft.texts, author, unit.now, kind.value, since, source
    )
    return unit.store.add(DRAFT_VERSIONS, version)


def _folds(last: DraftVersion, author: str, unit: UnitOfWork) -> bool:
    return (
        last.kind == VersionKind.AUTO.value
        and last.author == author
        and not last.shared
        and unit.now - (last.since or last.at) <= FOLD_WITHIN
    )


def base_texts(unit: UnitOfWork, work: Work, number: int) -> Mapping[str, str]:
    """The texts of that version, or of the nearest earlier one that is left; empty for the beginning.

    An earlier state serves as the base of a merge as well: what both texts share counts as one edit.
    """
    if number < 1:
        return {}
    beyond = DraftVersion("g", work.id, number + 1, {}, "", unit.now)
    found = unit.store.find(DRAFT_VERSIONS, work=work.id, kind=STATES, order="newest", after=beyond, limit=1)
    return found[0].texts if found else {}


def mark_sealed(unit: UnitOfWork, work: Work, number: int) -> None:
    """The version that was handed in stays a version for ever, however it came about."""
    for row in unit.store.find(DRAFT_VERSIONS, work=work.id, number=number, kind=STATES, limit=5):
        unit.store.save(DRAFT_VERSIONS, replace(row, kind=VersionKind.SEALED.value))


def forget_folded(unit: UnitOfWork) -> int:
    """Remove folded autosaves nobody can still be writing upon, some at a time; returns how many."""
    rows = unit.store.find(DRAFT_VERSIONS, kind=VersionKind.FOLDED.value, order="oldest", limit=AT_ONCE)
    old = [row for row in rows if unit.now - row.at > FOLDED_LAST]
    for row in old:
        unit.store.remove(DRAFT_VERSIONS, row.id)
    return len(old)
