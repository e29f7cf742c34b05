"""The validator of settings: JSON Schema (draft 2020-12) with exact fractions, JSON's equality and checked formats."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Context, Decimal
from typing import Any

from email_validator import EmailNotValidError, validate_email
from jsonschema import Draft202012Validator, FormatChecker, ValidationError, validators
from referencing import Registry

from webnet.values.storable_values import LARGEST_INTEGER, SMALLEST_INTEGER

# The quotient of the largest double and the smallest one has 632 digits.
EXACT = Context(prec=700)

FORMATS = FormatChecker(formats=())
FORMATS.checkers = dict(Draft202012Validator.FORMAT_CHECKER.checkers)


@FORMATS.checks("email")
def is_email(value: object, *, hostname: str = "hostname") -> bool:
    """Whether the text is a mailbox (RFC 5321); any host may be in it, such as `localhost` or `mail.intranet`."""
    if not isinstance(value, str):
        return True
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


def make_validator(schema: Mapping[str, Any]) -> Any:
    """The validator for a valid schema. It fetches nothing: references stay within the schema."""
    return SettingsValidator(schema, registry=Registry(), format_checker=FORMATS)


def equality_key(value: Any) -> str:
    """A text that two values have in common if they are equal to JSON Schema: 1 is 1.0, but not true."""
    return json.dumps(_with_plain_numbers(value), sort_keys=True)


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
    if equality_key(instance) not in map(equality_key, options):
        yield ValidationError(f"{instance!r} is not one of {options!r}")


def _check_const(_: Any, expected: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if equality_key(instance) != equality_key(expected):
        yield ValidationError(f"{expected!r} was expected")


def _check_unique(_: Any, is_wanted: bool, instance: Any, __: Any) -> Iterator[ValidationError]:  # noqa: FBT001 - as jsonschema calls it
    if is_wanted and isinstance(instance, list) and len(set(map(equality_key, instance))) < len(instance):
        yield ValidationError(f"{instance!r} has non-unique elements")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_decimal(number: float) -> Decimal:
    return Decimal(repr(number))


def _is_integer(_: object, value: Any) -> bool:
    # 1e20 is a whole number too, but plugins' columns and clients expect an integer to fit into 64 bits.
    return _is_number(value) and isinstance(as_integer(value), int) and SMALLEST_INTEGER <= value <= LARGEST_INTEGER


SettingsValidator = validators.extend(  # type: ignore[no-untyped-call]  # jsonschema does not type it
    Draft202012Validator,
    {"multipleOf": _check_multiple, "enum": _check_enum, "const": _check_const, "uniqueItems": _check_unique},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
