"""The command `webnet-report`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

import httpx
import pydantic
from tqdm import tqdm

from webnet_report.connection import Connection
from webnet_report.lines import format_activity, format_json, format_table
from webnet_report.problems import NotWebnetError, ProblemError
from webnet_report.report import PluginRow, find_newest_cursor, follow, read_customers

# So many customers with so many plugins each cost a sixth of what a viewer may spend on one operation.
LARGEST_PAGE = 50
# As shells have it for processes that SIGINT and SIGPIPE end.
INTERRUPTED, UNREAD = 130, 141
DESCRIPTION = """\
Report which plugins are effective for each customer and why others are not,
with the revision of the customer's settings, and the plugin's health.
"""
EPILOG = """\
environment:
  WEBNET_TOKEN        an API token, as 'manage.py create_token' prints it. It is
                      not an option, since all users of a machine can see the
                      options of a process, and shells keep them in a history.

exit codes:
  0 everything was read    3 not reached in time      130 ended by Ctrl-C
  1 refused                4 token not accepted
  2 wrong options          5 not webnet, or its schema is another one
"""


def main() -> None:
    """Run the command, and exit with its code."""
    options = _read_options()
    try:
        asyncio.run(_run(options))
    except ProblemError as problem:
        print(f"webnet-report: {problem}", file=sys.stderr)
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # whoever read the output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python flushes at its end
        sys.exit(UNREAD)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="webnet-report",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--url",
        type=_read_url,
        default="http://127.0.0.1:8000",
        help="where webnet is, without /graphql/ (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each plugin and event")
    parser.add_argument(
        "--follow", action="store_true", help="then print what happens after the report has begun, until Ctrl-C"
    )
    parser.add_argument(
        "--page-size",
        type=int,
        choices=range(1, LARGEST_PAGE + 1),
        metavar="N",
        default=LARGEST_PAGE,
        help=f"how many customers, and plugins of each, to ask for at once, up to {LARGEST_PAGE} (%(default)s)",
    )
    parser.add_argument(
        "--patience",
        type=float,
        metavar="SECONDS",
        default=120,
        help="how long to try again while webnet is busy or can't be reached (%(default)s)",
    )
    options = parser.parse_args()
    options.token = os.environ.get("WEBNET_TOKEN", "").strip()
    if not options.token or not options.token.isascii():
        parser.error("set the environment variable WEBNET_TOKEN to an API token")
    return options


def _read_url(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise argparse.ArgumentTypeError("must begin with http:// or https:// and the name of a host")
    return text


async def _run(options: argparse.Namespace) -> None:
    connection = Connection(options.url, token=options.token, patience_seconds=options.patience, note=_note)
    async with connection:
        try:
            # Before the report: what happens while it is read is then followed, and nothing falls in between.
            after = await find_newest_cursor(connection) if options.follow else None
            await _report(connection, options)
            if options.follow:
                async for row in follow(connection, after=after, note=_note):
                    print(format_json(row) if options.json else format_activity(row), flush=True)
        except pydantic.ValidationError as error:
            raise NotWebnetError(f"The answer does not fit the schema; generate the client again: {error}") from error


async def _report(connection: Connection, options: argparse.Namespace) -> None:
    rows: list[PluginRow] = []
    # On standard error, and only if that is a terminal (`disable=None`).
    with tqdm(unit="customer", disable=None, leave=False, mininterval=0) as progress:

        def count(done: int, total: int) -> None:
            progress.total = total
            progress.update(done - progress.n)

        async for found in read_customers(connection, page_size=options.page_size, count=count):
            if options.json:
                print(*map(format_json, found), sep="\n", end="\n" if found else "", flush=True)
            rows += found
    if not options.json:
        print(*format_table(rows), sep="\n", flush=True)


def _note(sentence: str) -> None:
    tqdm.write(f"webnet-report: {sentence}", file=sys.stderr)
