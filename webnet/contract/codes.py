"""What each code means that a client can get: when it comes, what to do, and whether to send the same request again.

This is the only place where that is written down. docs/codes.md is made of it (`make schema`), and a test compares the
entries with the codes that webnet gives. The texts are in `refusal_codes` and `error_codes`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Retry(StrEnum):
    """Whether the same request may succeed if it is sent again."""

    NO = "no"
    LATER = "yes, later"
    AFTERWARDS = "once that is done"


@dataclass(frozen=True, kw_only=True)
class CodeMeaning:
    """When a code comes, and what its client does, each in sentences; `http` is the status that comes with an error.

    A status is "400 or 200" for what is wrong with a document: the media type that the client accepts decides.
    """

    when: str
    client: str
    retry: Retry
    http: str = ""
