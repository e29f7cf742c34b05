"""A base of models whose rows become instances in a fraction of the time that Django takes."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, Self, TypeVar

from django.db.models import Model
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.signals import post_init, pre_init

Row = TypeVar("Row", bound=Model)


class RowModel(Model):
    """Django calls the constructor for each row, which sets one attribute after the other; this fills in all at once.

    The instance is the same. Where a constructor, a setter or a signal could notice, it is made in Django's own way.
    """

    class Meta:
        abstract = True

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], *, fetch_mode: Any = None
    ) -> Self:
        """The instance of the row that was read from this database; the columns that are not named are deferred.

        `fetch_mode` is from Django 6.1 on, and says how these are read when they are asked for.
        """
        options = {} if fetch_mode is None else {"fetch_mode": fetch_mode}
        if _is_noticed(cls):
            return super().from_db(db, field_names, values, **options)
        made = _fill(cls, db, dict(zip(field_names, values, strict=True)))
        vars(made._state).update(options)
        return made


def make_instances(model: type[Row], db: str, rows: Iterable[dict[str, Any]]) -> list[Row]:
    """The instances that the model's `from_db` makes of these rows, whose dictionaries they keep for themselves."""
    if not issubclass(model, RowModel) or _is_noticed(model):
        return [model.from_db(db, row.keys(), list(row.values())) for row in rows]
    return [_fill(model, db, row) for row in rows]


def _fill(model: type[Row], db: str | None, row: dict[str, Any]) -> Row:
    state = ModelState()
    state.adding, state.db = False, db
    row["_state"] = state
    made = model.__new__(model)
    made.__dict__ = row
    return made


def _is_noticed(model: type[Model]) -> bool:
    # Whoever has an ImageField listens, for that model alone.
    listens = bool(pre_init.receivers or post_init.receivers)
    return not _is_plain(model) or (listens and (pre_init.has_listeners(model) or post_init.has_listeners(model)))


@cache
def _is_plain(model: type[Model]) -> bool:
    """Whether setting the columns of an instance means to store them in it, and nothing else is done in the making."""
    if model.__init__ is not Model.__init__ or model.__new__ is not object.__new__:
        return False
    if model.__setattr__ is not object.__setattr__:
        return False
    columns = [inspect.getattr_static(model, field.attname, None) for field in model._meta.concrete_fields]
    # A foreign key's setter also forgets the row that was cached for it, of which a new instance has none.
    return all(not hasattr(each, "__set__") or type(each) is ForeignKeyDeferredAttribute for each in columns)
