"""The limit: plain Django views over webnet's tables, with neither a framework nor a sign-in."""
