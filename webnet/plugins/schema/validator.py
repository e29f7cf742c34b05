"""The validator of settings: JSON Schema (draft 2020-12) with exact fractions, JSON's equality and checked formats.

However a schema and a document are made, validation ends: patterns take linear time, and all steps are counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Context, Decimal
from functools import partial
from time import thread_time
from typing import Any, TypeAlias

from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from referencing import Registry

from webnet.plugins.schema.walk import Schema, follow_ref
from webnet.values.patterns import CLIENTS_MEMORY_BYTES, PatternError, compile_pattern
from webnet.values.storable_values import LARGEST_INTEGER, SMALLEST_INTEGER

# About a second. A step is one keyword of the schema at one value; what takes longer than that counts as several.
MAXIMUM_STEPS = 50_000
# The one keyword whose check has to know the whole schema.
UNEVALUATED = "unevaluatedProperties"
# Work that takes about as long as one keyword: members to look up, and characters to write.
MEMBERS_PER_STEP = 20
CHARACTERS_PER_STEP = 200
# Of a single search for a pattern, which nothing interrupts: RE2 runs so many instructions in a second at the worst.
MAXIMUM_INSTRUCTIONS = 200_000_000
# From here on a search may take longer than a step, and the time that it took is counted.
MEASURED_INSTRUCTIONS = 2_000
STEPS_PER_SECOND = 50_000
# The quotient of the largest double and the smallest one has 632 digits.
EXACT = Context(prec=700)

# `json.dumps` would make an encoder for each value.
_encode = json.JSONEncoder(sort_keys=True).encode

Keyword: TypeAlias = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]

_steps_left: ContextVar[list[int] | None] = ContextVar("steps_left", default=None)


class TooManySteps(Exception):
    """Validation has taken more than MAXIMUM_STEPS."""


@contextmanager
def bounded_steps() -> Iterator[None]:
    """Let all validation within take MAXIMUM_STEPS at most, together with what is around it already.

    Raises TooManySteps, also for a reference that leads to itself, which would exhaust the stack first.
    """
    token = _steps_left.set([MAXIMUM_STEPS]) if _steps_left.get() is None else None
    try:
        yield
    except RecursionError:
        raise TooManySteps from None
    finally:
        if token is not None:
            _steps_left.reset(token)


FORMATS = FormatChecker(formats=())
FORMATS.checkers = dict(Draft202012Validator.FORMAT_CHECKER.checkers)
# Of schemas themselves, without their patterns, of which a refusal has more to say.
SCHEMA_FORMATS = FormatChecker(formats=FORMATS.checkers.keys() - {"regex"})


@FORMATS.checks("email")
def is_email(value: object, *, hostname: str = "hostname") -> bool:
    """Whether the text is a mailbox (RFC 5321); any host may be in it, such as `localhost` or `mail.intranet`."""
    if not isinstance(value, str):
        return True
    # Imported by the first text that is checked: it takes 20 ms, and few settings have addresses.
    from email_validator import EmailNotValidError, validate_email

    name, _, host = value.rpartition("@")
    is_address = host.startswith("[")
    try:
        # The library refuses hosts that are not on the internet, so it checks the rest of the text.
        validate_email(
            value if is_address else f"{name}@example.com",
            check_deliverability=False,
            allow_smtputf8=hostname == "idn-hostname",
            allow_quoted_local=True,
            allow_domain_literal=True,
            strict=True,
        )
    except EmailNotValidError:
        return False
    return is_address or FORMATS.conforms(host, hostname)


@FORMATS.checks("idn-email")
def is_international_email(value: object) -> bool:
    """Whether the text is a mailbox whose name and host may have letters of any script (RFC 6531)."""
    return is_email(value, hostname="idn-hostname")


@FORMATS.checks("regex")
def is_pattern(value: object) -> bool:
    """Whether the text is a pattern that webnet can use itself."""
    try:
        return not isinstance(value, str) or bool(compile_pattern(value, memory_bytes=CLIENTS_MEMORY_BYTES))
    except PatternError:
        return False


def make_validator(schema: Mapping[str, Any]) -> Any:
    """The validator for a valid schema, to be used within `bounded_steps`.

    It fetches nothing: references stay within the schema.
    """
    # jsonschema would take its own validator for a schema that names its draft, also where `#` refers to it.
    root = {keyword: value for keyword, value in schema.items() if keyword != "$schema"}
    kind: Any = SettingsValidator
    # Only where it may be used: a class for each schema takes longer to make than all else here, and stays in memory.
    if UNEVALUATED in json.dumps(root):
        checked = {UNEVALUATED: _counted(partial(_check_unevaluated_members, root))}
        kind = validators.extend(SettingsValidator, checked)  # type: ignore[no-untyped-call]  # as below
    return kind(root, registry=Registry(), format_checker=FORMATS)


def equality_key(value: Any) -> str:
    """A text that two values have in common if they are equal to JSON Schema: 1 is 1.0, but not true."""
    key = _encode(_with_plain_numbers(value))
    _take_steps(1 + len(key) // CHARACTERS_PER_STEP)
    return key


def as_integer(value: Any) -> Any:
    """The int for a float without a fraction, which JSON Schema takes for an integer; anything else as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _with_plain_numbers(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _with_plain_numbers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_plain_numbers(item) for item in value]
    return as_integer(value)


