"""Files of a work in front of its reviewers: cleaned, under neutral names, or withheld."""

from __future__ import annotations

import io
import re

import pytest
from pypdf import PdfReader, PdfWriter

from tests.hosts.conftest import NAMES, House, Screen
from tests.hosts.test_peer_review import TEXT, reviews_of, set_up
from tests.hosts.test_workspace_draft import download, upload

pytestmark = pytest.mark.django_db(transaction=True)
WORD = "[Content_Types].xml"


def a_pdf(author: str) -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Author": author, "/Creator": f"{author}'s laptop"})
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def a_word_file() -> bytes:
    import zipfile

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as bag:
        bag.writestr(WORD, "<Types/>")
        bag.writestr("word/document.xml", "<w:document/>")
        bag.writestr("docProps/core.xml", f"<creator>{NAMES['linh']}</creator>")
    return made.getvalue()


def links_to_files(screen: Screen) -> list[tuple[str, str]]:
    listed = screen.page.source.partition('class="rows files"')[2].partition("</ul>")[0]
    return re.findall(r'<a href="([^"]+)"[^>]*><bdi>(.*?)</bdi>', listed)


@pytest.mark.parametrize("mode", ["double", "named"])
def test_reviewers_open_files_and_learn_nothing_they_may_not_know(house: House, mode: str) -> None:
    house.team("amara", "tomas")
    house.team("linh", "sofia", name="Red Kites")
    for who in ("amara", "linh"):
        house.write(who, TEXT)
    upload(house, "linh", "night flow by Linh.csv", b"hour,flow\n2,41\n")
    upload(house, "linh", "plan of Red Kites.pdf", a_pdf(NAMES["linh"]))
    upload(house, "linh", "budget.docx", a_word_file())
    for who in ("amara", "linh"):
        house.hand_in(who)
    reviews, of = reviews_of(house)
    set_up(reviews, of, anonymity=mode)
    desk = reviews.press("amara", "", "reviews/take")
    files = links_to_files(desk)
    if mode == "named":
        assert {name for _address, name in files} == {
            "night flow by Linh.csv", "plan of Red Kites.pdf", "budget.docx",
        }  # fmt: skip
        return
    assert {name for _address, name in files} == {"file-1.csv", "file-2.pdf"}
    assert "1 file or link is not shown" in desk.text
    assert "1 of your files or links is not shown to reviewers" in reviews.show("sofia").text
    for address, name in files:
        status, said, content = download(reviews, "amara", address.replace("&amp;", "&"))
        assert status == 200
        assert name in said
        assert "Linh" not in said + content
        assert "Kites" not in said
        if name.endswith(".pdf"):
            assert content.startswith("%PDF")
    address = files[0][0].replace("&amp;", "&")
    if reviews.name == "openedx":  # the other host's addresses are signed for one session
        assert download(reviews, "mehmet", address)[0] == 403
        assert "Linh" in download(reviews, "sofia", address)[1]  # theirs, as uploaded
    assert PdfReader(io.BytesIO(a_pdf("x"))).metadata.author == "x"
