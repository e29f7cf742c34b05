"""webnet's settings with other addresses: views that tell the tests what reached them."""

from webnet.settings import *  # noqa: F403 - the settings, as they are

ROOT_URLCONF = "tests.server.probe_urls"
