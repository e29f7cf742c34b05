// A webnet for tests: answers each document by its name, and keeps what was asked.
import { vi } from "vitest";

import * as generated from "./gql/graphql";

// Each document has its own.
type Variables = any;
export type Answers = Record<string, (variables: Variables) => unknown>;

const NAMES = new Map(
  Object.entries(generated).map(([name, document]) => [
    (document as { __meta__?: { hash: string } }).__meta__?.hash,
    name.replace(/Document$/, ""),
  ]),
);

export function answerWith(answers: Answers): { readonly name: string; readonly variables: Variables }[] {
  const asked: { name: string; variables: Variables }[] = [];
  vi.stubGlobal("fetch", async (_: string, { body }: { body: string }) => {
    const { documentId, variables } = JSON.parse(body) as { documentId: string; variables: Variables };
    const name = NAMES.get(documentId) ?? "";
    asked.push({ name, variables });
    const answer = answers[name];
    if (!answer) throw new Error(`Nobody has an answer to ${name || documentId}.`);
    return new Response(JSON.stringify({ data: answer(variables) }), {
      headers: { "Content-Type": "application/json" },
    });
  });
  return asked;
}
