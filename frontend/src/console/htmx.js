// htmx, with what a strict Content-Security-Policy and people who share a browser ask of it.
import htmx from "htmx.org";

Object.assign(htmx.config, {
  // Nothing is evaluated: neither hx-on nor filters of triggers, nor a script in what an answer brings.
  allowEval: false,
  allowScriptTags: false,
  // Its style element would break the policy.
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  // What a page showed is not kept in the browser's storage, where it would outlast signing out.
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  // Going back loads a whole page.
  historyRestoreAsHxRequest: false,
  // A refused form is shown again with its reason, as 422.
  responseHandling: [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    { code: "422", swap: true },
    { code: "...", swap: false, error: true },
  ],
});

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.verb !== "get") {
    detail.headers["X-CSRFToken"] = readCsrfToken();
  }
});

// Signing in or out in another tab renews the token, so the cookie comes before what the page was rendered with.
function readCsrfToken() {
  const cookie = document.cookie.split("; ").find((item) => item.startsWith("csrftoken="));
  return cookie?.split("=")[1] ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}
