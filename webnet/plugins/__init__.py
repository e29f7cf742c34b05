"""Plugins: what authors extend, what is stored about them, and the manager through which all changes go.

The modules here are the entry points: `base` and `declarations` for authors, `models` and `tenancy` for tables,
`registry` for the plugins of this process, `manager` for every change. The packages, from the bottom up:

kernel      what a plugin is in this process: identified, parsed, checked, ordered
schema      JSON Schema as settings use it
loading     loads plugins into Django so that a broken one affects only itself
settings    layers of settings: stored, encrypted, validated
gate        whether a plugin is effective for a customer now
runtime     threads, open requests, worker processes, and failures of plugins' code
hooks       calls plugins' hooks within a change and after it
lifecycle   sync, upgrade, uninstall
health      health checks
changes     the manager's operations, a module for each group
"""
