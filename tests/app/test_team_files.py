"""A team's files: what is accepted, who takes them out, what is sealed, and who may read them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest

from coursecrew.app.attached import files_of_submission
from coursecrew.app.files import OFFICE, add_file, open_file
from coursecrew.app.people import name_ta
from coursecrew.app.ports import Ports
from coursecrew.app.records import SEALED_FILES, SUBMISSIONS, TEAM_FILES, WORKS
from coursecrew.app.submissions import object_to, withdraw
from coursecrew.app.team_files import add_link, add_team_files, remove_team_file
from coursecrew.app.teams import leave_team
from coursecrew.app.unit_of_work import run
from coursecrew.app.upkeep import upkeep
from coursecrew.domain.activities import SubmitRule
from coursecrew.domain.errors import (
    AlreadyDecided,
    Closed,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    PlatformUnreachable,
    TooLarge,
    WrongFileType,
)
from coursecrew.domain.people import Role
from coursecrew.domain.submissions import WorkState
from coursecrew.domain.team_files import MOST_FILES
from tests.builders import (
    AMARA,
    CLOSES,
    INES,
    KWAME,
    LINH,
    MEHMET,
    TOMAS,
    a_team,
    actor,
    an_assignment,
    come_in,
    hand_in,
    world,
)
from tests.domain.test_pictures import SECRET, exif, jpeg

LIMIT = 1000


def add(ports: Ports, activity, who, *files: tuple[str, bytes], limit: int = LIMIT, key: str = ""):
    uploads = [(name, io.BytesIO(body)) for name, body in files]
    return add_team_files(ports, who, activity.id, uploads, limit=limit, request_key=key)


def zipped(*files: tuple[str, str]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, body in files:
            archive.writestr(name, body)
    return whole.getvalue()


def a_desk(**changes):
    ports = world()
    activity = an_assignment(ports, MEHMET, LINH, **changes)
    a_team(ports, activity, AMARA, TOMAS, draft="plan")
    return ports, activity


# --- what is accepted ---


def test_a_file_is_kept_with_its_checksum_and_read_again_by_the_team() -> None:
    ports, activity = a_desk()
    (row,) = add(ports, activity, AMARA, ("flows.csv", b"hour,flow\n"))
    found, content = open_file(ports, TOMAS, activity.course, row.id)
    assert (found.name, found.kind, found.size) == ("flows.csv", "text/csv", 10)
    assert content.read() == b"hour,flow\n"
    assert row.checksum == hashlib.sha256(b"hour,flow\n").hexdigest()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.pdf", b"MZ\x90\x00 a program"),
        ("plan.exe", b"MZ\x90\x00"),
        ("page.html", b"<script>alert(1)</script>"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("notes.txt", b"\x7fELF\x00\x01"),
        ("notes.txt", b"\xff\xfe not utf-8"),
        ("photo.jpg", b"\xff\xd8\xff not whole"),
        ("photo.png", b"GIF89a"),
        ("budget.xlsx", zipped(("evil.exe", "MZ"))),
        ("budget.xlsx", zipped(("[Content_Types].xml", ""), ("word/document.xml", ""))),
        ("budget.xlsx", zipped(("[Content_Types].xml", ""), ("xl/a.xml", ""), ("xl/vbaProject.bin", ""))),
        ("budget.xlsx", b"PK\x03\x04 broken"),
        ("text.odt", zipped(("mimetype", OFFICE[".ods"]))),
        ("archive.zip", zipped(("a.txt", "a"))),
        ("nothing", b""),
    ],
)
def test_what_is_not_what_its_name_says_or_could_run_is_refused(name: str, content: bytes) -> None:
    ports, activity = a_desk()
    with pytest.raises(WrongFileType) as caught:
        add(ports, activity, AMARA, (name, content))
    assert "PDF" in caught.value.values["accepted"]
    assert not ports.rows(TEAM_FILES)
    assert not ports.files.contents


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("budget.XLSX", zipped(("[Content_Types].xml", ""), ("xl/workbook.xml", ""))),
        ("text.odt", zipped(("mimetype", OFFICE[".odt"]))),
        ("plan.pdf", b"%PDF-1.7"),
        ("notes.md", "naïve".encode()),
    ],
)
def test_documents_people_write_are_accepted(name: str, content: bytes) -> None:
    ports, activity = a_desk()
    assert add(ports, activity, AMARA, (name, content))[0].name == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ines\\plan.txt", "plan.txt"),
        ("plan\u202etxt.exe.txt", "plantxt.exe.txt"),
        ("\u200f\u2066plan\x00.txt", "plan.txt"),
        ("..txt.txt", "txt.txt"),
    ],
)
def test_names_lose_path_parts_and_signs_that_turn_what_follows(name: str, safe: str) -> None:
    ports, activity = a_desk()
    assert add(ports, activity, AMARA, (name, b"text"))[0].name == safe


def test_a_file_of_the_limit_fits_and_one_byte_more_is_refused_with_the_limit() -> None:
    ports, activity = a_desk()
    add(ports, activity, AMARA, ("a.txt", b"x" * LIMIT))
    with pytest.raises(TooLarge) as caught:
        add(ports, activity, AMARA, ("b.txt", b"x" * (LIMIT + 1)))
    assert caught.value.values["limit"] == LIMIT
    assert len(ports.rows(TEAM_FILES)) == 1


def test_the_twenty_first_is_refused_and_of_several_at_once_none_is_kept() -> None:
    ports, activity = a_desk()
    add(ports, activity, AMARA, *((f"{n}.txt", str(n).encode()) for n in range(MOST_FILES - 2)))
    run(ports, add_link, TOMAS, activity.id, address="https://docs.example/plan")
    with pytest.raises(TooLarge) as caught:
        add(ports, activity, AMARA, ("a.txt", b"a"), ("b.txt", b"b"))
    assert caught.value.values["what"] == "count"
    add(ports, activity, AMARA, ("a.txt", b"a"))
    with pytest.raises(TooLarge):
        run(ports, add_link, TOMAS, activity.id, address="https://docs.example/other")
    assert len(ports.rows(TEAM_FILES)) == MOST_FILES
    assert len(ports.files.contents) == MOST_FILES - 1


def test_one_refused_file_keeps_the_others_out_too_and_leaves_no_bytes() -> None:
    ports, activity = a_desk()
    with pytest.raises(WrongFileType):
        add(ports, activity, AMARA, ("a.txt", b"a"), ("b.exe", b"MZ"))
    assert not ports.files.contents


def test_a_double_click_adds_one_file_and_keeps_its_bytes_once() -> None:
    ports, activity = a_desk()
    first = add(ports, activity, AMARA, ("a.txt", b"a"), key="k")
    assert add(ports, activity, AMARA, ("a.txt", b"a"), key="k") == first
    assert add(ports, activity, TOMAS, ("a.txt", b"a")) == first  # the very same file
    assert len(ports.files.contents) == 1


def test_a_picture_loses_the_place_it_was_taken_at_and_the_checksum_is_of_what_is_kept() -> None:
    ports, activity = a_desk()
    (row,) = add(ports, activity, AMARA, ("pump.jpg", jpeg(exif())))
    body = open_file(ports, AMARA, activity.course, row.id)[1].read()
    assert row.cleaned
    assert SECRET not in body
    assert row.size == len(body)


def test_the_sites_scanner_is_asked_and_its_no_is_final() -> None:
    ports, activity = a_desk()
    asked: list[bytes] = []

    def scan(content) -> bool:
        asked.append(content.read())
        return b"EICAR" not in asked[-1]

    scanned = replace(ports, scan=scan)
    add(scanned, activity, AMARA, ("a.txt", b"fine"))
    with pytest.raises(Conflict) as caught:
        add(scanned, activity, AMARA, ("b.txt", b"EICAR"))
    assert caught.value.code == "file_unsafe"
    with pytest.raises(Conflict):
        add_file(scanned, INES, activity.id, name="task.txt", content=io.BytesIO(b"EICAR"))
    assert asked == [b"fine", b"EICAR", b"EICAR"]
    assert len(ports.files.contents) == 1


def test_where_the_scanner_does_not_answer_nothing_is_taken() -> None:
    ports, activity = a_desk()

    def scan(_content) -> bool:
        raise PlatformUnreachable(what="scan")

    with pytest.raises(PlatformUnreachable):
        add(replace(ports, scan=scan), activity, AMARA, ("a.txt", b"fine"))
    assert not ports.files.contents


@pytest.mark.parametrize(
    "address",
    ["", "plan", "ftp://a.example/x", "javascript:alert(1)", "https://", "https://a b.example", "https://me:pw@a.example",
     "https://a.example/" + "x" * 2000, "http://[broken"],
)  # fmt: skip
def test_an_address_that_leads_nowhere_safe_is_no_link(address: str) -> None:
    ports, activity = a_desk()
    with pytest.raises(Invalid):
        run(ports, add_link, AMARA, activity.id, address=address)


def test_a_link_is_a_row_of_its_own_and_has_no_bytes_to_open() -> None:
    ports, activity = a_desk()
    row = run(
        ports, add_link, AMARA, activity.id, address=" https://docs.example/plan ", name="Our \u202eplan"
    )
    assert (row.name, row.link, row.is_link) == ("Our plan", "https://docs.example/plan", True)
    assert run(ports, add_link, TOMAS, activity.id, address="https://docs.example/plan").id == row.id
    with pytest.raises(NotFound):
        open_file(ports, AMARA, activity.course, row.id)


# --- who, and until when ---


def test_only_members_add_and_only_while_the_draft_is_open() -> None:
    ports, activity = a_desk()
    for who in (MEHMET, INES, actor("Ada", Role.ADMIN), replace(AMARA, looks_on=True)):
        with pytest.raises(NotAllowed):
            add(ports, activity, who, ("a.txt", b"a"))
    hand_in(ports, activity, AMARA)
    with pytest.raises(AlreadyDecided):
        add(ports, activity, AMARA, ("a.txt", b"a"))
    ports, activity = a_desk()
    ports.clock.move_to(CLOSES + timedelta(seconds=1))
    with pytest.raises(Closed):
        add(ports, activity, AMARA, ("a.txt", b"a"))


def test_the_uploader_takes_out_while_a_member_and_nobody_else_does() -> None:
    ports, activity = a_desk()
    (row,) = add(ports, activity, AMARA, ("a.txt", b"a"))
    for who in (TOMAS, MEHMET, INES):
        with pytest.raises(NotAllowed):
            remove_team_file(ports, who, activity.id, row.id)
    run(ports, leave_team, AMARA, activity.id)
    with pytest.raises(NotAllowed):
        remove_team_file(ports, AMARA, activity.id, row.id)
    assert open_file(ports, TOMAS, activity.course, row.id)[1].read() == b"a"
    (own,) = add(ports, activity, TOMAS, ("b.txt", b"b"))
    remove_team_file(ports, TOMAS, activity.id, own.id)
    assert [one.name for one in ports.rows(TEAM_FILES)] == ["a.txt"]
    assert len(ports.files.contents) == 1


def test_what_is_sealed_stays_for_the_byline_for_ever_also_when_taken_out_later() -> None:
    ports, activity = a_desk(submit_rule=SubmitRule.ALL)
    a, _b = add(ports, activity, AMARA, ("a.txt", b"a"), ("b.txt", b"b"))
    press = hand_in(ports, activity, AMARA)
    with pytest.raises(Conflict) as caught:
        remove_team_file(ports, AMARA, activity.id, a.id)
    assert caught.value.code == "file_sealed"
    run(ports, object_to, TOMAS, activity.id, reason="not yet")
    remove_team_file(ports, AMARA, activity.id, a.id)
    again = hand_in(ports, activity, AMARA)
    assert [f.name for f in run(ports, files_of_submission, press)] == ["a.txt", "b.txt"]
    assert [f.name for f in run(ports, files_of_submission, again)] == ["b.txt"]
    run(ports, leave_team, TOMAS, activity.id)
    for who in (AMARA, TOMAS, INES):
        assert open_file(ports, who, activity.course, a.id)[1].read() == b"a"


def test_a_leaver_reads_what_names_them_and_no_file_of_the_draft() -> None:
    ports, activity = a_desk()
    (sealed,) = add(ports, activity, AMARA, ("a.txt", b"a"))
    hand_in(ports, activity, AMARA)
    run(ports, leave_team, TOMAS, activity.id)
    run(ports, withdraw, AMARA, activity.id)
    (later,) = add(ports, activity, AMARA, ("later.txt", b"later"))
    assert open_file(ports, TOMAS, activity.course, sealed.id)[1].read() == b"a"
    with pytest.raises(NotAllowed):
        open_file(ports, TOMAS, activity.course, later.id)


def test_files_are_for_the_team_staff_of_it_and_nobody_else() -> None:
    ports, activity = a_desk()
    (row,) = add(ports, activity, AMARA, ("a.txt", b"a"))
    come_in(ports, KWAME)
    assert open_file(ports, INES, activity.course, row.id)
    assert open_file(ports, KWAME, activity.course, row.id)
    run(ports, name_ta, INES, activity.id, LINH.person, teams=[ports.rows(WORKS)[0].team])
    assert open_file(ports, LINH, activity.course, row.id)  # a TA named here, by the file's own address
    others = (MEHMET, actor("Ada", Role.ADMIN), actor("Aulis", Role.AUTHOR, may_author=True))
    for who in (*others, replace(AMARA, looks_on=True)):
        with pytest.raises(NotAllowed):
            open_file(ports, who, activity.course, row.id)
    with pytest.raises(NotFound):
        open_file(ports, replace(AMARA, course="soil"), "soil", row.id)


def test_a_file_alone_is_a_draft_that_is_sealed_at_close() -> None:
    ports = world()
    activity = an_assignment(ports)
    a_team(ports, activity, AMARA)
    add(ports, activity, AMARA, ("a.txt", b"a"))
    ports.clock.move_to(CLOSES + timedelta(seconds=1))
    upkeep(ports)
    assert ports.rows(WORKS)[0].state is WorkState.SUBMITTED
    (submission,) = ports.rows(SUBMISSIONS)
    assert [row.submission for row in ports.rows(SEALED_FILES)] == [submission.id]
