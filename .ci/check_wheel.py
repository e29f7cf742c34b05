"""Installs a wheel into an empty environment, as somebody who uses webnet would, and sees that it serves."""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements" / "run.txt"
START_SECONDS = 60


def main(wheel: Path) -> None:
    """Install, migrate, serve without debugging, ask."""
    with tempfile.TemporaryDirectory(prefix="webnet-wheel-") as folder:
        home = Path(folder)
        command = install(wheel, home)
        environment = {**os.environ, **make_settings(home)}
        process = subprocess.Popen(
            [command, "run"], cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            check(wait_until_it_serves(process))
        finally:
            process.terminate()
            process.communicate(timeout=START_SECONDS)


def install(wheel: Path, home: Path) -> Path:
    """The path of the command `webnet`, from the wheel and the locked packages alone."""
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
    pip = [home / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "-r", LOCK], check=True)
    subprocess.run([*pip, "--no-deps", wheel.resolve()], check=True)
    return home / "venv" / "bin" / "webnet"


def make_settings(home: Path) -> dict[str, str]:
    """A production start that can be asked by plain http on this machine."""
    return {
        "PORT": "0",
        "PYTHONUNBUFFERED": "1",
        "WEBNET_ALLOWED_HOSTS": "127.0.0.1",
        "WEBNET_DATA_DIR": str(home / "data"),
        "WEBNET_HTTPS": "0",
        "WEBNET_SECRET_KEY": "for-this-check-only",
    }


def wait_until_it_serves(process: "subprocess.Popen[str]") -> str:
    """The address that the start says it serves."""
    output = ""
    for line in process.stdout or ():
        output += line
        if "Ctrl-C" in line:
            return re.findall(r"serves (http://\S+)/", output)[0]
    raise SystemExit(f"The installed webnet did not start:\n{output}")


def check(address: str) -> None:
    """GraphiQL's page with all that it names, the admin's style, a query, and readiness."""
    page = fetch(f"{address}/graphql/", accept="text/html").decode()
    assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    workers = [f"/static/webnet/graphiql/{name}.worker.js" for name in ("editor", "graphql", "json")]
    if len(assets) < 2:
        raise SystemExit(f"GraphiQL's page names only {assets}.")
    for asset in [*assets, *workers, "/static/admin/css/base.css"]:
        if not fetch(address + asset):
            raise SystemExit(f"{asset} is empty.")
    answer = json.loads(fetch(f"{address}/graphql/", body=b'{"query": "{ viewer { user { username } } }"}'))
    if answer != {"data": {"viewer": None}}:
        raise SystemExit(f"The query was answered with {answer}.")
    print(f"The installed wheel serves {len(assets)} assets of GraphiQL's page, and answers: {answer}.")
    print(f"readyz: {fetch(f'{address}/readyz').decode()}")


def fetch(url: str, *, body: bytes | None = None, accept: str = "application/json") -> bytes:
    """The body at an address; anything but success ends the check."""
    request = urllib.request.Request(url, data=body, headers={"Accept": accept, "Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as response:
        content: bytes = response.read()
        return content


if __name__ == "__main__":
    main(Path(sys.argv[1]))
