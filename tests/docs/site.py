"""The documentation as a site, built for tests as `make docs` builds it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.docs.documents import ROOT


def build_site(folder: Path) -> Path:
    """The folder of all that is made: Markdown in `pages`, and in `site` what it has become."""
    ended = subprocess.run(
        [sys.executable, ROOT / "tools" / "docs_site.py", "--output", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder
