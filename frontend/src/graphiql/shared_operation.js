// An operation in the address of the page, as in "#query=…&variables=…". What is behind "#" is sent to no server.

/** The operation, which is then taken out of the address; undefined if there is none. */
export function takeFromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (!given.get("query")) {
    return undefined;
  }
  // A reload would open it again.
  history.replaceState(history.state, "", location.pathname + location.search);
  return { query: given.get("query"), variables: given.get("variables") ?? "" };
}

// A link to another operation on this page changes nothing but what is behind "#".
addEventListener("hashchange", () => location.reload());
