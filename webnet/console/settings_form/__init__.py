"""The form of a JSON Schema: fields to render and what was typed, as the JSON Merge Patch to send. Pure, no database.

A form is a mapping of names to texts, as a browser sends it. `entries` writes one for stored values, `buttons` changes
it, and `tree` reads any: into fields for templates, values, and errors. The names are JSON Pointers: see `names`.
"""
