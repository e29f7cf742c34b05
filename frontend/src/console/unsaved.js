// Asks, by the browser's own question, before a page is left whose form has something that was typed and not sent.

const FORM = "form[data-unsaved]";

export function askBeforeLosing() {
  let isSent = false;

  // A form that is shown as the answer to itself has what was typed before.
  if ("answersForm" in document.body.dataset && document.querySelector(FORM)) {
    startAsking();
  }
  for (const name of ["input", "htmx:afterSettle"]) {
    document.addEventListener(name, ({ target }) => target.closest?.(FORM) && startAsking());
  }
  document.addEventListener("submit", (event) => {
    // Those that were handled already, by htmx for one, leave no page.
    if (!event.defaultPrevented && event.target.matches(FORM)) {
      isSent = true;
      stopAsking();
    }
  });
  document.addEventListener("click", ({ target }) => target.closest("[data-discards]") && stopAsking());
  // The browser brings back a page that was sent.
  addEventListener("pageshow", ({ persisted }) => persisted && isSent && startAsking());
}

// Only while there is something to lose: some browsers keep no page for going back that listens.
function startAsking() {
  addEventListener("beforeunload", ask);
}

function stopAsking() {
  removeEventListener("beforeunload", ask);
}

function ask(event) {
  event.preventDefault();
}
