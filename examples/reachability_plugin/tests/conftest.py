"""A host of this machine with a health check over HTTPS, for the tests of what is sent there."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_urlsafe

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# What is no success, by path.
ANSWERS = {
    "/moved": b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\n\r\n",
    "/busy": b"HTTP/1.1 503 Busy\r\n\r\n",
    "/other": b"SSH-2.0-x\r\n",
    "/endless": b"x" * 100_000,
    "/silent": b"",
}


@dataclass
class HealthServer:
    """Answers 200 to whoever sends the token, and 401 to others."""

    token: str = field(default_factory=token_urlsafe)
    port: int = 0
    certificate: Path = Path()
    # The host, the path and the `Authorization` of each request.
    requests: list[tuple[str | None, str, str | None]] = field(default_factory=list)


class Server(ThreadingHTTPServer):
    """Waits for its connections when it is closed, and prints nothing of those that end early."""

    daemon_threads = False

    def handle_error(self, *_: object) -> None:
        """A client that does not trust the certificate goes away."""


@pytest.fixture
def health_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HealthServer]:
    """The server, whose certificate for `localhost` and 127.0.0.1 this process trusts."""
    server = HealthServer(certificate=write_certificate(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = self.headers["Authorization"]
            server.requests.append((self.headers["Host"], self.path, sent))
            if self.path in ANSWERS:
                self.wfile.write(ANSWERS[self.path])
                return
            self.send_response(200 if sent == f"Bearer {server.token}" else 401)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(server.certificate)
    with Server(("127.0.0.1", 0), Handler) as http:
        # The handshake is for the thread of each connection, which closes it however that ends.
        http.socket = tls.wrap_socket(http.socket, server_side=True, do_handshake_on_connect=False)
        server.port = http.server_address[1]
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        http.shutdown()
        thread.join()


def write_certificate(folder: Path) -> Path:
    """A file with a self-signed certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file
