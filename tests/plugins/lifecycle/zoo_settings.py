"""webnet's settings for tests in which no declaration may take long: each process of the zoo waits for one in vain."""

from webnet.plugins.kernel import parsing

# Before those are imported that take it from there; long enough for the good plugins on a machine that is busy.
parsing.DECLARATION_SECONDS = 4

from webnet.settings_for_tests import *  # noqa: E402, F403 - the settings, as they are
