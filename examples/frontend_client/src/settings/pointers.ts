// Settings as JSON, values in them by JSON Pointers (RFC 6901), and changes as JSON Merge Patches (RFC 7396).

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [name: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isEqual(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => isEqual(item, other[index]));
  }
  if (isObject(one) && isObject(other)) {
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...names].every((name) => isEqual(one[name], other[name]));
  }
  return one === other;
}

/** The changes from one document to the other; what the other lacks is null, so that the layer below applies again. */
export function makePatch(from: JsonObject, to: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[name], to[name]];
    if (isEqual(before, after)) continue;
    if (after === undefined) patch[name] = null;
    else patch[name] = isObject(after) ? makePatch(isObject(before) ? before : {}, after) : after;
  }
  return patch;
}

/** The value at the pointer; undefined if there is none. */
export function getAt(document: JsonObject, pointer: string): Json | undefined {
  let value: Json | undefined = document;
  for (const name of splitPointer(pointer)) value = isObject(value) ? value[name] : undefined;
  return value;
}

/** A copy with this value at the pointer; without one for undefined. */
export function setAt(document: JsonObject, pointer: string, value: Json | undefined): JsonObject {
  const [name = "", ...rest] = splitPointer(pointer);
  const { [name]: before, ...others } = document;
  if (rest.length === 0) return value === undefined ? others : { ...document, [name]: value };
  return { ...document, [name]: setAt(isObject(before) ? before : {}, joinPointer(rest), value) };
}

/** The pointers of all values that differ; arrays are one value, as they are in patches. */
export function findDifferences(one: JsonObject, other: JsonObject, above = ""): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap((name) => {
    const [first, second] = [one[name], other[name]];
    if (isEqual(first, second)) return [];
    const pointer = `${above}${joinPointer([name])}`;
    if (!isObject(first ?? {}) || !isObject(second ?? {})) return [pointer];
    return findDifferences((first ?? {}) as JsonObject, (second ?? {}) as JsonObject, pointer);
  });
}

export function splitPointer(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function joinPointer(names: readonly string[]): string {
  return names.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
