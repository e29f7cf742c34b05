"""The signed-in person's own pages: who they are, their password and their API tokens."""
