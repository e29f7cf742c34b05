"""What the platform's operators see of the installation itself: its processes and its keys."""

from __future__ import annotations

from datetime import datetime

import strawberry

from webnet.api.declarations.fields import field, object_type
from webnet.api.vocabulary.enums import KeyPurpose, KeyState
from webnet.api.vocabulary.node import global_id
from webnet.plugins.health import keys
from webnet.plugins.runtime import workers
from webnet.plugins.runtime.workers import MOST_OUTDATED_PLUGINS, RunningWorker


@object_type
class OutdatedPlugin:
    """A plugin that a process runs in another version than the installed one, until it is restarted.

    Attributes:
        name: The plugin's name.
        version: The version whose code the process runs.
        installed_version: The version that the last sync found.
    """

    name: str
    version: str
    installed_version: str


@object_type
class Worker:
    """A process that serves requests now."""

    @field()
    @staticmethod
    def id(root: strawberry.Parent[RunningWorker]) -> strawberry.ID:
        """For caches: names the process for as long as it runs. `node` does not find it."""
        return global_id("Worker", root.row.token)

    @field()
    @staticmethod
    def host(root: strawberry.Parent[RunningWorker]) -> str:
        """The name of the machine or container that it runs on."""
        return root.row.host

    @field()
    @staticmethod
    def process_id(root: strawberry.Parent[RunningWorker]) -> int:
        """The number of the process there."""
        return root.row.process_id

    @field()
    @staticmethod
    def webnet_version(root: strawberry.Parent[RunningWorker]) -> str | None:
        """The version of webnet that it runs; null for versions that did not say so."""
        return root.row.webnet_version

    @field()
    @staticmethod
    def started_at(root: strawberry.Parent[RunningWorker]) -> datetime:
        """When it started to serve."""
        return root.row.started_at

    @field()
    @staticmethod
    def seen_at(root: strawberry.Parent[RunningWorker]) -> datetime:
        """When it last said that it is alive; each process does so every 15 seconds, and is left out after a minute."""
        return root.row.seen_at

    @field()
    @staticmethod
    def is_outdated(root: strawberry.Parent[RunningWorker]) -> bool:
        """Whether it has to be restarted: it runs another version of a plugin than the installed one, or an older
        webnet than another process.
        """
        return root.runs_old_webnet or bool(root.outdated_plugins)

    @field()
    @staticmethod
    def plugin_count(root: strawberry.Parent[RunningWorker]) -> int:
        """How many plugins it has loaded, whether they are effective for anybody or not."""
        return len(root.row.plugins)

    @field(graphql_type=list[OutdatedPlugin], maximum=MOST_OUTDATED_PLUGINS)
    @staticmethod
    def outdated_plugins(root: strawberry.Parent[RunningWorker]) -> list[workers.OutdatedPlugin]:
        """Those that it runs in another version than the installed one, by name."""
        return list(root.outdated_plugins)


@object_type
class Key:
    """A key of the server that answers, or one that is missing there. What it is made of is never shown.

    Attributes:
        purpose: What it is for.
        state: Whether it is in use.
        fingerprint: Tells keys apart, and says nothing about them: the beginning of a hash, or of `publicKey`. Null for
            a missing key of settings, since what it encrypts does not name it.
        public_key: For checkpoints, the public half in hexadecimal, for `verify_audit_log --key`; null for others.
        source: The environment variable that has it, or the file in the data folder; null for a missing one.
        is_removable: Whether it is a former key that nothing needs any more, as far as webnet can tell.
    """

    purpose: KeyPurpose
    state: KeyState
    fingerprint: str | None
    public_key: str | None
    source: str | None
    use_count: int | None = strawberry.field(
        description=(
            "How many stored secrets it encrypts, or how many checkpoints it has signed. Null for keys of sessions, "
            "and for those of settings if there are more than 10,000 secrets: `rotate_settings_keys` tells then."
        )
    )
    is_removable: bool

    @field()
    @staticmethod
    def id(root: strawberry.Parent[keys.Key]) -> strawberry.ID:
        """For caches: names the key. `node` does not find it."""
        return global_id("Key", f"{root.purpose.value}:{root.fingerprint}")
