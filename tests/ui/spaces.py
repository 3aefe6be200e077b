"""A team that works together: a plan, a discussion, check-ins, remarks and cards, all with words of
their own; and everybody around it who may read some of it, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from coursecrew.app import check_ins, contributions, discussion, identity, plans
from coursecrew.app.memory import MemoryPorts
from coursecrew.app.mentoring import name_mentor
from coursecrew.app.outbox import deliver_all
from coursecrew.app.people import exclude, name_ta
from coursecrew.app.plans import TaskWish
from coursecrew.app.teams import leave_team
from coursecrew.app.unit_of_work import run
from coursecrew.domain.activities import Activity, TeamRules
from coursecrew.domain.check_ins import NoteFor
from coursecrew.domain.discussion import Post
from coursecrew.domain.people import Actor, Role
from coursecrew.domain.plans import Milestone, Task, TaskState
from coursecrew.domain.teams import Team
from coursecrew.ui.mail import compose
from tests.builders import (
    AMARA,
    INES,
    KWAME,
    LINH,
    MEHMET,
    SOFIA,
    START,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    world,
    write,
)

# Words that stand in one place each.
TASK, BLOCKED_FOR, THREAD, POST, REPLY = "quillback", "marlinspike", "oystercatcher", "whimbrel", "turnstone"
REMARK, HELPS, PRONOUNS = "sanderling", "dunlin", "ptarmigan"
TO_TEAM, TO_MENTOR, TO_STAFF = "dotterel", "phalarope", "curlew"
WORDS = frozenset(
    {TASK, BLOCKED_FOR, THREAD, POST, REPLY, REMARK, HELPS, PRONOUNS, TO_TEAM, TO_MENTOR, TO_STAFF}
)
FEMIS = "godwit"  # in a post of somebody who left

MONA = actor("Mona")  # mentors Blue Ledger
FEMI = actor("Femi")  # was in Blue Ledger and left
EZRA = actor("Ezra")  # was in it until the course staff excluded them
WAS_OMAR = actor("Omar")
OMAR = replace(WAS_OMAR, role=Role.OBSERVER)  # is in it by its list, and an observer by now
TAMAR = actor("Tamar")  # is in it, and was made TA for Green Line
NOOR = actor("Noor")  # has no team
JONAS = actor("Jonas")  # is TA of Green Line alone
PARENT = actor("Olga", Role.OBSERVER)
AUTHOR = actor("Aulis", Role.AUTHOR, may_author=True)
ADMIN = actor("Ada", Role.ADMIN)
VISITOR = actor("Vera", looks_on=True)
AS_AMARA = replace(AMARA, looks_on=True)

MILESTONES = (
    Milestone("m1", "Measured at three points", START + timedelta(days=3)),
    Milestone("m2", "Costed", START + timedelta(days=10)),
)
NOW = START + timedelta(days=2, hours=3)


@dataclass(frozen=True)
class Space:
    """Blue Ledger (Amara, Tomás, Linh) with its workspace, and Green Line (Mehmet)."""

    ports: MemoryPorts
    activity: Activity
    blue: Team
    green: Team
    task: Task  # Tomás's, waits for Amara
    thread: Post  # Amara's first post
    reply: Post  # Linh's answer, pinned as a decision

    def path(self, path: str) -> str:
        """A path with the ids of Blue Ledger's rows in it."""
        first = path.split("/")[0]
        row = {"plan": self.task.id, "discussion": self.thread.id, "teams": self.blue.id}.get(first, "")
        return path.replace("<id>", row).replace("<post>", self.thread.id)


def numbers(step: int) -> dict[str, int]:
    return {"step": step, "fair": 6, "voice": 6, "time": 6, "together": 6}


def a_space(ports: MemoryPorts | None = None) -> Space:
    """Everything planted, and everybody told."""
    ports = ports or world()
    ports.clock.move_to(NOW)
    rules = TeamRules(name="districts", min=1, ideal=4, max=8)
    activity = an_assignment(ports, NOOR, SOFIA, milestones=MILESTONES, teams=rules)
    come_in(ports, KWAME, MONA, JONAS, PARENT, AUTHOR, ADMIN)
    blue = a_team(ports, activity, AMARA, TOMAS, LINH, FEMI, EZRA, WAS_OMAR, TAMAR)
    green = a_team(ports, activity, MEHMET, name="Green Line")
    thread = run(
        ports, discussion.begin_thread, AMARA, activity.id, title=f"About {THREAD}", text=f"The {POST}."
    )
    run(ports, discussion.reply, FEMI, activity.id, thread.id, text=f"Before I go: {FEMIS}.")
    run(ports, leave_team, FEMI, activity.id)
    run(ports, exclude, INES, activity.id, EZRA.person, reason="Left the university")
    come_in(ports, OMAR)
    run(ports, name_ta, INES, activity.id, TAMAR.person, teams=[green.id])
    run(ports, name_ta, INES, activity.id, JONAS.person, teams=[green.id])
    run(ports, name_mentor, INES, activity.id, blue.id, MONA.person)

    write(ports, activity, AMARA, "The night flow is 30 %.")
    task = run(
        ports, plans.add_task, TOMAS, activity.id,
        TaskWish(
            f"Draw the {TASK}", TOMAS.person, milestone="m1", state=TaskState.BLOCKED,
            blocked_by=AMARA.person, blocked_for=f"the {BLOCKED_FOR}",
        ),
    )  # fmt: skip
    run(ports, plans.add_task, LINH, activity.id, TaskWish("Count the meters", AMARA.person))
    reply = run(ports, discussion.reply, LINH, activity.id, thread.id, text=f"@Tomás: we take the {REPLY}.")
    run(ports, discussion.pin, TOMAS, activity.id, reply.id, decided=True)
    for who, step, word, reader in (
        (AMARA, 9, TO_TEAM, NoteFor.TEAM),
        (TOMAS, 8, TO_MENTOR, NoteFor.MENTOR),
        (LINH, 4, TO_STAFF, NoteFor.STAFF),
    ):
        run(
            ports, check_ins.check_in, who, activity.id, numbers(step), note=f"See the {word}.",
            note_for=reader,
        )  # fmt: skip
    run(ports, contributions.write_remark, AMARA, activity.id, f"I walked the {REMARK} line.")
    run(
        ports, identity.write_card, TOMAS, activity.id, chosen_name="Tom", pronouns=PRONOUNS,
        helps=f"{HELPS} maps", link="https://example.org/tom", hidden=["pronouns"], shows_zone=False,
    )  # fmt: skip
    deliver_all(ports, compose=compose)
    return Space(ports, activity, blue, green, task, thread, reply)


def words_in(text: str) -> set[str]:
    return {word for word in WORDS if word in text}


def mail_to(space: Space, who: Actor) -> str:
    return " ".join(f"{m.subject} {m.text} {m.html}" for m in space.ports.mailer.to(who.person))
