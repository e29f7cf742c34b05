"""Real proxies for tests: nginx and Caddy, with the configurations that the documentation and `deploy/` show."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests import interpreters
from tests.docs.documents import Document
from tests.programs import find_program
from tests.servers import ROOT, Server, connect, find_free_port

DOCUMENTED = "http://127.0.0.1:8000"
# What `deploy/` serves, and from where.
SITE, UPSTREAM = "webnet.example.com", "127.0.0.1:8000"
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
  {servers}
}}
"""
# Before the site's own block: nothing listens but the site, and nobody is asked for a certificate.
CADDY = """{
    admin off
    auto_https off
}
"""


@contextmanager
def serve_below(server: Server, folder: Path, *, removes_prefix: bool = False) -> Iterator[Server]:
    """nginx in front of the server, which is at /webnet/ there; the proxy may remove that from the paths."""
    port = find_free_port()
    to = f"{server.url}/" if removes_prefix else server.url
    location = read_location().replace(DOCUMENTED, to)
    with _start_nginx(folder, f"server {{ listen 127.0.0.1:{port}; {location} }}"):
        connect(port)
        yield Server(host="127.0.0.1", port=port, output="")


@contextmanager
def serve_site_by_nginx(server: Server, folder: Path) -> Iterator[int]:
    """`deploy/nginx.conf` in front of the server, with https; yields its port."""
    port, plain = find_free_port(), find_free_port()
    certificate, key = write_certificate(folder)
    changes = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "/etc/ssl/certs/webnet.pem": str(certificate),
        "/etc/ssl/private/webnet.key": str(key),
        UPSTREAM: f"127.0.0.1:{server.port}",
    }
    with _start_nginx(folder / "nginx", _change(ROOT / "deploy" / "nginx.conf", changes)):
        connect(port)
        yield port


@contextmanager
def serve_site_by_caddy(server: Server, folder: Path) -> Iterator[int]:
    """`deploy/Caddyfile` in front of the server, with https; yields its port."""
    caddy, port = find_program("caddy", package="caddy"), find_free_port()
    certificate, key = write_certificate(folder)
    site = f"{SITE} {{\n"
    changes = {site: f"https://{SITE}:{port} {{\ntls {certificate} {key}\n", UPSTREAM: f"127.0.0.1:{server.port}"}
    if read_caddy_version() < (2, 8):
        changes["request_buffers 2MiB"] = "buffer_requests"
    configuration = folder / "Caddyfile"
    configuration.write_text(CADDY + _change(ROOT / "deploy" / "Caddyfile", changes))
    with _start([caddy, "run", "--config", str(configuration), "--adapter", "caddyfile"], folder):
        connect(port)
        yield port


def read_caddy_version() -> tuple[int, ...]:
    command = [find_program("caddy", package="caddy"), "version"]
    version = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", version)[:2]))


@contextmanager
def serve_pages(folder: Path, *, plain: int, secure: int, api: str, server: Server) -> Iterator[None]:
    """An empty page on every host name, with http and with https; with https, the server is on the host name `api`."""
    certificate, key = write_certificate(folder)
    page = "default_type text/html; return 200 '<!doctype html><title>page</title>';"
    tls = f"listen 127.0.0.1:{secure} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};"
    location = read_location().replace(DOCUMENTED, server.url).replace("/webnet/", "/")
    servers = [
        f"server {{ listen 127.0.0.1:{plain}; location / {{ {page} }} }}",
        f"server {{ {tls} location / {{ {page} }} }}",
        f"server {{ {tls} server_name {api}; {location} }}",
    ]
    with _start_nginx(folder / "nginx", "\n".join(servers)):
        connect(plain)
        connect(secure)
        yield


def read_location() -> str:
    """The location that the documentation shows."""
    operations = Document.read(ROOT / "docs" / "operations.md")
    (location,) = [block.text for block in operations.blocks() if block.language == "nginx"]
    assert DOCUMENTED in location
    return location


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of the site, signed by itself, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, SITE)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(SITE)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "webnet.pem", folder / "webnet.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def _change(file: Path, changes: dict[str, str]) -> str:
    """What is particular to a machine is another on this one."""
    text = file.read_text()
    for old, new in changes.items():
        assert old in text, f"{file} has no {old}"
        text = text.replace(old, new)
    return text


@contextmanager
def _start_nginx(folder: Path, servers: str) -> Iterator[None]:
    nginx = find_program("nginx", package="nginx-light")
    folder.mkdir()
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, servers=servers))
    with _start([nginx, "-e", "stderr", "-p", str(folder), "-c", str(configuration)], folder):
        yield


@contextmanager
def _start(command: list[str], folder: Path) -> Iterator[None]:
    become = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
    environment = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    process = interpreters.start(["-c", become, *command], environment=environment, folder=folder)
    try:
        yield
    finally:
        process.terminate()
        process.kill_group()
        process.stdout.close()
