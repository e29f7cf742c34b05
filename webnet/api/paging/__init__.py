"""Relay connections over keysets; nothing here knows a type of the host, so that the SDK uses it as it is."""
