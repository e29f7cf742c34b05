"""The roles of members."""

from django.db import models


class Role(models.TextChoices):
    """Each role includes the previous ones: a viewer reads, an operator configures, an admin manages members."""

    VIEWER = "viewer", "Viewer"
    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def includes(self, other: "Role") -> bool:
        """Whether this role allows everything that `other` does."""
        return self.rank >= other.rank

    def capped(self, maximum: "Role | None") -> "Role":
        """This role, or `maximum` if that is lower."""
        return maximum if maximum is not None and not maximum.includes(self) else self
