"""The public API for plugins: import this package and `webnet.plugins.base`, and nothing else of webnet.

models      CustomerOwnedModel, GlobalModel
graphql     types, fields, connections, mutations and subscriptions, limited to the customer by default
context     PluginContext: the customer, its settings, permissions and audited operations
errors      the refusals that a mutation can raise
testing     the testing kit, a pytest plugin
"""
