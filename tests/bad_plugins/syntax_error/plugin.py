"""Is no Python."""

class Plugin(PluginBase:
    name = "syntax_error"
