"""Requests as the views get them: with a session and its user, through Django's own middleware."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from webnet.customers.models import User


def make_request(*, user: User | None = None, bearer: str | None = None, **meta: Any) -> HttpRequest:
    """A POST; with the session of `user`, with a token, and with what else the server says of it."""
    if bearer is not None:
        meta["HTTP_AUTHORIZATION"] = f"Bearer {bearer}"
    request = RequestFactory().post("/graphql/", **meta)
    if user is not None:
        client = Client()
        client.force_login(user)
        request.COOKIES[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
    AuthenticationMiddleware(_answer).process_request(_with_session(request))
    return request


def _with_session(request: HttpRequest) -> HttpRequest:
    SessionMiddleware(_answer).process_request(request)
    return request


def _answer(_: HttpRequest) -> HttpResponse:
    return HttpResponse()
