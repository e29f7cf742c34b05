"""The conformance check behind `manage.py check_plugin`: graded rules, run on a temporary webnet.

The modules, from the bottom up:

report                  the rules with their grades, and the report of a check
captured_errors         the errors of a plugin that webnet logs, whose texts clients do not see
plugin_under_test       the plugin that is being checked
two_customers           two customers who use the plugin, and what one of them is shown
manifest_rules          rules on what the plugin declares: loading, metadata, settings
documentation_rules     rules on its README and on the descriptions in its schema
contract_rules          rules on what clients rely on: deprecations, and changes since an earlier version
model_rules             rules on its models: migrations and tenancy
hook_rules              rules on its hooks and its health check
blocked_html            what browsers would not run or load in a page's HTML
page_and_widget_rules   rules on its pages and widgets
graphql_rules           rules on its GraphQL: failing, growing and leaking responses
subscription_rules      the same for its subscriptions
child                   runs the rules in order, in an interpreter of their own
run_check               starts that interpreter, and reads its report
"""
