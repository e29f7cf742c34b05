"""The console: sign-in, a dashboard per customer, and plugins' pages, rendered with Django templates.

It decides nothing itself: what a viewer sees comes from `webnet.api.resolvers`.
"""
