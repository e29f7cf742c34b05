"""The table behind the sign-in throttle."""

from django.db import models


class SignInAttempts(models.Model):
    """Attempts within one window, for a username or an address. `key` is a keyed digest, so neither is stored."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "sign-in attempts"

    def __str__(self) -> str:
        return f"{self.key[:8]}…: {self.count}"
