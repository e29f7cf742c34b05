"""Plugins: the kernel in pure Python (base to registry), and the state that Django keeps for it (models to manager).

The files in the order in which they are best read, by what they are about:

kernel      declarations, base, identity, reading, manifest, compatibility, resolution, entries, registry
schemas     settings_schema, schema_walk, schema_defaults, schema_mistakes, schema_pruning, merge_patch, json_pointer
loading     loading, isolated_app, listed_twice, failure, model_withdrawal, migration_files, migrating
rows        models, owned_models, deletion, foreign_keys
gate        effectiveness, state_cache, activation, permissions
audit log   audit, refusals, audit_chain, audit_triggers, audit_reading, audit_keys, audit_checkpoints,
            audit_verification, audit_retention, audit_export
settings    layers, secrets, opened_settings, key_files, key_rotation, settings_issues, settings_faults, settings_edits,
            settings_foresight, settings_history
changes     operation, events, hooks, after_hooks, switching, planning, concerned, platform_changes, customer_changes,
            settings_changes, permission_changes
versions    findings, upgrades, moved_layers, sync, uninstall_review, uninstalling, row_export
run time    lanes, health, health_checks, runtime_failures, quarantine, pauses, in_flight, workers
the writer  manager
"""
