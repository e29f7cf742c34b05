"""What the documentation shows and no runner runs, each with its reason; keep it short."""

# (document, first line of the block): reason.
NOT_RUN: dict[tuple[str, str], str] = {
    ("docs/audit-and-settings.md", "subscription Follow($after: String) {"): (
        "a stream has no end; tests/events/test_clients.py runs it with clients that others wrote"
    ),
    ("docs/audit-and-settings.md", 'import { createClient } from "graphql-sse";'): (
        "it never ends; tests/events/test_clients.py runs the same client"
    ),
    ("docs/audit-and-settings.md", 'import { Client, fetchExchange, makeOperation } from "@urql/core";'): (
        "it never ends; tests/events/test_clients.py runs the same client"
    ),
    ("docs/frontend-development.md", "$ python manage.py export_schema --all > all.graphql"): (
        "it writes a file; tests/api/test_superset.py runs the commands"
    ),
    ("docs/frontend-development.md", "query Overview($slug: String!, $order: [DeviceOrder!]) {"): (
        "tests/api/test_document_check.py checks it"
    ),
    (
        "docs/frontend-development.md",
        'import { buildSchema, introspectionFromSchema, isAbstractType } from "graphql";',
    ): "tests/typed_clients/build.mjs, which tests/browser/test_clients.py runs, makes both like this",
    ("docs/operations.md", "$ python manage.py serve --workers 4 --port 8000"): (
        "it does not end; tests/server/test_serve.py starts it"
    ),
    ("docs/operations.md", "2026-01-31T12:00:00Z ERROR webnet.api: Request 5f0c…: plugin 'helpdesk' failed in …"): (
        "what a server logs; tests/server/test_logs.py"
    ),
    ("docs/operations.md", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"): (
        "tests/server/test_tracing.py traces with it"
    ),
    ("docs/operations.md", "location /webnet/ {"): "tests/server/test_below_a_path.py serves with it",
    (
        "docs/performance.md",
        "$ DATABASE_URL=postgres://webnet:password@replica/webnet webnet export_audit_log --output log.ndjson",
    ): "it needs a replica; tests/server/test_replica.py has one",
    ("docs/performance.md", "$ make bench"): "it takes minutes; tests/benchmarks/test_bench.py runs it with tiny sizes",
    ("docs/plugin-development.md", "[tool.pytest.ini_options]"): "tests/docs/test_testing_kit.py runs with it",
    (
        "docs/plugin-development.md",
        "# plugins/my_notes/tests/test_my_notes.py",
    ): "tests/docs/test_testing_kit.py runs it",
    ("docs/plugin-development.md", "# plugins/my_notes/tests/test_served.py"): "tests/docs/test_testing_kit.py runs it",
    ("examples/python_client/README.md", "$ cd examples/python_client"): (
        "it makes an environment of its own; tests/examples/test_python_client.py runs it"
    ),
    (
        "examples/python_client/README.md",
        "$ export WEBNET_TOKEN=$(WEBNET_DEBUG=1 ../../.venv/bin/python ../../manage.py create_token platform report)",
    ): "tests/examples/test_python_client.py runs it",
    (
        "examples/python_client/README.md",
        "pyproject.toml         the package, and what ariadne-codegen reads",
    ): "a tree of folders",
    ("examples/frontend_client/README.md", "$ WEBNET_CORS_ORIGINS=http://127.0.0.1:5173 make run"): (
        "it does not end; tests/examples/test_frontend_client.py serves both"
    ),
    ("examples/frontend_client/README.md", "$ export WEBNET_DEBUG=1"): (
        "it does not end; tests/examples/test_frontend_client.py serves what was built"
    ),
    (
        "examples/frontend_client/README.md",
        "$ ../../.venv/bin/python ../../manage.py export_schema --all > schema.graphql",
    ): "it writes files; tests/examples/test_frontend_client.py runs the commands",
    (
        "examples/frontend_client/README.md",
        "codegen.ts                  what is generated: types, ids of documents, and the schema for graphcache",
    ): "a tree of folders",
    (
        "examples/hello_world_plugin/README.md",
        "pyproject.toml         the package: its name and the source of its version",
    ): ("a tree of folders"),
    (
        "docs/plugin-quick-reference.md",
        "// urql, before fetchExchange: it sends the id of a document without definitions",
    ): "it needs what codegen writes; tests/conformance/test_trusted_documents.py runs the same clients",
}

# Whole commands: reason.
COMMANDS: dict[str, str] = {
    ". .venv/bin/activate": "the tests run with the interpreter of their own environment",
    "export WEBNET_DEBUG=1": "the tests' environment has it",
    "export WEBNET_PLUGINS=hello_world": "it is what the tests' settings have by default",
    "pip install ./examples/hello_world_plugin": "the checkout's examples are on the path",
    "pytest examples/hello_world_plugin": "these tests are part of every test run",
}

# Whole documents: who follows them.
FOLLOWED: dict[str, str] = {
    "docs/installation.md": "tests/docs/installation.py, from .ci/check_wheel.py with the wheel",
    "docs/troubleshooting.md": "tests/docs/test_troubleshooting.py: nothing is wrong here that its commands could fix",
}

# Blocks with such a command need a machine that was installed: tests/docs/installation.py follows those of an upgrade.
ON_AN_INSTALLED_MACHINE = "$ sudo "

# What docs/installation.md does to a whole machine, by the beginning of the command without `sudo`: reason.
ON_A_MACHINE: dict[str, str] = {
    "make build": "the caller has built the wheel",
    "apt-get ": "no test installs Debian's packages",
    "createuser ": "roles belong to the whole server, and this asks for a password",
    "adduser ": "one user does everything here",
    "nano ": "the file that is shown is written",
    "systemctl daemon-reload": "there is no systemd; the units are read, and tests/server/test_deploy.py checks them",
    "certbot ": "there is no name that a certificate could be for; the proxies have one that is signed by itself",
    "journalctl ": "there is no journal, and it does not end; tests/server/test_logs.py reads what is logged",
}
