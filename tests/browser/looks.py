"""What is wrong with how a page looks and reads, in each of the ways in which people look at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page

WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 380, "height": 780}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "forced_colors": "none"},
    "dark": {"color_scheme": "dark", "forced_colors": "none"},
    "forced colours": {"color_scheme": "dark", "forced_colors": "active"},
}
# With forced colours axe reads `-webkit-text-fill-color`, which Chromium answers without the colour that it forces.
WITHOUT_CONTRAST = {"rules": {"color-contrast": {"enabled": False}}}
# Of axe's four impacts, https://github.com/dequelabs/axe-core/blob/develop/doc/issue_impact.md.
BAD_IMPACTS = ("serious", "critical")

RUN_AXE = """async ([impacts, rules]) => {
  const found = await axe.run(document, {resultTypes: ["violations"], ...rules});
  return found.violations.filter((each) => impacts.includes(each.impact)).flatMap((each) =>
    each.nodes.map((node) => `${each.id}: ${node.target.join(" ")}: ${node.failureSummary.replace(/\\s+/g, " ")}`));
}"""
# The innermost elements that reach beyond the window; what scrolls by itself may be wider inside.
FIND_WIDE = """() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  const isWide = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
  };
  return [...document.querySelectorAll("body *")].filter(isWide)
    .filter((element) => ![...element.children].some(isWide))
    .map((element) => `too wide: ${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 60)}`);
}"""

# Names, reasons and messages of others, as one long word each.
LENGTHEN = """() => {
  for (const each of document.querySelectorAll("main :is(bdi, dd, h1, .card p, .hint, .lead):not(.tabs *, .graphql *)"))
    for (const node of each.childNodes)
      if (node.nodeType === Node.TEXT_NODE && node.data.trim()) node.data = "W".repeat(120);
}"""

# Words of webnet's own in tables that are divided between two lines, since others leave their column no room.
FIND_DIVIDED = r"""() => {
  const found = [];
  for (const cell of document.querySelectorAll("main table :is(th, td)")) {
    const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode, within = text.parentElement;
      if (within.closest("bdi, code, .hint, .hidden, select") || !within.checkVisibility()) continue;
      for (const word of text.data.matchAll(/[\p{L}\d.]+/gu)) {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) found.push(`divided: ${word[0]}`);
      }
    }
  }
  return found;
}"""

# What the Tab key has to come to; of radio buttons with one name, it comes to one.
LIST_CONTROLS = """() => {
  const controls = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")];
  const isReachable = (each) => !each.disabled && each.tabIndex >= 0 && each.checkVisibility({visibilityProperty: true})
    && !(each.type === "radio" && !each.checked && document.querySelector(`[name="${CSS.escape(each.name)}"]:checked`));
  const name = (each) =>
    `${each.tagName} ${each.id || each.name || each.getAttribute("href") || each.textContent.trim()}`;
  window.controls = controls.filter(isReachable);
  window.reached = new Set();
  window.nameOf = name;
  return window.controls.length;
}"""
NOTE_FOCUS = """() => {
  const focused = document.activeElement;
  window.reached.add(focused);
  const style = getComputedStyle(focused);
  const isVisible = focused === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1);
  return isVisible ? null : `its focus can't be seen: ${window.nameOf(focused)}`;
}"""
LIST_UNREACHED = """() => window.controls.filter((each) => !window.reached.has(each))
  .map((each) => `the keyboard does not reach it: ${window.nameOf(each)}`)"""


@dataclass
class Watcher:
    """What a browser's pages say and ask for; `expected` are the statuses that a test provokes."""

    said: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    @classmethod
    def watch(cls, context: BrowserContext, url: str) -> Watcher:
        """Watch all pages of the context, which may ask the server at the URL and nobody else."""
        watcher = cls()
        context.on(
            "console", lambda each: watcher.said.append(each.text) if each.type in ("error", "warning") else None
        )
        context.on("weberror", lambda error: watcher.said.append(str(error.error)))
        context.on("request", lambda request: watcher.note_request(request.url, url))
        return watcher

    def note_request(self, asked: str, url: str) -> None:
        if not asked.startswith((f"{url}/", "data:", "blob:")):
            self.strays.append(asked)

    def take(self) -> list[str]:
        """What is wrong since the last time."""
        taken = [*self.said, *(f"asked for {each}" for each in self.strays)]
        self.said.clear()
        self.strays.clear()
        return taken


def find_faults(page: Page, axe: Path) -> list[str]:
    """Serious faults of accessibility in each look, and what is wider than a telephone. The page is loaded again."""
    faults = []
    for name, media in LOOKS.items():
        page.emulate_media(**media)
        is_forced = media["forced_colors"] == "active"
        if is_forced:
            # Chromium does not force the colours of all that it shows already.
            page.reload(wait_until="load")
        # Evaluated by the browser's own tools, which no Content-Security-Policy keeps from it.
        page.evaluate(axe.read_text())
        rules = WITHOUT_CONTRAST if is_forced else {}
        faults += [f"{name}: {fault}" for fault in page.evaluate(RUN_AXE, [BAD_IMPACTS, rules])]
    page.emulate_media(**LOOKS["light"])
    return faults + find_wide(page)


def find_wide(page: Page) -> list[str]:
    """What reaches beyond the window of a computer or of a telephone, or is divided to fit into it."""
    found = []
    for size in (NARROW, WIDE):
        page.set_viewport_size(size)
        found += [f"{size['width']}: {each}" for each in page.evaluate(FIND_WIDE) + page.evaluate(FIND_DIVIDED)]
    return found


def walk_by_keyboard(page: Page) -> list[str]:
    """The controls that the Tab key does not come to, and those that do not show that they have the focus."""
    count = page.evaluate(LIST_CONTROLS)
    faults = []
    # More than there are, since what scrolls has the focus too.
    for _ in range(count + 5):
        page.keyboard.press("Tab")
        faults.append(page.evaluate(NOTE_FOCUS))
    return [*(each for each in faults if each), *page.evaluate(LIST_UNREACHED)]
