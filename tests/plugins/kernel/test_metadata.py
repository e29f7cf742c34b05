"""What a plugin says about itself is checked when it loads: above all, what is shown as a link or an image is safe."""

from __future__ import annotations

from typing import Any

import pytest

from webnet.errors import PluginDefinitionError
from webnet.plugins.base import PluginBase
from webnet.plugins.kernel.addresses import is_host_pattern
from webnet.plugins.kernel.identity import ADDRESSES, read_identity, read_upgrade_notes

WHOLE = {
    "licence": "mit or Apache-2.0",
    "icon": "demo/icon.svg",
    "keywords": ["network", " monitoring "],
    "homepage": "http://intranet/demo",
    "documentation": "https://docs.example.com:8443/demo/?v=1#start",
    "support": "mailto:help@example.com",
    "changelog": "https://example.com/demo/CHANGELOG.md",
}
# What a browser may take for a script, for another host or for another scheme than it looks like.
UNSAFE = (
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1) ",
    "java\tscript:alert(1)",
    "\x01javascript:alert(1)",
    "https:\njavascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "https:/example.com",
    "https:example.com",
    "https://",
    "https:///path",
    "https://user@example.com/",
    "https://example.com@evil.example/",
    "https://[::1",
    "https://example.com:port/",
    "https://example.com/a b",
    "https://example.com\\@evil.example/",
    "//evil.example/x",
    "/\\evil.example",
)


def read(**members: Any) -> Any:
    made: PluginBase = type("Plugin", (PluginBase,), {"name": "demo", "version": "1.0", **members})()
    return read_identity(made)


def test_all_of_it_is_read() -> None:
    identity = read(**WHOLE)

    assert identity.licence == "MIT OR Apache-2.0"  # as SPDX spells it
    assert identity.keywords == ("network", "monitoring")
    assert {name: getattr(identity, name) for name in ("icon", *ADDRESSES)} == {
        name: WHOLE[name] for name in ("icon", *ADDRESSES)
    }


def test_none_of_it_is_required() -> None:
    identity = read()

    assert {getattr(identity, name) for name in ("licence", "icon", *ADDRESSES)} == {""}
    assert identity.keywords == ()


@pytest.mark.parametrize("name", [*ADDRESSES, "icon"])
@pytest.mark.parametrize("address", UNSAFE)
def test_an_address_that_is_not_safe_to_show_is_refused(name: str, address: str) -> None:
    with pytest.raises(PluginDefinitionError, match=f"^Plugin 'demo', class Plugin: {name} is '"):
        read(**{name: address})


@pytest.mark.parametrize(
    "path",
    [
        "http://example.com/icon.svg",
        "icon.svg",
        "/static/demo/icon.svg",
        "demo/../../x",
        "demo//icon.svg",
        "demo/icon.svg?x",
        "demo/./i",
        "a:b/c",
    ],
)
def test_an_icon_is_below_the_static_files(path: str) -> None:
    with pytest.raises(PluginDefinitionError, match=r"use the path of a static file like 'my_plugin/icon\.svg', or"):
        read(icon=path)


@pytest.mark.parametrize("address", ["mailto:", "mailto:help", "mailto:a@b?bcc=c@d", "mailto:a@b,c@d", "mailto:a%0A@b"])
def test_a_mail_address_is_a_single_one(address: str) -> None:
    with pytest.raises(PluginDefinitionError, match=r"or 'mailto:help@example\.com'"):
        read(support=address)


def test_a_mail_address_is_for_support_only() -> None:
    with pytest.raises(PluginDefinitionError, match=r"homepage is 'mailto:help@example\.com'"):
        read(homepage="mailto:help@example.com")


@pytest.mark.parametrize("licence", ["GPL", "Proprietary", "MIT OR", "free for all"])
def test_a_licence_is_an_spdx_expression(licence: str) -> None:
    with pytest.raises(PluginDefinitionError, match="use an SPDX expression like 'MIT'"):
        read(licence=licence)


@pytest.mark.parametrize(
    ("keywords", "problem"),
    [
        ("network", "keywords: must be a list like"),
        (["network", ""], "keywords, item 2: must be a string that is not empty"),
        ([7], "keywords, item 1: must be a string that is not empty"),
        (["network", "network"], "the keyword 'network' is declared twice"),
        (["half \ud800"], "characters that can't be stored"),
    ],
)
def test_keywords_are_a_list_of_texts(keywords: Any, problem: str) -> None:
    with pytest.raises(PluginDefinitionError, match=problem):
        read(keywords=keywords)


@pytest.mark.parametrize(
    ("name", "longest"), [("verbose_name", 200), ("author", 200), ("homepage", 500), ("icon", 500)]
)
def test_what_no_column_holds_is_refused_before_it_is_stored(name: str, longest: int) -> None:
    text = "https://example.com/".ljust(longest, "x")

    assert getattr(read(**{name: text}), name) == text
    with pytest.raises(PluginDefinitionError, match=f"{name} has {longest + 1} characters: use at most {longest}"):
        read(**{name: f"{text}x"})


def read_notes(notes: Any) -> list[tuple[str, str]]:
    made: PluginBase = type("Plugin", (PluginBase,), {"name": "demo", "upgrade_notes": notes})()
    return [(note.version, note.text) for note in read_upgrade_notes(made, "demo")]


def test_the_note_of_the_newest_version_is_the_first() -> None:
    assert read_notes({"1.9": "Old.", "1.10": "Newest.", "1.10rc1": "Newer."}) == [
        ("1.10", "Newest."),
        ("1.10rc1", "Newer."),
        ("1.9", "Old."),
    ]
    assert read_notes({}) == []


@pytest.mark.parametrize(
    ("notes", "problem"),
    [
        (["Set the new address."], "upgrade_notes: must be a dict like"),
        ({"two": "Set it."}, "upgrade_notes: 'two' is not a valid version"),
        ({2: "Set it."}, "upgrade_notes: 2 is not a valid version"),
        ({"2.0": " "}, "the note of '2.0' must be a string that is not empty"),
        ({"2.0": 7}, "the note of '2.0' must be a string that is not empty"),
        ({"2.0": "half \ud800"}, "characters that can't be stored"),
        ({f"{number}.0": "x" for number in range(101)}, "has more than 100 entries"),
    ],
)
def test_upgrade_notes_are_texts_by_version(notes: Any, problem: str) -> None:
    with pytest.raises(PluginDefinitionError, match=problem):
        read_notes(notes)


@pytest.mark.parametrize(
    ("name", "is_host"),
    [
        *(
            (name, True)
            for name in ("*", "*:443", "localhost", "api.example.com", "*.example.com", "a_b.example.com:1")
        ),
        *((name, True) for name in ("192.0.2.1", "192.0.2.1:65535", "[2001:db8::1]", "[2001:db8::1]:443")),
        *((name, False) for name in ("", "**", "a.*.b", "API.example.com", "https://example.com", "a b", "a.", ".a")),
        *((name, False) for name in ("a:0", "a:65536", "1.2.3", "999.1.1.1", "[zz]", "-a.b", "a..b", "a\n", "é.de")),
        ("x" * 63 + ".com", True),
        ("x" * 64 + ".com", False),
        (f"{'x' * 60}." * 4 + "example", True),
        (f"{'x' * 60}." * 5 + "example", False),
    ],
)
def test_a_host_is_a_name_or_an_address_without_a_path(name: str, is_host: bool) -> None:
    assert is_host_pattern(name) is is_host
