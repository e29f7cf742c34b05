"""Rules on what clients rely on: deprecations, and changes since a version whose schema is stored beside the plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from graphql import GraphQLError

from webnet.api.schema import full_schema
from webnet.contract.changes import SchemaChange, Severity
from webnet.contract.deprecations import EXAMPLE, find_deprecation_faults
from webnet.contract.parts import build_part, find_part_changes
from webnet.contract.versions import is_version, may_break, minor_of
from webnet.program import PROGRAM
from webnet.sdk.checking.plugin_under_test import PluginUnderTest
from webnet.sdk.checking.report import RuleFinding

# In the plugin's package, so that it is installed with it: a file for each version, named after it.
FOLDER = "schemas"


def check_deprecations(subject: PluginUnderTest) -> Iterator[RuleFinding]:
    """Each deprecation of the plugin says in which of its versions the element is gone, and it is gone by then."""
    version = minor_of(subject.manifest.version)
    for fault in find_deprecation_faults(build_part(_export(subject)), version):
        way_out = (
            "remove it, and say so in the changelog" if fault.is_overdue else f"write a reason such as '{EXAMPLE}'"
        )
        yield subject.finding("schema.deprecation", fault.place, fault.message, way_out)


def check_changes(subject: PluginUnderTest, version: str) -> Iterator[RuleFinding]:
    """What the plugin adds to the schema still has what clients of that version know, unless its version says so."""
    place = f"its schema since {version}"
    file = _file_of(subject, version)
    if file is None or not is_version(version) or not file.is_file():
        stored = sorted(path.stem for path in file.parent.glob("*.graphql")) if file is not None else []
        message = f"there is no schema of {version}, only of {', '.join(stored)}" if stored else "no schema is stored"
        way_out = f"install {version} and run '{PROGRAM} check_plugin {subject.name} --store', which writes it"
        yield subject.finding("schema.baseline", place, message, way_out)
        return
    try:
        changes = find_part_changes(file.read_text(encoding="utf-8"), _export(subject))
    except GraphQLError as error:
        way_out = "restore the file as it was written"
        yield subject.finding("schema.baseline", place, f"'{file}' is not SDL: {error.message}", way_out)
        return
    breaks = may_break(minor_of(version), minor_of(subject.manifest.version))
    for change in changes:
        rule, way_out = _grade(change, may_break=breaks)
        yield subject.finding(rule, place, f"{change.description.rstrip('.')} ({change.kind})", way_out)


def store(subject: PluginUnderTest) -> Path:
    """Write what the plugin adds to the schema into the file of its version, for later checks."""
    file = _file_of(subject, subject.manifest.version)
    if file is None:
        raise LookupError(f"'{subject.name}' has no folder.")
    file.parent.mkdir(exist_ok=True)
    file.write_text(_export(subject), encoding="utf-8")
    return file


def _export(subject: PluginUnderTest) -> str:
    return full_schema().schema.parts.exports.get(subject.name, "")


def _file_of(subject: PluginUnderTest, version: str) -> Path | None:
    return subject.folder / FOLDER / f"{version}.graphql" if subject.folder is not None else None


def _grade(change: SchemaChange, *, may_break: bool) -> tuple[str, str]:
    """The rule that a change falls under, and what to do about it."""
    if change.severity is Severity.DANGEROUS:
        return "schema.dangerous", "say in the changelog what clients may meet"
    if change.severity is Severity.SAFE:
        return "schema.compatible", "say so in the changelog"
    if may_break:
        return "schema.announced", "say in the changelog what clients have to change"
    return (
        "schema.breaking",
        "keep what clients use and deprecate it, or raise the major version (while it is 0, the minor)",
    )
