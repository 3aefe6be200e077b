"""Sentences, dates and numbers, and catalogues that say what the source says."""

from __future__ import annotations

import gettext
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from coursecrew.ui.reader import LOCALE, Reader, translations, zone
from tests import write_catalogue
from tests.write_catalogue import LANGUAGES, as_mo, as_po, in_language, po, template

NOW = datetime(2026, 11, 24, 15, 40, tzinfo=UTC)
LAGOS = Reader("en", zone("Africa/Lagos"), NOW)


@pytest.fixture(scope="module")
def source():
    return template()


def test_the_template_holds_exactly_the_sentences_of_the_source(source) -> None:
    assert (LOCALE / "coursecrew.pot").read_bytes() == as_po(source), "run: python -m tests.write_catalogue"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_catalogue_has_every_sentence_and_is_compiled_as_it_stands(language: str, source) -> None:
    catalogue = in_language(language, source)
    assert po(language).read_bytes() == as_po(catalogue), "run: python -m tests.write_catalogue"
    assert po(language).with_suffix(".mo").read_bytes() == as_mo(catalogue), (
        "run: python -m tests.write_catalogue"
    )


def test_sentences_of_templates_and_of_python_are_both_collected(source) -> None:
    said = {message.id if isinstance(message.id, str) else message.id[0] for message in source}
    assert "Nothing of yours is lost. Choose where you both changed the same." in said  # errors.py
    assert "What it means for each of you" in said  # a template
    assert "%(num)s seat free" in said  # a plural in a template
    assert "<b>Nothing is left to do,</b> and nobody waits for you." in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_can_be_filled_in(language: str) -> None:
    with po(language).with_suffix(".mo").open("rb") as file:
        sentences = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    for sentence in sentences.values():
        places = dict.fromkeys(re.findall(r"%\((\w+)\)s", sentence), "x")
        assert "%(" not in sentence % places


def test_a_sentence_that_nobody_translated_is_shown_in_english() -> None:
    assert translations("eo").gettext("Waiting") == "Waiting"
    assert Reader("xx-YY", zone("UTC"), NOW).gettext("Nothing to do now") == "Nothing to do now"


def test_values_in_a_sentence_with_marks_are_made_safe() -> None:
    assert LAGOS.markup("<b>%(name)s</b>", name="<i>Ann</i>") == "<b>&lt;i&gt;Ann&lt;/i&gt;</b>"


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 25, 17, tzinfo=UTC), "tomorrow, Wed 25 Nov, 18:00"),
        (datetime(2026, 11, 24, 17, tzinfo=UTC), "today, 18:00"),
        (datetime(2026, 11, 27, 17, tzinfo=UTC), "Fri 27 Nov, 18:00"),
        (datetime(2027, 1, 4, 23, 30, tzinfo=UTC), "Tue 5 Jan 2027, 00:30"),
    ],
)
def test_a_deadline_is_said_on_the_readers_clock(moment: datetime, said: str) -> None:
    assert LAGOS.deadline(moment) == said


def test_a_deadline_names_the_zone_and_what_is_left() -> None:
    line = re.sub("<[^>]+>", "", LAGOS.by(NOW + timedelta(hours=25)))
    assert line == "by tomorrow, Wed 25 Nov, 17:40 Lagos time · in 25 hours"


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=20), "1 minute"),
        (timedelta(minutes=59), "59 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(hours=49), "2 days"),
    ],
)
def test_a_length_is_said_in_the_unit_people_would_choose(length: timedelta, said: str) -> None:
    assert LAGOS.span(length) == said


def test_somebody_elses_time_is_said_with_their_place() -> None:
    assert LAGOS.now_in("Asia/Ho_Chi_Minh") == "Ho Chi Minh, 22:40"
    assert LAGOS.now_in("UTC") == "UTC, 15:40"
    assert LAGOS.now_in("Mars/Olympus") == "Olympus, 15:40"


def test_names_are_listed_as_one_would_say_them() -> None:
    assert [LAGOS.listed(list(names)) for names in ("", "A", "AB", "ABC")] == [
        "",
        "A",
        "A and B",
        "A, B and C",
    ]


@pytest.mark.parametrize(
    ("number", "shown", "short", "signed"),
    [
        (Decimal("82.785"), "82.79", "82.79", "+82.79"),
        (Decimal("-10"), "-10.00", "-10", "−10.00"),
        (Decimal("0"), "0.00", "0", "0.00"),
        (Decimal("2.50"), "2.50", "2.5", "+2.50"),
        (Decimal("100"), "100.00", "100", "+100.00"),
    ],
)
def test_numbers_are_rounded_half_up_and_only_when_shown(
    number: Decimal, shown: str, short: str, signed: str
) -> None:
    assert (LAGOS.grade(number), LAGOS.points(number), LAGOS.signed(number)) == (shown, short, signed)


def test_a_sign_stays_before_its_number_where_text_runs_from_right_to_left() -> None:
    arabic = Reader("ar", zone("UTC"), NOW)
    assert arabic.direction == "rtl"
    assert arabic.signed(Decimal(-10)) == "\u2066−10.00\u2069"


def test_the_sources_named_for_the_catalogue_exist() -> None:
    assert all((write_catalogue.ROOT / folder).is_dir() for folder in write_catalogue.SOURCES)
