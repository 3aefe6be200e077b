"""A draft with a long past costs no more queries than a young one."""

from __future__ import annotations

from collections import Counter

import pytest

from coursecrew.app.memory import MemoryPorts
from coursecrew.app.records import ACTIVITIES, DRAFT_VERSIONS, DRAFTS, SEALED_FILES, TEAM_FILES, WORKS
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.submissions import Draft, DraftVersion
from coursecrew.domain.team_files import MOST_FILES, SealedFile, TeamFile
from tests.builders import AMARA, INES, START, TOMAS, a_team, an_assignment, hand_in, world
from tests.ui.class_of import Counted
from tests.ui.parts import ask


def a_past(versions: int, files: int) -> tuple[MemoryPorts, str]:
    """Blue Ledger with so many versions, and files of which twenty lie in the draft and are handed in."""
    ports = world()
    activity = an_assignment(ports)
    team = a_team(ports, activity, AMARA, TOMAS, draft="The night flow is 30 %.")
    work = ports.rows(WORKS)[0]

    def fill(unit: UnitOfWork) -> None:
        draft: Draft = unit.store.find(DRAFTS, work=work.id)[0]
        for number in range(2, versions + 1):
            texts = {"where": f"The night flow is {number} %."}
            kind = "folded" if number % 3 else "auto"
            unit.store.add(
                DRAFT_VERSIONS,
                DraftVersion(unit.new_id(), work.id, number, texts, AMARA.person, START, kind),
            )
            draft = unit.store.save(DRAFTS, Draft(draft.id, work.id, number, texts, draft.version))
        for number in range(files):
            state = "here" if number < MOST_FILES else "gone"
            row = TeamFile(
                unit.new_id(), activity.course, activity.id, team.id, f"{number}.txt", "text/plain", 1, "",
                f"{number:032x}", "", cleaned=False, by=AMARA.person, at=START, state=state,
            )  # fmt: skip
            unit.store.add(TEAM_FILES, row)
            unit.store.add(SEALED_FILES, SealedFile(unit.new_id(), f"{number:032x}", row.id))

    run(ports, fill)
    return ports, activity.id


def calls(versions: int, files: int, path: str, who, *, sealed: bool) -> Counter[str]:
    ports, activity_id = a_past(versions, files)
    if sealed:
        submission = hand_in(ports, ports.rows(ACTIVITIES, id=activity_id)[0], AMARA, seen=versions)
        path = path.replace("<submission>", submission)
    path = path.replace("<work>", ports.rows(WORKS)[0].id)
    path = path.replace("<version>", ports.rows(DRAFT_VERSIONS)[-1].id)
    ask(ports, who, path)
    counted = Counted(ports)
    assert ask(counted.ports, who, path).status == 200
    return counted.calls


@pytest.mark.parametrize(
    ("path", "who", "sealed"),
    [
        ("draft", AMARA, False),
        ("draft/read", AMARA, False),
        ("files", AMARA, False),
        ("versions", AMARA, False),
        ("versions/<version>", AMARA, False),
        ("team", AMARA, False),
        ("hand-in", AMARA, False),
        ("submission/<submission>", AMARA, True),
        ("grading/<work>", INES, True),
    ],
)
def test_a_thousand_versions_and_two_hundred_files_cost_no_more_queries_than_ten(path, who, sealed) -> None:
    assert calls(1000, 200, path, who, sealed=sealed) == calls(10, 10, path, who, sealed=sealed)
