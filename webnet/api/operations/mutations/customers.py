"""Customers, users and who belongs where."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import strawberry
from strawberry import UNSET

from webnet.accounts import customers, members, users
from webnet.api.operations.mutations.inputs import given
from webnet.api.request.context import Info
from webnet.api.types.customer import Customer
from webnet.api.types.refusals import InvalidInput, NotFound, PermissionDenied
from webnet.api.types.user import User
from webnet.api.types.viewer import Membership
from webnet.api.vocabulary.declare import mutation
from webnet.api.vocabulary.enums import Role
from webnet.customers import models


@strawberry.input(description="A new tenant; the slug never changes.")
class CreateCustomerInput:
    slug: str
    name: str
    reason: str | None = UNSET


@strawberry.type(description="The new tenant.")
class CreateCustomerPayload:
    customer: models.Customer | None = strawberry.field(graphql_type=Customer)


CreateCustomerResult: TypeAlias = Annotated[
    CreateCustomerPayload | PermissionDenied | InvalidInput,
    strawberry.union("CreateCustomerResult", description="How createCustomer ends."),
]


@strawberry.input(description="What is left out stays.")
class UpdateCustomerInput:
    customer: str
    name: str | None = UNSET
    is_active: bool | None = UNSET
    reason: str | None = UNSET


@strawberry.type(description="The tenant as it is now.")
class UpdateCustomerPayload:
    customer: models.Customer | None = strawberry.field(graphql_type=Customer)
    changed: bool


UpdateCustomerResult: TypeAlias = Annotated[
    UpdateCustomerPayload | PermissionDenied | NotFound | InvalidInput,
    strawberry.union("UpdateCustomerResult", description="How updateCustomer ends."),
]


@strawberry.input(description="Without a password the user can't sign in until one is set; usernames are unique.")
class CreateUserInput:
    username: str
    name: str | None = UNSET
    email: str | None = UNSET
    password: str | None = UNSET
    reason: str | None = UNSET


@strawberry.type(description="The new user.")
class CreateUserPayload:
    user: models.User = strawberry.field(graphql_type=User)


CreateUserResult: TypeAlias = Annotated[
    CreateUserPayload | PermissionDenied | InvalidInput,
    strawberry.union("CreateUserResult", description="How createUser ends."),
]


@strawberry.input(description="Who may do what for a customer.")
class SetMemberInput:
    customer: str
    username: str
    role: Role
    reason: str | None = UNSET


@strawberry.type(description="The member as they are now.")
class SetMemberPayload:
    membership: models.Membership = strawberry.field(graphql_type=Membership)
    changed: bool


SetMemberResult: TypeAlias = Annotated[
    SetMemberPayload | PermissionDenied | NotFound,
    strawberry.union("SetMemberResult", description="How setMember ends."),
]


@strawberry.input(description="Who no longer belongs to a customer.")
class RemoveMemberInput:
    customer: str
    username: str
    reason: str | None = UNSET


@strawberry.type(description="False when they were no member.")
class RemoveMemberPayload:
    changed: bool


RemoveMemberResult: TypeAlias = Annotated[
    RemoveMemberPayload | PermissionDenied | NotFound,
    strawberry.union(
        "RemoveMemberResult",
        description="How removeMember ends; the last admin of a customer can be removed by an operator only.",
    ),
]


@strawberry.type
class CustomerMutations:
    @mutation()
    def create_customer(self, info: Info, input: CreateCustomerInput) -> CreateCustomerResult:  # noqa: A002
        actor = info.context.actor
        made = customers.create(actor=actor, slug=input.slug, name=input.name, reason=given(input.reason))
        info.context.forget()
        return CreateCustomerPayload(customer=info.context.reading.find_new_customer(made))

    @mutation()
    def update_customer(self, info: Info, input: UpdateCustomerInput) -> UpdateCustomerResult:  # noqa: A002
        info.context.require_in_view(input.customer)
        change = customers.update(
            actor=info.context.actor,
            customer=input.customer,
            name=given(input.name),
            is_active=given(input.is_active),
            reason=given(input.reason),
        )
        info.context.forget()
        customer = info.context.reading.find_customer(input.customer)
        return UpdateCustomerPayload(customer=customer, changed=change.changed)

    @mutation()
    def create_user(self, info: Info, input: CreateUserInput) -> CreateUserResult:  # noqa: A002
        user = users.create(
            actor=info.context.actor,
            username=input.username,
            name=given(input.name),
            email=given(input.email),
            password=given(input.password),
            reason=given(input.reason),
        )
        return CreateUserPayload(user=user)

    @mutation(description="Also changes the role of one who is a member already.")
    def set_member(self, info: Info, input: SetMemberInput) -> SetMemberResult:  # noqa: A002
        info.context.require_in_view(input.customer)
        change = members.set(
            actor=info.context.actor,
            customer=input.customer,
            username=input.username,
            role=input.role,
            reason=given(input.reason),
        )
        info.context.forget()
        return SetMemberPayload(membership=change.membership, changed=change.changed)

    @mutation()
    def remove_member(self, info: Info, input: RemoveMemberInput) -> RemoveMemberResult:  # noqa: A002
        info.context.require_in_view(input.customer)
        changed = members.remove(
            actor=info.context.actor,
            customer=input.customer,
            username=input.username,
            reason=given(input.reason),
        )
        # The viewer may have removed themselves: what they saw until now they see no more.
        info.context.forget()
        return RemoveMemberPayload(changed=changed)
