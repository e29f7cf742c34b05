// Two people have changed the same settings: what each of them has, and what is made of it.
import { findDifferences, getAt, isEqual, type Json, type JsonObject, setAt } from "./pointers";

export type Choice = "mine" | "theirs";

/** One value that two people would have differently. */
export interface Difference {
  readonly pointer: string;
  readonly mine: Json | undefined;
  readonly theirs: Json | undefined;
  /** Only one of them has changed it, so it is clear which one to take; null if both have. */
  readonly suggestion: Choice | null;
}

/** All values in which `mine` and `theirs` differ, by what both began with. */
export function compare(base: JsonObject, mine: JsonObject, theirs: JsonObject): Difference[] {
  return findDifferences(mine, theirs).map((pointer) => {
    const [before, own, other] = [base, mine, theirs].map((document) => getAt(document, pointer));
    const suggestion = isEqual(before, other) ? "mine" : isEqual(before, own) ? "theirs" : null;
    return { pointer, mine: own, theirs: other, suggestion };
  });
}

/** What is now saved, with the own values where they were chosen. */
export function merge(
  theirs: JsonObject,
  differences: readonly Difference[],
  choices: ReadonlyMap<string, Choice>,
): JsonObject {
  return differences
    .filter(({ pointer }) => choices.get(pointer) === "mine")
    .reduce((merged, { pointer, mine }) => setAt(merged, pointer, mine), theirs);
}
