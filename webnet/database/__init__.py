"""What is true of any database and any app: outages, transient errors, deleting a row with all that depends on it."""
