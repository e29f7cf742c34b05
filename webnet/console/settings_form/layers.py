"""One layer of settings as a form needs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webnet.console.settings_form.entries import EntryWriter
from webnet.console.settings_form.shapes import Shapes
from webnet.plugins.schema.walk import split_pointer


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of settings as a form needs it: its values at a revision, what it inherits, and what is known of each.

    `secrets` are those that are set, with the time. `sources` say where each value comes from. `locked` are pointers
    of settings that this layer must not set, in which `*` is any name.
    """

    schema: Mapping[str, Any]
    settings: Mapping[str, Any]
    inherited: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    locked: Sequence[str] = ()

    def write_entries(
        self, shapes: Shapes, settings: Mapping[str, Any] | None = None, *, secrets: Iterable[str] = ()
    ) -> dict[str, str]:
        """The form as it is before anything is typed; with other settings and more secrets, as it is with those."""
        writer = EntryWriter(shapes=shapes, secrets=tuple(dict.fromkeys((*self.secrets, *secrets))))
        writer.write(
            shapes.top(),
            "",
            value=self.settings if settings is None else settings,
            inherited=self.inherited,
            path="",
        )
        return writer.entries

    def is_locked(self, path: str) -> bool:
        """Whether this layer must not set the value there."""
        segments = split_pointer(path)
        return any(
            len(locked) == len(segments) and all(one in ("*", each) for one, each in zip(locked, segments, strict=True))
            for locked in map(split_pointer, self.locked)
        )
