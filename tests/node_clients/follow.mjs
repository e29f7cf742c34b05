// Follows `pluginEvents` with graphql-sse: a line of JSON for each result, then "complete" or the reason why it broke.
// With `retryAttempts` it comes again by itself, each time with the cursor of the last event that it has seen.
import { createClient } from "graphql-sse";

const { url, token, query, variables, count, lastReason, retryAttempts, limitSeconds } = JSON.parse(process.argv[2]);
setTimeout(() => process.exit(1), limitSeconds * 1000).unref(); // events that never come are missed soon enough
const client = createClient({ url, headers: { Authorization: `Bearer ${token}` }, retryAttempts: retryAttempts ?? 0 });
let seen = 0;
const stop = client.subscribe({ query, variables }, {
  next(result) {
    console.log(JSON.stringify(result));
    seen += 1;
    variables.after = result.data?.pluginEvents.cursor;
    if (seen === count || result.data?.pluginEvents.node.reason === lastReason) stop();
  },
  error(problem) {
    console.log(JSON.stringify({ problem: String(problem), status: problem.response?.status }));
  },
  complete() {
    console.log(JSON.stringify("complete"));
  },
});
