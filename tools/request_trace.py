"""Prints a reader's map of one request: the files of webnet that it runs through, in order, and how deep it goes.

    make trace                                  lists what can be traced
    make trace OPERATION=enableCustomerPlugin
    make trace OPERATION=customer ARGUMENTS='{"slug": "acme"}'

The request goes through the real HTTP view, in this process, on a new SQLite database with the demo data and the
example plugins. It is traced after the same request was served before, so that what is cached is cached.

Counted are calls into code under `webnet/`, each resumption of a generator and each comprehension included, in the
thread that serves the request; depth is the number of such frames on its stack. Not counted is work that is handed to
other threads, such as a plugin's hooks, and the database backend, which Django calls for each condition of a query.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import io
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLNamedType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_client_schema,
    build_schema,
    get_introspection_query,
    get_named_type,
    is_required_argument,
)

ROOT = Path(__file__).resolve().parents[1]
# For how many levels of objects below the root field's the plain fields are selected.
SELECTED_LEVELS = 3
# The length of a line if there is no terminal.
WIDTH = 120


class TraceError(Exception):
    """An error that is shown to the user."""


@dataclass(frozen=True)
class Example:
    """Default arguments and fields for a root field, and what reverts its effect."""

    arguments: Mapping[str, Any] = field(default_factory=dict)
    fields: str = ""
    undo: tuple[str, Mapping[str, Any]] | None = None


BACKEND = ("database/guarded_connection", "database/guard", "database/clean_room", "plugin_calls")
CHOICE = {"input": {"customer": "acme", "plugin": "device_inventory"}}
GREETING = {"customer": "acme", "plugin": "hello_world"}
EXAMPLES = {
    "enableCustomerPlugin": Example(
        CHOICE,
        "... on EnableCustomerPluginPayload { changed config { enabled effective } }",
        undo=("disableCustomerPlugin", CHOICE),
    ),
    "updateCustomerPluginSettings": Example(
        {"input": {**GREETING, "settings": {"greeting": "Welcome"}}},
        "... on UpdateCustomerPluginSettingsPayload { changed config { settings effectiveSettings } }",
        undo=("updateCustomerPluginSettings", {"input": {**GREETING, "settings": {"greeting": None}}}),
    ),
    "plugins": Example(
        {}, "edges { node { name version status enabled availability } } totalCount pageInfo { hasNextPage }"
    ),
}


@dataclass
class Trace:
    """What was counted; `files` has the calls into each, in the order of the first ones."""

    files: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    depth: int = 0

    @contextmanager
    def recording(self, folder: Path) -> Iterator[None]:
        """Count, in this thread, what is called in files below a folder."""
        prefix, level = f"{folder}{os.sep}", 0
        # With what it asks before each statement; a request leads nowhere from there.
        backend = (f"{folder / 'database' / 'sqlite'}{os.sep}", *(f"{folder / name}.py" for name in BACKEND))

        def count(frame: FrameType, event: str, _: object) -> None:
            nonlocal level
            name = frame.f_code.co_filename
            if not name.startswith(prefix) or name.startswith(backend):
                return
            if event == "call":
                level += 1
                self.calls += 1
                self.depth = max(self.depth, level)
                self.files[name] = self.files.get(name, 0) + 1
            elif event == "return":  # a generator that yields also returns, and is called again
                level -= 1

        sys.setprofile(count)
        try:
            yield
        finally:
            sys.setprofile(None)


class Server:
    """webnet in this process, used through its HTTP view."""

    def __init__(self, url: str, token: str) -> None:
        from django.test import Client

        self._client = Client()
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of an operation. Raises TraceError if there are errors."""
        body = json.dumps({"query": document, "variables": variables or {}})
        response = self._client.post(self._url, body, content_type="application/json", headers=self._headers)
        answer: dict[str, Any] = response.json()
        if "errors" in answer:
            messages = [error["message"] for error in answer["errors"]]
            raise TraceError("\n".join(["The response has errors:", *messages]))
        data: dict[str, Any] = answer["data"]
        return data


