"""The numbers of a version that the policy counts: major and minor."""

from __future__ import annotations

import re

Minor = tuple[int, int]

# The epoch, the rest of the release and the suffixes of PEP 440 don't matter: of 0.3.0rc1 all must be ready for 0.3.
NUMBERS = re.compile(r"v?(?:\d+!)?(\d+)(?:\.(\d+))?")


def minor_of(version: str) -> Minor:
    """Major and minor version of a text such as `0.3.1`; raises ValueError for one without numbers."""
    found = NUMBERS.match(version)
    if found is None:
        raise ValueError(f"{version!r} does not start with the numbers of a version.")
    return int(found[1]), int(found[2] or 0)


def is_version(text: str) -> bool:
    """Whether the text starts with the numbers of a version."""
    return NUMBERS.match(text) is not None


def describe(minor: Minor) -> str:
    """As in the reason of a deprecation: `0.3`."""
    return f"{minor[0]}.{minor[1]}"


def may_break(former: Minor, current: Minor) -> bool:
    """Whether clients of one version have to expect breaking changes in the other one (semver.org, 4 and 8).

    That needs a higher major version, or a higher minor one while the major version is 0.
    """
    return current > former if current[0] == 0 else current[0] > former[0]
