"""Plans what enabling and disabling mean for other plugins: names in order, or a refusal that says why."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from webnet.errors import DependencyRefusal, NotFound
from webnet.plugins.declarations import Dependency
from webnet.plugins.kernel.compatibility import satisfies


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why a plugin can't be switched on as somebody's dependency: `words` continue "'x' needs 'y', which …"."""

    words: str
    code: str = "DEPENDENCY_DISABLED"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A plugin as the plan sees it, globally or for one customer; what is not there has no node."""

    name: str
    version: str
    dependencies: tuple[Dependency, ...] = ()
    is_on: bool = False
    obstacle: Obstacle | None = None


@dataclass(frozen=True, kw_only=True)
class _Unmet:
    """A need that can't be met, in one sentence; `plugin` is what is needed."""

    words: str
    code: str
    plugin: str


Nodes = Mapping[str, Node]


@dataclass(frozen=True, kw_only=True)
class LoadOrder:
    """All names, dependencies first; `cycles` has, for each plugin caught in one, the path from it back to itself."""

    names: tuple[str, ...]
    cycles: Mapping[str, tuple[str, ...]]


def plan_enable(nodes: Nodes, name: str, *, with_dependencies: bool, where: str = "") -> tuple[str, ...]:
    """The names to switch on, dependencies first and the plugin itself last; empty when all are on.

    `where` ends the refusals: " for 'acme'", or nothing for the platform. The plugin's own obstacle is not looked at,
    since the caller has more to say about it. Raises DependencyRefusal or NotFound.
    """
    _require_node(nodes, name)
    paths = _walk(nodes, name, _needs)
    _refuse_cycles(nodes, paths)
    _refuse_unusable(nodes, paths)
    off = [needed for needed in paths if needed != name and not nodes[needed].is_on]
    if off and not with_dependencies:
        raise _refuse_disabled([paths[needed] for needed in off], where)
    order = load_order({each: nodes[each] for each in paths}).names
    return tuple(each for each in order if not nodes[each].is_on)


def plan_disable(nodes: Nodes, name: str, *, with_dependents: bool, where: str = "") -> tuple[str, ...]:
    """The names to switch off, dependents first and the plugin itself last; empty when it is off already.

    Raises DependencyRefusal, naming all that need it, or NotFound.
    """
    _require_node(nodes, name)
    if not nodes[name].is_on:
        return ()
    paths = _walk(nodes, name, _dependents_that_are_on)
    others = tuple(each for each in paths if each != name)
    if others and not with_dependents:
        verb = "is" if len(others) == 1 else "are"
        words = f"'{name}' is needed by {_enumerate(others)}, which {verb} enabled{where}."
        raise DependencyRefusal(words, code="DEPENDENTS_ENABLED", plugins=others)
    return tuple(reversed(load_order({each: nodes[each] for each in paths}).names))


def dependents(nodes: Nodes, name: str) -> tuple[str, ...]:
    """Those that need the plugin directly, on or off, by name."""
    return tuple(sorted(node.name for node in nodes.values() if any(need.name == name for need in node.dependencies)))


def load_order(nodes: Nodes) -> LoadOrder:
    """Dependencies before dependents, and otherwise the order of the mapping; nothing is left out."""
    found = ((each, find_cycle(nodes, each)) for each in nodes)
    cycles = {each: path for each, path in found if path}
    placed: dict[str, None] = {}
    waiting = list(nodes)
    while waiting:
        ready = (each for each in waiting if _is_ready(nodes, each, placed))
        # When nobody is ready, a cycle holds them up: one of its members goes ahead, so that everybody gets a place.
        chosen = next(ready, None) or next(each for each in waiting if _waits_for_its_cycle(nodes, each, placed))
        placed[chosen] = None
        waiting.remove(chosen)
    return LoadOrder(names=tuple(placed), cycles=cycles)


def find_cycle(nodes: Nodes, name: str) -> tuple[str, ...]:
    """The shortest path of needs from the plugin back to itself, with its name at both ends; empty without one."""
    for each, path in _walk(nodes, name, _needs).items():
        if each in nodes and name in _needs(nodes, each):
            return (*path, name)
    return ()


