// Apollo Client, which knows the types that interfaces and unions have.
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { loadDevMessages, loadErrorMessages } from "@apollo/client/dev";
import { OverviewDocument } from "./gql/graphql";
import possibleTypes from "./gql/possibleTypes.json";
import type { Ask } from "./page";
import { summarize } from "./summary";

loadDevMessages();
loadErrorMessages();

export function startApollo(uri: string, headers: Record<string, string>): Ask {
  const cache = new InMemoryCache({
    possibleTypes,
    // Also a policy for a field of the query, which Apollo only finds if it knows the query's type.
    typePolicies: { Query: { fields: { devices: { keyArgs: ["first"] } } } },
  });
  const client = new ApolloClient({ cache, link: new HttpLink({ uri, headers }) });
  const variables = { first: 5 };
  Object.assign(globalThis, { apolloCache: cache });

  return async () => {
    const { data } = await client.query({ query: OverviewDocument, variables, fetchPolicy: "network-only" });
    const query = client.documentTransform.transformDocument(OverviewDocument);
    const isWhole = cache.diff({ query, variables, optimistic: false }).complete;
    const cached = client.readQuery({ query: OverviewDocument, variables });
    return { summary: data ? summarize(data) : "", cached: cached ? summarize(cached) : "", isWhole };
  };
}
