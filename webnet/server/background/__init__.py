"""The threads of a serving process beside its requests: they keep watch, do what is due, and pause what fails.

heartbeat     says that the process lives, and does what is due every few seconds
upkeep        looks after plugins' health and the audit log, in one process at a time
quarantine    adds up what plugins fail in all processes
watchdog      notices hung requests, and replaces the worker
hung_plugins  finds the plugin that a thread hangs in, and pauses it
"""
