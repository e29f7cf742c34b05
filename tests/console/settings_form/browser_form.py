"""Reads a rendered form as a browser does: the names and texts that it would send without a button."""

from __future__ import annotations

from html.parser import HTMLParser


class _Controls(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name")
        if tag == "option" and self._select is not None:
            if "selected" in given or self._select not in self.sent:
                self.sent[self._select] = given["value"]
        elif name is None:
            return
        elif tag == "textarea":
            self._area, self.sent[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "input" and not (given.get("type") in {"checkbox", "radio"} and "checked" not in given):
            self.sent[name] = given.get("value", "on")

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.sent[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            # A browser drops the first line end.
            self.sent[self._area] = self.sent[self._area].removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._select = None


def read_controls(page: str) -> dict[str, str]:
    """What the controls of the page would send."""
    parser = _Controls()
    parser.feed(page)
    parser.close()
    return parser.sent
