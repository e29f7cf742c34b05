"""Names that only one can have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from webnet.errors import InvalidInput


@contextmanager
def refuse_taken(message: str, *, field: str) -> Iterator[None]:
    """Turn the database's "not unique" into InvalidInput (NAME_TAKEN): of two at the same time, one gets the name."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise InvalidInput(message, field=field, code="NAME_TAKEN") from error
