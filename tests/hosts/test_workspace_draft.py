"""The shared draft, its versions and files, and handing in: told once for both hosts."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.domain.test_pictures import SECRET, exif, jpeg
from tests.hosts.conftest import NAMES, House, LtiHost, Screen

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "The night flow is 30 %. The pipe is old. Nobody looks."


def boxes(screen: Screen) -> list[str]:
    return [name for name, _ in screen.page.form("draft").values if name.startswith("text-")]


def write(house: House, who: str, text: str, screen: Screen | None = None, *, status: int = 200) -> Screen:
    """Put a text into the first part, on a page that was opened before if one is given."""
    shown = screen or house.show(who, "draft")
    return house.press(who, "draft", "draft", {boxes(shown)[0]: text}, screen=shown, status=status)


def upload(
    house: House, who: str, name: str, content: bytes, *, status: int = 200, page: str = "files"
) -> Screen:
    """Add a file on the page of the draft's files, or on that of an item of the sandbox."""
    shown = house.show(who, page)
    action = page if page == "files" else f"{page}/files"
    filled = [pair for pair in shown.page.form(action).filled({}, "Add") if pair[0] != "file"]
    if isinstance(house.host, LtiHost):  # the test client would leave a large body's temporary file open
        browser = house.host.browser(who)
        boundary, body = encode_multipart({**dict(filled), "file": FileStorage(io.BytesIO(content), name)})
        kind = f'multipart/form-data; boundary="{boundary}"'
        answer = browser.post(f"/ui/{action}", body, content_type=kind, headers=browser.bearer)
        return house._screen(answer.status_code, answer.text, status)
    return house._screen(
        *house.host.post(who, action, [*filled, ("file", (io.BytesIO(content), name))]), status
    )


def download(house: House, who: str, address: str) -> tuple[int, str, str]:
    """A file's address as a browser follows it: status, what it says of itself, content."""
    if isinstance(house.host, LtiHost):
        answer = house.host.browser(who).get(address)
        return (
            answer.status_code,
            answer.headers.get("Content-Disposition", ""),
            answer.data.decode(errors="replace"),
        )
    from django.test import Client

    found: Any = Client().get(re.sub(r"student=\w+", f"student={who}", address))
    body = b"".join(found.streaming_content) if found.streaming else found.content
    return found.status_code, found.get("Content-Disposition", ""), body.decode(errors="replace")


# --- B1 ---


def test_b1_a_team_writes_one_draft_sees_who_is_here_and_chooses_place_by_place(house: House) -> None:
    house.team("amara", "tomas", "linh")
    write(house, "amara", TEXT)
    amara, tomas, linh = (house.show(who, "draft") for who in ("amara", "tomas", "linh"))
    poll = re.search(r'data-poll="(here/[^"]+)" data-every="(\d+)"', amara.page.source)
    assert poll
    assert 10 <= int(poll[2]) <= 60
    assert "Tomás Rivera and Vũ Thùy Linh are here now." in house.show("amara", poll[1]).text
    house.show("mehmet", poll[1], status=403)

    write(house, "amara", TEXT.replace("30 %", "31 %"), amara)
    write(house, "tomas", TEXT.replace("Nobody", "Ravi"), tomas)
    text = house.show("amara", "draft").page.source
    assert "The night flow is 31 %. The pipe is old. Ravi looks." in text

    refused = write(house, "linh", TEXT.replace("30 %", "29 %"), linh, status=409)
    assert "Choose a text in 1 place" in refused.text
    left = house.press("linh", "", "draft", screen=refused, button="Save the draft", status=422)
    assert "Place 1 is still open: choose a text." in left.text
    (place,) = set(re.findall(r'name="(choice-[^"]+)"', left.page.source))
    house.press("linh", "", "draft", {place: "theirs"}, screen=left, button="Save the draft")
    text = house.show("linh", "draft").page.source
    assert "The night flow is 31 %. The pipe is old. Ravi looks." in text
    assert "not chosen" in house.show("linh", "versions").text

    write(house, "amara", "**Bold** and | no table")
    preview = house.show("amara", "draft/read")
    assert "<strong>Bold</strong>" in preview.page.source

    house.press("linh", "team/leave", "team/leave", {"reason": "Too many at once."})
    house.show("linh", "draft", status=403)
    house.show("linh", poll[1], status=403)


# --- B2 ---


