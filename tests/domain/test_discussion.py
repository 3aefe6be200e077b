"""Posts: who is named with an @, what is refused, and how long a post may be changed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coursecrew.domain.contributions import Effort, edited, words_changed
from coursecrew.domain.discussion import Post, checked_post, checked_title, mentions_in
from coursecrew.domain.errors import Invalid
from coursecrew.domain.identity import IdentityCard, checked_card
from tests.builders import START

NAMES = {
    "t": ("Tomás Rivera", ""), "l": ("Vũ Thùy Linh", "Linh"), "a": ("Amara Okafor", ""),
    "b": ("Amara Bello", "Bel"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@Tomás Rivera, can you?", ("t",)),
        ("ask @tomás. Then @LINH!", ("t", "l")),
        ("@Tomás's figures and @Vũ Thùy Linh", ("t", "l")),
        ("@Amara Okafor but not the other", ("a",)),
        ("@Amara is two people", ()),
        ("@Bel", ("b",)),
        ("@Bello is no name of anybody", ()),
        ("mail me at linh@tomás.example", ()),
        ("@ nobody, and @@", ()),
        ("@Tomás and @tomás again", ("t",)),
    ],
)
def test_an_at_names_a_person_by_whole_or_first_name(text: str, named: tuple[str, ...]) -> None:
    assert mentions_in(text, NAMES) == named


def test_a_post_may_be_changed_for_fifteen_minutes() -> None:
    post = Post("p", "a", "t", "x", "Hello", START, START)
    assert post.edit_until() == START + timedelta(minutes=15)


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 10_001])
def test_a_blank_or_endless_post_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        checked_post(text)


@pytest.mark.parametrize("title", ["", " ", "x" * 121])
def test_a_thread_needs_a_short_title(title: str) -> None:
    with pytest.raises(Invalid):
        checked_title(title)


# --- the contribution log ---


def test_words_count_where_they_are_new_and_not_where_they_only_moved() -> None:
    assert words_changed({"p": "a b c"}, {"p": "c b a"}) == 0
    assert words_changed({"p": "a b"}, {"p": "a b b c"}) == 2
    assert words_changed({"p": "a b"}, {"p": "a"}) == 0
    assert words_changed({}, {"p": "a b", "q": "c"}) == 3
    assert words_changed({"p": "a", "gone": "b"}, {"p": "a"}) == 0


def test_saves_within_ten_minutes_are_one_edit() -> None:
    effort = Effort("e", "a", "t", "p", 3, 40, START)
    assert edited(effort, 5, START + timedelta(minutes=9)) == (3, 45)
    assert edited(effort, 5, START + timedelta(minutes=10)) == (4, 45)


# --- the identity card ---


def card(**more: object) -> dict[str, object]:
    return {"chosen_name": "", "pronouns": "", "helps": "", "link": "", "hidden": (), **more}


def test_a_hidden_field_is_shown_to_nobody_and_an_unknown_one_cannot_be_hidden() -> None:
    wanted = checked_card(**card(pronouns="they", hidden=("pronouns", "chosen_name")))  # type: ignore[arg-type]
    assert wanted.hidden == ("pronouns",)
    kept = IdentityCard("i", "c", "p", pronouns="they", helps="maps", hidden=wanted.hidden)
    assert kept.shown("pronouns") == ""
    assert kept.shown("helps") == "maps"


@pytest.mark.parametrize(
    "link",
    ["javascript:steal()", "example.org", "https://", "https://a b", "data:text/html,x", "ftp://a.org"],
)
def test_a_link_is_a_web_address(link: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_card(**card(link=link))  # type: ignore[arg-type]
    assert refused.value.problems[0].code == "not_a_link"


@pytest.mark.parametrize(("name", "most"), [("chosen_name", 60), ("pronouns", 40), ("helps", 200)])
def test_fields_have_an_end(name: str, most: int) -> None:
    with pytest.raises(Invalid) as refused:
        checked_card(**card(**{name: "x" * (most + 1)}))  # type: ignore[arg-type]
    assert refused.value.problems[0].field == name
