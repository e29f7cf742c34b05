"""Dependencies between plugins: versions that fit (PEP 440), and which plugins are enabled or disabled with another."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from webnet.errors import DependencyRefusal, NotFound
from webnet.plugins.declarations import Dependency
from webnet.sentences import Sentence, enumerate_names, join_sentences, sentence


def check_host(webnet_version: str, host_version: str) -> str | None:
    """Why a plugin that requires `webnet_version` (a specifier) is incompatible with this host; None if it is not."""
    if satisfies(host_version, webnet_version):
        return None
    return sentence(
        "It requires webnet {required}, but this is webnet {installed}: install a compatible version.",
        required=webnet_version,
        installed=host_version,
    )


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


def newest_first(versions: Iterable[str]) -> list[str]:
    """Valid versions, the latest one first."""
    return sorted(versions, key=Version, reverse=True)


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


@dataclass(frozen=True, kw_only=True)
class Blocker:
    """Why a plugin can't be enabled as a dependency; `reason` completes the sentence "'x' needs 'y', which ..."."""

    reason: str
    code: str = "DEPENDENCY_DISABLED"


@dataclass(frozen=True, kw_only=True)
class PluginNode:
    """A plugin in the dependency graph, seen globally or for one customer; plugins that are not installed have none."""

    name: str
    version: str
    dependencies: tuple[Dependency, ...] = ()
    is_on: bool = False
    blocker: Blocker | None = None


Nodes = Mapping[str, PluginNode]
# Of each plugin, the names it leads to: what it depends on, or what depends on it.
Graph = Mapping[str, Iterable[str]]


@dataclass(frozen=True, kw_only=True)
class LoadOrder:
    """All names, dependencies first; `cycles` maps each plugin in a cycle to the path from it back to itself."""

    names: tuple[str, ...]
    cycles: Mapping[str, tuple[str, ...]]


def plan_enable(nodes: Nodes, name: str, *, with_dependencies: bool, where: str = "") -> tuple[str, ...]:
    """The plugins to enable, dependencies first and the plugin itself last; empty if all of them are enabled already.

    `where` is added to refusals: " for 'acme'", or nothing for the platform. The plugin's own blocker is ignored: the
    caller checks it, and can explain it better. Raises DependencyRefusal or NotFound.
    """
    if name not in nodes:
        raise NotFound.plugin(name)
    graph = _Needs(nodes)
    paths = _find_paths(graph, name)
    for needed in paths:
        if cycle := _find_cycle(graph, needed):
            raise DependencyRefusal(describe_cycle(cycle), code="DEPENDENCY_CYCLE", plugins=cycle[:-1])
    _refuse_unusable(nodes, paths)
    off = tuple(needed for needed in paths if needed != name and not nodes[needed].is_on)
    if len(off) == 1 and not with_dependencies:
        path = _describe_path(paths[off[0]])
        message = sentence("{path}, which is disabled{where}.", path=path, where=where)
        raise DependencyRefusal(message, plugins=off)
    if off and not with_dependencies:
        needed = enumerate_names(off)
        message = sentence(
            "'{plugin}' needs {needed}, which are disabled{where}.", plugin=name, needed=needed, where=where
        )
        raise DependencyRefusal(message, plugins=off)
    order = _sort({each: nodes[each] for each in paths})
    return tuple(each for each in order if not nodes[each].is_on)


def plan_disable(
    nodes: Nodes, name: str, *, with_dependents: bool, where: str = "", users: Graph | None = None
) -> tuple[str, ...]:
    """The plugins to disable, dependents first and the plugin itself last; empty if it is disabled already.

    `users` is `users_of(nodes)`, where that is known already. Raises DependencyRefusal, which names every plugin that
    depends on it, or NotFound.
    """
    if name not in nodes:
        raise NotFound.plugin(name)
    if not nodes[name].is_on:
        return ()
    enabled = _Enabled(nodes, users_of(nodes) if users is None else users)
    paths = _find_paths(enabled, name)
    others = tuple(each for each in paths if each != name)
    if others and not with_dependents:
        data = {"plugin": name, "others": enumerate_names(others), "where": where}
        if len(others) == 1:
            message = sentence("'{plugin}' is needed by {others}, which is enabled{where}.", **data)
        else:
            message = sentence("'{plugin}' is needed by {others}, which are enabled{where}.", **data)
        raise DependencyRefusal(message, code="DEPENDENTS_ENABLED", plugins=others)
    return tuple(reversed(_sort({each: nodes[each] for each in paths})))


def dependencies(nodes: Nodes, name: str) -> tuple[str, ...]:
    """What the plugin depends on, directly or not, as far as it is installed; dependencies first."""
    paths = _find_paths(_Needs(nodes), name)
    return _sort({each: nodes[each] for each in paths if each != name and each in nodes})


def dependents(nodes: Nodes, name: str) -> tuple[str, ...]:
    """The plugins that depend on this one directly, enabled or not, by name."""
    return tuple(sorted(node.name for node in nodes.values() if any(need.name == name for need in node.dependencies)))


def users_of(nodes: Nodes) -> dict[str, tuple[str, ...]]:
    """The `dependents` of each plugin that has any, for all in one pass."""
    users: dict[str, set[str]] = {}
    for node in nodes.values():
        for need in node.dependencies:
            users.setdefault(need.name, set()).add(node.name)
    return {name: tuple(sorted(names)) for name, names in users.items()}


