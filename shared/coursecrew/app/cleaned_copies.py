"""Copies of files that do not say who made them, for readers who may not know it.

Pictures were cleaned when they were uploaded, plain text says nothing of its own; a PDF is written anew
without its author, program, dates and other notes about itself. Nothing else can be cleaned for certain.
"""

from __future__ import annotations

import io
from collections.abc import Mapping

# Kinds that can be shown without saying who made them, with the ending of their neutral name.
ENDINGS: Mapping[str, str] = {
    "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "application/pdf": "pdf",
    "text/plain": "txt", "text/csv": "csv", "text/markdown": "md",
}  # fmt: skip


class CannotClean(Exception):  # noqa: N818 - it is about the file
    """The file cannot be written anew, so what it says about its makers is not known."""


def cleaned_copy(kind: str, content: bytes) -> bytes:
    """The same without author, program, dates; raises `CannotClean` where that is not certain."""
    if kind not in ENDINGS:
        raise CannotClean
    return _clean_pdf(content) if kind == "application/pdf" else content


def _clean_pdf(content: bytes) -> bytes:
    """Pages as they are; no document information, XMP, attached files, or names on annotations."""
    from pypdf import PdfReader, PdfWriter  # only where a PDF is read
    from pypdf.errors import PyPdfError

    try:
        writer = PdfWriter()  # a new document: what no page needs does not come along
        for page in PdfReader(io.BytesIO(content)).pages:
            writer.add_page(page)
        writer.metadata = None
        for page in writer.pages:
            for name in ("/Metadata", "/PieceInfo", "/LastModified"):
                page.pop(name, None)
            for note in page.get("/Annots", None) or ():
                for name in ("/T", "/CreationDate", "/M"):
                    note.get_object().pop(name, None)
        copy = io.BytesIO()
        writer.write(copy)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        raise CannotClean from error
    return copy.getvalue()
