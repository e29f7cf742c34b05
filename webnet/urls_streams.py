"""The addresses as a client sees them that asks for an event stream: GraphQL answers with one, all else as ever."""

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
