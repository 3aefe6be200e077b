"""The peer reviews of the workbench can be used as they stand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.openedx.conftest import Course

pytestmark = pytest.mark.django_db(transaction=True)
BLOCK = "coursecrew_peer_review"


@pytest.mark.parametrize(
    ("number", "words"), [(1, "Write your own work"), (2, "Nothing for you to review here")]
)
def test_each_ready_made_peer_review_opens_for_learner_and_staff(
    course: Course, number: int, words: str
) -> None:
    from workbench import scenarios

    from coursecrew_peer_review.block import PeerReviewBlock

    scenarios.add_class_scenarios(BLOCK, PeerReviewBlock, fail_silently=False)
    assert course.get("ines").status_code == 200  # the assignment beside it has been opened
    here = replace(course, scenario=f"{BLOCK}.{number}")
    shown = here.get("amara")
    assert shown.status_code == 200
    assert words in shown.content.decode()
    room = here.get("ines")
    assert room.status_code == 200
    assert "No work is here yet" in room.content.decode()
