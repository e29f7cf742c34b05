"""Why the body of a request is refused."""

from __future__ import annotations

from webnet.errors import RequestError


class BodyRefused(RequestError):
    """The body of a request can't be taken, so nothing was begun; what is left of it may still come."""

    status: int


class BodyTooSlow(BodyRefused):
    """The body of the request did not come in time."""

    code = "BODY_TOO_SLOW"
    status = 408

    def __init__(self) -> None:
        super().__init__("The body of the request came too slowly: send it again, over a faster connection.")


class BodyTooLarge(BodyRefused):
    """The body of the request is larger than what its address takes."""

    code = "BODY_TOO_LARGE"
    status = 413

    def __init__(self, largest: int) -> None:
        super().__init__(f"The body is larger than {largest} bytes.")


class BodyIncomplete(BodyRefused):
    """The body of the request ended too early, or its chunks make no sense."""

    code = "BAD_REQUEST"
    status = 400

    def __init__(self) -> None:
        super().__init__("The body is incomplete.")
