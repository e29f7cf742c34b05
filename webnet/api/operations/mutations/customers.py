"""Customers, users and memberships."""

from __future__ import annotations

import strawberry

from webnet.accounts import customers, members, users
from webnet.api.declarations.fields import input_type, object_type
from webnet.api.declarations.mutations import mutation
from webnet.api.request.context import Info
from webnet.api.types.customer import Customer
from webnet.api.types.user import User
from webnet.api.types.viewer import Membership, membership_id
from webnet.api.vocabulary.enums import Role
from webnet.customers import models
from webnet.errors import InvalidInput, NotFound


@input_type
class CreateCustomerInput:
    """A new customer.

    Attributes:
        slug: The name in addresses; it is unique, and never changes.
        name: The name for people.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    slug: str
    name: str
    reason: str | None = None


@object_type
class CreateCustomerPayload:
    """The new customer.

    Attributes:
        customer: The new customer.
    """

    customer: models.Customer | None = strawberry.field(graphql_type=Customer)


@input_type
class UpdateCustomerInput:
    """What to change of a customer; what is left out or null stays as it is.

    Attributes:
        customer: The customer's slug.
        name: The new name for people.
        is_active: Whether the customer may use webnet.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    customer: str
    name: str | None = None
    is_active: bool | None = None
    reason: str | None = None


@object_type
class UpdateCustomerPayload:
    """The customer as it is now.

    Attributes:
        customer: The customer as it is now; null if the viewer may not see it any more.
        changed: Whether anything was changed; false if it was so already.
    """

    customer: models.Customer | None = strawberry.field(graphql_type=Customer)
    changed: bool


@input_type
class CreateUserInput:
    """A new user.

    Attributes:
        username: The name to sign in with; it is unique.
        name: The full name.
        email: The email address, which invitations find.
        password: The password; without one, the user can't sign in until it is set.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    username: str
    name: str | None = None
    email: str | None = None
    password: str | None = None
    reason: str | None = None


@object_type
class CreateUserPayload:
    """The new user.

    Attributes:
        user: The new user.
    """

    user: models.User = strawberry.field(graphql_type=User)


@input_type
class UpdateUserInput:
    """Whether a user may use webnet.

    Attributes:
        username: The user's name.
        is_active: Whether the user may sign in, and their sessions and API tokens are accepted.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    username: str
    is_active: bool
    reason: str | None = None


@object_type
class UpdateUserPayload:
    """The user as they are now.

    Attributes:
        user: The user as they are now.
        changed: Whether anything was changed; false if it was so already.
    """

    user: models.User = strawberry.field(graphql_type=User)
    changed: bool


@input_type
class SetMemberInput:
    """Which role a user shall have for a customer.

    Attributes:
        customer: The customer's slug.
        username: The user's name.
        role: The new role.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    customer: str
    username: str
    role: Role
    reason: str | None = None


@object_type
class SetMemberPayload:
    """The membership as it is now.

    Attributes:
        membership: The membership as it is now.
        changed: Whether anything was changed; false if it was so already.
    """

    membership: models.Membership = strawberry.field(graphql_type=Membership)
    changed: bool


@input_type
class RemoveMemberInput:
    """Which user to remove from which customer.

    Attributes:
        customer: The customer's slug.
        username: The user's name.
        reason: Why, for the audit log; at most 1,000 characters of it are kept.
    """

    customer: str
    username: str
    reason: str | None = None


@object_type
class RemoveMemberPayload:
    """Whether a member was removed.

    Attributes:
        changed: Whether the user was a member until now.
    """

    changed: bool
    removed_membership_id: strawberry.ID = strawberry.field(
        description="The id of the membership that no longer exists, also if it did not exist before."
    )


@strawberry.type
class CustomerMutations:
    @mutation(InvalidInput)
    def create_customer(self, info: Info, input: CreateCustomerInput) -> CreateCustomerPayload:
        """Creates a customer; for platform operators."""
        actor = info.context.actor
        made = customers.create(actor=actor, slug=input.slug, name=input.name, reason=input.reason)
        info.context.forget()
        return CreateCustomerPayload(customer=info.context.reading.find_new_customer(made))

    @mutation(NotFound, InvalidInput)
    def update_customer(self, info: Info, input: UpdateCustomerInput) -> UpdateCustomerPayload:
        """Renames, deactivates or reactivates a customer; for platform operators."""
        info.context.require_in_view(input.customer)
        change = customers.update(
            actor=info.context.actor,
            customer=input.customer,
            name=input.name,
            is_active=input.is_active,
            reason=input.reason,
        )
        info.context.forget()
        customer = info.context.reading.find_customer(input.customer)
        return UpdateCustomerPayload(customer=customer, changed=change.changed)

    @mutation(InvalidInput)
    def create_user(self, info: Info, input: CreateUserInput) -> CreateUserPayload:
        """Creates a user without memberships; for platform operators."""
        user = users.create(
            actor=info.context.actor,
            username=input.username,
            name=input.name,
            email=input.email,
            password=input.password,
            reason=input.reason,
        )
        return CreateUserPayload(user=user)

    @mutation(NotFound, InvalidInput)
    def update_user(self, info: Info, input: UpdateUserInput) -> UpdateUserPayload:
        """Deactivates a user, whose sessions and API tokens are not accepted then, or reactivates them; for platform
        operators. Nothing is deleted: roles, tokens and sessions that have not expired count again afterwards.
        """
        change = users.set_active(
            actor=info.context.actor, username=input.username, is_active=input.is_active, reason=input.reason
        )
        info.context.forget()
        return UpdateUserPayload(user=change.user, changed=change.changed)

    @mutation(NotFound)
    def set_member(self, info: Info, input: SetMemberInput) -> SetMemberPayload:
        """Changes the role of a member. Only a platform operator can add somebody: others use inviteMember."""
        info.context.require_in_view(input.customer)
        change = members.set(
            actor=info.context.actor,
            customer=input.customer,
            username=input.username,
            role=input.role,
            reason=input.reason,
        )
        info.context.forget()
        return SetMemberPayload(membership=change.membership, changed=change.changed)

    @mutation(NotFound, ends="How removeMember ends; only a platform operator can remove a customer's last admin.")
    def remove_member(self, info: Info, input: RemoveMemberInput) -> RemoveMemberPayload:
        """Removes a user from a customer; for the customer's admins."""
        info.context.require_in_view(input.customer)
        changed = members.remove(
            actor=info.context.actor,
            customer=input.customer,
            username=input.username,
            reason=input.reason,
        )
        # Viewers may have removed themselves, and then see less from now on.
        info.context.forget()
        removed = membership_id(input.customer, models.User.normalize_username(input.username))
        return RemoveMemberPayload(changed=changed, removed_membership_id=removed)
