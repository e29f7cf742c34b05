"""webnet: a multi-tenant GraphQL service that is extended by plugins.

The packages, from the bottom up; imports go down only (see the contracts in `pyproject.toml`):

errors      every refusal: its code, its sentence, its data
contract    what may change in a schema, and when
containment calls code that is not webnet's, and reports what it raised
storable_values  what texts, numbers and JSON may be, wherever webnet takes some
customers   users, customers, memberships and roles, and who may do what
audit       the audited transaction around every change, and the hash-chained log
database    outages, foreign keys, and deleting a row with all that refers to it
accounts    sign-in, tokens, customers, members: the audited writers of identity
plugins     the plugins of this process, what is stored about them, and the manager that changes it
api         the GraphQL API
sdk         what plugin authors import: models, GraphQL, testing kit, checks
backup      backups of the whole database, and restoring them
console     the HTML pages: start page, dashboards, pages of plugins
server      how webnet is started and served

`django_internals`, `api/strawberry_internals` and `server/granian_workers` hold the private names of libraries.
"""

__version__ = "0.1.0"
