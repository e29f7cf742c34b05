// Asks webnet with urql and graphcache, which knows the schema by introspection, and prints what it has as JSON.
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { getIntrospectionQuery } from "graphql";

const { url, token, limitSeconds } = JSON.parse(process.argv[2]);
setTimeout(() => process.exit(1), limitSeconds * 1000).unref();
const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
const body = JSON.stringify({ query: getIntrospectionQuery() });
const introspected = await (await fetch(url, { method: "POST", headers, body })).json();

const warnings = [];
const client = new Client({
  url,
  preferGetMethod: false,
  fetchOptions: { headers },
  exchanges: [
    cacheExchange({
      schema: introspected.data,
      keys: { Viewer: () => null },
      logger: (severity, message) => severity === "debug" || warnings.push(`${severity}: ${message}`),
      resolvers: {
        Query: { plugins: relayPagination() },
        Customer: { members: relayPagination(), pluginConfigs: relayPagination() },
        Viewer: { memberships: relayPagination(), apiTokens: relayPagination() },
      },
    }),
    fetchExchange,
  ],
});

async function run(operation, variables = {}, requestPolicy = "cache-first") {
  const isChange = operation.trimStart().startsWith("mutation");
  const source = isChange
    ? client.mutation(operation, variables)
    : client.query(operation, variables, { requestPolicy });
  const result = await source.toPromise();
  if (result.error) throw result.error;
  return result.data;
}

const page = "pageInfo { hasNextPage endCursor }";
const lists = {
  plugins: [
    `query($after: String) { plugins(first: 2, after: $after) { edges { node { id name } } ${page} } }`,
    (data) => data.plugins,
  ],
  pluginConfigs: [
    `query($after: String) { customer(slug: "acme") { id pluginConfigs(first: 2, after: $after) { edges { node { id } } ${page} } } }`,
    (data) => data.customer.pluginConfigs,
  ],
  members: [
    `query($after: String) { customer(slug: "acme") { id members(first: 1, after: $after) { edges { node { id role } } ${page} } } }`,
    (data) => data.customer.members,
  ],
  apiTokens: [
    `query($after: String) { viewer { apiTokens(first: 1, after: $after) { edges { node { id name } } ${page} } } }`,
    (data) => data.viewer.apiTokens,
  ],
};
const merged = {};
for (const [name, [query, pick]] of Object.entries(lists)) {
  let after = null;
  const sizes = [];
  for (;;) {
    const found = pick(await run(query, { after }));
    sizes.push(found.edges.length);
    if (!found.pageInfo.hasNextPage) break;
    after = found.pageInfo.endCursor;
  }
  merged[name] = sizes;
}

// Each is read from the cache alone, after a mutation that names no list.
const customer = '{ customers(first: 1) { nodes { id name updatedAt } } }';
const config = '{ customerPluginConfig(customer: "acme", plugin: "hello_world") { id enabled updatedAt } }';
const states = [await run(customer), await run(config)];
await run(
  `mutation { updateCustomer(input: { customer: "acme", name: "Acme & Sons" }) {
    ... on UpdateCustomerPayload { customer { id name updatedAt } } } }`,
);
await run(
  `mutation { disableCustomerPlugin(input: { customer: "acme", plugin: "hello_world" }) {
    ... on DisableCustomerPluginPayload { config { id enabled updatedAt } } } }`,
);
states.push(await run(customer, {}, "cache-only"), await run(config, {}, "cache-only"));
console.log(JSON.stringify({ merged, states, warnings }));
