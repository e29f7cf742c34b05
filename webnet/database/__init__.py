"""What is true of any database and any app: outages, foreign keys, and deleting a row with all that refers to it."""
