import { useEffect, useState } from "react";
import { useQuery } from "urql";

import { Notice } from "../Notice";
import { PluginsDocument } from "../gql/graphql";
import { SettingsDialog } from "../settings/SettingsDialog";
import { describeError } from "../words/refusals";
import { PluginItem } from "./PluginItem";

interface Props {
  readonly slug: string;
  readonly pageSize: number;
  readonly mayChange: boolean;
  /** The ids of all configs that are shown. */
  readonly onShown: (ids: readonly string[]) => void;
  readonly onChanged: () => void;
}

export function PluginList({ slug, pageSize, mayChange, onShown, onChanged }: Props) {
  const [after, setAfter] = useState<string | null>(null);
  const [open, setOpen] = useState<{ plugin: string; title: string } | null>(null);
  // The cache puts the pages together: the answer to the last one has all that were read.
  const [{ data, error, fetching, stale }, reload] = useQuery({
    query: PluginsDocument,
    variables: { slug, first: pageSize, after },
  });
  const configs = data?.customer?.pluginConfigs;
  const shown = configs?.edges.map(({ node }) => node);
  const ids = shown?.map(({ id }) => id).join(" ") ?? "";
  useEffect(() => onShown(ids.split(" ").filter(Boolean)), [ids, onShown]);

  const isLoading = fetching || stale;
  return (
    <section aria-labelledby="plugins">
      <h2 id="plugins">Plugins</h2>
      {shown?.length === 0 && <p className="empty">There are no plugins for this customer yet.</p>}
      <ul className="plugins" aria-busy={isLoading}>
        {shown?.map((config) => (
          <PluginItem
            key={config.id}
            slug={slug}
            config={config}
            mayChange={mayChange}
            onChanged={onChanged}
            onOpenSettings={() => setOpen({ plugin: config.plugin.name, title: config.plugin.verboseName })}
          />
        ))}
      </ul>
      {error && (
        <Notice kind="error" onRetry={() => reload({ requestPolicy: "network-only" })}>
          {describeError(error)}
        </Notice>
      )}
      <p role="status" className="loading">
        {isLoading && !error ? "Loading …" : ""}
      </p>
      {configs?.pageInfo.hasNextPage && !isLoading && !error && (
        <button type="button" onClick={() => setAfter(configs.pageInfo.endCursor)}>
          More plugins
        </button>
      )}
      {open && <SettingsDialog slug={slug} {...open} mayChange={mayChange} onClose={() => setOpen(null)} />}
    </section>
  );
}
