"""Two people have changed the same settings: what each changed, and a form with what is kept of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext

from webnet.console.settings_form import names
from webnet.console.settings_form.form import SettingsForm
from webnet.console.settings_form.labels import find_label
from webnet.console.settings_form.layers import Layer
from webnet.console.settings_form.patches import ValueDifference, compare, take_from
from webnet.console.settings_form.shapes import Kind
from webnet.console.settings_form.texts import show_apart
from webnet.plugins.schema.walk import MISSING

# The choice for a setting that both have changed, in front of its pointer.
PICK = "pick:"
MINE, THEIRS = "mine", "theirs"


@dataclass(frozen=True, kw_only=True)
class ShownDifference:
    """One line of the comparison."""

    path: str
    label: str
    before: str
    mine: str
    theirs: str
    is_mine: bool
    is_theirs: bool
    is_contested: bool

    @property
    def id(self) -> str:
        """The id of its line."""
        return names.id_of(self.path)


def list_differences(form: SettingsForm, now: Layer) -> tuple[ValueDifference, ...]:
    """All that changed between the settings that the form was made of, and what is typed or stored by now."""
    plain = compare(form.layer.settings, form.settings, now.settings)
    return (*plain, *_list_secrets(form, now))


def show_differences(form: SettingsForm, now: Layer) -> tuple[ShownDifference, ...]:
    """The same for people; the values of secrets are not in it."""
    return tuple(
        ShownDifference(
            path=each.path,
            label=find_label(form.shapes, each.path),
            before=before,
            mine=mine,
            theirs=theirs,
            is_mine=each.is_mine,
            is_theirs=each.is_theirs,
            is_contested=each.is_contested,
        )
        for each in list_differences(form, now)
        for before, mine, theirs in [_describe(each)]
    )


def resolve(form: SettingsForm, now: Layer, revision: int, picks: Mapping[str, str]) -> SettingsForm:
    """A form over the settings of now, with what is kept of the typed ones: what only you changed, and your choices."""
    kept = {
        each.path: each
        for each in list_differences(form, now)
        if each.is_mine and (not each.is_contested or picks.get(PICK + each.path, MINE) == MINE)
    }
    plain = frozenset(path for path, each in kept.items() if not each.is_secret)
    settings = take_from(form.settings, now.settings, plain)
    secrets = {path: form.secrets[path] for path, each in kept.items() if each.is_secret}
    entries = now.write_entries(form.shapes, settings, secrets=secrets)
    resolved = SettingsForm(layer=now, revision=revision, entries=entries, seals=form.seals)
    typed = {each.path: each for each in form.root.walk() if each.kind is Kind.SECRET}
    for field in resolved.root.walk():
        if field.kind is not Kind.SECRET or field.path not in secrets:
            continue
        state = typed[field.path].secret if field.path in typed else None
        if state is not None and state.sealed:
            entries[names.SEALED + field.name] = state.sealed
        elif secrets[field.path] is None:
            entries[names.REMOVE + field.name] = "on"
    return resolved.with_entries(entries)


def _list_secrets(form: SettingsForm, now: Layer) -> Iterator[ValueDifference]:
    before, after = form.base.secrets, {path: str(since) for path, since in now.secrets.items()}
    for path in sorted({*form.secrets, *before, *after}):
        mine = (gettext("a new value") if form.secrets[path] is not None else None) if path in form.secrets else MISSING
        theirs = MISSING if before.get(path) == after.get(path) else gettext("a new value") if path in after else None
        if mine is not MISSING or theirs is not MISSING:
            was = gettext("set") if path in before else MISSING
            yield ValueDifference(path=path, before=was, mine=mine, theirs=theirs, is_secret=True)


def _describe(difference: ValueDifference) -> list[str]:
    values = [difference.before, difference.mine, difference.theirs]
    if difference.is_secret:
        words = {None: gettext("removed"), MISSING: gettext("unchanged")}
        return [words.get(value, str(value)) for value in values]
    shown = iter(show_apart([value for value in values if value is not MISSING]))
    return [gettext("inherited") if value is MISSING else next(shown) for value in values]
