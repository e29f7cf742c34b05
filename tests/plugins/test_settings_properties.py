"""For any sequence of patches and reverts, the layers are what a plain model of RFC 7396 says they are."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_customer
from webnet.customers.access import Actor
from webnet.plugins.base import PluginBase
from webnet.plugins.manager import manager
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.schema.merge_patch import merge_patch
from webnet.plugins.schema.walk import MISSING, join_pointer, pointer_get, split_pointer, walk_leaves
from webnet.plugins.settings import layers
from webnet.plugins.settings.edits import patch_with

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = Actor.system("tests")
SECRET = {"writeOnly": True}


class Vault(PluginBase):
    """Takes everything; secrets are where RFC 7396 is hardest: beside, below and instead of plain values."""

    name = "vault"
    version = "1.0"

    def get_settings_schema(self):
        return {
            "properties": {
                "plain": {"default": {"depth": 1, "other": None}},
                "secret": SECRET,
                "pair": {"default": {"open": "yes"}, "properties": {"open": {}, "shut": SECRET}},
                "by_name": {"additionalProperties": {"$ref": "#/$defs/account"}},
                "either": {"anyOf": [{"type": "string"}, {"properties": {"shut": SECRET}}]},
            },
            "$defs": {"account": {"properties": {"user": {}, "shut": SECRET, "deeper": {"$ref": "#/$defs/account"}}}},
        }


# RFC 7396, section 2, word for word; the code under test is another.
def apply_patch(target, patch):
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = apply_patch(target.get(name), value)
    return target


names = st.sampled_from(
    ["plain", "secret", "pair", "by_name", "either", "open", "shut", "user", "deeper", "a/b", "m~n", "", "0"]
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "x", "y", 1.5]))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(names, inner, max_size=3)),
    max_leaves=6,
)
patches = st.dictionaries(names, values, max_size=3)
# PostgreSQL's texts have no NUL, and UTF-8 has no surrogates: such values are refused.
STORABLE = st.characters(codec="utf-8", exclude_characters="\0")
# A patch, or the number of a former revision; for the global layer or for the customer's.
steps = st.lists(st.tuples(st.booleans(), st.one_of(patches, st.integers(0, 9))), min_size=2, max_size=10)

# What goes to the database and back has few examples, since each is many transactions.
in_memory = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
stored_too = settings(in_memory, max_examples=6)


@pytest.fixture
def vault(install):
    install(Vault(), enabled=True)
    make_customer("acme")


class Model:
    """Both layers as whole documents, secrets in their places, and every plain layer that ever was."""

    def __init__(self):
        self.layers = {None: {}, "acme": {}}
        self.past = {None: [], "acme": []}

    def merged(self):
        merged = {"plain": {"depth": 1, "other": None}, "pair": {"open": "yes"}}
        for layer in self.layers.values():
            merged = apply_patch(merged, copy.deepcopy(layer))
        return merged


def stored(slug):
    if slug is None:
        return PluginConfig.objects.get(name="vault")
    return CustomerPluginConfig.objects.select_related("customer", "plugin").get(customer__slug=slug)


def opened(slug):
    layer = stored(slug)
    return layers.opened_secrets(layer, plugin="vault"), layers.open_layer(layer, plugin="vault")


def update(slug, patch):
    return manager.update_settings("vault", actor=SYSTEM, customer=slug, patch=patch, allow_invalid=True)


def revert(slug, revision):
    manager.revert_settings("vault", actor=SYSTEM, customer=slug, revision=revision, allow_invalid=True)


def exactly(value):
    """As JSON, in which 1 is not true."""
    return json.dumps(value, sort_keys=True)


def secret_places_in(plain):
    """The schema's own secret places in a plain layer, where nothing may be."""
    schema = layers.schema_of("vault")
    pointers = (join_pointer(segments) for segments, _ in walk_leaves(plain))
    return [pointer for pointer in pointers if schema.is_secret(pointer)]


