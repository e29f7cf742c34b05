"""Signing in and out, and the viewer's own API tokens."""

from __future__ import annotations

from datetime import datetime

import strawberry

from webnet.accounts import sessions, tokens
from webnet.api.declarations.fields import field, input_type, object_type
from webnet.api.declarations.mutations import commits_itself, mutation
from webnet.api.request.context import Info, open_to_all
from webnet.api.types.viewer import ApiToken, Viewer
from webnet.api.vocabulary.enums import Role
from webnet.api.vocabulary.node import read_global_id, read_pk
from webnet.customers import models
from webnet.errors import InvalidInput, NotFound, RateLimited


@input_type
class SignInInput:
    """Who signs in."""

    username: str
    password: str


@object_type
class SignInPayload:
    """The user who is now signed in."""

    viewer: Viewer


@object_type
class SignOutPayload:
    """False if nobody was signed in."""

    changed: bool


@input_type
class CreateApiTokenInput:
    """A token for the viewer, optionally limited to one customer and to at most this role; names are unique per
    user.
    """

    name: str
    expires_at: datetime | None = None
    only_customer: str | None = None
    maximum_role: Role | None = None


@object_type
class CreateApiTokenPayload:
    """The new token."""

    token: str = strawberry.field(description="Shown this once.")
    api_token: models.ApiToken = strawberry.field(graphql_type=ApiToken)


@input_type
class RevokeApiTokenInput:
    """Which token ends."""

    id: strawberry.ID


@object_type
class RevokeApiTokenPayload:
    """The token that was revoked."""

    api_token: models.ApiToken = strawberry.field(graphql_type=ApiToken)
    changed: bool


@strawberry.type
class SessionMutations:
    # Attempts are counted one transaction at a time, and a session that has begun is in the response's cookie.
    @mutation(RateLimited, metadata={**open_to_all, **commits_itself})
    def sign_in(self, info: Info, input: SignInInput) -> SignInPayload:
        sessions.sign_in(info.context.request, username=input.username, password=input.password)
        info.context.enter_session()
        return SignInPayload(viewer=Viewer())

    @field(metadata={**open_to_all, **commits_itself})
    def sign_out(self, info: Info) -> SignOutPayload:
        changed = sessions.sign_out(info.context.request)
        info.context.enter_session()
        return SignOutPayload(changed=changed)

    @mutation(NotFound, InvalidInput)
    def create_api_token(self, info: Info, input: CreateApiTokenInput) -> CreateApiTokenPayload:
        info.context.require_in_view(input.only_customer)
        made = tokens.create(
            actor=info.context.actor,
            name=input.name,
            expires_at=input.expires_at,
            only_customer=input.only_customer,
            maximum_role=input.maximum_role,
        )
        return CreateApiTokenPayload(token=made.secret, api_token=made.api_token)

    @mutation(NotFound)
    def revoke_api_token(self, info: Info, input: RevokeApiTokenInput) -> RevokeApiTokenPayload:
        type_name, key = read_global_id(input.id) or ("", "")
        pk = read_pk(key) if type_name == "ApiToken" else None
        # No token has the key 0, so an invalid id is refused and audited like that of another user's token.
        ended = tokens.revoke(actor=info.context.actor, token_id=pk or 0)
        return RevokeApiTokenPayload(api_token=ended.api_token, changed=ended.changed)
