"""A real proxy for tests: nginx, with the configuration that the documentation shows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import interpreters
from tests.docs.documents import Document
from tests.servers import ROOT, Server, connect, find_free_port

DOCUMENTED = "http://127.0.0.1:8000"
NGINX = """
daemon off;
error_log stderr;
pid {folder}/pid;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; {locations} }}
}}
"""


@contextmanager
def serve_below(server: Server, folder: Path, *, removes_prefix: bool = False) -> Iterator[Server]:
    """nginx in front of the server, which is at /webnet/ there; the proxy may remove that from the paths."""
    nginx = find_nginx()
    folder.mkdir()
    port = find_free_port()
    to = f"{server.url}/" if removes_prefix else server.url
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port, locations=read_location().replace(DOCUMENTED, to)))
    become = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
    command = ["-c", become, nginx, "-e", "stderr", "-p", str(folder), "-c", str(configuration)]
    process = interpreters.start(command, environment=dict(os.environ), folder=folder)
    try:
        connect(port)
        yield Server(host="127.0.0.1", port=port, output="")
    finally:
        process.terminate()
        process.kill_group()
        process.stdout.close()


def read_location() -> str:
    """The location that the documentation shows."""
    operations = Document.read(ROOT / "docs" / "operations.md")
    (location,) = [block.text for block in operations.blocks() if block.language == "nginx"]
    assert DOCUMENTED in location
    return location


def find_nginx() -> str:
    """Debian's nginx; without one the tests are skipped, or fail where TEST_REQUIRE_NGINX is set."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        reason = "There is no nginx: install Debian's package 'nginx-light'."
        if os.environ.get("TEST_REQUIRE_NGINX"):
            pytest.fail(reason)
        pytest.skip(reason)
    return nginx
