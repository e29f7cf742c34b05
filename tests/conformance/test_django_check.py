"""Django's own checks of a deployment."""

from tests.conformance.conftest import CHANGES
from tests.databases import with_files_of_its_own
from tests.servers import run_command

pytestmark = with_files_of_its_own


def test_the_settings_of_production_raise_no_warning(tmp_path):
    done = run_command("check", "--deploy", "--fail-level", "WARNING", data_dir=tmp_path, **CHANGES)

    assert done.returncode == 0, done.stderr
