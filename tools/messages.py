"""Collects all translatable texts of webnet, and brings the catalogues of webnet/console/locale up to date with them.

`python tools/messages.py` writes the catalogues, and with `--check` fails if one is out of date. Neither needs the
gettext programs: Django says what is translatable in a template, and Babel reads and writes the catalogues.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
LOCALE = Path("webnet/console/locale")
LANGUAGES = ("de",)
# The functions that mark a text, and which of their arguments are texts; "c" is the context.
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop", "sentence")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
HEADER = """\
# The {} texts of webnet. `make messages` adds new texts, without a translation, and moves
# those that are gone to the end."""

# Of a catalogue's header; times and names would change with whoever runs the command.
KEPT_HEADERS = (b'"Language:', b'"Plural-Forms:', b'"MIME-Version:', b'"Content-T')


def collect_messages(root: Path = ROOT) -> Catalog:
    """All translatable texts of the package, with the files that have them."""
    catalog = Catalog(project="webnet", charset="utf-8")
    for file, number, text, context, comments in _find_messages(root):
        catalog.add(text, None, [(file, number)], auto_comments=comments, context=context)
    return catalog


def _find_messages(root: Path) -> Iterator[tuple[str, int, Any, str | None, list[str]]]:
    package = root / "webnet"
    for path in sorted((*package.rglob("*.py"), *package.rglob("templates/**/*.html"))):
        file, source = path.relative_to(root).as_posix(), path.read_text()
        if path.suffix == ".html":
            # Parentheses, since what is left of the tags between the texts is not indented like Python.
            source = f"({templatize(source)}\n)"
        elif not any(f"{keyword}(" in source for keyword in KEYWORDS):
            continue
        found = extract_python(BytesIO(source.encode()), KEYWORDS.keys(), ["Translators:"], {"encoding": "utf-8"})
        for number, function, arguments, comments in found:
            given = arguments if isinstance(arguments, tuple) else (arguments,)
            # What is not a literal, such as the text of a variable, is None.
            places = [place for place in KEYWORDS[function] or (1,) if isinstance(place, int)]
            texts = tuple(given[place - 1] for place in places)
            context = given[0] if function.lstrip("n").startswith("pgettext") else None
            if all(isinstance(text, str) for text in texts):
                yield file, number, texts if len(texts) > 1 else texts[0], context, comments


def read_catalogue(language: str, root: Path = ROOT) -> Catalog:
    """The stored catalogue of a language; an empty one if there is none yet."""
    path = _path(language, root)
    if not path.exists():
        return Catalog(locale=language, project="webnet")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def render_catalogue(language: str, root: Path = ROOT) -> bytes:
    """What the file of a language has to be: all texts that there are now, and after them those that are gone."""
    stored, collected = read_catalogue(language, root), collect_messages(root)
    # Translations of texts that were gone, and are back.
    for message in stored.obsolete.values():
        if collected.get(message.id, message.context) is not None:
            stored.add(message.id, message.string, context=message.context)
    # A guess at what a changed text means would be shown to people if nobody looked at it.
    stored.update(collected, no_fuzzy_matching=True)
    for key in [key for key, message in stored.obsolete.items() if collected.get(message.id, message.context)]:
        del stored.obsolete[key]
    stored.fuzzy = False
    name = stored.locale.english_name if stored.locale else language
    stored.header_comment = HEADER.format(name)
    # Without line numbers, of which each change would change many; by text, so that two changes seldom collide.
    written = BytesIO()
    write_po(written, stored, width=120, include_lineno=False, sort_output=True)
    header, texts = written.getvalue().split(b"\n\n", maxsplit=1)
    kept = [line for line in header.splitlines() if not line.startswith(b'"') or line.startswith(KEPT_HEADERS)]
    return b"\n".join(kept) + b"\n\n" + texts.rstrip(b"\n") + b"\n"


def _path(language: str, root: Path) -> Path:
    return root / LOCALE / language / "LC_MESSAGES" / "django.po"


def main() -> int:
    """Write the catalogues or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="change nothing, and fail if a catalogue is out of date")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args()
    for language in LANGUAGES:
        path, rendered = _path(language, options.root), render_catalogue(language, options.root)
        if options.check and (not path.exists() or path.read_bytes() != rendered):
            print(f"{path.relative_to(options.root)} is out of date: run 'make messages', and translate what is new.")
            return 1
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(rendered)
        catalogue = read_catalogue(language, options.root)
        missing = [each for each in catalogue if each.id and not all(_strings(each.string))]
        print(f"{path.relative_to(options.root)}: {len(catalogue)} texts, {len(missing)} without a translation.")
    return 0


def _strings(string: Any) -> tuple[str, ...]:
    return tuple(string) if isinstance(string, tuple | list) else (string,)


if __name__ == "__main__":
    sys.exit(main())
