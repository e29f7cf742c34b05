"""Finds what a template shows to people outside of `{% translate %}` and `{% blocktranslate %}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from django.template.base import Lexer, TokenType

# Attributes that people see, or hear from a screen reader.
SHOWN_ATTRIBUTES = frozenset({"alt", "aria-description", "aria-label", "aria-roledescription", "placeholder", "title"})
# Names, which are the same in every language.
NAMES = re.compile(r"\b(webnet|GraphiQL|GraphQL|JSON|UTC)\b")
VALUE = "\x00"


def find_untranslated(source: str) -> list[str]:
    """The texts and attributes that have a letter of their own; elements with `translate="no"` are left out."""
    finder = _Finder()
    finder.feed("".join(_without_tags(source)))
    finder.close()
    return finder.found


def _without_tags(source: str) -> Iterator[str]:
    """The HTML between the tags of Django; what is translated is as unknown here as the value of a variable."""
    inside = False
    for token in Lexer(source).tokenize():
        name = token.contents.split(maxsplit=1)[0] if token.contents.strip() else ""
        if token.token_type is TokenType.BLOCK and name in ("blocktranslate", "blocktrans", "comment"):
            inside = True
        elif token.token_type is TokenType.BLOCK and name in ("endblocktranslate", "endblocktrans", "endcomment"):
            inside = False
        elif token.token_type is TokenType.TEXT and not inside:
            yield token.contents
        elif token.token_type is TokenType.VAR or name in ("translate", "trans"):
            yield VALUE


class _Finder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        # The open elements, each with whether its text is for programs or a name.
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        is_left_out = tag in ("script", "style", "code", "pre", "kbd") or values.get("translate") == "no"
        if tag not in _VOID:
            self._open.append((tag, is_left_out))
        if values.get("translate") == "no":
            return
        shown = set(SHOWN_ATTRIBUTES)
        if tag == "input" and values.get("type") in ("submit", "button", "reset"):
            shown.add("value")
        self.found += [f'{name}="{text}"' for name, text in attrs if name in shown and text and _has_letter(text)]

    def handle_endtag(self, tag: str) -> None:
        # The branches of an {% if %} may each open or close the same element.
        while any(name == tag for name, _ in self._open) and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if _has_letter(data) and not any(is_left_out for _, is_left_out in self._open):
            self.found.append(" ".join(data.replace(VALUE, "…").split()))


def _has_letter(text: str) -> bool:
    return any(character.isalpha() for character in NAMES.sub("", text))


_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
