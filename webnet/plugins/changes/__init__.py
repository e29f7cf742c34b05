"""What `PluginManager` can do to stored state: a module for each group of verbs, one transaction for each call."""
