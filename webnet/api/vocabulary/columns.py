"""Fields of host types that show a column of a row unchanged."""

from __future__ import annotations

from typing import Any

from strawberry.types.info import Info
from strawberry_django.fields.field import StrawberryDjangoField
from strawberry_django.optimizer import OptimizerConfig

# Host rows are always loaded with all columns: a plugin's resolver may read any of them, and a deferred column costs a
# query for each row.
WHOLE_ROWS = OptimizerConfig(enable_only=False)


class Column(StrawberryDjangoField):
    """A column of a row that is loaded already: reading it needs neither a query nor `info`."""

    @property
    def is_basic_field(self) -> bool:
        return self.base_resolver is None

    def get_result(self, source: Any, info: Info[Any, Any] | None, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if self.base_resolver is None:
            return getattr(source, self.django_name or self.python_name)
        return super().get_result(source, info, args, kwargs)
