"""The tutorial, read from `startplugin` to its end by somebody who types what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import make_database, one_database_is_enough
from tests.docs.documents import ROOT, Document
from tests.docs.source_parts import put_into
from tests.docs.tutorial import GUIDE, is_step, read_followed, run_step
from tests.docs.workshop import Workshop

pytestmark = one_database_is_enough


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with make_database() as database:
        workshop = Workshop.build(tmp_path / "webnet", database)
        try:
            yield workshop
        finally:
            workshop.stop()


def test_every_step_does_what_it_says(workshop: Workshop, subtests: pytest.Subtests) -> None:
    for block, answer in read_followed(Document.read(ROOT / GUIDE)):
        with subtests.test(block.place):
            run_step(workshop, block, answer)
    with subtests.test("what is not so is found"):
        _require_noticing(workshop)
    with subtests.test("the GraphQL of the reference builds"):
        _require_building(workshop)


WRONG = (
    "```graphql\n# as acme-viewer, at /graphql/acme/\n{ tickets { totalCount } }\n```\n"
    '```json\n{"data": {"tickets": {"totalCount": 99}}}\n```\n',
    "```graphql\n{ tickets { totalCount } }\n```\n",
    "```http\nGET /c/acme/plugins/helpdesk/ as globex-admin\n\n200\n```\n",
    "```http\nGET /c/acme/plugins/helpdesk/ as acme-viewer\n\n200\n<li>Nobody wrote this</li>\n```\n",
    "```console\n$ python manage.py list_plugins\nnothing\n```\n",
    "```console\n$ brew install webnet\n```\n",
    '```console\n$ curl --silent http://127.0.0.1:8000/healthz\n{"status": "asleep"}\n```\n',
    "```text\nplugins/helpdesk/\n  README.md\n```\n",
    "```python\nimport this\n```\n",
    "```yaml\na: language that nobody runs\n```\n",
    "```console\n$ curl --no-buffer http://127.0.0.1:8000/healthz\n: open\n```\n",
    "```text\nWhat a stream has not printed before it ended\n```\n",
)


def _require_noticing(workshop: Workshop) -> None:
    """The negative controls of the test above, in the workshop that it has built."""
    for text in WRONG:
        ((block, answer),) = read_followed(Document(name=GUIDE, text=f"## 1. A step\n\n{text}"))
        with pytest.raises((AssertionError, EOFError, pytest.fail.Exception)):
            run_step(workshop, block, answer)


RACKS = """
from webnet.plugins.base import Permission, PluginBase


class Plugin(PluginBase):
    name = "racks"
    version = "1.0.0"
    dependencies = ("device_inventory",)

    def get_permissions(self):
        return [Permission(name="view", description="See racks")]

    def get_graphql_schema(self):
        from racks.schema import extension

        return extension
"""
BUILD = """
from webnet.api.schema import full_schema
from webnet.plugins.registry import registry

sdl = full_schema().schema.export()
print([registry.get("racks").reason, "rackedDevices(" in sdl, "union FoundDevice " in sdl])
"""


def _require_building(workshop: Workshop) -> None:
    """What the reference shows of GraphQL is a plugin's schema as it stands."""
    (block,) = [each for each in Document.read(ROOT / GUIDE).blocks() if "class RackQueries:" in each.text]
    folder = workshop.home / "plugins" / "racks"
    folder.mkdir()
    for name, source in (("__init__", ""), ("plugin", RACKS), ("schema", block.text)):
        (folder / f"{name}.py").write_text(source)
    workshop.exports["WEBNET_PLUGINS"] = "device_inventory,racks"

    assert workshop.run("manage.py", "shell", "-v0", "-c", BUILD).splitlines()[-1] == "['', True, True]"


def test_only_numbered_steps_are_the_tutorial() -> None:
    text = "```a\n```\n## 1. One\n```b\n```\n### Part\n```c\n```\n## Two\n```d\n```\n"

    blocks = Document(name=GUIDE, text=text).blocks()

    assert [block.language for block in blocks if is_step(block)] == ["b", "c"]


SOURCE = '''"""What it is."""

from __future__ import annotations

import a


@mark
def first():
    return 1


class Kind:
    size = 1

    def method(self):
        return 1


last = first
'''


def test_a_piece_takes_the_place_of_what_had_its_name() -> None:
    put = put_into(SOURCE, "from b import (\n    c,\n)\n\n\ndef first():\n    return 2\n\n\nlast = 3\n")

    assert put.index("from __future__") < put.index("\nfrom b import c") < put.index("\nimport a")
    assert "@mark" not in put and "return 2" in put and put.rstrip().endswith("last = 3")


def test_a_piece_for_a_class_goes_into_it() -> None:
    put = put_into(SOURCE, "import d\n\ndef method(self):\n    return 2\n", into_class="Kind")

    assert "    size = 1" in put and "    def method(self):\n        return 2\n" in put and put.count("def method") == 1
    assert put.index("import d") < put.index("class Kind") < put.index("def method") < put.index("last = first")
