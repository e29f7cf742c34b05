"""The console: webnet in a browser, rendered with Django templates.

It is a client of the schema: each page runs a GraphQL document as its user (`webnet/console/documents/`), and shows the
answer. It decides nothing itself.

frame          who looks at which customer, the menu, and the documents that the page runs
entrance       signing in and out, invitations
start          things to do, and GraphiQL in the frame
account        the signed-in person: password, API tokens
customers      customers, their members and permissions, and users
plugins        plugins: lists, one plugin, switching, settings
operations     the audit log, workers and keys
dashboard      a customer's dashboard, and plugins' own pages
settings_form  forms from a JSON Schema
charts         drawings as SVG

The modules beside them are middleware. `urls` has the address of every page.
"""
