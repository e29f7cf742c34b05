"""Makes pictures of pages small: as PNG with a palette, which loses a few of the colours between letters and page."""

from __future__ import annotations

import struct
import zlib
from collections import Counter

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_COLOURS = 256
# Colours that differ by less than this in each part are one: the edges of letters have thousands.
STEP = 6


def shrink(png: bytes) -> bytes:
    """The same picture with at most 256 colours, of a PNG as Chromium writes it: 8 bits a part, not interlaced."""
    width, height, parts = _read_header(png)
    rows = _read_rows(png, width=width, height=height, parts=parts)
    counted = Counter(row[start : start + 3] for row in rows for start in range(0, width * parts, parts))
    palette, place_of = _choose_palette(counted)
    lines = (bytes(place_of[row[start : start + 3]] for start in range(0, width * parts, parts)) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    # Filter 0 before each line: neighbouring numbers of a palette have nothing in common.
    pixels = zlib.compress(b"".join(b"\0" + line for line in lines), 9)
    chunks = ((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", pixels), (b"IEND", b""))
    return SIGNATURE + b"".join(_write_chunk(kind, data) for kind, data in chunks)


def _choose_palette(counted: Counter[bytes]) -> tuple[list[bytes], dict[bytes, int]]:
    """The most frequent colours, and for each colour the place of the one that stands for it."""
    palette: list[bytes] = []
    rounded: dict[tuple[int, ...], int] = {}
    place_of: dict[bytes, int] = {}
    for colour, _ in counted.most_common():
        key = tuple(part // STEP for part in colour)
        place = rounded.get(key)
        if place is None:
            if len(palette) < MOST_COLOURS:
                palette.append(colour)
                place = len(palette) - 1
            else:
                place = min(range(MOST_COLOURS), key=lambda each: _distance(palette[each], colour))
            rounded[key] = place
        place_of[colour] = place
    return palette, place_of


def _distance(one: bytes, other: bytes) -> int:
    return sum((first - second) ** 2 for first, second in zip(one, other, strict=True))


def _read_header(png: bytes) -> tuple[int, int, int]:
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    if png[:8] != SIGNATURE or depth != 8 or kind not in (2, 6) or interlaced:
        raise ValueError("This is not such a PNG.")
    return width, height, 3 if kind == 2 else 4


def _read_rows(png: bytes, *, width: int, height: int, parts: int) -> list[bytes]:
    """The lines without their filters (PNG specification, 9.2)."""
    data, position = b"", len(SIGNATURE)
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        data += png[position + 8 : position + 8 + length] if kind == b"IDAT" else b""
        position += 12 + length
    raw, size = zlib.decompress(data), width * parts
    above, rows = bytes(size), []
    for number in range(height):
        start = number * (size + 1)
        above = _unfilter(raw[start], bytearray(raw[start + 1 : start + 1 + size]), above, parts)
        rows.append(above)
    return rows


def _unfilter(kind: int, line: bytearray, above: bytes, parts: int) -> bytes:
    for place in range(len(line)) if kind else ():
        left = line[place - parts] if place >= parts else 0
        corner = above[place - parts] if place >= parts else 0
        up = above[place]
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        else:
            guess = min((left, up, corner), key=lambda each: abs(left + up - corner - each))
        line[place] = (line[place] + guess) & 0xFF
    return bytes(line)


def _write_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
