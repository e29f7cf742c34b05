import { CombinedError } from "urql";
import { expect, test } from "vitest";

import { describeError, describeRefusal } from "./refusals";

test.each([
  [{ code: "ROLE_TOO_LOW", message: "" }, "Your role does not allow this. Please ask an admin of the customer."],
  [
    { code: "DEPENDENCY_DISABLED", message: "", plugins: ["a", "b"] },
    "It needs “a” and “b”, which must be on as well.",
  ],
  [{ code: "RATE_LIMITED", message: "", retryAfterSeconds: 7.2 }, "Too many attempts. Try again in 8 seconds."],
  [{ code: "NEW_IN_A_LATER_VERSION", message: "The server's own words." }, "The server's own words."],
])("a refusal is in words: %o", (refusal, words) => {
  expect(describeRefusal(refusal)).toBe(words);
});

test("an error has words for its code, or the number by which it is found in the log", () => {
  const withCode = (extensions: Record<string, string>) =>
    new CombinedError({ graphQLErrors: [{ message: "internal words", extensions }] });

  expect(describeError(withCode({ code: "SERVER_BUSY" }))).toBe("webnet is busy. Please try again in a moment.");
  expect(describeError(withCode({ code: "INTERNAL_ERROR", requestId: "4f2a" }))).toContain("4f2a");
  expect(describeError(new CombinedError({ networkError: new Error("refused") }))).toContain("can't be reached");
});
