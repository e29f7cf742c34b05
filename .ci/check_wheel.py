"""Follows docs/installation.md with a wheel, and sees that it serves a site; TEST_DATABASE_URL names the PostgreSQL."""

import json
import os
import re
import socket
import ssl
import sys
import tempfile
from contextlib import closing
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.docs.installation import PASSWORD, follow  # noqa: E402 - the checkout is on the path from here on
from tests.proxies import SITE  # noqa: E402

POSTGRESQL = "postgres://postgres@127.0.0.1:5432/postgres"
SIGN_IN = f"""mutation {{
  signIn(input: {{ username: "platform", password: "{PASSWORD}" }}) {{
    ... on SignInPayload {{ viewer {{ isPlatformOperator }} }}
  }}
}}"""


def main(wheel: Path) -> None:
    """Follow the document to its end, and ask what is served then, behind each proxy."""
    server = os.environ.get("TEST_DATABASE_URL") or POSTGRESQL
    with (
        tempfile.TemporaryDirectory(prefix="webnet-wheel-") as name,
        follow(wheel.resolve(), Path(name), postgresql=server) as installation,
    ):
        for proxy, port in installation.proxies.items():
            print(f"Behind {proxy}:")
            check(Visitor(port))


class Visitor:
    """Somebody on the internet, who keeps the cookies that the site sends."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def fetch(self, path: str, *, body: bytes | None = None, accept: str = "application/json") -> bytes:
        """The body at a path of the site, by https; anything but success ends the check."""
        context = ssl.create_default_context()
        # The proxy's certificate is signed by itself.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = HTTPConnection(SITE)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sock = context.wrap_socket(plain, server_hostname=SITE)
        headers = {"Accept": accept, "Content-Type": "application/json"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with closing(connection):
            connection.request("POST" if body else "GET", path, body, headers)
            response = connection.getresponse()
            content = response.read()
        if response.status != 200:
            raise SystemExit(f"{path} was answered with {response.status}: {content!r}.")
        for each in response.headers.get_all("Set-Cookie", []):
            self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(each).items()})
        return content


def check(visitor: Visitor) -> None:
    """A query, signing in, GraphiQL's page with all that it names, the admin's style, and readiness."""
    answer = json.loads(visitor.fetch("/graphql/", body=b'{"query": "{ viewer { user { username } } }"}'))
    if answer != {"data": {"viewer": None}}:
        raise SystemExit(f"The query was answered with {answer}.")
    signed_in = json.loads(visitor.fetch("/graphql/", body=json.dumps({"query": SIGN_IN}).encode()))
    if signed_in != {"data": {"signIn": {"viewer": {"isPlatformOperator": True}}}}:
        raise SystemExit(f"The platform operator can't sign in: {signed_in}.")
    page = visitor.fetch("/graphql/", accept="text/html").decode()
    assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    workers = [f"/static/webnet/graphiql/{name}.worker.js" for name in ("editor", "graphql", "json")]
    if len(assets) < 2:
        raise SystemExit(f"GraphiQL's page names only {assets}.")
    for asset in [*assets, *workers, "/static/webnet/console/bundle/console.js", "/static/admin/css/base.css"]:
        if not visitor.fetch(asset):
            raise SystemExit(f"{asset} is empty.")
    print(f"The installed wheel serves {len(assets)} assets of GraphiQL's page, and answers: {answer}.")
    print(f"readyz: {visitor.fetch('/readyz').decode()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
