"""The tracer of `make trace`: what it counts, what it asks, and that a real request can be traced."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from tests.databases import with_files_of_its_own
from tests.servers import ROOT
from tools import request_trace
from tools.request_trace import EXAMPLES, Trace, TraceError, list_operations, make_document

pytestmark = with_files_of_its_own

LIMIT_SECONDS = 300
# Files and depth; whoever adds to a request's files says which and why. `json_text.py` reads settings wherever a
# plugin's row is read, and `schema/validator.py` decides about numbers, equality and formats where settings change.
# Mutations go through `execution/isolation.py` and `django_internals.py`: each is one transaction with its answer.
# Lists seal their cursors, by `paging/cursors.py`; a change pauses a plugin that has ended its transaction, by
# `database/held_transaction.py` and `changes/pauses.py`. Every request passes the receivers of Django's signals, by
# `hooks/receivers.py`, the counts of failures, and `console/database_outages.py`, which adds one to the depth.
# The door to plugins' resolvers is opened once for each request, by `runtime/resolver_calls.py` with the black box.
# An answer is made by `execution/isolation.py`, within the time of `database/deadlines.py`: two files for
# queries and one for mutations, and one deeper for each level.
# Objects are made by `execution/compiled_selection.py`, which calls what `execution/direct_resolvers.py` has made, by
# `execution/field_steps.py`: what was graphql-core's and Strawberry's own is counted here now.
# Each request is charged by `request/rates.py`.
# What an operation costs is looked up before it runs, by `engine/cost.py`.
# Lists have cursors, which are sealed like ids, by `vocabulary/sealed_texts.py`.
# Every session's key and each document are looked at by `values/storable_values.py`; the validator's keywords count
# their steps, which adds one to the depth.
# The log hides tokens in a request's path, by `observability/logs.py`; a change's reason is cut, by `errors.py`.
# Every response gets its headers in `console/security_headers.py`.
# A token, its user and the view are found by one statement, `accounts/token_statement.py`, as instances of models that
# `database/model_columns.py` makes.
# What depends on the plugins' state alone is looked for in `http/kept_answers.py`; a change keeps what its locks prove.
# Rows become instances by `values/row_models.py`; the language is found by `console/languages_and_messages.py`.
# Documents are kept by `engine/known_documents.py`; fields that a document only stands in for are put aside by
# `vocabulary/absent_field.py`, and asked for where the root's fields and each field are executed: one deeper for both.
# Texts of plugins' rows may be sentences, which `values/stored_sentences.py` reads and writes.
# `database/sqlite/turns.py` finds whose turn it is to write to SQLite.
MOST = {"plugins": (44, 23), "enableCustomerPlugin": (61, 25), "updateCustomerPluginSettings": (67, 25)}

PACKAGE = '''"""What a reader has to know.

And more.
"""

from outside import call_back


def answer():
    return call_back(lambda: sum(each for each in count(2)))


def count(end):
    yield from range(end)
'''

schema = build_schema((ROOT / "schema.graphql").read_text())


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function of a package in `tmp_path/traced`, which calls one outside of it, which calls back."""
    (tmp_path / "traced").mkdir()
    (tmp_path / "traced" / "answering.py").write_text(PACKAGE)
    (tmp_path / "outside.py").write_text("def call_back(function):\n    return function()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "traced")
    import answering

    yield answering.answer
    for name in ("answering", "outside"):
        del sys.modules[name]


def test_calls_files_and_depth_of_one_folder_are_counted(answer, tmp_path):
    trace = Trace()

    with trace.recording(tmp_path / "traced"):
        answer()
    answer()

    # answer, the lambda, and three times each the expression and the generator, which are resumed for every value
    assert (trace.calls, trace.depth) == (8, 4)
    assert list(trace.files) == [str(tmp_path / "traced" / "answering.py")]


def test_a_file_is_described_by_the_first_line_of_its_docstring(answer, tmp_path):
    trace = Trace()
    with trace.recording(tmp_path / "traced"):
        answer()

    assert request_trace.describe(trace, tmp_path, "answer").splitlines() == [
        "answer: 1 files, 8 calls, 4 deep",
        "    8  traced/answering.py  What a reader has to know.",
    ]


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        *((name, example.arguments) for name, example in EXAMPLES.items()),
        ("viewer", {}),
        ("customer", {"slug": "acme"}),
        ("pluginAuditLogs", {"first": 2}),
        ("pluginPlan", {"plugin": "shelf", "action": "ENABLE"}),
        ("signOut", {}),
        ("createCustomer", {"input": {"slug": "initech", "name": "Initech"}}),
    ],
)
def test_what_is_asked_is_valid(operation, arguments):
    fields = EXAMPLES[operation].fields if operation in EXAMPLES else ""

    document = make_document(schema, operation, arguments, fields=fields)

    assert validate(schema, parse(document)) == []


@pytest.mark.parametrize(
    ("operation", "arguments", "message"),
    [
        ("enablePlugni", {}, "There is no query or mutation 'enablePlugni'. Did you mean enablePlugin"),
        ("zzz", {}, "There is no query or mutation 'zzz'. Without OPERATION"),
        ("customer", {}, "'customer' requires the argument 'slug'."),
        ("customer", {"slug": "acme", "age": 3}, "'customer' has no argument 'age'."),
    ],
)
def test_what_cannot_be_asked_is_explained(operation, arguments, message):
    with pytest.raises(TraceError, match=re.escape(message)):
        make_document(schema, operation, arguments)


def test_all_root_fields_are_listed_with_what_they_require():
    listed = list_operations(schema).splitlines()

    assert {"  plugins", "  customer(slug: String!)", "  signOut", "  signIn(input: SignInInput!)"} <= set(listed)


def test_a_wrong_argument_ends_the_program_with_a_message():
    done = run_trace("customer", "--arguments", "{slug")

    assert done.returncode == 1
    assert done.stderr.startswith("ARGUMENTS is not JSON: ")


def test_requests_stay_within_their_files_and_depth():
    done = run_trace(*MOST)

    assert done.returncode == 0, done.stderr
    figures = re.findall(r"(?m)^(\w+): (\d+) files, \d+ calls, (\d+) deep$", done.stdout)
    found = {name: (int(files), int(depth)) for name, files, depth in figures}
    assert found.keys() == MOST.keys()
    assert {name: each for name, each in found.items() if each[0] > MOST[name][0] or each[1] > MOST[name][1]} == {}
    assert re.search(r"(?m)^ +\d+  webnet/api/http/views\.py +The views of the API", done.stdout)


def test_the_trace_in_the_documentation_names_files_that_exist():
    page = (ROOT / "docs" / "plugin-architecture.md").read_text()

    named = re.findall(r"(?m)^ +\d+  (webnet/\S+\.py) ", page)

    assert named
    missing = [name for name in named if not (ROOT / name).is_file()]
    assert missing == [], "Run `make trace OPERATION=plugins` and put its output into the page."


def run_trace(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/request_trace.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
