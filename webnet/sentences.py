"""Sentences for people, each with what it was made of: whoever shows it can say the same in another language.

Rules write them in English where they are, without knowing about languages or Django:

    sentence("'{plugin}' is disabled for everybody.", plugin=name)

That is a `str`, which is stored, logged, compared and cut like any other. `webnet.values.viewer_language` translates it
for a viewer. The templates are in the catalogues of `webnet/console/locale`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


class Sentence(str):
    """The sentence in English, made of `template` and `data`, whose values may be sentences too."""

    template: str
    data: Mapping[str, Any]

    def __str__(self) -> Sentence:
        # Errors take `str(message)`, which would be a plain copy.
        return self


def sentence(template: str, **data: Any) -> Sentence:
    """The sentence of this template, with the values in the places that `str.format` knows by their names."""
    made = Sentence(template.format(**data))
    made.template, made.data = template, data
    return made


def join_sentences(parts: Iterable[str], *, separator: str = " ") -> Sentence:
    """The sentences one after the other; empty ones are left out."""
    given = {f"part_{number}": part for number, part in enumerate(part for part in parts if part)}
    # Of places only: there is nothing to translate but the parts.
    template = separator.join(f"{{{name}}}" for name in given)
    return sentence(template, **given)


def enumerate_names(names: Iterable[str]) -> str:
    """The names in quotes, as a part of a sentence: "'a', 'b' and 'c'"."""
    quoted = [f"'{name}'" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return sentence("{names} and {last}", names=", ".join(quoted[:-1]), last=quoted[-1])
