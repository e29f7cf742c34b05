"""What is stored of a pause, beside what the gate reads anyway."""

from __future__ import annotations

from django.db import models


class Pausable(models.Model):
    """A pause after failures: it holds while `paused_until` is set, which is taken away when the plugin is tried again.

    Only the rows count, and no clock: the gate is then the same in Python, in SQL and under one generation token.
    `pauses_in_a_row` makes the next pause longer; `pause_ended_at` is when the last one ended by itself.
    """

    paused_until = models.DateTimeField(null=True)
    pause_reason = models.TextField(blank=True)
    pauses_in_a_row = models.PositiveIntegerField(default=0)
    pause_ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def is_paused(self) -> bool:
        return self.paused_until is not None
