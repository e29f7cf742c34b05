// urql with graphcache, which knows the schema of all plugins.
import { Client, fetchExchange, type RequestPolicy } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { OverviewDocument } from "./gql/graphql";
import introspection from "./gql/introspection.json";
import type { Ask } from "./page";
import { summarize } from "./summary";

export function startUrql(url: string, headers: Record<string, string>): Ask {
  const client = new Client({
    url,
    preferGetMethod: false,
    fetchOptions: { headers },
    exchanges: [
      cacheExchange({ schema: introspection, keys: { DeviceConnection: () => null, SiteConnection: () => null } }),
      fetchExchange,
    ],
  });

  async function run(requestPolicy: RequestPolicy) {
    const result = await client.query(OverviewDocument, { first: 5 }, { requestPolicy }).toPromise();
    if (result.error) throw result.error;
    return result;
  }

  return async () => {
    const { data } = await run("network-only");
    const cached = await run("cache-only");
    const isWhole = cached.operation.context.meta?.cacheOutcome === "hit" && !cached.stale;
    return { summary: data ? summarize(data) : "", cached: cached.data ? summarize(cached.data) : "", isWhole };
  };
}
