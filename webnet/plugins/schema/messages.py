"""Describes errors in settings in plain language, without ever including a value."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from jsonschema import ValidationError

from webnet.errors import SettingsIssue
from webnet.plugins.schema.walk import join_pointer
from webnet.sentences import sentence
from webnet.values.patterns import compile_pattern

_TYPES = {
    "string": sentence("a string"),
    "integer": sentence("an integer"),
    "number": sentence("a number"),
    "boolean": sentence("true or false"),
    "object": sentence("an object"),
    "array": sentence("a list"),
    "null": "null",
}
_FORMATS = {
    "email": sentence("an e-mail address"),
    "idn-email": sentence("an e-mail address"),
    "ipv4": sentence("an IPv4 address"),
    "ipv6": sentence("an IPv6 address"),
    "date": sentence("a date such as 2030-12-31"),
    "date-time": sentence("an instant such as 2030-12-31T23:59:59Z"),
    "time": sentence("a time such as 23:59:59Z"),
    "duration": sentence("a duration such as PT15M"),
    "hostname": sentence("a host name"),
    "idn-hostname": sentence("a host name"),
    "json-pointer": sentence("a JSON Pointer such as /list/0"),
    "relative-json-pointer": sentence("a relative JSON Pointer such as 1/list"),
    "uri": sentence("a full URL"),
    "uri-reference": sentence("a URL"),
    "uri-template": sentence("a template of a URL such as {example}", example="/users/{id}"),
    "regex": sentence("a regular expression"),
    "uuid": sentence("a UUID"),
}

# The messages for the keywords of draft 2020-12. They may show values of the schema, but not those of the settings.
# What has names of the plugin in a schema, which may be those of rules.
_BY_NAME = frozenset({"$defs", "dependentSchemas", "patternProperties", "properties"})
_SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "type": lambda types: _must_be(_describe_types([types] if isinstance(types, str) else types)),
    "enum": lambda options: sentence("must be one of {options}", options=", ".join(_as_json(each) for each in options)),
    "const": lambda value: _must_be(_as_json(value)),
    "format": lambda name: _must_be(_FORMATS.get(name) or sentence("in the format {format}", format=name)),
    "pattern": lambda pattern: sentence("must match the pattern {pattern}", pattern=pattern),
    "minLength": lambda count: (
        sentence("must have at least {count} character", count=count)
        if count == 1
        else sentence("must have at least {count} characters", count=count)
    ),
    "maxLength": lambda count: (
        sentence("must have at most {count} character", count=count)
        if count == 1
        else sentence("must have at most {count} characters", count=count)
    ),
    "minimum": lambda limit: sentence("must be {limit} or more", limit=limit),
    "maximum": lambda limit: sentence("must be {limit} or less", limit=limit),
    "exclusiveMinimum": lambda limit: sentence("must be more than {limit}", limit=limit),
    "exclusiveMaximum": lambda limit: sentence("must be less than {limit}", limit=limit),
    "multipleOf": lambda step: sentence("must be a multiple of {step}", step=step),
    "minItems": lambda count: (
        sentence("must have at least {count} item", count=count)
        if count == 1
        else sentence("must have at least {count} items", count=count)
    ),
    "maxItems": lambda count: (
        sentence("must have at most {count} item", count=count)
        if count == 1
        else sentence("must have at most {count} items", count=count)
    ),
    "uniqueItems": lambda _: sentence("must not contain an item twice"),
    "contains": lambda _: sentence("lacks a required item, or has too many of them"),
    "minContains": lambda _: sentence("has too few of the required items"),
    "maxContains": lambda _: sentence("has too many of the required items"),
    "minProperties": lambda count: (
        sentence("must have at least {count} member", count=count)
        if count == 1
        else sentence("must have at least {count} members", count=count)
    ),
    "maxProperties": lambda count: (
        sentence("must have at most {count} member", count=count)
        if count == 1
        else sentence("must have at most {count} members", count=count)
    ),
    "propertyNames": lambda _: sentence("has a member whose name is not allowed"),
    "unevaluatedProperties": lambda _: sentence("has members that are not allowed here"),
    "unevaluatedItems": lambda _: sentence("has more items than are allowed"),
    "not": lambda form: sentence("has a value that is not allowed here") if form else sentence("is not allowed here"),
}


def describe_errors(errors: Iterable[ValidationError]) -> Iterator[SettingsIssue]:
    """One or more issues for each error that `jsonschema` found."""
    for error in errors:
        expected: Any = error.validator_value
        if error.validator == "required":
            yield from _describe_missing(error, expected)
        elif error.validator == "dependentRequired":
            for name, needed in expected.items():
                yield from _describe_missing(error, needed if name in _instance(error) else ())
        elif error.validator == "additionalProperties" and expected is False:
            yield from _describe_unknown(error)
        elif _is_about_name(error):
            path = join_pointer([*error.absolute_path, _instance(error)])
            yield SettingsIssue(
                path=path, message=sentence("is not allowed as a name: it {problem}", problem=_describe(error))
            )
        elif error.validator in {"anyOf", "oneOf"} and (meant := _find_meant(error)):
            yield from describe_errors(meant)
        else:
            yield SettingsIssue(path=join_pointer(error.absolute_path), message=_describe(error))


def _describe_types(types: Iterable[str]) -> str:
    """JSON types in plain language: "a string or null"."""
    first, *others = (_TYPES.get(one, one) for one in types)
    described: str = first
    for other in others:
        described = sentence("{first} or {second}", first=described, second=other)
    return described


def _must_be(what: str) -> str:
    return sentence("must be {what}", what=what)


def _describe(error: ValidationError) -> str:
    if error.validator is None:  # The error of the schema `false`, which allows nothing.
        return sentence("is not allowed here")
    if error.validator in {"anyOf", "oneOf"}:
        return _describe_alternatives(error)
    whole = isinstance(error.instance, float) and error.instance.is_integer()
    if whole and error.validator == "type" and "integer" in str(error.validator_value):
        return sentence("must be an integer that fits into 64 bits")
    write = _SENTENCES.get(str(error.validator))
    return (
        write(error.validator_value) if write else sentence("does not match the schema ({rule})", rule=error.validator)
    )


def _is_about_name(error: ValidationError) -> bool:
    """Whether it is the name of a member that is wrong, and not its value."""
    keys = list(error.absolute_schema_path)
    return any(
        key == "propertyNames" and (not at or keys[at - 1] not in _BY_NAME) for at, key in enumerate(keys)
    ) and isinstance(_instance(error), str)


def _find_meant(error: ValidationError) -> list[ValidationError]:
    """The errors of the only alternative that the value can be meant as; empty if it may be any of several, or none."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    meant = [errors for errors in branches.values() if not any(map(_is_another_kind, errors))]
    return meant[0] if len(meant) == 1 else []


