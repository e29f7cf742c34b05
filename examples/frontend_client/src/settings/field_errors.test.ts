import { expect, test } from "vitest";

import { placeFaults } from "./field_errors";

test("each message is at its field, and what is about no field at the form", () => {
  const placed = placeFaults([
    { path: ["input", "settings", "port"], message: "must be a whole number" },
    { path: ["input", "settings", "port"], message: "must be at least 1" },
    { path: ["input", "settings", "networks", "0"], message: "is no network" },
    { path: ["input", "settings"], message: "has too many values" },
    { path: ["input"], message: "is too long" },
  ]);

  expect(placed).toEqual({
    __errors: ["has too many values", "is too long"],
    port: { __errors: ["must be a whole number", "must be at least 1"] },
    networks: { 0: { __errors: ["is no network"] } },
  });
});
