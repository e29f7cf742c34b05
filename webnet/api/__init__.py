"""The GraphQL API: one schema at `/graphql/`, and each customer's view of it at `/graphql/<customer>/`.

The packages, from the bottom up:

vocabulary    what the rest is declared with: scalars, enums, node ids
paging        Relay connections over keysets
declarations  how types, connections, filters, orders and mutations are declared, here and in `webnet.sdk.graphql`
values        small value types that resolvers build
request       who asks, in which view, what was already read
engine        the schema machinery: contributions, derivation, limits
execution     how fields are executed: prepared once, called directly, and confined where they are a plugin's
resolvers     which rows and values a field shows to this viewer
types         the host's GraphQL types that have resolvers
events        follows the audit log for subscriptions, and sends them as server-sent events
operations    the roots: queries, mutations, subscriptions
superset      the schema with all plugins at once, and clients' documents checked against it
documents     trusted documents, which requests name by their ids: read from a file, stored, and found
http          from Django's request to its response

`schema` builds the full schema, `visibility` finds the one that a viewer sees, and `errors` and `responses` are used by
all of them. `strawberry_internals` has every private name of Strawberry and graphql-core.
"""
