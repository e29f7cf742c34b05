"""A small HTTP client for tests that keeps cookies and the CSRF token as a browser does."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Requests to one server; a refusal is an answer like any other."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies)
        )

    @property
    def csrf_token(self) -> str:
        return next((cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken"), "")

    def send(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        request = urllib.request.Request(f"{self.base_url}{path}", data=body, headers=headers or {}, method=method)
        try:
            with self._opener.open(request, timeout=120) as response:
                return Answer(response.status, _lower(response.headers), response.read(), response.url)
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, _lower(refused.headers), refused.read(), refused.url or "")

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=headers)

    def post_form(self, path: str, **fields: str) -> Answer:
        """A form as a page of ours sends it."""
        body = urlencode({"csrfmiddlewaretoken": self.csrf_token, **fields}).encode()
        return self.send("POST", path, body=body)

    def post_graphql(
        self, query: str, *, path: str = "/graphql/", headers: dict[str, str] | None = None, **variables: Any
    ) -> Answer:
        """A GraphQL operation as GraphiQL sends it."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        sent = {"Content-Type": "application/json", "X-CSRFToken": self.csrf_token, **(headers or {})}
        return self.send("POST", path, body=body, headers=sent)

    def sign_in(self, username: str, password: str) -> Answer:
        self.get("/sign-in/")
        return self.post_form("/sign-in/", username=username, password=password)


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
