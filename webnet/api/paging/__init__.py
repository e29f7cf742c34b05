"""Relay connections over keysets; no type of the host is used here, so the SDK uses them as they are."""
