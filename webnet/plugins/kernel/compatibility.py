"""Does this version fit? PEP 440 versions and specifiers, of plugins among each other and of plugins and the host."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from webnet.plugins.declarations import Dependency


def check_host(webnet_version: str, host_version: str) -> str | None:
    """Why a plugin that asks for `webnet_version` (a specifier) does not fit this host; None when it does."""
    if satisfies(host_version, webnet_version):
        return None
    return f"It needs webnet {webnet_version}, and this is webnet {host_version}: install a version that fits."


def satisfies(version: str, specifier: str) -> bool:
    """Whether an installed version is within the specifier; an empty specifier takes any.

    A prerelease counts at its place in the order of PEP 440, since whoever deployed it chose it: 2.0rc1 is within
    `>=1`, and within neither `>=2` nor `<2`.
    """
    if not specifier.strip():
        return True
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidVersion, InvalidSpecifier):
        return False


def is_version(text: str) -> bool:
    """Whether the text is a version as PEP 440 has it."""
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def is_newer(version: str, than: str) -> bool:
    """Whether one version comes after the other; what is no version comes before all others."""
    if not is_version(version):
        return False
    return not is_version(than) or Version(version) > Version(than)


def is_specifier(text: str) -> bool:
    """Whether the text is a list of version conditions as PEP 440 has it."""
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


def parse_dependency(text: str) -> Dependency | None:
    """Reads "device_inventory>=1.2,<2"; None when it is not a name with version conditions and nothing else."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    if requirement.url or requirement.marker or requirement.extras:
        return None
    # The author's own order of conditions, which the parsed set forgets.
    conditions = text.strip()[len(requirement.name) :].strip(" ()").split(",")
    return Dependency(name=requirement.name, specifier=",".join("".join(one.split()) for one in conditions))
