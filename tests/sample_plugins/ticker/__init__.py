"""A plugin for tests: ticker, which brings a subscription of its own."""
