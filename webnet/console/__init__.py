"""The management console: pages for people, rendered with Django templates."""
