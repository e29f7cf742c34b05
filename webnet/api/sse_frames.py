"""The frames of an event stream, whose lines all end in LF.

The standard also allows CRLF, but clients such as urql split what they read at two LF and find no event in it then.
"""

from __future__ import annotations

# Browsers ignore an event without a `data` field; and urql would take a space after its colon for an answer.
COMPLETE = b"event: complete\ndata:\n\n"


def encode_next(content: bytes) -> bytes:
    """One answer; `content` is JSON in one line."""
    return b"event: next\ndata: " + content + b"\n\n"


def encode_comment(text: str) -> bytes:
    """What clients skip; `text` is one line."""
    return f": {text}\n\n".encode()
