"""The schema machinery: plugins' contributions, derivation of a viewer's schema, isolation of failures, limits."""
