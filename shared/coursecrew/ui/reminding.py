"""What stands beside a line of somebody who waits: a press that reminds, or why there is none now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coursecrew.domain.nudges import About, Nudge, Why, held_back
from coursecrew.ui.panels import Reminder
from coursecrew.ui.reader import N_, Reader

# What can go on only after the person: named in the press, so that nobody reminds without a reason.
PRESSES = {
    About.CONFIRM: N_("Remind %(name)s: it counts as handed in once everybody has answered"),
    About.HAND_IN: N_("Remind %(name)s: every part is written, and only the press is missing"),
    About.SIGN: N_("Remind %(name)s: the charter holds once everybody has signed"),
    About.SEAT: N_("Remind %(name)s: you can join only after an answer"),
    About.INVITATION: N_("Remind %(name)s: your team keeps a seat until there is an answer"),
    About.TASK: N_("Remind %(name)s: your task can begin only after theirs"),
}


def reminder(
    reader: Reader, sent: Iterable[Nudge], about: About, item: str, person: str, name: str, *, told: int = 0
) -> Reminder:
    """The press for one person and one thing; `told` are reminders that went out by themselves."""
    _ = reader.gettext
    rows = [row for row in sent if row.item == item and row.person == person]
    why = held_back(rows, reader.now, told=told)
    if why is Why.ENOUGH:
        return Reminder(_("%(name)s was reminded three times. Your course staff can help.", name=name))
    if why is Why.TODAY:
        latest = max(row.at for row in rows)
        return Reminder(_("%(name)s was reminded %(moment)s.", name=name, moment=reader.near(latest)))
    values = {"about": about.value, "item": item, "person": person}
    return Reminder(_(PRESSES[about], name=name), values)


def reminders(
    reader: Reader, sent: Sequence[Nudge], about: About, item: str, people: Iterable[tuple[str, str]]
) -> list[Reminder]:
    """The same for several people: pairs of key and name."""
    return [reminder(reader, sent, about, item, person, name) for person, name in people]
