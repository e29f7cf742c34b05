"""What holds for all tests of this repository, those of the examples as well."""

pytest_plugins = ["tests.tiers"]
