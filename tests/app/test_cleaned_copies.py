"""Copies that do not say who made them."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import NameObject, TextStringObject

from coursecrew.app.cleaned_copies import CannotClean, cleaned_copy


def a_pdf() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.add_metadata({"/Author": "Linh Vu", "/Producer": "Linh's laptop"})
    note = FreeText(text="Ours", rect=(10, 10, 60, 30))
    note[NameObject("/T")] = TextStringObject("Linh Vu")
    writer.add_annotation(0, note)
    writer.add_attachment("by Linh.txt", b"by Linh")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def test_a_pdf_keeps_its_pages_and_says_nothing_of_its_makers() -> None:
    content = a_pdf()
    assert b"Linh" in content
    copy = cleaned_copy("application/pdf", content)
    assert b"Linh" not in copy
    assert len(PdfReader(io.BytesIO(copy)).pages) == 1


def test_what_needs_no_cleaning_stays_as_it_is() -> None:
    assert cleaned_copy("text/csv", b"a,b") == b"a,b"


@pytest.mark.parametrize(
    ("kind", "content"),
    [("application/pdf", b"%PDF-1.7 broken"), ("application/msword", b"x"), ("application/zip", b"PK")],
)
def test_what_cannot_be_cleaned_for_certain_is_no_copy(kind: str, content: bytes) -> None:
    with pytest.raises(CannotClean):
        cleaned_copy(kind, content)