def _is_another_kind(error: ValidationError) -> bool:
    """Whether the value has another type than the alternative, or a member that can have one value has another one."""
    if not error.relative_path:
        return error.validator in {"type", "const", "enum", None}
    expected: Any = error.validator_value
    is_fixed = error.validator == "const" or (error.validator == "enum" and len(expected) == 1)
    return is_fixed and len(error.relative_path) == 1


def _describe_alternatives(error: ValidationError) -> str:
    context = error.context or []
    if not context:
        return sentence("matches more than one of the alternatives, and must match exactly one")
    if all(inner.validator == "type" and not inner.relative_path for inner in context):
        expected: list[Any] = [inner.validator_value for inner in context]
        types = [name for one in expected for name in ([one] if isinstance(one, str) else one)]
        return _must_be(_describe_types(dict.fromkeys(types)))
    return sentence("does not match any of the alternatives")


def _describe_missing(error: ValidationError, names: Iterable[str]) -> Iterator[SettingsIssue]:
    for name in names:
        if name not in _instance(error):
            yield SettingsIssue(path=join_pointer([*error.absolute_path, name]), message=sentence("is required"))


def _describe_unknown(error: ValidationError) -> Iterator[SettingsIssue]:
    schema: Any = error.schema
    known = list(schema.get("properties", {}))
    patterns = list(schema.get("patternProperties", {}))
    for name in _instance(error):
        if name in known or any(compile_pattern(pattern).is_in(name) for pattern in patterns):
            continue
        close = get_close_matches(name, known, n=1)
        message = sentence("is unknown; did you mean '{name}'?", name=close[0]) if close else sentence("is unknown")
        yield SettingsIssue(path=join_pointer([*error.absolute_path, name]), message=message)


def _instance(error: ValidationError) -> Any:
    return error.instance


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
