import { type FormEvent, useState } from "react";
import type { Client } from "urql";

import { Notice } from "../Notice";
import { SignInDocument } from "../gql/graphql";
import { describeError, describeRefusal } from "../words/refusals";

interface Props {
  readonly client: Client;
  /** Why somebody is here who was signed in before. */
  readonly notice?: string | undefined;
  readonly onSignedIn: () => void;
}

export function SignIn({ client, notice, onSignedIn }: Props) {
  const [problem, setProblem] = useState("");
  const [isUnderWay, setUnderWay] = useState(false);

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isUnderWay) return;
    const form = new FormData(event.currentTarget);
    setUnderWay(true);
    setProblem("");
    const variables = { username: String(form.get("username")), password: String(form.get("password")) };
    const { data, error } = await client.mutation(SignInDocument, variables).toPromise();
    setUnderWay(false);
    const result = data?.signIn;
    if (error) setProblem(describeError(error));
    else if (result && "code" in result) setProblem(describeRefusal(result));
    else onSignedIn();
  }

  return (
    <main className="narrow">
      <h1>Sign in</h1>
      {notice && <Notice kind="info">{notice}</Notice>}
      <form className="card" onSubmit={(event) => void send(event)} aria-busy={isUnderWay}>
        <label htmlFor="username">Username</label>
        <input id="username" name="username" autoComplete="username" autoCapitalize="none" required />
        <label htmlFor="password">Password</label>
        <input id="password" name="password" type="password" autoComplete="current-password" required />
        {problem && <Notice kind="error">{problem}</Notice>}
        <button className="primary" aria-disabled={isUnderWay}>
          {isUnderWay ? "Signing in …" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
