// What happened last, and from then on each event when it comes.
import { useState } from "react";
import { useQuery, useSubscription } from "urql";

import { Notice } from "../Notice";
import type { StreamState } from "../client/events";
import { ActivityDocument, type ActivityItemFragment, RecentActivityDocument } from "../gql/graphql";
import { describeError } from "../words/refusals";
import { describeActivity } from "./describe";

interface Props {
  readonly state: StreamState;
  readonly onEvent: () => void;
}

const AT_FIRST = 8;
const MOST = 50;
const STATES: Record<StreamState, string> = {
  connecting: "Connecting …",
  live: "Live",
  retrying: "Connecting again …",
  ended: "Not live: please reload the page.",
};

export function Activity({ state, onEvent }: Props) {
  const [recent, reload] = useQuery({
    query: RecentActivityDocument,
    variables: { first: AT_FIRST },
    requestPolicy: "network-only",
  });
  const edges = recent.data?.pluginAuditLogs.edges;

  return (
    <section aria-labelledby="activity">
      <h2 id="activity">Activity</h2>
      {recent.error && (
        <Notice kind="error" onRetry={() => reload({ requestPolicy: "network-only" })}>
          {describeError(recent.error)}
        </Notice>
      )}
      {!edges && !recent.error && <p className="empty">Loading …</p>}
      {edges && (
        <Live
          after={edges[0]?.cursor ?? null}
          earlier={edges.map(({ node }) => node)}
          state={state}
          onEvent={onEvent}
        />
      )}
    </section>
  );
}

interface LiveProps extends Props {
  /** The stream begins after this row, so that nothing is missed between the two. */
  readonly after: string | null;
  readonly earlier: readonly ActivityItemFragment[];
}

function Live({ after: newest, earlier, state, onEvent }: LiveProps) {
  // As they were at first, whatever the cache comes to know.
  const [after] = useState(newest);
  const [items, setItems] = useState(earlier);
  const [{ error }] = useSubscription({ query: ActivityDocument, variables: { after } }, (_, data) => {
    const { node } = data.pluginEvents;
    setItems((known) => (known.some(({ id }) => id === node.id) ? known : [node, ...known].slice(0, MOST)));
    onEvent();
    return data;
  });

  return (
    <>
      <p role="status" className={`stream ${state}`}>
        {error && error.graphQLErrors.length > 0 ? describeError(error) : STATES[state]}
      </p>
      {items.length === 0 && <p className="empty">Nothing has happened yet.</p>}
      <ol className="activity" role="log" aria-labelledby="activity" tabIndex={0}>
        {items.map((item) => (
          <li key={item.id}>
            <span>{describeActivity(item)}</span>
            <time dateTime={item.createdAt}>{new Date(item.createdAt).toLocaleString()}</time>
          </li>
        ))}
      </ol>
    </>
  );
}
