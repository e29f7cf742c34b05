"""Serves webnet: settings from the environment, the ASGI application, worker processes and their watchdog."""
