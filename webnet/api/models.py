"""The table of trusted documents, which requests name by their ids."""

from __future__ import annotations

from django.db import models

# Of an application's name.
LONGEST_NAME = 100


class TrustedDocument(models.Model):
    """A document that the operator trusts an application with. `digest` is the SHA-256 of `text`, in hexadecimal.

    Rows are added and deleted, and never changed. They belong to the platform: a document says nothing of customers.
    """

    application = models.CharField(max_length=LONGEST_NAME)
    digest = models.CharField(max_length=64)
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("application", "digest")
        # In this order, so that the index also finds a document by its digest alone.
        constraints = (models.UniqueConstraint(fields=["digest", "application"], name="trusted_once_per_application"),)

    def __str__(self) -> str:
        return f"{self.application}: sha256:{self.digest}"
