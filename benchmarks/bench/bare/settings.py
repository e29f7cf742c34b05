"""Django's settings of the bare views: webnet's database as webnet opens it, and the middleware of a new project."""

import os

from webnet.server.environment import describe_database

SECRET_KEY = "only-for-measuring-" * 3
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
# By querysets' values, as Django is used, or by SQL alone, which shows what Django's querysets cost.
ROOT_URLCONF = f"benchmarks.bench.bare.{os.environ.get('BENCH_VIEWS', 'views')}"
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING_CONFIG = None
# The same file or server, the same pragmas and kept connections, but Django's own backend without webnet's guards.
_described = describe_database(os.environ["DATABASE_URL"])
_kind = "postgresql" if "postgresql" in _described["ENGINE"] else "sqlite3"
DATABASES = {"default": {**_described, "ENGINE": f"django.db.backends.{_kind}"}}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "benchmarks.bench.bare",
]
# As `startproject` writes it.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
