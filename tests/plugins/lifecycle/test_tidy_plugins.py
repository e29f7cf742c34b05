"""The negative control of the snapshots: what decent plugins do while they are loaded is no finding."""

from __future__ import annotations

import json
from importlib.util import find_spec
from textwrap import dedent

from tests import interpreters
from tests.databases import one_database_is_enough
from tests.plugins.lifecycle.installation import LONGEST_SECONDS, Installation, plugin_py
from tests.servers import ROOT

EXAMPLES = ("hello_world", "device_inventory", "site_map", "reachability")
SAMPLES = tuple(
    path.name for path in sorted((ROOT / "tests" / "sample_plugins").iterdir()) if (path / "plugin.py").exists()
)
# Modules that do something to the process when they are imported, and what plugins commonly use; all are installed.
IMPORTS = (
    *("asyncio", "concurrent.futures", "concurrent.futures.process", "ctypes.util", "curses", "dbm", "decimal"),
    *("distutils" if find_spec("distutils") else "sysconfig", "email.message", "encodings.idna", "faulthandler"),
    *("gettext", "html.parser", "http.server", "imaplib", "locale", "logging.config", "logging.handlers", "lzma"),
    *("mimetypes", "multiprocessing.managers", "multiprocessing.pool", "multiprocessing.shared_memory", "netrc"),
    *("pdb", "platform", "pty", "pydoc", "readline", "runpy", "sched", "smtplib", "socketserver", "sqlite3.dump"),
    *("statistics", "tracemalloc", "unittest.mock", "uuid", "venv", "wsgiref.simple_server", "xml.etree.ElementTree"),
    *("xmlrpc.client", "zipapp", "zoneinfo"),
    *("django.contrib.admin.views.main", "django.contrib.auth.admin", "django.test"),
    *("django.contrib.postgres.fields", "django.contrib.sitemaps", "django.contrib.syndication.views"),
    *("django.contrib.humanize.templatetags.humanize", "django.core.cache.backends.redis", "django.utils.autoreload"),
    *("django.contrib.staticfiles.testing", "django.core.management.commands.runserver", "strawberry.tools"),
    *("anyio", "arrow", "attr", "certifi", "click", "cryptography.x509", "dns.resolver", "gql", "granian.server"),
    *("greenlet", "httpx", "hypothesis", "jsonschema", "multidict", "psycopg", "rich.console", "rich.traceback"),
    *("pkg_resources", "setuptools", "redis.asyncio", "six.moves.urllib.parse", "tenacity", "tqdm", "uvicorn.main"),
)


@one_database_is_enough
def test_examples_and_plugins_with_many_imports_are_loaded_without_a_finding(installation: Installation) -> None:
    available = [name for name in IMPORTS if find_spec(name.partition(".")[0])]
    lines = "\n".join(f"import {name}" for name in available)
    installation.write("tourist", plugin=plugin_py("tourist"), models=lines, apps=TOURIST_APPS)
    names = (*EXAMPLES, *SAMPLES, "tourist")
    path = [str(installation.folder), str(ROOT), str(ROOT / "tests" / "sample_plugins")]
    environment = installation.environment(*names) | {"PYTHONPATH": ":".join(path), "PYTHONWARNINGS": "ignore"}

    ran = interpreters.run(
        ["-c", dedent(REPORT)], environment=environment, folder=ROOT, timeout=LONGEST_SECONDS, is_cold=True
    )

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == {name: ["loaded", ""] for name in names}
    assert "which belongs to others" not in ran.stdout + ran.stderr


TOURIST_APPS = """
    from django.apps import AppConfig
    from django.core.checks import register
    from django.db.models.signals import post_save


    class TouristConfig(AppConfig):
        name = "tourist"

        def ready(self):
            post_save.connect(look, dispatch_uid="tourist")
            register(check)


    def look(**_):
        pass


    def check(**_):
        return []
"""
REPORT = """
    import json, django
    django.setup()
    from webnet.plugins.registry import registry
    print(json.dumps({entry.name: [entry.status, entry.reason] for entry in registry.entries()}))
"""
