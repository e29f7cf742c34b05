"""Compares what the documentation shows with what came: `…` stands for anything, all else must be the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

ANYTHING = "…"
PRINTED_PASSWORD = "the printed password"


@dataclass
class Placeholders:
    """What a document shows of earlier answers, such as `wn_…`, and what they said."""

    said: dict[str, str] = field(default_factory=dict)

    def remember(self, shown: Any, got: Any) -> None:
        """Keep what a shown `wn_…` stood for, so that it can be said again."""
        self.said |= read_placeholders(shown, got)

    def remember_password(self, password: str) -> None:
        """Keep what the first start printed."""
        self.said[PRINTED_PASSWORD] = password

    def fill(self, text: str) -> str:
        """The text with what earlier answers said."""
        for shown, got in self.said.items():
            text = text.replace(shown, got)
        return text


def matches_text(shown: str, got: str) -> bool:
    """Whether the lines are the same; `…` is any part of a line, and alone on a line any number of lines."""
    lines = [".*?" if line.strip() == ANYTHING else _line_pattern(line) + r"\n" for line in shown.rstrip().split("\n")]
    ending = got.rstrip() + "\n"
    return re.fullmatch("".join(lines), ending, re.DOTALL) is not None


def matches_json(shown: Any, got: Any) -> bool:
    """Whether the values are the same; the string "…" is any value, and `…` within a string any text."""
    if isinstance(shown, str) and ANYTHING in shown:
        return shown == ANYTHING or (isinstance(got, str) and re.fullmatch(_line_pattern(shown), got) is not None)
    if isinstance(shown, dict) and isinstance(got, dict):
        return list(shown) == list(got) and all(matches_json(shown[key], got[key]) for key in shown)
    if isinstance(shown, list) and isinstance(got, list):
        return len(shown) == len(got) and all(map(matches_json, shown, got))
    return type(shown) is type(got) and shown == got


def require_text(shown: str, got: str) -> None:
    """Fail with both texts unless they match; what is shown as one JSON value is compared as such."""
    if shown.lstrip().startswith("{") and got.lstrip().startswith("{"):
        return require_json(json.loads(shown), json.loads(got))
    assert matches_text(shown, got), f"It shows:\n{shown}\nand this came:\n{got}"
    return None


def require_json(shown: Any, got: Any) -> None:
    """Fail with the value that came, ready to be pasted, unless they match."""
    assert matches_json(shown, got), f"This came:\n{json.dumps(got, indent=2, ensure_ascii=False)}"


def read_placeholders(shown: Any, got: Any) -> dict[str, str]:
    """What each text such as `wn_…` stood for; a bare `…` only as an id, which a document has as `id: "…"`."""
    if isinstance(shown, dict) and isinstance(got, dict):
        ids = {'id: "…"': f'id: "{got["id"]}"'} if shown.get("id") == ANYTHING and "id" in got else {}
        return ids | _merge(read_placeholders(shown[key], got[key]) for key in shown if key in got)
    if isinstance(shown, list) and isinstance(got, list):
        return _merge(read_placeholders(*pair) for pair in zip(shown, got, strict=False))
    if isinstance(shown, str) and isinstance(got, str):
        words = [word for word in shown.split() if word.endswith(ANYTHING) and word != ANYTHING]
        found = {word: re.findall(re.escape(word.removesuffix(ANYTHING)) + r"\S*", got) for word in words}
        return {word: values[-1] for word, values in found.items() if values}
    return {}


def _merge(parts: Iterable[dict[str, str]]) -> dict[str, str]:
    return {name: value for part in parts for name, value in part.items()}


def _line_pattern(line: str) -> str:
    return r"[^\n]*?".join(re.escape(part) for part in line.rstrip().split(ANYTHING))
