"""The URLs of GraphQL for clients that accept an event stream; all other URLs are those of `webnet.urls`."""

from django.urls import path

from webnet.api.http.views import graphql_stream_view
from webnet.urls import handler404

__all__ = ["handler404", "urlpatterns"]

urlpatterns = [
    path("graphql", graphql_stream_view),
    path("graphql/", graphql_stream_view),
    path("graphql/<slug:customer>", graphql_stream_view),
    path("graphql/<slug:customer>/", graphql_stream_view),
]