def main(arguments: list[str]) -> None:
    """Trace each operation, or list those that there are."""
    options = _read_options(arguments)
    tree = Path(options.tree).resolve()
    if not options.operations:
        print(list_operations(build_schema((tree / "schema.graphql").read_text(encoding="utf-8"))))
        return
    given = _read_arguments(options.arguments)
    with tempfile.TemporaryDirectory(prefix="webnet-trace-") as folder:
        print("Setting up a database with the demo data and the example plugins ...", file=sys.stderr)
        token = set_up(tree, Path(folder), user=options.user)
        try:
            server = Server(f"/graphql/{options.customer}/" if options.customer else "/graphql/", token)
            schema = build_client_schema(server.ask(get_introspection_query(descriptions=False)))  # type: ignore[arg-type]  # It is what the query answers.
            for operation in options.operations:
                trace = trace_operation(server, schema, tree, operation, given=given, fields=options.fields)
                print(describe(trace, tree, operation))
        finally:
            _close_database()


def list_operations(schema: GraphQLSchema) -> str:
    """Every root field with its arguments, those that need none given first."""
    lines = ["These need nothing else:", *(f"  {name}" for name in EXAMPLES), ""]
    lines += [
        "For all others give what they require as ARGUMENTS='{\"name\": value}'; plugins' own fields work as well."
    ]
    for kind, fields in _find_root_fields(schema).items():
        lines += ["", f"{kind.capitalize()}:"]
        for name, definition in sorted(fields.items()):
            required = [f"{key}: {each.type}" for key, each in definition.args.items() if is_required_argument(each)]
            lines.append(f"  {name}({', '.join(required)})" if required else f"  {name}")
    return "\n".join(lines)


def set_up(tree: Path, folder: Path, *, user: str) -> str:
    """Start webnet from a checkout, on new data in a folder; the token of one of the demo users."""
    for name in [name for name in os.environ if name.startswith("WEBNET_")]:
        del os.environ[name]
    os.environ |= {
        "DATABASE_URL": f"sqlite:///{folder}/trace.sqlite3",
        "DJANGO_SETTINGS_MODULE": "webnet.settings",
        "WEBNET_DATA_DIR": str(folder),
        "WEBNET_ALLOWED_HOSTS": "testserver",
        "WEBNET_DEBUG": "1",
        "WEBNET_SECRET_KEY": "for-a-trace",
    }
    sys.path.insert(0, str(tree))
    import django
    from django.core.management import CommandError, call_command

    logging.disable(logging.WARNING)
    django.setup()
    printed = io.StringIO()
    try:
        call_command("migrate", host_only=True, interactive=False, verbosity=0, stdout=printed)
        call_command("sync_plugins", migrate=True, stdout=printed)
        call_command("demo", stdout=printed)
        call_command("enable_plugin", "device_inventory", stdout=printed)
        printed = io.StringIO()
        call_command("create_token", user, "trace", stdout=printed)
    except CommandError as problem:
        raise TraceError(f"webnet could not be set up: {problem}") from problem
    return printed.getvalue().split()[-1]


def trace_operation(
    server: Server,
    schema: GraphQLSchema,
    tree: Path,
    operation: str,
    *,
    given: Mapping[str, Any] | None = None,
    fields: str = "",
) -> Trace:
    """Run it once to fill the caches, revert its effect if that is known, and run it again under the tracer."""
    from webnet.api.http.kept_answers import kept_answers  # It needs Django's settings.

    example = EXAMPLES.get(operation, Example())
    variables = example.arguments if given is None else given
    document = make_document(schema, operation, variables, fields=fields or example.fields)
    if example.undo and given is None:
        name, reset = example.undo
        server.ask(document, variables)
        server.ask(make_document(schema, name, reset), reset)
    elif document.startswith("query"):
        server.ask(document, variables)
    kept_answers.clear()  # What is traced is how an answer is made.
    trace = Trace()
    with trace.recording(tree / "webnet"):
        data = server.ask(document, variables)
    if isinstance(data[operation], dict) and (message := data[operation].get("message")):
        print(f"Refused: {message}", file=sys.stderr)
    return trace


