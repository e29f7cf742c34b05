"""Asks in a type that no root field is, for a permission that is misspelt."""

from __future__ import annotations

from webnet.plugins.base import GraphQLExtension
from webnet.sdk import graphql


@graphql.type
class Vault:
    """What is kept."""

    @graphql.field(permission="veiw")
    @staticmethod
    def content() -> str:
        return "gold"

    @graphql.field(permission="shelf.audit")
    @staticmethod
    def audited() -> str:
        return "silver"


@graphql.type
class Fields:
    @graphql.field(permission="view")
    @staticmethod
    def vault() -> Vault:
        return Vault()


extension = GraphQLExtension(query=Fields)
