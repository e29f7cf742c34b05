"""What changes in one plugin's part of the schema is found without the types of others, to which it refers."""

from __future__ import annotations

import pytest

from webnet.contract.parts import find_part_changes, strip_descriptions

PART = '''
extend type Query {
  """All sites."""
  sites(first: Int = 10, order: HostOrder = ASC, filter: SiteFilter): [Site!]!
  old: Int @deprecated(reason: "Use `sites`. Deprecated since 1.0, removed in 1.2.")
}

"""A site."""
type Site implements Node {
  id: ID!
  name: String
  device: Device!
}

input SiteFilter {
  name: String
}

union AddSiteResult = AddSitePayload | InvalidInput

type AddSitePayload {
  site: Site!
}
'''


def changes(former: str, current: str) -> dict[str, str]:
    return {each.description: each.severity for each in find_part_changes(former, current)}


@pytest.mark.parametrize(
    ("former", "current", "description", "severity"),
    [
        ("  name: String\n  device", "  device", "Field Site.name was removed.", "breaking"),
        (
            "  name: String\n  device",
            "  name: Int\n  device",
            "Field Site.name changed type from String to Int.",
            "breaking",
        ),
        (
            "  name: String\n  device",
            "  name: Place\n  device",
            "Field Site.name changed type from String to Place.",
            "breaking",
        ),
        (" | InvalidInput", "", "InvalidInput was removed from union type AddSiteResult.", "breaking"),
        (
            " | InvalidInput",
            " | InvalidInput | NotFound",
            "NotFound was added to union type AddSiteResult.",
            "dangerous",
        ),
        (" implements Node", "", "Site no longer implements interface Node.", "breaking"),
        (
            "first: Int = 10",
            "first: Int = 20",
            "Query.sites(first:) has changed defaultValue from 10 to 20.",
            "dangerous",
        ),
        ("  old: Int", "  more: Int\n  old: Int", "Field Query.more was added.", "safe"),
        (
            "removed in 1.2.",
            "removed in 1.3.",
            ("Query.old is deprecated: Use `sites`. Deprecated since 1.0, removed in 1.3."),
            "safe",
        ),
    ],
)
def test_a_change_of_a_part_is_found_alone(former: str, current: str, description: str, severity: str) -> None:
    changed = PART.replace(former, current)
    assert changed != PART

    assert changes(PART, changed) == {description: severity}


def test_all_that_a_part_had_is_removed_and_nothing_of_others() -> None:
    assert set(changes(PART, "")) == {
        "AddSitePayload was removed.",
        "AddSiteResult was removed.",
        "Field Query.old was removed.",
        "Field Query.sites was removed.",
        "Site was removed.",
        "SiteFilter was removed.",
    }


def test_a_type_that_moves_to_the_host_has_not_changed() -> None:
    moved = PART.replace("input SiteFilter {\n  name: String\n}\n", "")

    assert changes(PART, moved) == {}


@pytest.mark.parametrize("part", ["", PART])
def test_descriptions_are_no_changes(part: str) -> None:
    bare = strip_descriptions(part)

    assert '"""' not in bare and changes(part, bare) == changes(part, part) == {}
