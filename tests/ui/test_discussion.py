"""The discussion on its screens; the contribution log and the identity card beside it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from coursecrew.app import discussion
from coursecrew.app.records import DRAFT_VERSIONS, IDENTITY_CARDS, POSTS, READ_MARKS, REMARKS
from coursecrew.app.teams import join_team
from coursecrew.app.unit_of_work import run
from coursecrew.domain.people import Actor
from coursecrew.ui.routes import ROUTES
from tests.builders import AMARA, INES, LINH, MEHMET, TOMAS
from tests.ui.parts import Part, ask, faults, words_of
from tests.ui.spaces import FEMI, FEMIS, HELPS, MONA, NOOR, POST, PRONOUNS, REPLY, Space, a_space


def press(made: Space, who: Actor, path: str, **form: str) -> str:
    response = ask(made.ports, who, path, {"request_key": f"{path}{form}", **form})
    assert response.status == 200, words_of(response)
    assert faults(response) == []
    return words_of(response)


def read(made: Space, who: Actor, path: str, **query: str) -> str:
    return words_of(ask(made.ports, who, made.path(path), query=query))


def test_who_can_read_stands_on_top_of_every_page_of_a_discussion() -> None:
    made = a_space()
    for path in ("discussion", "discussion/<id>", "decisions"):
        shown = read(made, AMARA, path)
        assert "Blue Ledger and the course staff can read this." in shown.partition(REPLY)[0]


def test_a_mentor_who_was_added_stands_on_top_by_name_and_reads() -> None:
    made = a_space()
    path = "teams/<id>/discussion/<post>"
    assert ask(made.ports, MONA, made.path(path)).status == 403
    shown = press(made, LINH, "discussion/mentor", person=MONA.person, reads="yes")
    assert "Blue Ledger, its mentor Mona and the course staff can read this." in shown
    assert POST in read(made, MONA, path)
    assert "Discussion" in read(made, MONA, f"mentoring/{made.blue.id}")
    press(made, AMARA, "discussion/mentor", person=MONA.person, reads="no")
    assert ask(made.ports, MONA, made.path(path)).status == 403


def test_a_thread_is_begun_answered_and_told() -> None:
    made = a_space()
    shown = press(made, TOMAS, "discussion/new", title="Who calls?", text="@Linh, **you**?")
    assert "Who calls?" in shown
    first = made.ports.rows(POSTS, author=TOMAS.person)[-1]
    assert first.mentions == (LINH.person,)
    shown = press(made, LINH, f"discussion/{first.id}/reply", text="I do.")
    assert "names you" in shown
    assert "I do." in shown


def test_what_was_typed_comes_back_when_a_post_is_refused() -> None:
    made = a_space()
    answer = ask(made.ports, AMARA, "discussion/new", {"request_key": "k", "title": "", "text": "Long words"})
    assert answer.status == 422
    assert Part.of(answer).areas["text"] == "Long words"


def test_a_post_that_is_too_old_to_change_says_so_and_keeps_the_text() -> None:
    made = a_space()
    made.ports.clock.advance(minutes=16)
    page = read(made, AMARA, "discussion/<id>")
    assert "Change" not in page
    answer = ask(made.ports, AMARA, f"discussion/{made.thread.id}/edit", {"request_key": "k", "text": "Late"})
    assert answer.status == 409
    assert "15 minutes" in words_of(answer)


def test_a_deleted_post_leaves_a_line_and_none_of_its_words() -> None:
    made = a_space()
    shown = press(made, AMARA, f"discussion/{made.thread.id}/delete")
    assert "Deleted by its writer" in shown
    assert POST not in shown
    assert REPLY in shown
    for path in ("team", "discussion", "discussion/<id>"):
        assert POST not in read(made, LINH, path)


def test_a_decision_is_pinned_stands_on_the_home_and_is_unpinned() -> None:
    made = a_space()
    press(made, LINH, f"discussion/{made.thread.id}/pin", decided="yes")
    assert f"Decided: The {POST}." in read(made, TOMAS, "team")
    assert "pinned by Linh" in read(made, TOMAS, "decisions")
    press(made, LINH, f"discussion/{made.thread.id}/pin", decided="no")
    assert f"Decided: The {POST}." not in read(made, TOMAS, "team")


def test_new_posts_are_counted_on_the_home_until_read() -> None:
    made = a_space()
    made.ports.clock.advance(minutes=1)
    run(made.ports, discussion.reply, LINH, made.activity.id, made.thread.id, text="One more.")
    assert "Discussion (1 new)" in read(made, AMARA, "team")
    page = ask(made.ports, AMARA, "discussion")
    assert "new" in words_of(page)
    until = re.search(r'name="until" value="([^"]+)"', str(page.body))
    assert until
    press(made, AMARA, "discussion/read", until=until[1])
    assert made.ports.rows(READ_MARKS, person=AMARA.person)
    assert "Discussion (1 new)" not in read(made, AMARA, "team")
    assert "I have read all of it" not in read(made, AMARA, "discussion")


def test_a_version_of_the_draft_is_linked_for_members_and_named_for_staff() -> None:
    made = a_space()
    version = made.ports.rows(DRAFT_VERSIONS)[0]
    press(made, AMARA, f"discussion/{made.thread.id}/reply", text="Look", linked=version.id)
    member = ask(made.ports, AMARA, made.path("discussion/<id>"))
    assert f"#/versions/{version.id}" in Part.of(member).links
    staff = ask(made.ports, INES, made.path("teams/<id>/discussion/<post>"))
    assert "Version 1 of the draft" in words_of(staff)
    assert not [link for link in Part.of(staff).links if "versions" in link]


def test_a_long_thread_is_read_from_its_end_and_back_page_by_page() -> None:
    made = a_space()
    for number in range(120):
        made.ports.clock.advance(seconds=1)
        run(made.ports, discussion.reply, LINH, made.activity.id, made.thread.id, text=f"Answer {number}.")
    page = ask(made.ports, AMARA, made.path("discussion/<id>"))
    assert "Answer 119." in words_of(page)
    assert "Answer 69." not in words_of(page)
    (back,) = [link for link in Part.of(page).links if "?before=" in link]
    earlier = read(made, AMARA, "discussion/<id>", before=back.rpartition("=")[2])
    assert "Answer 69." in earlier
    assert "The newest answers" in earlier


def test_a_leaver_reads_their_own_posts_and_nothing_else_and_somebody_new_reads_all() -> None:
    made = a_space()
    kept = read(made, FEMI, "kept")
    assert FEMIS in kept
    assert POST not in kept
    assert "What you wrote in your teams" in read(made, FEMI, "privacy")
    run(made.ports, join_team, NOOR, made.activity.id, made.blue.id)
    shown = read(made, NOOR, "discussion/<id>")
    assert all(word in shown for word in (POST, FEMIS, REPLY))


# --- who did what ---


def test_the_log_says_first_that_it_is_no_score_and_keeps_ones_own_words() -> None:
    made = a_space()
    shown = press(made, TOMAS, "contributions/remark", remark="I asked the engineers.")
    assert shown.index("This is never a score.") < shown.index("Edits")
    assert "I asked the engineers." in read(made, INES, "teams/<id>/contributions")
    press(made, TOMAS, "contributions/remark", remark="")
    assert made.ports.rows(REMARKS, person=TOMAS.person) == []


# --- the card ---


@pytest.mark.parametrize(
    ("who", "path"),
    [(AMARA, "team"), (INES, "teams/<id>"), (MONA, "mentoring/<id>")],
    ids=["member", "staff", "mentor"],
)  # fmt: skip
def test_team_mates_mentor_and_staff_see_the_card_and_nobody_what_is_hidden(who: Actor, path: str) -> None:
    made = a_space()
    shown = read(made, who, path.replace("mentoring/<id>", f"mentoring/{made.blue.id}"))
    assert "Tom Tomás" in shown
    assert f"Can help with: {HELPS} maps" in shown
    assert PRONOUNS not in shown
    row = shown[shown.index("Tom Tomás") : shown.index(HELPS)]
    assert "UTC" not in row


def test_whoever_is_not_of_the_team_sees_a_name_and_nothing_of_the_card() -> None:
    made = a_space()
    for who in (MEHMET, NOOR):
        shown = read(made, who, "team")
        assert HELPS not in shown
        assert PRONOUNS not in shown


def test_a_hidden_field_is_in_no_answer_to_anybody_but_its_owner() -> None:
    made = a_space()
    for route in ROUTES:
        if route.method == "GET" and "<" not in route.path.replace("<id>", ""):
            for who in (AMARA, LINH, INES, MONA, MEHMET):
                try:
                    answer = ask(made.ports, who, made.path(route.path))
                except KeyError:
                    continue
                assert PRONOUNS not in str(answer.body), (route.path, who.name)
    assert PRONOUNS in str(ask(made.ports, TOMAS, "card/me").body)
    assert PRONOUNS not in " ".join(m.text + m.html for _to, m in made.ports.mailer.outbox)


def test_a_card_is_written_hidden_and_shown_again() -> None:
    made = a_space()
    press(made, LINH, "card/me", pronouns="they/them", hide_pronouns="yes", helps="Figures", hide_zone="yes")
    (card,) = made.ports.rows(IDENTITY_CARDS, person=LINH.person)
    assert (card.pronouns, card.hidden) == ("they/them", ("pronouns",))
    assert "they/them" not in read(made, AMARA, "team")
    press(made, LINH, "card/me", pronouns="they/them", helps="Figures")
    assert "they/them" in read(made, AMARA, "team")


def test_a_link_that_is_none_is_refused_beside_its_field() -> None:
    made = a_space()
    answer = ask(made.ports, LINH, "card/me", {"request_key": "k", "link": "javascript:steal()"})
    assert answer.status == 422
    assert "A link begins with https://" in words_of(answer)


def test_a_decision_by_somebody_whose_time_is_over_is_read_in_the_readers_own_time() -> None:
    made = a_space()
    made.ports.clock.advance(timedelta(days=3))
    assert "Wed 11 Nov, 12:00" in read(made, AMARA, "decisions")
