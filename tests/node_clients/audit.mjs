// Runs the server audits of graphql-http, and prints a line of JSON for each: its id, its name and "ok", "notice",
// "warn" or "error".
import { serverAudits } from "graphql-http";

const { url, token } = JSON.parse(process.argv[2]);
const fetchFn = (address, options = {}) =>
  fetch(address, { ...options, headers: { ...options.headers, Authorization: `Bearer ${token}` } });
for (const audit of serverAudits({ url, fetchFn })) {
  const { id, name, status } = await audit.fn();
  console.log(JSON.stringify({ id, name, status }));
}
