"""Signing in and out, the viewer's own password, and API tokens."""

from __future__ import annotations

from datetime import datetime

import strawberry

from webnet.accounts import sessions, tokens
from webnet.api.declarations.fields import field, input_type, object_type
from webnet.api.declarations.mutations import commits_itself, mutation
from webnet.api.request.context import Info, open_to_all
from webnet.api.types.viewer import ApiToken, Viewer
from webnet.api.vocabulary.enums import Role
from webnet.api.vocabulary.node import global_id, read_global_id, read_pk
from webnet.customers import models
from webnet.errors import InvalidInput, NotFound, RateLimited


@input_type
class SignInInput:
    """Who signs in.

    Attributes:
        username: The username.
        password: The password; give it in a variable, so that no log of documents has it.
    """

    username: str
    password: str


@object_type
class SignInPayload:
    """Who is signed in now.

    Attributes:
        viewer: The viewer, with a new session in the response's cookie.
    """

    viewer: Viewer


@object_type
class SignOutPayload:
    """Whether a session has ended.

    Attributes:
        changed: Whether somebody was signed in until now.
    """

    changed: bool
    signed_out_user_id: strawberry.ID | None = strawberry.field(
        description="The id of the user whose session ended; null if nobody was signed in."
    )


@input_type
class ChangePasswordInput:
    """The viewer's passwords.

    Attributes:
        current_password: The password until now; give both in variables, so that no log of documents has them.
        new_password: The password from now on.
    """

    current_password: str
    new_password: str


@object_type
class ChangePasswordPayload:
    """Whose password was changed.

    Attributes:
        viewer: The viewer, with a new key of the same session in the response's cookie.
    """

    viewer: Viewer


@input_type
class CreateApiTokenInput:
    """A new token of the viewer.

    Attributes:
        name: A name that none of the viewer's tokens has.
        expires_at: When it ends by itself; null if never.
        only_customer: The slug of the only customer that it is valid for; null for all of the viewer's.
        maximum_role: The highest role that it has; null for the viewer's own roles.
    """

    name: str
    expires_at: datetime | None = None
    only_customer: str | None = None
    maximum_role: Role | None = None


@object_type
class CreateApiTokenPayload:
    """The new token.

    Attributes:
        api_token: What is known of the token from now on.
    """

    token: str = strawberry.field(description="Shown this once.")
    api_token: models.ApiToken = strawberry.field(graphql_type=ApiToken)


@input_type
class RevokeApiTokenInput:
    """Which token to revoke.

    Attributes:
        id: The global id of the token.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    id: strawberry.ID
    reason: str | None = None


@object_type
class RevokeApiTokenPayload:
    """The token that was revoked.

    Attributes:
        api_token: The token as it is now.
        changed: Whether anything was changed; false if it was so already.
    """

    api_token: models.ApiToken = strawberry.field(graphql_type=ApiToken)
    changed: bool


@strawberry.type
class SessionMutations:
    # Attempts are counted one transaction at a time, and a session that has begun is in the response's cookie.
    @mutation(RateLimited, metadata={**open_to_all, **commits_itself})
    def sign_in(self, info: Info, input: SignInInput) -> SignInPayload:
        """Begins a session, whose cookie is in the response."""
        sessions.sign_in(info.context.request, username=input.username, password=input.password)
        info.context.enter_session()
        return SignInPayload(viewer=Viewer())

    @field(metadata={**open_to_all, **commits_itself})
    def sign_out(self, info: Info) -> SignOutPayload:
        """Ends the session."""
        user_id = info.context.actor.user_id
        changed = sessions.sign_out(info.context.request)
        info.context.enter_session()
        return SignOutPayload(
            changed=changed, signed_out_user_id=global_id("User", user_id) if changed and user_id is not None else None
        )

    # Attempts are counted as at signing in, and the session's new key is in the response's cookie.
    @mutation(InvalidInput, RateLimited, metadata=commits_itself)
    def change_password(self, info: Info, input: ChangePasswordInput) -> ChangePasswordPayload:
        """Changes the viewer's own password; other sessions end, API tokens stay. Not with an API token."""
        sessions.change_password(
            info.context.request,
            actor=info.context.actor,
            current=input.current_password,
            new=input.new_password,
        )
        info.context.enter_session()
        return ChangePasswordPayload(viewer=Viewer())

    @mutation(NotFound, InvalidInput)
    def create_api_token(self, info: Info, input: CreateApiTokenInput) -> CreateApiTokenPayload:
        """Makes a token for the viewer; its secret is in the answer, and never shown again."""
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
        """Ends a token of the viewer at once. Admins of a customer can end those that are valid for it alone, and
        platform operators all.
        """
        type_name, key = read_global_id(input.id) or ("", "")
        pk = read_pk(key) if type_name == "ApiToken" else None
        # No token has the key 0, so an invalid id is refused and audited like that of another user's token.
        ended = tokens.revoke(actor=info.context.actor, token_id=pk or 0, reason=input.reason)
        return RevokeApiTokenPayload(api_token=ended.api_token, changed=ended.changed)
