"""Runs the Python of the documentation: plugins are loaded, tests are run, migrations are tried, quotations compared.

A block that has `class Plugin` is a whole plugin.py. One whose code begins with `def` and takes `self` adds methods to
the plugin before it, as does one that begins with an attribute such as `dependencies = …`. One that begins with the
name of a file of webnet is a quotation: its lines are in that file, one after the other.
"""

from __future__ import annotations

import re
import sys
import textwrap
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tests.docs.documents import ROOT, Block
from webnet.plugins.base import PluginBase

if TYPE_CHECKING:
    from tests.docs.story import Story

PLUGIN_CLASS = re.compile(r"^class Plugin\(PluginBase\):", re.MULTILINE)
_QUOTED = re.compile(r"^# (webnet/\S+\.py)$", re.MULTILINE)
_IMPORT = re.compile(r"(?:from \S+ )?import .*")
_METHOD = re.compile(r"^def \w+\(self", re.MULTILINE)
_TEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)


def run(story: Story, block: Block, _answer: Block | None) -> None:
    """Run the block as what it is."""
    if quoted := _QUOTED.match(block.text):
        _require_quotation(quoted[1], block.text[quoted.end() :])
    elif PLUGIN_CLASS.search(block.text):
        _install(story, block, block.text)
    elif _METHOD.search(block.text):
        _install(story, block, extend(story.source, block.text))
    else:
        names = _execute(story, block, block.text)
        for test in _TEST.findall(block.text):
            names[test]()


def extend(source: str, addition: str) -> str:
    """The plugin with more methods: imports go to its top, the rest to the end of its class."""
    assert PLUGIN_CLASS.search(source), "Methods without a plugin before them: show 'class Plugin(PluginBase)' first."
    lines = addition.splitlines()
    imports = [line for line in lines if _IMPORT.fullmatch(line)]
    body = "\n".join(line for line in lines if line not in imports)
    return "\n".join([*imports, source.rstrip(), "", textwrap.indent(body.strip("\n"), "    "), ""])


def _require_quotation(path: str, quotation: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    assert " ".join(quotation.split()) in " ".join(source.split()), f"{path} does not have these lines any more."


def _install(story: Story, block: Block, source: str) -> None:
    plugin_class = _execute(story, block, source)["Plugin"]
    assert issubclass(plugin_class, PluginBase)
    story.plugins.install(plugin_class())
    story.source = source
    _put_into_modules(story, plugin_class)


def _execute(story: Story, block: Block, source: str) -> dict[str, Any]:
    module = ModuleType("documented." + re.sub(r"\W", "_", block.document))
    story.monkeypatch.setitem(sys.modules, module.__name__, module)  # where Strawberry looks for names
    exec(compile(source, block.place, "exec"), vars(module))  # noqa: S102 - our own documentation
    return vars(module)


def _put_into_modules(story: Story, plugin_class: type[PluginBase]) -> None:
    """So that the tests a document shows can import the plugin it shows."""
    package, module = ModuleType(plugin_class.name), ModuleType(f"{plugin_class.name}.plugin")
    module.Plugin = plugin_class  # type: ignore[attr-defined]  # made here
    story.monkeypatch.setitem(sys.modules, package.__name__, package)
    story.monkeypatch.setitem(sys.modules, module.__name__, module)
