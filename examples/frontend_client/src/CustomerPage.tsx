// A customer's plugins beside what happens to them. Each event refreshes what is shown.
import { useCallback, useEffect, useRef } from "react";
import { useClient, useQuery } from "urql";

import { Notice } from "./Notice";
import { Activity } from "./activity/Activity";
import type { StreamState } from "./client/events";
import { CustomerDocument, RefreshDocument } from "./gql/graphql";
import { PluginList } from "./plugins/PluginList";
import { describeError } from "./words/refusals";

interface Props {
  readonly slug: string;
  readonly pageSize: number;
  readonly streamState: StreamState;
}

/** As many as webnet takes at once. */
const MOST_IDS = 100;

export function CustomerPage({ slug, pageSize, streamState }: Props) {
  const client = useClient();
  const shown = useRef<readonly string[]>([]);
  const [{ data, error, fetching }, reload] = useQuery({ query: CustomerDocument, variables: { slug } });

  const onShown = useCallback((ids: readonly string[]) => {
    shown.current = ids;
  }, []);
  const refresh = useCallback(() => {
    for (let start = 0; start < shown.current.length; start += MOST_IDS) {
      const variables = { slug, ids: shown.current.slice(start, start + MOST_IDS) };
      void client.query(RefreshDocument, variables, { requestPolicy: "network-only" }).toPromise();
    }
  }, [client, slug]);

  const title = data?.customer?.name;
  useEffect(() => {
    if (title) document.title = `Plugins of ${title}`;
  }, [title]);

  if (error) {
    return (
      <main>
        <Notice kind="error" onRetry={() => reload({ requestPolicy: "network-only" })}>
          {describeError(error)}
        </Notice>
      </main>
    );
  }
  if (fetching || !data?.customer) {
    return (
      <main>
        {fetching || !data ? (
          <Notice kind="info">Loading …</Notice>
        ) : (
          <Notice kind="error">There is no customer “{slug}”, or you are not a member.</Notice>
        )}
      </main>
    );
  }

  const { name, viewerRole, deviceCount } = data.customer;
  const mayChange = viewerRole !== "VIEWER";
  return (
    <main>
      <h1>{name}</h1>
      {/* Null where the plugin that counts devices is not effective. */}
      {deviceCount !== null && <p className="count">{deviceCount === 1 ? "1 device" : `${deviceCount} devices`}</p>}
      <div className="columns">
        <PluginList slug={slug} pageSize={pageSize} mayChange={mayChange} onShown={onShown} onChanged={refresh} />
        {mayChange ? (
          <Activity state={streamState} onEvent={refresh} />
        ) : (
          <section aria-labelledby="activity">
            <h2 id="activity">Activity</h2>
            <p className="empty">Operators and admins see here what happens.</p>
          </section>
        )}
      </div>
    </main>
  );
}
