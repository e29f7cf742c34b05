"""A throw-away webnet with the plugins that are looked at: for the testing kit, and for `check_plugin`.

environment  what it is told, so that nothing of the caller's own webnet reaches it
processes    interpreters of its own
leash        ends such an interpreter with whoever has started it
house        its customers, people and plugins
client       GraphQL, inside a process or over the network
documents    what there is to ask of a plugin
traces       what gives a customer's rows away
"""
