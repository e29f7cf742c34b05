"""Django's settings, read from the environment; the README lists the variables."""

from webnet.plugins.loading.installed_apps import with_plugins
from webnet.server.environment import (
    add_plugin_folders,
    describe_database,
    find_home,
    make_data_dir,
    name_allowed_hosts,
    name_plugins,
    read_environment,
    read_number,
    read_origins,
    read_redis_url,
    read_secret_key,
    read_switch,
)

env = read_environment()

# --- Paths and addresses ----------------------------------------------------------------------------------------------
HOME_DIR = find_home()
WEBNET_DATA_DIR = make_data_dir(env.str("WEBNET_DATA_DIR", default=""), home=HOME_DIR)
WEBNET_HOST = env.str("HOST", default="127.0.0.1")
WEBNET_PORT = read_number("PORT", env.str("PORT", default="8000"), lowest=0, highest=65_535)
WEBNET_THREADS = read_number("WEBNET_THREADS", env.str("WEBNET_THREADS", default="4"), lowest=1, highest=256)
# How long a request may run in a plugin, in seconds, before the plugin is paused and the worker replaced.
WEBNET_REQUEST_DEADLINE = read_number(
    "WEBNET_REQUEST_DEADLINE", env.str("WEBNET_REQUEST_DEADLINE", default="30"), lowest=1, highest=3_600
)
ROOT_URLCONF = "webnet.urls"

# --- Security ---------------------------------------------------------------------------------------------------------
DEBUG = read_switch("WEBNET_DEBUG", env.str("WEBNET_DEBUG", default=""), default=False)
SECRET_KEY = read_secret_key(env.str("WEBNET_SECRET_KEY", default=""), debug=DEBUG, data_dir=WEBNET_DATA_DIR)
# Former keys: what they signed or encrypted stays readable while the key is being changed.
SECRET_KEY_FALLBACKS = env.list("WEBNET_SECRET_KEY_FALLBACKS", default=[])
# Fernet keys of secret settings: the first encrypts, all decrypt. By default a key is created in the data folder.
WEBNET_SETTINGS_KEYS = env.list("WEBNET_SETTINGS_KEYS", default=[])
# Ed25519 keys of the audit log's checkpoints: the first signs, all are trusted. By default created like the above.
WEBNET_AUDIT_KEYS = env.list("WEBNET_AUDIT_KEYS", default=[])
ALLOWED_HOSTS = name_allowed_hosts(env.list("WEBNET_ALLOWED_HOSTS", default=[]), debug=DEBUG)
CSRF_TRUSTED_ORIGINS = read_origins("WEBNET_CSRF_TRUSTED_ORIGINS", env.list("WEBNET_CSRF_TRUSTED_ORIGINS", default=[]))

# Another port of the same host is the same *site*, so pages of a development server can send our cookies.
CORS_ALLOWED_ORIGINS = read_origins("WEBNET_CORS_ORIGINS", env.list("WEBNET_CORS_ORIGINS", default=[]))
CORS_ALLOW_CREDENTIALS = True
CORS_EXPOSE_HEADERS = ["Webnet-Schema"]
CORS_URLS_REGEX = r"^/graphql/"

# Whether clients use https, through a proxy that sets X-Forwarded-Proto and X-Forwarded-For itself. Then cookies are
# sent with https only, and browsers use https for a month (HSTS, for this host without its subdomains).
WEBNET_HTTPS = read_switch("WEBNET_HTTPS", env.str("WEBNET_HTTPS", default=""), default=not DEBUG)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if WEBNET_HTTPS else None
SECURE_HSTS_SECONDS = 30 * 24 * 3600 if WEBNET_HTTPS else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = WEBNET_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Apps and plugins -------------------------------------------------------------------------------------------------
add_plugin_folders(HOME_DIR)
# In safe mode no plugin's code runs at all, for emergencies.
WEBNET_SAFE_MODE = read_switch("WEBNET_SAFE_MODE", env.str("WEBNET_SAFE_MODE", default=""), default=False)
# An empty value means no plugins, while an unset one means the default.
_listed = env.list("WEBNET_PLUGINS") if "WEBNET_PLUGINS" in env else None
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
INSTALLED_APPS = with_plugins(HOST_APPS, WEBNET_PLUGINS)

# For how many sets of plugins a process caches the derived GraphQL schema.
WEBNET_SCHEMA_CACHE_SIZE = read_number(
    "WEBNET_SCHEMA_CACHE_SIZE", env.str("WEBNET_SCHEMA_CACHE_SIZE", default="64"), lowest=1, highest=10_000
)

# A plugin is paused after this many failures, for at least this many users, within this time.
WEBNET_PAUSE_AFTER_FAILURES = read_number(
    "WEBNET_PAUSE_AFTER_FAILURES", env.str("WEBNET_PAUSE_AFTER_FAILURES", default="5"), lowest=1, highest=1_000_000
)
WEBNET_PAUSE_AFTER_USERS = read_number(
    "WEBNET_PAUSE_AFTER_USERS", env.str("WEBNET_PAUSE_AFTER_USERS", default="2"), lowest=1, highest=1_000_000
)
WEBNET_PAUSE_WINDOW_MINUTES = read_number(
    "WEBNET_PAUSE_WINDOW_MINUTES", env.str("WEBNET_PAUSE_WINDOW_MINUTES", default="10"), lowest=1, highest=1440
)
# The first and the longest pause of a plugin that fails; each one is twice as long as the one before.
WEBNET_PAUSE_MINUTES = read_number(
    "WEBNET_PAUSE_MINUTES", env.str("WEBNET_PAUSE_MINUTES", default="5"), lowest=1, highest=525_600
)
WEBNET_LONGEST_PAUSE_MINUTES = read_number(
    "WEBNET_LONGEST_PAUSE_MINUTES", env.str("WEBNET_LONGEST_PAUSE_MINUTES", default="1440"), lowest=1, highest=525_600
)

MIDDLEWARE = [
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "webnet.console.frame.frame_of_page",
            ]
        },
    }
]

# --- Users ------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "customers.User"
AUTHENTICATION_BACKENDS = ["webnet.accounts.authentication.SessionBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"

# --- Storage ----------------------------------------------------------------------------------------------------------
DATABASES = {
    "default": describe_database(env.str("DATABASE_URL", default="") or f"sqlite:///{WEBNET_DATA_DIR}/webnet.sqlite3")
}
# Plugins whose migrations can't be loaded are added here at start-up with None: Django then ignores their migrations.
MIGRATION_MODULES: dict[str, str | None] = {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = read_redis_url(env.str("REDIS_URL", default=""))
USE_TZ = True
TIME_ZONE = "UTC"
# webnet's own texts are English; those of plugins and of Django are shown in the viewer's language, stored in this one.
USE_I18N = True
LANGUAGE_CODE = "en-us"

# --- Static files: served from the packages, so that an installed webnet needs no `collectstatic` ---------------------
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True

# --- Logging ----------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "webnet.server.logs.RecordFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Django's own handlers would print these a second time, or mail them.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
    },
}
