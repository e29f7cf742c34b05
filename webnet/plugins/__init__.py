"""Plugins: what authors extend, what is stored of them, and the one writer of that, with a room for each concern.

The modules here are doors: `base` and `declarations` for authors, `models` and `tenancy` for rows, `registry` for what
runs in this process, `manager` for every change. The rooms, from the ground up:

kernel      what a plugin is in this process: identified, parsed, checked, ordered
schema      JSON Schema as settings use it
loading     keeps a bad plugin's import, models and migrations from harming the host
settings    layers of settings, stored, sealed and validated
gate        whether a plugin is effective for a customer now
runtime     threads, open requests, serving processes and failures of plugins' code
hooks       what plugins do inside a change, and after it
lifecycle   sync, upgrade, uninstall
health      health checks
changes     what the manager does, a module for each group of verbs
"""
