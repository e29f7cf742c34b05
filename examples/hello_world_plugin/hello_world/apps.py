"""The plugin as a Django app, as any other."""

from django.apps import AppConfig


class HelloWorldConfig(AppConfig):
    """Only needed to say more than the defaults do; here, a name to read."""

    name = "hello_world"
    verbose_name = "Hello World"
