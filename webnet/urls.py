"""Every address of webnet; `urls_streams` puts the event streams in front of these."""

from django.contrib import admin
from django.urls import path

from webnet.api.views import graphql_view
from webnet.console.views import home, sign_in, sign_out
from webnet.server.views import healthz, readyz

urlpatterns = [
    path("", home, name="home"),
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-out/", sign_out, name="sign-out"),
    path("graphql/", graphql_view, name="graphql"),
    path("graphql/<slug:customer>/", graphql_view, name="graphql-customer"),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
