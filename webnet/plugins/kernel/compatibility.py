"""Versions and version specifiers (PEP 440): whether a plugin fits the host, and whether plugins fit each other."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from webnet.plugins.declarations import Dependency


def check_host(webnet_version: str, host_version: str) -> str | None:
    """Why a plugin that requires `webnet_version` (a specifier) is incompatible with this host; None if it is not."""
    if satisfies(host_version, webnet_version):
        return None
    return f"It requires webnet {webnet_version}, but this is webnet {host_version}: install a compatible version."


def satisfies(version: str, specifier: str) -> bool:
    """Whether an installed version satisfies the specifier; an empty specifier allows any version.

    Pre-releases are compared like other versions, since whoever deployed one chose to: 2.0rc1 satisfies `>=1`, but
    neither `>=2` nor `<2` (PEP 440, "Exclusive ordered comparison").
    """
    if not specifier.strip():
        return True
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidVersion, InvalidSpecifier):
        return False


def is_version(text: str) -> bool:
    """Whether the text is a valid version (PEP 440)."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def is_newer(version: str, than: str) -> bool:
    """Whether one version is later than the other; an invalid version is earlier than every valid one."""
    if not is_version(version):
        return False
    return not is_version(than) or Version(version) > Version(than)


def is_specifier(text: str) -> bool:
    """Whether the text is a valid version specifier (PEP 440)."""
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def parse_dependency(text: str) -> Dependency | None:
    """Parse "device_inventory>=1.2,<2"; None unless it is a name, optionally with a version specifier."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    if requirement.url or requirement.marker or requirement.extras:
        return None
    # Taken from the text, since a SpecifierSet does not keep the author's order of the conditions.
    conditions = text.strip()[len(requirement.name) :].strip(" ()").split(",")
    return Dependency(name=requirement.name, specifier=",".join("".join(one.split()) for one in conditions))
