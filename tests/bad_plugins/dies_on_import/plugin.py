"""Never comes to this."""
