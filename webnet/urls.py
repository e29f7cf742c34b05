"""Every address of webnet; `urls_streams` puts the event streams in front of these."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from webnet.accounts.admin import own_password
from webnet.api.http.views import graphql_view
from webnet.console.customer_pages import dashboard, nowhere
from webnet.console.plugin_pages import plugin_page
from webnet.console.views import home, sign_in, sign_out
from webnet.server.views import healthz, readyz

urlpatterns = [
    path("", home, name="home"),
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-out/", sign_out, name="sign-out"),
    path("c/<slug:customer>/", dashboard, name="customer"),
    path(
        "c/<slug:customer>/plugins/<slug:plugin>", RedirectView.as_view(pattern_name="plugin-pages", query_string=True)
    ),
    path("c/<slug:customer>/plugins/<slug:plugin>/", plugin_page, name="plugin-pages"),
    path("c/<slug:customer>/plugins/<slug:plugin>/<path:path>", plugin_page),
    path("c/<slug:customer>/<path:path>", nowhere),
    path("graphql/", graphql_view, name="graphql"),
    path("graphql/<slug:customer>/", graphql_view, name="graphql-customer"),
    path("admin/password_change/", admin.site.admin_view(own_password)),
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]

handler404 = "webnet.console.customer_pages.not_found"
