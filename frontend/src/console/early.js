// What was typed or chosen before this script was there: htmx hears only of what comes later, so it is said again.
const FIELDS = "input, select, textarea";

export function hearWhatCameEarly() {
  let early = [];

  // Only what asks: no change is sent that a browser has filled in by itself.
  document.addEventListener("htmx:beforeProcessNode", ({ target }) => {
    const fields = target.matches("[hx-get]") ? [target, ...target.querySelectorAll(FIELDS)] : [];
    early = fields.filter(isChanged).map((field) => ({ field, value: field.value }));
    // A trigger that is `changed` compares with what it finds when it is made.
    for (const { field } of early.filter(({ field }) => isText(field))) {
      field.value = field.defaultValue;
    }
  });
  document.addEventListener("htmx:afterProcessNode", () => {
    for (const { field, value } of early.splice(0)) {
      if (isText(field)) {
        field.value = value;
      }
      field.dispatchEvent(new Event(isText(field) ? "input" : "change", { bubbles: true }));
    }
  });
}

function isChanged(field) {
  if (field.localName === "select") {
    const options = [...field.options];
    return field.selectedIndex !== Math.max(0, options.findIndex((option) => option.defaultSelected));
  }
  return isText(field) ? field.value !== field.defaultValue : field.checked !== field.defaultChecked;
}

function isText(field) {
  return field.defaultValue !== undefined && !["checkbox", "radio"].includes(field.type);
}
