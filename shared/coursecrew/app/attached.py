"""Which files lie in a team's draft and which were sealed into a submission, as rows.

Rights are the caller's to check.
"""

from __future__ import annotations

from coursecrew.app.records import SEALED_FILES, TEAM_FILES
from coursecrew.app.unit_of_work import UnitOfWork
from coursecrew.domain.team_files import MOST_FILES, SealedFile, TeamFile


def files_of_team(unit: UnitOfWork, activity_id: str, team_id: str) -> list[TeamFile]:
    """What lies in a team's draft, oldest first."""
    return unit.store.find(TEAM_FILES, activity=activity_id, team=team_id, state="here", limit=MOST_FILES)


def count_files(unit: UnitOfWork, activity_id: str, team_id: str) -> int:
    """How many files and links lie in a team's draft."""
    return unit.store.count(TEAM_FILES, activity=activity_id, team=team_id, state="here")


def files_of_submission(unit: UnitOfWork, submission_id: str) -> list[TeamFile]:
    """What was handed in with a submission."""
    sealed = unit.store.find(SEALED_FILES, submission=submission_id, limit=MOST_FILES)
    if not sealed:
        return []
    return unit.store.find(TEAM_FILES, id=[row.file for row in sealed], limit=MOST_FILES)


def seal_files(unit: UnitOfWork, activity_id: str, team_id: str, submission_id: str) -> None:
    """Hand in what lies in the draft together with its text."""
    for row in files_of_team(unit, activity_id, team_id):
        unit.store.add(SEALED_FILES, SealedFile(unit.new_id(), submission_id, row.id))
