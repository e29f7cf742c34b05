"""The URLs for clients that accept an event stream: GraphQL responds with one, all other URLs are the same."""

from django.urls import path

from webnet.api.http.views import graphql_stream_view
from webnet.urls import handler404
from webnet.urls import urlpatterns as other_patterns

__all__ = ["handler404", "urlpatterns"]

urlpatterns = [
    path("graphql/", graphql_stream_view),
    path("graphql/<slug:customer>/", graphql_stream_view),
    *other_patterns,
]
