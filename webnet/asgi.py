"""ASGI entry point: `webnet.asgi:application`."""

from webnet.server.asgi_application import application

__all__ = ["application"]
