// Proposals by hand and by keyboard: j/k move, a approve, e edit, n not reusable.

import { onSwap } from "./fragments.js";

/** Prepares the cards of this page, now and after every swap; keys work on the page of proposals. */
export function startCards() {
  prepare(document);
  onSwap(prepare);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[data-opens]");
    if (button) toggle(button);
  });
  if (document.body.dataset.page === "proposals") document.addEventListener("keydown", onKey);
}

function prepare(root) {
  for (const button of root.querySelectorAll("button[data-opens]")) {
    const part = document.getElementById(button.dataset.opens);
    button.hidden = false;
    button.setAttribute("aria-controls", part.id);
    part.classList.add("is-scripted");
    const show = () => button.setAttribute("aria-expanded", String(part.open));
    part.addEventListener("toggle", show);
    show();
  }
}

function toggle(button) {
  const part = document.getElementById(button.dataset.opens);
  part.open = !part.open;
  if (part.open) part.querySelector("textarea").focus();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape" && event.target.closest("details.card__edit[open]")) return leaveEdit(event.target);
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const card = document.activeElement.closest?.("article[data-proposal]");
  if (event.key === "j" || event.key === "k") return step(card, event.key === "j" ? 1 : -1, event);
  const button = card?.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
  if (!button?.checkVisibility()) return; // while words are edited, only those can be approved
  event.preventDefault(); // the letter must not land in the field that opens
  button.click();
}

function leaveEdit(target) {
  const card = target.closest("article[data-proposal]");
  target.closest("details").open = false;
  card.focus();
}

function step(card, by, event) {
  const cards = [...document.querySelectorAll("article[data-proposal]")];
  const next = card ? cards[cards.indexOf(card) + by] : cards[by > 0 ? 0 : cards.length - 1];
  if (!next) return;
  event.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}
