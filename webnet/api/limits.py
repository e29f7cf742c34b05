"""What a single document may ask for: depth, aliases and tokens; and the caches that make a known one cheap."""

from __future__ import annotations

from collections.abc import Callable

from graphql import ASTValidationRule, ValidationContext
from strawberry.extensions import AddValidationRules, MaxTokensLimiter, ParserCache, SchemaExtension, ValidationCache

from webnet.api.document_size import DocumentSize
from webnet.api.errors import LimitExceeded

MAXIMUM_DEPTH = 10
MAXIMUM_ALIASES = 15
MAXIMUM_TOKENS = 1_000
CACHED_DOCUMENTS = 512


class DocumentLimits(ASTValidationRule):
    """Refuses documents that nest too deep or rename too often.

    One class for all requests, since the validation cache is keyed by the rules' classes. Strawberry's own limiters
    make a new one each time, and walk each fragment once for every path to it: 30 fragments that each spread the
    next one twice would keep them busy for hours.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        size = DocumentSize(context.document)
        if size.depth() > MAXIMUM_DEPTH:
            message = f"Fields are nested deeper than {MAXIMUM_DEPTH} levels below the root fields."
            context.report_error(LimitExceeded(message, code="QUERY_TOO_DEEP"))
        if size.aliases() > MAXIMUM_ALIASES:
            message = f"There are more than {MAXIMUM_ALIASES} aliases, with those of fragments wherever they are used."
            context.report_error(LimitExceeded(message, code="TOO_MANY_ALIASES"))


# The caches come last, around the work that they spare.
EXTENSIONS: tuple[Callable[[], SchemaExtension], ...] = (
    lambda: MaxTokensLimiter(max_token_count=MAXIMUM_TOKENS),
    lambda: AddValidationRules([DocumentLimits]),
    lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
    lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
)
