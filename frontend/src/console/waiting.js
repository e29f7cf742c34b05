// Shows that work goes on while an answer is slow, sends a change only once, and says when there is no answer.
import { announce, fallSilent } from "./announcer.js";

// What is quicker than this needs no sign.
const PATIENCE_MS = 300;
// Longer than a double click. Whoever has stopped the browser's loading can then send the form again.
const LOCKED_MS = 10_000;
// A form with this attribute is answered by a file, so the page stays.
const FILE = "[data-download]";

const waiting = new Map();

export function showWaiting({ signIn }) {
  document.addEventListener("submit", waitForPage);
  // The browser brings back a page that has waited.
  addEventListener("pageshow", stopAll);

  document.addEventListener("htmx:confirm", (event) => {
    if (event.detail.verb !== "get" && waiting.has(event.detail.elt)) {
      event.preventDefault();
    }
  });
  document.addEventListener("htmx:beforeRequest", ({ detail }) => start(detail.requestConfig.elt));
  // The element may be gone by then, so that the event is another's.
  document.addEventListener("htmx:afterRequest", ({ detail }) => stop(detail.requestConfig.elt));
  document.addEventListener("htmx:beforeSwap", (event) => refuseSignInPage(event, signIn));
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, () => announce("failed"));
  }
}

function waitForPage(event) {
  const form = event.target;
  const method = event.submitter?.getAttribute("formmethod") ?? form.getAttribute("method");
  // Those that were handled already, by htmx for one, are not sent by the browser.
  if (event.defaultPrevented || method === "dialog" || form.target === "_blank" || form.matches(FILE)) {
    return;
  }
  if (waiting.has(form)) {
    event.preventDefault();
    return;
  }
  start(form);
  setTimeout(() => stop(form), LOCKED_MS);
}

function start(element) {
  stop(element);
  element.setAttribute("aria-busy", "true");
  waiting.set(
    element,
    setTimeout(() => announce("working"), PATIENCE_MS),
  );
}

function stop(element) {
  clearTimeout(waiting.get(element));
  waiting.delete(element);
  element.removeAttribute("aria-busy");
  if (waiting.size === 0) {
    fallSilent("working");
  }
}

function stopAll() {
  for (const element of [...waiting.keys()]) {
    stop(element);
  }
}

// Whoever is signed out meanwhile keeps the page, and what was typed.
function refuseSignInPage(event, signIn) {
  const { responseURL } = event.detail.xhr;
  if (responseURL && new URL(responseURL).pathname === signIn) {
    event.detail.shouldSwap = false;
    announce("signedOut", { link: signIn });
  }
}
