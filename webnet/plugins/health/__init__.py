"""Runs plugins' health checks and stores their results; finds problems, and what the keys are needed for."""
