"""The GraphQL API: one schema at `/graphql/`, and each customer's view of it at `/graphql/<customer>/`.

The files in the order in which they are best read, by what they are about:

door        views, http_requests, csrf, answers, limits, document_size, errors, failures, isolation
a request   context, reading, loaders, guards
schema      schema, webnet_schema, declare, directives, contributions, trial_build, ownership, contributed
one view    visibility, schema_filter, fingerprints
roots       queries, mutations, subscriptions, nodes, types, refusals
lists       listings, filters, orders, connections, keyset, cursors, pages, batches
shown       settings_shown, histories, plans, permission_matrix, surfaces, widgets
streams     events
"""
