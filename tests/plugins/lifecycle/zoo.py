"""The bad plugins of `tests/bad_plugins/`: what each is shown as, and what its reason says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ZOO = Path(__file__).resolve().parents[2] / "bad_plugins"

# Found when a process starts, or by a sync: the status, and a part of the reason.
PUT_ASIDE = {
    "admin_error": ("failed", "Importing the admin pages of 'admin_error' raised ImportError: cannot import name"),
    "admin_urls_error": ("failed", "Importing the admin pages of 'admin_urls_error' raised LookupError: no addresses."),
    "changes_settings": (
        "failed",
        "'changes_settings' changed the setting MIDDLEWARE, the setting WEBNET_THREADS: these",
    ),
    "circle_one": ("failed", "'circle_one' needs 'circle_two', which needs 'circle_one': remove one of these"),
    "circle_two": ("failed", "'circle_two'"),
    "clashing_type": ("failed", "defines the type 'Plugin', which 'webnet itself' defines already: rename it."),
    "counts_to_a_billion": ("failed", "get_navigation_items(): has more than 1,000 entries: declare fewer."),
    "crowded_menu": ("failed", "get_navigation_items(): has more than 1,000 entries: declare fewer."),
    "deep_settings": ("failed", "get_settings_schema(): the settings schema is nested deeper than 80 levels"),
    "dies_in_build": ("failed", "Building the GraphQL types of 'dies_in_build' crashed the process."),
    "disconnects_receivers": ("failed", "'disconnects_receivers' changed the receivers of "),
    "endless_build": (
        "failed",
        "Building the GraphQL types of 'endless_build' raised TypeError: Query fields cannot",
    ),
    "endless_declaration": ("failed", "get_navigation_items(): raised RecursionError"),
    "endless_settings": ("failed", "get_settings_schema(): the settings schema must contain only JSON values"),
    "exits_in_plugin": ("failed", "Loading 'exits_in_plugin' raised SystemExit: 3."),
    "exits_on_import": ("failed", "Importing 'exits_on_import' raised SystemExit: no more today."),
    "exits_on_load": ("failed", "on_load() of 'exits_on_load' raised SystemExit: no licence."),
    "failing_check": ("failed", "Django rejects its models: failing_check.Lamp.title: 'max_length' must be"),
    "failing_migration": ("needs_migration", "Migration 'failing_migration.0002_light' raised SystemExit: no current."),
    "half_character": ("failed", "item 1: 'label' has characters that can't be stored"),
    "half_models": ("failed", "Importing the models of 'half_models' raised ZeroDivisionError: division by zero."),
    "hiding_names": ("failed", "Django rejects its models: hiding_names.Thief"),
    "hiding_tags": ("failed", "has a template tag library 'static', but 'django' has one"),
    "ignores_children": ("failed", "'ignores_children' changed the handler of SIGCHLD: these belong to others"),
    "import_error": ("failed", "Importing 'import_error' raised ModuleNotFoundError"),
    "long_text": ("failed", "'description' has 9,999,999 characters: use at most 10,000."),
    "never_declares": ("failed", "get_permissions(): took longer than 4 s."),
    "no_tenancy": ("failed", "the model 'no_tenancy.Secret' does not declare who owns its rows"),
    "patches_access": ("failed", "'patches_access' changed webnet.customers.access.Actor, webnet.customers.access."),
    "plugin_import_error": ("failed", "Loading 'plugin_import_error' raised ModuleNotFoundError"),
    "raises_in_ready": ("failed", "ready() of the app 'raises_in_ready' raised RuntimeError: not ready."),
    "raises_on_load": ("failed", "on_load() of 'raises_on_load' raised RuntimeError: no licence."),
    "swaps_modules": ("failed", "'swaps_modules' changed sys.modules (webnet.customers.access): these belong to"),
    "syntax_error": ("failed", "Loading 'syntax_error' raised SyntaxError"),
    "template_tags_error": (
        "failed",
        "Importing the template tags of 'template_tags_error' raised ValueError: no tags.",
    ),
    "too_large": ("failed", "item 1: 'order' is 1099511627776: it must fit into 32 bits."),
    "torn_migration": ("failed", "Loading the migrations of 'torn_migration' raised KeyError: 'Lamp'."),
    "turning_settings": ("failed", "get_settings_schema(): the settings schema has an endless reference to itself"),
    "unregisters_pages": ("failed", "'unregisters_pages' changed the admin pages of "),
    "unprintable": ("failed", "on_load() of 'unprintable' raised ValueError"),
    "unprintable_default": ("failed", "Building the GraphQL types of 'unprintable_default' raised ValueError: no such"),
    "views_from_nowhere": ("failed", "get_ui_views(): raised ImportError: cannot import name 'draw'"),
    "wrecking_migration": ("needs_migration", "it drops the table 'customers_apitoken'"),
    "wrong_graphql": ("failed", "get_graphql_schema(): must be a GraphQLExtension or an equivalent dict, not str."),
    "wrong_host": ("incompatible", "It requires webnet >=999, but this is webnet"),
    "wrong_models": ("failed", "get_models(): must return a list of model classes."),
    "wrong_navigation": ("failed", "get_navigation_items(): must return a list of NavigationItem, not dict."),
    "wrong_pages": ("failed", "get_ui_views(), item 1: must be a UIView or an equivalent dict, not tuple."),
    "wrong_permissions": ("failed", "get_permissions(), item 1: must be a Permission or an equivalent dict, not str."),
    "wrong_settings": ("failed", "get_settings_schema(): the settings schema must be a dict, not list."),
    "wrong_widgets": ("failed", "get_dashboard_widgets(): must return a list of DashboardWidget, not int."),
}
# Their reason is a sentence of webnet's own, which nothing was raised for.
WITHOUT_TRACEBACK = {
    *("circle_one", "circle_two", "dies_in_build", "failing_check", "hiding_names", "no_tenancy", "wrong_host"),
}
# Who shares a boot with whom: what goes wrong with one of a party touches nothing that another one goes wrong with.
# Those that are named nowhere here are alone, since they get as far as Django's own state.
PARTIES = (
    # Each declaration is read by itself.
    (
        *("endless_declaration", "endless_settings", "half_character", "too_large", "turning_settings"),
        *("counts_to_a_billion", "crowded_menu", "deep_settings", "long_text", "never_declares"),
        *("views_from_nowhere", "wrong_graphql", "wrong_models", "wrong_navigation", "wrong_pages"),
        *("wrong_permissions", "wrong_settings", "wrong_widgets"),
    ),
    # They never come as far as their models, or bring none.
    (
        *("circle_one", "circle_two", "exits_in_plugin", "exits_on_import", "exits_on_load", "import_error"),
        *("plugin_import_error", "raises_on_load", "syntax_error", "unprintable", "wrong_host"),
        # What they have changed is put back before the next one begins.
        *("changes_settings", "ignores_children", "patches_access", "swaps_modules"),
    ),
    ("admin_error", "admin_urls_error", "disconnects_receivers", "raises_in_ready", "unregisters_pages"),
    ("template_tags_error", "torn_migration"),
    # Each is found by a trial of its own.
    ("clashing_type", "endless_build", "unprintable_default"),
    ("aborting", "exiting", "leaving", "raising", "recursing", "unsendable"),
    ("committing", "dripping", "dying", "hanging", "listens_to_all", "raising_check", "raising_receiver", "untidy"),
)


def party_of(name: str) -> tuple[str, ...]:
    """All that share a boot with it, and it itself."""
    return next((party for party in PARTIES if name in party), (name,))


@dataclass(frozen=True)
class Misbehaviour:
    """How what the health check says begins, and what there is to call: with `has_parts`, hooks, pages and events.

    `has_hook`: it has nothing but a hook.
    """

    health: tuple[str, str]
    widgets: int = 0
    has_queries: bool = False
    has_parts: bool = False
    has_hook: bool = False


# Load well, and go wrong afterwards.
MISBEHAVING = {
    "aborting": Misbehaviour(("UNHEALTHY", "The check raised "), widgets=2, has_queries=True, has_parts=True),
    "committing": Misbehaviour(("HEALTHY", ""), has_hook=True),
    "dripping": Misbehaviour(("HEALTHY", "")),
    "exiting": Misbehaviour(("UNHEALTHY", "The check raised SystemExit."), widgets=2, has_queries=True, has_parts=True),
    # Only where it is told to, since nothing here would survive it: see tests/server/test_dying_workers.py.
    "dying": Misbehaviour(("HEALTHY", "")),
    "hanging": Misbehaviour(("UNKNOWN", "The check did not return within 5 s."), widgets=1),
    "leaving": Misbehaviour(
        ("UNHEALTHY", "The check raised ConnectionLeftDirty."), widgets=2, has_queries=True, has_parts=True
    ),
    "listens_to_all": Misbehaviour(("HEALTHY", "")),
    "raising": Misbehaviour(
        ("UNHEALTHY", "The check raised RuntimeError."), widgets=2, has_queries=True, has_parts=True
    ),
    "raising_check": Misbehaviour(("HEALTHY", "")),
    "raising_receiver": Misbehaviour(("HEALTHY", "")),
    "untidy": Misbehaviour(("HEALTHY", "")),
    "unsendable": Misbehaviour(("HEALTHY", ""), has_queries=True),
    "recursing": Misbehaviour(
        ("UNHEALTHY", "The check raised RecursionError."), widgets=2, has_queries=True, has_parts=True
    ),
}
EVERY_ONE = (*PUT_ASIDE, *MISBEHAVING)
