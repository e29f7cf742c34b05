"""Installs a wheel into an empty environment as the documentation says, and sees that it serves a site."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
PASSWORD = "for-this-check-only"  # noqa: S105 - it protects a site that lives for a minute
SIGN_IN = f"""mutation {{
  signIn(input: {{ username: "platform", password: "{PASSWORD}" }}) {{
    ... on SignInPayload {{ viewer {{ isPlatformOperator }} }}
  }}
}}"""


def main(wheel: Path) -> None:
    """Follow the route of docs/operations.md, and ask what is served at its end."""
    with tempfile.TemporaryDirectory(prefix="webnet-wheel-") as name:
        folder = Path(name)
        file, commands = read_route(folder)
        *preparing, serving = commands
        (folder / "site").mkdir()
        # With a SQLite file, so that the check needs no server.
        lines = [line for line in file.splitlines() if not line.startswith("DATABASE_URL=")]
        (folder / "site" / "webnet.env").write_text("\n".join(lines).replace("webnet.example.com", "127.0.0.1"))
        shutil.copy(wheel, folder)
        environment = make_environment()
        prepare(folder, preparing, environment)
        # The last command serves, in the environment that those before it have made.
        script = "\n".join([*(line for line in preparing if line.startswith(("cd ", "export "))), f"exec {serving}"])
        process = subprocess.Popen(
            ["bash", "-ec", script],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            check(wait_until_it_serves(process))
        finally:
            process.terminate()
            process.communicate(timeout=START_SECONDS)


def read_route(folder: Path) -> tuple[str, list[str]]:
    """The environment file and the commands, with folders of this check's own."""
    text = (ROOT / "docs" / "operations.md").read_text()
    section = text.split("## From the wheel to a site", 1)[1].split("\n## ", 1)[0]
    file, commands = re.findall(r"```(?:ini|console)\n(.*?)```", section, re.DOTALL)
    moved = [
        each.replace("/opt/webnet", f"{folder}/venv").replace("/srv/webnet", f"{folder}/site")
        for each in (file, commands)
    ]
    return moved[0], [line.removeprefix("$ ") for line in moved[1].splitlines()]


def prepare(folder: Path, commands: list[str], environment: dict[str, str]) -> None:
    """Run what comes before the server; nobody is there to be asked for a password."""
    script = []
    for command in commands:
        if " install " in command:
            pip = command.split(" install ", 1)[0]
            script.append(f"{pip} install --quiet --require-hashes -r {ROOT}/requirements/run.txt")
        unasked = " --no-input --username platform" if command.endswith("createsuperuser") else ""
        script.append(command + unasked)
    subprocess.run(["bash", "-exc", "\n".join(script)], cwd=folder, env=environment, check=True)


def make_environment() -> dict[str, str]:
    """What makes a production start one that can be asked by plain http on this machine; all else is in the file."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("WEBNET_") and name != "DATABASE_URL"
    }
    own = {"DJANGO_SUPERUSER_PASSWORD": PASSWORD, "PORT": "0", "PYTHONUNBUFFERED": "1", "WEBNET_HTTPS": "0"}
    return {**inherited, **own}


def wait_until_it_serves(process: "subprocess.Popen[str]") -> str:
    """The address that the start says it serves."""
    output = ""
    for line in process.stdout or ():
        output += line
        if "Ctrl-C" in line:
            return re.findall(r"serves (http://\S+)/", output)[0]
    raise SystemExit(f"The installed webnet did not start:\n{output}")


def check(address: str) -> None:
    """A query, signing in, GraphiQL's page with all that it names, the admin's style, and readiness."""
    answer = json.loads(fetch(f"{address}/graphql/", body=b'{"query": "{ viewer { user { username } } }"}'))
    if answer != {"data": {"viewer": None}}:
        raise SystemExit(f"The query was answered with {answer}.")
    signed_in = json.loads(fetch(f"{address}/graphql/", body=json.dumps({"query": SIGN_IN}).encode()))
    if signed_in != {"data": {"signIn": {"viewer": {"isPlatformOperator": True}}}}:
        raise SystemExit(f"The platform operator can't sign in: {signed_in}.")
    page = fetch(f"{address}/graphql/", accept="text/html").decode()
    assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    workers = [f"/static/webnet/graphiql/{name}.worker.js" for name in ("editor", "graphql", "json")]
    if len(assets) < 2:
        raise SystemExit(f"GraphiQL's page names only {assets}.")
    for asset in [*assets, *workers, "/static/admin/css/base.css"]:
        if not fetch(address + asset):
            raise SystemExit(f"{asset} is empty.")
    print(f"The installed wheel serves {len(assets)} assets of GraphiQL's page, and answers: {answer}.")
    print(f"readyz: {fetch(f'{address}/readyz').decode()}")


def fetch(url: str, *, body: bytes | None = None, accept: str = "application/json") -> bytes:
    """The body at an address, with the session of who has signed in; anything but success ends the check."""
    request = urllib.request.Request(url, data=body, headers={"Accept": accept, "Content-Type": "application/json"})
    with OPENER.open(request, timeout=30) as response:
        content: bytes = response.read()
        return content


if __name__ == "__main__":
    main(Path(sys.argv[1]))
