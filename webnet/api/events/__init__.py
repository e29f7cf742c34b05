"""Follows the audit log for subscriptions, and sends their answers as Server-Sent Events."""
