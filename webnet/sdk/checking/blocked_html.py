"""Finds what browsers do not run or load in a page, by the Content-Security-Policy that webnet sends with it."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

NONCE_WAY_OUT = (
    'move it into a static file, or write `nonce="{{ csp_nonce }}"` (in Python `request.csp_nonce`) into the tag'
)
FILE_WAY_OUT = "serve the file with the plugin's static files"
# By tag: the attribute with the address that is loaded.
LOADED = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "video": "src",
    "audio": "src",
    "embed": "src",
    "link": "href",
}
# <script> elements of other types are data.
SCRIPT_TYPES = ("", "module", "text/javascript", "application/javascript", "importmap", "speculationrules")


class BlockedParts(HTMLParser):
    """Collects (what is blocked, the way out) of one page, which was rendered with this nonce."""

    def __init__(self, *, nonce: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._nonce = nonce

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        has_nonce = bool(self._nonce) and attributes.get("nonce") == self._nonce
        is_inline_script = (
            tag == "script" and "src" not in attributes and attributes.get("type", "").lower() in SCRIPT_TYPES
        )
        if is_inline_script and not has_nonce:
            self._add("an inline <script>", NONCE_WAY_OUT)
        if tag == "style" and not has_nonce:
            self._add("a <style> element", NONCE_WAY_OUT)
        for name, value in attributes.items():
            if name.startswith("on"):
                self._add(f"the attribute {name} of <{tag}>", "call addEventListener in a script instead")
            elif name == "style":
                self._add(f"the attribute style of <{tag}>", "use a class of the plugin's style sheet instead")
            elif value.strip().lower().startswith("javascript:"):
                self._add(f"a javascript: address in <{tag}>", "call addEventListener in a script instead")
        loaded = attributes.get(LOADED.get(tag, ""), "")
        if urlsplit(loaded).netloc and not has_nonce:
            self._add(f"<{tag}> loads from '{urlsplit(loaded).netloc}'", FILE_WAY_OUT)

    def _add(self, what: str, way_out: str) -> None:
        self.found.append((what, way_out))


def find_blocked(html: str, *, nonce: str = "") -> list[tuple[str, str]]:
    """(what is blocked, the way out), each once, in the order of the page."""
    parser = BlockedParts(nonce=nonce)
    parser.feed(html)
    parser.close()
    return list(dict.fromkeys(parser.found))
