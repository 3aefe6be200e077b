"""The person who reads a screen: their language, their time zone, and the moment they look.

Everything that is said in words goes through a `Reader`: sentences by gettext, moments in the
reader's own zone, numbers as people write them. A sentence is whole in the catalogue and has named
places, `_("Saved as version %(number)s.", number=3)`; a literal per cent sign is written `%%`.
"""

from __future__ import annotations

import gettext
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from markupsafe import Markup

from coursecrew.domain.grading import rounded
from coursecrew.domain.people import Participant
from coursecrew.ui import pseudo

LOCALE = Path(__file__).parent.parent / "locale"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def N_(text: str) -> str:  # noqa: N802 - the name that gettext tools know for "translate later"
    """Mark a sentence for the catalogue that is looked up later."""
    return text


WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
MONTHS = (
    N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun"),
    N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec"),
)  # fmt: skip


@lru_cache(maxsize=32)
def translations(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; its parent (`es` for `es-419`) or English where there is none."""
    if language.replace("_", "-").casefold() == pseudo.LANGUAGE.casefold():
        return pseudo.Mirrored()
    code = language.replace("-", "_")
    return gettext.translation(
        "coursecrew", LOCALE, languages=[code, code.partition("_")[0], "en"], fallback=True
    )


def zone(name: str) -> ZoneInfo:
    """The time zone of that name; UTC for a name that nobody knows."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return ZoneInfo("UTC")


def direction(language: str) -> str:
    """`rtl` for languages written from right to left, else `ltr`."""
    return "rtl" if language.replace("_", "-").partition("-")[0] in RIGHT_TO_LEFT else "ltr"


@dataclass(frozen=True)
class Reader:
    """Language, zone and moment of one request."""

    language: str
    zone: ZoneInfo
    now: datetime

    @cached_property
    def _catalogue(self) -> gettext.NullTranslations:
        return translations(self.language)

    @property
    def direction(self) -> str:
        """`rtl` for languages written from right to left."""
        return direction(self.language)

    # --- sentences ---

    def translated(self, text: str) -> str:
        """The sentence in the reader's language, its places still open."""
        return self._catalogue.gettext(text) if text else ""

    def gettext(self, text: str, /, **values: object) -> str:
        """The sentence in the reader's language, with its places filled."""
        return self._catalogue.gettext(text) % values

    def ngettext(self, one: str, many: str, number: int, /, **values: object) -> str:
        """The sentence in the form that fits `number`, which is also one of its places."""
        return self._catalogue.ngettext(one, many, number) % {"number": number, **values}

    def markup(self, text: str, /, **values: object) -> Markup:
        """A sentence of the catalogue that carries `<b>` or a link; the values are made safe."""
        return Markup(self._catalogue.gettext(text)) % values  # noqa: S704 - our own catalogue

    def nmarkup(self, one: str, many: str, number: int, /, **values: object) -> Markup:
        """The same in the form that fits `number`."""
        text = self._catalogue.ngettext(one, many, number)
        return Markup(text) % {"number": number, **values}  # noqa: S704 - our own catalogue

    def listed(self, names: Sequence[str]) -> str:
        """Names in a row: "Linh", "Linh and Tomás", "Linh, Tomás and Sofia"."""
        _ = self.gettext
        if len(names) < 2:
            return "".join(names)
        start = names[0]
        for name in names[1:-1]:
            start = _("%(start)s, %(next)s", start=start, next=name)
        return _("%(start)s and %(last)s", start=start, last=names[-1])

    # --- moments ---

    def here(self, moment: datetime) -> datetime:
        """The moment on the reader's clock."""
        return moment.astimezone(self.zone)

    def day(self, moment: datetime) -> str:
        """ "Fri 27 Nov"; with the year when it is another one."""
        _, local = self.gettext, self.here(moment)
        parts = {
            "weekday": _(WEEKDAYS[local.weekday()]),
            "day": local.day,
            "month": _(MONTHS[local.month - 1]),
        }
        if local.year != self.here(self.now).year:
            return _("%(weekday)s %(day)s %(month)s %(year)s", year=local.year, **parts)
        return _("%(weekday)s %(day)s %(month)s", **parts)

    def short_day(self, moment: datetime) -> str:
        """ "27 Nov": for the narrow places under a chart."""
        local = self.here(moment)
        return self.gettext("%(day)s %(month)s", day=local.day, month=self.gettext(MONTHS[local.month - 1]))

    def clock(self, moment: datetime) -> str:
        """ "18:00"."""
        return f"{self.here(moment):%H:%M}"

    def moment(self, moment: datetime) -> str:
        """ "Fri 27 Nov, 18:00"."""
        return self.gettext("%(day)s, %(time)s", day=self.day(moment), time=self.clock(moment))

    def moment_here(self, moment: datetime) -> str:
        """ "Fri 27 Nov, 18:00 (Lagos)": for sentences that are read away from the page."""
        city = place(self.zone.key) or "UTC"
        return self.gettext("%(moment)s (%(city)s)", moment=self.moment(moment), city=city)

    def near(self, moment: datetime) -> str:
        """A moment with the word people use when it is near: "today 14:10", "yesterday 21:05"."""
        _, time = self.gettext, self.clock(moment)
        days = (self.here(moment).date() - self.here(self.now).date()).days
        if days == 0:
            return _("today %(time)s", time=time)
        if days == -1:
            return _("yesterday %(time)s", time=time)
        return self.moment(moment)

    def deadline(self, moment: datetime) -> str:
        """A moment to come: "today, 18:00", "tomorrow, Wed 25 Nov, 18:00", "Fri 27 Nov, 18:00"."""
        _ = self.gettext
        days = (self.here(moment).date() - self.here(self.now).date()).days
        if days == 0:
            return _("today, %(time)s", time=self.clock(moment))
        if days == 1:
            return _("tomorrow, %(moment)s", moment=self.moment(moment))
        return self.moment(moment)

    @property
    def zone_name(self) -> str:
        """The reader's zone as people say it: "Lagos time", "UTC"."""
        return self.zone_said(self.zone.key)

    def zone_said(self, key: str) -> str:
        """A zone's name as people say it."""
        city = place(key)
        return self.gettext("%(city)s time", city=city) if city else "UTC"

    def by(self, moment: datetime) -> Markup:
        """The line under a next step: until when, in which zone, and how long that is."""
        return self.markup(
            'by <b>%(deadline)s</b> <span class="muted">%(zone)s · %(remaining)s</span>',
            deadline=self.deadline(moment),
            zone=self.zone_name,
            remaining=self.remaining(moment),
        )

    def span(self, length: timedelta) -> str:
        """A length of time in its largest fitting unit: "12 minutes", "25 hours", "3 days"."""
        if length < HOUR:
            return self.ngettext("%(number)s minute", "%(number)s minutes", max(1, length // MINUTE))
        if length < 2 * DAY:
            return self.ngettext("%(number)s hour", "%(number)s hours", length // HOUR)
        return self.ngettext("%(number)s day", "%(number)s days", length // DAY)

    def remaining(self, moment: datetime) -> str:
        """How long until then: "in 25 hours"; for a moment gone by, how long ago."""
        if moment < self.now:
            return self.ago(moment)
        return self.gettext("in %(span)s", span=self.span(moment - self.now))

    def ago(self, moment: datetime) -> str:
        """How long since then: "6 minutes ago"."""
        return self.gettext("%(span)s ago", span=self.span(self.now - moment))

    def now_in(self, key: str) -> str:
        """What time it is for somebody in that zone now, with the place: "Lagos, 16:40"."""
        _, city = self.gettext, place(key)
        return _("%(city)s, %(time)s", city=city or "UTC", time=f"{self.now.astimezone(zone(key)):%H:%M}")

    def now_of(self, person: Participant) -> str:
        """The same for somebody of the course; nothing if they keep it to themselves."""
        return self.now_in(person.zone) if person.shows_zone else ""

    # --- numbers ---

    def grade(self, number: Decimal) -> str:
        """Two places, always: "82.79", "80.00"."""
        return f"{rounded(number):f}"

    def points(self, number: Decimal) -> str:
        """As few places as the number needs, two at most: "10", "2.5"."""
        text = f"{rounded(number):f}"
        return text.rstrip("0").rstrip(".")

    def signed(self, number: Decimal) -> str:
        """With its sign: "+2.55", "−10.00", "0.00"."""
        value = rounded(number)
        sign = "+" if value > 0 else "\N{MINUS SIGN}" if value < 0 else ""
        return self._kept_together(f"{sign}{abs(value):f}")

    def minus(self, number: Decimal) -> str:
        """What is taken away: "−10", or "0"."""
        return self._kept_together(f"\N{MINUS SIGN}{self.points(number)}") if number else "0"

    def _kept_together(self, number: str) -> str:
        """A number with its sign before it, also where the text around runs from right to left."""
        if self.direction == "ltr":
            return number
        return f"\N{LEFT-TO-RIGHT ISOLATE}{number}\N{POP DIRECTIONAL ISOLATE}"

    def size(self, count: int) -> str:
        """A file's size: "38 KB", "1.2 MB"."""
        _ = self.gettext
        if count < 1_000_000:
            return _("%(number)s KB", number=max(1, round(count / 1000)))
        return _("%(number)s MB", number=f"{count / 1_000_000:.1f}".removesuffix(".0"))


def place(key: str) -> str:
    """The place in a zone's name: "Lagos" in "Africa/Lagos"; nothing in "UTC" or "Etc/GMT+2"."""
    area, _, city = key.rpartition("/")
    if not area or area.startswith("Etc"):
        return ""
    return city.replace("_", " ")
