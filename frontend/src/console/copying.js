// Buttons that copy: `data-copy` is the id of the element whose text they copy. Without scripts they stay hidden.
import htmx from "htmx.org";

import { announce } from "./announcer.js";

const BUTTON = "button[data-copy]";

export function offerCopying() {
  // Also in what is loaded later.
  htmx.onLoad((content) => {
    for (const button of content.querySelectorAll(BUTTON)) {
      button.hidden = false;
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest(BUTTON);
    if (button) {
      copy(document.getElementById(button.dataset.copy));
    }
  });
}

async function copy(source) {
  const text = source.value ?? source.textContent;
  try {
    // Only where the page came by https or from this machine.
    await navigator.clipboard.writeText(text);
  } catch {
    select(source);
    if (!document.execCommand("copy")) {
      announce("copyByHand", { seconds: 10 });
      return;
    }
  }
  announce("copied", { seconds: 4 });
}

function select(source) {
  if (source.select) {
    source.select();
  } else {
    getSelection().selectAllChildren(source);
  }
}