def test_b2_every_press_is_a_version_with_its_differences_and_can_be_restored(house: House) -> None:
    house.team("amara", "tomas")
    write(house, "amara", "The pipe is old.")
    write(house, "tomas", "The pipe is new.")
    versions = house.show("amara", "versions")
    assert "Amara Okafor" in versions.text
    assert "Tomás Rivera" in versions.text

    second = house.show("amara", versions.link("Version 2"))
    assert "Taken out: old" in second.text
    assert "Put in: new" in second.text
    first = house.show("amara", versions.link("Version 1"))
    write(house, "tomas", "The pipe is gone.")
    stale = house.press("amara", "", "versions/.*/restore", screen=first, status=409)
    assert "changed the draft after you opened this page" in stale.text
    house.press("amara", "", "versions/.*/restore", screen=house.show("amara", versions.link("Version 1")))
    assert "The pipe is old." in house.show("tomas", "draft").page.source
    assert "version 1 again" in house.show("tomas", "versions").text

    address = versions.link("Version 2")
    house.show("mehmet", address, status=403)
    house.press("tomas", "team/leave", "team/leave", {"reason": "Moving on."})
    house.show("tomas", address, status=403)
    assert "Taken out: old" in house.show("ines", address).text


# --- B3 ---


def test_b3_files_are_checked_sealed_with_the_work_and_read_by_whoever_it_names(house: House) -> None:
    house.team("amara", "tomas")
    house.write("amara", TEXT)
    added = upload(house, "amara", "../../\u202eflows.csv", b"hour,flow\n")
    assert "Added: flows.csv." in added.page.source
    picture = upload(house, "amara", "pump.jpg", jpeg(exif()))
    assert "is no longer in it" in picture.page.source
    program = upload(house, "tomas", "plan.pdf", b"MZ\x90\x00 a program", status=415)
    assert "plan.pdf is of a kind that cannot be added." in program.text
    assert "not added" in program.text
    large = upload(house, "tomas", "film.txt", b"x" * 20_000_001, status=413)
    assert "20 MB" in large.text
    house.press("tomas", "files", "files/link", {"link": "https://docs.example/plan", "name": "Our plan"})
    listed = house.show("tomas", "files")
    assert "may change after handing in" in listed.text
    assert not re.findall(
        r'action="files/[0-9a-f]+/remove"[^>]*>.{0,400}Take out flows.csv', listed.page.source
    )

    address = _address(listed, "flows.csv")
    status, said, content = download(house, "amara", _address(house.show("amara", "files"), "flows.csv"))
    assert (status, content) == (200, "hour,flow\n")
    assert said.startswith("attachment")
    assert SECRET.decode() not in download(house, "tomas", _address(listed, "pump.jpg"))[2]
    if not isinstance(house.host, LtiHost):  # the tool's addresses are signed for whoever was given them
        house.show("mehmet")
        assert download(house, "mehmet", address)[0] == 403

    for number in range(17):
        upload(house, "amara", f"{number}.txt", str(number).encode())
    assert "20" in house.show("amara", "files").text
    house.press("tomas", "hand-in", "hand-in", button="Hand in")
    submission = house.show("tomas").link("Read what is handed in")
    assert "flows.csv" in house.show("tomas", submission).text
    house.show("ines")
    work = house.show("ines", "grading").link("Blue Ledger")
    assert download(house, "ines", _address(house.show("ines", work), "flows.csv"))[2] == "hour,flow\n"

    house.press("amara", "team/leave", "team/leave", {"reason": "Moving on."})
    named = house.show("amara", submission)
    assert download(house, "amara", _address(named, "flows.csv"))[2] == "hour,flow\n"
    assert "flows.csv" in house.show("tomas", "files").text  # the team keeps what the leaver added


def test_b3_the_twenty_first_file_is_refused_with_the_limit(house: House) -> None:
    house.team("amara", "tomas")
    shown = house.show("amara", "files")
    filled = [pair for pair in shown.page.form("files").filled({}, "Add") if pair[0] != "file"]
    files = [("file", (io.BytesIO(str(n).encode()), f"{n}.txt")) for n in range(21)]
    status, body = house.host.post("amara", "files", [*filled, *files])
    assert status == 413
    assert "20 files and links at most" in html.unescape(body)
    assert "There is no file yet" in house.show("amara", "files").text


def _address(screen: Screen, name: str) -> str:
    return next(address for words, address in screen.page.links if words.strip() == name)


# --- B4 ---


def test_b4_a_double_click_and_two_members_at_once_hand_in_once_for_all_for_ever(house: House) -> None:
    house.team("amara", "tomas", "linh")
    house.write("amara", TEXT)
    amara, tomas = house.show("amara", "hand-in"), house.show("tomas", "hand-in")
    house.press("amara", "", "hand-in", screen=amara, button="Hand in")
    house.press("amara", "", "hand-in", screen=amara, button="Hand in")
    house.press("tomas", "", "hand-in", screen=tomas, button="Hand in")
    addresses = {house.show(who).link("Read what is handed in") for who in ("amara", "tomas", "linh")}
    assert len(addresses) == 1
    house.press("linh", "take-back", "take-back")
    house.write("linh", TEXT + " More.")
    house.hand_in("linh")
    again = {house.show(who).link("Read what is handed in") for who in ("amara", "tomas", "linh")}
    assert len(again) == 1
    assert again != addresses