def _check_multiple(_: Any, step: float, instance: Any, __: Any) -> Iterator[ValidationError]:
    # By the shortest digits of each double: in binary, 19.99 is not a multiple of 0.01.
    if _is_number(instance) and EXACT.remainder(_as_decimal(instance), _as_decimal(step)) != 0:
        yield ValidationError(f"{instance!r} is not a multiple of {step}")


def _check_enum(_: Any, options: list[Any], instance: Any, __: Any) -> Iterator[ValidationError]:
    # A text equals only itself, so nothing needs to be written to compare it.
    is_text = isinstance(instance, str)
    if not (instance in options if is_text else equality_key(instance) in map(equality_key, options)):
        yield ValidationError(f"{instance!r} is not one of {options!r}")


def _check_const(_: Any, expected: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if equality_key(instance) != equality_key(expected):
        yield ValidationError(f"{expected!r} was expected")


def _check_unique(_: Any, is_wanted: bool, instance: Any, __: Any) -> Iterator[ValidationError]:  # noqa: FBT001 - as jsonschema calls it
    if is_wanted and isinstance(instance, list) and len(set(map(equality_key, instance))) < len(instance):
        yield ValidationError(f"{instance!r} has non-unique elements")


def _check_format(validator: Any, name: str, instance: Any, _: Any) -> Iterator[ValidationError]:
    if not _measured(partial(validator.format_checker.conforms, instance, name)):
        yield ValidationError(f"{instance!r} is not of the format {name}")


def _check_pattern(_: Any, text: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _is_match(text, instance):
        yield ValidationError(f"{instance!r} does not match {text!r}")


def _check_pattern_members(
    validator: Any, patterns: Mapping[str, Any], instance: Any, _: Any
) -> Iterator[ValidationError]:
    for text, schema in patterns.items() if isinstance(instance, dict) else ():
        for name, member in instance.items():
            if _is_match(text, name):
                yield from validator.descend(member, schema, path=name, schema_path=text)


def _check_other_members(validator: Any, others: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    names = list(_list_other_members(instance, schema)) if isinstance(instance, dict) else []
    if others is False and names:
        yield ValidationError(f"Members are not allowed: {names!r}")
    for name in names if others is not False else ():
        yield from validator.descend(instance[name], others, path=name)


def _check_unevaluated_members(
    root: Schema, validator: Any, others: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    own = {keyword: value for keyword, value in schema.items() if keyword != UNEVALUATED}
    evaluated = _find_evaluated(root, validator, instance, own)
    wrong = [
        name
        for name, member in instance.items()
        if name not in evaluated and not validator.evolve(schema=others).is_valid(member)
    ]
    if wrong:
        yield ValidationError(f"Unevaluated members are not allowed: {wrong!r}")


def _find_evaluated(root: Schema, validator: Any, instance: dict[str, Any], schema: Any) -> set[str]:
    """The names of the members that the schema, and those that apply with it, say something of."""
    if not isinstance(schema, Mapping):
        return set()
    found: set[str] = instance.keys() & schema.get("properties", {}).keys()
    patterns = schema.get("patternProperties", {})
    found |= {name for name in instance for text in patterns if _is_match(text, name)}
    if "additionalProperties" in schema or UNEVALUATED in schema:
        found |= instance.keys()
    applied = [inner for name, inner in schema.get("dependentSchemas", {}).items() if name in instance]
    applied += [inner for keyword in ("allOf", "anyOf", "oneOf") for inner in schema.get(keyword, ())]
    if "if" in schema:
        is_met = validator.evolve(schema=schema["if"]).is_valid(instance)
        applied += [schema["if"], schema.get("then", True)] if is_met else [schema.get("else", True)]
    if "$ref" in schema:
        applied.append(follow_ref(root, schema["$ref"]))
    for inner in applied:
        if validator.evolve(schema=inner).is_valid(instance):
            found |= _find_evaluated(root, validator, instance, inner)
    return found


def _list_other_members(instance: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """The members that neither `properties` nor `patternProperties` name."""
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name in instance:
        if name not in named and not any(_is_match(text, name) for text in patterns):
            yield name


def _is_match(text: str, instance: str) -> bool:
    pattern = compile_pattern(text)
    worst = pattern.worst_case(instance)
    if worst > MAXIMUM_INSTRUCTIONS:
        raise TooManySteps
    _take_steps(1)
    return pattern.is_in(instance) if worst < MEASURED_INSTRUCTIONS else _measured(partial(pattern.is_in, instance))


def _measured(check: Callable[[], bool]) -> bool:
    """Whether it holds, at the steps that others could take meanwhile."""
    # The thread's own time: on a busy machine, the same document must not be refused.
    started = thread_time()
    holds = check()
    _take_steps(int((thread_time() - started) * STEPS_PER_SECOND))
    return holds


def _take_steps(count: int) -> None:
    left = _steps_left.get()
    if left is None:
        return
    left[0] -= count
    if left[0] < 0:
        raise TooManySteps


def _counted(check: Keyword) -> Keyword:
    """The keyword's check, which takes steps: for what it looks through, and for the messages of its errors."""

    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        members = sum(len(each) for each in (value, instance) if isinstance(each, dict | list))
        _take_steps(1 + members // MEMBERS_PER_STEP)
        for error in check(validator, value, instance, schema) or ():
            _take_steps(len(error.message) // CHARACTERS_PER_STEP)
            yield error

    return checked


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_decimal(number: float) -> Decimal:
    return Decimal(repr(number))


def _is_integer(_: object, value: Any) -> bool:
    # 1e20 is a whole number too, but plugins' columns and clients expect an integer to fit into 64 bits.
    return _is_number(value) and isinstance(as_integer(value), int) and SMALLEST_INTEGER <= value <= LARGEST_INTEGER


_KEYWORDS: dict[str, Keyword] = {
    **Draft202012Validator.VALIDATORS,
    "multipleOf": _check_multiple,
    "enum": _check_enum,
    "const": _check_const,
    "uniqueItems": _check_unique,
    "format": _check_format,
    "pattern": _check_pattern,
    "patternProperties": _check_pattern_members,
    "additionalProperties": _check_other_members,
}

SettingsValidator = validators.extend(  # type: ignore[no-untyped-call]  # jsonschema does not type it
    Draft202012Validator,
    {keyword: _counted(check) for keyword, check in _KEYWORDS.items()},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
