// The same with urql's own subscriptions: a line of JSON for each result, then "complete".
// With `retryAttempts` its retryExchange comes again, with the cursor of the last event that it has seen.
import { Client, fetchExchange, makeOperation } from "@urql/core";
import { retryExchange } from "@urql/exchange-retry";

const { url, token, query, variables, count, lastReason, retryAttempts, limitSeconds } = JSON.parse(process.argv[2]);
setTimeout(() => process.exit(1), limitSeconds * 1000); // also keeps Node from ending while a retry is waited for
let after = variables.after;
const retry = retryExchange({
  maxNumberAttempts: (retryAttempts ?? 0) + 1,
  retryIf: (error) => Boolean(error.networkError),
  retryWith: (_, operation) =>
    makeOperation(operation.kind, { ...operation, variables: { ...operation.variables, after } }, operation.context),
});
const client = new Client({
  url,
  exchanges: [retry, fetchExchange],
  fetchSubscriptions: true,
  fetchOptions: { headers: { Authorization: `Bearer ${token}` } },
  preferGetMethod: false,
});
let seen = 0;
client.subscription(query, variables).subscribe(({ data, error, hasNext }) => {
  if (error?.networkError) {
    console.log(JSON.stringify({ problem: String(error.networkError) }));
  } else if (hasNext) {
    console.log(JSON.stringify({ data, errors: error?.graphQLErrors }));
    seen += 1;
    after = data?.pluginEvents.cursor ?? after;
  } else {
    console.log(JSON.stringify("complete")); // it repeats the last result
  }
  if (!hasNext || seen === count || data?.pluginEvents.node.reason === lastReason) process.exit();
});
