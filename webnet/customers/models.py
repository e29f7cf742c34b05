"""Users, customers, memberships with their roles, invitations, and API tokens."""

from __future__ import annotations

import re
import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from webnet.values.row_models import RowModel

SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?\Z"


# The same as of Django's own users.
USERNAME_PATTERN = UnicodeUsernameValidator.regex


def is_username(text: str) -> bool:
    """Whether this can be a username: up to 150 letters, digits and characters of @.+-_"""
    return len(text) <= 150 and re.search(USERNAME_PATTERN, text) is not None


def is_slug(text: str) -> bool:
    """Whether this can be a customer's slug: up to 50 characters of a-z, 0-9 and '-', with no '-' at either end."""
    return re.search(SLUG_PATTERN, text) is not None


class Role(models.TextChoices):
    """Each role includes the previous ones: a viewer reads, an operator configures, an admin manages members.

    Attributes:
        VIEWER: Reads.
        OPERATOR: Also switches and configures plugins.
        ADMIN: Also manages members, invitations and permissions.
    """

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def includes(self, other: Role) -> bool:
        """Whether this role allows everything that `other` does."""
        return self.rank >= other.rank

    def capped(self, maximum: Role | None) -> Role:
        """This role, or `maximum` if that is lower."""
        return maximum if maximum is not None and not maximum.includes(self) else self


class UserManager(BaseUserManager["User"]):
    """Creates users for Django's `createsuperuser`, which makes the first one.

    Everything else goes through `webnet.accounts`, which audits.
    """

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(username, password, **{**fields, "is_staff": True, "is_superuser": True})


class User(AbstractBaseUser, PermissionsMixin, RowModel):
    """Somebody who can sign in; a superuser is a platform operator. Users are deactivated, never deleted."""

    username = models.CharField(
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": "A user with that username already exists."},
    )
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May look into the Django admin.")
    date_joined = models.DateTimeField(default=timezone.now)
    # Null in rows that code without the column has added, during a rolling restart.
    updated_at = models.DateTimeField(auto_now=True, null=True)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def get_full_name(self) -> str:
        return self.name or self.username

    def get_short_name(self) -> str:
        return self.username


class Customer(RowModel):
    """A tenant. Its slug is part of addresses and never changes. Customers are deactivated, or purged by command."""

    slug = models.CharField(max_length=50, unique=True, validators=[RegexValidator(SLUG_PATTERN)])
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # As that of users.
    updated_at = models.DateTimeField(auto_now=True, null=True)

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.slug


class Membership(RowModel):
    """One user's role for one customer, which is the default of those who have several."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    # With a default in the database: during a rolling restart, code that does not know the column adds members.
    is_default = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "customer"], name="one_membership_per_customer"),
            models.UniqueConstraint(fields=["user"], condition=Q(is_default=True), name="one_default_per_user"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} in {self.customer_id} as {self.role}"


class Invitation(RowModel):
    """An offer of a role to whoever has this username or email address; of its token only the digest is stored."""

    # Not a number, which would tell one customer how many invitations the others make.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices)
    email = models.EmailField(blank=True)
    username = models.CharField(max_length=150, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    # Null for an invitation by a command.
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(email="", username__gt="") | Q(email__gt="", username=""),
                name="invitation_names_one_person",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(revoked_at=None), name="invitation_is_accepted_or_revoked"
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)


class ApiToken(RowModel):
    """A token for programs. Only its digest is stored; people recognise it by its `prefix`."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    only_customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    maximum_role = models.CharField(max_length=10, choices=Role.choices, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "name"], name="one_token_name_per_user"),)

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"
