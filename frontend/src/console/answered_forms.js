// A page that answers a form is shown again, by going back or loading it again, by sending the form again: the browser
// asks whether to, or shows an error of its own. When such a page is left, or all is done, its place in the browser's
// history becomes that of its address, which shows how things are now.

export function leaveNoFormBehind() {
  if (!("answersForm" in document.body.dataset)) {
    return;
  }
  // What htmx sends leaves no page, and neither does a link to a place on this one.
  document.addEventListener("submit", (event) => event.defaultPrevented || becomePage());
  document.addEventListener("click", ({ target }) => target.closest("a[href]:not([href^='#'])") && becomePage());
  document.addEventListener("htmx:afterSettle", becomePageWhenDone);
  becomePageWhenDone();
}

function becomePageWhenDone() {
  if (document.querySelector("[data-done]")) {
    becomePage();
  }
}

function becomePage() {
  history.replaceState(history.state, "", location.href);
}
