// Saved replies by "/": in an empty reply it opens the list, further letters narrow it, arrows and Enter choose.

import { onSwap } from "./fragments.js";
import { insert } from "./menus.js";
import { announce } from "./say.js";

const MOST = 8;
let chosen = 0;

/** Watches the reply of this page. */
export function startKept() {
  if (!document.getElementById("composer-text")) return;
  prepare(document);
  onSwap(prepare);
  document.addEventListener("input", (event) => event.target.id === "composer-text" && show(event.target));
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("focusout", (event) => event.target.id === "composer-text" && setTimeout(close, 150));
}

function prepare(root) {
  const text = root.querySelector?.("#composer-text");
  text?.setAttribute("aria-controls", "kept-list");
}

function matching(typed) {
  const words = typed.toLowerCase();
  return [...document.querySelectorAll("#kept-menu a[data-insert]")]
    .filter((link) => `${link.dataset.name} ${link.dataset.insert}`.toLowerCase().includes(words))
    .slice(0, MOST);
}

function show(text) {
  const typed = /^\/(\S{0,40})$/.exec(text.value);
  if (!typed) return close();
  const found = matching(typed[1]);
  const list = document.getElementById("kept-list");
  chosen = 0;
  list.replaceChildren(
    ...found.map((link, place) => {
      const option = document.createElement("li");
      Object.assign(option, { id: `kept-${place}`, role: "option", className: "kept__option" });
      const name = document.createElement("strong");
      name.textContent = link.dataset.name;
      option.append(name, ` ${link.dataset.insert.slice(0, 90)}`);
      option.addEventListener("mousedown", (event) => {
        event.preventDefault();
        take(link);
      });
      return option;
    }),
  );
  list.hidden = found.length === 0;
  announce(found.length === 1 ? "1 saved reply." : `${found.length} saved replies.`);
  mark();
}

function onKey(event) {
  const list = document.getElementById("kept-list");
  if (event.target.id !== "composer-text" || !list || list.hidden || event.isComposing) return;
  const count = list.children.length;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : count - 1)) % count;
    mark();
  } else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") {
    take(matching(event.target.value.slice(1))[chosen]);
  } else if (event.key === "Escape") {
    close();
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

function mark() {
  const list = document.getElementById("kept-list");
  [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
  const text = document.getElementById("composer-text");
  if (list.hidden) text.removeAttribute("aria-activedescendant");
  else text.setAttribute("aria-activedescendant", `kept-${chosen}`);
}

function take(link) {
  document.getElementById("composer-text").value = "";
  close();
  insert(link.dataset.insert);
}

function close() {
  const list = document.getElementById("kept-list");
  if (!list) return;
  list.hidden = true;
  mark();
}
