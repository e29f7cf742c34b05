"""Fails when schema.graphql breaks clients of the last release and the changelog does not say so.

Each breaking change, as it is printed here, must be in CHANGELOG.md under "Unreleased". A release is a tag `v…`.
"""

import re
import subprocess
import sys
from pathlib import Path

from graphql import build_schema, find_breaking_changes


def main(root: Path) -> None:
    """Compare the checkout with its last release."""
    release = _run_git(root, "describe", "--tags", "--match", "v*", "--abbrev=0")
    released = _run_git(root, "show", f"{release}:schema.graphql") if release else ""
    if not released:
        print("No schema was released yet, so nothing can break.")
        return
    schema = (root / "schema.graphql").read_text(encoding="utf-8")
    untold = find_untold(released, schema, (root / "CHANGELOG.md").read_text(encoding="utf-8"))
    if untold:
        sys.exit("\n".join([f"Since {release} this breaks clients, and CHANGELOG.md does not say so:", *untold]))
    print(f"Nothing breaks clients since {release}, or CHANGELOG.md says so.")


def find_untold(released: str, schema: str, changelog: str) -> list[str]:
    """The breaking changes from one schema to the other that are not in the changelog's section "Unreleased"."""
    section = re.search(r"^## \[Unreleased\]$(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    told = " ".join(section[1].split()) if section else ""
    changes = find_breaking_changes(build_schema(released), build_schema(schema))
    return sorted(change.description for change in changes if change.description not in told)


def _run_git(root: Path, *arguments: str) -> str:
    """What git prints; nothing where it fails, as it does where there is no such tag or file."""
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).resolve().parents[1])
