"""Signing in and out, and the viewer's own API tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
from strawberry import UNSET

from webnet.accounts import sessions, tokens
from webnet.api.operations.mutations.inputs import given
from webnet.api.request.context import Info
from webnet.api.request.guards import open_to_all
from webnet.api.types.refusals import InvalidInput, NotFound, PermissionDenied, RateLimited
from webnet.api.types.viewer import ApiToken, Viewer
from webnet.api.vocabulary.declare import mutation
from webnet.api.vocabulary.enums import Role
from webnet.api.vocabulary.node import read_global_id, read_pk
from webnet.customers import models


@strawberry.input(description="Who signs in.")
class SignInInput:
    username: str
    password: str


@strawberry.type(description="Who is signed in now.")
class SignInPayload:
    viewer: Viewer


SignInResult: TypeAlias = Annotated[
    SignInPayload | PermissionDenied | RateLimited,
    strawberry.union("SignInResult", description="How signIn ends."),
]


@strawberry.type(description="False when nobody was signed in.")
class SignOutPayload:
    changed: bool


@strawberry.input(
    description=(
        "A token of the viewer's own, if wished for one customer only and with at most this role; "
        "names are unique per user."
    )
)
class CreateApiTokenInput:
    name: str
    expires_at: datetime | None = UNSET
    only_customer: str | None = UNSET
    maximum_role: Role | None = UNSET


@strawberry.type(description="The new token.")
class CreateApiTokenPayload:
    token: str = strawberry.field(description="Shown this once.")
    api_token: models.ApiToken = strawberry.field(graphql_type=ApiToken)


CreateApiTokenResult: TypeAlias = Annotated[
    CreateApiTokenPayload | PermissionDenied | NotFound | InvalidInput,
    strawberry.union("CreateApiTokenResult", description="How createApiToken ends."),
]


@strawberry.input(description="Which token ends.")
class RevokeApiTokenInput:
    id: strawberry.ID


@strawberry.type(description="The token that ended.")
class RevokeApiTokenPayload:
    api_token: models.ApiToken = strawberry.field(graphql_type=ApiToken)
    changed: bool


RevokeApiTokenResult: TypeAlias = Annotated[
    RevokeApiTokenPayload | PermissionDenied | NotFound,
    strawberry.union("RevokeApiTokenResult", description="How revokeApiToken ends."),
]


@strawberry.type
class SessionMutations:
    @mutation(metadata=open_to_all)
    def sign_in(self, info: Info, input: SignInInput) -> SignInResult:  # noqa: A002 - the name in the schema
        sessions.sign_in(info.context.request, username=input.username, password=input.password)
        info.context.enter_session()
        return SignInPayload(viewer=Viewer())

    @mutation(metadata=open_to_all)
    def sign_out(self, info: Info) -> SignOutPayload:
        changed = sessions.sign_out(info.context.request)
        info.context.enter_session()
        return SignOutPayload(changed=changed)

    @mutation()
    def create_api_token(self, info: Info, input: CreateApiTokenInput) -> CreateApiTokenResult:  # noqa: A002
        info.context.require_in_view(given(input.only_customer))
        made = tokens.create(
            actor=info.context.actor,
            name=input.name,
            expires_at=given(input.expires_at),
            only_customer=given(input.only_customer),
            maximum_role=given(input.maximum_role),
        )
        return CreateApiTokenPayload(token=made.secret, api_token=made.api_token)

    @mutation()
    def revoke_api_token(self, info: Info, input: RevokeApiTokenInput) -> RevokeApiTokenResult:  # noqa: A002
        type_name, key = read_global_id(input.id) or ("", "")
        pk = read_pk(key) if type_name == "ApiToken" else None
        # No token has the key 0, so that an id which is none is refused and audited like a foreign one.
        ended = tokens.revoke(actor=info.context.actor, token_id=pk or 0)
        return RevokeApiTokenPayload(api_token=ended.api_token, changed=ended.changed)
