"""The generated client over HTTP: with a token, retries, and event streams for subscriptions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import httpx
from httpx_sse import EventSource
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    retry_if_result,
    stop_before_delay,
    wait_exponential_jitter,
)

from webnet_report.client.async_base_client import HttpClient, Response
from webnet_report.client.client import Client
from webnet_report.problems import BadTokenError, NotWebnetError, ProblemError, UnreachableError

# An idle event stream has a comment every 15 seconds, so after this time the connection is gone.
SILENCE_SECONDS = 40
# The server says with `Retry-After` when it is worth trying again.
BUSY = {429, 503}
EVENT_STREAM = "text/event-stream"

_backoff = wait_exponential_jitter(initial=0.5, max=15)


class Connection(Client):
    """Sends the documents in `queries/` to webnet.

    While the server is busy or can't be reached, a request is sent again. That is safe, since all of them only read.
    """

    def __init__(self, url: str, *, token: str, patience_seconds: float, note: Callable[[str], None]) -> None:
        """Try for `patience_seconds`; `note` is called with a sentence before each wait."""
        self._http = httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=SILENCE_SECONDS)
        self._note = note
        self._retrying = AsyncRetrying(
            retry=retry_if_exception_type(httpx.TransportError) | retry_if_result(_is_busy),
            wait=_choose_wait,
            stop=stop_before_delay(patience_seconds),
            before_sleep=self._note_wait,
            retry_error_callback=self._give_up,
        )
        # The generated protocol asks for positional arguments that httpx takes by name; they are sent by name.
        super().__init__(url=f"{url.rstrip('/')}/graphql/", http_client=cast("HttpClient", self._http))

    async def execute(
        self, query: str, operation_name: str | None = None, variables: dict[str, Any] | None = None, **kwargs: Any
    ) -> Response:
        """Send a query, which the generated methods do with this. Raises ProblemError."""
        return cast("Response", await self._retrying(super().execute, query, operation_name, variables, **kwargs))

    async def execute_ws(
        self, query: str, operation_name: str | None = None, variables: dict[str, Any] | None = None, **_: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Follow a subscription, which the generated methods do with this, over an event stream instead of WebSocket.

        Raises ProblemError when it ends for good, and httpx.TransportError when its connection is lost.
        """
        given = self._convert_dict_to_json_serializable(variables or {})
        body = {"query": query, "operationName": operation_name, "variables": given}
        response: httpx.Response = await self._retrying(self._open_stream, body)
        try:
            if not _is_stream(response):
                self.get_data(response)  # raises why no stream was opened
                raise NotWebnetError(f"What answers at {self.url} does not send event streams.")
            async for event in EventSource(response).aiter_sse():
                if event.event == "complete":
                    return
                yield self._read_body(event.json())
        finally:
            await response.aclose()

    def get_data(self, response: Response) -> dict[str, Any]:
        """The data in an answer. Raises ProblemError."""
        try:
            body = response.json()
        except ValueError:
            body = None
        return self._read_body(body)

    def _read_body(self, body: Any) -> dict[str, Any]:
        if not isinstance(body, dict) or not body.keys() & {"data", "errors"}:
            raise NotWebnetError(f"What answers at {self.url} is not webnet.")
        if errors := body.get("errors"):
            code = errors[0].get("extensions", {}).get("code", "without a code")
            message = errors[0]["message"]
            if code == "UNAUTHENTICATED":
                raise BadTokenError(f"The token in WEBNET_TOKEN is not accepted: {message}")
            if code == "GRAPHQL_VALIDATION_FAILED":
                raise NotWebnetError(f"The schema at {self.url} is another one; generate the client again: {message}")
            raise ProblemError(f"{message} ({code})")
        return cast("dict[str, Any]", body["data"])

    async def _open_stream(self, body: dict[str, Any]) -> httpx.Response:
        request = self._http.build_request("POST", self.url, json=body, headers={"Accept": EVENT_STREAM})
        response = await self._http.send(request, stream=True)
        if not _is_stream(response):
            await response.aread()  # to its end, so that the connection can be used again
        return response

    def _note_wait(self, state: RetryCallState) -> None:
        self._note(f"{self._describe(state)} Trying again in {state.upcoming_sleep:.1f} s.")

    def _give_up(self, state: RetryCallState) -> None:
        raise UnreachableError(
            f"{self._describe(state)} Gave up after {state.seconds_since_start or 0:.0f} s, since the next attempt"
            " would exceed --patience."
        )

    def _describe(self, state: RetryCallState) -> str:
        if state.outcome is not None and (error := state.outcome.exception()) is not None:
            return f"{self.url} can't be reached: {str(error) or type(error).__name__}."
        status = state.outcome.result().status_code if state.outcome is not None else ""
        return f"{self.url} is busy (HTTP status {status})."


def _is_busy(response: httpx.Response) -> bool:
    return response.status_code in BUSY


def _is_stream(response: httpx.Response) -> bool:
    return response.status_code == 200 and response.headers.get("Content-Type", "").startswith(EVENT_STREAM)


def _choose_wait(state: RetryCallState) -> float:
    """What the server asks for, else longer each time."""
    if state.outcome is None or state.outcome.failed:
        return _backoff(state)
    asked = state.outcome.result().headers.get("Retry-After", "")
    return float(asked) if asked.isdecimal() else _backoff(state)  # a proxy may send a date instead
