"""What is true of any database and any app: outages, transient errors, deleting with what hangs on a row."""