def in_reach(graph: Graph, names: Iterable[str]) -> frozenset[str]:
    """These names, and all that they lead to, directly or not."""
    found = set(names)
    waiting = list(found)
    while waiting:
        new = set(graph.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return frozenset(found)


def load_order(nodes: Nodes) -> LoadOrder:
    """All plugins, dependencies before dependents, and otherwise in the order of the mapping."""
    graph = _needs(nodes)
    cycles = {each: path for each in nodes if (path := _find_cycle(graph, each))}
    return LoadOrder(names=_sort(nodes), cycles=cycles)


def _sort(nodes: Nodes) -> tuple[str, ...]:
    graph = _needs(nodes)
    placed: dict[str, None] = {}
    waiting = list(nodes)
    while waiting:
        for each in waiting:
            if placed.keys() >= graph.keys() & graph[each]:
                chosen = each
                break
        else:
            # If no plugin is ready, they wait for a cycle: one of its members goes first, so that each gets a place.
            chosen = next(each for each in waiting if _waits_for_its_own_cycle(graph, each, placed))
        placed[chosen] = None
        waiting.remove(chosen)
    return tuple(placed)


def find_cycle(nodes: Nodes, name: str) -> tuple[str, ...]:
    """The shortest dependency path from the plugin back to itself, with its name at both ends; empty without one."""
    return _find_cycle(_Needs(nodes), name)


def describe_cycle(path: tuple[str, ...]) -> Sentence:
    """Describe a path that `find_cycle` returned, in one sentence."""
    return sentence("{path}: remove one of these dependencies.", path=_describe_path(path))


class LazyNodes(Mapping[str, PluginNode]):
    """Nodes that are made when the planner comes to them: most plans concern few of many plugins."""

    def __init__(self, names: Collection[str], make: Callable[[str], PluginNode]) -> None:
        self._names = names
        self._make = make
        self._made: dict[str, PluginNode] = {}

    def __getitem__(self, name: str) -> PluginNode:
        if name not in self._made:
            if name not in self._names:
                raise KeyError(name)
            self._made[name] = self._make(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class _Needs(Mapping[str, Iterable[str]]):
    """The graph of dependencies, each in the author's order, looked up only where a path leads."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes

    def __getitem__(self, name: str) -> Iterable[str]:
        return dict.fromkeys([need.name for need in self._nodes[name].dependencies])

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


class _Enabled(_Needs):
    """The graph from each plugin to those that depend on it and are on."""

    def __init__(self, nodes: Nodes, users: Graph) -> None:
        super().__init__(nodes)
        self._users = users

    def __getitem__(self, name: str) -> Iterable[str]:
        return [user for user in self._users.get(name, ()) if self._nodes[user].is_on]


def _needs(nodes: Nodes) -> dict[str, dict[str, None]]:
    """The graph of dependencies, each in the author's order."""
    return {name: dict.fromkeys([need.name for need in node.dependencies]) for name, node in nodes.items()}


def _find_cycle(graph: Graph, name: str) -> tuple[str, ...]:
    for each, path in _find_paths(graph, name).items():
        if name in graph.get(each, ()):
            return (*path, name)
    return ()


def _find_paths(graph: Graph, start: str) -> dict[str, tuple[str, ...]]:
    """The shortest path from the start to every plugin in reach, nearest first (breadth-first).

    Names that are not installed are included as ends of paths.
    """
    paths: dict[str, tuple[str, ...]] = {start: (start,)}
    queue = deque([start])
    while queue:
        current = queue.popleft()
        for name in graph.get(current, ()):
            if name not in paths:
                paths[name] = (*paths[current], name)
                queue.append(name)
    return paths


def _waits_for_its_own_cycle(graph: Graph, name: str, placed: Mapping[str, None]) -> bool:
    """Whether every plugin that this one still waits for waits for this one too.

    Only then may it go first: a plugin outside the cycle that depends on one of its members has to come after them.
    """
    waiting = [each for each in _find_paths(graph, name) if each in graph and each not in placed]
    return all(name in _find_paths(graph, each) for each in waiting)


def _refuse_unusable(nodes: Nodes, paths: Mapping[str, tuple[str, ...]]) -> None:
    """Raise DependencyRefusal for all dependencies that are missing, of a wrong version, or blocked.

    Every dependency is checked, not only every plugin: two plugins may require different versions of a third.
    """
    refusals: list[DependencyRefusal] = []
    for name, path in paths.items():
        for need in nodes[name].dependencies if name in nodes else ():
            chain, node, plugins = _describe_path((*path, need.name)), nodes.get(need.name), (need.name,)
            if node is None:
                message = sentence("{path}, which is not installed.", path=chain)
                refusals.append(DependencyRefusal(message, code="DEPENDENCY_MISSING", plugins=plugins))
            elif not satisfies(node.version, need.specifier):
                data = {"path": chain, "specifier": need.specifier, "version": node.version}
                if node.version:
                    message = sentence("{path} in version {specifier}, but version {version} is installed.", **data)
                else:
                    message = sentence("{path} in version {specifier}, but its version is unknown.", **data)
                refusals.append(DependencyRefusal(message, code="DEPENDENCY_VERSION", plugins=plugins))
            elif node.blocker is not None:
                message = sentence("{path}, which {reason}.", path=chain, reason=node.blocker.reason)
                refusals.append(DependencyRefusal(message, code=node.blocker.code, plugins=plugins))
    if refusals:
        names = dict.fromkeys(name for refusal in refusals for name in refusal.plugins)
        message = join_sentences(refusal.message for refusal in refusals)
        raise DependencyRefusal(message, code=refusals[0].code, plugins=tuple(names))


def _describe_path(path: tuple[str, ...]) -> Sentence:
    """Describe a path of dependencies: "'a' needs 'b', which needs 'c'"."""
    needed: str = f"'{path[-1]}'"
    for name in reversed(path[1:-1]):
        needed = sentence("'{plugin}', which needs {needed}", plugin=name, needed=needed)
    return sentence("'{plugin}' needs {needed}", plugin=path[0], needed=needed)
