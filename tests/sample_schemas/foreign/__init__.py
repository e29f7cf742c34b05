"""A plugin whose schema is no good: it extends what it does not depend on."""
