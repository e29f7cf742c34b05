"""The plugin as a Django app."""

from django.apps import AppConfig


class HelloWorldConfig(AppConfig):
    """Optional: without it, Django uses defaults. Here it sets a readable name."""

    name = "hello_world"
    verbose_name = "Hello World"
