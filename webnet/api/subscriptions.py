"""What can be followed: the root of subscriptions."""

from __future__ import annotations

import strawberry


@strawberry.type(description="What can be followed.")
class Subscription:
    pass
