"""Writing a review: the work beside the rubric, comments at its passages, hints, and giving it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from coursecrew.app.records import TEAMS
from coursecrew.app.reviewing import writing
from coursecrew.app.reviewing.answering import comments_of
from coursecrew.app.reviewing.desk import Desk, look_at_desk
from coursecrew.app.reviewing.remarks import add_remark, remove_remark
from coursecrew.app.unit_of_work import UnitOfWork, run
from coursecrew.domain.anchors import LONGEST_QUOTE, LONGEST_REMARK, ReviewRemark, found_at, paragraphs
from coursecrew.domain.differences import Stretch, differences, shortened
from coursecrew.domain.errors import Conflict, Refusal
from coursecrew.domain.rejoinders import Stance, Uptake
from coursecrew.domain.review_rules import Anonymity
from coursecrew.domain.reviewing import FREE_DROPS, LONGEST_TEXT, Cause, ReviewState
from coursecrew.domain.rubrics import Mark, Rubric
from coursecrew.ui.forms import Reading
from coursecrew.ui.http import Next, Request, Response, get, post
from coursecrew.ui.pages import Crumb, do, page
from coursecrew.ui.reader import Reader
from coursecrew.ui.scene import Scene
from coursecrew.ui.screens.reviewing import promise, state_said, work_name
from coursecrew.ui.sheets import read_marks


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of the work, with what this review says at it."""

    number: int
    text: str
    remarks: list[ReviewRemark]


@dataclass(frozen=True)
class Part:
    """One part of the work, paragraph by paragraph; `lost` are comments whose words are gone."""

    id: str
    title: str
    paragraphs: list[Paragraph]
    changed: list[Stretch]  # since the round before


def desk(scene: Scene, request: Request, id: str) -> Response:
    """The work beside the rubric."""
    reader = scene.reader
    _ = reader.gettext
    found = run(scene.ports, look_at_desk, scene.actor, scene.activity.id, id)
    name = _name(scene, found)
    chip, word, more = state_said(reader, found.review)
    review = found.review
    return page(
        scene,
        request,
        "review.html",
        title=name,
        crumbs=[Crumb(name)],
        found=found,
        review=review,
        chip=(chip, word),
        more=more,
        promise=_promise(reader, found),
        sheet=review.sheet,
        rubric=scene.settings.rubric,
        shares=shares(scene.settings.rubric),
        theirs=_theirs(scene.refusal, found),
        may_write=_may_write(scene, found),
        may_give_back=review.may("drop") and review.cause not in (Cause.OWN, Cause.STAFF),
        may_remark=_may_write(scene, found) and review.cause is not Cause.OWN,
        drops_left=FREE_DROPS - (found.judge.row.drops if found.judge.row else 0),
        longest=LONGEST_TEXT,
        longest_remark=LONGEST_REMARK,
        longest_quote=LONGEST_QUOTE,
        parts=parts_of(found),
        hints=[hint_said(reader, code) for code in review.nudged.split()]
        if review.state is ReviewState.LEASED
        else [],
        saved=_saved_line(reader, found),
        before=run(scene.ports, _before, scene, found),
        files=[
            (one.name, one.link or scene.shell.file_url(one.id), "" if one.is_link else reader.size(one.size))
            for one in found.files.files
        ],
        withheld=found.files.withheld,
        answer=found.answer,
        uptakes=run(scene.ports, _uptakes, scene, found),
        replies={
            row.parent: [one for one in found.remarks if one.parent == row.parent] for row in found.remarks
        },
        may_reply=found.work.released_at is not None and review.counts,
        back=(f"feedback/{found.work.team}" if review.cause is Cause.STAFF else ""),
    )


def _name(scene: Scene, found: Desk) -> str:
    _ = scene.reader.gettext
    if found.review.cause is Cause.OWN:
        return _("Review of your own work")
    team = run(scene.ports, _shown_team, scene, found)
    if found.review.cause is Cause.STAFF:
        return _("Your score of %(team)s", team=team)
    return _("Review of %(work)s", work=work_name(scene.reader, found, found.review, team))


def _promise(reader: Reader, found: Desk) -> str:
    _ = reader.gettext
    if found.review.cause is Cause.OWN:
        return _("It never counts. The course staff read it, and your team once reviews are out.")
    if found.review.cause is Cause.STAFF:
        return _("It stands beside the peers’ reviews, as the course staff’s; authors read it with them.")
    return promise(reader, found.place.rules.anonymity)


