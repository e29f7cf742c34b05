"""All that a plugin needs and all that need it, also through other plugins, from the rows that are in memory anyway."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from webnet.api.request.reader import Reading
from webnet.api.resolvers.listings import dependencies
from webnet.plugins.models import PluginConfig


@dataclass(frozen=True, kw_only=True)
class DependencyLink:
    """A plugin, and the name and specifier of one that it needs directly."""

    dependent: PluginConfig
    name: str
    specifier: str
    is_satisfied: bool


def dependency_graph(reading: Reading, plugin: PluginConfig) -> list[DependencyLink]:
    """Each link once, the nearest ones first; it leads only through plugins that the viewer may see in this view."""
    visible = [row for name in sorted(reading.platform.plugins) if (row := reading.find_plugin(name)) is not None]
    needs = {
        row.name: [
            DependencyLink(dependent=row, name=name, specifier=specifier, is_satisfied=is_satisfied)
            for name, specifier, is_satisfied in dependencies(reading, row)
        ]
        for row in visible
    }
    users: dict[str, list[DependencyLink]] = {}
    for links in needs.values():
        for link in links:
            users.setdefault(link.name, []).append(link)
    below = _walk(plugin.name, lambda name: needs.get(name, ()), lambda link: link.name)
    above = _walk(plugin.name, lambda name: users.get(name, ()), lambda link: link.dependent.name)
    # What it needs comes first. A link is in both only in a cycle, and counts as one of those that it needs.
    found = below | {ends: link for ends, link in above.items() if ends not in below}
    links = [link for _, link in sorted(found.values(), key=lambda each: each[0])]
    reading.remember_plugins(
        row for link in links for row in (link.dependent, reading.find_plugin(link.name)) if row is not None
    )
    return links


Links = dict[tuple[str, str], tuple[int, DependencyLink]]


def _walk(
    start: str,
    links_of: Callable[[str], Iterable[DependencyLink]],
    other_end: Callable[[DependencyLink], str],
) -> Links:
    """The links that lead away from the start in one direction, by their ends, each with its distance."""
    found: Links = {}
    distances, waiting = {start: 0}, deque([start])
    while waiting:
        name = waiting.popleft()
        for link in links_of(name):
            found.setdefault((link.dependent.name, link.name), (distances[name], link))
            if (other := other_end(link)) not in distances:
                distances[other] = distances[name] + 1
                waiting.append(other)
    return found