def tell_cycle(path: tuple[str, ...]) -> str:
    """One sentence for a path that `find_cycle` found."""
    return f"{_chain(path)}: one of them must give up its dependency."


def _require_node(nodes: Nodes, name: str) -> None:
    if name not in nodes:
        raise NotFound.plugin(name)


def _walk(nodes: Nodes, start: str, neighbours: Callable[[Nodes, str], Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """The shortest path from the start to everything in reach, nearest first, also to names without a node."""
    paths: dict[str, tuple[str, ...]] = {start: (start,)}
    queue = deque([start])
    while queue:
        current = queue.popleft()
        fresh = [name for name in neighbours(nodes, current) if name not in paths] if current in nodes else []
        paths.update((name, (*paths[current], name)) for name in fresh)
        queue.extend(fresh)
    return paths


def _needs(nodes: Nodes, name: str) -> Iterable[str]:
    return dict.fromkeys(need.name for need in nodes[name].dependencies)


def _dependents_that_are_on(nodes: Nodes, name: str) -> Iterable[str]:
    return (each for each in dependents(nodes, name) if nodes[each].is_on)


def _is_ready(nodes: Nodes, name: str, placed: Mapping[str, None]) -> bool:
    return all(needed in placed or needed not in nodes for needed in _needs(nodes, name))


def _waits_for_its_cycle(nodes: Nodes, name: str, placed: Mapping[str, None]) -> bool:
    """Whether all that the plugin still waits for waits for it in turn."""
    waiting = [each for each in _walk(nodes, name, _needs) if each in nodes and each not in placed]
    return all(name in _walk(nodes, each, _needs) for each in waiting)


def _refuse_cycles(nodes: Nodes, names: Iterable[str]) -> None:
    for name in names:
        path = find_cycle(nodes, name) if name in nodes else ()
        if path:
            raise DependencyRefusal(tell_cycle(path), code="DEPENDENCY_CYCLE", plugins=path[:-1])


def _refuse_unusable(nodes: Nodes, paths: Mapping[str, tuple[str, ...]]) -> None:
    """Names every need that can't be met, since two plugins may also ask for different versions of a third."""
    known = ((nodes[each], path) for each, path in paths.items() if each in nodes)
    needs = ((_chain((*path, need.name)), need) for node, path in known for need in node.dependencies)
    found = tuple(unmet for chain, need in needs if (unmet := _find_unmet(nodes.get(need.name), need, chain)))
    if found:
        names = tuple(dict.fromkeys(unmet.plugin for unmet in found))
        message = " ".join(unmet.words for unmet in found)
        raise DependencyRefusal(message, code=found[0].code, plugins=names)


def _find_unmet(node: Node | None, need: Dependency, chain: str) -> _Unmet | None:
    if node is None:
        return _Unmet(words=f"{chain}, which is not installed.", code="DEPENDENCY_MISSING", plugin=need.name)
    if not satisfies(node.version, need.specifier):
        words = f"{chain} in a version {need.specifier}, and {node.version or 'none'} is installed."
        return _Unmet(words=words, code="DEPENDENCY_VERSION", plugin=need.name)
    if node.obstacle:
        return _Unmet(words=f"{chain}, which {node.obstacle.words}.", code=node.obstacle.code, plugin=need.name)
    return None


def _refuse_disabled(paths: list[tuple[str, ...]], where: str) -> DependencyRefusal:
    names = tuple(path[-1] for path in paths)
    if len(paths) == 1:
        return DependencyRefusal(f"{_chain(paths[0])}, which is disabled{where}.", plugins=names)
    return DependencyRefusal(f"'{paths[0][0]}' needs {_enumerate(names)}, which are disabled{where}.", plugins=names)


def _chain(path: tuple[str, ...]) -> str:
    """Tells a path of needs: 'a' needs 'b', which needs 'c'."""
    return f"'{path[0]}' needs " + ", which needs ".join(f"'{name}'" for name in path[1:])


def _enumerate(names: tuple[str, ...]) -> str:
    quoted = [f"'{name}'" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
