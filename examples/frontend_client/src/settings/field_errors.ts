// Places what the server says about values at the fields of the form.
import { type ErrorSchema, ErrorSchemaBuilder } from "@rjsf/utils";

export interface Fault {
  /** From the argument to the value: `["input", "settings", "port"]`. */
  readonly path: readonly string[];
  readonly message: string;
}

const SETTINGS = ["input", "settings"];

/** rjsf shows each message at the field with this path; what is about no single field is at the form. */
export function placeFaults(faults: readonly Fault[]): ErrorSchema {
  const builder = new ErrorSchemaBuilder();
  for (const { path, message } of faults) {
    const isSetting = SETTINGS.every((name, index) => path[index] === name);
    builder.addErrors(message, isSetting ? path.slice(SETTINGS.length) : []);
  }
  return builder.ErrorSchema;
}
