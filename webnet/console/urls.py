"""The addresses of the console's pages."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from webnet.console.customers.customers import list_customers
from webnet.console.dashboard.dashboard import dashboard, unknown_page
from webnet.console.dashboard.plugin_pages import plugin_page
from webnet.console.entrance.invitations import accept_invitation, show_invitation
from webnet.console.entrance.sign_in import sign_in, sign_out
from webnet.console.start.problems import show_problems

PLATFORM = [
    path("", show_problems, name="home"),
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-out/", sign_out, name="sign-out"),
    path("invitations/", accept_invitation, name="invitations"),
    path("invitations/<str:token>/", show_invitation, name="invitation"),
    path("customers/", list_customers, name="customers"),
]
# Pages that manage a customer are below `manage/`, beside the plugins' own.
CUSTOMER = [
    path("c/<slug:customer>/", dashboard, name="customer"),
    path(
        "c/<slug:customer>/plugins/<slug:plugin>",
        RedirectView.as_view(pattern_name="plugin-pages", query_string=True),
        name="plugin-pages-without-slash",
    ),
    path("c/<slug:customer>/plugins/<slug:plugin>/", plugin_page, name="plugin-pages"),
    path("c/<slug:customer>/plugins/<slug:plugin>/<path:path>", plugin_page, name="plugin-page"),
]
# Everything else below a customer's address: it must come last.
REST = [path("c/<slug:customer>/<path:path>", unknown_page, name="customer-unknown")]

urlpatterns = [*PLATFORM, *CUSTOMER, *REST]
