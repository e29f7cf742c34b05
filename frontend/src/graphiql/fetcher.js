// How GraphiQL's operations reach webnet: queries and mutations by POST, subscriptions as server-sent events.
import { getOperationAST, parse } from "graphql";
import { createClient } from "graphql-sse";

/** A fetcher for GraphiQL; `page` has the address and the CSRF token that the page was rendered with. */
export function makeFetcher(page) {
  const url = page.graphqlUrl;
  const headersOf = (options) => ({ ...options?.headers, "X-CSRFToken": readCsrfToken(page) });

  return (written, options) => {
    const operation = dropStaleName(written);
    const send = isSubscription(operation) ? subscribe : post;
    return send({ url, operation, headers: headersOf(options) });
  };
}

async function post({ url, operation, headers }) {
  const response = await fetch(url, {
    method: "POST",
    credentials: "same-origin",
    headers: { accept: "application/json", "content-type": "application/json", ...headers },
    body: JSON.stringify(operation),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `The server answered ${response.status} ${response.statusText}, and no JSON.` }] };
  }
}

function subscribe({ url, operation, headers }) {
  const client = createClient({ url, headers, credentials: "same-origin", retryAttempts: 3 });
  return client.iterate(operation);
}

// GraphiQL looks at the document a moment after each change: what runs at once after a paste has the former name.
function dropStaleName(operation) {
  const { operationName, ...unnamed } = operation;
  try {
    return getOperationAST(parse(operation.query), operationName) ? operation : unnamed;
  } catch {
    return operation; // The server explains a syntax error better.
  }
}

function isSubscription({ query, operationName }) {
  try {
    return getOperationAST(parse(query), operationName)?.operation === "subscription";
  } catch {
    return false; // The server explains a syntax error better.
  }
}

// Signing in or out in another tab renews the token, so the cookie comes before what the page was rendered with.
function readCsrfToken(page) {
  const cookie = document.cookie.split("; ").find((item) => item.startsWith("csrftoken="));
  return cookie?.split("=")[1] ?? page.csrfToken;
}
