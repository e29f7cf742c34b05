"""Customers, users and memberships."""

from __future__ import annotations

import strawberry

from webnet.accounts import customers, members, users
from webnet.api.declarations.fields import input_type, object_type
from webnet.api.declarations.mutations import mutation
from webnet.api.request.context import Info
from webnet.api.types.customer import Customer
from webnet.api.types.user import User
from webnet.api.types.viewer import Membership
from webnet.api.vocabulary.enums import Role
from webnet.customers import models
from webnet.errors import InvalidInput, NotFound


@input_type
class CreateCustomerInput:
    """A new customer; its slug never changes."""

    slug: str
    name: str
    reason: str | None = None


@object_type
class CreateCustomerPayload:
    """The new tenant."""

    customer: models.Customer | None = strawberry.field(graphql_type=Customer)


@input_type
class UpdateCustomerInput:
    """Fields that are left out stay as they are."""

    customer: str
    name: str | None = None
    is_active: bool | None = None
    reason: str | None = None


@object_type
class UpdateCustomerPayload:
    """The customer as it is now."""

    customer: models.Customer | None = strawberry.field(graphql_type=Customer)
    changed: bool


@input_type
class CreateUserInput:
    """Without a password the user can't sign in until one is set; usernames are unique."""

    username: str
    name: str | None = None
    email: str | None = None
    password: str | None = None
    reason: str | None = None


@object_type
class CreateUserPayload:
    """The new user."""

    user: models.User = strawberry.field(graphql_type=User)


@input_type
class SetMemberInput:
    """A user's role for a customer."""

    customer: str
    username: str
    role: Role
    reason: str | None = None


@object_type
class SetMemberPayload:
    """The membership as it is now."""

    membership: models.Membership = strawberry.field(graphql_type=Membership)
    changed: bool


@input_type
class RemoveMemberInput:
    """The user to remove from a customer."""

    customer: str
    username: str
    reason: str | None = None


@object_type
class RemoveMemberPayload:
    """False if the user was not a member."""

    changed: bool


@strawberry.type
class CustomerMutations:
    @mutation(InvalidInput)
    def create_customer(self, info: Info, input: CreateCustomerInput) -> CreateCustomerPayload:
        actor = info.context.actor
        made = customers.create(actor=actor, slug=input.slug, name=input.name, reason=input.reason)
        info.context.forget()
        return CreateCustomerPayload(customer=info.context.reading.find_new_customer(made))

    @mutation(NotFound, InvalidInput)
    def update_customer(self, info: Info, input: UpdateCustomerInput) -> UpdateCustomerPayload:
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
        user = users.create(
            actor=info.context.actor,
            username=input.username,
            name=input.name,
            email=input.email,
            password=input.password,
            reason=input.reason,
        )
        return CreateUserPayload(user=user)

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
        info.context.require_in_view(input.customer)
        changed = members.remove(
            actor=info.context.actor,
            customer=input.customer,
            username=input.username,
            reason=input.reason,
        )
        # Viewers may have removed themselves, and then see less from now on.
        info.context.forget()
        return RemoveMemberPayload(changed=changed)
