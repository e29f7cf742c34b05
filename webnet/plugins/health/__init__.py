"""Runs plugins' health checks, and stores their results."""
