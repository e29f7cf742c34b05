"""Plugins' code at run time: its threads, the requests it runs in, the serving processes, and its failures."""
