"""A made-up language that runs from right to left, to see that screens hold it: `ar-XB`.

Until a real catalogue of such a language is there, and for whoever builds a screen: every word of the
catalogue is shown backwards, and every sentence is a third longer, so that what was forgotten (a sentence
outside the catalogue, a left that should be a start, a box that is too narrow) is seen at once.
"""

from __future__ import annotations

import gettext
import re

LANGUAGE = "ar-XB"
BACKWARDS, END = "\u202e", "\u202c"  # right-to-left override, and its end
# Places to be filled in, marks and signs of HTML stay as they are.
_KEPT = re.compile(r"(%\(\w+\)[sd]|%%|<[^>]*>|&\w+;)")
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")


def mirrored(text: str) -> str:
    """A sentence as this language has it; its places can be filled as before."""
    if not text.strip():
        return text
    parts = [piece if number % 2 else _turned(piece) for number, piece in enumerate(_KEPT.split(text))]
    longer = len(_WORD.findall(_KEPT.sub("", text)))
    return "".join(parts) + "".join(f" {BACKWARDS}more{END}" for _ in range(longer // 3))


def _turned(piece: str) -> str:
    return _WORD.sub(lambda word: f"{BACKWARDS}{word[0]}{END}", piece)


class Mirrored(gettext.NullTranslations):
    """The catalogue of this language, made of the sentences themselves."""

    def gettext(self, message: str) -> str:
        """The sentence, mirrored."""
        return mirrored(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form that English has for the number, mirrored."""
        return mirrored(msgid1 if n == 1 else msgid2)
