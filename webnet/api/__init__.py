"""The GraphQL API: one schema at `/graphql/`, and each customer's view of it at `/graphql/<customer>/`.

The packages, from the bottom up:

vocabulary  schema elements without resolvers: scalars, enums, node ids
values      small value types that resolvers build
paging      Relay connections over keysets
request     the viewer, the view, and what was read already for the request
engine      the schema machinery: contributions, derivation, isolation, limits
resolvers   which rows and values a field shows to the viewer
types       the host's GraphQL types that have resolvers
events      follows the audit log for subscriptions, which are sent as server-sent events
operations  the root types: queries, mutations, subscriptions
http        from Django's request to its response

`schema` builds the full schema, `visibility` finds the one that a viewer sees, and `errors` and `responses` are used by
all of them. `strawberry_internals` has every private name of Strawberry and graphql-core.
"""
