"""Commands of the plugin rooms."""