def _saved_line(reader: Reader, found: Desk) -> str:
    """When it was saved, and until when the work is held, in words."""
    _, n_, review = reader.gettext, reader.ngettext, found.review
    line = ""
    if review.number:
        line = n_("Saved %(number)s time so far.", "Saved %(number)s times so far.", review.number)
    if review.state is ReviewState.LEASED and review.lease_until and review.is_live(reader.now):
        line += " " + _("Held for you until %(when)s.", when=reader.moment(review.lease_until))
    return line.strip()


def parts_of(found: Desk) -> list[Part]:
    """The work's parts with the comments at their passages, and what changed since the round before."""
    texts = found.submission.texts
    before = found.earlier[0].texts if found.earlier else None
    by_place: dict[tuple[str, int], list[ReviewRemark]] = {}
    for remark in found.remarks:
        place = found_at(texts, remark)
        if place is not None and not remark.parent:
            by_place.setdefault((remark.prompt, place), []).append(remark)
    return [
        Part(
            prompt.id,
            prompt.title,
            [
                Paragraph(number, text, by_place.get((prompt.id, number), []))
                for number, text in enumerate(paragraphs(texts.get(prompt.id, "")))
            ],
            shortened(differences(before.get(prompt.id, ""), texts.get(prompt.id, "")))
            if before is not None
            else [],
        )
        for prompt in found.prompts
    ]


@dataclass(frozen=True)
class SaidBefore:
    """A comment of the round before, with what its authors made of it."""

    title: str
    text: str
    stance: str
    why: str


def _before(unit: UnitOfWork, scene: Scene, found: Desk) -> list[SaidBefore]:
    """One's own comments of the round before: answered, or still open."""
    _submission, review, answer = found.earlier or (None, None, None)
    if review is None:
        return []
    _ = scene.reader.gettext
    rows = []
    for comment in comments_of(unit, scene.activity, review):
        uptake = answer.points.get(comment.key) if answer else None
        stance = stance_said(scene.reader, uptake) if uptake else _("not answered")
        title = comment.title or _("About the whole")
        rows.append(SaidBefore(title, comment.text, stance, uptake.why if uptake else ""))
    return rows


def _uptakes(unit: UnitOfWork, scene: Scene, found: Desk) -> list[SaidBefore]:
    """What the authors made of each comment of this review."""
    if found.answer is None:
        return []
    _ = scene.reader.gettext
    points = found.answer.points
    return [
        SaidBefore(
            comment.title or _("About the whole"),
            comment.text,
            stance_said(scene.reader, points[comment.key]),
            points[comment.key].why,
        )
        for comment in comments_of(unit, scene.activity, found.review)
        if comment.key in points
    ]


def stance_said(reader: Reader, uptake: Uptake) -> str:
    """What the authors made of a comment, in words."""
    _ = reader.gettext
    return {
        Stance.ACCEPTED: _("taken up"),
        Stance.PARTLY: _("taken up in part"),
        Stance.DECLINED: _("not taken up"),
    }[uptake.stance]


def hint_said(reader: Reader, code: str) -> str:
    """A hint in words."""
    _ = reader.gettext
    return {
        "short": _("It is short. What would you want to hear more about, if it were yours?"),
        "praise_only": _("It only praises. What works so well, and why?"),
        "no_suggestion": _("It suggests nothing. Name one thing that you would change next."),
        "harsh": _("There is a harsh word in it. Would you say it to their face?"),
        "same_as_other": _("It is nearly the same as another review of yours. What is different here?"),
        "no_reference": _("It names nothing of this work. Point at a passage."),
    }[code]


def _shown_team(unit: UnitOfWork, scene: Scene, found: Desk) -> str:
    """The name of the authors' team, where the mode lets a reviewer know it."""
    if found.place.rules.anonymity is Anonymity.DOUBLE and found.review.cause is not Cause.STAFF:
        return ""
    return unit.store.get(TEAMS, found.work.team).name


def _may_write(scene: Scene, found: Desk) -> bool:
    review = found.review
    if review.cause is Cause.STAFF:
        return True
    ends = found.place.feedback_at
    over = ends is not None and scene.reader.now > ends and not writing.may_be_late(scene.actor, review)
    return (
        review.may("save")
        and not over
        and not (found.work.released_at is not None and review.state is ReviewState.SUBMITTED)
    )


