"""Elements of the schema that have no resolvers: scalars, enums, node ids, column fields, decorators."""
