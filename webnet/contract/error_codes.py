"""What the codes in `errors[].extensions.code` mean, with their HTTP status, and those that end an event stream."""

from __future__ import annotations

from collections.abc import Mapping

from webnet.contract.codes import CodeMeaning, Retry


def _says(http: str, when: str, client: str, retry: Retry = Retry.NO) -> CodeMeaning:
    return CodeMeaning(http=http, when=when, client=client, retry=retry)


# Where a document, its variables or its operation's name are wrong.
OF_DOCUMENT = "400 or 200"

ERROR_CODES: Mapping[str, CodeMeaning] = {
    # The request
    "BAD_REQUEST": _says(
        "400",
        'The body is incomplete, not JSON or not an object, or has members of wrong types; "400 or 200" for a text in '
        "the document that can't be stored.",
        "Correct the request.",
    ),
    "BATCHING_NOT_SUPPORTED": _says("400", "The body is a list of operations.", "Send one operation per request."),
    "UNSUPPORTED_MEDIA_TYPE": _says(
        "415", "The body is not `application/json`.", "Send JSON with `Content-Type: application/json`."
    ),
    "BODY_TOO_LARGE": _says(
        "413",
        "The body is larger than 1 MiB; on pages, than 2.5 MiB, or 100 MiB for those of plugins, which may take files.",
        "Send less at a time.",
    ),
    "BODY_TOO_SLOW": _says(
        "408",
        "The body was not there after 30 seconds, and one second more for each 16 KiB of it.",
        "Send it again, over a faster connection.",
        Retry.LATER,
    ),
    "METHOD_NOT_ALLOWED": _says(
        "405",
        "The method is neither GET nor POST, or it is GET with anything but a query; signed out, every GET is "
        "`UNAUTHENTICATED`.",
        "Send it by POST.",
    ),
    "EVENT_STREAM_REQUIRED": _says(
        "406",
        "A subscription was sent without `Accept: text/event-stream`.",
        "Send this header, with a client for Server-Sent Events.",
    ),
    "CSRF_FAILED": _says(
        "403",
        "A POST with a session lacks the CSRF token, and is not JSON from one of `WEBNET_CORS_ORIGINS`; or a POST "
        "comes from a page that is neither webnet's own nor in the settings.",
        "Send what the [table of requests](plugin-quick-reference.md#which-requests-need-the-csrf-token) says.",
    ),
    "UNAUTHENTICATED": _says(
        "401, or 200 in a field",
        "The token is invalid; the field requires signing in; or somebody signed out sends a GET, or asks for "
        "`__schema` or `__type`.",
        "Sign in, or send a valid token.",
        Retry.AFTERWARDS,
    ),
    "CUSTOMER_NOT_FOUND": _says(
        "404",
        "The customer in the URL does not exist, or the viewer may not see it.",
        "Choose one of the viewer's `memberships`.",
    ),
    "RATE_LIMITED": _says(
        "429",
        "This user, token or address has spent its [points](operations.md#rates) of the minute.",
        "Wait for as many seconds as `Retry-After` and `extensions.retryAfterSeconds` say.",
        Retry.LATER,
    ),
    # The document
    "GRAPHQL_PARSE_FAILED": _says(OF_DOCUMENT, "The document is not valid GraphQL.", "Correct the document."),
    "GRAPHQL_VALIDATION_FAILED": _says(
        OF_DOCUMENT,
        "The document does not fit the viewer's schema.",
        "Correct the document, and guard what [needs a plugin](plugin-quick-reference.md#parts-that-need-a-plugin).",
    ),
    "BAD_USER_INPUT": _says(
        OF_DOCUMENT,
        "A value does not fit its type; with 200, it does not fit what the field at `path` does with it, such as its "
        "column.",
        "Correct the value.",
    ),
    "PERSISTED_QUERY_NOT_FOUND": _says(
        OF_DOCUMENT,
        "No application is trusted with the [document of this id](plugin-quick-reference.md#trusted-documents).",
        "Send the document itself, as Apollo's and urql's extensions do by themselves.",
    ),
    "DOCUMENT_NOT_TRUSTED": _says(
        "400 or 200; 403 for GraphiQL",
        "The document is not trusted, and the server [runs no others](operations.md#trusted-documents).",
        "Have an operator trust the documents of this build.",
        Retry.AFTERWARDS,
    ),
    "OPERATION_NOT_FOUND": _says(
        OF_DOCUMENT,
        "`operationName` names none of the document's operations, or is missing among several.",
        "Send the name of one of them.",
    ),
    "QUERY_TOO_DEEP": _says(
        OF_DOCUMENT,
        "Fields are nested more than 10 levels below the root fields, braces or values more than 100, or an "
        "introspection has fields of types within fields of types.",
        "Ask for less at once.",
    ),
    "QUERY_TOO_EXPENSIVE": _says(
        OF_DOCUMENT,
        "The operation [costs](plugin-quick-reference.md#cost-and-limits) `extensions.requested` points, and the "
        "viewer's budget is `extensions.budget`.",
        "Ask for smaller pages or for less at once.",
    ),
    "TOO_MANY_ALIASES": _says(OF_DOCUMENT, "The document has more than 15 aliases.", "Use several requests."),
    "TOO_MANY_TOKENS": _says(
        OF_DOCUMENT, "The document has more than 1,000 tokens, or as many comments.", "Use several requests."
    ),
    "TOO_MANY_REPETITIONS": _says(
        OF_DOCUMENT, "The same fields are selected again and again, also in fragments.", "Select each of them once."
    ),
    "TOO_MANY_SIGN_INS": _says(
        OF_DOCUMENT, "The operation has more than one `signIn` or `changePassword`.", "Send one per operation."
    ),
    # Fields
    "CUSTOMER_REQUIRED": _says(
        "200",
        "The field needs a customer, and the request names none.",
        "Send the request to `/graphql/<customer>/`, or choose a default with `setDefaultCustomer`.",
        Retry.AFTERWARDS,
    ),
    "BAD_CURSOR": _says(
        "200",
        "`after` or `before` is not a cursor of this list in this order and view, or its key is gone.",
        "Begin with the first page.",
    ),
    "BAD_PAGE": _says("200", "`first` or `last` is negative, or both are given.", "Send one of them, and not below 0."),
    "PLUGIN_FAILED": _says(
        "200",
        "The plugin in `extensions.plugin` failed in this field, or in its stream. The rest of a query's response is "
        "valid.",
        "Show the rest, and have an operator fix what the server's log says of `extensions.requestId`; with "
        "`WEBNET_DEBUG=1`, `extensions.debug` says it, too.",
        Retry.AFTERWARDS,
    ),
    "PLUGIN_NOT_EFFECTIVE": _says(
        "200",
        "The field's plugin is not effective for the row's customer, and the field can't be null; or a subscription's "
        "event is [guarded](plugin-quick-reference.md#parts-that-need-a-plugin). It also ends a stream.",
        "Use a document without the plugin until it is effective.",
        Retry.AFTERWARDS,
    ),
    "LOG_REPLACED": _says(
        "200; 400 for a stream that is not opened",
        "The row of the cursor is not in the audit log, such as after a backup was restored. It also ends a stream.",
        "Read everything again, without a cursor.",
    ),
    "TABLES_BUSY": _says(
        "200",
        "Plugins are being migrated, uninstalled or, on PostgreSQL, backed up by another process.",
        "Try again once it is done.",
        Retry.LATER,
    ),
    "SECRET_UNREADABLE": _says(
        "200",
        "A secret can't be decrypted.",
        "Have its key restored in `WEBNET_SETTINGS_KEYS`, or set the secret again.",
        Retry.AFTERWARDS,
    ),
    "SETTINGS_KEYS_MALFORMED": _says(
        "200",
        "`WEBNET_SETTINGS_KEYS` contains something that is not a Fernet key.",
        "Have an operator correct it.",
        Retry.AFTERWARDS,
    ),
    # The server
    "DATABASE_UNAVAILABLE": _says(
        "503",
        "The database can't be reached, or can't store anything since it is read-only or full.",
        "Wait for as many seconds as `Retry-After` and `extensions.retryAfterSeconds` say.",
        Retry.LATER,
    ),
    "DATABASE_BUSY": _says(
        "503",
        "Other changes hold a lock for longer than this one may wait. Nothing was changed.",
        "Wait as after `DATABASE_UNAVAILABLE`.",
        Retry.LATER,
    ),
    "SERVER_BUSY": _says(
        "503",
        "Too many requests of this customer, or of all, wait for a thread. This one was not begun.",
        "Wait as after `DATABASE_UNAVAILABLE`.",
        Retry.LATER,
    ),
    "DEADLINE_EXCEEDED": _says(
        "504",
        "The request took longer than the server allows (`WEBNET_REQUEST_SECONDS`). Nothing was changed.",
        "Ask for less at a time.",
    ),
    "INTERNAL_ERROR": _says(
        "200 in a field, else 500",
        "There is a bug in webnet.",
        "Report `extensions.requestId`, which is in the server's log.",
    ),
}

