"""ASGI entry point: `webnet.asgi:application`."""

from webnet.server.asgi.application import application

__all__ = ["application"]
