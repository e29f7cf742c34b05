"""The console's styles are whole, and the same from right to left."""

from __future__ import annotations

import re

from tests.servers import ROOT

STYLES = (ROOT / "webnet" / "console" / "static" / "webnet" / "console" / "console.css").read_text()
RULES = re.sub(r"/\*.*?\*/", "", STYLES, flags=re.DOTALL)
# Sides of the page, where `inline-start` and `inline-end` are sides of the text.
PHYSICAL = re.compile(
    r"(?m)^\s*(?:(?:margin|padding|border)-(?:left|right)\b.*|(?:left|right)\s*:.*|(?:text-align|float)\s*:\s*(?:left|right)\b.*)$"
)


def find_unclosed(rules: str) -> list[str]:
    """The rules after which a brace is missing, or one too many: a browser would leave out the rest."""
    depth, found = 0, []
    for line in rules.splitlines():
        if line.endswith("{") and not line.startswith((" ", "@")) and depth:
            found.append(line)
            depth = 0
        depth += line.count("{") - line.count("}")
        if depth < 0:
            found.append(line)
            depth = 0
    return found + ["the end"] * bool(depth)


def test_each_rule_is_closed() -> None:
    assert find_unclosed(RULES) == []
    assert find_unclosed(".a {\n  b: c;\n.d {\n  e: f;\n}\n") == [".d {"]
    assert find_unclosed("@media x {\n  .a {\n    b: c;\n  }\n") == ["the end"]


def test_no_rule_names_a_side_that_is_another_one_from_right_to_left() -> None:
    assert PHYSICAL.findall(RULES) == []
    assert PHYSICAL.findall(
        ".a {\n  margin-left: 1px;\n  left: 0;\n  text-align: right;\n  inset-inline-start: 0;\n}"
    ) == [
        "  margin-left: 1px;",
        "  left: 0;",
        "  text-align: right;",
    ]


def test_only_what_is_shown_once_is_selected_as_a_whole_and_no_field_is_styled_as_it() -> None:
    [rule] = [each for each in re.findall(r"([^{}]+)\{([^{}]*)\}", RULES) if "user-select: all" in each[1]]
    templates = (ROOT / "webnet" / "console" / "templates").rglob("*.html")

    assert rule[0].strip() == ".shown-once"
    assert [each.name for each in templates if re.search(r'class="[^"]*\bshown-once\b', each.read_text())] == [
        "tokens.html"
    ]
    # A field of a secret, and whatever else is called one, has no style for its name.
    assert ".secret" not in RULES
