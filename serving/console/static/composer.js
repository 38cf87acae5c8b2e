// Keeps an unsent reply in this browser, per agent and conversation, until it is sent.

import { onSwap } from "./fragments.js";

const DAYS_KEPT = 14;

/** Restores the draft of this page's composer and keeps it from now on. */
export function startComposer() {
  const composer = document.getElementById("composer");
  if (!composer) return;
  forgetOld();
  restore(composer);
  onSwap((element) => element.id === "composer" && restore(element));
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-draft]");
    if (form) keep(form);
  });
  document.addEventListener("live:answered", (event) => {
    if (event.detail.ok && event.target.matches("form[data-draft]")) localStorage.removeItem(keyOf(event.target));
  });
}

function restore(form) {
  const text = form.elements.namedItem("text");
  const kept = read(keyOf(form));
  if (!kept || text.value) return;
  text.value = kept.text;
  form.elements.namedItem("note").checked = kept.note;
}

function keep(form) {
  const text = form.elements.namedItem("text").value;
  const note = form.elements.namedItem("note").checked;
  if (text) localStorage.setItem(keyOf(form), JSON.stringify({ text, note, at: Date.now() }));
  else localStorage.removeItem(keyOf(form));
}

function forgetOld() {
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith("draft:"))) {
    const kept = read(key);
    if (!kept || Date.now() - kept.at > DAYS_KEPT * 86_400_000) localStorage.removeItem(key);
  }
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function keyOf(form) {
  return `draft:${document.body.dataset.agent}:${form.dataset.draft}`;
}
