"""Texts that look like ids and cursors: whoever changes one, or makes one up, gets what a missing one gets."""

from __future__ import annotations

import base64
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzzing import EXAMPLES
from webnet.api.errors import BadCursor
from webnet.api.paging import cursors
from webnet.api.vocabulary.node import global_id, read_global_id

REFUSAL_SECONDS = 1
VIEW, ORDER = "acme", "name,id"
IDS = [global_id("Device", 1), global_id("Customer", "acme"), global_id("Note", "é" * 60)]
CURSORS = [cursors.seal(values, view=VIEW, order=ORDER) for values in ([1], ["shelf", 7], ["é" * 60, None, 2.5])]
fuzzed = settings(max_examples=EXAMPLES or 100, derandomize=not EXAMPLES, deadline=None, database=None)


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@st.composite
def changed(draw: st.DrawFn, real: list[str]) -> str:
    """A real one with a few characters or bits that are others, in another spelling, or in pieces; or it as it is."""
    text = draw(st.sampled_from(real))
    for _ in range(draw(st.integers(1, 3))):
        at, size = draw(st.integers(0, len(text))), draw(st.integers(0, 3))
        characters = st.text(st.characters(codec="utf-8"), max_size=3) | st.sampled_from(
            [*"-_=+/ \0\n", "%3D", "x" * 9_000]
        )
        given, bit = draw(characters), draw(st.integers(0, 7))
        ways = [
            text[:at],
            text[at:],
            text[:at] + text[at + size :],
            text[:at] + given + text[at + size :],
            text + draw(st.sampled_from(real)),
            text.swapcase(),
            text + "=",
            text[:-1] + chr(ord(text[-1:] or "A") + 1),  # often bits that stand for nothing
            text.replace("-", "+").replace("_", "/"),
            text[:at] + text[at:][::-1],
            "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in text),
            flip(text, at, bit),
        ]
        text = draw(st.sampled_from(ways))
    return text


def flip(text: str, at: int, bit: int) -> str:
    """The text with one bit of what it stands for turned over; as it is where it stands for nothing."""
    try:
        sealed = bytearray(decode(text))
    except (ValueError, UnicodeError):
        return text
    if sealed:
        sealed[at % len(sealed)] ^= 1 << bit
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


@fuzzed
@given(text=changed(IDS) | st.text(st.characters()))
def test_no_other_text_is_an_id(text: str) -> None:
    started = thread_time()

    read = read_global_id(text)

    assert thread_time() - started < REFUSAL_SECONDS
    assert (read is not None) == (text in IDS)


@fuzzed
@given(text=changed(CURSORS) | st.text(st.characters()) | st.sampled_from(IDS))
def test_no_other_text_is_a_cursor(text: str) -> None:
    started = thread_time()

    if text in CURSORS:
        assert cursors.unseal(text, view=VIEW, order=ORDER)
    else:
        with pytest.raises(BadCursor):
            cursors.unseal(text, view=VIEW, order=ORDER)

    assert thread_time() - started < REFUSAL_SECONDS
