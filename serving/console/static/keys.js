// The inbox by keyboard: single letters outside of fields, and Ctrl+K for everything by name.

const MOST = 12;

/** Listens on pages that have an inbox. */
export function startKeys() {
  if (document.body.dataset.page !== "inbox") return;
  document.addEventListener("keydown", onKey);
  const palette = document.getElementById("palette");
  palette.addEventListener("input", () => fill(palette));
  palette.addEventListener("keydown", (event) => onPaletteKey(event, palette));
  palette.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) run(palette, option);
    else if (event.target === palette) palette.close();
  });
}

const DEEDS = {
  j: () => step(1),
  k: () => step(-1),
  r: () => write(false),
  n: () => write(true),
  x: tick,
  "/": () => document.getElementById("find").focus(),
  "?": () => document.getElementById("help-dialog").showModal(),
};

function onKey(event) {
  if (event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return openPalette();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && event.target.matches?.("#composer-text, #find")) return event.target.blur();
  if (event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const deed = DEEDS[event.key] ?? press(event.key);
  if (!deed) return;
  event.preventDefault(); // the letter must not land in the field that opens
  deed();
}

function press(key) {
  const control = key.length === 1 ? document.querySelector(`[data-key="${CSS.escape(key)}"]`) : null;
  return control?.checkVisibility() ? () => control.click() : null;
}

function step(by) {
  const links = [...document.querySelectorAll("#conversation-list .row__link")];
  const at = links.findIndex((link) => link.hasAttribute("aria-current") || link === document.activeElement);
  const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
  if (!next) return;
  next.focus();
  next.click();
}

function write(note) {
  const text = document.getElementById("composer-text");
  if (!text) return;
  document.getElementById("composer-note").checked = note;
  text.focus();
}

function tick() {
  const row = document.activeElement.closest?.(".row") ?? document.querySelector(".row:has([aria-current])");
  row?.querySelector(".row__tick input").click();
}

// Whatever can be pressed on the page has a name: the palette presses it.
function commands() {
  const named = [".conversation-head :is([data-command], form > button)", "[data-command]", "a[data-insert]", ".views a", ".nav a"]
    .flatMap((chosen) => [...document.querySelectorAll(chosen)]);
  const seen = new Set();
  return named.flatMap((control) => {
    const words = nameOf(control);
    if (seen.has(words)) return [];
    seen.add(words);
    return [{ words, run: () => control.click() }];
  }).concat(
    document.getElementById("composer-text")
      ? [
          { words: "Reply", run: DEEDS.r },
          { words: "Write a note", run: DEEDS.n },
        ]
      : [],
    [
      { words: "Search", run: DEEDS["/"] },
      { words: "Keyboard shortcuts", run: DEEDS["?"] },
    ],
  );
}

function nameOf(control) {
  if (control.dataset.command) return control.dataset.command;
  if (control.dataset.insert !== undefined) return `Insert: ${control.dataset.name ?? control.getAttribute("aria-label").replace(/^Insert: /, "")}`;
  const words = [...control.childNodes].map((node) => (node.className ? "" : node.textContent.trim())).join("");
  return control.closest(".views, .nav") ? `Go to ${words}` : words;
}

let known = [];
let shown = [];
let chosen = 0;

function openPalette() {
  const palette = document.getElementById("palette");
  known = commands();
  document.getElementById("palette-text").value = "";
  fill(palette);
  palette.showModal();
}

function fill(palette) {
  const typed = document.getElementById("palette-text").value.toLowerCase().trim();
  const words = typed.split(/\s+/);
  shown = known.filter((command) => words.every((word) => command.words.toLowerCase().includes(word))).slice(0, MOST);
  if (typed) shown.push({ words: `Search for “${typed}”`, run: () => location.assign(`/inbox?${new URLSearchParams({ q: typed })}`) });
  chosen = 0;
  palette.querySelector("[role=listbox]").replaceChildren(
    ...shown.map((command, place) => {
      const option = document.createElement("li");
      Object.assign(option, { id: `palette-${place}`, role: "option", textContent: command.words });
      return option;
    }),
  );
  mark(palette);
}

function mark(palette) {
  [...palette.querySelectorAll("[role=option]")].forEach((option, place) => {
    option.setAttribute("aria-selected", String(place === chosen));
    if (place === chosen) option.scrollIntoView({ block: "nearest" });
  });
  document.getElementById("palette-text").setAttribute("aria-activedescendant", `palette-${chosen}`);
}

function onPaletteKey(event, palette) {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % Math.max(1, shown.length);
    mark(palette);
  } else if (event.key === "Enter") {
    event.preventDefault();
    run(palette, palette.querySelectorAll("[role=option]")[chosen]);
  }
}

function run(palette, option) {
  const command = shown[Number(option?.id.slice("palette-".length))];
  palette.close();
  command?.run();
}
