"""Pictures without the place they were taken at: metadata is cut out, the image itself is not touched.

JPEG, PNG and GIF are lists of labelled blocks, so that taking some out needs no decoding and changes
no pixel. Of a JPEG's camera data only the direction to turn it is kept.
"""

from __future__ import annotations

import struct

# Blocks of a JPEG that may say who, where and with what: Exif, XMP (APP1), IPTC (APP13), comments, and
# makers' own (APP3 … APP12, APP15). Colour (APP0, APP2 with a profile, APP14) stays.
_JPEG_CUT = frozenset({0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE})
_ORIENTATION = 0x0112
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_CUT = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})


class NotAPicture(ValueError):  # noqa: N818 - it is about the bytes
    """The bytes are not a whole picture of the kind they begin as."""


def cleaned(kind: str, content: bytes) -> bytes:
    """The picture without location, camera and author data; other kinds as they are.

    Raises `NotAPicture` where the blocks do not fit together.
    """
    try:
        if kind == "image/jpeg":
            return _clean_jpeg(content)
        if kind == "image/png":
            return _clean_png(content)
        if kind == "image/gif":
            return _clean_gif(content)
    except (struct.error, IndexError, ValueError) as error:
        # A cut-off picture ends in the middle of a block.
        raise NotAPicture from error
    return content


def _clean_jpeg(content: bytes) -> bytes:
    """Copy block by block up to the image data, which is followed by what it is followed by."""
    if content[:2] != b"\xff\xd8":
        raise NotAPicture
    kept = [b"\xff\xd8"]
    turned = 0
    at = 2
    while True:
        if content[at] != 0xFF:
            raise NotAPicture
        while content[at + 1] == 0xFF:  # fill bytes
            at += 1
        marker = content[at + 1]
        if marker == 0xD9:
            raise NotAPicture  # the end before any image
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise NotAPicture
        if marker == 0xE1 and content[at + 4 : at + 10] == b"Exif\0\0":
            turned = turned or _direction(content[at + 10 : end])
        foreign = marker == 0xE2 and content[at + 4 : at + 16] != b"ICC_PROFILE\0"
        if marker not in _JPEG_CUT and not foreign:
            kept.append(content[at:end])
        at = end
        if marker == 0xDA:
            break
    if turned > 1:
        kept.insert(1, _exif_with(turned))
    # Phones hang further pictures behind the first, with data of their own.
    first = _end_of_image(content, at)
    return b"".join([*kept, content[at:first]])


def _end_of_image(content: bytes, at: int) -> int:
    """Behind the end sign of the image whose data begins here; its scans may be several."""
    while True:
        at = content.index(b"\xff", at)
        marker = content[at + 1]
        if marker == 0xD9:
            return at + 2
        if marker == 0 or 0xD0 <= marker <= 0xD7:  # a value of the data, or a restart sign
            at += 2
        elif marker == 0xFF:
            at += 1
        else:
            (length,) = struct.unpack(">H", content[at + 2 : at + 4])
            at += 2 + length


def _direction(tiff: bytes) -> int:
    """Which way up the camera was held, out of Exif data; 0 if it does not say."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 0
    try:
        (start,) = struct.unpack(order + "I", tiff[4:8])
        (count,) = struct.unpack(order + "H", tiff[start : start + 2])
        for number in range(count):
            entry = tiff[start + 2 + number * 12 : start + 14 + number * 12]
            tag, kind, _ = struct.unpack(order + "HHI", entry[:8])
            if tag == _ORIENTATION and kind == 3:
                (value,) = struct.unpack(order + "H", entry[8:10])
                return value if value in range(1, 9) else 0
    except struct.error:
        return 0
    return 0


def _exif_with(direction: int) -> bytes:
    entry = struct.pack(">HHIHH", _ORIENTATION, 3, 1, direction, 0)
    tiff = b"MM\0*" + struct.pack(">IH", 8, 1) + entry + struct.pack(">I", 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _clean_png(content: bytes) -> bytes:
    if content[:8] != _PNG:
        raise NotAPicture
    kept, at = [_PNG], 8
    while True:
        length, name = struct.unpack(">I4s", content[at : at + 8])
        end = at + 12 + length
        if end > len(content):
            raise NotAPicture
        if name not in _PNG_CUT:
            kept.append(content[at:end])
        at = end
        if name == b"IEND":
            return b"".join(kept)


def _clean_gif(content: bytes) -> bytes:
    """Drop comments and foreign application blocks; the one that lets it repeat stays."""
    if content[:6] not in (b"GIF87a", b"GIF89a"):
        raise NotAPicture
    at = 13 + (3 * 2 ** ((content[10] & 7) + 1) if content[10] & 0x80 else 0)
    kept = [content[:at]]
    while True:
        sign = content[at]
        if sign == 0x3B:
            return b"".join([*kept, b"\x3b"])
        if sign == 0x2C:
            flags = content[at + 9]
            body = at + 10 + (3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0) + 1
        elif sign == 0x21:
            body = at + 2
        else:
            raise NotAPicture
        end = body
        while content[end]:
            end += content[end] + 1
        end += 1
        application = sign == 0x21 and content[at + 1] == 0xFF
        repeats = application and content[body + 1 : body + 12] in (b"NETSCAPE2.0", b"ANIMEXTS1.0")
        comment = sign == 0x21 and content[at + 1] == 0xFE
        if not comment and (not application or repeats):
            kept.append(content[at:end])
        at = end
