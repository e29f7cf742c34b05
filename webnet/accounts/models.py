"""What signing in needs to remember: how often it was tried lately."""

from django.db import models


class SignInAttempts(models.Model):
    """Tries within one window, for one username or one address; `key` is a keyed digest, so neither is stored."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "sign-in attempts"

    def __str__(self) -> str:
        return f"{self.key[:8]}…: {self.count}"
