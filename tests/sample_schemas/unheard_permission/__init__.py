"""A plugin whose schema is no good: a field of it asks for a permission that is not declared."""
