import { expect, test } from "vitest";

import { compare, merge } from "./conflicts";

const base = { greeting: "Hello", punctuation: "!", limits: { rows: 1, tags: ["a"] } };

test("each value that differs is named, with who has changed it", () => {
  const mine = { greeting: "Hi", punctuation: "!", limits: { rows: 2, tags: ["a", "b"] } };
  const theirs = { greeting: "Ahoy", punctuation: ".", limits: { rows: 1, tags: ["a"] } };

  expect(compare(base, mine, theirs)).toEqual([
    { pointer: "/greeting", mine: "Hi", theirs: "Ahoy", suggestion: null },
    { pointer: "/punctuation", mine: "!", theirs: ".", suggestion: "theirs" },
    { pointer: "/limits/rows", mine: 2, theirs: 1, suggestion: "mine" },
    { pointer: "/limits/tags", mine: ["a", "b"], theirs: ["a"], suggestion: "mine" },
  ]);
});

test("what both have changed alike is no difference", () => {
  const changed = { ...base, greeting: "Hi" };

  expect(compare(base, changed, { ...changed })).toEqual([]);
});

test("the choices decide, and all else is as it was saved", () => {
  const mine = { greeting: "Hi", limits: { rows: 2, tags: [] }, secret: "s" };
  const theirs = { greeting: "Ahoy", punctuation: ".", limits: { rows: 1, tags: ["b"] } };
  const differences = compare(base, mine, theirs);

  const merged = merge(
    theirs,
    differences,
    new Map([
      ["/greeting", "theirs"],
      ["/limits/rows", "mine"],
      ["/punctuation", "mine"],
      ["/secret", "mine"],
    ]),
  );

  expect(merged).toEqual({ greeting: "Ahoy", limits: { rows: 2, tags: ["b"] }, secret: "s" });
});
