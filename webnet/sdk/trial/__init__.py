"""A temporary webnet with the plugins under test: for the testing kit, and for `check_plugin`.

The modules, from the bottom up:

environment     the environment of a webnet under test, so that nothing of the caller's own webnet reaches it
processes       interpreters of their own
leash           ends such an interpreter together with the process that started it
client          GraphQL clients, inside a process or over the network
fixtures_data   customers, users and plugins, created with webnet's own functions
prepare         creates the tables and users of a webnet that `boot()` starts
rows            rows of a plugin's models
samples         values for required arguments
selections      selections of as many fields as one document may have
documents       a document for each root field, node and addition of a plugin
traces          how to recognise a customer's rows in a response
"""
