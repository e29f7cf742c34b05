"""What a member may do for a customer."""

from django.db import models


class Role(models.TextChoices):
    """Each role includes the ones before it: a viewer reads, an operator configures, an admin manages members."""

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def includes(self, other: "Role") -> bool:
        """Whether whoever holds this role may do what `other` may."""
        return self.rank >= other.rank

    def capped(self, maximum: "Role | None") -> "Role":
        """This role, or `maximum` where that is lower."""
        return maximum if maximum is not None and not maximum.includes(self) else self
