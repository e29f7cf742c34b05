"""Gathers what is wrong with an input, so that it is refused with all of its faults at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from webnet.errors import InputFault, InvalidInput

# What Django calls a value that it can't say more about, which is all that INVALID_INPUT says.
VAGUE_CODES = (None, "", "invalid")
# For an error that has no message.
UNKNOWN = "This is not acceptable."


class InputFaults:
    """The faults of one input: gather them with `add` and `gather`, then call `refuse`.

        faults = InputFaults()
        with faults.gather("interfaces", 0):
            interface.full_clean()
        faults.refuse()

    Each `gather` goes on after its block, so what the block should have set may be missing until `refuse`.
    """

    def __init__(self) -> None:
        self.found: list[InputFault] = []
        # Of the refusal as a whole.
        self._code = InvalidInput.code

    def __bool__(self) -> bool:
        return bool(self.found)

    def add(self, message: str, *path: str | int, code: str = InvalidInput.code) -> None:
        """Add a fault of the value at `path`: a field of the input, and below it fields and positions in lists."""
        self._take(code, [InputFault(path=(), message=str(message), code=code)], path)

    @contextmanager
    def gather(self, *path: str | int) -> Iterator[None]:
        """Take the faults of an InvalidInput or a ValidationError of Django from the block, below `path`."""
        try:
            yield
        except InvalidInput as refusal:
            self._take(refusal.code, refusal.faults, path)
        except ValidationError as error:
            self._take(InvalidInput.code, refuse_invalid(error).faults, path)

    def refuse(self) -> None:
        """Raise InvalidInput with all of them, if there are any; its code is that of what was found first."""
        if self.found:
            raise InvalidInput.of(self.found, code=self._code)

    def _take(self, code: str, faults: Sequence[InputFault], path: tuple[str | int, ...]) -> None:
        self._code = self._code if self.found else code
        self.found.extend(replace(fault, path=(*_as_path(path), *fault.path)) for fault in faults)


def refuse_invalid(error: ValidationError) -> InvalidInput:
    """The refusal for Django's error, such as of a model's `full_clean()`: all fields with all of their messages.

    The code of a fault is Django's in capitals, such as MAX_LENGTH, or INVALID_INPUT if that says nothing.
    """
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    faults = [
        InputFault(
            path=() if field == NON_FIELD_ERRORS else (field,), message=" ".join(each.messages), code=_read_code(each)
        )
        for field, errors in by_field.items()
        for each in errors
    ]
    return InvalidInput.of(faults or [InputFault(path=(), message=UNKNOWN)], code=InvalidInput.code)


def _as_path(path: tuple[str | int, ...]) -> tuple[str, ...]:
    return tuple(str(step) for step in path)


def _read_code(error: ValidationError) -> str:
    return InvalidInput.code if error.code in VAGUE_CODES else str(error.code).upper()
