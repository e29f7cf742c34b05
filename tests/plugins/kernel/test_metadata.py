"""What a plugin says about itself is checked when it loads: above all, what is shown as a link or an image is safe."""

from __future__ import annotations

from typing import Any

import pytest

from webnet.errors import PluginDefinitionError
from webnet.plugins.base import PluginBase
from webnet.plugins.kernel.identity import ADDRESSES, read_identity

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
