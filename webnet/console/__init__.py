"""The management console: pages for people, made with Django templates."""
