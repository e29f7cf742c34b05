"""Pictures become smaller, and stay what they show."""

from __future__ import annotations

import struct
import zlib

import pytest

from tools.small_png import SIGNATURE, shrink

WIDTH = HEIGHT = 40


def write_png(rows: list[bytes], *, kind: int, filters: list[int]) -> bytes:
    """A PNG of such lines, with these filters before them in turn."""
    parts = 3 if kind == 2 else 4
    lines, above = b"", bytes(WIDTH * parts)
    for number, row in enumerate(rows):
        used = filters[number % len(filters)]
        lines += bytes([used]) + bytes(
            (value - guess(used, row, above, place, parts)) & 0xFF for place, value in enumerate(row)
        )
        above = row
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def guess(used: int, row: bytes, above: bytes, place: int, parts: int) -> int:
    left, corner = (row[place - parts], above[place - parts]) if place >= parts else (0, 0)
    up = above[place]
    paeth = min((left, up, corner), key=lambda each: abs(left + up - corner - each))
    return (0, left, up, (left + up) // 2, paeth)[used]


def read_palette_png(png: bytes) -> list[list[bytes]]:
    """The colours of each line."""
    chunks, position = {}, len(SIGNATURE)
    while position < len(png):
        length, name = struct.unpack(">I4s", png[position : position + 8])
        chunks[name] = png[position + 8 : position + 8 + length]
        position += 12 + length
    palette = [chunks[b"PLTE"][start : start + 3] for start in range(0, len(chunks[b"PLTE"]), 3)]
    raw = zlib.decompress(chunks[b"IDAT"])
    assert len(palette) <= 256
    return [
        [palette[number] for number in raw[line * (WIDTH + 1) + 1 : (line + 1) * (WIDTH + 1)]] for line in range(HEIGHT)
    ]


@pytest.mark.parametrize("kind", [2, 6], ids=["three parts", "four parts"])
@pytest.mark.parametrize("filters", [[0], [1], [2], [3], [4], [0, 1, 2, 3, 4]])
def test_few_colours_stay_as_they_are(kind: int, filters: list[int]) -> None:
    alpha = b"" if kind == 2 else b"\xff"
    colours = [bytes((red, 40, 200)) for red in range(0, 250, 25)]
    rows = [[colours[(line * column) % len(colours)] for column in range(WIDTH)] for line in range(HEIGHT)]
    png = write_png([b"".join(colour + alpha for colour in row) for row in rows], kind=kind, filters=filters)

    assert read_palette_png(shrink(png)) == rows


def test_of_many_colours_each_becomes_one_that_is_near() -> None:
    rows = [[bytes((line * 6, column * 6, 90)) for column in range(WIDTH)] for line in range(HEIGHT)]

    shrunk = read_palette_png(shrink(write_png([b"".join(row) for row in rows], kind=2, filters=[0])))

    pairs = [
        (old, new)
        for old_row, new_row in zip(rows, shrunk, strict=True)
        for old, new in zip(old_row, new_row, strict=True)
    ]
    assert max(abs(a - b) for old, new in pairs for a, b in zip(old, new, strict=True)) < 255
    assert sum(old == new for old, new in pairs) > 200


def test_what_is_no_such_png_is_refused() -> None:
    with pytest.raises(ValueError, match="not such a PNG"):
        shrink(SIGNATURE + bytes(40))
