"""The console: sign-in, a dashboard per customer, and plugins' pages, rendered with Django templates."""
