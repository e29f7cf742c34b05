"""Starts a webnet for a test, with its own processes and database, which is used over HTTP."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from webnet.sdk.trial.client import HttpClient
from webnet.sdk.trial.environment import find_memory, make_environment
from webnet.sdk.trial.processes import ProcessFailed, Serving, run_to_end, serving

# The last line that the server prints once it serves.
READY_LINE = "Press Ctrl-C to stop."
PREPARE_MODULE = "webnet.sdk.trial.prepare"


class BootFailed(RuntimeError):
    """webnet did not start with these plugins; the message names the one at fault and the reason."""


@dataclass(frozen=True, kw_only=True)
class BootedWebnet:
    """A webnet that serves at `url`, with the customers that were passed to `boot`; no plugin is enabled yet."""

    url: str
    data_dir: Path
    _serving: Serving = field(repr=False)
    _environment: dict[str, str] = field(repr=False)
    _tokens: dict[str, str] = field(repr=False)

    @property
    def log(self) -> str:
        """The server's output so far."""
        return self._serving.output

    def client(self, role: str = "operator", customer: str | None = "acme") -> HttpClient:
        """A client of a viewer, operator or admin of the customer with this slug, or of a `platform` operator.

        The client of an empty role is signed out.
        """
        key = role if role in ("", "platform") else f"{role}@{customer}"
        if role and key not in self._tokens:
            raise LookupError(f"This webnet has no '{key}', only {', '.join(self._tokens)}: see boot().")
        return HttpClient(who=key or "nobody", slug=customer, url=self.url, token=self._tokens.get(key))

    def enable(self, plugin: str, customer: str = "acme") -> None:
        """Enable the plugin and its dependencies, for all customers and for this one."""
        platform = self.client("platform", None)
        everybody = platform.mutate("enablePlugin", "changed", plugin=plugin, enableDependencies=True)
        chosen = platform.mutate(
            "enableCustomerPlugin", "changed", plugin=plugin, customer=customer, enableDependencies=True
        )
        _raise_refusals(everybody, chosen)

    def disable(self, plugin: str, customer: str = "acme") -> None:
        """Disable the plugin and its dependents for this customer."""
        platform = self.client("platform", None)
        _raise_refusals(
            platform.mutate(
                "disableCustomerPlugin", "changed", plugin=plugin, customer=customer, disableDependents=True
            )
        )

    def command(self, *arguments: str) -> str:
        """The output of a management command on the same database, such as `command("list_plugins")`."""
        return run_to_end(["webnet", *arguments], environment=self._environment, folder=self.data_dir)


@contextmanager
def boot(
    plugins: Iterable[str], *, customers: Iterable[str] = ("acme", "globex"), path: Iterable[Path] = ()
) -> Iterator[BootedWebnet]:
    """A fresh webnet on a SQLite database, with only the plugins in these modules, dependencies first.

    It has a platform operator, and a viewer, an operator and an admin of each of the `customers`. `path` are folders
    with modules that this process can't import itself. Raises BootFailed.
    """
    modules, slugs = tuple(plugins), tuple(customers)
    with tempfile.TemporaryDirectory(prefix="webnet-boot-", dir=find_memory()) as folder:
        data_dir = Path(folder)
        environment = make_environment(plugins=modules, data_dir=data_dir, path=path)
        environment |= {"HOST": "127.0.0.1", "PORT": "0", "PYTHONUNBUFFERED": "1"}
        names = ", ".join(modules) or "no plugin"
        try:
            prepared = _prepare(slugs, environment=environment, folder=data_dir)
            with serving(["webnet", "run"], until=READY_LINE, environment=environment, folder=data_dir) as served:
                yield BootedWebnet(
                    url=_find_url(served.output),
                    data_dir=data_dir,
                    _serving=served,
                    _environment=environment,
                    _tokens=prepared,
                )
        except ProcessFailed as failed:
            raise BootFailed(f"webnet did not start with {names}:\n{failed}") from failed


def _prepare(slugs: tuple[str, ...], *, environment: dict[str, str], folder: Path) -> dict[str, str]:
    """Prepare the database; returns the tokens of its users."""
    printed = run_to_end([PREPARE_MODULE, *slugs], environment=environment, folder=folder)
    prepared: dict[str, dict[str, str]] = json.loads(printed.splitlines()[-1])
    if prepared["failed"]:
        reasons = "; ".join(f"'{name}' {why}" for name, why in prepared["failed"].items())
        raise BootFailed(f"A plugin can't be used: {reasons}")
    return prepared["tokens"]


def _find_url(output: str) -> str:
    found: list[str] = re.findall(r"serves (http://\S+?)/?\s", output)
    return found[0]


def _raise_refusals(*answers: dict[str, Any]) -> None:
    for answer in answers:
        if "code" in answer:
            raise BootFailed(f"webnet refused ({answer['code']}): {answer['message']}")
