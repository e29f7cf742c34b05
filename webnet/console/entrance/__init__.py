"""How people come in: signing in and out, and invitations."""
