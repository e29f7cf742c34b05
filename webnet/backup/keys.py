"""The keys that a backup needs and does not contain, as an environment file for where it is restored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from webnet.audit import signing_keys
from webnet.backup.folders import write_new_file
from webnet.errors import SecretUnreadable
from webnet.plugins.models import CustomerPluginConfig, PluginConfig
from webnet.plugins.settings import layers, secrets

FILE_NAME = "keys.env"
HEAD = "# The keys of webnet. Who may read this file can read every secret and sign in as anybody."


def write_keys(path: Path) -> None:
    """Write all keys into a new file that WEBNET_ENV_FILE can name. Raises BackupError."""
    values = {
        "WEBNET_SECRET_KEY": settings.SECRET_KEY,
        "WEBNET_SECRET_KEY_FALLBACKS": ",".join(settings.SECRET_KEY_FALLBACKS),
        "WEBNET_SETTINGS_KEYS": ",".join(secrets.key_texts()),
        "WEBNET_AUDIT_KEYS": ",".join(signing_keys.key_texts()),
    }
    lines = [f"{name}={_quote(value)}" for name, value in values.items() if value]
    write_new_file(path, "\n".join([HEAD, *lines]) + "\n")


def find_unreadable_secrets() -> Iterator[str]:
    """A sentence for each stored secret that no key decrypts."""
    for model in (PluginConfig, CustomerPluginConfig):
        for layer in model.objects.exclude(secrets={}).order_by("pk"):
            plugin = layer.plugin.name if isinstance(layer, CustomerPluginConfig) else layer.name
            for path in layer.secrets:
                try:
                    layers.open_secret(layer, path, plugin=plugin)
                except SecretUnreadable as error:
                    yield f"{error.message} ({layer})"


def _quote(value: str) -> str:
    """As the environment file is read: nothing in single quotes is replaced but these two."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
