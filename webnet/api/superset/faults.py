"""Faults in the documents of a client: what they are called, and where they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from graphql import GraphQLError, Node, get_location


class FaultCode(StrEnum):
    """What is wrong; scripts may rely on these names."""

    SYNTAX_ERROR = "SYNTAX_ERROR"
    INVALID_DOCUMENT = "INVALID_DOCUMENT"
    DUPLICATE_NAME = "DUPLICATE_NAME"
    UNKNOWN_PLUGIN = "UNKNOWN_PLUGIN"
    PLUGIN_NAME_NOT_LITERAL = "PLUGIN_NAME_NOT_LITERAL"
    UNGUARDED_PLUGIN_FIELD = "UNGUARDED_PLUGIN_FIELD"
    UNGUARDED_PLUGIN_TYPE = "UNGUARDED_PLUGIN_TYPE"
    GUARDED_HOST_FIELD = "GUARDED_HOST_FIELD"


@dataclass(frozen=True, kw_only=True, order=True)
class DocumentFault:
    """One fault in a document, and where it is; lines and columns are counted from 1."""

    file: str
    line: int
    column: int
    code: FaultCode
    message: str

    @classmethod
    def at(cls, node: Node, *, code: FaultCode, message: str) -> DocumentFault:
        """A fault that begins where the node does."""
        return cls.of(GraphQLError(message, node), code=code)

    @classmethod
    def of(cls, error: GraphQLError, *, code: FaultCode) -> DocumentFault:
        """What graphql-core found, at the first of its places."""
        place = error.locations[0] if error.locations else None
        return cls(
            file=error.source.name if error.source else "",
            line=place.line if place else 0,
            column=place.column if place else 0,
            code=code,
            message=" ".join(error.message.split()),
        )

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.code} {self.message}"


def locate(node: Node) -> str:
    """Where a node is, as `file:line:column`."""
    if node.loc is None:
        return ""
    place = get_location(node.loc.source, node.loc.start)
    return f"{node.loc.source.name}:{place.line}:{place.column}"
