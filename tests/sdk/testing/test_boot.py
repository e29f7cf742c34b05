"""`boot()`: a webnet of its own with the plugins named, asked over HTTP."""

from __future__ import annotations

import pytest

from tests.databases import with_files_of_its_own
from webnet.sdk.testing import boot
from webnet.sdk.testing.boot import BootFailed

pytestmark = with_files_of_its_own

NOTHING = 'from webnet.plugins.base import PluginBase\n\n\nclass Plugin(PluginBase):\n    name = "nothing"\n'


def write_plugin(folder, text):
    (folder / "nothing").mkdir()
    (folder / "nothing" / "__init__.py").touch()
    (folder / "nothing" / "plugin.py").write_text(text)


def test_it_serves_these_plugins_and_forgets_all_when_it_ends():
    with boot(["hello_world", "shelf"], customers=["acme", "globex"]) as webnet:
        webnet.enable("shelf", "acme")
        webnet.client("admin", "acme").mutate("addShelf", "shelf { name }", name="new")
        plugins = webnet.client("platform", None).query("{ plugins { edges { node { name } } } }")["plugins"]
        seen = {
            slug: webnet.client("viewer", slug).run("{ shelves { name } }").get("data") for slug in ("acme", "globex")
        }
        listed, folder = webnet.command("list_plugins"), webnet.data_dir
        webnet.disable("shelf", "acme")
        code = webnet.client("viewer", "acme").error_code("{ shelves { name } }")
        with pytest.raises(LookupError, match=r"This webnet has no 'viewer@initech', only platform, viewer@ac"):
            webnet.client("viewer", "initech")

    assert [edge["node"]["name"] for edge in plugins["edges"]] == ["hello_world", "shelf"]
    assert seen == {"acme": {"shelves": [{"name": "new"}]}, "globex": None}
    assert "shelf" in listed and code == "GRAPHQL_VALIDATION_FAILED"
    assert not folder.exists()


def test_a_plugin_that_does_not_load_is_named_with_its_reason(tmp_path):
    write_plugin(tmp_path, NOTHING)

    refused = pytest.raises(BootFailed, match=r"A plugin can't be used: 'nothing' is failed: .*version")

    with refused, boot(["nothing"], path=[tmp_path]):
        pass


def test_a_webnet_that_does_not_start_says_why():
    refused = pytest.raises(BootFailed, match=r"(?s)webnet did not start with hello_world:\n.*A slug has up to 50")

    with refused, boot(["hello_world"], customers=["no slug"]):
        pass
