// Asks one query by its id, with clients that others wrote: a line of JSON for each, with what it got and what it sent.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Client, fetchExchange, makeOperation, mapExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

const { url, token, variables, after, hashesItself, limitSeconds } = JSON.parse(process.argv[2]);
// What codegen has written.
const { FollowDocument, PluginsDocument } = await import(`${process.cwd()}/graphql.ts`);
setTimeout(() => process.exit(1), limitSeconds * 1000);
const headers = { Authorization: `Bearer ${token}` };
const hashOf = (document) => document.__meta__.hash;

let sent = [];
const watchedFetch = (address, options) => {
  const body = options.body ?? new URL(address).search;
  sent.push([options.method ?? "GET", /\bquery(=|":)/.test(body) ? "document" : "id"]);
  return fetch(address, options);
};
const report = (client, data, codes) => {
  console.log(JSON.stringify({ client, data: data ?? null, codes, sent }));
  sent = [];
};
const codesOf = (error) => (error?.graphQLErrors ?? error?.errors ?? []).map((each) => each.extensions.code);

const urql = (exchanges, more) =>
  new Client({ url, exchanges, fetch: watchedFetch, fetchOptions: { headers }, fetchSubscriptions: true, ...more });

// urql sends the id of a document without definitions.
const idExchange = mapExchange({
  onOperation: (operation) => {
    const query = { kind: "Document", definitions: [], documentId: hashOf(operation.query) };
    const context = { ...operation.context, document: operation.query };
    return makeOperation(operation.kind, { ...operation, query }, context);
  },
  // graphcache reads events by the document of their operation.
  onResult: (result) => {
    const query = result.operation.context.document;
    return { ...result, operation: makeOperation(result.operation.kind, { ...result.operation, query }) };
  },
});
const byId = urql([idExchange, fetchExchange], { preferGetMethod: false });
let answer = await byId.query(PluginsDocument, variables).toPromise();
report("urql", answer.data, codesOf(answer.error));

// Apollo's extension, by GET; with codegen's hashes, or those that the clients make of what they would send.
const exchange = persistedExchange({
  preferGetForPersistedQueries: true,
  ...(hashesItself ? {} : { generateHash: async (_, document) => hashOf(document) }),
});
answer = await urql([exchange, fetchExchange], { preferGetMethod: false }).query(PluginsDocument, variables).toPromise();
report("urql persistedExchange", answer.data, codesOf(answer.error));

const makeHash = async (text) => createHash("sha256").update(text).digest("hex");
const apollo = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.from([
    new PersistedQueryLink(hashesItself ? { sha256: makeHash } : { generateHash: hashOf }),
    new HttpLink({ uri: url, headers, fetch: watchedFetch }),
  ]),
});
const result = await apollo.query({ query: PluginsDocument, variables, errorPolicy: "all" });
report("Apollo", result.data, codesOf(result.error));

if (after) {
  await new Promise((resolve) => {
    byId.subscription(FollowDocument, { after }).subscribe(({ data, error }) => {
      report("urql subscription", data, codesOf(error));
      resolve();
    });
  });
}
process.exit();
