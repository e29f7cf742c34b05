"""A sample plugin: reaches into types of the host and of another plugin in every way there is."""
