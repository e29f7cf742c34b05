// Writes what graphcache needs to know of the schema: types, fields, and which of them may be null. A type is a line.
import { minifyIntrospectionQuery } from "@urql/introspection";
import { introspectionFromSchema } from "graphql";

export function plugin(schema) {
  const { __schema } = minifyIntrospectionQuery(introspectionFromSchema(schema, { descriptions: false }));
  const { types, ...rest } = __schema;
  const lines = types.map((type) => JSON.stringify(type)).join(",\n");
  return `{"__schema": ${JSON.stringify(rest).slice(0, -1)}, "types": [\n${lines}\n]}}\n`;
}
