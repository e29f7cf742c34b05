// The client of one customer: a normalised cache, ids for documents, and event streams.
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import type { IntrospectionQuery } from "graphql";
import { Client, type CombinedError, fetchExchange, mapExchange, subscriptionExchange } from "urql";

import introspection from "../gql/introspection.json";
import { createForwarder, type StreamState } from "./events";
import { trustedDocumentsExchange } from "./trusted_documents";

export interface Listeners {
  /** The session has ended: signed out elsewhere, or expired. */
  onSignedOut(): void;
  onStreamState(state: StreamState): void;
}

export function createCustomerClient(api: string, customer: string, { onSignedOut, onStreamState }: Listeners): Client {
  const url = `${withSlash(api)}${encodeURIComponent(customer)}/`;
  return new Client({
    url,
    // The session's cookie is of webnet's host name, which is not the page's.
    fetchOptions: { credentials: "include" },
    preferGetMethod: false,
    exchanges: [
      mapExchange({ onError: (error) => (isSignedOut(error) ? onSignedOut() : undefined) }),
      cacheExchange({
        schema: introspection as unknown as IntrospectionQuery,
        // What has no id is stored with what has it.
        keys: {
          Viewer: () => null,
          SecretSetting: () => null,
          CustomerPluginConfigConnection: () => null,
          MembershipConnection: () => null,
          PluginAuditLogConnection: () => null,
          SettingsChangeConnection: () => null,
        },
        resolvers: { Customer: { pluginConfigs: relayPagination() } },
      }),
      trustedDocumentsExchange,
      subscriptionExchange({ forwardSubscription: createForwarder(url, onStreamState) }),
      fetchExchange,
    ],
  });
}

/** The client that asks who is signed in, signs in and out; nothing of it is kept. */
export function createSessionClient(api: string): Client {
  return new Client({
    url: withSlash(api),
    fetchOptions: { credentials: "include" },
    preferGetMethod: false,
    requestPolicy: "network-only",
    exchanges: [trustedDocumentsExchange, fetchExchange],
  });
}

export function isSignedOut(error: CombinedError): boolean {
  return error.graphQLErrors.some(({ extensions }) => extensions.code === "UNAUTHENTICATED");
}

function withSlash(api: string): string {
  return api.endsWith("/") ? api : `${api}/`;
}
