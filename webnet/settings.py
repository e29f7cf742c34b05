"""Django's settings, read from the environment; the README lists the variables."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from corsheaders.defaults import default_headers
from csp import constants as csp

from webnet.plugins.hooks.receivers import contain_receivers
from webnet.plugins.loading.installed_apps import with_plugins
from webnet.server.environment import (
    add_plugin_folders,
    describe_database,
    describe_mail,
    describe_replica,
    find_home,
    make_data_dir,
    name_allowed_hosts,
    name_plugins,
    read_choice,
    read_environment,
    read_list,
    read_number,
    read_origins,
    read_redis_url,
    read_same_site,
    read_script_name,
    read_secret_key,
    read_switch,
    read_tracing,
)
from webnet.server.geography import find_gdal

env = read_environment()


def _number(name: str, default: int, *, lowest: int, highest: int) -> int:
    return read_number(name, env.get(name, str(default)), lowest=lowest, highest=highest)


# --- Paths and addresses ----------------------------------------------------------------------------------------------
HOME_DIR = find_home()
WEBNET_DATA_DIR = make_data_dir(env.get("WEBNET_DATA_DIR", ""), home=HOME_DIR)
WEBNET_HOST = env.get("HOST", "127.0.0.1")
WEBNET_PORT = _number("PORT", 8000, lowest=0, highest=65_535)
# The path that a proxy serves webnet under, such as /webnet; empty where webnet has a host of its own.
WEBNET_SCRIPT_NAME = read_script_name(env.get("SCRIPT_NAME", ""))
WEBNET_THREADS = _number("WEBNET_THREADS", 4, lowest=1, highest=256)
# How long a request may run in a plugin, in seconds, before the plugin is paused and the worker replaced.
WEBNET_REQUEST_DEADLINE = _number("WEBNET_REQUEST_DEADLINE", 30, lowest=1, highest=3_600)
# How long a request may take in all, in seconds, its wait for a thread included.
WEBNET_REQUEST_SECONDS = _number("WEBNET_REQUEST_SECONDS", 10, lowest=1, highest=3_600)
ROOT_URLCONF = "webnet.urls"

# --- Security ---------------------------------------------------------------------------------------------------------
DEBUG = read_switch("WEBNET_DEBUG", env.get("WEBNET_DEBUG", ""), default=False)
SECRET_KEY = read_secret_key(env.get("WEBNET_SECRET_KEY", ""), debug=DEBUG, data_dir=WEBNET_DATA_DIR)
# Former keys: what they signed or encrypted stays readable while the key is being changed.
SECRET_KEY_FALLBACKS = read_list(env.get("WEBNET_SECRET_KEY_FALLBACKS", ""))
# Fernet keys of secret settings: the first encrypts, all decrypt. By default a key is created in the data folder.
WEBNET_SETTINGS_KEYS = read_list(env.get("WEBNET_SETTINGS_KEYS", ""))
# Ed25519 keys of the audit log's checkpoints: the first signs, all are trusted. By default created like the above.
WEBNET_AUDIT_KEYS = read_list(env.get("WEBNET_AUDIT_KEYS", ""))
# Whether a serving process verifies and signs the log every day; off where a process of its own has the key.
WEBNET_AUDIT_CHECKPOINTS = read_switch(
    "WEBNET_AUDIT_CHECKPOINTS", env.get("WEBNET_AUDIT_CHECKPOINTS", ""), default=True
)
# After how many days rows of the log are pruned; 0 keeps all.
WEBNET_AUDIT_RETENTION_DAYS = _number("WEBNET_AUDIT_RETENTION_DAYS", 0, lowest=0, highest=36_500)
ALLOWED_HOSTS = name_allowed_hosts(read_list(env.get("WEBNET_ALLOWED_HOSTS", "")), debug=DEBUG)
CSRF_TRUSTED_ORIGINS = read_origins(
    "WEBNET_CSRF_TRUSTED_ORIGINS", read_list(env.get("WEBNET_CSRF_TRUSTED_ORIGINS", "")), allows_wildcards=True
)

# Their pages may read what the API answers, and use the session there: `api.http.requests.require_intent`.
CORS_ALLOWED_ORIGINS = read_origins("WEBNET_CORS_ORIGINS", read_list(env.get("WEBNET_CORS_ORIGINS", "")))
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_METHODS = ["GET", "OPTIONS", "POST"]
CORS_ALLOW_HEADERS = [
    *default_headers,
    "apollographql-client-name",
    "apollographql-client-version",
    "if-none-match",
    "traceparent",
    "webnet-explain",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = ["ETag", "Retry-After", "Webnet-Schema", "WWW-Authenticate", "X-Request-Id"]
CORS_URLS_REGEX = r"/graphql(?:/|\Z)"

# Whether clients use https, through a proxy that sets X-Forwarded-Proto and X-Forwarded-For itself. Then cookies are
# sent with https only, and browsers use https for a month (HSTS, for this host without its subdomains).
WEBNET_HTTPS = read_switch("WEBNET_HTTPS", env.get("WEBNET_HTTPS", ""), default=not DEBUG)
# The proxies whose headers about the client are believed.
WEBNET_TRUSTED_PROXIES = read_list(env.get("FORWARDED_ALLOW_IPS", "127.0.0.1"))
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if WEBNET_HTTPS else None
SECURE_HSTS_SECONDS = 30 * 24 * 3600 if WEBNET_HTTPS else 0
# A session under one path is not that of another webnet on the same host. The CSRF token stays readable by all of its
# pages: a front end beside webnet has to send it.
SESSION_COOKIE_PATH = f"{WEBNET_SCRIPT_NAME}/"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = WEBNET_HTTPS
# The CSRF cookie stays: no page of another site can read it.
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SAMESITE = read_same_site(env.get("WEBNET_SESSION_SAMESITE", ""), https=WEBNET_HTTPS)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Pages load from this server only; a script or style within a page needs the nonce of its request.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.NONE],
        "base-uri": [csp.NONE],
        "connect-src": [csp.SELF],
        "font-src": [csp.SELF],
        "form-action": [csp.SELF],
        "frame-ancestors": [csp.NONE],
        "img-src": [csp.SELF, "data:"],
        "manifest-src": [csp.SELF],
        "media-src": [csp.SELF],
        "script-src": [csp.SELF, csp.NONCE],
        "style-src": [csp.SELF, csp.NONCE],
        "worker-src": [csp.SELF],
    }
}
CSRF_FAILURE_VIEW = "webnet.console.entrance.sign_in.show_csrf_failure"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # Whether subdomains have https is for their owner to say.
    "security.W008",  # The proxy redirects to https: health checks and metrics come without it.
    "security.W021",  # The browsers' preload list is for the owner of the domain, too.
]

# --- Apps and plugins -------------------------------------------------------------------------------------------------
add_plugin_folders(HOME_DIR, Path.cwd())
# In safe mode no plugin's code runs at all, for emergencies.
WEBNET_SAFE_MODE = read_switch("WEBNET_SAFE_MODE", env.get("WEBNET_SAFE_MODE", ""), default=False)
# An empty value means no plugins, while an unset one means the default.
_listed = read_list(env["WEBNET_PLUGINS"]) if "WEBNET_PLUGINS" in env else None
WEBNET_PLUGINS = () if WEBNET_SAFE_MODE else name_plugins(_listed, home=HOME_DIR)
HOST_APPS = [
    "corsheaders",
    "webnet.accounts",  # before Django's own app, whose command 'changepassword' it replaces
    "django.contrib.admin.apps.SimpleAdminConfig",  # no autodiscovery, which a plugin's broken admin.py would stop
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "webnet.customers",
    "webnet.audit",
    "webnet.plugins",
    "webnet.api",
    "webnet.console",
    "webnet.server",
    "strawberry_django",  # after webnet.api, whose 'export_schema' replaces its command
]
contain_receivers()
INSTALLED_APPS = with_plugins(HOST_APPS, WEBNET_PLUGINS)

# Whether only documents run that `trust_documents` has stored.
WEBNET_TRUSTED_DOCUMENTS_ONLY = read_switch(
    "WEBNET_TRUSTED_DOCUMENTS_ONLY", env.get("WEBNET_TRUSTED_DOCUMENTS_ONLY", ""), default=False
)

# For how many sets of plugins a process caches the derived GraphQL schema.
WEBNET_SCHEMA_CACHE_SIZE = _number("WEBNET_SCHEMA_CACHE_SIZE", 64, lowest=1, highest=10_000)

# How many points of the API each user, token and address may spend in a minute; 0 is no limit. A user's also holds for
# each address of those who are not signed in.
WEBNET_USER_POINTS_PER_MINUTE = _number(
    "WEBNET_USER_POINTS_PER_MINUTE", 10_000_000, lowest=0, highest=1_000_000_000_000
)
WEBNET_TOKEN_POINTS_PER_MINUTE = _number(
    "WEBNET_TOKEN_POINTS_PER_MINUTE", 5_000_000, lowest=0, highest=1_000_000_000_000
)
# Higher, since a whole office may share an address.
WEBNET_ADDRESS_POINTS_PER_MINUTE = _number(
    "WEBNET_ADDRESS_POINTS_PER_MINUTE", 100_000_000, lowest=0, highest=1_000_000_000_000
)
# What one operation may cost in points, by the viewer's role in the view; a point is about one value of one row.
WEBNET_BUDGET_POINTS_SIGNED_OUT = _number("WEBNET_BUDGET_POINTS_SIGNED_OUT", 2000, lowest=1, highest=1_000_000_000)
WEBNET_BUDGET_POINTS_VIEWER = _number("WEBNET_BUDGET_POINTS_VIEWER", 200_000, lowest=1, highest=1_000_000_000)
WEBNET_BUDGET_POINTS_OPERATOR = _number("WEBNET_BUDGET_POINTS_OPERATOR", 300_000, lowest=1, highest=1_000_000_000)
WEBNET_BUDGET_POINTS_ADMIN = _number("WEBNET_BUDGET_POINTS_ADMIN", 300_000, lowest=1, highest=1_000_000_000)
WEBNET_BUDGET_POINTS_PLATFORM = _number("WEBNET_BUDGET_POINTS_PLATFORM", 500_000, lowest=1, highest=1_000_000_000)

# A plugin is paused after this many failures, for at least this many users, within this time.
WEBNET_PAUSE_AFTER_FAILURES = _number("WEBNET_PAUSE_AFTER_FAILURES", 5, lowest=1, highest=1_000_000)
WEBNET_PAUSE_AFTER_USERS = _number("WEBNET_PAUSE_AFTER_USERS", 2, lowest=1, highest=1_000_000)
WEBNET_PAUSE_WINDOW_MINUTES = _number("WEBNET_PAUSE_WINDOW_MINUTES", 10, lowest=1, highest=1440)
# The first and the longest pause of a plugin that fails; each one is twice as long as the one before.
WEBNET_PAUSE_MINUTES = _number("WEBNET_PAUSE_MINUTES", 5, lowest=1, highest=525_600)
WEBNET_LONGEST_PAUSE_MINUTES = _number("WEBNET_LONGEST_PAUSE_MINUTES", 1440, lowest=1, highest=525_600)

# How often plugins are asked for their health, in seconds; 0 means only on request.
WEBNET_HEALTH_SECONDS = _number("WEBNET_HEALTH_SECONDS", 60, lowest=0, highest=86_400)

# The headers come first, so that they are on what the others answer themselves: preflights, static files, errors.
MIDDLEWARE = [
    "webnet.server.observability.request_log.log_requests",
    "webnet.console.security_headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "webnet.console.static_files.serve_static_files",
    "webnet.console.database_outages.OutageMiddleware",
    "webnet.console.languages_and_messages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
MESSAGE_STORAGE = "webnet.console.languages_and_messages.MessageStorage"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "webnet.console.frame.page_frame.frame_of_page",
            ]
        },
    }
]

# --- Users ------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "customers.User"
SESSION_ENGINE = "webnet.accounts.session_statements"
AUTHENTICATION_BACKENDS = ["webnet.accounts.authentication.SessionBackend"]
# The first one hashes; passwords that were hashed by another are hashed again when their users sign in.
PASSWORD_HASHERS = [
    "webnet.accounts.password_hashing.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
# Of the users that the command `demo` creates; a random one without it.
WEBNET_DEMO_PASSWORD = env.get("WEBNET_DEMO_PASSWORD", "")

# --- Mail: of invitations, if there is a server --------------------------------------------------------------------
_mail = describe_mail(env.get("EMAIL_URL", ""))
WEBNET_SENDS_MAIL = bool(_mail)
globals().update(_mail)
DEFAULT_FROM_EMAIL = env.get("EMAIL_FROM", "") or "webnet@localhost"

# --- Storage ----------------------------------------------------------------------------------------------------------
DATABASES = {
    "default": describe_database(
        env.get("DATABASE_URL", "") or f"sqlite:///{quote(str(WEBNET_DATA_DIR))}/webnet.sqlite3"
    )
}
# A copy that follows that database, for reading the audit log; everything else is read from the database itself.
if env.get("WEBNET_REPLICA_URL", ""):
    DATABASES["replica"] = describe_replica(env["WEBNET_REPLICA_URL"], database=DATABASES["default"])
    DATABASE_ROUTERS = ["webnet.database.replica.ReplicaRouter"]
# Plugins whose migrations can't be loaded are added here at start-up with None: Django then ignores their migrations.
MIGRATION_MODULES: dict[str, str | None] = {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
GDAL_LIBRARY_PATH = find_gdal()
REDIS_URL = read_redis_url(env.get("REDIS_URL", ""))
USE_TZ = True
TIME_ZONE = "UTC"
# Texts are shown in the viewer's language, and stored in LANGUAGE_CODE. webnet is written in English; for each further
# language webnet/console/locale has the translations, without which pages would mix two languages.
USE_I18N = True
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]

# --- Static files: served from the packages, so that an installed webnet needs no `collectstatic` ---------------------
STATIC_URL = "/static/"
# There are no such files. Left empty, it would become the path of the first request, which may be that of STATIC_URL.
MEDIA_URL = "/media/"
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "webnet.console.static_files.PrefixedStaticFiles"},
}

# --- Metrics, traces and logging --------------------------------------------------------------------------------------
# What Prometheus has to send as a bearer token to read /metrics; without one, only this machine can.
WEBNET_METRICS_TOKEN = env.get("WEBNET_METRICS_TOKEN", "")
# Whether requests are traced; the SDK reads OpenTelemetry's variables itself once that begins.
WEBNET_TRACING = read_tracing(env)
# Text for people, or a JSON object in each line for machines.
WEBNET_LOG_FORMAT = read_choice(
    "WEBNET_LOG_FORMAT", env.get("WEBNET_LOG_FORMAT", "") or ("text" if DEBUG else "json"), ("text", "json")
)
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "webnet.server.observability.logs.RecordFormatter"},
        "json": {"()": "webnet.server.observability.logs.JsonFormatter"},
    },
    "filters": {
        "refusals": {"()": "webnet.server.observability.logs.RefusalFilter"},
        "rarely": {"()": "webnet.server.observability.logs.OncePerMinute"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": WEBNET_LOG_FORMAT, "filters": ["refusals"]},
        "stderr_rarely": {"class": "logging.StreamHandler", "formatter": WEBNET_LOG_FORMAT, "filters": ["rarely"]},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Django's own handlers would print these a second time, or mail them.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # Each try to reach a collector has a line, and each span that is dropped.
        "opentelemetry": {"handlers": ["stderr_rarely"], "propagate": False},
    },
}
