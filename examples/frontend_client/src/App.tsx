// Who is signed in decides what is shown: the form to sign in, or the customer's plugins.
import { useCallback, useEffect, useMemo, useState } from "react";
import { Provider } from "urql";

import { CustomerPage } from "./CustomerPage";
import { Notice } from "./Notice";
import type { StreamState } from "./client/events";
import { createCustomerClient, createSessionClient } from "./client/client";
import type { Config } from "./config";
import { SessionDocument, type SessionQuery, SignOutDocument } from "./gql/graphql";
import { SignIn } from "./session/SignIn";
import { describeError } from "./words/refusals";

type Viewer = NonNullable<SessionQuery["viewer"]>;
type Session = { is: "loading" } | { is: "failed"; why: string } | { is: "out"; why?: string } | { is: "in"; viewer: Viewer };

export function App({ config }: { readonly config: Config }) {
  const [session, setSession] = useState<Session>({ is: "loading" });
  const sessionClient = useMemo(() => createSessionClient(config.api), [config]);

  const readSession = useCallback(async () => {
    const { data, error } = await sessionClient.query(SessionDocument, {}).toPromise();
    if (error) setSession({ is: "failed", why: describeError(error) });
    else setSession(data?.viewer ? { is: "in", viewer: data.viewer } : { is: "out" });
  }, [sessionClient]);

  useEffect(() => void readSession(), [readSession]);

  async function signOut() {
    const { error } = await sessionClient.mutation(SignOutDocument, {}).toPromise();
    if (error) setSession({ is: "failed", why: describeError(error) });
    else setSession({ is: "out" });
  }

  const onSignedOut = useCallback(() => setSession({ is: "out", why: "You are not signed in any more." }), []);

  if (session.is === "loading") {
    return (
      <main>
        <Notice kind="info">Loading …</Notice>
      </main>
    );
  }
  if (session.is === "failed") {
    return (
      <main>
        <Notice kind="error" onRetry={() => void readSession()}>
          {session.why}
        </Notice>
      </main>
    );
  }
  if (session.is === "out") {
    return <SignIn client={sessionClient} notice={session.why} onSignedIn={() => void readSession()} />;
  }
  return (
    <SignedIn config={config} viewer={session.viewer} onSignedOut={onSignedOut} onSignOut={() => void signOut()} />
  );
}

interface SignedInProps {
  readonly config: Config;
  readonly viewer: Viewer;
  readonly onSignedOut: () => void;
  readonly onSignOut: () => void;
}

function SignedIn({ config, viewer, onSignedOut, onSignOut }: SignedInProps) {
  const [streamState, onStreamState] = useState<StreamState>("connecting");
  // Made for this session: another one begins with an empty cache.
  const client = useMemo(
    () => createCustomerClient(config.api, config.customer, { onSignedOut, onStreamState }),
    [config, onSignedOut],
  );
  const others = viewer.memberships.nodes
    .map(({ customer }) => customer)
    .filter(({ slug }) => slug !== config.customer);

  return (
    <Provider value={client}>
      <header className="bar">
        <span className="user">{viewer.user.name || viewer.user.username}</span>
        {others.length > 0 && (
          <nav aria-label="Other customers">
            {others.map(({ slug, name }) => (
              <a key={slug} href={`?customer=${encodeURIComponent(slug)}`}>
                {name}
              </a>
            ))}
          </nav>
        )}
        <button type="button" onClick={onSignOut}>
          Sign out
        </button>
      </header>
      <CustomerPage slug={config.customer} pageSize={config.pageSize} streamState={streamState} />
    </Provider>
  );
}
