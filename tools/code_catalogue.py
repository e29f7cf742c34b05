"""Writes docs/codes.md: every code that a client can get, from what `webnet.contract` and the refusals say of it.

`python tools/code_catalogue.py` writes it, and with `--check` fails if it is out of date.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from webnet.contract.codes import CodeMeaning
from webnet.contract.error_codes import ERROR_CODES, STREAM_CUTS, STREAM_ENDS
from webnet.contract.refusal_codes import FAULT_CODES, LOG_CODES, REFUSAL_CODES
from webnet.errors import Refusal

ROOT = Path(__file__).resolve().parents[1]
FILE = Path("docs/codes.md")

INTRODUCTION = """\
# Codes

Every code that a client can get from webnet: when it comes, and what the client does. Codes are stable; messages are
for people, and may change. New codes come with new versions, so treat one that you don't know by the type of its
refusal, or by the HTTP status.

"Again" says whether the same request may succeed when it is sent again: "yes, later" after a while, "once that is done"
after the step in the column before; with "no", change the request or give up.

<!-- Written by `make schema` from webnet/contract; do not edit. -->
"""
REFUSALS = """\
## Refusals

Members of a mutation's result union, with `code` and `message`. Nothing was changed, and the status is 200.
[Refusals](plugin-quick-reference.md#refusals) says how to select them. In a field of a query or a subscription, where
there is no such union, they are errors with the same codes and the status 200. Plugins have codes of their own besides.
"""
FAULTS = """\
## Faults of an input

`faults` of `InvalidInput` and `InvalidSettings` has a code for each value: a code of that refusal, from the tables
above, or that of a check of Django's columns in capitals. Checks of plugins may have others.
"""
ERRORS = """\
## Errors

In `errors`, as `extensions.code`. [Errors](plugin-quick-reference.md#errors) says what has been changed then. "400 or
200" is 400 for clients that accept `application/graphql-response+json` or only `text/event-stream`, and 200 for those
that accept plain `application/json`.
"""
ENDS = """\
## Streams that have ended

An event stream that is of no use any more ends with an error with this code, and then `complete`: [how a stream
ends](audit-and-settings.md#how-a-stream-ends).
"""
CUTS = """\
## Streams that are cut

Otherwise the connection is closed without `complete`, and the stream's last comment has the code, such as
`: SERVER_STOPPING`. Come again with the last cursor; clients with retries do so by themselves.
"""
IN_LOG = """\
## In the audit log only

`errorCode` of a row of the audit log is the code of the refusal or the error, or one of these, which no answer has.
"""
OTHERS = """\
## Elsewhere

- `ineffectiveCodes` says why a plugin is not effective for a customer. It is an enum, and the schema describes its
  values.
- `check_documents` has [codes of faults in documents](frontend-development.md#check-the-documents), for scripts that
  build a client.
- Problems and settings' `issues` have no codes: a problem has a `key`, which lasts as long as it does.
"""


def main(arguments: Sequence[str]) -> None:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description="Writes docs/codes.md.")
    parser.add_argument("--check", action="store_true", help="only fail if it is out of date")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: the one with this script)")
    options = parser.parse_args(arguments)
    file, text = options.root / FILE, write_catalogue()
    if not options.check:
        file.write_text(text, encoding="utf-8")
    elif not file.is_file() or file.read_text(encoding="utf-8") != text:
        sys.exit(f"{FILE} is out of date: run 'make schema'.")
    else:
        print(f"{FILE} is up to date.")


def write_catalogue() -> str:
    """The text of the file."""
    return "\n".join(
        [
            INTRODUCTION,
            REFUSALS,
            *_refusal_tables(),
            FAULTS,
            *_plain_table(FAULT_CODES),
            ERRORS,
            *_table(("code", "HTTP"), ((f"`{code}`", each.http, each) for code, each in ERROR_CODES.items())),
            ENDS,
            *_plain_table(STREAM_ENDS),
            CUTS,
            *_plain_table(STREAM_CUTS),
            IN_LOG,
            *_plain_table(LOG_CODES),
            OTHERS,
        ]
    )


def _refusal_tables() -> Iterator[str]:
    """A part for each type of refusals."""
    types = {code: kind.__name__ for kind in Refusal.__subclasses__() for code in kind.codes}
    for name, codes in groupby(REFUSAL_CODES, key=types.__getitem__):
        yield f"### {name}\n"
        yield from _plain_table({code: REFUSAL_CODES[code] for code in codes})


def _plain_table(codes: Mapping[str, CodeMeaning]) -> Iterator[str]:
    return _table(("code",), ((f"`{code}`", meaning) for code, meaning in codes.items()))


def _table(heads: tuple[str, ...], rows: Iterable[tuple[*tuple[str, ...], CodeMeaning]]) -> Iterator[str]:
    """The lines; a row's last part is what its code means."""
    yield _line((*heads, "when", "what to do", "again"))
    yield _line(["---"] * (len(heads) + 3))
    for *cells, meaning in rows:
        yield _line((*cells, meaning.when, meaning.client, meaning.retry))
    yield ""


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(sys.argv[1:])
