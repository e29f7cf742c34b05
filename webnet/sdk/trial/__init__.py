"""Temporary installations of webnet with certain plugins, for the testing kit and `check_plugin`."""
