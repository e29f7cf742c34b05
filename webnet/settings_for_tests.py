"""webnet's settings with passwords that cost nothing, for tests and for the servers that tests start.

Real hashing takes a third of a second, on purpose. These settings refuse any key but the one of the tests, which is
known to everybody, so that no installation can be served with them by mistake.
"""

from django.core.exceptions import ImproperlyConfigured

from webnet.sdk.trial.environment import SECRET_KEY as KEY_OF_TESTS
from webnet.settings import *  # noqa: F403 - the settings, as they are
from webnet.settings import LOGGING, SECRET_KEY

if SECRET_KEY != KEY_OF_TESTS:
    raise ImproperlyConfigured("webnet.settings_for_tests is for tests alone: use webnet.settings.")

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tests send many requests; those that are about their lines ask for them.
LOGGING["loggers"]["webnet.server.observability.request_log"] = {"level": "WARNING"}
# Looked up when asked for: at each start, and in each test with a client of its own, all files would be listed.
WHITENOISE_AUTOREFRESH = True
