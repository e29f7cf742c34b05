"""The conformance check behind `manage.py check_plugin`: graded rules, on a throw-away webnet.

findings       rules with their grades, and what a check found
running        starts the check in an interpreter of its own, and reads its report
inside         what runs there: the rules in order, each on what those before it left standing
subject        the plugin that is checked
world          two customers with it
declared       rules on what the plugin says of itself: loading, metadata, settings
documented     rules on what its readers find
stored         rules on its models: migrations and tenancy
lived          rules on its hooks and its health
drawn          rules on its widgets and pages
asked          rules on its GraphQL: failing, growing and leaking answers
followed       the same of its subscriptions: failing and leaking events
"""