def make_document(schema: GraphQLSchema, operation: str, variables: Mapping[str, Any], *, fields: str = "") -> str:
    """An operation with one root field. Raises TraceError if there is no such field, or an argument is wrong."""
    roots = _find_root_fields(schema)
    kind = next((kind for kind, found in roots.items() if operation in found), None)
    if kind is None:
        names = [name for found in roots.values() for name in found]
        near = difflib.get_close_matches(operation, names, n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "Without OPERATION, `make trace` lists what there is."
        raise TraceError(f"There is no query or mutation '{operation}'. {hint}")
    definition = roots[kind][operation]
    unknown = sorted(variables.keys() - definition.args.keys())
    missing = [name for name, each in definition.args.items() if is_required_argument(each) and name not in variables]
    if unknown or missing:
        wrong = [f"has no argument '{name}'" for name in unknown] + [
            f"requires the argument '{name}'" for name in missing
        ]
        raise TraceError(f"'{operation}' {', and '.join(wrong)}.")
    declared = ", ".join(f"${name}: {definition.args[name].type}" for name in variables)
    passed = ", ".join(f"{name}: ${name}" for name in variables)
    selection = select_fields(get_named_type(definition.type), fields=fields)
    call = f"{operation}({passed})" if passed else operation
    return f"{kind}({declared}) {{ {call} {selection} }}" if declared else f"{kind} {{ {call} {selection} }}"


def select_fields(kind: GraphQLNamedType, *, fields: str = "", levels: int = SELECTED_LEVELS) -> str:
    """These fields, or by default the plain ones, and the plain ones of the objects below; "" for a plain type."""
    if _is_plain(kind):
        return ""
    if isinstance(kind, GraphQLUnionType):
        payloads = [f"... on {each.name} {select_fields(each, levels=levels)}" for each in kind.types[:1]]
        return f"{{ __typename {fields or ' '.join(payloads)} ... on Refusal {{ code message }} }}"
    if fields:
        return f"{{ {fields} }}"
    chosen = ["__typename"]
    for name, each in getattr(kind, "fields", {}).items():
        inner = get_named_type(each.type)
        if any(is_required_argument(argument) for argument in each.args.values()):
            continue
        if _is_plain(inner):
            chosen.append(name)
        elif levels and not isinstance(inner, GraphQLUnionType) and not each.args:
            below = select_fields(inner, levels=levels - 1) if name in ("edges", "node") else _select_plain(inner)
            chosen.append(f"{name} {below}")
    return f"{{ {' '.join(chosen)} }}"


def describe(trace: Trace, tree: Path, operation: str) -> str:
    """The figures, and a line for each file: the calls into it, its path, the first line of its docstring."""
    paths = [Path(name).relative_to(tree).as_posix() for name in trace.files]
    width = max(map(len, paths), default=0)
    columns = shutil.get_terminal_size(fallback=(WIDTH, 0)).columns
    lines = [f"{operation}: {len(paths)} files, {trace.calls} calls, {trace.depth} deep"]
    for path, (name, calls) in zip(paths, trace.files.items(), strict=True):
        line = f"{calls:5}  {path:{width}}  {read_summary(Path(name))}"
        lines.append(line if len(line) <= columns else f"{line[: columns - 1]}…")
    return "\n".join(lines)


def read_summary(path: Path) -> str:
    """The first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def _read_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("operations", nargs="*", help="root fields; without one, all are listed")
    parser.add_argument("--arguments", default="", metavar="JSON", help="the field's arguments, as a JSON object")
    parser.add_argument("--fields", default="", metavar="FIELDS", help="what to select, without the outer braces")
    parser.add_argument(
        "--customer", default="", metavar="SLUG", help="the customer whose view is used; default: the platform's view"
    )
    parser.add_argument("--user", default="platform", help="the demo user of the request (default: platform)")
    parser.add_argument("--tree", default=ROOT, metavar="FOLDER", help="another checkout to trace, to compare with")
    return parser.parse_args(arguments)


def _read_arguments(text: str) -> dict[str, Any] | None:
    """None if none are given, so that those of the example are used."""
    if not text:
        return None
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise TraceError(f"ARGUMENTS is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise TraceError('ARGUMENTS must be a JSON object, such as {"slug": "acme"}.')
    return given


def _find_root_fields(schema: GraphQLSchema) -> dict[str, dict[str, GraphQLField]]:
    roots = {"query": schema.query_type, "mutation": schema.mutation_type}
    return {kind: dict(root.fields) for kind, root in roots.items() if root}


def _select_plain(kind: GraphQLNamedType) -> str:
    definitions: Mapping[str, GraphQLField] = getattr(kind, "fields", {})
    plain = [name for name, each in definitions.items() if _is_plain(get_named_type(each.type)) and not each.args]
    return f"{{ {' '.join(['__typename', *plain])} }}"


def _is_plain(kind: GraphQLNamedType) -> bool:
    return isinstance(kind, GraphQLScalarType | GraphQLEnumType)


def _close_database() -> None:
    from django.db import connections

    connections.close_all()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except TraceError as problem:
        sys.exit(str(problem))
