"""Hours of a week as people type them, and how they are said back."""

from __future__ import annotations

import pytest

from coursecrew.domain.hours import NO_HOURS, UnreadableHours, alike, read_hours, stretches


def said(week: str) -> str:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return "; ".join(
        f"{', '.join(days[day] for day in group)} {', '.join(map(str, free))}" for group, free in alike(week)
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Mon 18-21, Wed 6-8 and 20-22", "Mon 18–21; Wed 6–8, 20–22"),
        ("Mon and Tue 18–21; Sat 9-13", "Mon, Tue 18–21; Sat 9–13"),
        ("Mon-Fri 18-21", "Mon, Tue, Wed, Thu, Fri 18–21"),
        ("Fri-Mon 8-9", "Mon, Fri, Sat, Sun 8–9"),
        ("monday: 6-9pm", "Mon 18–21"),
        ("Mon 10am-2pm", "Mon 10–14"),
        ("Mon 12am-1am", "Mon 0–1"),
        ("weekend 9 to 12", "Sat, Sun 9–12"),
        ("Daily 20-21", "Mon, Tue, Wed, Thu, Fri, Sat, Sun 20–21"),
        ("Sun 22-2", "Mon 0–2; Sun 22–24"),
        ("Mon 0-24", "Mon 0–24"),
        ("Mon 18-19\nTue 18-19", "Mon, Tue 18–19"),
        ("", ""),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, meant: str) -> None:
    assert said(read_hours(text)) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Mon 18:30-21", "Mon 18–21"),
        ("Mon 18:31-21", "Mon 19–21"),
        ("Mon 18-20:30", "Mon 18–21"),
        ("Mon 18-20:29", "Mon 18–20"),
        ("Mon 18:15-18:30, Mon 18:45-19", "Mon 18–19"),
        ("Mon 18:45-19:15", ""),
    ],
)
def test_an_hour_counts_if_at_least_half_of_it_is_free(text: str, meant: str) -> None:
    assert said(read_hours(text)) == meant


def test_days_may_be_named_in_the_readers_language() -> None:
    days = {"lun": 0, "mié": 2}
    assert said(read_hours("lun 18-21 y mié. 6-8", days, {"y"})) == "Mon 18–21; Wed 6–8"


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("18-21", "hours_without_day", "18-21"),
        ("Mon", "hours_day_alone", "Mon"),
        ("Mon 18-21, Tue", "hours_day_alone", "Tue"),
        ("Mon-", "hours_day_alone", "Mon"),
        ("Mon 18-25", "hours_no_time", "18-25"),
        ("Mon 24:30-25", "hours_no_time", "24:30-25"),
        ("Mon 18:75-20", "hours_no_time", "18:75-20"),
        ("Mon 13pm-14pm", "hours_no_time", "13pm-14pm"),
        ("Mon 5-5", "hours_empty", "5-5"),
        ("Mon 18-21, Wed in the evening", "hours_unreadable", "Wed in the evening"),
        ("Mon 18-", "hours_unreadable", "Mon 18-"),
        ("Mon 18-21 ?", "hours_unreadable", "Mon 18-21 ?"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, code: str, part: str) -> None:
    with pytest.raises(UnreadableHours) as refused:
        read_hours(text)
    assert (refused.value.code, refused.value.part) == (code, part)


def test_a_week_without_hours_has_no_stretches() -> None:
    assert stretches(NO_HOURS) == [()] * 7
    assert alike(NO_HOURS) == []
