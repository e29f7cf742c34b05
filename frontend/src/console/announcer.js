// The line of the page, `webnet/parts/announcer.html`, that says what goes on. Its texts are the page's, translated.

let clearing;

/** Say the text of this name until something else is said, or for some seconds; `link` follows it. */
export function announce(name, { link, seconds } = {}) {
  const line = document.getElementById("announcer");
  if (!line) {
    return;
  }
  clearTimeout(clearing);
  line.dataset.says = name;
  line.replaceChildren(line.dataset[name] ?? "");
  if (link) {
    line.append(" ", makeLink(link, line.dataset.signIn));
  }
  if (seconds) {
    clearing = setTimeout(() => fallSilent(name), 1000 * seconds);
  }
}

/** Take away what was said, if it is the text of this name. */
export function fallSilent(name) {
  const line = document.getElementById("announcer");
  if (line?.dataset.says === name) {
    delete line.dataset.says;
    line.replaceChildren();
  }
}

function makeLink(address, text) {
  const link = document.createElement("a");
  link.href = address;
  // In another tab, so that what was typed stays.
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = text;
  return link;
}
