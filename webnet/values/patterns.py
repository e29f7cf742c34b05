"""Regular expressions that others write, in the dialect of ECMA-262 as JSON Schema asks; RE2 matches in linear time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import re2

# For one compiled pattern. RE2 takes it in C++, where nothing else would limit it; `^[\p{L}0-9 ]{1,255}$` needs 6 MiB.
MAXIMUM_MEMORY_BYTES = 8 * 1024 * 1024
# For one that comes from a client, who may send any number:
# RE2's package keeps the last 128 of them.
CLIENTS_MEMORY_BYTES = 256 * 1024

# One character of a pattern, or one escape.
_TOKEN = re.compile(
    r"\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u(?P<unit>[0-9a-fA-F]{4})|\\u\{(?P<point>[0-9a-fA-F]{1,6})\}|\\?.",
    re.DOTALL,
)
_SPACES = r"\t-\r \x{a0}\x{feff}\p{Z}"
# What the two dialects write differently, outside of a class and within one, where RE2 knows `[:alpha:]`.
_OUTSIDE = {r"\s": f"[{_SPACES}]", r"\S": f"[^{_SPACES}]", ".": r"[^\n\r\x{2028}\x{2029}]"}
_WITHIN = {r"\s": _SPACES, "[": r"\["}
# RE2 has these, and ECMA-262 has not.
_FOREIGN = frozenset({r"\C", r"\Q", r"\E"})


class PatternError(ValueError):
    """The pattern can't be used, and why."""


class Pattern:
    """A pattern that is searched for, anywhere in a text, as `pattern` and `patternProperties` mean it."""

    def __init__(self, text: str, *, memory_bytes: int) -> None:
        options = re2.Options()
        options.max_mem, options.log_errors, options.never_capture = memory_bytes, False, True
        try:
            self._compiled = re2.compile(_translate(text), options=options)
        except (re2.error, UnicodeEncodeError) as error:
            reason = error.args[0]
            raise PatternError(reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)) from None

    def is_in(self, text: str) -> bool:
        """Whether it matches somewhere in the text."""
        return self._compiled.search(text.encode(errors="replace")) is not None

    def worst_case(self, text: str) -> int:
        """How many of its instructions a search may run: 200 million take a second, and most searches need few."""
        return len(text) * int(self._compiled.programsize)


@lru_cache(maxsize=128)
def compile_pattern(text: str, *, memory_bytes: int = MAXIMUM_MEMORY_BYTES) -> Pattern:
    """The pattern; raises PatternError for one that has no meaning, or none in linear time (`(?=a)`, `\\1`)."""
    return Pattern(text, memory_bytes=memory_bytes)


def _translate(pattern: str) -> str:
    """The same in RE2's dialect, which differs in what a space and the end of a line are, and in escapes."""
    written, is_within = [], False
    for found in _TOKEN.finditer(pattern):
        written.append(_translate_token(found, _WITHIN if is_within else _OUTSIDE))
        is_within = (is_within or found[0] == "[") and found[0] != "]"
    return "".join(written)


def _translate_token(found: re.Match[str], spelling: Mapping[str, str]) -> str:
    if found[0] in _FOREIGN:
        raise PatternError(f"invalid escape sequence: {found[0]}")
    if found["high"]:
        return _write_point(0x10000 + (int(found["high"], 16) - 0xD800) * 0x400 + int(found["low"], 16) - 0xDC00)
    if found["unit"] or found["point"]:
        return _write_point(int(found["unit"] or found["point"], 16))
    return spelling.get(found[0], found[0])


def _write_point(point: int) -> str:
    return rf"\x{{{point:x}}}"
