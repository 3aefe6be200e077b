"""Mail: a notice as a letter in the reader's language, and the page that stops mail."""

from __future__ import annotations

from markupsafe import escape

from coursecrew.app.ports import Mail, Ports
from coursecrew.app.teams import participants_of
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity
from coursecrew.domain.notices import Notice
from coursecrew.domain.people import Participant
from coursecrew.ui.notices import people_in, say
from coursecrew.ui.reader import Reader, direction, zone
from coursecrew.ui.render import environment

UNSUBSCRIBE = "unsubscribe"  # the purpose that the token in the letter is good for


def compose(ports: Ports, notice: Notice, participant: Participant, activity: Activity) -> Mail:
    """The letter for one notice: what happened, where to go, and how to have no more mail."""
    reader = Reader(participant.language or "en", zone(participant.zone), ports.clock.now())
    people = run(ports, participants_of, notice.course, people_in([notice]))
    sentence = say(notice, reader, {key: person.name for key, person in people.items()})
    title = activity.settings.title or reader.gettext("The activity")
    stop = ports.links.to_unsubscribe(ports.links.sign(UNSUBSCRIBE, notice.course, participant.person))
    values = {
        "sentence": sentence,
        "title": title,
        "address": ports.links.to_activity(activity.place, activity.course),
        "stop": stop,
        "language": reader.language,
        "direction": reader.direction,
    }
    templates = environment(reader.language)
    return Mail(
        subject=" ".join(reader.gettext("%(title)s: %(sentence)s", title=title, sentence=sentence).split()),
        text=str(templates.get_template("mail.txt").render(values)),
        html=str(templates.get_template("mail.html").render(values)),
        unsubscribe=stop,
    )


def unsubscribe_page(language: str, *, state: str) -> str:
    """The page behind the last line of a letter; `state` is ask, done or unknown.

    Looking at the page changes nothing, since mail scanners open every address: one press does.
    """
    return str(
        environment(language)
        .get_template("unsubscribe.html")
        .render(state=state, language=escape(language), direction=direction(language))
    )
