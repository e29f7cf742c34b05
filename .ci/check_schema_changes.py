"""Fails when schema.graphql breaks clients of the last release and the changelog does not say so, or when a deprecation
is not as the policy says.

Each breaking change, as it is printed here, must be in CHANGELOG.md under "Unreleased". The schemas of the releases are
files in docs/releases, so neither tags nor history are needed. Needs graphql-core alone, as webnet/contract does.
"""

import sys
from pathlib import Path

from graphql import build_schema

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from webnet.contract.changes import Severity, find_changes
from webnet.contract.deprecations import find_backdated, find_deprecation_faults
from webnet.contract.releases import find_releases, read_changelog, read_version
from webnet.contract.versions import minor_of


def main(root: Path) -> None:
    """Compare the checkout with its last release."""
    changelog = read_changelog((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    releases, dates = find_releases(root), changelog.dates
    if not releases:
        sys.exit("There is no schema in docs/releases to compare with: restore it, or write it with 'make release'.")
    if gone := sorted(dates.keys() - releases.keys()):
        sys.exit(f"CHANGELOG.md has the releases {', '.join(gone)}, but docs/releases does not have their schemas.")
    name = list(releases)[-1]
    released, text = releases[name].read_text(encoding="utf-8"), (root / "schema.graphql").read_text(encoding="utf-8")
    former, schema = build_schema(released), build_schema(text)

    faults = list(find_deprecation_faults(schema, minor_of(read_version(root))))
    if name in dates:  # Before its release, its schema is stored only so that there is one to compare with.
        faults += find_backdated(former, schema, minor_of(name))
    if faults:
        sys.exit("\n".join(["These deprecations are not as CONTRIBUTING.md says:", *map(str, faults)]))

    dangerous = [each for each in find_changes(former, schema) if each.severity is Severity.DANGEROUS]
    if dangerous:
        print(f"Since {name} clients may meet what they don't know:")
        print(*(f"{each.description} ({each.kind})" for each in dangerous), sep="\n")
    untold = find_untold(released, text, changelog.unreleased)
    if untold:
        sys.exit("\n".join([f"Since {name} this breaks clients, and CHANGELOG.md does not say so:", *untold]))
    print(f"Nothing breaks clients since {name}, or CHANGELOG.md says so.")


def find_untold(released: str, schema: str, changelog: str) -> list[str]:
    """The breaking changes from one schema to the other that are not in this part of the changelog."""
    told = " ".join(changelog.split())
    changes = find_changes(build_schema(released), build_schema(schema))
    breaking = [each.description for each in changes if each.severity is Severity.BREAKING]
    return [description for description in breaking if description not in told]


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).resolve().parents[1])
