"""Makes Django load plugins in isolation, so that a broken one affects only itself.

installed_apps      adds the plugins to INSTALLED_APPS, each with an AppConfig that contains its failures
app_config          that AppConfig: sets the plugin aside if its models, migrations, checks or `ready()` fail
imports             imports the template tags and admin pages of a plugin
snapshots           puts back what a plugin changes of others while it is loaded, as these three find it:
process_state       what belongs to the process, such as streams, signal handlers, logging and the environment
django_state        what is registered with Django, and its settings
host_code           functions and classes of the host
model_withdrawal    removes a plugin's models from Django's registry again
django_checks       finds models that Django rejects, and turns the plugins' own checks into warnings
migration_files     hides the migrations of plugins whose migration files can't be loaded
missing_migrations  finds migrations that are not applied, and changes of models that are in no migration
migrations          runs each plugin's migrations separately
"""