def has_place(plain, path):
    """Whether nothing on the way to the path is a value that has no members."""
    *above, _ = split_pointer(path)
    ways = [pointer_get(plain, join_pointer(above[:count])) for count in range(len(above) + 1)]
    return all(way is MISSING or isinstance(way, dict) for way in ways)


@in_memory
@given(steps=st.lists(st.tuples(st.booleans(), patches), min_size=1, max_size=8))
@pytest.mark.slow
def test_layers_are_what_the_model_says_after_any_patches(registered, steps):
    registered(Vault())
    row = PluginConfig(name="vault")
    found = {None: row, "acme": CustomerPluginConfig(plugin=row, customer_id=7)}
    model = Model()

    for is_global, patch in steps:
        slug = None if is_global else "acme"
        patch_with("vault", patch)(found[slug])
        model.layers[slug] = apply_patch(model.layers[slug], copy.deepcopy(patch))

    for slug, layer in found.items():
        assert exactly(layers.open_layer(layer, plugin="vault")) == exactly(model.layers[slug])
        assert secret_places_in(layer.settings) == []
    assert exactly(layers.open_merged(row, found["acme"])) == exactly(model.merged())


@stored_too
@given(steps=steps)
@pytest.mark.slow
def test_layers_are_what_the_model_says_after_any_patches_and_reverts(vault, steps):
    model = Model()
    for slug in model.layers:
        revert(slug, 0)
        model.layers[slug] = {"secret": "first", "by_name": {"x": {"shut": 1}}}
        update(slug, model.layers[slug])
        model.past[slug] = [(stored(slug).settings_revision, copy.deepcopy(stored(slug).settings))]

    for is_global, step in steps:
        slug = None if is_global else "acme"
        if isinstance(step, dict):
            update(slug, step)
            model.layers[slug] = apply_patch(model.layers[slug], copy.deepcopy(step))
        else:
            revision, plain = model.past[slug][step % len(model.past[slug])]
            secrets_before, _ = opened(slug)
            revert(slug, revision)
            secrets_after, model.layers[slug] = opened(slug)
            kept = {path: value for path, value in secrets_before.items() if has_place(plain, path)}
            assert exactly(stored(slug).settings) == exactly(plain)
            assert exactly(secrets_after) == exactly(kept)
        layer = stored(slug)
        model.past[slug].append((layer.settings_revision, copy.deepcopy(layer.settings)))

        assert exactly(opened(slug)[1]) == exactly(model.layers[slug])
        assert exactly(layers.open_merged(stored(None), stored("acme"))) == exactly(model.merged())


@pytest.mark.parametrize("place", ["plain", "secret"])
def test_one_and_true_are_not_the_same_value(vault, place):
    update(None, {place: 1})

    assert update(None, {place: True}).changed
    assert exactly(opened(None)[1]) == exactly({place: True})


@stored_too
@given(before=patches, patch=patches, value=st.text(STORABLE, max_size=5))
@pytest.mark.slow
def test_secrets_survive_patches_that_do_not_name_them(vault, before, patch, value):
    revert(None, 0)
    update(None, before)
    update(None, {"by_name": {"kept": {"deeper": {"shut": value}}}, "secret": value})
    patch.pop("secret", None)
    patch.pop("by_name", None)

    update(None, patch)

    secrets, _ = opened(None)
    assert secrets["/secret"] == value
    assert secrets["/by_name/kept/deeper/shut"] == value


@given(target=values, patch=values)
def test_merge_patch_is_rfc_7396_and_shares_nothing(target, patch):
    before = copy.deepcopy((target, patch))

    merged = merge_patch(target, patch)

    assert merged == apply_patch(copy.deepcopy(target), copy.deepcopy(patch))
    assert (target, patch) == before


# The examples of RFC 7396, appendix A.
APPENDIX = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), APPENDIX)
def test_merge_patch_does_what_the_standards_own_examples_do(target, patch, result):
    assert merge_patch(target, patch) == result
