"""The schema machinery: plugins' contributions, derivation of a viewer's schema, limits of documents."""
