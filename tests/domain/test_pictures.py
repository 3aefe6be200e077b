"""Pictures lose where and with what they were taken; what is not a whole picture is refused."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursecrew.domain.pictures import NotAPicture, cleaned

SECRET = b"51 degrees north"
IMAGE = b"\xff\xda\x00\x04ab" + b"\x01\x02\xff\x00\x03\xff\xd0\x04" + b"\xff\xd9"


def block(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def exif(order: str = ">", direction: int = 6) -> bytes:
    mark = b"MM\0*" if order == ">" else b"II*\0"
    entries = struct.pack(order + "HHIHH", 0x0112, 3, 1, direction, 0)
    entries += struct.pack(order + "HHII", 0x8825, 4, 1, 100)  # where the place is written
    tiff = mark + struct.pack(order + "IH", 8, 2) + entries + SECRET
    return block(0xE1, b"Exif\0\0" + tiff)


def jpeg(*blocks: bytes, behind: bytes = b"") -> bytes:
    return b"\xff\xd8" + block(0xE0, b"JFIF\0") + b"".join(blocks) + block(0xDB, b"table") + IMAGE + behind


@pytest.mark.parametrize("order", [">", "<"])
def test_a_jpeg_loses_place_and_camera_and_keeps_its_direction_profile_and_image(order: str) -> None:
    profile = block(0xE2, b"ICC_PROFILE\0colours")
    content = jpeg(
        exif(order), block(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET), block(0xED, SECRET),
        block(0xFE, SECRET), block(0xE2, b"MPF\0" + SECRET), profile, behind=SECRET,
    )  # fmt: skip
    clean = cleaned("image/jpeg", content)
    assert SECRET not in clean
    assert profile in clean
    assert clean.endswith(block(0xDB, b"table") + IMAGE)
    assert struct.pack(">HHIH", 0x0112, 3, 1, 6) in clean
    assert cleaned("image/jpeg", clean) == clean


def test_a_jpeg_without_any_of_it_stays_as_it_is() -> None:
    assert cleaned("image/jpeg", jpeg()) == jpeg()


def test_a_jpeg_that_lies_the_right_way_gets_no_camera_data() -> None:
    assert cleaned("image/jpeg", jpeg(exif(direction=1))) == jpeg()
    assert cleaned("image/jpeg", jpeg(exif(direction=77))) == jpeg()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_a_png_loses_texts_and_place() -> None:
    head, image, end = chunk(b"IHDR", b"x" * 13), chunk(b"IDAT", b"image"), chunk(b"IEND", b"")
    secrets = [chunk(name, SECRET) for name in (b"eXIf", b"tEXt", b"iTXt", b"zTXt")]
    content = b"\x89PNG\r\n\x1a\n" + head + b"".join(secrets) + image + end + SECRET
    assert cleaned("image/png", content) == b"\x89PNG\r\n\x1a\n" + head + image + end


def test_a_gif_loses_comments_and_foreign_blocks_and_still_repeats() -> None:
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    repeats = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    foreign = b"\x21\xff\x0bXMP DataXMP" + bytes([len(SECRET)]) + SECRET + b"\x00"
    comment = b"\x21\xfe" + bytes([len(SECRET)]) + SECRET + b"\x00"
    image = b"\x2c\0\0\0\0\1\0\1\0\0" + b"\x02\x02\x44\x01\x00"
    content = head + repeats + foreign + comment + image + b"\x3b" + SECRET
    assert cleaned("image/gif", content) == head + repeats + image + b"\x3b"


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/gif"])
def test_a_picture_that_ends_too_early_is_none(kind: str) -> None:
    whole = {"image/jpeg": jpeg(exif()), "image/png": b"\x89PNG\r\n\x1a\n", "image/gif": b"GIF89a123"}[kind]
    for length in range(len(whole) if kind != "image/jpeg" else len(whole) - 1):
        with pytest.raises(NotAPicture):
            cleaned(kind, whole[:length])


@given(st.sampled_from([b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF89a"]), st.binary(max_size=300))
def test_whatever_bytes_come_it_ends_and_adds_nothing(start: bytes, rest: bytes) -> None:
    kinds = {b"\xff\xd8": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF89a": "image/gif"}
    try:
        clean = cleaned(kinds[start], start + rest)
    except NotAPicture:
        return
    assert len(clean) <= len(start + rest) + 40


def test_other_kinds_stay_as_they_are() -> None:
    assert cleaned("application/pdf", b"%PDF-1.7") == b"%PDF-1.7"
