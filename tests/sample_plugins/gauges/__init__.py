"""A plugin for tests: gauges, with a column of every kind."""
