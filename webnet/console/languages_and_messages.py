"""Django's languages and messages for pages, without what each request would pay for and no address of webnet needs."""

from __future__ import annotations

from functools import cached_property

from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers


class LanguageMiddleware(LocaleMiddleware):
    """Django's, for addresses that do not begin with a language: it would look for one twice in each of them."""

    def process_request(self, request: HttpRequest) -> None:
        """Use the language of the cookie or of the header `Accept-Language`."""
        translation.activate(translation.get_language_from_request(request))
        request.LANGUAGE_CODE = translation.get_language()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:  # noqa: ARG002 - the signature is Django's
        """Say which language it is, and that it depends on what was sent."""
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", translation.get_language())
        return response


class MessageStorage(FallbackStorage):
    """Django's, which opens the cookie and the session when a message is read or added, and not before."""

    def __init__(self, request: HttpRequest) -> None:
        BaseStorage.__init__(self, request)
        self._used_storages: set[BaseStorage] = set()

    @cached_property
    def storages(self) -> list[BaseStorage]:
        """Where messages may be stored, in this order."""
        return [kind(self.request) for kind in self.storage_classes]
