"""What enabling and disabling mean for other plugins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webnet.errors import DependencyRefusal, NotFound
from webnet.plugins.kernel.dependencies import (
    Blocker,
    PluginNode,
    dependents,
    find_cycle,
    load_order,
    parse_dependency,
    plan_disable,
    plan_enable,
)


def node(
    name: str, *needs: str, is_on: bool = False, version: str = "1.0", blocker: Blocker | None = None
) -> PluginNode:
    found = [parse_dependency(need) for need in needs]
    dependencies = tuple(need for need in found if need is not None)
    return PluginNode(name=name, version=version, dependencies=dependencies, is_on=is_on, blocker=blocker)


def graph(*nodes: PluginNode) -> dict[str, PluginNode]:
    return {each.name: each for each in nodes}


MAP = graph(node("site_map", "device_inventory>=1"), node("device_inventory", "geo"), node("geo"))


def test_enabling_with_dependencies_puts_them_first_and_the_plugin_last() -> None:
    assert plan_enable(MAP, "site_map", with_dependencies=True) == ("geo", "device_inventory", "site_map")


def test_enabling_leaves_out_what_is_on_already() -> None:
    nodes = graph(node("site_map", "device_inventory"), node("device_inventory", is_on=True))

    assert plan_enable(nodes, "site_map", with_dependencies=False) == ("site_map",)


def test_enabling_what_is_on_is_nothing_to_do() -> None:
    nodes = graph(node("site_map", "device_inventory", is_on=True), node("device_inventory", is_on=True))

    assert plan_enable(nodes, "site_map", with_dependencies=False) == ()


def test_enabling_names_the_dependency_that_is_disabled_and_for_whom() -> None:
    nodes = graph(node("site_map", "device_inventory"), node("device_inventory"))

    with pytest.raises(DependencyRefusal) as refused:
        plan_enable(nodes, "site_map", with_dependencies=False, where=" for 'acme'")

    assert refused.value.message == "'site_map' needs 'device_inventory', which is disabled for 'acme'."
    assert refused.value.code == "DEPENDENCY_DISABLED"
    assert refused.value.plugins == ("device_inventory",)


def test_enabling_names_all_that_are_disabled_also_indirect_ones() -> None:
    with pytest.raises(DependencyRefusal) as refused:
        plan_enable(MAP, "site_map", with_dependencies=False)

    assert refused.value.message == "'site_map' needs 'device_inventory' and 'geo', which are disabled."
    assert refused.value.plugins == ("device_inventory", "geo")


def test_a_disabled_dependency_of_a_dependency_is_told_with_the_way_there() -> None:
    nodes = graph(node("a", "b"), node("b", "c", is_on=True), node("c"))

    with pytest.raises(DependencyRefusal, match=r"^'a' needs 'b', which needs 'c', which is disabled.$"):
        plan_enable(nodes, "a", with_dependencies=False)


def test_a_missing_dependency_is_named() -> None:
    with pytest.raises(DependencyRefusal, match=r"^'a' needs 'b', which is not installed.$") as refused:
        plan_enable(graph(node("a", "b")), "a", with_dependencies=True)

    assert refused.value.code == "DEPENDENCY_MISSING"


def test_a_dependency_of_the_wrong_version_is_named_with_both_versions() -> None:
    nodes = graph(node("a", "b>=2"), node("b", version="1.4", is_on=True))

    with pytest.raises(DependencyRefusal) as refused:
        plan_enable(nodes, "a", with_dependencies=True)

    assert refused.value.message == "'a' needs 'b' in version >=2, but version 1.4 is installed."
    assert refused.value.code == "DEPENDENCY_VERSION"


def test_two_plugins_on_the_way_may_ask_for_different_versions_of_a_third() -> None:
    nodes = graph(node("a", "b", "c>=1"), node("b", "c>=2"), node("c", version="1.4"))

    with pytest.raises(DependencyRefusal, match=r"'a' needs 'b', which needs 'c' in version >=2, but version 1.4"):
        plan_enable(nodes, "a", with_dependencies=True)


def test_a_dependency_with_an_obstacle_is_refused_in_the_obstacles_words() -> None:
    blocker = Blocker(reason="is disabled for everybody")
    nodes = graph(node("a", "b"), node("b", blocker=blocker))

    with pytest.raises(DependencyRefusal, match=r"^'a' needs 'b', which is disabled for everybody.$") as refused:
        plan_enable(nodes, "a", with_dependencies=True)

    assert refused.value.code == "DEPENDENCY_DISABLED"


def test_a_cycle_is_refused_with_its_full_path() -> None:
    nodes = graph(node("a", "b"), node("b", "c"), node("c", "d"), node("d", "b"))

    with pytest.raises(DependencyRefusal, match=r"'b' needs 'c', which needs 'd', which needs 'b'") as refused:
        plan_enable(nodes, "a", with_dependencies=True)

    assert refused.value.code == "DEPENDENCY_CYCLE"
    assert refused.value.plugins == ("b", "c", "d")


def test_a_plugin_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        plan_enable({}, "nowhere", with_dependencies=True)
    with pytest.raises(NotFound):
        plan_disable({}, "nowhere", with_dependents=True)


ALL_ON = graph(
    node("site_map", "device_inventory", is_on=True),
    node("device_inventory", "geo", is_on=True),
    node("geo", is_on=True),
)


def test_disabling_names_the_dependents_that_block_it() -> None:
    with pytest.raises(DependencyRefusal) as refused:
        plan_disable(ALL_ON, "geo", with_dependents=False, where=" for 'acme'")

    assert (
        refused.value.message == "'geo' is needed by 'device_inventory' and 'site_map', which are enabled for 'acme'."
    )
    assert refused.value.code == "DEPENDENTS_ENABLED"
    assert refused.value.plugins == ("device_inventory", "site_map")


def test_disabling_with_dependents_puts_them_first_and_the_plugin_last() -> None:
    assert plan_disable(ALL_ON, "geo", with_dependents=True) == ("site_map", "device_inventory", "geo")


def test_dependents_that_are_off_do_not_block() -> None:
    nodes = graph(node("site_map", "device_inventory"), node("device_inventory", is_on=True))

    assert plan_disable(nodes, "device_inventory", with_dependents=False) == ("device_inventory",)


def test_disabling_what_is_off_is_nothing_to_do() -> None:
    assert plan_disable(graph(node("a")), "a", with_dependents=False) == ()


def test_disabling_works_inside_a_cycle() -> None:
    nodes = graph(node("a", "b", is_on=True), node("b", "a", is_on=True))

    assert set(plan_disable(nodes, "a", with_dependents=True)) == {"a", "b"}


def test_dependents_are_the_direct_ones() -> None:
    assert dependents(MAP, "geo") == ("device_inventory",)


def test_the_load_order_keeps_the_given_one_where_it_may() -> None:
    nodes = graph(node("z"), node("site_map", "geo", "not_there"), node("a"), node("geo"))

    assert load_order(nodes).names == ("z", "a", "geo", "site_map")


def test_the_load_order_reports_each_plugin_of_a_cycle_and_nobody_else() -> None:
    nodes = graph(node("outside", "a"), node("a", "b", "c"), node("b", "a"), node("c", "b"))

    order = load_order(nodes)

    assert order.cycles == {"a": ("a", "b", "a"), "b": ("b", "a", "b"), "c": ("c", "b", "a", "c")}
    assert order.names.index("a") < order.names.index("outside")


def test_a_plugin_that_needs_itself_is_a_cycle() -> None:
    assert find_cycle(graph(node("a", "a")), "a") == ("a", "a")


NAMES = [f"p{index}" for index in range(8)]


@given(st.fixed_dictionaries({name: st.sets(st.sampled_from(NAMES)) for name in NAMES}))
def test_any_graph_is_ordered_completely_and_dependencies_come_first(edges: dict[str, set[str]]) -> None:
    order = load_order({name: node(name, *sorted(needs)) for name, needs in edges.items()})

    assert sorted(order.names) == NAMES
    place = {name: index for index, name in enumerate(order.names)}
    for name, needs in edges.items():
        for needed in needs:
            assert place[needed] < place[name] or needed in order.cycles
