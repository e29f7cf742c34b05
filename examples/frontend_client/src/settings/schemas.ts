// What a settings schema says of one value: its title, and whether it is a secret.
import type { RJSFSchema } from "@rjsf/utils";

import { isObject, type Json, type JsonObject, splitPointer } from "./pointers";

/** The titles along the pointer: “Tokens by host: core-1”. */
export function titleOf(schema: RJSFSchema, pointer: string): string {
  const names = splitPointer(pointer);
  return names
    .map((name, index) => {
      const found = find(schema, names.slice(0, index + 1));
      // Of many under one title, each has its own name.
      return found?.isNamed && typeof found.schema.title === "string" ? found.schema.title : name;
    })
    .join(": ");
}

/** Whether it is never shown; a value that the schema does not describe is not, either. */
export function isSecret(schema: RJSFSchema, pointer: string): boolean {
  const found = find(schema, splitPointer(pointer));
  return found === null || found.schema.writeOnly === true;
}

export function describeValue(value: Json | undefined): string {
  if (value === undefined || value === null) return "not set";
  if (value === true) return "yes";
  if (value === false) return "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function find(schema: RJSFSchema, names: readonly string[]): { schema: JsonObject; isNamed: boolean } | null {
  let found = { schema: schema as JsonObject, isNamed: true };
  for (const name of names) {
    const { properties, additionalProperties } = found.schema;
    const named = isObject(properties) ? properties[name] : undefined;
    if (isObject(named)) found = { schema: named, isNamed: true };
    else if (isObject(additionalProperties)) found = { schema: additionalProperties, isNamed: false };
    else return null;
  }
  return found;
}
