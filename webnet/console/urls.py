"""The addresses of the console's pages."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from webnet.console.account.overview import show_account
from webnet.console.account.password import change_password
from webnet.console.account.preferences import choose_preferences
from webnet.console.account.tokens import list_tokens, revoke_token
from webnet.console.customers.customers import choose_default, create_customer, list_customers
from webnet.console.customers.invitations import list_invitations, revoke_invitation
from webnet.console.customers.members import list_members, show_member
from webnet.console.customers.overview import show_overview, switch_customer
from webnet.console.customers.permissions import show_permissions
from webnet.console.customers.switcher import list_choices
from webnet.console.customers.tokens import list_customer_tokens, revoke_customer_token
from webnet.console.customers.users import list_users, show_user, switch_user
from webnet.console.dashboard.dashboard import dashboard, unknown_page
from webnet.console.dashboard.plugin_pages import plugin_page
from webnet.console.entrance.invitations import accept_invitation, show_invitation
from webnet.console.entrance.sign_in import sign_in, sign_out
from webnet.console.operations.audit_download import audit_export, customer_audit_export
from webnet.console.operations.audit_log import audit_log, audit_row, customer_audit_log, customer_audit_row
from webnet.console.operations.keys import show_keys
from webnet.console.operations.workers import show_workers
from webnet.console.plugin_settings.history import show_customer_history, show_global_history
from webnet.console.plugin_settings.pages import edit_customer_settings, edit_global_settings
from webnet.console.plugin_settings.reverting import revert_customer_settings, revert_global_settings
from webnet.console.plugins.bulk_switch import list_plugin_customers
from webnet.console.plugins.customer_plugin import (
    show_customer_activity,
    show_customer_contributions,
    show_customer_health,
    show_customer_plugin,
    show_customer_versions,
)
from webnet.console.plugins.lists import list_customer_plugins, list_plugins
from webnet.console.plugins.plugin import (
    show_activity,
    show_contributions,
    show_health,
    show_plugin,
    show_versions,
)
from webnet.console.plugins.switching import switch_customer_plugin, switch_plugin
from webnet.console.start.problems import show_customer_problems, show_problems

PLATFORM = [
    path("", show_problems, name="home"),
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-out/", sign_out, name="sign-out"),
    path("invitations/", accept_invitation, name="invitations"),
    path("invitations/<str:token>/", show_invitation, name="invitation"),
    path("account/", show_account, name="account"),
    path("account/password/", change_password, name="account-password"),
    path("account/preferences/", choose_preferences, name="account-preferences"),
    path("account/tokens/", list_tokens, name="account-tokens"),
    path("account/tokens/revoke/", revoke_token, name="account-revoke-token"),
    path("customers/", list_customers, name="customers"),
    path("switcher/", list_choices, name="switcher"),
    path("users/", list_users, name="users"),
    path("users/<str:username>/", show_user, name="user"),
    path("users/<str:username>/switch/", switch_user, name="user-switch"),
    path("workers/", show_workers, name="workers"),
    path("keys/", show_keys, name="keys"),
    path("audit/", audit_log, name="audit"),
    path("audit/export/", audit_export, name="audit-export"),
    path("audit/<str:row>/", audit_row, name="audit-row"),
    path("plugins/", list_plugins, name="plugins"),
    path("plugins/<slug:plugin>/switch/", switch_plugin, name="plugin-switch"),
    path("plugins/<slug:plugin>/customers/", list_plugin_customers, name="plugin-customers"),
    path("plugins/<slug:plugin>/settings/", edit_global_settings, name="plugin-settings"),
    path("plugins/<slug:plugin>/settings/history/", show_global_history, name="plugin-settings-history"),
    path(
        "plugins/<slug:plugin>/settings/history/<int:revision>/",
        revert_global_settings,
        name="plugin-settings-revert",
    ),
    path("plugins/<slug:plugin>/", show_plugin, name="plugin"),
    path("plugins/<slug:plugin>/contributions/", show_contributions, name="plugin-contributions"),
    path("plugins/<slug:plugin>/health/", show_health, name="plugin-health"),
    path("plugins/<slug:plugin>/activity/", show_activity, name="plugin-activity"),
    path("plugins/<slug:plugin>/versions/", show_versions, name="plugin-versions"),
    path("customers/new/", create_customer, name="customer-new"),
    path("customers/default/", choose_default, name="customer-default"),
]
# Pages that manage a customer are below `manage/`, beside the plugins' own.
CUSTOMER = [
    path("c/<slug:customer>/", dashboard, name="customer"),
    path("c/<slug:customer>/manage/tokens/", list_customer_tokens, name="tokens"),
    path("c/<slug:customer>/manage/tokens/revoke/", revoke_customer_token, name="revoke-customer-token"),
    path("c/<slug:customer>/manage/audit/", customer_audit_log, name="customer-audit"),
    path("c/<slug:customer>/manage/audit/export/", customer_audit_export, name="customer-audit-export"),
    path("c/<slug:customer>/manage/audit/<str:row>/", customer_audit_row, name="customer-audit-row"),
    path("c/<slug:customer>/manage/plugins/", list_customer_plugins, name="customer-plugins"),
    path(
        "c/<slug:customer>/manage/plugins/<slug:plugin>/switch/", switch_customer_plugin, name="customer-plugin-switch"
    ),
    path(
        "c/<slug:customer>/manage/plugins/<slug:plugin>/settings/",
        edit_customer_settings,
        name="customer-plugin-settings",
    ),
    path(
        "c/<slug:customer>/manage/plugins/<slug:plugin>/settings/history/",
        show_customer_history,
        name="customer-plugin-settings-history",
    ),
    path(
        "c/<slug:customer>/manage/plugins/<slug:plugin>/settings/history/<int:revision>/",
        revert_customer_settings,
        name="customer-plugin-settings-revert",
    ),
    path("c/<slug:customer>/manage/problems/", show_customer_problems, name="customer-problems"),
    path("c/<slug:customer>/manage/", show_overview, name="customer-overview"),
    path("c/<slug:customer>/manage/switch/", switch_customer, name="customer-switch"),
    path("c/<slug:customer>/manage/members/", list_members, name="members"),
    path("c/<slug:customer>/manage/members/user/<str:username>/", show_member, name="member"),
    path("c/<slug:customer>/manage/members/invitations/", list_invitations, name="member-invitations"),
    path("c/<slug:customer>/manage/members/invitations/revoke/", revoke_invitation, name="member-invitation-revoke"),
    path("c/<slug:customer>/manage/permissions/", show_permissions, name="permissions"),
    path(
        "c/<slug:customer>/plugins/<slug:plugin>",
        RedirectView.as_view(pattern_name="plugin-pages", query_string=True),
        name="plugin-pages-without-slash",
    ),
    path("c/<slug:customer>/plugins/<slug:plugin>/", plugin_page, name="plugin-pages"),
    path("c/<slug:customer>/plugins/<slug:plugin>/<path:path>", plugin_page, name="plugin-page"),
]
# The pages of a customer's plugin: not `plugins/`, where the plugin's own pages are.
CUSTOMER_PLUGIN = "c/<slug:customer>/manage/plugins/<slug:plugin>"
CUSTOMER += [
    path(f"{CUSTOMER_PLUGIN}/", show_customer_plugin, name="customer-plugin"),
    path(f"{CUSTOMER_PLUGIN}/contributions/", show_customer_contributions, name="customer-plugin-contributions"),
    path(f"{CUSTOMER_PLUGIN}/health/", show_customer_health, name="customer-plugin-health"),
    path(f"{CUSTOMER_PLUGIN}/activity/", show_customer_activity, name="customer-plugin-activity"),
    path(f"{CUSTOMER_PLUGIN}/versions/", show_customer_versions, name="customer-plugin-versions"),
]
# Everything else below a customer's address: it must come last.
REST = [path("c/<slug:customer>/<path:path>", unknown_page, name="customer-unknown")]

urlpatterns = [*PLATFORM, *CUSTOMER, *REST]
