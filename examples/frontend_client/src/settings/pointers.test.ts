import { expect, test } from "vitest";

import { getAt, makePatch, setAt } from "./pointers";

test("a patch has what has changed, and null for what is gone", () => {
  const before = { a: 1, b: { c: 1, d: 2 }, list: [1, 2], same: [{ x: 1 }] };
  const after = { a: 2, b: { c: 1 }, list: [2], same: [{ x: 1 }], fresh: { key: "value" } };

  expect(makePatch(before, after)).toEqual({ a: 2, b: { d: null }, list: [2], fresh: { key: "value" } });
  expect(makePatch(before, before)).toEqual({});
});

test("names with slashes and tildes are found again", () => {
  const document = setAt({}, "/tokens/a~1b~0c", "s");

  expect(document).toEqual({ tokens: { "a/b~c": "s" } });
  expect(getAt(document, "/tokens/a~1b~0c")).toBe("s");
  expect(setAt(document, "/tokens/a~1b~0c", undefined)).toEqual({ tokens: {} });
});
