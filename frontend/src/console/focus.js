// Keeps the keyboard's place when a part of the page is replaced. htmx does so for elements with an id.

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";

export function keepFocus() {
  let place;

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const active = document.activeElement;
    place = detail.target.contains(active) && active !== document.body ? describe(active, detail.target) : undefined;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (place && document.activeElement === document.body) {
      const container = document.getElementById(place.container) ?? event.target;
      focus(findAgain(container, place) ?? container);
    }
    place = undefined;
  });
}

function describe(element, container) {
  const alike = [...container.querySelectorAll(FOCUSABLE)].filter((each) => isAlike(each, element));
  return { element, container: container.id, position: alike.indexOf(element) };
}

/** The element that stands where the former one did, or else the last one that is like it. */
function findAgain(container, { element, position }) {
  const alike = [...container.querySelectorAll(FOCUSABLE)].filter((each) => isAlike(each, element));
  return alike[position] ?? alike.at(-1);
}

function isAlike(one, other) {
  return one.tagName === other.tagName && one.getAttribute("name") === other.getAttribute("name");
}

function focus(element) {
  if (!element.matches(FOCUSABLE)) {
    element.tabIndex = -1;
  }
  element.focus({ preventScroll: true });
}
