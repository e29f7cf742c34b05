"""Decides which document a request runs: the one that it has, or the trusted one whose id it has."""

from __future__ import annotations

from django.conf import settings
from django.db import Error as DatabaseError

from webnet.api.documents.ids import digest_of, find_digest, show_id
from webnet.api.documents.lookup import TrustedText, trusted_texts
from webnet.api.errors import BadRequest, CodedError
from webnet.api.request.context import Context
from webnet.database.outages import leave_lost_connection
from webnet.errors import show
from webnet.request_record import current_record

# Clients that send an id in the way of Apollo's "automatic persisted queries" look for this message or for the code,
# and send the document next; webnet stores nothing that clients send.
APOLLO_MESSAGE = "PersistedQueryNotFound"
UNKNOWN_ID = "PERSISTED_QUERY_NOT_FOUND"


def choose_document(context: Context, *, query: str | None, document_id: object, persisted_query: object) -> str | None:
    """The text of the document, None if there is neither one nor an id.

    Raises BadRequest for ids that can't be, and CodedError for a document that must not run.
    """
    given_digest, apollo_digest = _read_document_id(document_id), _read_apollo_digest(persisted_query)
    if given_digest and apollo_digest and given_digest != apollo_digest:
        raise BadRequest("'documentId' and 'extensions.persistedQuery' name two documents: send one of them.")
    digest = given_digest or apollo_digest
    if not query:
        return _require_known(context, digest, message=None if given_digest else APOLLO_MESSAGE) if digest else None
    if digest is not None and digest_of(query) != digest:
        raise BadRequest(
            f"The id names another document: that of 'query' is '{show_id(digest_of(query))}'. Send the id alone, or "
            "that of this document."
        )
    if settings.WEBNET_TRUSTED_DOCUMENTS_ONLY:
        _require_trusted(context, digest or digest_of(query))
    return query


def _require_known(context: Context, digest: str, *, message: str | None) -> str:
    found = _find(context, digest)
    if found is None:
        reason = f"There is no trusted document '{show_id(digest)}'."
        raise CodedError(message or reason, code=UNKNOWN_ID)
    return found.text


def _require_trusted(context: Context, digest: str) -> None:
    if _find(context, digest) is None:
        message = (
            f"The document '{show_id(digest)}' is not trusted, and this server runs no others: see "
            "WEBNET_TRUSTED_DOCUMENTS_ONLY."
        )
        raise CodedError(message, code="DOCUMENT_NOT_TRUSTED")


def _find(context: Context, digest: str) -> TrustedText | None:
    token = context.identity.platform_token
    try:
        found = trusted_texts.find(digest, token=token)
    except DatabaseError as error:
        # The first statement of somebody signed out, as `views.open_context` has it for others.
        if not leave_lost_connection(error):
            raise
        found = trusted_texts.find(digest, token=token)
    if found is not None and (record := current_record.get()) is not None:
        record.applications = found.applications
    return found


def _read_document_id(document_id: object) -> str | None:
    """The digest of the member `documentId` (GraphQL over HTTP, appendix A); None without one."""
    if document_id is None:
        return None
    if not isinstance(document_id, str) or not document_id:
        raise BadRequest("'documentId' must be a non-empty string, or null.")
    digest = find_digest(document_id)
    if digest is None:
        message = f"There is no trusted document '{show(document_id)}': ids are 'sha256:' and 64 hexadecimal digits."
        raise CodedError(message, code=UNKNOWN_ID)
    return digest


def _read_apollo_digest(persisted: object) -> str | None:
    """The digest of the extension `persistedQuery`; None without one."""
    if persisted is None:
        return None
    sha256 = persisted.get("sha256Hash") if isinstance(persisted, dict) and persisted.get("version") == 1 else None
    digest = find_digest(sha256) if isinstance(sha256, str) else None
    if digest is None:
        shape = '{"version": 1, "sha256Hash": "<64 hexadecimal digits>"}'
        raise BadRequest(f"'extensions.persistedQuery' must be {shape}, or null.")
    return digest
