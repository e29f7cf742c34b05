"""One settings form, shown and read: the layer that it changes, what was typed, and the patch to send."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from webnet.console.settings_form import buttons, names
from webnet.console.settings_form.fields import BROKEN, Field
from webnet.console.settings_form.layers import Layer
from webnet.console.settings_form.patches import add_secrets, make_patch
from webnet.console.settings_form.shapes import Kind, Shapes
from webnet.console.settings_form.texts import is_storable, write_compact
from webnet.console.settings_form.tree import TreeReader
from webnet.plugins.schema.walk import MISSING
from webnet.values.storable_values import is_too_deep

# The input with the layer as it was when the form was made.
BASE = "base"
# Choices within choices are switched one after the other; no form has more of them.
MAXIMUM_SWITCHES = 50


class UnreadableForm(Exception):
    """The form was not made by this page, or was changed on the way."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """The layer as the person saw it: what is typed is a change of that, whatever others have done since."""

    revision: int
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]

    def write(self) -> str:
        """As the text of an input."""
        return write_compact({"revision": self.revision, "settings": self.settings, "secrets": self.secrets})

    @classmethod
    def read(cls, text: str) -> Base:
        """From the input; raises UnreadableForm."""
        try:
            read = json.loads(text)
            revision, settings, secrets = read["revision"], read["settings"], read["secrets"]
        except (ValueError, RecursionError, KeyError, TypeError):
            raise UnreadableForm from None
        is_valid = isinstance(revision, int) and isinstance(settings, dict) and isinstance(secrets, dict)
        if not is_valid or is_too_deep(settings) or not all(isinstance(each, str) for each in secrets.values()):
            raise UnreadableForm
        if not is_storable([settings, secrets]):
            raise UnreadableForm
        return cls(revision=revision, settings=settings, secrets=secrets)


@dataclass(frozen=True, kw_only=True)
class Seals:
    """How typed secrets are kept between two pages: by pointer and text to a sealed text, and back or None."""

    seal: Callable[[str, str], str] = lambda _, text: text
    unseal: Callable[[str, str], str | None] = lambda _, sealed: sealed


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One line of the summary of errors: where it leads to, and what it says."""

    id: str
    label: str
    message: str


@dataclass(kw_only=True)
class SettingsForm:
    """A form over a layer. `layer` has the settings of `base`, and what else is known of now.

    `issues` are what the server says of the values, as pairs of a pointer and a message.
    """

    layer: Layer
    revision: int
    entries: dict[str, str] = field(default_factory=dict)
    issues: tuple[tuple[str, str], ...] = ()
    is_checked: bool = True
    seals: Seals = field(default_factory=Seals)
    # Of a form that this one is made from: the shapes of a large schema take a while.
    known_shapes: Shapes | None = None

    def __post_init__(self) -> None:
        self.shapes = self.known_shapes or Shapes(self.layer.schema)
        self._base_entries = self.layer.write_entries(self.shapes)
        if not self.entries:
            self.entries = dict(self._base_entries)
        self._read()
        if self._seal_secrets():
            self._read()

    def _read(self) -> None:
        by_path: dict[str, list[str]] = {}
        for path, message in self.issues:
            by_path.setdefault(path, []).append(message)
        reader = TreeReader(
            layer=self.layer,
            shapes=self.shapes,
            entries=self.entries,
            base_entries=self._base_entries,
            issues=by_path,
            is_checked=self.is_checked,
            unseal=self.seals.unseal,
        )
        self.root: Field = reader.read()
        self.secrets: dict[str, Any] = reader.secrets
        self._unshown = [(path, message) for path, message in self.issues if path not in reader.shown_issues]

    def _seal_secrets(self) -> bool:
        """Replace secrets that were typed by sealed texts, so that no page has them."""
        typed = [each for each in self.root.walk() if each.kind is Kind.SECRET and self.entries.get(each.input_name)]
        for each in typed:
            text = self.entries[each.input_name]
            self.entries[each.input_name] = ""
            if each.text:
                self.entries[names.SEALED + each.name] = self.seals.seal(each.path, text)
        # One that can't be read as such a value is not kept, and its error stays to be seen.
        return any(each.text for each in typed)

    @property
    def base(self) -> Base:
        """What the form is a change of."""
        secrets = {path: str(since) for path, since in self.layer.secrets.items()}
        return Base(revision=self.revision, settings=self.layer.settings, secrets=secrets)

    @property
    def is_broken(self) -> bool:
        """Whether something that was typed is no value."""
        return self.root.value is BROKEN

    @property
    def settings(self) -> dict[str, Any]:
        """The layer's values with what was typed, without secrets."""
        value = self.root.value
        return {} if value in (BROKEN, MISSING) else dict(value)

    @property
    def patch(self) -> dict[str, Any]:
        """The JSON Merge Patch of what was typed, with secrets: what the server is sent, and no page shows."""
        return add_secrets(make_patch(self.layer.settings, self.settings), self.secrets)

    @property
    def secret_paths(self) -> tuple[str, ...]:
        """Where the patch may have secrets: also in parts that are edited as JSON."""
        parts = (each.path for each in self.root.walk() if each.kind is Kind.JSON and each.shape.holds_secret)
        return (*self.secrets, *parts)

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """All errors, in the order of the form; what has no field of its own leads to the next field around it."""
        found = [
            Mistake(id=each.id, label=each.label, message=error) for each in self.root.walk() for error in each.errors
        ]
        paths = {each.path: each for each in self.root.walk()}
        for path, message in self._unshown:
            near = next((paths[above] for above in names.pointers_up(path) if above in paths), self.root)
            found.append(Mistake(id=near.id, label=path or near.label, message=message))
        return tuple(dict.fromkeys(found))

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """All entries, to be carried on by a page that does not show them; secrets are sealed."""
        return tuple(self.entries.items())

    @property
    def carried(self) -> tuple[tuple[str, str], ...]:
        """The entries that belong to no field which is shown."""
        return tuple((name, text) for name, text in self.entries.items() if name.startswith(names.KEPT))

    def press(self, button: str) -> SettingsForm:
        """The form after a button; raises `buttons.UnusableButton`."""
        secrets = self.layer.secrets
        return self.with_entries(
            buttons.press(button, self.root, self.entries, shapes=self.shapes, secrets=secrets), is_checked=False
        )

    def switched(self) -> SettingsForm | None:
        """The form with the fields of the branches that were chosen; None if all of them are in it."""
        form: SettingsForm | None = None
        for _ in range(MAXIMUM_SWITCHES):
            current = form or self
            choice = buttons.find_switch(current.root)
            if choice is None:
                break
            entries = buttons.switch(choice, current.entries, shapes=self.shapes, secrets=self.layer.secrets)
            form = current.with_entries(entries, is_checked=False)
        return form

    def with_entries(self, entries: Mapping[str, str], *, is_checked: bool = True) -> SettingsForm:
        """The same with other inputs."""
        return SettingsForm(
            layer=self.layer,
            revision=self.revision,
            entries=dict(entries),
            is_checked=is_checked,
            seals=self.seals,
            known_shapes=self.shapes,
        )

    def with_issues(self, issues: Iterable[tuple[str, str]]) -> SettingsForm:
        """The same with what the server says of it."""
        return SettingsForm(
            layer=self.layer,
            revision=self.revision,
            entries=dict(self.entries),
            issues=tuple(issues),
            seals=self.seals,
            known_shapes=self.shapes,
        )