def _theirs(refusal: Refusal | None, found: Desk) -> list[tuple[str, str]]:
    """Places where somebody of the team wrote at once: which, and what they wrote."""
    if refusal is None or refusal.code != "stale":
        return []
    titles = {criterion.id: criterion.title for criterion in found.place.activity.settings.rubric.criteria}
    rows = []
    for clash in refusal.values.get("clashes", ()):
        _kind, _dash, id = str(clash["place"]).partition("-")
        rows.append((titles.get(id, ""), str(clash["theirs"])))
    return rows


def shares(rubric: Rubric) -> Mapping[str, Decimal]:
    """How many of 100 points each criterion counts."""
    counted = [criterion for criterion in rubric.criteria if criterion.counts]
    together = sum((criterion.weight for criterion in counted), Decimal(0))
    return {c.id: c.weight / together * 100 if together else Decimal(0) for c in counted}


def read_sheet(scene: Scene, request: Request) -> tuple[dict[str, Mark], str, int]:
    """The marks of the form; a comment without a level is kept, too."""
    reading = Reading(request, scene.reader)
    sheet = read_marks(request, reading, scene.settings.rubric)
    text = reading.text("text", most=LONGEST_TEXT)
    seen = reading.whole("seen")
    reading.check()
    return sheet, text, seen


def save(scene: Scene, request: Request, id: str) -> Next:
    """Keep what is written, or hand it in; hints come once before that."""
    _ = scene.reader.gettext
    sheet, text, seen = read_sheet(scene, request)
    if request.field("act") == "submit":
        english = scene.reader.language.startswith("en")
        done = do(scene, request, writing.hand_in_or_hint, id, sheet, text=text, seen=seen, english=english)
        if done.state is ReviewState.LEASED:
            return Next(f"reviews/{id}", _("Saved, not handed in yet. Look at the hints once more."))
        if done.cause is Cause.STAFF:
            return Next(f"feedback/{done.team}", _("Your score is in."))
        if done.cause is Cause.FILL_IN and scene.actor.is_staff:
            return Next("room", _("Handed in. It counts as one review."))
        if done.state is ReviewState.HELD:
            return Next("reviews", _("Handed in. The course staff look at it before its authors do."))
        return Next("reviews", _("Handed in. You may change it until its authors read it."))
    saved = do(scene, request, writing.save_review, id, sheet, text=text, seen=seen)
    if saved.state is ReviewState.LAPSED:
        raise Conflict("slot_filled")
    return Next(f"reviews/{id}", _("Saved. The work is held for you anew."))


def remark(scene: Scene, request: Request, id: str) -> Next:
    """Say something at a paragraph."""
    reading = Reading(request, scene.reader)
    prompt, place = reading.text("prompt"), reading.whole("place")
    words, text = reading.text("words", most=LONGEST_QUOTE), reading.text("remark", most=LONGEST_REMARK)
    reading.check()
    do(scene, request, add_remark, id, prompt=prompt, place=place, words=words, text=text)
    return Next(f"reviews/{id}", scene.reader.gettext("Your comment stands at the passage."))


def remove(scene: Scene, request: Request, id: str, remark: str) -> Next:
    """Take a comment back."""
    do(scene, request, remove_remark, id, remark)
    return Next(f"reviews/{id}", scene.reader.gettext("The comment is gone."))


def drop(scene: Scene, request: Request, id: str) -> Next:
    """Give a work back unwritten."""
    return _after(scene, do(scene, request, writing.drop_review, id))


def conflict(scene: Scene, request: Request, id: str) -> Next:
    """Say that one is too close to the authors."""
    return _after(scene, do(scene, request, writing.declare_conflict, id))


def report(scene: Scene, request: Request, id: str) -> Next:
    """Say that something is wrong with the work."""
    reading = Reading(request, scene.reader)
    reason = reading.text("reason", most=1000)
    reading.check()
    return _after(scene, do(scene, request, writing.report_work, id, reason=reason))


def _after(scene: Scene, next_id: str) -> Next:
    _ = scene.reader.gettext
    if next_id:
        return Next(f"reviews/{next_id}", _("Here is another work in its place."))
    where = "room" if scene.actor.is_staff else "reviews"
    return Next(where, _("Done. There is no other work for you now, and you owe none in its place."))


ROUTES = (
    get("reviews/<id>", desk),
    post("reviews/<id>/save", save, form="reviews/<id>"),
    post("reviews/<id>/remark", remark, form="reviews/<id>"),
    post("reviews/<id>/remark/<remark>/remove", remove, form="reviews/<id>"),
    post("reviews/<id>/drop", drop, form="reviews/<id>"),
    post("reviews/<id>/conflict", conflict, form="reviews/<id>"),
    post("reviews/<id>/report", report, form="reviews/<id>"),
)
