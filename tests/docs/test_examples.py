"""Every command and every example of the documentation does what the documentation says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.databases import one_database_is_enough
from tests.docs.documents import Document, find_documents
from tests.docs.not_run import COMMANDS, NOT_RUN
from tests.docs.story import Story, read_steps, run_step
from tests.docs.tutorial import is_step

# Those that show something; each is a story of its own, which begins with a first start.
DOCUMENTS = [document for document in find_documents() if not all(map(is_step, document.blocks()))]
QUERY = '```graphql\n{ plugin(name: "hello_world") { name version } }\n```\n'
WITH_VARIABLES = """\
```graphql
query Plugin($name: String!) {
  plugin(name: $name) { name }
}
```

```json title="Variables"
{"name": "hello_world"}
```

```json title="Answer"
{"data": {"plugin": {"name": "hello_world"}}}
```

```json title="Variables"
{"name": "nothing"}
```

```json title="Answer"
{"data": {"plugin": null}}
```
"""

# Documents that are wrong, each in one thing.
WRONG = (
    QUERY + '```json\n{"data": {"plugin": {"name": "hello_world", "version": "0.9"}}}\n```\n',
    QUERY + '```json\n{"data": {"plugin": {"name": "hello_world"}}}\n```\n',
    QUERY.replace("version", "no_such_field") + '```json\n{"data": {"plugin": {"name": "…"}}}\n```\n',
    QUERY.replace("{ plugin", "# for acme\n{ plugin") + '```json\n{"data": "…"}\n```\n',
    '```json\n{"data": "an answer to nothing"}\n```\n',
    WITH_VARIABLES.replace('{"name": "hello_world"}\n', '{"name": "nothing"}\n'),
    WITH_VARIABLES.replace("null", '{"name": "hello_world"}'),
    '```json title="Variables"\n{"variables": "of nothing"}\n```\n',
    "```console\n$ python manage.py list_plugins --customer nobody\nname\n```\n",
    "```console\n$ python manage.py enable_plugin hello_world\n'hello_world' is disabled.\n```\n",
    "```console\n$ make no-such-target\n```\n",
    "```text\n    1  webnet/no_such_file.py  A file that is not there.\n```\n",
    "```console\n$ make run\nwebnet serves http://127.0.0.1:9999/\n```\n",
    "```console\n$ brew install webnet\n```\n",
    "```python\nimport no_such_module\n```\n",
    "```python\nclass Plugin(PluginBase):\n    pass\n```\n",
    "```python\nfrom webnet.plugins.base import PluginBase\n\nclass Plugin(PluginBase):\n    name = 'My Plugin'\n```\n",
    "```python\ndef health_check(self):\n    return None\n```\n",
    "```python\ndef test_nothing():\n    assert False\n```\n",
    "```python\n# webnet/errors.py\nclass NoSuchError(WebnetError):\n```\n",
    "```mermaid\nflowchart\n  a[webnet/no_such_room]\n```\n",
    "```yaml\na: language that nobody runs\n```\n",
    "```\nno language at all\n```\n",
)


@one_database_is_enough
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("document", DOCUMENTS, ids=[document.name for document in DOCUMENTS])
def test_everything_shown_is_so(document: Document, story: Story, subtests: pytest.Subtests) -> None:
    for block, answer in read_steps(document.blocks()):
        with subtests.test(block.place):
            run_step(story, block, answer)


@pytest.mark.django_db(transaction=True)
def test_what_is_not_so_is_found(tell: Callable[[str], None]) -> None:
    """The negative controls of the test above, together, since one first start serves all of them."""
    tell(QUERY + '```json\n{"data": {"plugin": {"name": "hello_…", "version": "…"}}}\n```\n')
    tell(WITH_VARIABLES)

    unnoticed = [text for text in WRONG if not is_noticed(tell, text)]

    assert unnoticed == []


def is_noticed(tell: Callable[[str], None], text: str) -> bool:
    """Whether running the document fails."""
    try:
        tell(text)
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - whatever a runner raises is noticed
        return True
    return False


@pytest.mark.django_db(transaction=True)
def test_a_question_without_its_answer_is_found(tell: Callable[[str], None]) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"test\.md:1: a block of json with the answer must follow"):
        tell(QUERY)


def test_what_needs_no_running_is_still_there() -> None:
    shown = {(document.name, block.text.split("\n", 1)[0]) for document in DOCUMENTS for block in document.blocks()}
    commands = "\n".join(block.text for document in DOCUMENTS for block in document.blocks())

    assert set(NOT_RUN) <= shown
    assert all(f"$ {command}\n" in commands for command in COMMANDS)
