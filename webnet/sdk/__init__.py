"""What plugin authors import, besides `webnet.plugins.base`; nothing else of webnet is public.

models      CustomerOwnedModel, GlobalModel
graphql     types, fields, connections, mutations and subscriptions, scoped to the customer by default
context     PluginContext: the customer, its settings, permissions and audited operations
errors      the refusals that a mutation may raise
testing     a pytest plugin for plugins' own tests
"""