# The error before `complete`: subscribing again is of no use before something has changed.
STREAM_ENDS: Mapping[str, CodeMeaning] = {
    code: _says("", when, client, retry)
    for code, when, client, retry in (
        (
            "UNAUTHENTICATED",
            "The user is signed out or deactivated, or the token is revoked or has expired.",
            "Sign in, or use another token.",
            Retry.AFTERWARDS,
        ),
        (
            "CUSTOMER_NOT_FOUND",
            "The viewer is no longer a member of the customer.",
            "Ask its admins for an invitation.",
            Retry.AFTERWARDS,
        ),
        (
            "PERMISSION_MISSING",
            "The viewer has lost a permission that the stream of a plugin needs.",
            "Ask an admin of the customer for the permission.",
            Retry.AFTERWARDS,
        ),
        (
            "PLUGIN_NOT_EFFECTIVE",
            "A plugin that the document needs was disabled.",
            "Subscribe with a document without it until it is enabled.",
            Retry.AFTERWARDS,
        ),
        (
            "PLUGIN_FAILED",
            "The stream of a plugin failed.",
            "Have an operator fix what the server's log says of it.",
            Retry.AFTERWARDS,
        ),
        (
            "LOG_REPLACED",
            "The audit log was replaced, such as by a restored backup.",
            "Read everything again, and subscribe without a cursor.",
            Retry.NO,
        ),
    )
}

# The last comment of a stream that is cut without `complete`.
STREAM_CUTS: Mapping[str, CodeMeaning] = {
    code: _says("", when, client, Retry.LATER)
    for code, when, client in (
        ("SERVER_STOPPING", "The server, or one of its workers, is being restarted.", "Come again at once."),
        ("SLOW_CONSUMER", "More than 1,000 events waited for the client.", "Come again, and read faster."),
        ("DATABASE_UNAVAILABLE", "The database could not be read for the next event.", "Come again in a few seconds."),
        ("DATABASE_BUSY", "The database was busy with other changes.", "Come again in a few seconds."),
        ("DEADLINE_EXCEEDED", "The next event, or a page of those missed, took too long.", "Come again."),
        ("INTERNAL_ERROR", "There is a bug in webnet, which is in the server's log.", "Come again, and report it."),
    )
}
