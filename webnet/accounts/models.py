"""The table behind the sign-in throttle."""

from django.db import models


class SignInAttempts(models.Model):
    """Failed attempts for an account, a network, or both. `key` is a keyed digest, so neither is stored.

    All failures are forgiven at `expires_at`: each one moves it by the same time, so it tells how many there are. No
    attempt is accepted until `not_before`.
    """

    key = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)
    not_before = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "sign-in attempts"

    def __str__(self) -> str:
        return f"{self.key[:8]}…: until {self.not_before}"
