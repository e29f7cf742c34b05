"""The words of the schema that need no resolver: scalars, enums, node ids, column fields, decorators."""
