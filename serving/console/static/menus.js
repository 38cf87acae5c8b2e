// Menus that close by themselves, dialogs, the reader's time zone, and words inserted into the reply.

import { onSwap } from "./fragments.js";

/** Prepares the menus, dialogs and links of this page, now and after every swap. */
export function startMenus() {
  prepare(document);
  onSwap(prepare);
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = event.target.closest?.("details[data-menu][open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("toggle", onToggle, true);
}

/** Puts words into the reply where the cursor is; what stands there stays. */
export function insert(words) {
  const text = document.getElementById("composer-text");
  if (!text) return;
  const before = text.value && text.selectionStart === 0 && text.selectionEnd === 0 ? text.value.length : text.selectionStart;
  const gap = before > 0 && !/\s$/.test(text.value.slice(0, before)) ? " " : "";
  text.setRangeText(gap + words, before, Math.max(before, text.selectionEnd), "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
}

function prepare(root) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  for (const field of root.querySelectorAll("input[data-zone]")) field.value = zone;
}

function onClick(event) {
  const opener = event.target.closest("[data-opens-dialog]");
  if (opener) return document.getElementById(opener.dataset.opensDialog).showModal();
  const link = event.target.closest("a[data-insert]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const menu = link.closest("details[data-menu]");
    if (menu) menu.open = false;
    return insert(link.dataset.insert);
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
}

function onToggle(event) {
  const menu = event.target;
  if (!menu.matches?.("details[data-menu][open]")) return;
  for (const other of document.querySelectorAll("details[data-menu][open]")) if (other !== menu) other.open = false;
  menu.querySelector(".menu__panel :is(select, input:not([type=hidden]), a, button)")?.focus();
}
