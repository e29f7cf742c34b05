"""What the conformance check takes for blocked in a page's HTML, and what not."""

from __future__ import annotations

import pytest

from webnet.sdk.checking.blocked_html import find_blocked


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<script>run()</script>", "an inline <script>"),
        ("<script type='module'>run()</script>", "an inline <script>"),
        ("<script nonce='other'>run()</script>", "an inline <script>"),
        ("<style>p { margin: 0 }</style>", "a <style> element"),
        ("<p style='margin: 0'>x</p>", "the attribute style of <p>"),
        ("<button ONCLICK='run()'>x</button>", "the attribute onclick of <button>"),
        ("<a href=' JavaScript:run()'>x</a>", "a javascript: address in <a>"),
        ("<script src='https://cdn.example/x.js'></script>", "<script> loads from 'cdn.example'"),
        ("<link rel='stylesheet' href='//cdn.example/x.css'>", "<link> loads from 'cdn.example'"),
        ("<img src='https://cdn.example/x.png'>", "<img> loads from 'cdn.example'"),
    ],
)
def test_what_browsers_block_is_found_once(html: str, found: str) -> None:
    ((what, way_out),) = find_blocked(html * 2, nonce="abc")

    assert what == found and way_out


@pytest.mark.parametrize(
    "html",
    [
        "<script src='/static/x.js'></script>",
        "<script nonce='abc'>run()</script><style nonce='abc'>p { margin: 0 }</style>",
        "<script type='application/json'>{}</script>",
        "<a href='https://example.com/'>x</a><img src='/static/x.png'><img src='data:image/png;base64,AA=='>",
        "<!-- <script>run()</script> --><p>onclick</p>",
    ],
)
def test_what_browsers_run_is_not_found(html: str) -> None:
    assert find_blocked(html, nonce="abc") == []


def test_without_a_nonce_in_the_page_no_nonce_is_right() -> None:
    assert find_blocked("<script nonce=''>run()</script>")
