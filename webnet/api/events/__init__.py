"""Subscriptions over server-sent events, and the audit log as a stream of events."""
