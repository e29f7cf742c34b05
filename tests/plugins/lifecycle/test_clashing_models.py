"""Models that clash: the plugin that is loaded later is at fault, and the earlier one is as it would be alone."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.databases import one_database_is_enough
from tests.plugins.lifecycle.installation import Installation, plugin_py

pytestmark = one_database_is_enough

HEAD = dedent("""
    from django.db import models
    from webnet.sdk.models import GlobalModel

    class {model}(GlobalModel):
""")
CLASHES = {
    "one name on a model of the host": (
        '    owner = models.ForeignKey("customers.Customer", models.CASCADE, related_name="lamps")\n',
        "Reverse accessor 'Customer.lamps' for 'second.Bulb.owner' clashes with reverse accessor for "
        "'first.Lamp.owner'.",
    ),
    "one table": ("    class Meta:\n        db_table = 'lamps'\n", "db_table 'lamps' is used by multiple models"),
    "one index": (
        "    name = models.CharField(max_length=5)\n"
        "    class Meta:\n        indexes = [models.Index(fields=['name'], name='by_name')]\n",
        "index name 'by_name' is not unique among models",
    ),
}


@pytest.mark.parametrize("clash", CLASHES)
def test_of_two_plugins_whose_models_clash_the_later_one_is_put_aside(clash: str, installation: Installation) -> None:
    body, reason = CLASHES[clash]
    for name, model in (("first", "Lamp"), ("second", "Bulb")):
        installation.write(name, plugin=plugin_py(name), models=HEAD.format(model=model) + body)

    seen = installation.run(
        """
        from django.apps import apps
        report["plugins"] = plugins() if run("sync_plugins") else None
        report["models"] = sorted(m._meta.label for m in apps.get_models() if m._meta.app_label in ("first", "second"))
        report["accessor"] = getattr(getattr(Customer, "lamps", None), "rel", None) is not None
        report["check"] = run("check")[1]
        """,
        plugins=("first", "second"),
    )

    # Neither has migrations, so it is not put aside, but it has no tables either.
    assert seen["plugins"]["first"][1] == "needs_migration"
    assert seen["plugins"]["second"][1] == "failed"
    assert reason in seen["plugins"]["second"][2]
    assert seen["models"] == ["first.Lamp"]
    assert seen["accessor"] is ("host" in clash)
    assert seen["check"] == 0
