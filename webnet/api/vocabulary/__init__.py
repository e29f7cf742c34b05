"""What the rest of the schema is declared with: scalars, enums, node ids, column fields, decorators."""
