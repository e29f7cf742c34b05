"""The conformance check behind `manage.py check_plugin`: graded rules, checked on a temporary webnet.

`run_check` starts an interpreter, which runs `child`: it checks the rules of the modules `*_rules` in order, on a
`plugin_under_test` with `two_customers`, and writes a `report`.
"""
