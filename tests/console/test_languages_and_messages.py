"""Languages and messages are Django's, for less of what each request pays."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.conf.urls.i18n import is_language_prefix_patterns_used
from django.contrib.messages import get_messages, success
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.test import RequestFactory
from django.utils import translation

from webnet.console.languages_and_messages import LanguageMiddleware, MessageStorage


def make_request(path: str = "/", **sent: str) -> HttpRequest:
    request = RequestFactory().get(path, headers={"Accept-Language": sent.get("accept", "")})
    request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = sent.get("cookie", "")
    return request


@pytest.mark.parametrize("path", ["/", "/graphql/acme/", "/de/", "/c/de/"])
@pytest.mark.parametrize("accept", ["", "de", "fr-ca,de;q=0.5", "x" * 5_000, "*", "tlh"])
@pytest.mark.parametrize("cookie", ["", "pt-br", "nonsense"])
@pytest.mark.parametrize("status", [200, 404])
def test_the_language_is_the_one_that_django_finds(path: str, accept: str, cookie: str, status: int) -> None:
    seen = []
    with translation.override("it"):
        for middleware in (LocaleMiddleware, LanguageMiddleware):
            request = make_request(path, accept=accept, cookie=cookie)
            response = middleware(lambda _: HttpResponse(status=status))(request)
            seen.append((request.LANGUAGE_CODE, translation.get_language(), dict(response.headers)))

    assert seen[0] == seen[1]


@pytest.mark.parametrize("urls", ["webnet.urls", "webnet.urls_streams"])
def test_no_address_begins_with_a_language(urls: str) -> None:
    assert is_language_prefix_patterns_used(urls) == (False, False)


def test_no_address_is_searched_for_a_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translation, "get_language_from_path", None)

    with translation.override("it"):
        response = LanguageMiddleware(lambda _: HttpResponse())(make_request(accept="de"))

    assert response.headers["Content-Language"] == "de"


def open_messages(request: HttpRequest) -> MessageStorage:
    request.session = SessionBase()
    storage = request._messages = MessageStorage(request)
    return storage


def test_cookie_and_session_are_opened_once_and_only_for_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[HttpRequest] = []

    def open_cookie(request: HttpRequest) -> CookieStorage:
        opened.append(request)
        return CookieStorage(request)

    monkeypatch.setattr(MessageStorage, "storage_classes", [open_cookie])
    storage = open_messages(make_request())
    storage.update(HttpResponse())
    assert opened == []

    storage.add(20, "Saved.")
    storage.update(HttpResponse())
    assert len(opened) == 1


def test_a_message_is_shown_with_the_next_page() -> None:
    request, response = make_request(), HttpResponse()
    storage = open_messages(request)
    success(request, "Saved.")
    storage.update(response)

    following = make_request()
    following.COOKIES[CookieStorage.cookie_name] = response.cookies[CookieStorage.cookie_name].value
    open_messages(following)

    assert [str(each) for each in get_messages(following)] == ["Saved."]
