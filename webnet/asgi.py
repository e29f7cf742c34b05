"""ASGI entry point, for servers that are told `webnet.asgi:application`."""

from webnet.server.asgi_application import application

__all__ = ["application"]