def test_b4_where_all_confirm_silence_waits_and_an_objection_opens_the_draft(house: House) -> None:
    house.set({"submit_rule": "all"})
    house.team("amara", "tomas")
    house.write("amara", TEXT)
    house.hand_in("amara")
    write_closed = house.show("tomas", "draft")
    assert "The work is handed in." in write_closed.text
    house.press("tomas", "confirm", "confirm/object", {"reason": "The second figure is wrong."})
    write(house, "tomas", TEXT.replace("30 %", "31 %"))
    house.hand_in("tomas")
    done = house.press("amara", "confirm", "confirm", button="Confirm")
    assert "handed in" in done.page.source


def test_the_staff_open_a_live_draft_and_the_team_reads_who_did(house: House) -> None:
    house.team("amara", "tomas")
    house.team("sofia", name="Green Line")
    house.write("amara", "Forty litres leave the pipe, says the egret.")
    shown = house.show("ines", "teams")
    teams = [a.removeprefix("#/") for _, a in shown.page.links if re.match("#/teams/[0-9a-f]+$", a)]
    (path,) = [one for one in teams if "Blue Ledger" in house.show("ines", one).text.partition("›")[2][:200]]
    before = house.show("ines", f"{path}/draft")
    assert "egret" not in before.page.source
    assert "the team reads on its draft who opened it" in before.text
    assert "may open this draft to help" in house.show("tomas", "draft").text

    opened = house.press("ines", f"{path}/draft", f"{path}/draft/open")
    assert "egret" in opened.text
    told = house.show("tomas", "draft").text
    assert f"{NAMES['ines']} of the course staff opened this draft" in told
    assert NAMES["ines"] in house.show("amara", "draft/openings").text
    for other in ("sofia", "mehmet"):
        for closed in (f"{path}/draft", "draft/openings"):
            status, body = house.host.get(other, closed)
            assert status in (200, 403, 404)
            assert "egret" not in body
            assert NAMES["ines"] not in body
        assert house.host.post(other, f"{path}/draft/open", [])[0] == 403


# --- B13: files of the sandbox ---


def test_b13_a_file_in_the_sandbox_opens_for_its_audience_and_goes_with_the_item(house: House) -> None:
    house.show("mehmet")
    house.team("amara", "tomas")
    house.write("amara", TEXT)
    fields = {"title": "A bolder map", "text": "I try this.", "audience": "team"}
    shown = house.press("amara", "sandbox/new", "sandbox/new", fields)
    item = shown.page.source.partition('data-path="')[2].partition('"')[0]
    added = upload(house, "amara", "../../\u202ephalarope.csv", b"hour,flow phalarope\n", page=item)
    assert "1 file added." in added.page.source
    large = upload(house, "amara", "film.txt", b"x" * 20_000_001, status=413, page=item)
    assert "20 MB" in large.text
    program = upload(house, "tomas", "plan.pdf", b"MZ\x90\x00 a program", status=415, page=item)
    assert "plan.pdf is of a kind that cannot be added." in program.text
    picture = upload(house, "tomas", "pump.jpg", jpeg(exif()), page=item)
    assert "Written by" in picture.text  # Tomás wrote in it, too

    address = _address(house.show("tomas", item), "phalarope.csv")
    status, said, content = download(house, "tomas", address)
    assert (status, content) == (200, "hour,flow phalarope\n")
    assert said.startswith("attachment")
    assert SECRET.decode() not in download(house, "tomas", _address(house.show("tomas", item), "pump.jpg"))[2]
    for who in ("ines", "mehmet"):
        house.show(who, item, status=403)
        assert house.host.post(who, f"{item}/files", [])[0] in (403, 422)
    if not isinstance(house.host, LtiHost):  # the tool's addresses are signed for whoever was given them
        for who in ("ines", "mehmet"):
            assert download(house, who, address)[0] == 403

    asked = house.press("amara", item, r"sandbox/.*/promote")
    assert "are asked for a yes" in asked.page.source
    house.press("tomas", item, r"sandbox/.*/yes")
    house.press("amara", item, r"sandbox/.*/promote")
    listed = house.show("tomas", "files")
    assert "phalarope.csv" in listed.text
    assert "pump.jpg" in listed.text
    house.press("amara", item, r"sandbox/.*/delete")
    assert download(house, "tomas", address)[0] in (403, 404)
    assert download(house, "tomas", _address(listed, "phalarope.csv"))[2] == "hour,flow phalarope\n"
